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
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from pydantic import ValidationError

from models.outcome import GoalResult
from models.plan import PlanRecord
from optimizer.auditing import audit
from optimizer.errors import AuditError, EvplanError
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


class RunError(EvplanError):
    """A run folder that cannot be written or read."""


def free_folder(parent: Path, name: str) -> Path:
    """A folder for a new run that does not exist yet, named by case and time."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    folder = parent / f"{safe}-{stamp}"
    number = 2
    while folder.exists():
        folder = parent / f"{safe}-{stamp}-{number}"
        number += 1
    return folder


def save_run(outcome: Outcome, folder: str | Path) -> Path:
    """Write a run folder and return its path.

    Raises `RunError` when the outcome has no plan, the folder is there already
    or it cannot be written; then nothing is left behind.
    """
    folder = Path(folder)
    if outcome.plan is None:
        raise RunError("there is no plan to write")
    if folder.exists():
        raise RunError(f"{folder} is there already; a run is never written over another one")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror or error}") from None
    try:
        _write(outcome, outcome.plan.record, partial)
        partial.chmod(0o755)
        os.rename(partial, folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _write(outcome: Outcome, record: PlanRecord, folder: Path) -> None:
    save_case(outcome.case, folder / "case")
    _text(folder / PLAN, _json(record.model_dump(mode="json")))
    _text(folder / SETTINGS, _json(outcome.settings.model_dump(mode="json")))
    (folder / "tables").mkdir()
    for table in PLAN_TABLES:
        _text(folder / "tables" / f"{table}.csv", _csv(record, table))
    manifest = {
        "format": FORMAT,
        "case": outcome.case.name,
        "status": outcome.status,
        "note": outcome.note,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "goals": [goal.model_dump(mode="json") for goal in outcome.goals],
        "seconds": {phase: round(value, 3) for phase, value in outcome.seconds.items()},
        "versions": versions(),
        "sha256": dict(_hashes(folder)),
    }
    _text(folder / MANIFEST, _json(manifest))


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

    Raises `RunError` when it is not a run folder or was changed after it was
    written, `AuditError` when its plan does not hold.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise RunError(f"{folder} is not a run folder: it has no {MANIFEST}")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise RunError(
                f"{folder} has the format {manifest['format']}; this version reads {FORMAT}"
            )
        record = PlanRecord.model_validate_json((folder / PLAN).read_text(encoding="utf-8"))
        settings = Settings.model_validate_json((folder / SETTINGS).read_text(encoding="utf-8"))
        goals = tuple(GoalResult.model_validate(goal) for goal in manifest["goals"])
        stated = dict(manifest["sha256"])
        status, note, seconds = manifest["status"], manifest["note"], manifest["seconds"]
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise RunError(f"{folder} cannot be read: {error}") from None
    case = load_case(folder / "case")
    violations = audit(case, record, goals)
    if violations:
        raise AuditError(violations)
    found = dict(_hashes(folder))
    changed = sorted(name for name in {*stated, *found} if stated.get(name) != found.get(name))
    if changed:
        raise RunError(f"{folder} was changed after it was written: {', '.join(changed)}")
    return Outcome(case, settings, status, Plan(record), goals, seconds, note)
