"""The target, and the goals of a case in their order."""

from __future__ import annotations

from typing import ClassVar, Literal

from models.base import MOST_CARS, MOST_MONEY, Keyed, Period, Written, column

GoalKind = Literal[
    "target_date",
    "volume",
    "npv",
    "last_year_volume",
    "volume_at",
    "spending",
    "peak_funding",
]
#: Goals of which less is better; all others want more.
LEAST: frozenset[str] = frozenset({"spending", "peak_funding"})


class Target(Written):
    """A yearly volume to be reached, own sales plus counted partner volume.

    The window is a calendar year or any year's worth of periods in a row; only
    windows that lie wholly within the horizon count.
    """

    volume: float = column("cars in the window", unit="cars/year", gt=0, le=MOST_CARS)
    window: Literal["calendar_year", "rolling_year"] = column(
        "calendar_year, or rolling_year for any year in a row", default="calendar_year"
    )
    deadline: Period | None = column(
        "last period in which a window may end; blank: the last", default=None, period="inside"
    )
    required: bool = column("a condition instead of a goal", default=False)


class Goal(Keyed):
    """One goal; earlier goals come first, later ones may use what they give up.

    ``target_date`` earliest period in which the target is reached, and the
    least shortfall where it cannot be; ``volume`` over the horizon;
    ``npv``; ``last_year_volume`` in the last year of the horizon; ``volume_at``
    in the year up to ``period``; ``spending`` least one-off cost;
    ``peak_funding`` least cash needed above what is there at the start.

    With ``no_worse_than`` it is a condition as well, which every plan keeps whatever
    the order of the goals: the least that it may be, or of what is to be small (`LEAST`)
    the most.
    """

    table: ClassVar[str] = "goals"
    keys: ClassVar[tuple[str, ...]] = ("kind",)

    kind: GoalKind = column("what is wanted")
    tolerance: float = column(
        "part of its best value that it may give up for later goals",
        unit="share",
        default=0.0,
        ge=0,
        le=1,
    )
    tolerance_periods: int = column(
        "only target_date: periods it may be late for later goals",
        unit="periods",
        default=0,
        ge=0,
        le=600,
    )
    period: Period | None = column(
        "only volume_at: the year's last period", default=None, period="inside"
    )
    no_worse_than: float | None = column(
        "condition on every plan: the least that it may be, of spending and peak_funding the most",
        unit="cars or money",
        default=None,
        ge=-MOST_MONEY,
        le=MOST_MONEY,
    )
