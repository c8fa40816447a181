"""Reading and writing cases: folders of CSV files with one TOML file, and Excel workbooks.

Everything wrong in a case is reported at once: with file, line and column in a folder,
with sheet and cell in a workbook. Not here: what rows must hold between them
(`models.checks`), what the columns are (declared in `models`), how text becomes a value
(`models.cells`).
"""

from __future__ import annotations

from pathlib import Path

from models.case import Case
from models.cells import cell_text
from optimizer.catalogue import find_case
from optimizer.tables.folders import Folder, SettingLines, read_toml
from optimizer.tables.reading import read_case
from optimizer.tables.saving import save_case, settings_text, table_text

__all__ = [
    "SettingLines",
    "cell_text",
    "load_case",
    "read_toml",
    "save_case",
    "settings_text",
    "table_text",
]


def load_case(case: str | Path) -> Case:
    """Read a case by the name of a shipped one, or the path of a folder or workbook.

    Raises `CaseError` with every problem in it; nothing is written.
    """
    path = find_case(case)
    if path.is_dir():
        return read_case(Folder(path))
    from optimizer.workbooks.reading import Workbook

    return read_case(Workbook(path))
