"""``evplan sweep``: what becomes of the plan as numbers of the case vary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    CaseArgument,
    GapOption,
    SolveLimitOption,
    case_from,
    folder_from,
    pairs_from,
    settings_from,
)
from optimizer.commands.report import ReportOption, check_report, write_report
from optimizer.commands.sharing import (
    NoStoreOption,
    StoreOption,
    WorkersOption,
    headway_shown,
    store_from,
    workers_from,
)
from optimizer.commands.shown import (
    EXIT_ERROR,
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    complain,
    friendly,
    heading,
    say,
)

if TYPE_CHECKING:
    from models.case import Case
    from optimizer.studies.designs import Design
    from optimizer.studies.sweep_record import Sweep


def sweep(
    case: CaseArgument = "leapmotor-2023",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUES",
            help="Values of a number: a,b,c or first:last:step; *a,b are factors, +a,b amounts. "
            "Repeat for a grid.",
        ),
    ] = None,
    tornado: Annotated[
        bool, typer.Option("--tornado", help="Each range of sources.csv at its low and high.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="With --tornado: ranges of such cells; repeat."),
    ] = None,
    scenarios: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Scenarios of the case: a, b, a + b; or all."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change the case itself; repeat."),
    ] = None,
    gap: GapOption = "0.001",
    time_limit: SolveLimitOption = None,
    workers: WorkersOption = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster, as tcp://host:8786."),
    ] = None,
    store: StoreOption = None,
    no_store: NoStoreOption = False,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Folder to make; by default a new one in runs/."),
    ] = None,
    report: ReportOption = None,
) -> None:
    """Solve a case again and again as its numbers vary."""
    with friendly():
        from optimizer.runs import check_free, free_folder

        settings = settings_from({"gap": gap, "time_limit": time_limit})
        count = workers_from(workers, cluster)
        kept = store_from(store, no_store)
        ready = case_from(case, None, None, None, changes or [], False)
        design = _design(case, ready, vary, tornado, only, scenarios)
        name = f"{ready.name}-sweep"
        folder = free_folder(Path("runs"), name) if out is None else folder_from("--out", out)
        check_free(folder)
        check_report(report)
        from optimizer.reporting.sweeps import lines, save_sweep
        from optimizer.reporting.text import one_line
        from optimizer.studies.many import Unfinished
        from optimizer.studies.sweep import swept

        try:
            with headway_shown() as headway:
                found = swept(
                    ready,
                    design,
                    settings,
                    store=kept,
                    workers=count,
                    cluster=cluster,
                    progress=headway,
                )
        except Unfinished as error:
            complain(str(error))
            raise typer.Exit(EXIT_LIMIT) from None
        finally:
            for fault in dict.fromkeys(kept.faults if kept else ()):
                complain(f"note: {one_line(fault)}; it was solved again")
        save_sweep(found, folder)
        write_report(found, report)
        heading(one_line(ready.title or ready.name))
        for line in lines(found):
            say(line)
        say(f"\nWritten to {folder}{f' and {report}' if report else ''}")
        code = _code(found)
        if code:
            raise typer.Exit(code)


def _code(found: Sweep) -> int:
    """1 when a solve failed; 3 or 4 when no case has a plan; else 0."""
    states = {row.status for row in (found.base, *found.rows)}
    if found.failed:
        return EXIT_ERROR
    if states & {"optimal", "feasible"}:
        return 0
    return EXIT_LIMIT if "unknown" in states else EXIT_NO_PLAN


# Input -----------------------------------------------------------------------------


def _design(
    name: str,
    case: Case,
    vary: list[str] | None,
    tornado: bool,
    only: list[str] | None,
    scenarios: list[str] | None,
) -> Design:
    """What is to be solved; exactly one of three."""
    from models.problem import CaseError, Problem
    from optimizer.scenarios import load_scenarios
    from optimizer.studies import designs

    kinds = {"--vary": bool(vary), "--tornado": tornado, "--scenarios": bool(scenarios)}
    given = [word for word, there in kinds.items() if there]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "nothing says what varies"
        raise CaseError([Problem("sweep", found=found, allowed=f"one of {', '.join(kinds)}")])
    if only and not tornado:
        raise CaseError([Problem("--only", found="it stands without --tornado")])
    if vary:
        return designs.grid(case, _axes(vary))
    if tornado:
        return designs.tornado(case, only or [])
    among = load_scenarios(folder_from("CASE", name))
    wanted = [part.strip() for text in scenarios or [] for part in text.split(",")]
    if wanted == ["all"] and "all" not in among.names:
        return designs.listed(case, among.names, among)
    return designs.listed(case, wanted, among)


def _axes(vary: list[str]) -> dict[str, str]:
    """Path and values of each --vary."""
    from optimizer.studies.designs import FORM

    return pairs_from("--vary", vary, f"PATH=VALUES, with {FORM}", "this path is varied twice")
