"""Turning one form into another: folder and workbook of a case, run folder and results.

What is there already is never written over, and what cannot be written whole is not
written at all. Not here: the forms themselves (`optimizer.tables`, `optimizer.workbooks`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from models.case import Case
from models.problem import CaseError, Problem
from models.scenarios import Scenarios
from optimizer.catalogue import CASE_FILE, SCENARIO_FILE, find_case, is_workbook
from optimizer.runs import MANIFEST
from optimizer.scenarios import load_scenarios, scenarios_text
from optimizer.tables import load_case, save_case
from optimizer.tables.folders import read_toml


def convert(source: str | Path, target: str | Path) -> tuple[str, ...]:
    """Write a case's folder as a workbook, a workbook as a folder, or a run as results.

    ``target`` is a workbook if it ends in ``.xlsx``. A workbook may also be written anew as
    another one, with its drop-downs up to date. Returns what stays behind, in sentences.
    Raises `CaseError` when the case is not sound or the target is taken, and for a run what
    `optimizer.workbooks.results.save_workbook` raises.
    """
    target = Path(target)
    if (Path(source) / MANIFEST).is_file():
        from optimizer.workbooks.results import save_workbook

        save_workbook(source, target)
        return ()
    origin = find_case(source)
    if origin.is_dir() and not is_workbook(target):
        cure = "Let it end in .xlsx, or copy the folder with evplan init DIR --from FOLDER"
        _refuse(target, "a folder would be made of a folder", "a workbook (.xlsx)", cure)
    check_free(target)
    case, scenarios = load_case(origin), load_scenarios(origin)
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_workbook(target):
        from optimizer.workbooks.cases import write_case

        write_case(case, target, scenarios)
        return _left_behind(origin)
    _whole_folder(target, lambda folder: _write(folder, case, scenarios))
    return ()


def check_free(target: Path) -> None:
    """Raise `CaseError` where a case cannot be written without touching what is there."""
    if is_workbook(target):
        if target.suffix.lower() != ".xlsx":
            cure = "Name it .xlsx: evplan writes no macros"
            _refuse(target, "it would be a workbook with macros", "a workbook (.xlsx)", cure)
        if os.path.lexists(target):
            _refuse(target, "it is there already", "a new name", "Name another one")
    elif os.path.lexists(target) and (not target.is_dir() or any(target.iterdir())):
        _refuse(target, "it is there already", "a folder that is new or empty", "Name another one")


def _refuse(target: Path, found: str, allowed: str, cure: str) -> None:
    raise CaseError([Problem(str(target), found=found, allowed=allowed, cure=cure)])


def _write(folder: Path, case: Case, scenarios: Scenarios) -> None:
    save_case(case, folder)
    if scenarios.written:
        text = scenarios_text(scenarios)
        (folder / SCENARIO_FILE).write_text(text, encoding="utf-8", newline="\n")


def _whole_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Make a folder under another name and rename it."""
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
    try:
        write(partial)
        partial.chmod(0o755)
        os.rename(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _left_behind(origin: Path) -> tuple[str, ...]:
    """What of a folder a workbook has no place for."""
    if not origin.is_dir():
        return ()
    pages = [path.name for path in sorted(origin.iterdir()) if path.suffix == ".md"]
    found = [
        f"{name} stays behind: a workbook holds tables, settings and scenarios" for name in pages
    ]
    for name in (CASE_FILE, SCENARIO_FILE):
        if (origin / name).is_file():
            lines = read_toml(origin / name)[0].splitlines()
            if any(line.lstrip().startswith("#") for line in lines):
                found.append(f"the comments in {name} stay behind")
    return tuple(found)
