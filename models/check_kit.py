"""The kit of the checks: how they walk over rows and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from models.base import Row
from models.horizon import Horizon
from models.problem import Problem

if TYPE_CHECKING:
    from models.case import Case

#: Keys of rows that could not be read, by table; an empty key stands for any row.
Broken = Mapping[str, set[tuple[str, ...]]]
Check = Callable[["Case", Broken], Iterator[Problem]]
COMMITMENTS = (
    "platforms",
    "vehicles",
    "entries",
    "launches",
    "deals",
    "expansions",
    "projects",
)


def say(
    row: Row, number: int, column: str, found: str, allowed: str = "", cure: str = ""
) -> Problem:
    """A problem of a row, whose number in its table is given."""
    return Problem(
        where=row.path,
        column=column,
        found=found,
        allowed=allowed,
        cure=cure,
        table=row.table,
        row=number,
    )


def all_rows(case: Case) -> Iterator[tuple[int, Row]]:
    """Every row of every table with its number."""
    for name in type(case).model_fields:
        rows = getattr(case, name, ())
        if isinstance(rows, tuple) and rows and isinstance(rows[0], Row):
            yield from enumerate(rows)


def unread(broken: Broken, *tables: str) -> bool:
    """Whether a row of one of these tables could not be read."""
    return any(broken.get(table) for table in tables)


def period_of(horizon: Horizon, label: str | None) -> int | None:
    """A label's ``t``; none where it cannot be read (reported by `check_time.periods`)."""
    try:
        return None if label is None else horizon.index(label)
    except ValueError:
        return None


def some(words: Iterable[str]) -> str:
    """A few of these words, and how many more there are."""
    found = sorted(words)
    more = len(found) - 8
    return ", ".join(found[:8]) + (f" and {more} more" if more > 0 else "")
