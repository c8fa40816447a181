"""The mixed-integer program: the best value of a sum over all plans.

Not here: what is done before and around it (see `optimizer.searching`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np

from optimizer.errors import SolverError
from optimizer.highs.instance import Columns, Instance, Sense
from optimizer.highs.running import Limit, Progress, Watch
from optimizer.matrix import Floats, Vector

AnswerStatus = Literal["optimal", "stopped", "infeasible", "limit"]

#: HiGHS's own word for no limit on nodes.
NO_LIMIT = 2_147_483_647
#: Best and bound this near are equal, in the goal's own unit (cars or money).
SMALLEST_GAP = 1e-6
#: Search settings of HiGHS that were measured to help on planning cases.
TUNING: dict[str, Any] = {
    "mip_allow_restart": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
#: Its own search for plans: little where the plan to start from is some plan, none where
#: plans have been looked for already.
SOME_LOOKING: dict[str, Any] = {
    "mip_heuristic_effort": 0.01,
    "mip_heuristic_run_rins": True,
    "mip_heuristic_run_rens": True,
}
NO_LOOKING: dict[str, Any] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
}


@dataclass(frozen=True)
class Answer:
    """What one run gave: the columns' values, if any, and the bound."""

    status: AnswerStatus
    x: Floats | None
    value: float | None
    bound: float | None
    nodes: int = 0


class Program(Instance):
    """The mixed-integer program of a matrix."""

    def optimise(
        self,
        vector: Vector,
        sense: Sense,
        limit: Limit,
        *,
        goal: str = "",
        gap: float = 0.0,
        nodes: int | None = None,
        start: Floats | None = None,
        looked: bool = False,
        held: tuple[Columns, Floats] | None = None,
        enough: float | None = None,
        hopeless: float | None = None,
        progress: Callable[[Progress], None] | None = None,
        presolve: bool = True,
    ) -> Answer:
        """The best value of a vector over all plans.

        ``start`` is a known plan, ``looked`` says that better ones were looked for
        already; ``held`` are columns with the values that they
        are held at. With ``enough`` the search ends with status "stopped" as
        soon as a plan is that good; with ``hopeless`` as soon as none can be
        that good. Without ``presolve`` the program is searched as it is. Values and bound are
        in the goal's own sense.
        """
        if limit.over:
            return Answer("limit", None, None, None)
        self.aim(vector, sense)
        self.set(
            {
                "mip_rel_gap": gap,
                "mip_abs_gap": SMALLEST_GAP / self.unit,
                "mip_max_nodes": NO_LIMIT if nodes is None else nodes,
                "presolve": self._options.get("presolve", "choose") if presolve else "off",
                **TUNING,
                **(NO_LOOKING if looked else SOME_LOOKING),
            }
        )
        watch = self.watch(
            limit, goal=goal, gap=gap, enough=enough, hopeless=hopeless, progress=progress
        )
        if held is not None:
            self.hold(held[0], held[1], held[1])
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start / self.scale
            self.highs.setSolution(solution)
        alive = self.work(watch)
        answer = self._read(watch) if alive else Answer("limit", watch.x, watch.value, watch.bound)
        if held is not None:
            self.release(held[0])
        return answer

    def write(self, path: str, vector: Vector, sense: Sense) -> None:
        """Write the program with a vector as its objective as an .mps file."""
        self.aim(vector, sense)
        if self.highs.writeModel(path) == highspy.HighsStatus.kError:
            raise SolverError(f"{path} could not be written")

    def _read(self, watch: Watch) -> Answer:
        status = self.highs.getModelStatus()
        info = self.highs.getInfo()
        kinds = highspy.HighsModelStatus
        empty = status == kinds.kModelEmpty
        if empty and not self.rows_hold_empty:
            return Answer("infeasible", None, None, None)
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            return Answer("infeasible", None, None, None)
        if status not in (
            kinds.kOptimal,
            kinds.kInterrupt,
            kinds.kTimeLimit,
            kinds.kObjectiveTarget,
            kinds.kObjectiveBound,
            kinds.kSolutionLimit,
            kinds.kIterationLimit,
            kinds.kNotset,
            kinds.kModelEmpty,
        ):
            raise SolverError(
                f"the solver ended with the status {self.highs.modelStatusToString(status)}"
            )
        vector, sign, unit = watch.vector, watch.sign, watch.unit
        x = self.columns() if info.primal_solution_status == 2 or empty else None
        whole = bool(self.matrix.integer.any())
        bound = info.mip_dual_bound if whole else info.objective_function_value
        if empty:
            bound = vector.constant / (sign * unit)
        proven = status == kinds.kOptimal or empty
        outer = sign * bound * unit if np.isfinite(bound) else None
        if not proven and not whole:
            outer = None
        value = None if x is None else vector.at(x)
        if proven and outer is None:
            outer = value
        if value is not None and outer is not None and sign * (value - outer) < 0:
            outer = value  # the plan is better than the bound by the solver's tolerance
        nodes = int(info.mip_node_count) if whole else 0
        if proven:
            return Answer("optimal", x, value, outer, nodes)
        return Answer("stopped" if watch.satisfied else "limit", x, value, outer, nodes)
