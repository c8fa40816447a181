"""The frontier between two goals: what of one must be given up for more of the other.

The augmented epsilon-constraint method (Mavrotas 2009): one goal is optimised while the
other is held no worse than a level, then the other among the plans that are best by the
first, so that every point is efficient. Levels are not laid out beforehand: each solve
leaves boxes in which further points may lie, and the next level halves the largest; where
that shows nothing new, it lies a resolution above the low end, since the next point down a
staircase is found in one solve so. When every box is smaller than the resolution, in the one
direction or the other, the front is complete to that resolution: no plan is better than the
points shown by more than that in both goals. Points of a box that a solve proves empty are
never asked for.

The case's other goals are left out, their conditions (`Goal.no_worse_than`) and a required
target are not. Not here: solving (see `optimizer.solving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from models.case import Case
from models.cells import shown
from models.outcome import GoalResult
from models.plan import PlanRecord
from models.problem import CaseError, Problem
from models.target import LEAST, Goal, GoalKind
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.settings import Settings
from optimizer.studies.differences import DecisionChange, decision_changes
from optimizer.studies.question import SHARE

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.highs import Progress, Stop
    from optimizer.studies.watching import Watch

Measure = Literal["volume", "last_year_volume", "npv", "spending", "cash"]
#: What can be traded, and the goal that measures it.
MEASURES: dict[Measure, GoalKind] = {
    "volume": "volume",
    "last_year_volume": "last_year_volume",
    "npv": "npv",
    "spending": "spending",
    "cash": "peak_funding",
}
#: Part of the range of a goal in which no point need be sought.
RESOLUTION = 0.05
#: Differences smaller than this part of a value come from rounding.
ROUNDING = 1e-6
#: Points sought at most.
POINTS = 24


@dataclass(frozen=True)
class FrontierPoint:
    """One efficient plan: ``first`` and ``second`` are what it has of the two goals.

    ``first_bound`` is what no plan that has as much of the second can pass (None: not
    proven at all); ``proven``: both are within the gap of their bounds. ``added``,
    ``dropped`` and ``moved`` are decisions that differ from the point before.
    """

    outcome: Outcome
    first: float
    second: float
    first_bound: float | None
    proven: bool
    changes: tuple[DecisionChange, ...] = ()


@dataclass(frozen=True)
class Unexplored:
    """Where further points may lie, as the search left it.

    From one value of each goal to the other; the first end is the better one by the first
    goal, and the worse one by the second.
    """

    first: tuple[float, float]
    second: tuple[float, float]


@dataclass(frozen=True)
class Frontier:
    """Efficient plans of a case, from the best by the first goal to the best by the second.

    None are there where no plan exists, which is proven then (``impossible``), or was found.

    ``complete``: no plan is better than all points by more than ``resolution`` of the
    range in both goals. Otherwise the front is partial, ``note`` says why, and
    ``unexplored`` are the parts in which the search was left off or found nothing in time.
    ``left`` is the largest part of the range, in both goals, that no point was sought in: a
    complete front with 0 has every efficient plan, as far as the gap can tell them apart.
    """

    case: Case
    between: tuple[Measure, Measure]
    points: tuple[FrontierPoint, ...]
    resolution: float
    complete: bool
    note: str = ""
    impossible: bool = False
    unexplored: tuple[Unexplored, ...] = ()
    left: float = 0.0

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per point: both goals, the bound of the first, and whether it is proven."""
        import pandas as pd

        first, second = self.between
        rows = [
            {
                first: point.first,
                second: point.second,
                f"{first}_bound": point.first_bound,
                "proven": point.proven,
            }
            for point in self.points
        ]
        return pd.DataFrame(rows, columns=[first, second, f"{first}_bound", "proven"])

    @cached_property
    def changes(self) -> pd.DataFrame:
        """A row for each decision of a point that differs from the point before, from 2 on."""
        import pandas as pd

        rows = [
            {"point": number, **asdict(change)}
            for number, point in enumerate(self.points, 1)
            for change in point.changes
        ]
        return pd.DataFrame(rows, columns=["point", *(f.name for f in fields(DecisionChange))])


def frontier(
    case: Case,
    between: tuple[Measure, Measure] = ("volume", "npv"),
    *,
    resolution: float = RESOLUTION,
    points: int = POINTS,
    settings: Settings | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    told: Callable[[int, float], None] | None = None,
    stop: Stop | None = None,
) -> Frontier:
    """The efficient plans of a case by two measures.

    ``resolution`` is the part of the range in which no point need be sought (0: whatever the
    gap can tell apart), ``points`` the most to seek; ``settings.time_limit`` holds for each.
    ``workers`` are processes (None: one for each core); one of them seeks the point asked for,
    the others those that are likely to be asked for next. ``progress`` follows the search for
    both ends, ``told`` is called after each point with their number and the largest part of
    the range still unknown.
    Raises `CaseError` for measures that make no frontier. An interruption leaves a partial
    front.
    """
    between = measures_from(*between)
    if not 0 <= resolution < 1 or points < 2:
        found = f"a resolution of {resolution} with at most {points} points"
        allowed = "a resolution from 0 to below 1, and at least 2 points"
        raise CaseError([Problem("frontier", found=found, allowed=allowed)])
    from optimizer.studies.watching import Watch

    with Watch(stop=stop) as watch:
        stop = watch.stop
        search = _Search(
            case, between, resolution, settings or Settings(), progress, watch, workers
        )
        search.ends()
        while search.found and len(search.found) < points:
            box = search.largest()
            if told is not None:
                told(len(search.found), 0.0 if box is None else search.size(box))
            if box is None or stop.asked.is_set():
                break
            search.part(box)
    return search.frontier()


def measures_from(one: str, other: str) -> tuple[Measure, Measure]:
    """Two measures by their names; raises `CaseError` when they make no frontier."""
    problems = [
        Problem("frontier", found=f"{shown(name)} is no measure", allowed=", ".join(MEASURES))
        for name in dict.fromkeys((one, other))
        if name not in MEASURES
    ]
    if not problems and one == other:
        problems.append(Problem("frontier", found=f"{one} is weighed against itself"))
    if problems:
        raise CaseError(problems)
    return one, other  # type: ignore[return-value]  # both are among the measures


@dataclass(frozen=True)
class _Box:
    """Where further points may lie: between two levels of the second goal, in which more
    is better, and between the values of the first at its ends."""

    low: float
    high: float
    first_at_low: float
    first_at_high: float
    after: FrontierPoint
    #: It is what is left of one whose middle showed nothing new.
    halved: bool = False


#: Both levels of a box.
_Key = tuple[float, float]


def _key(box: _Box) -> _Key:
    return box.low, box.high


@dataclass(frozen=True)
class _AtLevel:
    """The best plan of a case that states a level, and a plan to begin with."""

    case: Case
    start: PlanRecord

    def answer(self, settings: Settings, watch: Watch | None = None) -> Outcome:
        """The outcome; raises as `Watch.solve` does."""
        from optimizer.solving import Prepared
        from optimizer.studies.watching import Watch

        if watch is None:
            with Watch() as own:
                return self.answer(settings, own)
        prepared = Prepared(self.case, settings)
        return watch.solve(prepared, self.case, self.start, share=SHARE)


@dataclass
class _Search:
    """Points found so far, as (first, second) in which more is better, and open boxes."""

    case: Case
    between: tuple[Measure, Measure]
    resolution: float
    settings: Settings
    progress: Callable[[Progress], None] | None
    watch: Watch
    workers: int | None = None
    found: list[FrontierPoint] = field(default_factory=list)
    boxes: list[_Box] = field(default_factory=list)
    lost: int = 0
    impossible: bool = False
    lost_boxes: list[_Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        from optimizer.solving import Prepared
        from optimizer.studies.ahead import Ahead, outcome_of

        self.ahead: Ahead[_Key, Outcome] = Ahead(
            self.watch, self.settings, self.workers, outcome_of
        )
        self.kinds = tuple(MEASURES[name] for name in self.between)
        #: Conditions on other goals stay conditions.
        self.others = tuple(
            goal.model_copy(update={"tolerance": 1.0})
            for goal in self.case.goals_in_order
            if goal.no_worse_than is not None and goal.kind not in self.kinds
        )
        self.conditions = {
            goal.kind: goal.no_worse_than
            for goal in self.case.goals_in_order
            if goal.no_worse_than is not None
        }
        self.prepared = Prepared(self._with(0, 1), self.settings)

    def _with(self, *order: int, level: float | None = None) -> Case:
        """The case with the two goals in this order, the second no worse than a level."""
        goals = []
        for number in order:
            kind = self.kinds[number]
            worst = self.conditions.get(kind)
            if number == 1 and level is not None:
                stated = level if kind not in LEAST else -level
                worst = stated if worst is None else _stricter(kind, worst, stated)
            goals.append(Goal(kind=kind, no_worse_than=worst))
        return self.case.replace(goals=(*goals, *self.others))

    def _solved(self, case: Case, start: Plan | None) -> FrontierPoint | None:
        return self._point(
            self.prepared.solve(case, start=start, progress=self.progress, stop=self.watch.stop)
        )

    def _point(self, outcome: Outcome) -> FrontierPoint | None:
        """The point of a plan; None without one."""
        if outcome.plan is None:
            self.impossible = outcome.status == "infeasible" and not self.found
            self.lost += 1
            return None
        results = {goal.kind: goal for goal in outcome.goals}
        first, second = (results[kind] for kind in self.kinds)
        return FrontierPoint(
            outcome,
            first=first.value,
            second=second.value,
            first_bound=first.bound,
            proven=_proven(outcome, self.kinds),
        )

    def ends(self) -> None:
        """Both ends: the best by the one and the best by the other goal."""
        best_first = self._solved(self._with(0, 1), None)
        if best_first is None:
            return
        self.found.append(best_first)
        if self.watch.over:
            return
        best_second = self._solved(self._with(1, 0), best_first.outcome.plan)
        if best_second is None:
            return
        self.found.append(best_second)
        low, high = self._second(best_first), self._second(best_second)
        self._open(low, high, self._first(best_first), best_second)

    def part(self, box: _Box) -> None:
        """Ask at a level within a box, and keep what is left of it."""
        from optimizer.studies.watching import Interrupted

        try:
            outcome = self.ahead.ask(_key(box), self._asked(box), self._likely)
        except Interrupted:
            return
        self.boxes.remove(box)
        point, level = self._point(outcome), self._level(box)
        if point is None:
            self.lost_boxes.append(box)
            return
        first, second = self._first(point), self._second(point)
        new = first > box.first_at_high and second < box.high
        self._open(box.low, level, box.first_at_low, point, halved=not new)
        if new:
            self.found.append(point)
            self._open(second, box.high, first, box.after)

    def _level(self, box: _Box) -> float:
        """Where a box is asked: in its middle, or as low as leaves nothing large below it."""
        middle = (box.low + box.high) / 2
        if not box.halved:
            return middle
        step = self.resolution * self._range(self._second) * (1 - ROUNDING)
        return min(middle, box.low + max(step, self._blur(box.low, box.high)))

    def _asked(self, box: _Box) -> _AtLevel:
        """What is asked within a box."""
        assert box.after.outcome.plan is not None  # it is a point
        return _AtLevel(self._with(0, 1, level=self._level(box)), box.after.outcome.plan.record)

    def _likely(self, waiting: Mapping[_Key, Outcome | None]) -> tuple[_Key, _AtLevel] | None:
        """The largest box that nobody asks about yet."""
        rest = [box for box in self.boxes if _key(box) not in waiting]
        box = self._largest_of(rest)
        return None if box is None else (_key(box), self._asked(box))

    def _open(
        self,
        low: float,
        high: float,
        first_at_low: float,
        after: FrontierPoint,
        *,
        halved: bool = False,
    ) -> None:
        """A box, unless a side of it is what the gap cannot tell apart."""
        first_at_high = self._first(after)
        if self._differ(low, high) and self._differ(first_at_high, first_at_low):
            self.boxes.append(_Box(low, high, first_at_low, first_at_high, after, halved))

    def _differ(self, low: float, high: float) -> bool:
        return high - low > self._blur(low, high)

    def _blur(self, low: float, high: float) -> float:
        """The largest difference of two values that the gap cannot tell from none."""
        return max(self.settings.gap, ROUNDING) * max(1.0, abs(low), abs(high))

    def _efficient(self) -> list[FrontierPoint]:
        """The points in order, without those that another one outdoes.

        One that is not proven goes too where it is the better one by less than the gap tells:
        a longer search might find it not to be.
        """
        kept: list[FrontierPoint] = []
        for point in sorted(self.found, key=lambda p: (-self._second(p), -self._first(p))):
            if kept:
                less, more = self._first(kept[-1]), self._first(point)
                if more <= less or not (point.proven or self._differ(less, more)):
                    continue
            kept.append(point)
        return self._bounded(kept[::-1])

    def _bounded(self, points: Sequence[FrontierPoint]) -> list[FrontierPoint]:
        """Each with the tightest bound of it and those before it: what has as much of the second
        as a later point has it of an earlier one too."""
        tighter = max if self.kinds[0] in LEAST else min
        bounded, tightest = [], None
        for point in points:
            bounds = [bound for bound in (tightest, point.first_bound) if bound is not None]
            tightest = tighter(bounds, default=None)
            bounded.append(replace(point, first_bound=tightest))
        return bounded

    def largest(self) -> _Box | None:
        """The largest box that is larger than the resolution in both directions."""
        return self._largest_of(self.boxes)

    def _largest_of(self, boxes: Sequence[_Box]) -> _Box | None:
        large = [box for box in boxes if self.size(box) > self.resolution]
        return max(large, key=self.size, default=None)

    def size(self, box: _Box) -> float:
        """The smaller of its two sides, as a part of the range of its goal."""
        return min(
            (box.first_at_low - box.first_at_high) / self._range(self._first),
            (box.high - box.low) / self._range(self._second),
        )

    def _range(self, measured: Callable[[FrontierPoint], float]) -> float:
        """How far the points found lie apart in one of the goals."""
        values = [measured(point) for point in self.found]
        return max(values) - min(values)

    def _first(self, point: FrontierPoint) -> float:
        return point.first if self.kinds[0] not in LEAST else -point.first

    def _second(self, point: FrontierPoint) -> float:
        return point.second if self.kinds[1] not in LEAST else -point.second

    def frontier(self) -> Frontier:
        """What was found, in order, with the decisions that change from point to point."""
        points = self._efficient()
        later = [_changed(before, after) for before, after in pairwise(points)]
        if self.impossible:
            note = "it is proven that no plan of the case exists"
            return Frontier(self.case, self.between, (), self.resolution, False, note, True)
        notes = []
        if self.watch.over:
            notes.append("it was interrupted")
        if self.lost:
            notes.append(f"{self.lost} points were not found within the time limit")
        left = self.largest()
        if left is not None:
            notes.append(f"parts of the range as large as {self.size(left):.0%} are not explored")
        if not points:
            notes.append("no plan was found within the time limit")
        elif any(not point.proven for point in points):
            notes.append("not every point is proven")
        return Frontier(
            self.case,
            self.between,
            (*points[:1], *later),
            self.resolution,
            complete=not notes,
            note="; ".join(notes),
            unexplored=tuple(self._unexplored()),
            left=max((self.size(box) for box in self.boxes + self.lost_boxes), default=0.0),
        )

    def _unexplored(self) -> Iterator[Unexplored]:
        """The boxes that a complete front would not have, the best by the first goal first."""
        left = [box for box in self.boxes if self.size(box) > self.resolution] + self.lost_boxes
        one, other = (-1.0 if kind in LEAST else 1.0 for kind in self.kinds)
        for box in sorted(left, key=lambda box: box.low):
            yield Unexplored(
                (one * box.first_at_low, one * box.first_at_high),
                (other * box.low, other * box.high),
            )


def _stricter(kind: GoalKind, one: float, other: float) -> float:
    return min(one, other) if kind in LEAST else max(one, other)


def _proven(outcome: Outcome, kinds: tuple[GoalKind, ...]) -> bool:
    results: list[GoalResult] = [goal for goal in outcome.goals if goal.kind in kinds]
    return all(goal.proven for goal in results)


def _changed(before: FrontierPoint, after: FrontierPoint) -> FrontierPoint:
    """The later point with the decisions that differ from those of the one before."""
    return replace(after, changes=decision_changes(before.outcome, after.outcome))
