"""``evplan frontier``: what of one goal must be given up for more of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    CaseArgument,
    ChangesOption,
    GapOption,
    ScenarioOption,
    case_from,
    settings_from,
    share_from,
)
from optimizer.commands.report import ReportOption, check_report, write_report
from optimizer.commands.sharing import WorkersOption, workers_from
from optimizer.commands.shown import (
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    complain,
    friendly,
    heading,
    progress_line,
    say,
    say_written,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from optimizer.studies.frontier import Frontier

_MEASURES = "volume, last_year_volume, npv, spending or cash (peak funding)"


def frontier(
    case: CaseArgument = "leapmotor-2023",
    between: Annotated[
        str, typer.Option("--between", metavar="MEASURE", help=f"One of {_MEASURES}.")
    ] = "volume",
    other: Annotated[
        str, typer.Option("--and", metavar="MEASURE", help="What it is weighed against.")
    ] = "npv",
    points: Annotated[int, typer.Option(min=2, max=1000, help="Points to seek at most.")] = 24,
    resolution: Annotated[
        str,
        typer.Option(
            metavar="SHARE",
            help="Part of the range that may stay unexplored; 0 for every point that the gap "
            "can tell apart.",
        ),
    ] = "5%",
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    gap: GapOption = "0.001",
    time_limit: Annotated[
        str, typer.Option(metavar="SECONDS", help="Seconds for each point.")
    ] = "30",
    workers: WorkersOption = None,
    json: JsonOption = None,
    csv: CsvOption = None,
    report: ReportOption = None,
) -> None:
    """Show the frontier between two goals: every plan that no other outdoes in both."""
    with friendly():
        part = share_from("--resolution", resolution)
        settings = settings_from({"gap": gap, "time_limit": time_limit})
        processes = workers_from(workers)
        check_targets(json, csv)
        check_report(report)
        ready = case_from(case, scenario, None, None, changes or [], False)
        from dataclasses import asdict

        from optimizer.reporting import near_best as words
        from optimizer.reporting.text import one_line, percent
        from optimizer.studies.frontier import frontier as find
        from optimizer.studies.frontier import measures_from

        measures = measures_from(between, other)

        def told(found: int, size: float) -> None:
            complain(f"{found} points, at most {percent(size)} of the range unexplored at once")

        with progress_line() as headway:
            front = find(
                ready,
                measures,
                resolution=part,
                points=points,
                settings=settings,
                workers=processes,
                progress=headway,
                told=told,
            )
        if not front.points:
            heading(one_line(ready.title or ready.name))
            for line in words.front_lines(front):
                say(line)
            raise typer.Exit(EXIT_NO_PLAN if front.impossible else EXIT_LIMIT)
        facts = {
            "case": ready.name,
            "between": list(front.between),
            "resolution": front.resolution,
            "complete": front.complete,
            "left": front.left,
            "note": front.note,
            "unexplored": [asdict(part) for part in front.unexplored],
        }
        try:  # written first: whoever reads the output may go away before its end
            write_tables({"points": front.table, "changes": front.changes}, facts, json, csv)
            write_report(front, report)
        finally:
            _show(front)
        say_written(json, csv, report)


def _show(front: Frontier) -> None:
    from optimizer.reporting import near_best as words
    from optimizer.reporting.text import aligned, one_line

    heading(one_line(front.case.title or front.case.name))
    for line in words.front_lines(front):
        say(line)
    say("")
    for line in aligned(words.front_columns(front), words.front_rows(front)):
        say(line)
    say("")
    for line in words.front_changes(front):
        say(line)
