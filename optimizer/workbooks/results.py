"""A run as a workbook to read and to work on: a front sheet, tables with units, native charts.

Every figure is that of the audited plan; nothing is computed here but sums over cars and
markets and shares of limits. Not here: a case as a workbook (`optimizer.workbooks.cases`),
which solves again where this one does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from models.plan import PlanRecord
from optimizer.outcome import Outcome
from optimizer.reporting import text
from optimizer.reporting.view import View, shares
from optimizer.runs import FolderError, RunError, load_run
from optimizer.workbooks import charts, sheets
from optimizer.workbooks.cells import letters
from optimizer.workbooks.front import CARS, MONEY, SHARE, Made, write_front

#: Names with a column of their own; the rest are summed up as others.
_MOST = 9
#: Lines of a chart.
_MOST_LINES = 8
#: Row of the names of columns.
_TABLE = 3


def save_workbook(run: Outcome | str | Path, path: str | Path) -> Path:
    """Write an outcome, or a run folder, as a workbook of results, and return its path.

    A run folder is audited again. Raises `FolderError` when the path is taken or the folder
    is no run, `RunError` when the outcome has no plan or cannot be written; then nothing is
    left behind.
    """
    path = Path(path)
    outcome = run if isinstance(run, Outcome) else load_run(run)
    if outcome.plan is None:
        raise RunError("there is no plan to write")
    if path.suffix.lower() != ".xlsx":
        raise FolderError(f"{path} is no name for a workbook: let it end in .xlsx")
    if os.path.lexists(path):
        raise FolderError(f"{path} is there already; name a new workbook")
    book = sheets.new_workbook()
    book.create_sheet("summary")
    results = _Results(outcome, outcome.plan.record, book)
    made = list(results.all())
    write_front(book["summary"], outcome, outcome.plan.record, made)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sheets.save(book, path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


@dataclass(frozen=True)
class _Column:
    """A column of results: its name, unit and number format."""

    name: str
    unit: str = ""
    form: str = ""


class _Results:
    """Writes the sheets of one plan."""

    def __init__(self, outcome: Outcome, record: PlanRecord, book: Workbook) -> None:
        self.case, self.record, self.book = outcome.case, record, book
        self.view = View(outcome.case, record)
        self.money = self.view.money
        self.a_period = f"cars/{self.view.step}"

    def all(self) -> Iterator[Made]:
        """Write every sheet that has something to show."""
        yield from self._years()
        yield from self._volume("volume by car", self.view.by_vehicle, self.view.vehicle)
        yield from self._volume("volume by market", self.view.by_market, self.view.market)
        yield self._decisions()
        yield self._cash()
        yield from self._capacity()
        for table, columns in self._tidy().items():
            rows = getattr(self.record, table)
            if rows:
                values = [[getattr(row, name) for name in columns] for row in rows]
                self._sheet(table, list(columns.values()), values)
                yield Made(table, _HOLDS[table], f"tables/{table}.csv")

    def _sheet(
        self, name: str, columns: Sequence[_Column], rows: Sequence[Sequence[Any]]
    ) -> Worksheet:
        """A table with its units, filters, and a frozen header."""
        sheet = self.book.create_sheet(name)
        sheets.put(sheet, 1, 1, name.capitalize()).font = sheets.BOLD
        units = [f"[{column.unit}]" if column.unit else "" for column in columns]
        sheets.hints(sheet, _TABLE - 1, units)
        names, forms = [column.name for column in columns], [column.form for column in columns]
        sheets.grid(sheet, _TABLE, names, rows, forms)
        for column in (n for n, one in enumerate(columns, start=1) if one.form):
            for row in (_TABLE - 1, _TABLE):
                sheet.cell(row, column).alignment = Alignment(horizontal="right")
        sheets.fit(sheet, _TABLE - 1)
        sheets.filtered(sheet, _TABLE, len(columns), _TABLE + len(rows))
        sheet.freeze_panes = f"B{_TABLE + 1}"
        return sheet

    # Volume ------------------------------------------------------------------------

    def _layers(
        self, sums: Mapping[str, list[float]], named: Callable[[str], str]
    ) -> list[tuple[str, list[float]]]:
        """Names with their cars by period, the largest first, small ones as others."""
        names = self.view.by_size(list(sums), {name: sum(units) for name, units in sums.items()})
        most = _MOST if len(names) > _MOST + 1 else len(names)
        layers = [(named(name), sums[name]) for name in names[:most]]
        if names[most:]:
            rest = [
                sum(sums[name][t] for name in names[most:]) for t in range(len(self.record.periods))
            ]
            layers.append((f"{len(names) - most} others", rest))
        if any(self.view.counted_partner):
            layers.append(("partners' cars, counted", self.view.counted_partner))
        return layers

    def _volume(
        self, name: str, sums: Mapping[str, list[float]], named: Callable[[str], str]
    ) -> Iterator[Made]:
        """Cars by period with a stacked chart."""
        layers = self._layers(sums, named)
        if not layers:
            return
        columns = [_Column("period"), *(_Column(n, self.a_period, CARS) for n, _ in layers)]
        columns.append(_Column("volume", self.a_period, CARS))
        rows = [
            [period, *(units[t] for _, units in layers), self.record.volumes[t].counted]
            for t, period in enumerate(self.record.periods)
        ]
        sheet = self._sheet(name, columns, rows)
        spots = range(2, len(layers) + 2)
        span = (_TABLE, _TABLE + len(rows))
        title = f"{name.capitalize()}, {self.a_period}"
        self._place(sheet, charts.stacked(sheet, title, self.a_period, spots, span), len(columns))
        yield Made(
            name,
            "Own cars by period, largest first, and what counts of partners' cars.",
            "tables/sales.csv, volumes.csv",
        )

    def _years(self) -> Iterator[Made]:
        """Cars by calendar year and car, against the target."""
        layers = self._layers(self.view.by_vehicle, self.view.vehicle)
        if not layers:
            return
        target = self.case.target
        columns = [_Column("year"), *(_Column(n, "cars", CARS) for n, _ in layers)]
        columns.append(_Column("volume", "cars", CARS))
        if target:
            columns.append(_Column("target", "cars/year", CARS))
        rows = []
        for year, periods in self.view.years.items():
            row: list[Any] = [self.view.span(year)]
            row += [sum(units[t] for t in periods) for _, units in layers]
            row.append(sum(self.record.volumes[t].counted for t in periods))
            rows.append([*row, target.volume] if target else row)
        sheet = self._sheet("volume by year", columns, rows)
        span = (_TABLE, _TABLE + len(rows))
        spots = range(2, len(layers) + 2)
        title = "Volume by year and the target" if target else "Volume by year"
        chart = charts.stacked(sheet, title, "cars", spots, span)
        if target:
            charts.limit_line(chart, sheet, len(columns), span)
        self._place(sheet, chart, len(columns))
        yield Made(
            "volume by year",
            "Cars by calendar year and car, with the target.",
            "tables/sales.csv, volumes.csv",
        )

    def _place(self, sheet: Worksheet, chart: object, columns: int) -> None:
        """Put a chart to the right of a table, or below a wide one."""
        wide = columns > 6
        below = _TABLE + 3 + sheet.max_row
        sheet.add_chart(chart, f"A{below}" if wide else f"{letters(columns + 2)}{_TABLE}")

    # Money, limits, decisions --------------------------------------------------------

    def _cash(self) -> Made:
        """Items of the cash flow by period, cash at the end, and its floor."""
        items, floor = self.view.items, self.case.finance.cash_floor
        columns = [_Column("period"), _Column("cash at the end", self.money, MONEY)]
        if floor is not None:
            columns.append(_Column("cash floor", self.money, MONEY))
        columns += [_Column(name, self.money, MONEY) for name in items]
        rows = []
        for t, period in enumerate(self.record.periods):
            head = [period, self.view.cash[t]] + ([] if floor is None else [floor])
            rows.append([*head, *(amounts[t] for amounts in items.values())])
        sheet = self._sheet("cash", columns, rows)
        span = (_TABLE, _TABLE + len(rows))
        spots, limits = ([2], []) if floor is None else ([2, 3], [3])
        title = f"Cash at the end of each {self.view.step}"
        chart = charts.lines(sheet, title, self.money, spots, span, limits)
        self._place(sheet, chart, len(columns))
        return Made(
            "cash",
            "Cash and what moved it; outflows are below 0.",
            "tables/cash.csv, cash_items.csv",
        )

    def _capacity(self) -> Iterator[Made]:
        """Use of plants, components and people as a part of what is there."""
        found = self.view.limits_of("site", "component", "resource")
        if not found:
            return
        # The most used first: only they fit into the chart.
        use = {key: sum(share or 0.0 for share in shares(rows)) for key, rows in found.items()}
        limits = {key: found[key] for key in sorted(found, key=lambda key: -use[key])}
        columns = [_Column("period")]
        columns += [_Column(self.view.limit(*key), "share used", SHARE) for key in limits]
        used = [
            {row.period: share for row, share in zip(rows, shares(rows), strict=True)}
            for rows in limits.values()
        ]
        rows = [[period, *(one.get(period) for one in used)] for period in self.record.periods]
        sheet = self._sheet("capacity use", columns, rows)
        span = (_TABLE, _TABLE + len(rows))
        spots = range(2, min(len(columns), _MOST_LINES + 1) + 1)
        more = len(columns) - 1 > _MOST_LINES
        title = f"Used part of what is there{', the most used ones' if more else ''}"
        chart = charts.lines(sheet, title, "share used", spots, span, form="0%")
        self._place(sheet, chart, len(columns))
        yield Made(
            "capacity use",
            "Used part of plants, components and resources; blank: nothing is there.",
            "tables/limits.csv",
        )

    def _decisions(self) -> Made:
        """What is started, in order of time, and what is in place."""
        columns = [
            _Column("start"),
            _Column("effective"),
            _Column("kind"),
            _Column("what"),
            _Column("one-off cost", self.money, MONEY),
            _Column("decided"),
            _Column("id"),
            _Column("because of"),
        ]
        chosen = text.decisions_in_time(self.record)
        held = [row for row in self.record.decisions if row.in_place]
        rows = [
            [
                row.start or "before the horizon",
                row.effective or "long ago",
                row.kind,
                self.view.commitment(row.commitment),
                row.cost,
                "in place" if row.in_place else "by the plan",
                row.commitment,
                ", ".join(row.because),
            ]
            for row in (*chosen, *held)
        ]
        self._sheet("decisions", columns, rows)
        return Made(
            "decisions",
            "What the plan starts, in order of time, then what is in place.",
            "tables/decisions.csv",
        )

    def _tidy(self) -> dict[str, dict[str, _Column]]:
        """The tables of the run as they are, with units."""
        cars, money = (self.a_period, CARS), (self.money, MONEY)
        return {
            "sales": _columns("market", "entry", "vehicle", "period", units=cars),
            "flows": _columns("site", "vehicle", "market", "period", units=cars),
            "limits": _columns(
                "kind",
                "name",
                "period",
                used=("as the limit", CARS),
                available=("as the limit", CARS),
            ),
            "deals": _columns(
                "deal",
                "period",
                partner_units=cars,
                counted_units=cars,
                royalty=money,
                component_margin=money,
                payments=money,
            ),
            "windows": _columns(
                "first", "last", volume=("cars", CARS), target=("cars", CARS), reached=("", "")
            ),
        }


def _columns(*words: str, **numbers: tuple[str, str]) -> dict[str, _Column]:
    found = {name: _Column(name) for name in words}
    return found | {
        name: _Column(name.replace("_", " "), unit, form) for name, (unit, form) in numbers.items()
    }


_HOLDS = {
    "sales": "Own cars by market, way in, car and period.",
    "flows": "Cars that each site builds for each market.",
    "limits": "What is used of every limit, in cars, components, resource units or money.",
    "deals": "What each deal brings by period.",
    "windows": "Volume of each year in which the target may be reached.",
}
