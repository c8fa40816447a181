"""Reports: one HTML file with everything about a run, or several, to look at offline.

    from optimizer import save_report

    save_report(outcome, "report.html")

The file asks nothing of any network and runs no script but its own. Not here: charts in a
notebook (see `optimizer.reporting.plots`), words in a terminal (see
`optimizer.reporting.text`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.runs import FolderError

if TYPE_CHECKING:
    from optimizer.outcome import Outcome


class ReportError(FolderError):
    """A report that cannot be written."""


def save_report(
    outcomes: Outcome | Mapping[str, Outcome], path: str | Path, *, replace: bool = False
) -> Path:
    """Write the report of an outcome, or of several by name, and return its path.

    Raises `ReportError` when the file is there already (unless ``replace``) or it cannot
    be written; then nothing is left behind.
    """
    path = Path(path)
    _check(path, replace)
    text = report_page(outcomes)
    partial = ""
    try:
        handle, partial = tempfile.mkstemp(prefix=".report-", suffix=".html", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(partial, 0o644)
        if replace:
            os.replace(partial, path)
        else:
            os.link(partial, path)  # unlike a rename, never over a file that has come since
    except FileExistsError:
        raise ReportError(_there(path)) from None
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        if partial:
            with suppress(OSError):
                os.unlink(partial)
    return path


def check_target(path: str | Path, *, replace: bool = False) -> None:
    """Raise `ReportError` when a report cannot be written there; makes nothing."""
    _check(Path(path), replace)


def _there(path: Path) -> str:
    return f"{path} is there already; name a new file, or remove it first"


def _check(path: Path, replace: bool) -> None:
    if os.path.lexists(path) and (not replace or path.is_dir()):
        raise ReportError(_there(path))
    if not path.parent.is_dir():
        raise ReportError(f"{path} cannot be written: {path.parent} is not a folder")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ReportError(f"{path} cannot be written: {path.parent} may not be written to")


def report_page(outcomes: Outcome | Mapping[str, Outcome]) -> str:
    """The report as text: one HTML page."""
    from optimizer.outcome import Outcome
    from optimizer.reporting.html.plan_part import plan_part
    from optimizer.reporting.html.runs_part import runs_part
    from optimizer.reporting.html.writing import page
    from optimizer.reporting.text import one_line

    named = {"": outcomes} if isinstance(outcomes, Outcome) else dict(outcomes)
    if not named:
        raise ReportError("there is no outcome to report on")
    if len(named) == 1:
        outcome = next(iter(named.values()))
        part = plan_part(outcome)
        return page(f"{part.name}: evplan report", [part])
    parts = [
        plan_part(outcome, f"r{n}-", one_line(name))
        for n, (name, outcome) in enumerate(named.items(), 1)
    ]
    return page("evplan report of several runs", parts, runs_part(named))
