"""One search: the relaxation, a plan along it, narrower windows, the proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer.errors import SolverError
from optimizer.highs import (
    Answer,
    Basis,
    Columns,
    Limit,
    Progress,
    Relaxed,
    Sense,
    Session,
    relative_gap,
)
from optimizer.matrix import Floats, Pool, Vector
from optimizer.searching.aim import Aim
from optimizer.searching.knowledge import Knowledge, Learned, Topic
from optimizer.searching.looking import NEAR, Looking
from optimizer.searching.narrowing import Narrowing

#: Cases of no more yes-or-no columns than this are given to HiGHS as they are, and are
#: sought to the exact optimum, in at most so many nodes.
FEW_DECISIONS = 400
CLOSER_NODES = 2000
#: Rounds in which a relaxation is tightened, and most rows added in each.
ROUNDS = 12
MOST_ROWS = 400
#: Seconds that the plan at hand may take to be made exact after a limit.
FINISHING = 5.0
#: Closer than this, as a part of them, two values are the same.
SAME = 1e-9
#: A plan that passes a proven bound by more than this part of it disproves the bound.
DISPROVEN = 1e-5
#: How often plans are looked for and windows narrowed in turn.
CYCLES = 3
#: A known plan that leaves the relaxation this many times the promise that the best one
#: left it before is good enough to begin the proof with.
PROMISE = 1.25
#: A plan this near to the relaxation's bound, in gaps, is proven without narrowing first, where
#: what that rules out would serve no later aim and so many nodes are enough.
CLOSE = 12.0
CLOSE_NODES = 50


@dataclass
class Search:
    """One model, its live solvers and the best plan at hand.

    ``large`` holds the columns of each large decision, period by period.
    ``x`` is a plan or None; it only ever gets better for the sum that is sought.
    ``start`` is a plan that may have been left behind for a better one, and be worth
    more again for a later sum.
    ``known`` is what another solve learned, ``learned`` what this one does.
    """

    session: Session
    pool: Pool
    large: Sequence[Columns]
    gap: float
    limit: Limit
    progress: Callable[[Progress], None] | None = None
    x: Floats | None = None
    start: Floats | None = None
    known: Knowledge | None = None
    learned: Learned = field(default_factory=Learned)
    #: Where the relaxation ended when plans were looked for, by topic.
    _looked_from: dict[str, Basis] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.known is not None and self.known.shape != self.shape:
            self.known = None
        if self.known is not None:
            self.add(self.known.rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many columns, rows and rows in the pool the model has."""
        matrix = self.session.matrix
        return len(matrix.variables), len(matrix.rows), len(self.pool.upper)

    @property
    def _few(self) -> bool:
        lower, upper = self.session.lower, self.session.upper
        return int((lower < upper)[self.session.whole].sum()) <= FEW_DECISIONS

    @property
    def close_enough(self) -> float:
        """How near value and bound must be for a search to be over, as a part of the value."""
        return SAME if self._few else self.gap

    @property
    def _worth_preparing(self) -> bool:
        """Looking and narrowing pay: some decisions are large, and there are not just a few."""
        return bool(self.large) and not self._few

    def value(self, aim: Aim) -> float | None:
        """The value of the plan at hand."""
        return aim.value(self.x)

    def best(
        self,
        vector: Vector,
        sense: Sense,
        goal: str,
        *,
        topic: str | None = None,
        kept: Callable[[float], float] | None = None,
        enough: float | None = None,
        hopeless: float | None = None,
    ) -> Answer:
        """The best value of a vector, and the plan that has it as ``x``.

        ``kept`` tells from the best value the one that all later plans keep:
        what no plan that keeps it can do is then ruled out for good. ``enough``
        and ``hopeless`` end the search early, with the status "stopped". ``topic``
        is the name of the vector in what is learned, the goal's if it has no other.
        """
        aim = Aim(vector, sense, goal, topic or goal, kept, enough, hopeless)
        known = self._begin(aim)
        relaxed = self.tighten(aim)
        if self.limit.over:
            return Answer("limit", None, None, relaxed.value)
        basis = self.session.basis
        if relaxed.status == "infeasible":
            return Answer("infeasible", None, None, None)
        self._take_known(aim, known)
        self._take_whole(aim, relaxed)
        answer = self._quick(aim, relaxed) or self._searched(aim, relaxed, known)
        answer = _bounded(aim, answer, relaxed)
        value = self.value(aim)
        if self.x is not None and value is not None and relaxed.value is not None:
            promise = relative_gap(value, relaxed.value)
            self.learned.learn(aim.topic, basis, self.x[self.session.whole], promise)
        return answer

    def _begin(self, aim: Aim) -> Topic | None:
        """What is known of an aim; the next relaxation begins from the nearest known basis."""
        known = self.known.topics.get(aim.topic) if self.known else None
        basis = self._looked_from.get(aim.topic)
        if basis is None and known is not None:
            basis = known.basis
        if basis is not None:
            self.session.begin_from(basis)
        return known

    def _searched(self, aim: Aim, relaxed: Relaxed, known: Topic | None) -> Answer:
        if not self._worth_preparing or relaxed.x is None:
            return self._prove(aim, None)
        before = self.session.lower.copy(), self.session.upper.copy()
        answer = self._prepared(aim, relaxed, known)
        if not aim.for_good:
            lower, upper = before
            moved = (self.session.lower != lower) | (self.session.upper != upper)
            columns = np.flatnonzero(moved).astype(np.int32)
            self.session.bound(columns, lower[columns], upper[columns])
        return answer

    def _prepared(self, aim: Aim, relaxed: Relaxed, known: Topic | None) -> Answer:
        """The proof, after plans were looked for and windows narrowed in turn."""
        began = time.monotonic()
        looking, narrowing = Looking(self, aim), Narrowing(self, aim)
        quick = cutoff = None
        cycles = CYCLES
        if known is not None and not looking.good(relaxed):
            looking.look_near(relaxed, known.decisions.astype(np.float64))
        if known is not None and self._begins_well(aim, relaxed, known):
            cutoff = aim.cutoff(aim.vector.at(self.x), self.gap)  # type: ignore[arg-type]
            relaxed = narrowing.again(known.claims, cutoff)
            quick, cycles = self._quick(aim, relaxed), 0
        for cycle in range(cycles):
            value = self.value(aim)
            looking.look(relaxed, again=cycle > 0)
            self._tell(aim, began, relaxed)
            quick = self._quick(aim, relaxed)
            if quick is not None or self.x is None or self.limit.over:
                break
            if cutoff is not None and self.value(aim) == value:
                break
            quick = self._close(aim, relaxed, cutoff)
            if quick is not None or self.limit.over:
                break
            cutoff = aim.cutoff(aim.vector.at(self.x), self.gap)
            relaxed = narrowing.narrow(cutoff)
            if relaxed.x is None or self.limit.over:
                break
        answer = _bounded(aim, quick or self._prove(aim, cutoff), relaxed)
        if cutoff is not None and answer.bound is not None:
            answer = replace(answer, bound=aim.outer(answer.bound, cutoff))
        self.learned.claims[aim.topic] = narrowing.claims
        return answer

    def _begins_well(self, aim: Aim, relaxed: Relaxed, known: Topic, spare: float = NEAR) -> bool:
        """The plan at hand leaves the relaxation hardly more than the best one did before.

        ``spare`` is what it may leave more, in gaps.
        """
        value = self.value(aim)
        if value is None or relaxed.value is None:
            return False
        left = relative_gap(value, relaxed.value)
        return left <= PROMISE * known.promise + spare * self.gap

    def rules_out(self, vector: Vector, sense: Sense, wanted: float) -> float | None:
        """The bound of the relaxation, where it is worse than what is wanted; else None."""
        bound = self.relaxed(vector, sense).value
        sign = 1.0 if sense == "max" else -1.0
        return None if bound is None or sign * (bound - wanted) >= 0 else bound

    # A tighter relaxation ---------------------------------------------------------

    def relaxed(self, vector: Vector, sense: Sense) -> Relaxed:
        """The relaxation as tight as it is so far."""
        return self.session.relaxed(vector, sense, self.limit)

    def tighten(self, aim: Aim) -> Relaxed:
        """Add to the model what its relaxation violates of the pool, a few rounds."""
        for _ in range(ROUNDS):
            relaxed = self.relaxed(aim.vector, aim.sense)
            if relaxed.x is None or self.limit.over:
                return relaxed
            rows = self.pool.violated(relaxed.x, MOST_ROWS).tolist()
            rows = [row for row in rows if row not in self.learned.rows]
            if not rows:
                return relaxed
            self.add(rows)
        return self.relaxed(aim.vector, aim.sense)

    def add(self, rows: Sequence[int]) -> None:
        """Add rows of the pool to the model."""
        for row in rows:
            vector, upper = self.pool.vector(row), float(self.pool.upper[row])
            searched = row < self.pool.searched
            self.session.keep(vector, -np.inf, upper, ("pool", row), searched=searched)
        self.learned.rows.update(rows)

    # A plan ---------------------------------------------------------------------------

    def look(self, vector: Vector, sense: Sense, goal: str, topic: str) -> None:
        """Have a good plan at hand, and prove nothing: a known one, or one along the relaxation.

        Not in a very large case, where the relaxation alone could take all the time.
        """
        if not self._worth_preparing or self.session.is_very_large:
            return
        aim = Aim(vector, sense, goal, topic)
        known = self._begin(aim)
        relaxed = self.relaxed(vector, sense)
        if relaxed.x is None or self.limit.over:
            return
        self._looked_from[topic] = self.session.basis
        self._take_known(aim, known)
        if known is None or not self._begins_well(aim, relaxed, known, spare=0.0):
            Looking(self, aim).look(relaxed, again=True)

    def _quick(self, aim: Aim, relaxed: Relaxed) -> Answer | None:
        """The answer, if the plan at hand and the relaxation give it already."""
        bound, value = relaxed.value, self.value(aim)
        if bound is None:
            return None
        if aim.satisfied(value) or (aim.hopeless is not None and aim.better(aim.hopeless, bound)):
            return Answer("stopped", self.x, value, bound)
        if value is None or relative_gap(value, bound) > self.close_enough:
            return None
        return Answer("optimal", self.x, value, aim.outer(value, bound))

    def _take_known(self, aim: Aim, known: Topic | None) -> None:
        """The best of the plans at hand, with volumes as this aim wants them."""
        decisions = [x[self.session.whole] for x in (self.x, self.start) if x is not None]
        if known is not None:
            decisions.append(known.decisions.astype(np.float64))
        x = np.zeros(len(self.session.lower))
        for values in decisions:
            x[self.session.whole] = values
            self.take(self._polished(x, aim.vector, aim.sense), aim.vector, aim.sense)

    def _take_whole(self, aim: Aim, relaxed: Relaxed) -> None:
        """The relaxation's optimum, where its decisions are whole: no plan is better."""
        whole = self.session.whole
        if relaxed.x is not None and (np.abs(relaxed.x - np.round(relaxed.x))[whole] < SAME).all():
            self.take(relaxed.x, aim.vector, aim.sense)

    def take(self, x: Floats | None, vector: Vector, sense: Sense) -> None:
        """Take a plan over, made exact, if it is better than the one at hand."""
        if x is None:
            return
        exact = self._polished(x, vector, sense)
        x = x if exact is None else exact
        sign = 1.0 if sense == "max" else -1.0
        if self.x is None or sign * (vector.at(x) - vector.at(self.x)) > 0:
            self.x = x

    def _polished(self, x: Floats, vector: Vector, sense: Sense) -> Floats | None:
        """A plan made exact; in a very large case that must not outlast the limit by much."""
        left = self.limit.left
        return self.session.polish(
            x, vector, sense, Limit(None if left is None else max(left, FINISHING))
        )

    def _tell(self, aim: Aim, began: float, relaxed: Relaxed) -> None:
        if self.progress is not None:
            seconds = time.monotonic() - began
            self.progress(Progress(aim.goal, seconds, self.value(aim), relaxed.value, 0))

    # The proof --------------------------------------------------------------------------

    def _close(self, aim: Aim, relaxed: Relaxed, cutoff: float | None) -> Answer | None:
        """The answer, if it is close enough for HiGHS alone; None if it is not."""
        value = self.value(aim)
        if aim.for_good or aim.hopeless is not None or value is None or relaxed.value is None:
            return None
        if relative_gap(value, relaxed.value) > CLOSE * self.gap:
            return None
        answer = self._prove(aim, cutoff, nodes=CLOSE_NODES)
        return None if answer.status == "limit" and not self.limit.over else answer

    def _prove(self, aim: Aim, cutoff: float | None, nodes: int | None = None) -> Answer:
        """Let HiGHS search what is left; nothing outside it passes the cutoff."""
        answer = self._run(aim, nodes=nodes)
        if self._disproves(aim, answer):
            answer = self._run(aim, presolve=False)
            if self._disproves(aim, answer):
                raise SolverError(
                    f"the solver says that no plan is better than {answer.bound} ({aim.goal}), "
                    f"but one of {self.value(aim)} is known; its answers cannot be trusted here"
                )
        if answer.status == "infeasible" and self.x is not None and cutoff is not None:
            # Only what cannot pass the cutoff is left: the plan at hand is as good.
            answer = Answer("optimal", self.x, self.value(aim), cutoff)
        if answer.status == "optimal":
            answer = self._closer(aim, answer)
        if answer.x is not None:
            self.take(answer.x, aim.vector, aim.sense)
            assert self.x is not None
            answer = replace(answer, x=self.x, value=self.value(aim))
        return answer

    def _run(self, aim: Aim, *, nodes: int | None = None, presolve: bool = True) -> Answer:
        return self.session.optimise(
            aim.vector,
            aim.sense,
            self.limit,
            goal=aim.goal,
            gap=self.gap * 0.99,
            nodes=nodes,
            start=self.x,
            looked=self._worth_preparing,
            enough=aim.enough,
            hopeless=aim.hopeless,
            progress=self.progress,
            presolve=presolve,
        )

    def _disproves(self, aim: Aim, answer: Answer) -> bool:
        """Whether the plan at hand, which was in the search, is better than its proven bound.

        HiGHS was seen to lose plans in its presolve and to call others optimal.
        """
        value, whole = self.value(aim), self.session.whole
        if self.x is None or value is None or answer.status != "optimal" or answer.bound is None:
            return False
        lower, upper = self.session.lower[whole], self.session.upper[whole]
        decided = np.round(self.x[whole])
        if (decided < lower).any() or (decided > upper).any():
            return False
        slack = DISPROVEN * max(1.0, abs(value))
        return aim.sign * (value - answer.bound) > slack

    def _closer(self, aim: Aim, answer: Answer) -> Answer:
        """Go on to the exact optimum where that is cheap: in cases of few decisions.

        A gap that is a small part of a large NPV can hide much of the costs that
        decide it.
        """
        count = len(self.session.whole)
        if not 0 < count <= FEW_DECISIONS or answer.value == answer.bound or self.limit.over:
            return answer
        closer = self.session.optimise(
            aim.vector,
            aim.sense,
            self.limit,
            goal=aim.goal,
            nodes=CLOSER_NODES,
            start=answer.x,
            progress=self.progress,
        )
        if closer.x is None or closer.value is None or answer.value is None:
            return answer
        worse = aim.better(answer.value, closer.value)
        x, value = (answer.x, answer.value) if worse else (closer.x, closer.value)
        bound = aim.tightest(answer.bound, closer.bound)
        return Answer("optimal", x, value, bound, closer.nodes)


def _bounded(aim: Aim, answer: Answer, relaxed: Relaxed) -> Answer:
    """An answer with the bound of the relaxation, where HiGHS came to none or to a weaker one."""
    if answer.status == "infeasible":
        return answer
    return replace(answer, bound=aim.tightest(answer.bound, relaxed.value))
