"""``evplan conflict``: why a case has no plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    CaseArgument,
    ChangesOption,
    DeadlineOption,
    RequiredOption,
    ScenarioOption,
    TargetOption,
    case_from,
    settings_from,
)
from optimizer.commands.reach import told_line
from optimizer.commands.sharing import WorkersOption, workers_from
from optimizer.commands.shown import EXIT_LIMIT, EXIT_NO_PLAN, friendly, heading, say
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from optimizer.studies.conflict import Conflict


def conflict(
    case: CaseArgument = "leapmotor-2023",
    target: TargetOption = None,
    deadline: DeadlineOption = None,
    require_target: RequiredOption = False,
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    most: Annotated[int, typer.Option(min=1, max=100, help="Contradictions to seek at most.")] = 3,
    solve_limit: Annotated[
        str, typer.Option(metavar="SECONDS", help="Seconds for each solve.")
    ] = "20",
    time_limit: Annotated[
        str, typer.Option(metavar="SECONDS", help="Seconds for all of it; what is known is shown.")
    ] = "600",
    workers: WorkersOption = None,
    json: JsonOption = None,
    csv: CsvOption = None,
) -> None:
    """Say which of a case's rules contradict each other, and what would have to give."""
    with friendly():
        limit = settings_from({"time_limit": time_limit}).time_limit
        settings = settings_from({"time_limit": solve_limit})
        processes = workers_from(workers)
        check_targets(json, csv)
        ready = case_from(case, scenario, target, deadline, changes or [], require_target)
        from optimizer.studies.conflict import conflict as find

        with told_line() as tell:
            found = find(
                ready,
                most=most,
                settings=settings,
                time_limit=limit,
                workers=processes,
                progress=tell,
            )
        try:
            write_tables(found.tables(), found.facts(), json, csv)
        finally:
            show_conflict(found)
        if found.possible is None:
            raise typer.Exit(EXIT_LIMIT)
        if not found.possible:
            raise typer.Exit(EXIT_NO_PLAN)


def show_conflict(found: Conflict) -> None:
    """The contradictions, what would have to go, and the least changes."""
    from optimizer.reporting import conflicts as words
    from optimizer.reporting.text import one_line

    heading(one_line(found.case.title or found.case.name))
    for line in words.conflict_lines(found):
        say(line)
    if found.corrections:
        heading("\nA plan exists without one of these (rules that are joined must all go)")
        for line in words.correction_lines(found):
            say(line)
    if found.changes:
        heading("\nOr with one number changed, by as little as this")
        for line in words.change_lines(found):
            say(line)
    say("")
    if not found.finished:
        say("Stopped before the end: what is above is what is known.")
    solves = "solve" if found.solves == 1 else "solves"
    say(f"Found with {found.solves} {solves} in {found.seconds:,.0f} s.")
