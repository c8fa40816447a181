"""``evplan frontier``: what of one goal must be given up for more of another."""

from __future__ import annotations

from typing import Annotated

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
from optimizer.commands.shown import (
    EXIT_LIMIT,
    complain,
    friendly,
    heading,
    progress_line,
    say,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

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
        typer.Option(metavar="SHARE", help="Part of the range that may stay unexplored."),
    ] = "5%",
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    gap: GapOption = "0.001",
    time_limit: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="Seconds for each point.")
    ] = None,
    json: JsonOption = None,
    csv: CsvOption = None,
) -> None:
    """Show the frontier between two goals: every plan that no other outdoes in both."""
    with friendly():
        part = share_from("--resolution", resolution)
        settings = settings_from({"gap": gap, "time_limit": time_limit})
        check_targets(json, csv)
        ready = case_from(case, scenario, None, None, changes or [], False)
        from optimizer.reporting import near_best as words
        from optimizer.reporting.text import aligned, one_line, percent
        from optimizer.studies.frontier import frontier as find
        from optimizer.studies.frontier import measures_from

        measures = measures_from(between, other)

        def told(found: int, size: float) -> None:
            complain(f"{found} points, at most {percent(size)} of the range unexplored at once")

        with progress_line() as report:
            front = find(
                ready,
                measures,
                resolution=part,
                points=points,
                settings=settings,
                progress=report,
                told=told,
            )
        heading(one_line(ready.title or ready.name))
        for line in words.front_lines(front):
            say(line)
        if not front.points:
            raise typer.Exit(EXIT_LIMIT)
        say("")
        for line in aligned(words.front_columns(front), words.front_rows(front)):
            say(line)
        say("")
        for line in words.front_changes(front):
            say(line)
        facts = {
            "case": ready.name,
            "between": list(front.between),
            "resolution": front.resolution,
            "complete": front.complete,
            "note": front.note,
        }
        write_tables({"points": front.table, "changes": front.changes}, facts, json, csv)
