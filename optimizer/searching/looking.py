"""Plans looked for along the relaxation, to begin a proof with.

What the relaxation has decided is held and the rest is searched, or the few large
decisions are rounded one by one and the many small ones searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optimizer.highs import Columns, Relaxed, relative_gap
from optimizer.matrix import Floats

if TYPE_CHECKING:
    from optimizer.searching.aim import Aim
    from optimizer.searching.search import Search

#: Longest search for a plan with some decisions held: nodes.
LOOK_NODES = 20
#: A plan this near to the relaxation's bound needs no better one to start from, in gaps.
NEAR = 4.0
#: Gap to which a plan is looked for when it is only to start from, in gaps.
COARSE = 3.0


class Looking:
    """Looks for plans for one aim; ``tried`` is what was held already."""

    def __init__(self, search: Search, aim: Aim) -> None:
        self.search, self.session, self.aim = search, search.session, aim
        self.tried: set[bytes] = set()

    def look(self, relaxed: Relaxed, again: bool) -> None:
        """Better the plan at hand along the relaxation, where that promises much.

        First what the relaxation has decided is held. Then the large decisions as
        rounded along it are (``again``: not a second time). Where that rounding
        lost most of what the relaxation promised, or nothing else bettered the
        plan, what plan and relaxation agree on is held.
        """
        assert relaxed.x is not None
        search, vector = self.search, self.aim.vector
        whole, before = self.session.whole, search.value(self.aim)
        away = np.abs(relaxed.x[whole] - np.round(relaxed.x[whole]))
        self._take(whole[away <= 1e-6], relaxed.x)
        if self.good(relaxed):
            return
        lost = 0.0
        if not again:
            columns = np.concatenate(search.large).astype(np.int32)
            rounded = self.session.dive(vector, self.aim.sense, columns, search.limit)
            if rounded is not None:
                self._take(columns, rounded)
                lost = abs(vector.at(rounded) - vector.at(relaxed.x))
            if self.good(relaxed):
                return
        value = search.value(self.aim)
        if value is None or search.x is None:
            return
        most = lost > 0.5 * abs(value - vector.at(relaxed.x))
        if most or value == before:
            agreed = whole[np.abs(relaxed.x[whole] - search.x[whole]) <= 1e-6]
            self._take(agreed, search.x, looked=not most)

    def look_near(self, relaxed: Relaxed, decisions: Floats) -> None:
        """Look for a plan near decisions that once were the best and may not hold now.

        What they and the relaxation agree on is held.
        """
        assert relaxed.x is not None
        whole, near = self.session.whole, relaxed.x.copy()
        agreed = np.abs(near[whole] - decisions) <= 1e-6
        near[whole] = decisions
        self._take(whole[agreed], near)

    def good(self, relaxed: Relaxed) -> bool:
        """No better plan is needed to start from, or there is no time to look for one."""
        if self.search.limit.over:
            return True
        value = self.search.value(self.aim)
        if value is None or relaxed.value is None:
            return False
        if self.aim.satisfied(value):
            return True
        return relative_gap(value, relaxed.value) <= NEAR * self.search.gap

    def _take(self, columns: Columns, values: Floats, *, looked: bool = True) -> None:
        """Search with some columns held, and take the plan found if it is better."""
        search = self.search
        held = np.round(values[columns])
        tried = columns.tobytes() + held.tobytes()
        if tried in self.tried:
            return
        self.tried.add(tried)
        fits = search.x is not None and (np.round(search.x[columns]) == held).all()
        answer = self.session.optimise(
            self.aim.vector,
            self.aim.sense,
            search.limit,
            gap=COARSE * search.gap,
            nodes=LOOK_NODES if looked else 1,
            start=search.x if fits else None,
            looked=looked,
            held=(columns, held),
            enough=self.aim.enough,
        )
        search.take(answer.x, self.aim.vector, self.aim.sense)
