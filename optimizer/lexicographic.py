"""Goals in their order: each optimised with its proof, then the plan and its audit.

Each goal is optimised in turn over the plans that keep what the earlier goals
reached (less their tolerance), starting from the plan at hand. No plan leaves
this module without having passed `optimizer.auditing`. Not here: how one sum is
optimised (see `optimizer.searching`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from models.case import Case
from models.outcome import GoalResult, Status
from models.plan import PlanRecord
from models.target import LEAST, Goal
from optimizer.auditing import audit
from optimizer.errors import AuditError, SolverError
from optimizer.formulation.goals import REACHED, measure, window_volume
from optimizer.formulation.linear import Linear
from optimizer.highs import Progress, Sense, relative_gap
from optimizer.matrix import Floats, Vector
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.record import plan_record
from optimizer.searching import Search
from optimizer.settings import Settings
from optimizer.starting import earliest_schedule
from optimizer.world import World

#: What a kept goal may lose to the solver's tolerance, as a part of it.
SLACK = 1e-6


@dataclass
class _Found:
    """What was found for a goal before the final plan is known."""

    goal: Goal
    best: float
    bound: float | None
    proven: bool
    kept: float | None = None
    bound_window: int | None = None


class Lexicographic:
    """One solve of a world's case: goals in their order, then the audit."""

    def __init__(self, world: World, settings: Settings, search: Search) -> None:
        self.world, self.settings, self.search = world, settings, search
        self.case, self.block = world.case, world.block
        self.matrix, self.session = world.matrix, world.session
        self.seconds = world.take_seconds()
        self.note = ""

    def outcome(self, known: PlanRecord | None = None, share: float = 1.0) -> Outcome:
        """The outcome; ``known`` is a plan to begin with, which need not hold here.

        ``share`` is the part of the time left that a goal may take where others follow.
        """
        whole = self.search.limit
        self._begin(known)
        found: list[_Found] = []
        goals = self.case.goals_in_order
        if goals[0].kind == "target_date" and len(goals) > 1:
            self._look_ahead(goals[1])
        for goal in goals:
            mark = time.monotonic()
            self.search.limit = whole if goal is goals[-1] else whole.part(share)
            if goal.kind == "target_date":
                result = self._target_date(goal)
            else:
                result = self._best(goal, last=goal is goals[-1])
            self.seconds[goal.kind] = time.monotonic() - mark
            if result is None:
                return self._without_plan()
            found.append(result)
        return self._finished(found)

    @property
    def x(self) -> Floats | None:
        """The best plan at hand."""
        return self.search.x

    def _begin(self, known: PlanRecord | None) -> None:
        """Take a plan that needs no search as a first one, if one holds.

        The known one, as it is or later where it must be, else everything as early as
        people allow where money allows it too, else the plan that starts nothing it need not.
        """
        nothing = self.world.vector(Linear())
        ways: list[Callable[[], dict[str, int]]] = [lambda: earliest_schedule(self.block), dict]
        if known is not None:
            starts = starts_of(self.case, known)
            ways = [lambda: starts, lambda: earliest_schedule(self.block, starts), *ways]
        for way in ways:
            for decisions in self.world.decisions(way()):
                x = self.session.polish(decisions, nothing, "max")
                if x is not None:
                    self.search.x = self.search.start = x
                    return

    def _look_ahead(self, goal: Goal) -> None:
        """A plan that is good by the goal after the target date, to begin with.

        One that sells much is likely to reach the target too, or nearly; so windows are
        sooner asked for, and a good plan is at hand from the first seconds on.
        """
        mark = time.monotonic()
        vector = self.world.vector(measure(self.block, goal))
        self.search.look(vector, _sense(goal), goal.kind, _name(goal))
        self.seconds["first plan"] = time.monotonic() - mark

    def out_of_reach(self) -> float | None:
        """The bound of the relaxation on every window, where it rules the target out.

        Seeks no plan; None where the relaxation allows the target, or a limit came first.
        """
        target = self.case.target
        assert target is not None
        bounds = []
        wanted = target.volume * REACHED
        for periods in self.block.windows.values():
            vector = self.world.vector(window_volume(self.block, periods))
            bound = self.search.rules_out(vector, "max", wanted)
            if bound is None:
                return None
            bounds.append(bound)
        return max(bounds)

    # One goal after another ---------------------------------------------------

    def _best(self, goal: Goal, last: bool) -> _Found | None:
        """The best value of a goal, kept for all later ones."""
        sense = _sense(goal)
        vector = self.world.vector(measure(self.block, goal))

        def kept_of(best: float) -> float:
            give = goal.tolerance * abs(best) + SLACK * max(1.0, abs(best))
            return best - give if sense == "max" else best + give

        answer = self.search.best(
            vector, sense, goal.kind, topic=_name(goal), kept=None if last else kept_of
        )
        if self.x is None:
            return None
        if answer.status == "limit":
            # The volumes at least are those that this goal wants of the decisions at hand.
            self.search.take(self.x, vector, sense)
        best = vector.at(self.x)
        bound = _outer(best, answer.bound, sense)
        proven = bound is not None and relative_gap(best, bound) <= self.settings.gap
        kept, inf = kept_of(best), float("inf")
        low, high = (kept, inf) if sense == "max" else (-inf, kept)
        self.session.keep(vector, low, high, ("goal", _name(goal)))
        return _Found(goal, best, bound, proven, kept)

    # The target date ------------------------------------------------------------

    def _target_date(self, goal: Goal) -> _Found | None:
        """The earliest window that can reach the target; else the largest window.

        Asked window by window: the largest volume of each, stopped as soon as it
        is known to reach the target or not to.
        """
        target = self.case.target
        assert target is not None  # a case with this goal has a target
        windows = {
            last: self.world.vector(window_volume(self.block, periods))
            for last, periods in self.block.windows.items()
        }
        wanted = target.volume * REACHED
        bounds: dict[int, float] = {}
        open_window: int | None = None
        later = len(self.case.goals_in_order) > 1
        for last, vector in windows.items():
            topic = f"{goal.kind} {last}"
            if not later:
                self.search.take(self.x, vector, "max")
            if self._reaches(vector, wanted):
                return self._dated(goal, last, open_window)
            bound = self.search.rules_out(vector, "max", wanted)
            if bound is not None:
                bounds[last] = bound
                continue
            if later:  # volumes that serve it are not given up for a window out of reach
                self.search.take(self.x, vector, "max")
                if self._reaches(vector, wanted):
                    return self._dated(goal, last, open_window)
            answer = self.search.best(
                vector,
                "max",
                goal.kind,
                topic=topic,
                enough=target.volume,
                hopeless=wanted,
            )
            if answer.status == "infeasible" and self.x is None:
                return None
            if answer.bound is not None:
                bounds[last] = answer.bound
            if self._reaches(vector, wanted):
                return self._dated(goal, last, open_window)
            if last not in bounds or bounds[last] >= wanted:
                open_window = last if open_window is None else open_window
        if open_window is None and self.x is not None:
            nearest = max(windows, key=lambda last: bounds[last])
            self.search.take(self.x, windows[nearest], "max")
            if self.search.progress is not None:
                # Who only asks whether the target is reached can stop here.
                best = max(vector.at(self.x) for vector in windows.values())
                seconds = time.monotonic() - self.search.limit.began
                told = Progress(goal.kind, seconds, best, max(bounds.values()), 0)
                self.search.progress(told)
        return self._largest(goal, windows, bounds, open_window)

    def _reaches(self, vector: Vector, wanted: float) -> bool:
        return self.x is not None and vector.at(self.x) >= wanted

    def _dated(self, goal: Goal, last: int, open_window: int | None) -> _Found:
        """Keep the target date found."""
        late = last + goal.tolerance_periods
        allowed = [w for w in self.block.windows if w <= late]
        self._one_window_reaches(allowed)
        return _Found(
            goal,
            best=self._window_volume(last),
            bound=None,
            proven=open_window is None,
            kept=self.case.target.volume if self.case.target else None,
            bound_window=last if open_window is None else open_window,
        )

    def _window_volume(self, last: int) -> float:
        assert self.x is not None
        return self.world.vector(window_volume(self.block, self.block.windows[last])).at(self.x)

    def _largest(
        self,
        goal: Goal,
        windows: dict[int, Vector],
        bounds: dict[int, float],
        open_window: int | None,
    ) -> _Found | None:
        """No window is known to reach the target: seek the largest one, to the gap."""
        best = self._largest_at_hand(windows, bounds)
        for last in sorted(windows, key=lambda w: -bounds.get(w, float("inf"))):
            if best and bounds.get(last, float("inf")) <= best[0] * (1 + self.settings.gap):
                continue
            answer = self.search.best(
                windows[last], "max", goal.kind, topic=f"{goal.kind} {last} largest"
            )
            if answer.status == "infeasible" and self.x is None:
                return None
            if answer.bound is not None:
                bounds[last] = min(answer.bound, bounds.get(last, float("inf")))
            if answer.x is not None:
                value = windows[last].at(answer.x)
                if best is None or value > best[0]:
                    best = (value, last, answer.x)
        if self.x is None:
            return None
        if best is None:
            value, last = max((vector.at(self.x), last) for last, vector in windows.items())
        else:
            value, last, self.search.x = best
        known = [bounds.get(w) for w in windows]
        bound = max(known) if all(b is not None for b in known) else None  # type: ignore[type-var]
        bound = _outer(value, bound, "max")
        proven = bound is not None and relative_gap(value, bound) <= self.settings.gap
        target = self.case.target
        assert target is not None
        could = bound is None or bound >= target.volume * REACHED
        kept = value - goal.tolerance * value - SLACK * max(1.0, value)
        if len(windows) == 1:
            self.session.keep(windows[last], kept, float("inf"))
        else:
            self._keep_some_window(windows, kept)
        return _Found(
            goal,
            best=value,
            bound=bound,
            proven=proven and not could,
            kept=kept,
            bound_window=open_window if could else None,
        )

    def _largest_at_hand(
        self, windows: dict[int, Vector], bounds: dict[int, float]
    ) -> tuple[float, int, Floats] | None:
        """The plan at hand, where it is the largest of a window as far as the gap tells."""
        if self.x is None:
            return None
        reached = {last: vector.at(self.x) for last, vector in windows.items()}
        proven = {
            last: value
            for last, value in reached.items()
            if bounds.get(last, float("inf")) <= value * (1 + self.search.close_enough)
        }
        if not proven:
            return None
        last = max(proven, key=lambda last: proven[last])
        return proven[last], last, self.x

    def _one_window_reaches(self, allowed: list[int]) -> None:
        """From now on one of these windows reaches the target."""
        columns = {w: self.matrix.number[id(self.block.reached[w])] for w in allowed}
        if len(columns) == 1:
            (column,) = columns.values()
            one = np.array([column], dtype=np.int32)
            self.session.bound(one, np.ones(1), np.ones(1))
        else:
            self.session.keep(self._any(columns), 1.0, float("inf"))
        # The plan at hand reaches one of them: let it say so, as it is the next start.
        assert self.x is not None
        assert self.case.target is not None
        for window, column in columns.items():
            reaches = self._window_volume(window) >= self.case.target.volume * REACHED
            self.x[column] = 1.0 if reaches else 0.0

    def _keep_some_window(self, windows: dict[int, Vector], kept: float) -> None:
        """From now on some window has at least this volume (below the target).

        The columns that bind a window to the target serve again, with the
        smaller volume in its place.
        """
        assert self.x is not None
        columns = {w: self.matrix.number[id(self.block.reached[w])] for w in windows}
        for row, (law, index) in enumerate(self.matrix.rows):
            if law == "window_reaches_target":
                self.session.change(row, columns[index], kept)
        self.session.keep(self._any(columns), 1.0, float("inf"))
        for window, column in columns.items():
            self.x[column] = 1.0 if windows[window].at(self.x) >= kept else 0.0

    def _any(self, windows: Iterable[int]) -> Vector:
        """How many of these windows are bound to reach the target."""
        reached = Linear()
        for window in windows:
            reached.term(1.0, self.block.reached[window])
        return self.world.vector(reached)

    # The end ----------------------------------------------------------------------

    def _without_plan(self) -> Outcome:
        """No plan at the first goal: proven so by two routes, or stopped before."""
        status: Status = "unknown"
        if not self.search.limit.over:
            mark = time.monotonic()
            status = self._confirmed()
            self.seconds["confirmation"] = time.monotonic() - mark
        return Outcome(self.case, self.settings, status, seconds=self._timings(), note=self.note)

    def _confirmed(self) -> Status:
        """Ask again on another road: built anew, without presolve, another seed, no objective."""
        other = World(self.case, self.settings, second=True)
        nothing = other.vector(Linear())
        answer = other.session.optimise(nothing, "max", self.search.limit)
        if answer.status == "infeasible":
            return "infeasible"
        if answer.x is not None:
            raise SolverError(
                "the solver found no plan and, asked again on another road, found one; "
                "its answers cannot be trusted for this case"
            )
        self.note = "the solver says that no plan exists; the limit came before that was confirmed"
        return "unknown"

    def _timings(self) -> dict[str, float]:
        began = self.search.limit.began
        return {**self.seconds, "total": time.monotonic() - began}

    def _finished(self, found: list[_Found]) -> Outcome:
        assert self.x is not None
        mark = time.monotonic()
        record = plan_record(self.case, self.block, self.matrix, self.x)
        goals = tuple(_result(self.case, record, item) for item in found)
        violations = audit(self.case, record, goals)
        self.seconds["audit"] = time.monotonic() - mark
        if violations:
            raise AuditError(violations)
        status: Status = "optimal" if all(goal.proven for goal in goals) else "feasible"
        return Outcome(
            self.case,
            self.settings,
            status,
            plan=Plan(record),
            goals=goals,
            seconds=self._timings(),
            note=self.note,
        )


def starts_of(case: Case, plan: PlanRecord) -> dict[str, int]:
    """What a plan starts and when, as far as the case's calendar knows the period."""
    known = {label: t for t, label in enumerate(case.horizon.labels)}
    return {
        row.commitment: known[row.start]
        for row in plan.decisions
        if row.start in known and not row.in_place
    }


def _sense(goal: Goal) -> Sense:
    return "min" if goal.kind in LEAST else "max"


def _name(goal: Goal) -> str:
    """What a goal is called in what is learned: one kind can be sought in several periods."""
    return goal.kind if goal.period is None else f"{goal.kind} {goal.period}"


def _outer(best: float, bound: float | None, sense: Sense) -> float | None:
    """The bound, never on the wrong side of the value reached."""
    if bound is None:
        return None
    return max(best, bound) if sense == "max" else min(best, bound)


def _result(case: Case, record: PlanRecord, found: _Found) -> GoalResult:
    """A goal's result with the value that the final plan has."""
    goal, kind = found.goal, found.goal.kind
    gap = None if found.bound is None else relative_gap(found.best, found.bound)
    money = kind in ("npv", "spending", "peak_funding")
    label = case.horizon.label
    common = {
        "kind": kind,
        "unit": "money" if money else "cars",
        "sense": "min" if kind in LEAST else "max",
        "best": found.best,
        "bound": found.bound,
        "gap": gap,
        "proven": found.proven,
        "kept": found.kept,
    }
    if kind != "target_date":
        return GoalResult(value=_value(case, record, goal), **common)
    reached = [window for window in record.windows if window.reached]
    if reached:
        return GoalResult(
            value=reached[0].volume,
            period=reached[0].last,
            bound_period=None if found.bound_window is None else label(found.bound_window),
            **common,
        )
    value = max(window.volume for window in record.windows)
    return GoalResult(
        value=value,
        shortfall=record.windows[0].target - value,
        bound_period=None if found.bound_window is None else label(found.bound_window),
        **common,
    )


def _value(case: Case, record: PlanRecord, goal: Goal) -> float:
    if goal.kind == "volume_at":
        last = case.horizon.index(goal.period or "")
        first = max(0, last - case.horizon.per_year + 1)
        return sum(row.counted for row in record.volumes[first : last + 1])
    return float(getattr(record.totals, goal.kind))
