"""Solving a case: goals in their order, each with its proof, then the audit.

Each goal is optimised in turn over the plans that keep what the earlier goals
reached (less their tolerance), starting from the plan at hand. Between goals
the plan is made exact by solving for the volumes with all decisions held. No plan
leaves this module without having passed `optimizer.auditing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from pyomo.core import Block

from models.case import Case
from models.outcome import GoalResult, Status
from models.plan import PlanRecord
from models.target import Goal
from optimizer.auditing import audit
from optimizer.errors import AuditError, SolverError
from optimizer.formulation.build import build
from optimizer.formulation.goals import LEAST, REACHED, measure, window_volume
from optimizer.highs import Answer, Progress, Sense, Session, Stop, relative_gap
from optimizer.matrix import Floats, Matrix, Pool, Vector, compile_model, compile_pool
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.record import plan_record
from optimizer.settings import Settings
from optimizer.starting import earliest_schedule

#: Kinds of which a case has few, each with much effect; the others are small.
LARGE = frozenset({"platforms", "vehicles", "deals", "expansions"})
#: Cases of no more yes-or-no columns than this are sought to the exact optimum, in at
#: most so many nodes.
FEW_DECISIONS = 400
CLOSER_NODES = 2000
#: Longest search of one neighbourhood of a plan: nodes, not seconds, so that the
#: same input gives the same plan.
NEIGHBOURHOOD_NODES = 50
#: Rounds in which a relaxation is tightened, and most rows added in each.
ROUNDS = 12
MOST_ROWS = 400
#: What a kept goal may lose to the solver's tolerance, as a part of it.
SLACK = 1e-6


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
    run = _Run(case, settings, progress, stop or Stop())
    return run.outcome()


@dataclass
class _Found:
    """What was found for a goal before the final plan is known."""

    goal: Goal
    best: float
    bound: float | None
    proven: bool
    kept: float | None = None
    bound_window: int | None = None


@dataclass
class _Run:
    case: Case
    settings: Settings
    progress: Callable[[Progress], None] | None
    stop: Stop
    began: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    note: str = ""
    x: Floats | None = None

    def outcome(self) -> Outcome:
        mark = time.monotonic()
        model = build(self.case)
        self.block: Block = model.world
        self.seconds["build"] = time.monotonic() - mark
        mark = time.monotonic()
        self.matrix: Matrix = compile_model(model)
        self.pool: Pool = compile_pool(self.matrix, self.block.tightening)
        self.used: set[int] = set()
        self.session = Session(self.matrix, threads=self.settings.threads, seed=self.settings.seed)
        self.seconds["hand over"] = time.monotonic() - mark
        self._first_plan()
        found: list[_Found] = []
        for goal in self.case.goals_in_order:
            mark = time.monotonic()
            result = self._target_date(goal) if goal.kind == "target_date" else self._best(goal)
            self.seconds[goal.kind] = time.monotonic() - mark
            if result is None:
                return self._without_plan()
            found.append(result)
        return self._finished(found)

    def _first_plan(self) -> None:
        """Take a plan that needs no search as a first one, if one holds.

        Everything as early as people allow where money allows it too, else the
        plan that starts nothing it need not.
        """
        nothing = _ones([])
        early = np.zeros(len(self.matrix.variables))
        for name, start in earliest_schedule(self.block).items():
            step = self.block.steps[name]
            for variable in step.variables[start - step.earliest :]:
                early[self.matrix.number[id(variable)]] = 1.0
        least = np.where(np.isfinite(self.matrix.lower), self.matrix.lower, 0.0)
        for decisions in (np.maximum(early, least), least):
            self.x = self.session.polish(decisions, nothing, "max")
            if self.x is not None:
                return

    # One goal after another ---------------------------------------------------

    def _left(self) -> float | None:
        """Seconds left, or None without a limit."""
        if self.settings.time_limit is None:
            return None
        return self.settings.time_limit - (time.monotonic() - self.began)

    def _over(self) -> bool:
        left = self._left()
        return self.stop.asked.is_set() or (left is not None and left <= 0)

    def _optimise(
        self,
        vector: Vector,
        sense: Sense,
        goal: Goal,
        *,
        enough: float | None = None,
        hopeless: float | None = None,
    ) -> Answer:
        """Optimise, and take over the plan found if there is one."""
        self._tighten(vector, sense)
        if self._over():
            return Answer("limit", None, None, None)
        self._improve(vector, sense)
        answer = self.session.optimise(
            vector,
            sense,
            goal=goal.kind,
            gap=self.settings.gap * 0.99,
            seconds=self._left(),
            start=self.x,
            enough=enough,
            hopeless=hopeless,
            stop=self.stop,
            progress=self.progress,
        )
        if answer.x is None:
            return answer
        if answer.status == "optimal":
            answer = self._closer(answer, vector, sense, goal)
        assert answer.x is not None
        exact = self.session.polish(answer.x, vector, sense)
        x = answer.x if exact is None else exact
        return Answer(answer.status, x, vector.at(x), answer.bound, answer.nodes)

    def _closer(self, answer: Answer, vector: Vector, sense: Sense, goal: Goal) -> Answer:
        """Go on to the exact optimum where that is cheap: in cases of few decisions.

        A gap that is a small part of a large NPV can hide much of the costs that
        decide it.
        """
        whole = int(self.matrix.integer.sum())
        if not 0 < whole <= FEW_DECISIONS or answer.value == answer.bound or self._over():
            return answer
        closer = self.session.optimise(
            vector,
            sense,
            goal=goal.kind,
            nodes=CLOSER_NODES,
            seconds=self._left(),
            start=answer.x,
            stop=self.stop,
            progress=self.progress,
        )
        if closer.x is None or closer.value is None or answer.value is None:
            return answer
        worse = closer.value < answer.value if sense == "max" else closer.value > answer.value
        x, value = (answer.x, answer.value) if worse else (closer.x, closer.value)
        bounds = [bound for bound in (answer.bound, closer.bound) if bound is not None]
        tightest = (min(bounds) if sense == "max" else max(bounds)) if bounds else None
        return Answer("optimal", x, value, tightest, closer.nodes)

    def _tighten(self, vector: Vector, sense: Sense) -> None:
        """Add to the model what its relaxation violates of the pool, a few rounds."""
        for _ in range(ROUNDS):
            if self._over():
                return
            x = self.session.relaxed(vector, sense, seconds=self._left(), stop=self.stop)
            if x is None:
                return
            rows = [r for r in self.pool.violated(x, MOST_ROWS).tolist() if r not in self.used]
            for row in rows:
                self.session.keep(self.pool.vector(row), -float("inf"), float(self.pool.upper[row]))
            self.used.update(rows)
            if not rows:
                return

    def _improve(self, vector: Vector, sense: Sense) -> None:
        """Better the plan at hand before the search: a good start spares most of it.

        The few large decisions and the many small ones are freed in turn while
        the others are held, which is quick.
        """
        if self.x is None:
            return
        large = np.array(
            [
                self.matrix.number[id(variable)]
                for step in self.block.steps.values()
                if step.row.table in LARGE
                for variable in step.variables
            ],
            dtype=np.int32,
        )
        small = np.setdiff1d(np.flatnonzero(self.matrix.integer), large).astype(np.int32)
        for held in (large, small, large):
            if self._over() or not len(held):
                return
            better = self.session.improve(
                self.x,
                held,
                vector,
                sense,
                gap=self.settings.gap,
                nodes=NEIGHBOURHOOD_NODES,
                seconds=self._left(),
                stop=self.stop,
            )
            if better is not None:
                self.x = better

    def _best(self, goal: Goal) -> _Found | None:
        """The best value of a goal, kept for all later ones."""
        sense: Sense = "min" if goal.kind in LEAST else "max"
        vector = self.matrix.vector(measure(self.block, goal))
        answer = self._optimise(vector, sense, goal)
        if answer.status == "infeasible" and self.x is None:
            return None
        if answer.x is not None:
            self.x = answer.x
        if self.x is None:
            return None
        best = vector.at(self.x)
        bound = _outer(best, answer.bound, sense)
        proven = bound is not None and relative_gap(best, bound) <= self.settings.gap
        give = goal.tolerance * abs(best) + SLACK * max(1.0, abs(best))
        inf = float("inf")
        kept = best - give if sense == "max" else best + give
        self.session.keep(vector, *((kept, inf) if sense == "max" else (-inf, kept)))
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
            last: self.matrix.vector(window_volume(self.block, periods))
            for last, periods in self.block.windows.items()
        }
        wanted = target.volume * REACHED
        bounds: dict[int, float] = {}
        open_window: int | None = None
        for last, vector in windows.items():
            if self.x is not None and vector.at(self.x) >= wanted:
                return self._dated(goal, last, open_window)
            relaxed = self.session.relaxed(vector, "max", seconds=self._left(), stop=self.stop)
            if relaxed is not None and vector.at(relaxed) < wanted:
                bounds[last] = vector.at(relaxed)
                continue
            answer = self._optimise(vector, "max", goal, enough=target.volume, hopeless=wanted)
            if answer.status == "infeasible" and self.x is None:
                return None
            if answer.bound is not None:
                bounds[last] = answer.bound
            if answer.x is not None and (self.x is None or vector.at(answer.x) > vector.at(self.x)):
                self.x = answer.x
            if self.x is not None and vector.at(self.x) >= wanted:
                return self._dated(goal, last, open_window)
            if last not in bounds or bounds[last] >= wanted:
                open_window = last if open_window is None else open_window
        return self._largest(goal, windows, bounds, open_window)

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
        return self.matrix.vector(window_volume(self.block, self.block.windows[last])).at(self.x)

    def _largest(
        self,
        goal: Goal,
        windows: dict[int, Vector],
        bounds: dict[int, float],
        open_window: int | None,
    ) -> _Found | None:
        """No window is known to reach the target: seek the largest one, to the gap."""
        best: tuple[float, int] | None = None
        for last in sorted(windows, key=lambda w: -bounds.get(w, float("inf"))):
            if best and bounds.get(last, float("inf")) <= best[0] * (1 + self.settings.gap):
                continue
            answer = self._optimise(windows[last], "max", goal)
            if answer.status == "infeasible" and self.x is None:
                return None
            if answer.bound is not None:
                bounds[last] = min(answer.bound, bounds.get(last, float("inf")))
            if answer.x is not None:
                value = windows[last].at(answer.x)
                if best is None or value > best[0]:
                    best, self.x = (value, last), answer.x
        if self.x is None:
            return None
        if best is None:
            best = max((vector.at(self.x), last) for last, vector in windows.items())
        value, last = best
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

    def _one_window_reaches(self, allowed: list[int]) -> None:
        """From now on one of these windows reaches the target."""
        columns = {w: self.matrix.number[id(self.block.reached[w])] for w in allowed}
        if len(columns) == 1:
            (column,) = columns.values()
            self.session.bound(column, 1.0, 1.0)
        else:
            self.session.keep(_ones(list(columns.values())), 1.0, float("inf"))
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
        self.session.keep(_ones(list(columns.values())), 1.0, float("inf"))
        for window, column in columns.items():
            self.x[column] = 1.0 if windows[window].at(self.x) >= kept else 0.0

    # The end ----------------------------------------------------------------------

    def _without_plan(self) -> Outcome:
        """No plan at the first goal: proven so by two routes, or stopped before."""
        status: Status = "unknown"
        if not self._over():
            mark = time.monotonic()
            status = self._confirmed()
            self.seconds["confirmation"] = time.monotonic() - mark
        return Outcome(self.case, self.settings, status, seconds=self._timings(), note=self.note)

    def _confirmed(self) -> Status:
        """Ask again on another road: without presolve, with another seed and no objective."""
        other = Session(
            self.matrix,
            threads=self.settings.threads,
            seed=self.settings.seed + 1,
            presolve=False,
        )
        nothing = _ones([])
        answer = other.optimise(nothing, "max", seconds=self._left(), stop=self.stop)
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
        return {**self.seconds, "total": time.monotonic() - self.began}

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


def _ones(columns: list[int]) -> Vector:
    import numpy as np

    ordered = np.array(sorted(columns), dtype=np.int32)
    return Vector(ordered, np.ones(len(ordered)), 0.0)


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
