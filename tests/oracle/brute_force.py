"""A second, slow way to the best plan of a tiny case, to compare the optimiser with.

All decision sets are enumerated (``decision_sets``); each leaves a linear program for
the volumes (``volume_program``); the goals are met in their order over all of them.
It shares nothing with the optimiser but the records of a case. Programs of one case
share their matrix, so the dual solution of one bounds the value of every other, and
few have to be solved. Not for anything larger than a handful of undecided commitments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from decision_sets import DecisionSets, Flags, Numbers
from scipy.optimize import linprog
from volume_program import Figure, VolumeProgram

from models.case import Case
from models.target import Goal, GoalKind

#: Part of a goal's value that rounding may take from it when it is kept.
ROUNDING = 1e-6
#: Distance, as a part of the value, at which two values are the same.
SAME = 1e-8
INFEASIBLE = 2


@dataclass(frozen=True)
class GoalValue:
    """Best value of a goal given the earlier ones; ``period`` only of a target date.

    A target date that is not reached has the volume of the best window as value,
    one that is reached the target volume.
    """

    kind: GoalKind
    value: float
    period: str | None = None


@dataclass(frozen=True)
class Answer:
    """What brute force finds: the goals are empty when no plan exists."""

    status: str
    goals: tuple[GoalValue, ...] = ()


class Kept(NamedTuple):
    """A figure that must be at least ``least``."""

    figure: Figure
    least: float


@dataclass
class _Search:
    """The best of a figure over all decision sets and volumes."""

    program: VolumeProgram
    kept: list[Kept] = field(default_factory=list)
    #: Of these, at least one must hold as well (empty: nothing more).
    either: list[Kept] = field(default_factory=list)
    solved: int = 0

    def best(self, figure: Figure, more: list[Kept] | None = None) -> float | None:
        """Largest value of a figure; None when no plan keeps what must be kept.

        With ``more``, these stand in for the alternatives of ``either``.
        """
        choices = [more] if more is not None else [[kept] for kept in self.either] or [[]]
        found: float | None = None
        for choice in choices:
            found = self._best(figure, [*self.kept, *choice], found)
        return found

    def _best(self, figure: Figure, kept: list[Kept], found: float | None) -> float | None:
        matrix = np.vstack([self.program.matrix, *(-k.figure.factors for k in kept)])
        limits = np.column_stack(
            [self.program.limits, *(k.figure.constant - k.least for k in kept)]
        )
        fixed = not figure.factors.any()
        highest = figure.constant.copy() if fixed else np.full(len(limits), np.inf)
        # Most room first: its dual prices tend to bound the other sets well.
        room = np.minimum(limits, 1e7).sum(axis=1)
        while len(limits):
            top = highest.max()
            if top == -np.inf or (found is not None and top <= found + SAME * max(1.0, abs(found))):
                break
            ties = np.flatnonzero(highest == top)
            here = int(ties[np.argmax(room[ties])])
            value, prices = self._solve(figure.factors, matrix, limits[here])
            if value is None:
                highest[_breaks(prices, limits)] = -np.inf
            else:
                value += figure.constant[here]
                found = float(value if found is None else max(found, value))
                highest = np.minimum(highest, limits @ prices + figure.constant)
            highest[here] = -np.inf
        return found

    def _solve(
        self, factors: Numbers, matrix: Numbers, limits: Numbers
    ) -> tuple[float | None, Numbers]:
        """Largest value under the limits with its dual prices; where there is none,
        the prices at which the limits contradict each other."""
        self.solved += 1
        result = linprog(-factors, A_ub=matrix, b_ub=limits, method="highs")
        if result.status == 0:
            return float(-result.fun), -np.asarray(result.ineqlin.marginals)
        if result.status != INFEASIBLE:
            raise RuntimeError(result.message)
        size = np.maximum(np.abs(matrix).max(axis=1), 1.0)[:, None]
        widened = linprog(
            np.append(np.zeros(len(factors)), 1.0),
            A_ub=np.hstack([matrix, -size]),
            b_ub=limits,
            method="highs",
        )
        return None, -np.asarray(widened.ineqlin.marginals)


def _breaks(prices: Numbers, limits: Numbers) -> Flags:
    """Sets whose limits, weighed with these prices, contradict each other."""
    return (limits @ prices) < -ROUNDING


def brute_force(case: Case) -> Answer:
    """The best value of each goal of a case in order, found by trying everything."""
    sets = DecisionSets(case)
    if not len(sets):
        return Answer("infeasible")
    program = VolumeProgram(case, sets)
    search = _Search(program)
    windows = _windows(case, program)
    search.kept += [
        Kept(figure, bound - ROUNDING * max(1.0, abs(bound)))
        for figure, bound in _bounds(case, program)
    ]
    if case.target is not None and case.target.required:
        search.either = [Kept(figure, case.target.volume) for figure in windows.values()]
    values = []
    for goal in case.goals_in_order:
        if goal.kind == "target_date":
            value = _target_date(case, goal, search, windows)
        else:
            value = _plain_goal(case, goal, search)
        if value is None:
            return Answer("infeasible")
        values.append(value)
    return Answer("optimal", tuple(values))


def _windows(case: Case, program: VolumeProgram) -> dict[int, Figure]:
    """Volume of each window in which the target may be reached, by its last period."""
    if case.target is None:
        return {}
    horizon = case.horizon
    end = horizon.count - 1 if case.target.deadline is None else horizon.index(case.target.deadline)
    windows = {}
    for last in range(horizon.per_year - 1, end + 1):
        ends_year = horizon.position(last) == horizon.per_year
        if case.target.window == "rolling_year" or ends_year:
            windows[last] = program.volume(range(last - horizon.per_year + 1, last + 1))
    return windows


def _least_kept(best: float, tolerance: float) -> float:
    return best - tolerance * abs(best) - ROUNDING * max(1.0, abs(best))


def _target_date(
    case: Case, goal: Goal, search: _Search, windows: dict[int, Figure]
) -> GoalValue | None:
    """Earliest end of a window that reaches the target, else the largest window."""
    assert case.target is not None
    wanted = case.target.volume
    required = case.target.required
    best: float | None = None
    for last, figure in windows.items():
        volume = search.best(figure, more=[])
        if volume is not None and volume >= wanted * (1 - ROUNDING):
            soon = [w for w in windows if w <= last + goal.tolerance_periods]
            search.either = [Kept(windows[w], wanted * (1 - ROUNDING)) for w in soon]
            return GoalValue("target_date", wanted, case.horizon.label(last))
        if volume is not None:
            best = volume if best is None else max(best, volume)
    if best is None or required:
        return None
    least = _least_kept(best, goal.tolerance)
    search.either = [Kept(figure, least) for figure in windows.values()]
    return GoalValue("target_date", best)


def _bounds(case: Case, program: VolumeProgram) -> list[tuple[Figure, float]]:
    """Figures that goals bound, with the least that each must be in every plan."""
    found = []
    for goal in case.goals:
        if goal.no_worse_than is not None:
            sign, figure = _figure(case, goal, program)
            found.append((figure, sign * goal.no_worse_than))
    return found


def _figure(case: Case, goal: Goal, program: VolumeProgram) -> tuple[float, Figure]:
    """The figure of a goal, with the sign that makes more of it better."""
    last = case.horizon.count - 1
    if goal.kind == "volume":
        return 1.0, program.volume(range(last + 1))
    if goal.kind == "last_year_volume":
        return 1.0, program.volume(program.last_year(last))
    if goal.kind == "volume_at":
        end = case.horizon.index(goal.period or "")
        return 1.0, program.volume(program.last_year(end))
    if goal.kind == "npv":
        return 1.0, program.npv()
    figure = program.spending() if goal.kind == "spending" else program.peak_funding()
    return -1.0, Figure(-figure.factors, -figure.constant)


def _plain_goal(case: Case, goal: Goal, search: _Search) -> GoalValue | None:
    """The best of a goal that is one figure; later goals keep it."""
    sign, figure = _figure(case, goal, search.program)
    best = search.best(figure)
    if best is None:
        return None
    search.kept.append(Kept(figure, _least_kept(best, goal.tolerance)))
    return GoalValue(goal.kind, sign * best + 0.0)  # never -0.0
