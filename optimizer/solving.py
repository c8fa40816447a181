"""Solving: a case once, or a prepared one again and again as changed.

A what-if is a changed `Case` and nothing else, so that the answer is that of
`solve` for the changed case, and there is nothing to undo: decisions are fixed,
forbidden or freed, limits, costs, demand and dates changed, goals swapped by
making another case (`Case.with_changes`, `Case.replace`). What can be changed in
place is (see `optimizer.world`); otherwise the model is built anew. In both, known
plans serve as a start, and so does what another solve learned. This is the only road from
studies to the solver. Not here: the order of goals (see `optimizer.lexicographic`).
"""

from __future__ import annotations

from collections.abc import Callable

from models.case import Case
from models.plan import PlanRecord
from optimizer.highs import Limit, Progress, Stop, ctrl_c_asks
from optimizer.lexicographic import Lexicographic
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.searching import Knowledge, Search
from optimizer.settings import Settings
from optimizer.world import World


def solve(
    case: Case,
    settings: Settings | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """The best plan of a case, or the proof that there is none.

    ``progress`` is called now and then while it searches (from the solver's
    thread); setting ``stop.asked``, or Ctrl-C, ends the search with the best
    plan so far. Raises `AuditError` if a plan fails its audit and `SolverError`
    if the solver fails; a case without a plan is an `Outcome`, not an error.
    """
    settings = settings or Settings()
    limit = Limit(settings.time_limit, stop)
    with ctrl_c_asks(limit.stop):
        return Prepared(case, settings)._solve(case, None, limit, progress)


class Prepared:
    """A case ready to be solved, and solved again as changed.

    ``settings`` hold for every solve. ``known`` is what a solve learned: that given, else
    what the first solve of the prepared case itself leaves. It is frozen then and
    speeds up all later solves. The answer of a what-if is therefore told by the prepared
    case, the knowledge, the plan to begin with and the changed case: not by what
    was solved before it, nor where. Knowledge is plain data that can be pickled, for
    other processes and for later; it fits any case, and helps in those that are alike.

    ``change`` tells how the case solved last was brought in: "in place" or "anew". Not
    for use by two threads at once.
    """

    def __init__(
        self, case: Case, settings: Settings | None = None, *, known: Knowledge | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.known = known
        self._prepared = case
        self._base = self._world = World(case, self.settings)
        self.change = "in place"

    @property
    def case(self) -> Case:
        """The case solved last, or the one prepared."""
        return self._world.case

    def solve(
        self,
        case: Case | None = None,
        *,
        start: Plan | PlanRecord | None = None,
        share: float = 1.0,
        progress: Callable[[Progress], None] | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """The best plan of a case: a changed one, or the one solved last.

        ``start`` is a known plan to begin with; it need not hold in the changed
        case. ``share`` is the part of the time left that a goal may take where others
        follow: below 1, a limit that comes before the proof of the first leaves some for
        them. Raises as `solve` does.
        """
        known = start.record if isinstance(start, Plan) else start
        limit = Limit(self.settings.time_limit, stop)
        with ctrl_c_asks(limit.stop):
            return self._solve(self.case if case is None else case, known, limit, progress, share)

    def out_of_reach(self, case: Case, *, stop: Stop | None = None) -> float | None:
        """What no window of a case can pass, where the relaxation rules the target out.

        None where it does not, which says nothing; no plan is sought. Takes a part of
        the time of a solve, which begins where this ends. Raises `SolverError`.
        """
        limit = Limit(self.settings.time_limit, stop)
        with ctrl_c_asks(limit.stop):
            self._bring_in(case)
            search = self._search(limit, None)
            return Lexicographic(self._world, self.settings, search).out_of_reach()

    def _solve(
        self,
        case: Case,
        start: PlanRecord | None,
        limit: Limit,
        progress: Callable[[Progress], None] | None,
        share: float = 1.0,
    ) -> Outcome:
        self._bring_in(case)
        search = self._search(limit, progress)
        outcome = Lexicographic(self._world, self.settings, search).outcome(start, share)
        if self.known is None and case == self._prepared:
            self.known = search.learned.frozen(search.shape)
        return outcome

    def _search(self, limit: Limit, progress: Callable[[Progress], None] | None) -> Search:
        world = self._world
        return Search(
            world.session,
            world.pool,
            world.large(),
            self.settings.gap,
            limit,
            progress,
            known=self.known,
        )

    def _bring_in(self, case: Case) -> None:
        """Make the world that of a case: the base in place, or one of its own."""
        if self._base.become(case):
            self._world = self._base
            self.change = "in place"
        else:
            self._world = World(case, self.settings)
            self.change = "anew"
