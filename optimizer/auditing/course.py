"""The course of a plan: when commitments start and take effect, what is sold and built.

Made from the case, the decisions, the sales and the flows; what is in place
comes from the case alone. Rows that name no period of the horizon or no known
commitment have no part in it; the checks report them. Not here: any check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

from models.case import Case
from models.commitment import Commitment
from models.plan import Decision, Flow, Sale
from models.site import Expansion
from models.vehicle import Launch, Vehicle
from optimizer.auditing.facts import Facts

#: Period of what is in place without a date: every ramp is at its last value, its costs
#: and payments lie before the horizon, and no lag (at most 600 periods) reaches it.
LONG_AGO = -1_000_000


@dataclass(frozen=True)
class Timing:
    """A commitment that a plan starts or that is in place, by period ``t``."""

    row: Commitment
    start: int
    effective: int
    in_place: bool

    def costs(self, count: int) -> dict[int, float]:
        """One-off cost in each period of the horizon, money."""
        spread = max(self.row.lead, 1)  # without a lead all falls in the start
        periods = range(max(self.start, 0), min(self.start + spread, count))
        return dict.fromkeys(periods, self.row.cost / spread)


@dataclass(frozen=True)
class Ground:
    """A rule on a start: ``ready`` holds from when each alternative of the plan allows it."""

    rule: str
    wanted: tuple[str, ...]
    ready: dict[str, int]

    def holding(self, start: int) -> list[str]:
        """Alternatives that allow a start in this period."""
        return [id for id, ready in self.ready.items() if ready <= start]


class Course:
    """What happens when the decisions, sales and flows of a plan are carried out."""

    def __init__(
        self,
        case: Case,
        decisions: Iterable[Decision],
        sales: Iterable[Sale],
        flows: Iterable[Flow],
    ) -> None:
        self.case = case
        self.facts = Facts(case)
        self.count = self.facts.count
        self._index = {label: t for t, label in enumerate(case.horizon.labels)}
        self.sales = tuple(row for row in sales if self._counts(row))
        self.flows = tuple(row for row in flows if self._counts(row))
        #: everything started or in place, in the order of the case
        self.timings = self._timings(decisions)
        #: cars sold by market, entry, vehicle, period
        self.sold: dict[tuple[str, str, str, int], float] = defaultdict(float)
        for sale in self.sales:
            key = (sale.market, sale.entry, sale.vehicle, self._index[sale.period])
            self.sold[key] += sale.units
        #: cars built by site, vehicle, market, period
        self.built: dict[tuple[str, str, str, int], float] = defaultdict(float)
        for flow in self.flows:
            place = (flow.site, flow.vehicle, flow.market, self._index[flow.period])
            self.built[place] += flow.units

    def _counts(self, row: Sale | Flow) -> bool:
        return row.period in self._index and isfinite(row.units)

    def period(self, label: str) -> int | None:
        """The period of the horizon with this label."""
        return self._index.get(label)

    def _timings(self, decisions: Iterable[Decision]) -> dict[str, Timing]:
        starts: dict[str, int] = {}
        for decision in decisions:
            start = read_period(self.case, decision.start)
            if start is not None:
                starts.setdefault(decision.commitment, start)
        timings = {}
        for id, row in self.case.commitments.items():
            if row.status == "in_place":
                timings[id] = self._placed(row)
            elif id in starts:
                timings[id] = Timing(row, starts[id], starts[id] + row.lead, in_place=False)
        return timings

    def _placed(self, row: Commitment) -> Timing:
        if row.effective is None:
            return Timing(row, LONG_AGO, LONG_AGO, in_place=True)
        effective = self.case.horizon.index(row.effective)
        return Timing(row, effective - row.lead, effective, in_place=True)

    def age(self, id: str, t: int) -> int:
        """Periods since the commitment took effect; below 0 when it has not."""
        timing = self.timings.get(id)
        return -1 if timing is None else t - timing.effective

    def closed_from(self, id: str) -> int:
        """First period in which an exclusivity has ended sales through an entry."""
        deals = [
            self.timings[f"deals.{rule.deal}"].effective
            for rule in self.case.exclusivities
            if rule.ends_sales and rule.commitment == id and f"deals.{rule.deal}" in self.timings
        ]
        return min(deals, default=self.count)

    @cached_property
    def partner_units(self) -> dict[str, list[float]]:
        """Partner's cars of each deal in each period."""
        facts = self.facts
        return {
            deal.deal: [
                deal.partner_units_per_year
                / facts.per_year
                * facts.ramp(deal.ramp, self.age(deal.id, t))
                for t in range(self.count)
            ]
            for deal in self.case.deals
        }

    def added_capacity(self, expansion: Expansion, t: int) -> float:
        """Capacity that an expansion has brought by ``t``, per period."""
        share = self.facts.ramp(expansion.ramp, self.age(expansion.id, t))
        return expansion.capacity_per_year / self.facts.per_year * share

    def grounds(self, id: str) -> Iterator[Ground]:
        """The rules on when a commitment of the plan may start."""
        row = self.timings[id].row
        for rule in self.case.precedences:
            if rule.commitment == id:
                ready = {
                    other: getattr(self.timings[other], rule.counted_from) + rule.lag
                    for other in rule.after
                    if other in self.timings
                }
                yield Ground("precedence", rule.after, ready)
        if isinstance(row, Vehicle) and row.platform:
            yield self._implied("platform first", row, (f"platforms.{row.platform}",))
        if isinstance(row, Launch):
            yield self._implied("vehicle first", row, (f"vehicles.{row.vehicle}",))
            entries = tuple(e.id for e in self.case.entries if e.market == row.market)
            if entries:
                yield self._implied("entry first", row, entries)

    def _implied(self, rule: str, row: Commitment, others: tuple[str, ...]) -> Ground:
        """Not effective before one of the others is, as a bound on the start."""
        ready = {
            other: self.timings[other].effective - row.lead
            for other in others
            if other in self.timings
        }
        return Ground(rule, others, ready)

    def because(self, id: str) -> tuple[str, ...]:
        """Ids of all commitments that satisfy the rules on a start; none when in place."""
        timing = self.timings[id]
        if timing.in_place:
            return ()
        holding = (ground.holding(timing.start) for ground in self.grounds(id))
        return tuple(sorted({other for others in holding for other in others}))


def read_period(case: Case, label: str | None) -> int | None:
    """The period with this label, also outside the horizon; None when it is no label."""
    try:
        return None if label is None else case.horizon.index(label)
    except ValueError:
        return None
