"""The cases that come with evplan, and where they lie; what is a case's folder or workbook.

They are found beside the installed package (a wheel holds them), and in a
checkout in ``data/`` beside it. This is the one module that knows paths.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from models.paths import nearest
from models.problem import CaseError, Problem

#: The case that commands use when none is named.
DEFAULT_CASE = "leapmotor-2023"
CASE_FILE = "case.toml"
SCENARIO_FILE = "scenarios.toml"
#: Endings of files that are taken for a case in a workbook.
WORKBOOK_ENDINGS = (".xlsx", ".xlsm")


def shipped_folder() -> Path:
    """The folder that holds the shipped cases."""
    here = Path(__file__).resolve().parent
    inside = here / "data"
    return inside if inside.is_dir() else here.parent / "data"


def shipped_cases() -> dict[str, Path]:
    """Names and folders of the shipped cases."""
    return {
        path.parent.name: path.parent for path in sorted(shipped_folder().glob(f"*/{CASE_FILE}"))
    }


def is_workbook(path: str | Path) -> bool:
    """Whether a path is named like a workbook."""
    return Path(path).suffix.lower() in WORKBOOK_ENDINGS


def find_case(case: str | Path) -> Path:
    """The folder of a shipped case's name, or the folder or workbook of a path.

    Raises `CaseError` when there is neither.
    """
    shipped = shipped_cases()
    try:
        path = Path(case)
        if (path / CASE_FILE).is_file():
            return path
        if path.is_file() and path.name == CASE_FILE:
            return path.parent
        if path.is_file() and is_workbook(path):
            return path
        found = _not_a_case(path)
    except (OSError, ValueError):  # a name that no file can have
        found = "no folder can have this name"
    if str(case) in shipped:
        return shipped[str(case)]
    raise CaseError(
        [
            Problem(
                where=str(case)[:200],
                found=found,
                allowed=f"a folder with a {CASE_FILE}, a workbook (.xlsx), or one of "
                f"{', '.join(shipped)}",
                cure=nearest(str(case)[:200], shipped)
                or "evplan init DIR makes a folder to start from",
            )
        ]
    )


def _not_a_case(path: Path) -> str:
    """Why a path is no case."""
    file = path / CASE_FILE
    if file.is_dir():
        return f"{CASE_FILE} in it is a folder"
    if file.is_symlink():
        return f"{CASE_FILE} in it is a link that leads nowhere"
    if path.is_dir():
        return f"the folder has no {CASE_FILE}"
    if path.exists():
        if path.suffix.lower() in (".xls", ".ods", ".xlsb"):
            return f"workbooks of the kind {path.suffix} are not read: save it as .xlsx"
        return "it is a file, neither a folder nor a workbook"
    return "there is no such folder, and no shipped case of that name"


def copy_case(source: str | Path, folder: Path) -> None:
    """Copy a case's tables, settings, scenarios and notes to a new folder, whole or not at all.

    Raises `CaseError` when the folder holds something already.
    """
    origin = find_case(source)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseError(
            [
                Problem(
                    where=str(folder),
                    found="it is there already",
                    allowed="a folder that is new or empty",
                    cure="Name another one",
                )
            ]
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for path in sorted(origin.iterdir()):
            if path.suffix in (".csv", ".toml", ".md"):
                shutil.copyfile(path, partial / path.name)
        partial.chmod(0o755)
        os.rename(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
