"""Rows of dated tables in time: since when each holds, parting them, moving their dates.

A row holds from its ``since`` until the next row of the same key; one without a date
holds from the first period ``t = 0`` on. Changing part of a row's time parts it, and the
values outside stay what they were. Not here: which rows a change names, and what becomes
of their values (see `models.edits`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import inf
from typing import NamedTuple

from models.base import Row
from models.cells import CellError
from models.horizon import EXAMPLES, Horizon
from models.paths import with_values
from models.problem import CaseError, Problem

#: The column that holds the date.
SINCE = "since"


class Parts(NamedTuple):
    """A row in up to three: what comes before the periods that are meant, and after."""

    before: tuple[Row, ...]
    inside: Row
    after: tuple[Row, ...]


def period(horizon: Horizon, label: str) -> int:
    """The ``t`` of a label; `CellError` for one of another calendar."""
    try:
        return horizon.index(label)
    except ValueError:
        allowed = f"labels such as {EXAMPLES[horizon.step]}"
        raise CellError(f"{label!r} is not a {horizon.step}", allowed) from None


def since(horizon: Horizon, row: Row) -> int:
    """The period from which a row of a dated table holds."""
    label: str | None = getattr(row, SINCE)
    return 0 if label is None else period(horizon, label)


def spans(horizon: Horizon, rows: Sequence[Row]) -> list[tuple[int, float]]:
    """First period of each row, and the one in which the next row of its key takes over."""
    ends: dict[int, float] = {}
    for numbers in _by_key(horizon, rows):
        starts = [since(horizon, rows[number]) for number in numbers]
        ends |= dict(zip(numbers, [*starts[1:], inf], strict=True))
    return [(since(horizon, row), ends[number]) for number, row in enumerate(rows)]


def _by_key(horizon: Horizon, rows: Sequence[Row]) -> list[list[int]]:
    """Numbers of the rows of each key, in the order of their dates."""
    keys: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        keys[row.addresses[-1]].append(number)
    return [
        sorted(group, key=lambda number: since(horizon, rows[number])) for group in keys.values()
    ]


def parted(
    horizon: Horizon, row: Row, span: tuple[int, float], limits: tuple[float, float]
) -> Parts | None:
    """A row that holds in ``span``, parted at ``limits`` (the second is beyond the last).

    None when it holds in none of these periods.
    """
    start, end = span
    low, high = max(start, limits[0]), min(end, limits[1])
    if low >= high:
        return None
    inside = row if low == start else _from(horizon, row, int(low))
    after = () if high == end else (_from(horizon, row, int(high)),)
    return Parts(() if low == start else (row,), inside, after)


def _from(horizon: Horizon, row: Row, t: int) -> Row:
    return with_values(row, {SINCE: horizon.label(t)}, row.path)


def moved(
    horizon: Horizon, rows: Sequence[Row], numbers: Collection[int], by: int
) -> dict[int, Row | None]:
    """New rows for those whose dates move by so many periods; None: it has no time left.

    The first value of a key without a date holds for ever before, so it stays where it is,
    and a value that moves into the first period or before it takes its place; if later
    dates leave the first period empty, the first value holds there too. Raises `CaseError`
    where a date would pass another that stays.
    """
    new: dict[int, Row | None] = {}
    problems: list[Problem] = []
    for group in _by_key(horizon, rows):
        if not set(group) & set(numbers):
            continue
        starts = [since(horizon, rows[number]) for number in group]
        fixed = getattr(rows[group[0]], SINCE) is None
        later = [
            start + (by if number in numbers and not (place == 0 and fixed) else 0)
            for place, (number, start) in enumerate(zip(group, starts, strict=True))
        ]
        if fixed and len(later) > 1 and later[1] <= 0:
            new[group[0]] = None
        for place, number in enumerate(group):
            row = rows[number]
            first = place <= int(fixed)
            if not first and later[place - 1] >= later[place]:
                problems.append(_passed(horizon, row, rows[group[place - 1]], later[place]))
            elif place == 0 and starts[0] <= 0 < later[0]:
                new[number] = with_values(row, {SINCE: None}, row.path)
            elif later[place] != starts[place]:
                new[number] = _from(horizon, row, later[place])
    if problems:
        raise CaseError(problems)
    return new


def _passed(horizon: Horizon, row: Row, other: Row, t: int) -> Problem:
    return Problem(
        row.path,
        column=SINCE,
        found=f"it would hold from {horizon.label(t)}, not after {other.path}",
        allowed="dates of one key in the order that they have",
        cure="Shift all of them: leave the date out of the path",
    )
