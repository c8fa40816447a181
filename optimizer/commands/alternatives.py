"""``evplan alternatives``: plans that are nearly as good, and what all of them share."""

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
from optimizer.commands.shown import (
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    friendly,
    heading,
    progress_line,
    say,
    show_outcome,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from optimizer.studies.alternatives import Alternatives


def alternatives(
    case: CaseArgument = "leapmotor-2023",
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
        str | None, typer.Option(metavar="SECONDS", help="Seconds for each question asked.")
    ] = None,
    json: JsonOption = None,
    csv: CsvOption = None,
    report: ReportOption = None,
) -> None:
    """Show plans nearly as good as the best, and which decisions all of them share."""
    with friendly():
        part = share_from("--within", within)
        settings = settings_from({"gap": gap, "time_limit": time_limit})
        check_targets(json, csv)
        check_report(report)
        ready = case_from(case, scenario, None, None, changes or [], False)
        from optimizer.solving import solve
        from optimizer.studies.alternatives import alternatives as find

        with progress_line() as headway:
            best = solve(ready, settings, progress=headway)
            if best.plan is None:
                show_outcome(best)
                raise typer.Exit(EXIT_NO_PLAN if best.status == "infeasible" else EXIT_LIMIT)
            found = find(
                ready, within=part, count=count, settings=settings, best=best, progress=headway
            )
        # Written first: whoever reads the output may go away before its end.
        tables = {"decisions": found.decisions, "changes": found.changes}
        try:
            write_tables(tables, _facts(found), json, csv)
            write_report(found, report)
        finally:
            _show(found)
        for name in (json, csv, report):
            if name is not None:
                say(f"\nWritten to {name}")


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
