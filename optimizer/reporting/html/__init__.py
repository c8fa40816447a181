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
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from optimizer.runs import FolderError

if TYPE_CHECKING:
    from optimizer.outcome import Outcome
    from optimizer.studies.alternatives import Alternatives
    from optimizer.studies.compare import Comparison
    from optimizer.studies.explanation import Explanation
    from optimizer.studies.frontier import Frontier
    from optimizer.studies.sweep_record import Sweep

    Reportable = Outcome | Comparison | Sweep | Explanation | Alternatives | Frontier

#: Plans that a comparison shows whole; more of them are in its tables alone.
MOST_PLANS = 6


class ReportError(FolderError):
    """A report that cannot be written."""


def save_report(what: Reportable, path: str | Path, *, replace: bool = False) -> Path:
    """Write a report and return its path.

    ``what`` is an outcome, a comparison (of outcomes: ``compare_outcomes``), a sweep, an
    explanation (with the whole page of its plan), alternatives or a frontier.
    Raises `ReportError` when the file is there already (unless ``replace``) or it cannot
    be written; then nothing is left behind.
    """
    path = Path(path)
    _check(path, replace)
    text = report_page(what)
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


def report_page(what: Reportable) -> str:
    """The report as text: one HTML page."""
    from optimizer.outcome import Outcome
    from optimizer.reporting.html.writing import page
    from optimizer.studies.explanation import Explanation
    from optimizer.studies.sweep_record import Sweep

    if isinstance(what, Outcome):
        from optimizer.reporting.html.plan_part import plan_part

        part = plan_part(what)
        return page(f"{part.name}: evplan report", [part])
    if isinstance(what, Sweep):
        from optimizer.reporting.html.sweep_part import sweep_part

        part = sweep_part(what)
        return page(f"{part.name}: evplan sweep", [part])
    if isinstance(what, Explanation):
        from optimizer.reporting.html.explanation_part import explanation_part

        part = explanation_part(what)
        return page(f"{part.name}: evplan explanation", [part])
    # The modules of the others would load the solver, so they are told by what they have.
    if hasattr(what, "sides"):
        return _comparison_page(cast("Comparison", what))
    if hasattr(what, "verdicts"):
        from optimizer.reporting.html.alternatives_part import alternatives_part

        part = alternatives_part(cast("Alternatives", what))
        return page(f"{part.name}: evplan alternatives", [part])
    if hasattr(what, "between"):
        from optimizer.reporting.html.frontier_part import frontier_part

        part = frontier_part(what)
        return page(f"{part.name}: evplan frontier", [part])
    raise TypeError(
        "a report is about an outcome, a comparison, a sweep, an explanation, alternatives or "
        f"a frontier, not {type(what).__name__}"
    )


def _comparison_page(comparison: Comparison) -> str:
    """The comparison, and below it each plan, as many as keep the page small."""
    from optimizer.reporting.html.comparison_part import comparison_part
    from optimizer.reporting.html.plan_part import plan_part
    from optimizer.reporting.html.writing import page
    from optimizer.reporting.text import one_line

    every = [(comparison.name, comparison.base)]
    every += [(side.name, side.outcome) for side in comparison.sides]
    parts = [
        plan_part(outcome, f"r{n}-", one_line(name))
        for n, (name, outcome) in enumerate(every[:MOST_PLANS], 1)
    ]
    summary = comparison_part(comparison)
    return page(f"{summary.name}: evplan comparison", parts, summary)
