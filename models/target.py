"""The target, and the goals of a case in their order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.base import MOST_CARS, Frozen, Period

GoalKind = Literal[
    "target_date",
    "volume",
    "npv",
    "last_year_volume",
    "volume_at",
    "spending",
    "peak_funding",
]


class Target(Frozen):
    """A yearly volume to be reached, own sales plus counted partner volume.

    The window is a calendar year or any year's worth of periods in a row; only
    windows that lie wholly within the horizon count.
    """

    volume: float = Field(description="cars in the window", gt=0, le=MOST_CARS)
    window: Literal["calendar_year", "rolling_year"] = Field(
        "calendar_year", description="calendar_year, or rolling_year for any year in a row"
    )
    deadline: Period | None = Field(
        None, description="last period in which a window may end; blank: the last"
    )
    required: bool = Field(False, description="a condition instead of a goal")


class Goal(Frozen):
    """One goal; earlier goals come first, later ones may use what they give up.

    ``target_date`` earliest period in which the target is reached, and the
    least shortfall where it cannot be; ``volume`` over the horizon;
    ``npv``; ``last_year_volume`` in the last year of the horizon; ``volume_at``
    in the year up to ``period``; ``spending`` least one-off cost;
    ``peak_funding`` least cash needed above what is there at the start.
    """

    kind: GoalKind
    tolerance: float = Field(
        0.0, description="part of its best value that it may give up for later goals", ge=0, le=1
    )
    tolerance_periods: int = Field(
        0, description="only target_date: periods it may be late for later goals", ge=0, le=600
    )
    period: Period | None = Field(None, description="only volume_at: the year's last period")
