"""Windows of large decisions, narrowed to what plans worth having can do.

A start with which even the relaxation misses the cutoff is ruled out. Both ends of a
window are sought by halving: when a decision must have started by some period, it
must have by every later one. With two threads two decisions are asked for at once, each of
a relaxation of its own, and what both rule out is fixed when both have been: so the answers
hang on the number of threads, and never on which is quicker.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from optimizer.highs import Columns, Relaxed, missed
from optimizer.matrix import Floats
from optimizer.searching.knowledge import Claim

if TYPE_CHECKING:
    from optimizer.highs import Relaxation
    from optimizer.searching.aim import Aim
    from optimizer.searching.search import Search

#: Rounds in which the windows of large decisions are narrowed.
NARROWINGS = 6
#: Part of a start in the relaxation from which on leaving it out is worth a question,
#: and up to which starting is.
WORTH_ASKING = 0.3


class Narrowing:
    """The narrowing of windows for one aim; ``claims`` are what it ruled out, in order."""

    def __init__(self, search: Search, aim: Aim) -> None:
        self.search, self.session, self.aim = search, search.session, aim
        self.limit = search.limit
        self.claims: list[Claim] = []

    def narrow(self, cutoff: float) -> Relaxed:
        """Rule out starts of large decisions with which no plan passes the cutoff.

        Hands back the relaxation of what is left.
        """
        for _ in range(NARROWINGS):
            relaxed = self.search.tighten(self.aim)
            if relaxed.x is None or self.limit.over:
                return relaxed
            self.session.remember()
            ruled_out = self._ask_all(relaxed.x, cutoff)
            if not ruled_out or self.limit.over:
                return relaxed
        return self.search.relaxed(self.aim.vector, self.aim.sense)

    def again(self, claims: tuple[Claim, ...], cutoff: float) -> Relaxed:
        """Rule out what was ruled out before, where that can be shown again.

        First by what showed it before, which is arithmetic; then by the relaxation,
        which is asked only what it ruled out before. The relaxation of the last aim
        must be that of this one.
        """
        sign = -self.aim.sign  # witnesses speak of the least of a sum
        bar = missed(sign * cutoff, 1.0)
        rows = self.session.rows()
        unsure: list[Claim] = []
        for claim in claims:
            witness = claim.witness
            if self._is_known(claim):
                continue
            asked = claim.column, 1.0 - claim.value
            if witness and rows.least(self.aim.vector, sign, witness, *asked) >= bar:
                self._claim(claim)
            else:
                unsure.append(claim)
        relaxed = self.search.tighten(self.aim)
        if relaxed.x is None or not unsure or self.limit.over:
            return relaxed
        self.session.remember()
        for claim in unsure:
            if self.session.rules_out(claim.column, 1.0 - claim.value, cutoff, self.limit):
                self._claim(claim)
        return self.search.tighten(self.aim)

    def _is_known(self, claim: Claim) -> bool:
        lower, upper = self.session.lower, self.session.upper
        return bool(lower[claim.column] == upper[claim.column] == claim.value)

    def _claim(self, claim: Claim) -> int:
        """Fix what a claim says, and what follows for its decision; how many columns that is."""
        self.claims.append(claim)
        columns = np.array([claim.column], dtype=np.int32)
        for decision in self.search.large:
            (places,) = np.nonzero(decision == claim.column)
            if len(places):
                columns = decision[places[0] :] if claim.value else decision[: places[0] + 1]
        lower, upper = self.session.lower[columns], self.session.upper[columns]
        # Where one is held at the other value already no plan is worth having; that is left
        # for the proof to find.
        columns = columns[lower < upper]
        values = np.full(len(columns), claim.value)
        self.session.bound(columns, values, values)
        return len(columns)

    def _ask_all(self, x: Floats, cutoff: float) -> int:
        """Narrow every window, as many at once as may be asked; how many columns are fixed."""
        askers, large = self.session.askers, self.search.large
        fixed = 0
        with ThreadPoolExecutor(len(askers)) as pool:
            for first in range(0, len(large), len(askers)):
                group = large[first : first + len(askers)]
                ask = partial(self._asked, x, cutoff)
                together = pool.map if len(askers) > 1 else map
                for claims in list(together(ask, group, askers)):
                    fixed += sum(self._claim(claim) for claim in claims)
        return fixed

    def _asked(self, x: Floats, cutoff: float, columns: Columns, asker: Relaxation) -> list[Claim]:
        """What is ruled out at both ends of one window."""
        lower, upper = self.session.lower, self.session.upper
        free = columns[lower[columns] < upper[columns]]
        must = self._first(free[x[free] >= WORTH_ASKING][::-1], 1.0, cutoff, asker)
        cannot = self._first(free[x[free] <= 1.0 - WORTH_ASKING], 0.0, cutoff, asker)
        return [claim for claim in (must, cannot) if claim is not None]

    def _first(
        self, columns: Columns, value: float, cutoff: float, asker: Relaxation
    ) -> Claim | None:
        """The last of these columns that must take a value, as all before it must."""
        proven, open_from = 0, len(columns)
        ask = 0
        witness = None
        while proven < open_from and not self.limit.over:
            if asker.rules_out(int(columns[ask]), 1.0 - value, cutoff, self.limit):
                proven = ask + 1
                witness = asker.witness
            else:
                open_from = ask
            ask = (proven + open_from) // 2
        return Claim(int(columns[proven - 1]), value, witness) if proven else None
