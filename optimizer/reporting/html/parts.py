"""What a page is made of: sections of charts, tables and sentences.

Everything here is plain data with plain text: the template escapes what it writes, and
charts bring names that are escaped for charts. A number in a table keeps its exact value
beside the text that people read.

Not here: what stands in which section (see `optimizer.reporting.html.plan_part`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from optimizer.reporting.text import cars, money_number

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Cell:
    """Text of a table's cell; a number has its exact value too."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table; columns that end in > hold numbers and are flush right.

    The first cell of each row is its heading. ``caption`` says what the numbers are, with
    their unit.
    """

    kind: ClassVar[str] = "table"
    id: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: Shown as it is; otherwise behind a line that opens it.
    opened: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart with its title, what it shows in a sentence, and the same as a table."""

    id: str
    title: str
    figure: go.Figure
    says: str
    table: Table | None = None

    @property
    def data(self) -> dict[str, Any]:
        """Traces and layout as plain data."""
        plain: dict[str, Any] = self.figure.to_plotly_json()
        return {"data": plain["data"], "layout": plain["layout"]}

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.figure.layout.height)


@dataclass(frozen=True)
class Charts:
    """One chart, or several of which one is shown at a time; ``names`` are on the buttons."""

    kind: ClassVar[str] = "charts"
    charts: tuple[Chart, ...]
    names: tuple[str, ...] = ()

    @property
    def tables(self) -> list[Table]:
        """The tables of the charts, each once."""
        return list({chart.table.id: chart.table for chart in self.charts if chart.table}.values())


@dataclass(frozen=True)
class Sentences:
    """Sentences as paragraphs, or as a list, below a heading if there is one."""

    kind: ClassVar[str] = "sentences"
    lines: tuple[str, ...]
    listed: bool = False
    heading: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page: what it is about, what it finds, and what shows that.

    ``rests_on`` names the tables of the case whose sources stand behind its numbers.
    """

    id: str
    topic: str
    finding: str
    blocks: Sequence[Table | Charts | Sentences]
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    """A key figure at the top of a page."""

    label: str
    text: str
    unit: str
    value: float | None
    note: str = ""


@dataclass(frozen=True)
class Part:
    """All of one run: headline, key figures, sections."""

    id: str
    name: str
    eyebrow: str
    headline: str
    lines: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    sources: Sequence[SourceTable] = field(default=())

    @property
    def sources_id(self) -> str:
        """Where the sources of this part stand in the page."""
        return f"{self.id}-sources"

    @property
    def charts(self) -> list[Chart]:
        """All charts of all sections."""
        return [
            chart
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Charts)
            for chart in block.charts
        ]

    def sources_of(self, section: Section) -> list[SourceTable]:
        """Sources behind the numbers of a section."""
        known = {source.name: source for source in self.sources}
        return [known[name] for name in section.rests_on if name in known]


@dataclass(frozen=True)
class SourceTable:
    """Sources of the numbers of one table of the case."""

    name: str
    summary: str
    table: Table

    @property
    def id(self) -> str:
        """Where links of the page lead."""
        return self.table.id


def words(text: str) -> Cell:
    """A cell of text."""
    return Cell(text)


def count(value: float) -> Cell:
    """A cell of cars, components or capacity."""
    return Cell(cars(value), value)


def units(value: float) -> Cell:
    """A cell of units of any kind, with a decimal where they have one."""
    return Cell(cars(value) if abs(value - round(value)) < 0.05 else f"{value:,.1f}", value)


def money(value: float) -> Cell:
    """A cell of money; the caption names its unit."""
    return Cell(money_number(value), value)


def share(value: float) -> Cell:
    """A cell of a share in per cent."""
    return Cell(f"{100 * value:.1f} %", value)
