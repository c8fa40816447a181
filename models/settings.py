"""The settings of a case that belong to no section: its name, its currency.

Not here: sections (see `models.horizon`, `models.finance`, `models.target`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from models.base import Written, column
from models.cells import CellError


class Settings(Written):
    """The settings of a case that stand at the top of its file, before any section."""

    name: str = column("short name; blank: that of the folder", default="case")
    title: str = column("name to show", default="")
    currency: str = column("currency of all money, such as CNY", default="")
    money_unit: float = column(
        "currency units in one unit of money: 1000000 for totals in millions",
        unit="1",
        default=1.0,
        gt=0,
        le=1e12,
    )
    price_basis: Literal["nominal", "real"] = column(
        "whether money is nominal or real", default="nominal"
    )

    @field_validator("name", mode="after")
    @classmethod
    def _name_is_short(cls, name: str) -> str:
        if not 1 <= len(name) <= 80:
            raise CellError(f"a name of {len(name)} characters", "1 to 80 characters")
        return name
