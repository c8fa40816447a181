"""Writing a case as a folder that reads back equal.

Not here: workbooks (see `optimizer.workbooks`), scenarios (see `optimizer.scenarios`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel

from models.base import Row
from models.case import TABLES, Case
from models.cells import cell_text
from optimizer.catalogue import CASE_FILE, is_workbook


def save_case(case: Case, folder: str | Path) -> None:
    """Write a case as a folder, or as a workbook (``.xlsx``), that `load_case` reads back equal.

    Columns in which every row has the default are left out. The folder is made
    if needed; tables that lie in it already are replaced or removed. A workbook is
    replaced as a whole, and holds no scenarios.
    """
    folder = Path(folder)
    if is_workbook(folder):
        from optimizer.workbooks.cases import write_case  # openpyxl is slow to load

        write_case(case, folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASE_FILE).write_text(settings_text(case), encoding="utf-8", newline="\n")
    for name in TABLES:
        rows = case.rows(name)
        if not rows:
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            (folder / f"{name}.csv").write_text(table_text(rows), encoding="utf-8", newline="")


def settings_text(case: Case) -> str:
    """The case's settings as TOML."""
    data: dict[str, Any] = {}
    for name in Case.model_fields:
        value = getattr(case, name)
        if name in TABLES or value is None or value == ():
            continue
        if isinstance(value, BaseModel):
            value = value.model_dump(exclude_defaults=True, exclude_none=True)
        elif name == "goals":
            value = [
                goal.model_dump(exclude_defaults=True, exclude_none=True) for goal in case.goals
            ]
        data[name] = value
    return tomli_w.dumps(data)


def table_text(rows: tuple[Row, ...]) -> str:
    """Rows of one table as CSV."""
    kind = type(rows[0])
    stated = stated_columns(rows)
    shown = [name for name in kind.model_fields if name in stated]
    shown.sort(key=lambda name: (name not in kind.keys, name == "note"))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(shown)
    for row in rows:
        writer.writerow([cell_text(getattr(row, name)) for name in shown])
    return out.getvalue()


def stated_columns(rows: Sequence[BaseModel]) -> set[str]:
    """The columns that rows need: their keys, what is required, and what differs from its default."""
    if not rows:
        return set()
    kind = type(rows[0])
    keys = kind.keys if issubclass(kind, Row) else ()
    return {
        name
        for name, info in kind.model_fields.items()
        if name in keys
        or info.is_required()
        or any(getattr(row, name) != info.default for row in rows)
    }
