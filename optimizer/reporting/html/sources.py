"""Where the numbers of a case come from, table by table.

Each row of ``sources`` stands under the table that its pattern of cells begins with, with
the values that those cells have in the case as solved.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from models.case import PARTS, TABLES, Case
from models.paths import matching
from models.source import Source
from optimizer.reporting.html.parts import SourceTable, Table, words
from optimizer.reporting.text import one_line

_COLUMNS = ("Cells", "In this case", "Basis", "Source", "Date", "Plausible range")


def source_tables(case: Case, prefix: str) -> list[SourceTable]:
    """One entry for each table of the case that sources speak of, in the case's order."""
    rows: dict[str, list[Source]] = defaultdict(list)
    for row in case.sources:
        rows[row.cells.split(".", 1)[0]].append(row)
    order = [*PARTS, *TABLES]
    names = sorted(rows, key=lambda name: order.index(name) if name in order else -1)
    return [_of_table(case, name, rows[name], f"{prefix}source-{name}") for name in names]


def _of_table(case: Case, name: str, rows: list[Source], id: str) -> SourceTable:
    bases = Counter(row.basis for row in rows)
    parts = [f"{bases[basis]} {basis}" for basis in ("reported", "derived") if bases[basis]]
    if assumed := bases["assumption"]:
        parts.append(f"{assumed} assumption{'s' if assumed > 1 else ''}")
    table = Table(
        id,
        f"Sources of {name}",
        _COLUMNS,
        tuple(
            (
                words(one_line(row.cells)),
                words(_values(case, row.cells)),
                words(row.basis),
                words(one_line(row.source)),
                words(one_line(row.date)),
                words(_range(row)),
            )
            for row in rows
        ),
    )
    return SourceTable(one_line(name), ", ".join(parts), table)


def _values(case: Case, cells: str) -> str:
    """What the cells hold in this case: one value or the span of several, with the unit."""
    values: list[object] = []
    units: dict[str, None] = {}
    for table, number, column in matching(case, cells):
        record = (
            getattr(case, table)[number]
            if number >= 0
            else (getattr(case, table) if table else case)
        )
        value = getattr(record, column)
        if value not in (None, ""):
            values.append(value)
            extra = type(record).model_fields[column].json_schema_extra or {}
            units[str(extra.get("unit", "")) if isinstance(extra, dict) else ""] = None
    if not values:
        return "blank"
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        text = _number(low) if low == high else f"{_number(low)} to {_number(high)}"
    else:
        texts = sorted({one_line(str(value)) for value in values})
        text = ", ".join(texts[:4]) + (f" and {len(texts) - 4} more" if len(texts) > 4 else "")
    unit = " ".join(unit for unit in units if unit != "1") if len(units) == 1 else ""
    many = f" ({len(values)} cells)" if len(values) > 1 else ""
    return f"{text} {unit}".strip() + many


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _range(row: Source) -> str:
    if row.low is None and row.high is None:
        return ""
    low, high = ("" if end is None else _number(end) for end in (row.low, row.high))
    text = f"{low} to {high}" if low and high else (f"from {low}" if low else f"to {high}")
    return f"{text} times the value" if row.range == "factor" else text
