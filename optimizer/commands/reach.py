"""``evplan reach``: what it would take to reach a target."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    CaseArgument,
    ChangesOption,
    DeadlineOption,
    GapOption,
    ScenarioOption,
    TargetOption,
    case_from,
    settings_from,
)
from optimizer.commands.sharing import WorkersOption, workers_from
from optimizer.commands.shown import (
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    complain,
    friendly,
    heading,
    say,
    show_outcome,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from optimizer.studies.reach import Reach


def reach(
    case: CaseArgument = "leapmotor-2023",
    target: TargetOption = None,
    deadline: DeadlineOption = None,
    lever: Annotated[
        list[str] | None,
        typer.Option("--lever", metavar="NAME", help="Move only this lever; repeat."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=100, help="Combinations to seek at most.")] = 5,
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    plan: Annotated[
        bool, typer.Option("--plan/--no-plan", help="Solve the lightest with all goals, and show.")
    ] = True,
    gap: GapOption = "0.001",
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
    """Say what it would take to reach a target: the lightest moves of the case's levers."""
    with friendly():
        limit = settings_from({"time_limit": time_limit}).time_limit
        settings = settings_from({"gap": gap, "time_limit": solve_limit})
        processes = workers_from(workers)
        check_targets(json, csv)
        wanted = case_from(case, scenario, target, deadline, changes or [], False)
        from optimizer.studies.reach import reach as find

        with told_line() as tell:
            found = find(
                wanted,
                levers=lever or None,
                most=most,
                settings=settings,
                time_limit=limit,
                plan=plan,
                workers=processes,
                progress=tell,
            )
        try:
            write_tables(found.tables(), found.facts(), json, csv)
        finally:
            show_reach(found)
        if found.today is None or (not found.finished and not found.combinations):
            raise typer.Exit(EXIT_LIMIT)
        if found.most is not None and found.most.verdict == "missed":
            raise typer.Exit(EXIT_NO_PLAN)


def show_reach(found: Reach) -> None:
    """How far short, each lever alone, combinations, and the plan of the lightest."""
    from optimizer.reporting import reaching as words
    from optimizer.reporting.text import aligned, one_line

    heading(one_line(found.case.title or found.case.name))
    for line in words.head_lines(found):
        say(line)
    if found.alone:
        heading("\nEach lever alone")
        for line in aligned(words.ALONE_COLUMNS, words.alone_rows(found)):
            say(line)
    lines = list(words.combination_lines(found))
    if lines:
        heading("\nThe lightest combinations")
        for line in lines:
            say(line)
    say("")
    for line in words.foot_lines(found):
        say(line)
    if found.best is not None:
        heading("\nThe plan of the lightest combination")
        show_outcome(found.best)


@contextmanager
def told_line() -> Iterator[Callable[[str], None]]:
    """What is being done, on standard error: in one line of a terminal, else line by line."""
    from optimizer.reporting.text import one_line

    if not sys.stderr.isatty():
        yield lambda words: complain(one_line(words))
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("beginning") as status:
        yield lambda words: status.update(escape(one_line(words)))
