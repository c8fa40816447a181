"""What a run states about each goal and about itself.

Not here: the plan (see `models.plan`), and the outcome that holds both
(see `optimizer.outcome`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.base import Frozen, Period
from models.target import GoalKind

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
#: What each status says, in words.
STATUS_WORDS: dict[str, str] = {
    "optimal": "a plan, proven best to within the gap on every goal",
    "feasible": "a plan; a limit stopped the proof that it is the best",
    "infeasible": "proven that no plan exists",
    "unknown": "stopped by a limit before any plan was found",
}


class GoalResult(Frozen):
    """What a plan reaches of a goal, and how far the best may lie from it.

    ``value`` is what the plan reaches, ``best`` what was reached when this goal
    was sought (later goals may give up a tolerance of it). ``bound`` cannot be
    passed by any plan that keeps the earlier goals; ``gap`` is the distance of
    best and bound as a part of best. For
    ``target_date``, ``period`` is when the target is reached and
    ``bound_period`` the earliest period not proven impossible (both blank when
    it is not reached); value and bound are then the volume of the best window,
    in cars, and ``shortfall`` what it lacks.
    """

    kind: GoalKind
    unit: str
    sense: Literal["max", "min"]
    value: float
    best: float
    bound: float | None = None
    gap: float | None = None
    proven: bool = Field(description="the gap is within the one asked for")
    kept: float | None = Field(None, description="least (most) value that later goals must keep")
    period: Period | None = None
    bound_period: Period | None = None
    shortfall: float | None = None
