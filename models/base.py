"""The kit that every record of a case is made of.

A table is a tuple of `Row` records. A column is a pydantic field made by
`column`, which carries its unit, what it refers to and its limits; everything
that reads, checks, documents or changes a case works from these declarations
and from nothing else. Not here: any table (see the modules beside this one).

Units are written as text on each column:
``cars/year``, ``money`` (the case's currency times its ``money_unit``),
``money/year``, ``currency/car``, ``share`` (0 to 1), ``periods``, ``1/year``, ``1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

#: Characters that a name may not hold: they have a meaning in paths.
RESERVED = ".|*?[]"
#: Largest number of cars, per year or period, that is not taken for a slip.
MOST_CARS = 1e9
#: Largest amount of money, in the unit of its column, not taken for a slip.
MOST_MONEY = 1e12


def _name(text: str) -> str:
    if not text:
        raise ValueError("a name may not be empty")
    if len(text) > 80:
        raise ValueError("a name has at most 80 characters")
    bad = sorted({c for c in text if c in RESERVED or not c.isprintable()})
    if bad:
        raise ValueError(f"a name may not hold {' '.join(repr(c) for c in bad)}")
    return text


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split("|") if part.strip())
    return value


Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name)]
#: A label of the case's calendar such as ``2024Q3``; read by `models.horizon`.
Period = Annotated[str, BeforeValidator(_text)]
#: Several names, in a table separated by ``|``.
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Frozen(BaseModel):
    """A value: it cannot be changed, only replaced."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True
    )


def column(
    what: str,
    *,
    unit: str = "",
    default: Any = ...,
    refers: str = "",
    period: str = "",
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """Declare a column: its meaning, unit, limits and what it points at.

    ``refers`` names the table whose first key the value must be, or
    ``commitments`` for an id such as ``deals.licence``. ``period`` is ``inside``
    for a period that must lie in the horizon, ``any`` for one that may lie
    before or after it, ``when`` for a period or a calendar year.
    """
    extra = {"unit": unit, "refers": refers, "period": period}
    return Field(default, description=what, ge=ge, le=le, json_schema_extra=extra)


def cars(what: str, *, default: Any = ..., unit: str = "cars/year") -> Any:
    """A column of cars or capacity, never negative."""
    return column(what, unit=unit, default=default, ge=0, le=MOST_CARS)


def money(what: str, *, default: Any = ..., unit: str = "money", ge: float | None = 0) -> Any:
    """A column of money; ``ge=None`` where either sign has a meaning."""
    return column(
        what, unit=unit, default=default, ge=-MOST_MONEY if ge is None else ge, le=MOST_MONEY
    )


def share(what: str, *, default: Any = ...) -> Any:
    """A column of fractions between 0 and 1."""
    return column(what, unit="share", default=default, ge=0, le=1)


class Row(Frozen):
    """One row of a table.

    ``table`` is the name of the table and of its file, ``keys`` the columns that
    tell its rows apart, in the order in which a path names them. A key column
    that is blank (a date from the start on) has no part in the path.
    """

    table: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    #: The table is dated: a row holds from ``since`` until the next such row.
    dated: ClassVar[bool] = False

    note: str = column("free text, not used", default="")

    @property
    def key(self) -> tuple[str, ...]:
        """The values of the key columns, blank ones left out."""
        values = (getattr(self, name) for name in self.keys)
        return tuple(str(value) for value in values if value not in (None, ""))

    @property
    def path(self) -> str:
        """Where the row is found, such as ``launches.c10.germany``."""
        return ".".join((self.table, *self.key))

    @classmethod
    def columns(cls) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and declared facts (unit, refers, period) of each column."""
        for name, info in cls.model_fields.items():
            yield name, dict(info.json_schema_extra or {})  # type: ignore[arg-type]
