"""What commands write beside the screen: tables as CSV files, all of it as one JSON file.

Everything is written under another name and renamed, so that it is there whole or not at
all, and what is there already is never written over. Text in CSV cells that a spreadsheet
would take for a formula gets an apostrophe before it; JSON holds it as it is. Modules that
only writing needs are imported there: help is to be instant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write all of it as a JSON file.")
]
CsvOption = Annotated[
    str | None, typer.Option("--csv", metavar="DIR", help="Write its tables as CSV files.")
]
#: Beginnings of text that spreadsheets take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_targets(json_file: str | None, csv_folder: str | None) -> None:
    """Refuse names that cannot be written to, before any work is done.

    Raises `CaseError` for a blank name and `FolderError` for what is there already.
    """
    from optimizer.commands.given import folder_from
    from optimizer.runs import check_free

    for option, text in (("--json", json_file), ("--csv", csv_folder)):
        if text is not None:
            check_free(folder_from(option, text))


def write_tables(
    frames: Mapping[str, pd.DataFrame],
    facts: Mapping[str, Any],
    json_file: str | None,
    csv_folder: str | None,
) -> None:
    """Write frames to a folder of CSV files, and ``facts`` with the frames to a JSON file.

    Nothing is written where the names are None. In JSON each frame is a list of rows.
    """
    if csv_folder is not None:
        _folder(Path(csv_folder), {f"{name}.csv": _csv(frame) for name, frame in frames.items()})
    if json_file is not None:
        import json

        data = {**facts, **{name: _rows(frame) for name, frame in frames.items()}}
        _file(Path(json_file), json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))


def _csv(frame: pd.DataFrame) -> str:
    text: str = frame.map(_harmless).to_csv(index=False, lineterminator="\n")
    return text


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _rows(frame: pd.DataFrame) -> list[Any]:
    """Rows as plain data: what is missing is null."""
    import json

    rows: list[Any] = json.loads(frame.to_json(orient="records", double_precision=15))
    return rows


def _file(path: Path, text: str) -> None:
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text + "\n")
        os.chmod(name, 0o644)
        os.rename(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _folder(path: Path, files: Mapping[str, str]) -> None:
    import shutil
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".part-", dir=path.parent))
    try:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="")
        partial.chmod(0o755)
        os.rename(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
