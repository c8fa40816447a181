"""Plans that decide otherwise than known ones: as far away as can be, or not at all.

Any case will do; what a plan must be worth is a condition of the case
(`Goal.no_worse_than`, a required target). Only decisions are handed back: which volumes
are best with them is told by solving the case with these decisions alone.
Not here: what is made of such plans (see `optimizer.studies.alternatives`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from models.case import Case
from models.plan import PlanRecord
from optimizer.formulation import difference
from optimizer.formulation.linear import Linear
from optimizer.highs import Columns, Limit, Progress, Stop, ctrl_c_asks
from optimizer.lexicographic import starts_of
from optimizer.matrix import Vector
from optimizer.searching import Search
from optimizer.searching.search import FEW_DECISIONS
from optimizer.settings import Settings
from optimizer.world import World

#: Part of the time for a question in which plans are sought before the proof is.
SEEKING = 0.6
#: Nodes for a search around the plan at hand.
NEARBY_NODES = 50
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
        if len(self._known) == 1:
            return self._most(self._difference(None), self._neighbourhoods(None), progress)
        apart = self._world.vector(Linear().term(1.0, self._world.block.apart))
        return self._most(apart, self._neighbourhoods(None), progress)

    def otherwise(
        self, ids: Collection[str], progress: Callable[[Progress], None] | None = None
    ) -> Differing | None:
        """The plan that decides most of some commitments otherwise than the first known plan.

        The search ends as soon as it is proven that none decides any of them otherwise.
        """
        return self._most(
            self._difference(ids), self._neighbourhoods(ids), progress, hopeless=NONE_DIFFERS
        )

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
        neighbourhoods: list[Columns],
        progress: Callable[[Progress], None] | None,
        hopeless: float | None = None,
    ) -> Differing | None:
        search, world = self._search, self._world
        search.limit, search.progress = self._limit(), progress
        with ctrl_c_asks(self.stop):
            self._begin(vector)
            if len(world.session.whole) > FEW_DECISIONS:  # otherwise the proof is as quick
                self._around(vector, neighbourhoods)
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

    # Plans, before the proof ----------------------------------------------------------

    def _begin(self, vector: Vector) -> None:
        """Take the known plans over where nothing better is at hand."""
        for plan in self._known:
            for decisions in self._world.decisions(plan):
                x = self._world.session.polish(decisions, vector, "max")
                if x is not None:
                    self._search.take(x, vector, "max")
                    break

    def _around(self, vector: Vector, neighbourhoods: list[Columns]) -> None:
        """Better the plan at hand one neighbourhood after the other, until none betters it.

        All decisions outside of it are held: a plan that differs in a few of them is found
        in a moment there, where the search over all would find none for long.
        """
        search, session, limit = self._search, self._world.session, self.settings.time_limit
        seeking = Limit(None if limit is None else SEEKING * limit, self.stop)
        last = None
        while search.x is not None and (last is None or vector.at(search.x) > last + 1e-6):
            last = vector.at(search.x)
            for free in neighbourhoods:
                if seeking.over:
                    return
                held = np.setdiff1d(session.whole, free).astype(np.int32)
                found = session.optimise(
                    vector,
                    "max",
                    seeking,
                    gap=self.settings.gap,
                    nodes=NEARBY_NODES,
                    start=search.x,
                    held=(held, np.round(search.x[held])),
                )
                search.take(found.x, vector, "max")

    def _neighbourhoods(self, ids: Collection[str] | None) -> list[Columns]:
        """Those that hold a decision on one of these commitments; all without any."""
        return [
            columns
            for members, columns in self._groups
            if ids is None or not members.isdisjoint(ids)
        ]

    @cached_property
    def _groups(self) -> list[tuple[frozenset[str], Columns]]:
        """All decisions on a market, on a car, or of a kind, with their columns."""
        groups: dict[str, list[str]] = defaultdict(list)
        steps = {step.id: step for step in self._world.block.steps.values() if step.variables}
        for commitment in steps:
            table, *names = commitment.split(".")
            if table in ("entries", "launches"):
                groups[f"market {names[0 if table == 'entries' else 1]}"].append(commitment)
            if table in ("vehicles", "launches"):
                groups[f"car {names[0]}"].append(commitment)
            if table not in ("entries", "launches", "vehicles"):
                groups[table].append(commitment)
        # Which window reaches a required target is no decision: it is free everywhere.
        reached = [
            self._world.matrix.number[id(variable)]
            for variable in self._world.block.reached.values()
        ]
        return [
            (
                frozenset(members),
                np.concatenate(
                    [*(self._world.columns(steps[member]) for member in members), reached]
                ).astype(np.int32),
            )
            for members in groups.values()
        ]
