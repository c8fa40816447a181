"""Licensing: partners' cars and what counts of them.

A partner's cars follow from the age of the deal; they are an obligation, so
they are known sums of by-time binaries and bring no variable of their own.
Side effects on own demand stand in ``demand``, on starts in ``commitments``, on
components in ``supply``, income in ``money``.
"""

from __future__ import annotations

from pyomo.core import Block

from optimizer.formulation.linear import Linear
from optimizer.formulation.quantities import Quantities


def formulate(block: Block, quantities: Quantities) -> None:
    """Leave ``block.partner_units`` (deal, period) and ``block.counted_partner`` (period)."""
    block.partner_units = {}
    block.counted_partner = {t: Linear() for t in quantities.periods}
    for row in quantities.case.deals:
        ramp = quantities.ramps[row.ramp]
        per_period = row.partner_units_per_year / quantities.per_year
        for t in quantities.periods:
            units = block.steps[row.id].ramped(ramp, t, per_period)
            block.partner_units[row.deal, t] = units
            block.counted_partner[t].add(units, row.counted_share)
