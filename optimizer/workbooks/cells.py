"""What a sheet holds: cells by row and column, as text that remembers what it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from optimizer.tables.raw import Cell

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class DateText(str):
    """The text of a cell that holds a date, as 2024-01-31."""


class NumberText(str):
    """The text of a cell that holds a number."""


class YesNoText(str):
    """The text of a cell that holds TRUE or FALSE."""


@dataclass
class Sheet:
    """One sheet: cells that are not blank by row and column, counted from 1, and merged ranges."""

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def letters(column: int) -> str:
    """The letters of a column, counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def position(reference: str) -> tuple[int, int]:
    """Row and column of a cell such as ``D4``; raises `ValueError` for what is none."""
    match = _REFERENCE.fullmatch(reference.replace("$", ""))
    if not match:
        raise ValueError(f"{reference!r} is no cell")
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(match[2]), column
