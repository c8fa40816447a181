"""The kit that every record of a case is made of.

A table is a tuple of `Row` records. A column is a pydantic field made by
`column`, which carries its unit, what it refers to and its limits; everything
that reads, checks, documents or changes a case works from these declarations
and from nothing else. Not here: any table (see the modules beside this one).

Units are written as text on each column:
see `UNITS`.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Annotated, Any, ClassVar
from unicodedata import category

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from models.cells import CellError, shown

#: Every unit of a column, with its meaning.
UNITS: dict[str, str] = {
    "cars/year": "cars in a year",
    "components/year": "components in a year",
    "components/car": "components in one car",
    "money": "the case's currency times its money_unit",
    "money/year": "money in a year",
    "currency/car": "single units of the currency for one car",
    "currency/component": "single units of the currency for one component",
    "share": "a part of 1: 0.12 is 12 per cent",
    "share/year": "a part of 1 a year",
    "periods": "periods of the horizon",
    "years": "years",
    "units": "units of the resource",
    "cars or money": "cars for a goal that counts cars, else money",
    "1": "a plain number",
    "as its column": "whatever the cells that it speaks for have",
}
#: Characters that a name may not hold: they have a meaning in paths.
RESERVED = ".|*?[]"
#: Largest number of cars, per year or period, that is not taken for a slip.
MOST_CARS = 1e9
#: Largest amount of money, in the unit of its column, not taken for a slip.
MOST_MONEY = 1e12
#: Longest text of a cell.
MOST_TEXT = 10_000


def _name(text: str) -> str:
    if not text:
        raise CellError("a name is blank", "a name of 1 to 80 characters")
    if len(text) > 80:
        raise CellError(f"a name of {len(text)} characters: {shown(text)}", "at most 80 characters")
    bad = sorted({c for c in text if c in RESERVED or not c.isprintable()})
    if bad:
        raise CellError(
            f"the name {shown(text)} holds {' and '.join(repr(c) for c in bad)}",
            f"names without {' '.join(RESERVED)} and without invisible characters",
            "Rename it here and wherever it is used",
        )
    return text


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split("|") if part.strip())
    return value


def _sound_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name or "|" in name:
            raise CellError(f"{shown(name)} is not a name", "names that are not blank, without |")
    return names


def _sound_text(value: Any) -> Any:
    """Free text as it can be written and read back: line breaks are ``\\n``."""
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return tuple(_sound_text(part) for part in value)
    if not isinstance(value, str) or value.isprintable():
        return _short(value)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    bad = sorted({c for c in value if c not in "\n\t" and category(c) in ("Cc", "Cs")})
    if bad:
        raise CellError(
            f"the text holds the control character {' and '.join(repr(c) for c in bad[:4])}",
            "text without control characters",
            "Remove it",
        )
    return _short(value)


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise CellError(f"text of {len(value)} characters", f"at most {MOST_TEXT} characters")
    return value


Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name)]
#: A label of the case's calendar such as ``2024Q3``; read by `models.horizon`.
Period = Annotated[str, BeforeValidator(_text)]
#: Several names, in a table separated by ``|``.
Names = Annotated[tuple[str, ...], BeforeValidator(_names), AfterValidator(_sound_names)]


class Frozen(BaseModel):
    """A value: it cannot be changed, only replaced."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True
    )


class Written(Frozen):
    """A value that people write: its text can be stored and read back."""

    @field_validator("*", mode="after")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        return _sound_text(value)


def column(
    what: str,
    *,
    unit: str = "",
    default: Any = ...,
    refers: str = "",
    period: str = "",
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    lt: float | None = None,
) -> Any:
    """Declare a column or setting: its meaning, unit, limits and what it points at.

    ``refers`` names the table whose first key the value must be, or
    ``commitments`` for an id such as ``deals.licence``. ``period`` is ``inside``
    for a period that must lie in the horizon, ``any`` for one that may lie
    before or after it, ``when`` for a period or a calendar year.
    """
    extra: dict[str, Any] = {"unit": unit, "refers": refers, "period": period}
    return Field(default, description=what, ge=ge, le=le, gt=gt, lt=lt, json_schema_extra=extra)


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


class Keyed(Written):
    """One of several records that are told apart by their keys, so that paths can name it.

    ``table`` is the name of them all, ``keys`` the columns that tell them apart, in
    the order in which a path names them. A key column that is blank (a date from the
    start on) has no part in the path.
    """

    table: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    #: The table is dated: a row holds from ``since`` until the next such row.
    dated: ClassVar[bool] = False

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The values of the key columns, blank ones left out."""
        values = (getattr(self, name) for name in self.keys)
        return tuple(str(value) for value in values if value not in (None, ""))

    @cached_property
    def path(self) -> str:
        """Where the row is found, such as ``launches.c10.germany``."""
        return ".".join((self.table, *self.key))

    @cached_property
    def addresses(self) -> tuple[tuple[str, ...], ...]:
        """The parts of its path, and for a dated row also those without the date."""
        parts = tuple(self.path.split("."))
        return (parts, parts[:-1]) if self.dated and getattr(self, "since", None) else (parts,)


class Row(Keyed):
    """One row of a table; ``table`` is also the name of its file."""

    note: str = column("free text, not used", default="")

    @classmethod
    @cache
    def columns(cls) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Name and declared facts (unit, refers, period) of each column."""
        return tuple(
            (name, dict(info.json_schema_extra or {}))  # type: ignore[arg-type]
            for name, info in cls.model_fields.items()
        )
