"""A case as it was written, before any of it is understood: sections, tables, cells.

Folders (`optimizer.tables.folders`) and workbooks (`optimizer.workbooks.reading`) hand a
case over in this form, with the place of everything, so that one reader
(`optimizer.tables.reading`) parses and checks both. Not here: what names and values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pydantic.fields import FieldInfo

from models.cells import CellError
from models.problem import Problem

#: A cell's text, or why it has none that can be read.
Cell = str | CellError


class Place(NamedTuple):
    """Where something stands: a file with its line, or a sheet with its row and cell."""

    where: str
    line: int = 0
    cell: str = ""

    def problem(self, column: str, reason: CellError) -> Problem:
        """What is wrong there."""
        return Problem(
            self.where, self.line, column, reason.found, reason.allowed, reason.cure, self.cell
        )


class Unreadable(Exception):
    """What stops a table from being read to its end, and in which line."""

    def __init__(self, line: int, reason: CellError) -> None:
        super().__init__(reason.found)
        self.line, self.reason = line, reason


class Line(NamedTuple):
    """A row of cells under their columns; ``fault`` is what is wrong with it as a whole."""

    number: int
    cells: Mapping[str, Cell]
    fault: CellError | None = None


@dataclass
class Table:
    """A table: the names of its columns and its rows.

    ``letters`` are the columns of a sheet by their names; a file has none. ``unnamed`` tells
    what is wrong when there are columns without a name. Taking from ``rows`` may raise
    `Unreadable`. ``whole`` is false when the table cannot be read at all, which was said.
    """

    name: str
    where: str
    names: list[str] = field(default_factory=list)
    line: int = 1
    rows: Iterable[Line] = ()
    letters: Mapping[str, str] = field(default_factory=dict)
    unnamed: CellError | None = None
    empty: CellError | None = None
    whole: bool = True

    def place(self, line: int, column: str = "") -> Place:
        """Where a row stands, or the cell of one of its columns (several as ``a, b``)."""
        letters = [self.letters[name] for name in column.split(", ") if name in self.letters]
        cells = " and ".join(f"{letter}{line}" for letter in letters)
        return Place(self.where, line, cells if line else "")


@dataclass
class Sections:
    """The settings by section, those of none at the top, as in a TOML file.

    ``data`` is none when they cannot be read. ``convert`` makes the value of a setting from
    what was written, ``place`` tells where a section's setting stands (for goals with the
    number of the goal). ``name`` is what a case is called that does not say so.
    """

    data: Mapping[str, Any] | None
    name: str
    convert: Callable[[Any, FieldInfo], Any]
    place: Callable[[str, str, int], Place]


class Source(Protocol):
    """What a case is read from; ``problems`` is what was found wrong with its form."""

    problems: list[Problem]

    def sections(self) -> Sections:
        """The settings; asked for first, and once."""

    def tables(self) -> Iterable[Table]:
        """Every table that there is, in the order of `models.case.TABLES`."""

    def worded(self, problem: Problem) -> Problem:
        """A problem of the checks, which speak of files, in words of this source."""
