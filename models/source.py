"""Where a number comes from, and how far it may be off.

Each row of ``sources`` speaks for the cells that its ``cells`` name (``*`` stands
for one part of a path); no cell is named by two rows, so that each number has one
origin and one range. Not used by any decision: it is what reports, sensitivity
runs and readers rest on.
"""

from __future__ import annotations

from typing import Literal

from models.base import MOST_MONEY, Row, column


class Source(Row):
    """Basis, origin and range of the numbers that a pattern of paths names."""

    table = "sources"
    keys = ("cells",)

    cells: str = column("cells it speaks for, such as launches.*.germany.peak_share")
    basis: Literal["reported", "derived", "assumption"] = column("how the number is known")
    source: str = column("where it is from, or what the assumption rests on")
    date: str = column("when it was said", default="")
    range: Literal["value", "factor"] = column(
        "what low and high are: values, or factors on the number", default="value"
    )
    low: float | None = column(
        "lowest that is plausible",
        unit="as its column",
        default=None,
        ge=-MOST_MONEY,
        le=MOST_MONEY,
    )
    high: float | None = column(
        "highest that is plausible",
        unit="as its column",
        default=None,
        ge=-MOST_MONEY,
        le=MOST_MONEY,
    )
