"""Whether a target is reached: one question, asked so that it is answered as soon as can be.

The target date is the only goal, beside what the case's goals must keep in any case. A
bound below the target settles the question without the best plan, and is proven far sooner
than that a required target leaves no plan at all; it says the same. Not here: which
cases are asked about (see `optimizer.studies.reach`, `optimizer.studies.conflict`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from models.case import Case
from models.outcome import GoalResult
from models.plan import PlanRecord
from models.target import Goal
from optimizer.highs import Progress
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.solving import Prepared
from optimizer.studies.watching import Watch

Verdict = Literal["reached", "missed", "open"]
#: Part of the target below which a bound rules it out: the optimisation binds a window to a
#: ten-millionth less than the target, and that is the bound of what it rules out itself.
REACHED = 1 - 5e-8
#: A figure that is shown is sought until best and bound differ by this part.
SHOWN_GAP = 0.005
#: Gap to which a case is solved that comes so near the target that the usual one is too wide.
FINE_GAP = 1e-6


def least_of(target: float) -> float:
    """Cars in a window with which a target is just reached."""
    return target * REACHED


def only_target(case: Case) -> Case:
    """The case with the target date as goal, the target not required, and all conditions."""
    kept = (g for g in case.goals if g.kind != "target_date" and g.no_worse_than is not None)
    return case.with_target(required=False).replace(goals=(Goal(kind="target_date"), *kept))


@dataclass(frozen=True)
class TargetQuestion:
    """Whether some plan of a case, as `only_target` makes it, reaches its target.

    ``start`` is a known plan to begin with. Where the target is missed, plans are looked
    for ``looks`` times, and until they have as many cars as are ``known`` to be
    possible, so that a reader is told how near it comes. Without looks no plan need be found:
    then the outcome holds a bound alone, and is "unknown".
    """

    case: Case
    start: PlanRecord | None = None
    looks: int = 0
    known: float = 0.0

    @property
    def wanted(self) -> float:
        """Cars in a window with which it just reaches the target."""
        assert self.case.target is not None
        return least_of(self.case.target.volume)

    def answer(self, settings: Settings, watch: Watch | None = None) -> Outcome:
        """The outcome as soon as it tells whether the target is reached, as `verdict_of` reads it.

        ``settings`` hold for each of up to three solves. Raises as `Watch.solve` does.
        """
        if watch is None:
            with Watch() as own:
                return self.answer(settings, own)
        enough, prepared = self._settled(), Prepared(self.case, settings)
        if not self.looks:
            bound = watch.out_of_reach(prepared, self.case)
            if bound is not None:
                return self._missed(settings, bound)
        outcome = watch.solve(prepared, self.case, self.start, enough)
        if watch.enough and verdict_of(outcome, self.wanted) == "open":
            # Stopped at the bound of a window that was not the last one: ask in full.
            start = outcome.plan or self.start
            outcome = watch.solve(Prepared(self.case, settings), self.case, start)
        if settings.gap > FINE_GAP and self._hidden(outcome):
            exact = Prepared(self.case, settings.model_copy(update={"gap": FINE_GAP}))
            outcome = watch.solve(exact, self.case, outcome.plan, enough)
        return outcome

    def _missed(self, settings: Settings, bound: float) -> Outcome:
        """That the target is out of reach, without any plan to tell how near it comes."""
        goal = GoalResult(
            kind="target_date",
            unit="cars",
            sense="max",
            value=0.0,
            best=0.0,
            bound=bound,
            proven=False,
        )
        note = "the target is out of reach; no plan was sought"
        return Outcome(self.case, settings, "unknown", goals=(goal,), note=note)

    def _hidden(self, outcome: Outcome) -> bool:
        """Whether the target is out of reach of the plan, but not of the bound, by the gap alone."""
        if outcome.plan is None or verdict_of(outcome, self.wanted) != "open":
            return False
        gap = outcome.goal("target_date").gap
        return gap is not None and gap <= outcome.settings.gap

    def _settled(self) -> Callable[[Progress], bool]:
        """The target is out of reach; and how near it comes is told well enough."""
        told = itertools.count()

        def settled(progress: Progress) -> bool:
            if progress.goal != "target_date":
                return True
            if progress.bound is None or progress.best is None:
                return False
            if progress.bound >= self.wanted:
                return False
            near = progress.gap is not None and progress.gap <= SHOWN_GAP
            # After the first report better plans are looked for; those are good enough.
            return (near and progress.best >= self.known) or next(told) >= self.looks

        return settled


def verdict_of(outcome: Outcome, wanted: float) -> Verdict:
    """Whether an outcome tells of so many cars that some plan has them; "open": a limit came first."""
    if outcome.status == "infeasible":
        return "missed"
    if not outcome.goals:
        return "open"
    goal = outcome.goal("target_date")
    if outcome.plan is not None and goal.period is not None:
        return "reached"
    return "missed" if goal.bound is not None and goal.bound < wanted else "open"
