"""Run folders: an outcome with a plan, on disk, whole or not at all.

A run folder holds ``plan.json`` and the same as tidy tables in ``tables/``, the
case as solved in ``case/``, ``settings.json``, and ``manifest.json`` with
content hashes, versions, status, goals and timings. All but the manifest is
byte-identical for the same case and settings. A run is never written over
another one, and one that is read is audited again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from models.base import Frozen
from models.case import Case
from models.outcome import GoalResult
from models.plan import PlanRecord
from optimizer.auditing import audit
from optimizer.errors import AuditError, CaseError, EvplanError
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.settings import Settings
from optimizer.tables import cell_text, load_case, save_case

MANIFEST = "manifest.json"
PLAN = "plan.json"
SETTINGS = "settings.json"
#: Changes when a run folder of today can no longer be read.
FORMAT = 1
#: Tables of a plan that are written as CSV too.
PLAN_TABLES = (
    "decisions",
    "sales",
    "flows",
    "volumes",
    "limits",
    "cash_items",
    "cash",
    "deals",
    "windows",
)
_PACKAGES = ("evplan", "highspy", "pyomo", "numpy", "pydantic")


class _Manifest(Frozen):
    """``manifest.json``: where a run comes from and what it states about itself."""

    format: int
    case: str
    status: Literal["optimal", "feasible"]
    note: str
    written: str
    goals: tuple[GoalResult, ...]
    seconds: dict[str, float]
    versions: dict[str, str]
    sha256: dict[str, str]
    #: Hash of all of the above, against slips: anyone may compute it anew.
    seal: str = ""

    def sealed(self) -> _Manifest:
        """The same with its seal."""
        text = _json(self.model_dump(mode="json", exclude={"seal"}))
        seal = hashlib.sha256(text.encode("utf-8")).hexdigest()
        return self.model_copy(update={"seal": seal})


class RunError(EvplanError):
    """A run folder that cannot be written or read."""


class FolderError(RunError):
    """The folder that was named cannot become a run, or is none."""


def free_folder(parent: Path, name: str) -> Path:
    """A folder for a new run that does not exist yet, named by case and time."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:60]
    folder = parent / f"{safe}-{stamp}"
    number = 2
    while folder.exists():
        folder = parent / f"{safe}-{stamp}-{number}"
        number += 1
    return folder


def check_free(folder: Path) -> None:
    """Raise `FolderError` when a run cannot be written there; makes nothing."""
    if os.path.lexists(folder):
        raise FolderError(
            f"{folder} is there already; a run is never written over another one: name a new folder"
        )
    try:
        parent = next(path for path in folder.absolute().parents if os.path.lexists(path))
        usable = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)
    except (OSError, ValueError) as error:
        raise FolderError(f"{folder} cannot be written: {_why(error)}") from None
    if not usable:
        why = "is not a folder" if not parent.is_dir() else "may not be written to"
        raise FolderError(f"{folder} cannot be written: {parent} {why}")


def _why(error: Exception) -> str:
    """What went wrong, in one line and without the name of the file."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(words.split())


def save_run(outcome: Outcome, folder: str | Path) -> Path:
    """Write a run folder and return its path.

    Raises `RunError` when the outcome has no plan, the folder is there already
    or it cannot be written; then nothing is left behind.
    """
    folder = Path(folder)
    if outcome.plan is None:
        raise RunError("there is no plan to write")
    with made_whole(folder) as partial:
        _write(outcome, outcome.plan.record, partial)
    return folder


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A folder to write in that becomes the one named when all is written, or goes.

    Raises `RunError` when that one is there already or cannot be written.
    """
    check_free(folder)
    made = [path for path in folder.absolute().parents if not path.exists()]
    partial: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".run-", dir=folder.parent))
        yield partial
        partial.chmod(0o755)
        os.rename(partial, folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {_why(error)}") from None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        for parent in made:  # innermost first; those that hold something stay
            with suppress(OSError):
                parent.rmdir()


def _write(outcome: Outcome, record: PlanRecord, folder: Path) -> None:
    save_case(outcome.case, folder / "case")
    _text(folder / PLAN, _json(record.model_dump(mode="json")))
    _text(folder / SETTINGS, _json(outcome.settings.model_dump(mode="json")))
    (folder / "tables").mkdir()
    for table in PLAN_TABLES:
        _text(folder / "tables" / f"{table}.csv", _csv(record, table))
    manifest = _Manifest(
        format=FORMAT,
        case=outcome.case.name,
        status="optimal" if outcome.proven else "feasible",
        note=outcome.note,
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        goals=outcome.goals,
        seconds={phase: round(value, 3) for phase, value in outcome.seconds.items()},
        versions=versions(),
        sha256=dict(_hashes(folder)),
    )
    _text(folder / MANIFEST, _json(manifest.sealed().model_dump(mode="json")))


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _csv(record: PlanRecord, table: str) -> str:
    rows = getattr(record, table)
    columns = list(PlanRecord.model_fields[table].annotation.__args__[0].model_fields)  # type: ignore[union-attr]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_text(getattr(row, name)) for name in columns] for row in rows)
    return out.getvalue()


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield path.relative_to(folder).as_posix(), digest


def versions() -> dict[str, str]:
    """Versions of what an answer depends on."""
    found = {"python": python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def load_run(folder: str | Path) -> Outcome:
    """Read a run folder and audit its plan again.

    Raises `FolderError` when it is not a run folder, `AuditError` when its plan
    does not hold, `RunError` when it was changed otherwise or cannot be read.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise FolderError(f"{folder} is not a run folder: it has no {MANIFEST}")
    manifest = _read(folder, MANIFEST, _Manifest)
    if manifest.format != FORMAT:
        raise RunError(f"{folder} has the format {manifest.format}; this version reads {FORMAT}")
    record = _read(folder, PLAN, PlanRecord)
    settings = _read(folder, SETTINGS, Settings)
    try:
        case = load_case(folder / "case")
    except CaseError as error:
        raise RunError(f"{folder} cannot be read: its case was changed\n{error}") from None
    found = dict(_hashes(folder))
    stated = manifest.sha256
    changed = sorted(name for name in {*stated, *found} if stated.get(name) != found.get(name))
    if manifest != manifest.sealed():
        changed.append(MANIFEST)
    violations = _violations(folder, case, record, manifest.goals, changed)
    if violations:
        raise AuditError(violations)
    if changed:
        raise RunError(f"{folder} was changed after it was written: {', '.join(changed)}")
    return Outcome(
        case,
        settings,
        manifest.status,
        Plan(record),
        manifest.goals,
        manifest.seconds,
        manifest.note,
    )


Record = TypeVar("Record", bound=BaseModel)


def _read(folder: Path, name: str, kind: type[Record]) -> Record:
    """One JSON file of a run; raises `RunError` that names the file and the place in it."""
    try:
        return kind.model_validate_json((folder / name).read_bytes())
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {name}: {_why(error)}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f"{name}, {place}" if place else name
        raise RunError(f"{folder} cannot be read: {where}: {first['msg']}") from None


def _violations(
    folder: Path,
    case: Case,
    record: PlanRecord,
    goals: tuple[GoalResult, ...],
    changed: list[str],
) -> tuple[object, ...]:
    """What the audit finds; a plan that no longer fits its case is a changed run."""
    try:
        return tuple(audit(case, record, goals))
    except (LookupError, ValueError):
        if not changed:
            raise
        names = ", ".join(changed)
        raise RunError(f"{folder} was changed after it was written: {names}") from None
