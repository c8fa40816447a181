"""``evplan alternatives``: plans that are nearly as good, and what all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    ChangesOption,
    GapOption,
    ScenarioOption,
    case_from,
    run_from,
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
    show_outcome,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from optimizer.outcome import Outcome
    from optimizer.settings import Settings
    from optimizer.studies.alternatives import Alternatives


def alternatives(
    plan: Annotated[
        str,
        typer.Argument(metavar="RUN|CASE", help="Folder of a run, or a case, which is solved."),
    ] = "leapmotor-2023",
    within: Annotated[
        str, typer.Option(metavar="SHARE", help="How much worse a goal may be: 1% or 0.01.")
    ] = "1%",
    count: Annotated[
        int, typer.Option(min=0, max=100, help="Plans to show beside the best one.")
    ] = 4,
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    gap: GapOption = "0.001",
    time_limit: Annotated[
        str,
        typer.Option(metavar="SECONDS", help="Seconds for each question after the best plan."),
    ] = "20",
    workers: WorkersOption = None,
    json: JsonOption = None,
    csv: CsvOption = None,
    report: ReportOption = None,
) -> None:
    """Show plans nearly as good as the best, and which decisions all of them share."""
    with friendly():
        part = share_from("--within", within)
        settings = settings_from({"gap": gap, "time_limit": time_limit})
        processes = workers_from(workers)
        check_targets(json, csv)
        check_report(report)
        best = _best(plan, changes or [], scenario, settings)
        if best.plan is None:
            show_outcome(best)
            raise typer.Exit(EXIT_NO_PLAN if best.status == "infeasible" else EXIT_LIMIT)
        from optimizer.studies.alternatives import alternatives as find

        with progress_line() as headway:
            found = find(
                best.case,
                within=part,
                count=count,
                settings=settings,
                best=best,
                workers=processes,
                progress=headway,
                told=complain,
            )
        # Written first: whoever reads the output may go away before its end.
        tables = {"decisions": found.decisions, "changes": found.changes}
        try:
            write_tables(tables, _facts(found), json, csv)
            write_report(found, report)
        finally:
            _show(found)
        say_written(json, csv, report)


def _best(plan: str, changes: list[str], scenario: str | None, settings: Settings) -> Outcome:
    """The outcome of a run as it was written, or of a case, solved now without a limit."""
    run = run_from(plan, {"--set": changes, "--scenario": scenario}, "taken")
    if run is not None:
        return run
    case = case_from(plan, scenario, None, None, changes, False)
    from optimizer.solving import solve

    complain("solving the case first")
    with progress_line() as headway:
        return solve(case, settings.model_copy(update={"time_limit": None}), progress=headway)


def _show(found: Alternatives) -> None:
    from optimizer.reporting import near_best as words
    from optimizer.reporting.text import aligned, one_line

    case = found.best.case
    heading(one_line(case.title or case.name))
    for line in words.atlas_lines(found):
        say(line)
    heading("\nDecisions")
    for line in aligned(words.VERDICT_COLUMNS, words.verdict_rows(found)):
        say(line)
    never = words.never_line(found)
    if never:
        say(never)
    heading("\nPlans")
    for line in aligned(words.PLAN_COLUMNS, words.plan_rows(found)):
        say(line)
    for number in range(2, len(found.plans) + 2):
        lines = words.plan_lines(found, number)
        say(f"\n{lines[0]}")
        for line in lines[1:]:
            say(f"  {line}")


def _facts(found: Alternatives) -> dict[str, object]:
    return {
        "case": found.best.case.name,
        "within": found.within,
        "complete": found.complete,
        "note": found.note,
        "plans": [
            {
                "apart": near.apart,
                "bound": near.bound,
                "totals": near.outcome.plan.totals.model_dump() if near.outcome.plan else None,
            }
            for near in found.plans
        ],
    }
