"""Plans that decide otherwise than known ones: as far away as can be, or not at all.

Any case will do; what a plan must be worth is a condition of the case
(`Goal.no_worse_than`, a required target). Only decisions are handed back: which volumes
are best with them is told by solving the case with these decisions alone.
Not here: what is made of such plans (see `optimizer.studies.alternatives`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from models.case import Case
from models.plan import PlanRecord
from optimizer.formulation import difference
from optimizer.formulation.linear import Linear
from optimizer.highs import Limit, Progress, Stop, ctrl_c_asks
from optimizer.lexicographic import starts_of
from optimizer.matrix import Vector
from optimizer.searching import Search
from optimizer.settings import Settings
from optimizer.world import World

#: A difference of less than one decision is none; this much less, for rounding.
NONE_DIFFERS = 1 - 1e-6


@dataclass(frozen=True)
class Differing:
    """Decisions that differ from those of known plans, and by how much.

    ``apart`` is the difference to the nearest of them: decisions that one takes and the
    other does not, and ``moved`` for each period between the starts of what both take. No
    plan differs by more than ``bound`` (None: nothing is proven). ``starts`` holds
    commitment ids with the labels of their periods.
    """

    starts: dict[str, str]
    apart: float
    bound: float | None

    @property
    def none_differs(self) -> bool:
        """Proven: no plan decides otherwise."""
        return self.bound is not None and self.bound < NONE_DIFFERS


class Differences:
    """One case, asked again and again how far its plans can be from known plans.

    ``known`` are plans that hold in the case, ``moved`` is what a period between two
    starts of a decision counts. ``settings.time_limit`` is for each question.
    """

    def __init__(
        self,
        case: Case,
        known: Sequence[PlanRecord],
        settings: Settings | None = None,
        *,
        moved: float = 0.0,
        stop: Stop | None = None,
    ) -> None:
        self.case, self.settings, self.moved = case, settings or Settings(), moved
        self.stop = stop or Stop()
        self._known = [starts_of(case, plan) for plan in known]
        several = partial(difference.formulate, known=self._known, moved=moved)
        self._world = World(case, self.settings, also=[several] if len(known) > 1 else [])
        world = self._world
        self._search = Search(
            world.session, world.pool, world.large(), self.settings.gap, self._limit()
        )

    @property
    def undecided(self) -> list[str]:
        """Ids of the commitments that a plan of the case may start or leave."""
        steps = self._world.block.steps.values()
        return [step.id for step in steps if step.variables and step.row.status != "mandatory"]

    def furthest(self, progress: Callable[[Progress], None] | None = None) -> Differing | None:
        """The plan that is furthest from the nearest known one; None if none was found."""
        block = self._world.block
        if len(self._known) == 1:
            return self._most(self._difference(None), progress)
        return self._most(self._world.vector(Linear().term(1.0, block.apart)), progress)

    def otherwise(
        self, ids: Collection[str], progress: Callable[[Progress], None] | None = None
    ) -> Differing | None:
        """The plan that decides most of some commitments otherwise than the first known plan.

        The search ends as soon as it is proven that none decides any of them otherwise.
        """
        return self._most(self._difference(ids), progress, hopeless=NONE_DIFFERS)

    def never_otherwise(self, id: str) -> bool:
        """Whether the relaxation alone proves that no plan decides this one otherwise.

        Than the first known plan, that is.
        """
        self._search.limit = self._limit()
        with ctrl_c_asks(self.stop):
            relaxed = self._search.relaxed(self._difference([id]), "max")
        return relaxed.value is not None and relaxed.value < NONE_DIFFERS

    def _limit(self) -> Limit:
        return Limit(self.settings.time_limit, self.stop)

    def _difference(self, ids: Collection[str] | None) -> Vector:
        moved = self.moved if ids is None else 0.0
        return self._world.vector(
            difference.difference(self._world.block, self._known[0], ids, moved)
        )

    def _most(
        self,
        vector: Vector,
        progress: Callable[[Progress], None] | None,
        hopeless: float | None = None,
    ) -> Differing | None:
        search, world = self._search, self._world
        search.limit, search.progress = self._limit(), progress
        with ctrl_c_asks(self.stop):
            for plan in self._known:
                search.take(world.decisions(plan), vector, "max")
            answer = search.best(vector, "max", "difference", hopeless=hopeless)
        x = search.x
        if x is None:
            return None
        label = self.case.horizon.label
        started = {
            step.id: label(step.earliest + int((x[world.columns(step)] < 0.5).sum()))
            for step in world.block.steps.values()
            if step.variables and x[world.columns(step)[-1]] > 0.5
        }
        return Differing(started, vector.at(x), answer.bound)
