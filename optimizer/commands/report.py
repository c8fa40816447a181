"""``evplan report``: a page of one run to look at, or of several side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import folder_from
from optimizer.commands.shown import friendly, say

if TYPE_CHECKING:
    from optimizer.reporting.html import Reportable

ReportOption = Annotated[
    str | None, typer.Option("--report", metavar="FILE", help="Write it as an HTML page too.")
]


def report(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Folders of runs; the first is the base.")
    ],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The page to write; by default RUN.html, or report.html of several runs.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a report that is there already.")
    ] = False,
) -> None:
    """Write an HTML page about runs: charts, decisions, limits, money, sources."""
    with friendly():
        from optimizer.reporting.html import check_target, save_report
        from optimizer.runs import load_run

        folders = [folder_from("RUN", run) for run in dict.fromkeys(runs)]
        path = _target(folders) if out is None else folder_from("--out", out)
        check_target(path, replace=replace)  # before the runs are read and audited
        outcomes = {_name(folder, folders): load_run(folder) for folder in folders}
        if len(outcomes) > 1:
            from optimizer.studies.compare import compare_outcomes

            save_report(compare_outcomes(outcomes), path, replace=replace)
        else:
            save_report(outcomes.popitem()[1], path, replace=replace)
        say(f"Written to {path}")


def check_report(page: str | None) -> None:
    """Refuse the name of a page that cannot be written, before any work is done."""
    if page is not None:
        from optimizer.reporting.html import check_target

        check_target(folder_from("--report", page))


def write_report(what: Reportable, page: str | None) -> None:
    """Write a page where one was asked for."""
    if page is not None:
        from optimizer.reporting.html import save_report

        save_report(what, folder_from("--report", page))


def _target(folders: list[Path]) -> Path:
    """Beside the run, not in it: a run folder holds what was written with it, and no more."""
    if len(folders) > 1:
        return Path("report.html")
    folder = folders[0].resolve()
    return folder.with_name(folder.name + ".html")


def _name(folder: Path, folders: list[Path]) -> str:
    """The folder's own name where it is the only one of that name."""
    names = [other.resolve().name for other in folders]
    name = folder.resolve().name
    return name if names.count(name) == 1 else str(folder)
