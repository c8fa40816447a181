"""The search for the best value of one sum over the plans of a model.

HiGHS proves; this module gives it less to prove and a plan to begin with:

1. the relaxation is tightened with what it violates of the pool;
2. plans are looked for along the relaxation: what it has decided is held and the
   rest is searched, or the few large decisions are rounded one by one and the many
   small ones searched;
3. the windows of large decisions are narrowed: a start that would leave even the
   relaxation worse than the plan at hand is ruled out;
4. HiGHS searches what is left.

Every step is counted in nodes and rounds, never in seconds, so that the same
input gives the same plan. Not here: which sums, in which order (see
`optimizer.lexicographic`); the solver itself (see `optimizer.highs`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer.highs import (
    Answer,
    Columns,
    Limit,
    Progress,
    Relaxed,
    Sense,
    Session,
    relative_gap,
)
from optimizer.matrix import Floats, Pool, Vector

#: Cases of no more yes-or-no columns than this are given to HiGHS as they are, and are
#: sought to the exact optimum, in at most so many nodes.
FEW_DECISIONS = 400
CLOSER_NODES = 2000
#: Longest search for a plan with some decisions held: nodes.
LOOK_NODES = 20
#: A plan this near to the relaxation's bound needs no better one to start from, in gaps.
NEAR = 4.0
#: Gap to which a plan is looked for when it is only to start from, in gaps.
COARSE = 3.0
#: Rounds in which a relaxation is tightened, and most rows added in each.
ROUNDS = 12
MOST_ROWS = 400
#: How often plans are looked for and windows narrowed in turn.
CYCLES = 3
#: Rounds in which the windows of large decisions are narrowed.
NARROWINGS = 6
#: Part of a start in the relaxation from which on leaving it out is worth a question,
#: and up to which starting is.
WORTH_ASKING = 0.3


@dataclass
class Search:
    """One model, its live solvers and the best plan at hand.

    ``large`` holds the columns of each large decision, period by period.
    ``x`` is a plan or None; it only ever gets better for the sum that is sought.
    ``used`` are the rows of the pool that are in the model, ``tried`` what was
    held already in the search for this sum.
    """

    session: Session
    pool: Pool
    large: Sequence[Columns]
    gap: float
    limit: Limit
    progress: Callable[[Progress], None] | None = None
    x: Floats | None = None
    used: set[int] = field(default_factory=set)
    tried: set[bytes] = field(default_factory=set)

    @property
    def _few(self) -> bool:
        lower, upper = self.session.lower, self.session.upper
        return int((lower < upper)[self.session.whole].sum()) <= FEW_DECISIONS

    @property
    def _worth_preparing(self) -> bool:
        """Steps 2 and 3 pay: some decisions are large, and there are not just a few."""
        return bool(self.large) and not self._few

    def best(
        self,
        vector: Vector,
        sense: Sense,
        goal: str,
        *,
        kept: Callable[[float], float] | None = None,
        enough: float | None = None,
        hopeless: float | None = None,
    ) -> Answer:
        """The best value of a vector, and the plan that has it as ``x``.

        ``kept`` tells from the best value the one that all later plans keep:
        what no plan that keeps it can do is then ruled out for good. ``enough``
        and ``hopeless`` end the search early, with the status "stopped".
        """
        began = time.monotonic()
        self.tried.clear()
        relaxed = self._tighten(vector, sense)
        if self.limit.over:
            return Answer("limit", None, None, None)
        if relaxed.status == "infeasible":
            return Answer("infeasible", None, None, None)
        quick = self._known(vector, sense, relaxed, enough, hopeless)
        if quick is not None:
            return quick
        if not self._worth_preparing or relaxed.x is None:
            return self._prove(vector, sense, goal, enough, hopeless, None)
        before = self.session.lower.copy(), self.session.upper.copy()
        cutoff = None
        for cycle in range(CYCLES):
            value = self._value(vector)
            self._look(vector, sense, relaxed, enough, again=cycle > 0)
            self._tell(goal, began, vector, relaxed)
            quick = self._known(vector, sense, relaxed, enough, hopeless)
            if quick is not None or self.x is None or self.limit.over:
                break
            if cutoff is not None and vector.at(self.x) == value:
                break
            cutoff = self._cutoff(vector.at(self.x), sense, kept, hopeless)
            relaxed = self._narrow(vector, sense, cutoff)
            if relaxed.x is None or self.limit.over:
                break
        answer = quick or self._prove(vector, sense, goal, enough, hopeless, cutoff)
        if cutoff is not None and answer.bound is not None:
            outer = max(answer.bound, cutoff) if sense == "max" else min(answer.bound, cutoff)
            answer = replace(answer, bound=outer)
        if kept is None or hopeless is not None:
            lower, upper = before
            moved = (self.session.lower != lower) | (self.session.upper != upper)
            columns = np.flatnonzero(moved).astype(np.int32)
            self.session.bound(columns, lower[columns], upper[columns])
        return answer

    def _cutoff(
        self,
        value: float,
        sense: Sense,
        kept: Callable[[float], float] | None,
        hopeless: float | None,
    ) -> float:
        """What a plan must pass to be worth a search, with a plan of this value at hand."""
        if hopeless is not None:
            return hopeless
        if kept is not None:
            return kept(value)
        give = 0.99 * self.gap * max(abs(value), 1.0)
        return value + give if sense == "max" else value - give

    # 1. A tighter relaxation ----------------------------------------------------

    def relaxed(self, vector: Vector, sense: Sense) -> Relaxed:
        """The relaxation as tight as it is so far."""
        return self.session.relaxed(vector, sense, self.limit)

    def _tighten(self, vector: Vector, sense: Sense) -> Relaxed:
        """Add to the model what its relaxation violates of the pool, a few rounds."""
        for _ in range(ROUNDS):
            relaxed = self.relaxed(vector, sense)
            if relaxed.x is None or self.limit.over:
                return relaxed
            rows = self.pool.violated(relaxed.x, MOST_ROWS).tolist()
            rows = [row for row in rows if row not in self.used]
            if not rows:
                return relaxed
            self.add(rows)
        return self.relaxed(vector, sense)

    def add(self, rows: Sequence[int]) -> None:
        """Add rows of the pool to the model."""
        for row in rows:
            self.session.keep(self.pool.vector(row), -float("inf"), float(self.pool.upper[row]))
        self.used.update(rows)

    # 2. A plan to begin with ------------------------------------------------------

    def _known(
        self,
        vector: Vector,
        sense: Sense,
        relaxed: Relaxed,
        enough: float | None,
        hopeless: float | None,
    ) -> Answer | None:
        """The answer, if the plan at hand and the relaxation give it already."""
        sign = 1.0 if sense == "max" else -1.0
        bound = relaxed.value
        if bound is None:
            return None
        value = self._value(vector)
        done = value is not None and enough is not None and sign * (value - enough) >= 0
        if done or (hopeless is not None and sign * (bound - hopeless) < 0):
            return Answer("stopped", self.x, value, bound)
        if value is None or relative_gap(value, bound) > self.gap or self._few:
            return None
        return Answer(
            "optimal", self.x, value, max(value, bound) if sign > 0 else min(value, bound)
        )

    def _look(
        self, vector: Vector, sense: Sense, relaxed: Relaxed, enough: float | None, again: bool
    ) -> None:
        """Better the plan at hand along the relaxation, where that promises much.

        First what the relaxation has decided is held. Then the large decisions as
        rounded along it are (``again``: not a second time). Where that rounding
        lost most of what the relaxation promised, or nothing else bettered the
        plan, what plan and relaxation agree on is held.
        """
        assert relaxed.x is not None
        whole, before = self.session.whole, self._value(vector)
        away = np.abs(relaxed.x[whole] - np.round(relaxed.x[whole]))
        self._take(vector, sense, whole[away <= 1e-6], relaxed.x, enough)
        if self._good(vector, sense, relaxed, enough):
            return
        lost = 0.0
        if not again:
            columns = np.concatenate(self.large).astype(np.int32)
            rounded = self.session.dive(vector, sense, columns, self.limit)
            if rounded is not None:
                self._take(vector, sense, columns, rounded, enough)
                lost = abs(vector.at(rounded) - vector.at(relaxed.x))
            if self._good(vector, sense, relaxed, enough):
                return
        value = self._value(vector)
        if value is None or self.x is None:
            return
        most = lost > 0.5 * abs(value - vector.at(relaxed.x))
        if most or value == before:
            agreed = whole[np.abs(relaxed.x[whole] - self.x[whole]) <= 1e-6]
            self._take(vector, sense, agreed, self.x, enough, looked=not most)

    def _value(self, vector: Vector) -> float | None:
        return None if self.x is None else vector.at(self.x)

    def _good(self, vector: Vector, sense: Sense, relaxed: Relaxed, enough: float | None) -> bool:
        """No better plan is needed to start from, or there is no time to look for one."""
        value, sign = self._value(vector), 1.0 if sense == "max" else -1.0
        if self.limit.over:
            return True
        if value is None or relaxed.value is None:
            return False
        if enough is not None and sign * (value - enough) >= 0:
            return True
        return relative_gap(value, relaxed.value) <= NEAR * self.gap

    def _take(
        self,
        vector: Vector,
        sense: Sense,
        columns: Columns,
        values: Floats,
        enough: float | None,
        *,
        looked: bool = True,
    ) -> None:
        """Search with some columns held, and take the plan found if it is better."""
        held = np.round(values[columns])
        tried = columns.tobytes() + held.tobytes()
        if tried in self.tried:
            return
        self.tried.add(tried)
        fits = self.x is not None and (np.round(self.x[columns]) == held).all()
        answer = self.session.optimise(
            vector,
            sense,
            self.limit,
            gap=COARSE * self.gap,
            nodes=LOOK_NODES if looked else 1,
            start=self.x if fits else None,
            looked=looked,
            held=(columns, held),
            enough=enough,
        )
        self.take(answer.x, vector, sense)

    def take(self, x: Floats | None, vector: Vector, sense: Sense) -> None:
        """Take a plan over, made exact, if it is better than the one at hand."""
        if x is None:
            return
        exact = self.session.polish(x, vector, sense)
        x = x if exact is None else exact
        sign = 1.0 if sense == "max" else -1.0
        if self.x is None or sign * (vector.at(x) - vector.at(self.x)) > 0:
            self.x = x

    def _tell(self, goal: str, began: float, vector: Vector, relaxed: Relaxed) -> None:
        if self.progress is not None:
            best = None if self.x is None else vector.at(self.x)
            self.progress(Progress(goal, time.monotonic() - began, best, relaxed.value, 0))

    # 3. Narrower windows ----------------------------------------------------------

    def _narrow(self, vector: Vector, sense: Sense, cutoff: float) -> Relaxed:
        """Rule out starts of large decisions with which no plan passes the cutoff.

        Both ends of a window are sought by halving: when a decision must have
        started by some period, it must have by every later one. Hands back the
        relaxation of what is left.
        """
        for _ in range(NARROWINGS):
            relaxed = self._tighten(vector, sense)
            if relaxed.x is None or self.limit.over:
                return relaxed
            self.session.remember()
            ruled_out = sum(self._narrowed(columns, relaxed.x, cutoff) for columns in self.large)
            if not ruled_out or self.limit.over:
                return relaxed
        return self.relaxed(vector, sense)

    def _narrowed(self, columns: Columns, x: Floats, cutoff: float) -> int:
        """Narrow one window from both ends; how many columns are fixed by it."""
        lower, upper = self.session.lower, self.session.upper
        free = columns[lower[columns] < upper[columns]]
        late = free[x[free] >= WORTH_ASKING]
        must = self._first(late[::-1], 0.0, cutoff)
        self._fix(late[::-1][:must], 1.0)
        free = columns[lower[columns] < upper[columns]]
        early = free[x[free] <= 1.0 - WORTH_ASKING]
        cannot = self._first(early, 1.0, cutoff)
        self._fix(early[:cannot], 0.0)
        return must + cannot

    def _first(self, columns: Columns, value: float, cutoff: float) -> int:
        """How many of these columns, from the first on, cannot take a value."""
        proven, open_from = 0, len(columns)
        ask = 0
        while proven < open_from and not self.limit.over:
            if self.session.rules_out(int(columns[ask]), value, cutoff, self.limit):
                proven = ask + 1
            else:
                open_from = ask
            ask = (proven + open_from) // 2
        return proven

    def _fix(self, columns: Columns, value: float) -> None:
        if len(columns):
            values = np.full(len(columns), value)
            self.session.bound(columns, values, values)

    # 4. The proof -----------------------------------------------------------------

    def _prove(
        self,
        vector: Vector,
        sense: Sense,
        goal: str,
        enough: float | None,
        hopeless: float | None,
        cutoff: float | None,
    ) -> Answer:
        """Let HiGHS search what is left; nothing outside it passes the cutoff."""
        answer = self.session.optimise(
            vector,
            sense,
            self.limit,
            goal=goal,
            gap=self.gap * 0.99,
            start=self.x,
            looked=self._worth_preparing,
            enough=enough,
            hopeless=hopeless,
            progress=self.progress,
        )
        if answer.status == "infeasible" and self.x is not None and cutoff is not None:
            # Only what cannot pass the cutoff is left: the plan at hand is as good.
            answer = Answer("optimal", self.x, vector.at(self.x), cutoff)
        if answer.status == "optimal":
            answer = self._closer(answer, vector, sense, goal)
        if answer.x is not None:
            self.take(answer.x, vector, sense)
            assert self.x is not None
            answer = replace(answer, x=self.x, value=vector.at(self.x))
        return answer

    def _closer(self, answer: Answer, vector: Vector, sense: Sense, goal: str) -> Answer:
        """Go on to the exact optimum where that is cheap: in cases of few decisions.

        A gap that is a small part of a large NPV can hide much of the costs that
        decide it.
        """
        count = len(self.session.whole)
        if not 0 < count <= FEW_DECISIONS or answer.value == answer.bound or self.limit.over:
            return answer
        closer = self.session.optimise(
            vector,
            sense,
            self.limit,
            goal=goal,
            nodes=CLOSER_NODES,
            start=answer.x,
            progress=self.progress,
        )
        if closer.x is None or closer.value is None or answer.value is None:
            return answer
        worse = closer.value < answer.value if sense == "max" else closer.value > answer.value
        x, value = (answer.x, answer.value) if worse else (closer.x, closer.value)
        bounds = [bound for bound in (answer.bound, closer.bound) if bound is not None]
        tightest = (min(bounds) if sense == "max" else max(bounds)) if bounds else None
        return Answer("optimal", x, value, tightest, closer.nodes)
