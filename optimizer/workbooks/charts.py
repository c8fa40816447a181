"""Native Excel charts over the tables of a sheet: stacked columns, lines.

Charts point at cells, so that whoever changes a number sees the chart follow.
Not here: the tables (see `optimizer.workbooks.results`).
"""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.worksheet.worksheet import Worksheet

from optimizer.reporting.plots.style import CARS, GRID, LIMIT, PLAN

#: Size of a chart in cm.
_WIDTH, _HEIGHT = 26.0, 12.0


def stacked(
    sheet: Worksheet, title: str, unit: str, columns: Sequence[int], rows: tuple[int, int]
) -> BarChart:
    """Columns of a table on top of each other; the names stand in its first row."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    _fill(chart, sheet, title, unit, columns, rows)
    for number, series in enumerate(chart.series):
        colour = CARS[number % len(CARS)].lstrip("#")
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = colour
    return chart


def lines(
    sheet: Worksheet,
    title: str,
    unit: str,
    columns: Sequence[int],
    rows: tuple[int, int],
    limits: Sequence[int] = (),
    form: str = "#,##0",
) -> LineChart:
    """Columns of a table as lines; those among ``limits`` are dashed and red."""
    chart = LineChart()
    _fill(chart, sheet, title, unit, columns, rows, form)
    colours = [PLAN, *CARS]
    for number, (column, series) in enumerate(zip(columns, chart.series, strict=True)):
        series.smooth = False
        series.marker.symbol = "none"
        line = series.graphicalProperties.line
        line.width = 28_000
        line.solidFill = (LIMIT if column in limits else colours[number % len(colours)]).lstrip("#")
        line.dashStyle = "dash" if column in limits else "solid"
    return chart


def _fill(
    chart: BarChart | LineChart,
    sheet: Worksheet,
    title: str,
    unit: str,
    columns: Sequence[int],
    rows: tuple[int, int],
    form: str = "#,##0",
) -> None:
    first, last = rows
    for column in columns:
        data = Reference(sheet, min_col=column, min_row=first, max_row=last)
        chart.add_data(data, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    chart.title, chart.width, chart.height = title, _WIDTH, _HEIGHT
    chart.y_axis.title, chart.y_axis.number_format = unit, form
    chart.y_axis.majorGridlines.spPr = _grey()
    chart.x_axis.tickLblPos = "low"  # below the chart where values fall under 0
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.legend.position = "r"
    chart.title.overlay = False
    chart.layout = Layout(ManualLayout(x=0.08, y=0.14, w=0.68, h=0.68, xMode="edge", yMode="edge"))


def _grey() -> object:
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    return GraphicalProperties(ln=LineProperties(solidFill=GRID.lstrip("#")))


def limit_line(chart: BarChart, sheet: Worksheet, column: int, rows: tuple[int, int]) -> None:
    """Lay a line over columns, such as a target; it shares their axes."""
    line = LineChart()
    first, last = rows
    line.add_data(
        Reference(sheet, min_col=column, min_row=first, max_row=last), titles_from_data=True
    )
    series = line.series[0]
    series.smooth = False
    series.marker.symbol = "dash"
    series.marker.size = 12
    series.marker.graphicalProperties.solidFill = LIMIT.lstrip("#")
    series.marker.graphicalProperties.line.solidFill = LIMIT.lstrip("#")
    series.graphicalProperties.line.solidFill = LIMIT.lstrip("#")
    series.graphicalProperties.line.dashStyle = "dash"
    chart += line
