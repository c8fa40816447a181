"""``evplan solve``: find the best plan of a case and prove it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.commands.given import (
    CaseArgument,
    ChangesOption,
    DeadlineOption,
    GapOption,
    RequiredOption,
    ScenarioOption,
    TargetOption,
    case_from,
    folder_from,
    settings_from,
)
from optimizer.commands.shown import (
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    friendly,
    progress_line,
    say,
    show_outcome,
)


def solve(
    case: CaseArgument = "leapmotor-2023",
    target: TargetOption = None,
    deadline: DeadlineOption = None,
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    require_target: RequiredOption = False,
    gap: GapOption = "0.001",
    time_limit: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="Seconds for the whole run.")
    ] = None,
    threads: Annotated[str, typer.Option(metavar="N", help="Threads of the solver.")] = "1",
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Folder of the run; by default a new one in runs/."),
    ] = None,
) -> None:
    """Find the best plan of a case and prove it."""
    with friendly():
        from optimizer.runs import check_free, free_folder, save_run

        settings = settings_from({"gap": gap, "time_limit": time_limit, "threads": threads})
        ready = case_from(case, scenario, target, deadline, changes or [], require_target)
        folder = free_folder(Path("runs"), ready.name) if out is None else folder_from("--out", out)
        check_free(folder)
        from optimizer.solving import solve as find_plan  # slow to load: after the cheap checks

        with progress_line() as report:
            outcome = find_plan(ready, settings, progress=report)
        if outcome.plan is None:
            show_outcome(outcome)
            if outcome.status == "infeasible":
                say(
                    "Which rules contradict each other, and what must give: evplan conflict, "
                    "with the same case and options."
                )
            raise typer.Exit(EXIT_NO_PLAN if outcome.status == "infeasible" else EXIT_LIMIT)
        try:  # written first: whoever reads the output may go away before its end
            save_run(outcome, folder)
        finally:
            show_outcome(outcome)
        say(f"\nWritten to {folder}")
