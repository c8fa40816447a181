"""Solving a case with the textbook model: one HiGHS run per goal, default options.

`solve_textbook` is what the optimiser is measured against. It asks for the same goals
in the same order with the same tolerances: the date by naming the window that reaches
the target, then each goal as an objective over the plans that keep the earlier ones.
Each run begins from the plan of the one before. The model is handed over as plain
arrays (see `tests.bench.textbook_model`), so that no time goes into a modelling layer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import highspy
import numpy as np

from models.case import Case
from models.target import Goal, GoalKind
from tests.bench.textbook_model import INFINITY, Sum, TextbookModel, total

#: What a kept goal may lose to the solver's tolerance, as a part of it.
SLACK = 1e-6
LEAST = frozenset({"spending", "peak_funding"})

Status = Literal["proven", "stopped", "infeasible", "unknown"]
#: Goal, seconds since its run began, best and bound so far in the goal's own sense.
OnProgress = Callable[[str, float, float | None, float | None], None]


@dataclass(frozen=True)
class TextbookGoal:
    """What was reached of a goal, and how far the best may lie from it.

    ``value`` and ``bound`` are cars or money. For a target date that is reached,
    ``period`` and ``bound_period`` are the period found and the earliest that is not
    proven impossible, and there is no value; for one that is not reached, value and
    bound are the volume of the best window. ``first`` are the seconds until the first
    plan of this goal's run, if it found one of its own.
    """

    kind: GoalKind
    value: float | None
    bound: float | None
    proven: bool
    seconds: float
    first: float | None = None
    period: str | None = None
    bound_period: str | None = None


@dataclass(frozen=True)
class TextbookResult:
    """The goals that were reached before the end, and where the time went.

    ``status`` is "proven" (every goal to the gap), "stopped" (a plan, but a limit came
    before the proof of some goal or before the last goals), "infeasible" (proven that
    there is no plan) or "unknown" (no plan before the limit). ``seconds`` has the phases
    and ``total``; ``columns``, ``whole``, ``rows`` and ``nonzeros`` are the model's size.
    ``at_hand`` has what the last plan is worth by every goal (by the target date: cars in
    its best window), also by those that were not reached; it is empty without a plan.
    """

    status: Status
    goals: tuple[TextbookGoal, ...]
    at_hand: dict[str, float]
    seconds: dict[str, float]
    columns: int
    whole: int
    rows: int
    nonzeros: int


@dataclass(frozen=True)
class _Answer:
    """One run: ``bound`` in the sense of the objective, None when there is none."""

    status: Literal["optimal", "infeasible", "limit"]
    value: float | None
    bound: float | None
    first: float | None


def solve_textbook(
    case: Case, gap: float, seconds: float, on_progress: OnProgress | None = None
) -> TextbookResult:
    """The best plan of a case by its textbook model, one thread.

    ``gap`` is the part of each goal's value to which it is proven, ``seconds`` the limit
    for everything, building included; the solver may pass it while it presolves.
    Raises `NotCoveredError` for a case that uses what the model does not have, and
    `RuntimeError` when the solver fails.
    """
    return _Search(case, gap, seconds, on_progress).result()


@dataclass
class _Search:
    case: Case
    gap: float
    limit: float
    on_progress: OnProgress | None
    began: float = field(default_factory=time.monotonic)
    x: Any = None

    def result(self) -> TextbookResult:
        self.model = TextbookModel(self.case)
        seconds = {"build": time.monotonic() - self.began}
        self.highs = _handed_over(self.model)
        size = self.highs.getNumCol(), len(self.model.rows.whole), self.highs.getNumRow()
        nonzeros = self.highs.getNumNz()
        seconds["hand over"] = time.monotonic() - self.began - seconds["build"]
        goals: list[TextbookGoal] = []
        status: Status = "proven"
        for goal in self.case.goals_in_order:
            found = self._target_date(goal) if goal.kind == "target_date" else self._best(goal)
            if isinstance(found, _Answer):
                no_plan = found.status == "infeasible" and self.x is None
                status = "infeasible" if no_plan else "unknown" if self.x is None else "stopped"
                break
            goals.append(found)
            seconds[goal.kind] = found.seconds
            status = status if found.proven else "stopped"
        seconds["total"] = time.monotonic() - self.began
        return TextbookResult(status, tuple(goals), self._at_hand(), seconds, *size, nonzeros)

    def _at_hand(self) -> dict[str, float]:
        """What the plan at hand is worth by every goal of the case."""
        if self.x is None:
            return {}
        return {
            goal.kind: max(_at(volume, self.x) for volume in self.model.windows.values())
            if goal.kind == "target_date"
            else _at(self.model.measure(goal), self.x)
            for goal in self.case.goals_in_order
        }

    # Goals ------------------------------------------------------------------------------

    def _best(self, goal: Goal) -> TextbookGoal | _Answer:
        """The best value of a goal, kept for the later ones; the answer when there is no plan."""
        mark = time.monotonic()
        measure = self.model.measure(goal)
        sign = 1.0 if goal.kind in LEAST else -1.0
        answer = self._run(goal.kind, measure, sign)
        if answer.value is None:
            return answer
        give = _given_up(goal, answer.value)
        kept = answer.value + sign * give
        self._row(measure, *((-INFINITY, kept) if sign > 0 else (kept, INFINITY)))
        return TextbookGoal(
            goal.kind,
            answer.value,
            answer.bound,
            self._proven(answer),
            time.monotonic() - mark,
            answer.first,
        )

    def _target_date(self, goal: Goal) -> TextbookGoal | _Answer:
        """The earliest window that can be named as reaching the target, else the largest."""
        mark = time.monotonic()
        windows = list(self.model.windows)
        earlier = Sum()
        for place, last in enumerate(windows):
            earlier.term(self.model.reached[last], len(windows) - place)
        answer = self._run(goal.kind, earlier, -1.0)
        if answer.value is None:
            return answer
        label = self.case.horizon.label
        # The bound allows every window that is worth no more than it.
        worth = len(windows) if answer.bound is None else int(answer.bound + SLACK)
        open_window = None if worth == 0 else windows[len(windows) - min(worth, len(windows))]
        if round(answer.value) == 0:
            return self._largest(goal, mark, open_window, answer.first)
        reached = windows[len(windows) - round(answer.value)]
        late = [w for w in windows if w <= reached + goal.tolerance_periods]
        self._row(total(Sum().term(self.model.reached[w]) for w in late), 1.0, INFINITY)
        return TextbookGoal(
            goal.kind,
            None,
            None,
            reached == open_window,
            time.monotonic() - mark,
            answer.first,
            label(reached),
            None if open_window is None else label(open_window),
        )

    def _largest(
        self, goal: Goal, mark: float, open_window: int | None, first: float | None
    ) -> TextbookGoal | _Answer:
        """The largest volume of a window: ``V <= volume of w + M (1 - picked[w])``."""
        largest = self._column(0.0, INFINITY, whole=False)
        picked = {last: self._column(0.0, 1.0, whole=True) for last in self.model.windows}
        most = max(self._most(last) for last in self.model.windows)
        for last, volume in self.model.windows.items():
            row = Sum(-most).term(largest).add(volume, -1.0).term(picked[last], most)
            self._row(row, -INFINITY, 0.0)
        self._row(total(Sum().term(column) for column in picked.values()), 1.0, 1.0)
        self._extend_plan(largest, picked)
        answer = self._run(goal.kind, Sum().term(largest), -1.0)
        if answer.value is None:
            return answer
        self._row(Sum().term(largest), answer.value - _given_up(goal, answer.value), INFINITY)
        return TextbookGoal(
            goal.kind,
            answer.value,
            answer.bound,
            self._proven(answer) and open_window is None,
            time.monotonic() - mark,
            first,
            None,
            None if open_window is None else self.case.horizon.label(open_window),
        )

    def _most(self, last: int) -> float:
        """Volume of a window that no plan passes: all demand and all partners' cars."""
        span = range(last - self.model.per_year + 1, last + 1)
        partners = sum(
            row.partner_units_per_year * row.counted_share * max(self.model.ramps[row.ramp])
            for row in self.case.deals
        )
        return partners + sum(cars for key, cars in self.model.most.items() if key[2] in span)

    def _extend_plan(self, largest: int, picked: dict[int, int]) -> None:
        """Give the plan at hand its values in the columns that were added."""
        volume = {last: _at(sum_, self.x) for last, sum_ in self.model.windows.items()}
        best = max(volume, key=lambda last: volume[last])
        self.x = np.append(self.x, np.zeros(self.highs.getNumCol() - len(self.x)))
        self.x[largest], self.x[picked[best]] = volume[best], 1.0

    def _proven(self, answer: _Answer) -> bool:
        if answer.value is None or answer.bound is None:
            return False
        return abs(answer.bound - answer.value) <= self.gap * max(abs(answer.value), 1.0) + SLACK

    # The solver -------------------------------------------------------------------------

    def _column(self, lower: float, upper: float, *, whole: bool) -> int:
        self.highs.addVar(lower, upper)
        column: int = self.highs.getNumCol() - 1
        if whole:
            self.highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        return column

    def _row(self, body: Sum, low: float, high: float) -> None:
        columns = np.fromiter(body.terms, np.int32)
        values = np.fromiter(body.terms.values(), np.float64)
        constant = body.constant
        self.highs.addRow(low - constant, high - constant, len(columns), columns, values)

    def _run(self, goal: str, objective: Sum, sign: float) -> _Answer:
        """Minimise (sign 1) or maximise (-1) a sum, from the plan at hand."""
        left = self.limit - (time.monotonic() - self.began)
        if left <= 0:
            return _Answer("limit", None, None, None)
        highs = self.highs
        cost = np.zeros(highs.getNumCol())
        for column, coefficient in objective.terms.items():
            cost[column] = sign * coefficient
        highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        highs.changeObjectiveOffset(sign * objective.constant)
        highs.setOptionValue("mip_rel_gap", self.gap)
        highs.setOptionValue("time_limit", left)
        if self.x is not None:
            solution = highspy.HighsSolution()
            solution.col_value = self.x
            highs.setSolution(solution)
        watch = _Watch(goal, sign, self.on_progress)
        highs.cbMipImprovingSolution += watch.improved
        highs.cbMipInterrupt += watch.asked
        highs.run()
        highs.cbMipImprovingSolution -= watch.improved
        highs.cbMipInterrupt -= watch.asked
        return self._read(objective, sign, watch.first)

    def _read(self, objective: Sum, sign: float, first: float | None) -> _Answer:
        status, kinds = self.highs.getModelStatus(), highspy.HighsModelStatus
        info = self.highs.getInfo()
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            return _Answer("infeasible", None, None, None)
        if status not in (kinds.kOptimal, kinds.kTimeLimit, kinds.kInterrupt):
            raise RuntimeError(f"the solver ended with {self.highs.modelStatusToString(status)}")
        bound = sign * info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else None
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            self.x = np.array(self.highs.getSolution().col_value)
            value = _at(objective, self.x)
            kind: Literal["optimal", "limit"] = "optimal" if status == kinds.kOptimal else "limit"
            return _Answer(kind, value, bound, first)
        return _Answer("limit", None, bound, None)


class _Watch:
    """Listens to a run: notes the first plan, and reports."""

    def __init__(self, goal: str, sign: float, on_progress: OnProgress | None) -> None:
        self.goal, self.sign, self.on_progress = goal, sign, on_progress
        self.first: float | None = None
        self.began = time.monotonic()

    def improved(self, _event: Any) -> None:
        if self.first is None:
            self.first = time.monotonic() - self.began

    def asked(self, event: Any) -> None:
        if self.on_progress is None:
            return
        best, bound = event.data_out.mip_primal_bound, event.data_out.mip_dual_bound
        self.on_progress(
            self.goal,
            time.monotonic() - self.began,
            self.sign * best if np.isfinite(best) and abs(best) < 1e29 else None,
            self.sign * bound if np.isfinite(bound) else None,
        )


def _handed_over(model: TextbookModel) -> Any:
    """A HiGHS instance with the model, its options at their defaults but for one thread."""
    rows = model.rows
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(rows.upper), len(rows.row_upper)
    lp.col_cost_ = np.zeros(lp.num_col_)
    lp.col_lower_, lp.col_upper_ = np.array(rows.lower), np.array(rows.upper)
    lp.row_lower_, lp.row_upper_ = np.array(rows.row_lower), np.array(rows.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(rows.start, dtype=np.int32)
    lp.a_matrix_.index_ = np.array(rows.column, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(rows.value)
    kinds = [highspy.HighsVarType.kContinuous] * lp.num_col_
    for column in rows.whole:
        kinds[column] = highspy.HighsVarType.kInteger
    lp.integrality_ = kinds
    if highs.passModel(lp) == highspy.HighsStatus.kError:
        raise RuntimeError("the solver refused the model")
    return highs


def _at(sum_: Sum, x: Any) -> float:
    return sum_.constant + float(sum(value * x[column] for column, value in sum_.terms.items()))


def _given_up(goal: Goal, best: float) -> float:
    return goal.tolerance * abs(best) + SLACK * max(1.0, abs(best))
