"""``evplan compare``: plans side by side, and the cause of every difference."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import (
    GapOption,
    SolveLimitOption,
    folder_from,
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
    EXIT_LIMIT,
    EXIT_NO_PLAN,
    complain,
    friendly,
    heading,
    say,
    say_written,
)
from optimizer.commands.written import CsvOption, JsonOption, check_targets, write_tables

if TYPE_CHECKING:
    from models.scenarios import Scenarios
    from optimizer.settings import Settings
    from optimizer.studies.compare import Comparison
    from optimizer.studies.store import Store
    from optimizer.studies.whatif import Level


class Parts(StrEnum):
    """What differences are put down to; values of `optimizer.studies.whatif.Level`."""

    auto = "auto"
    scenario = "scenario"
    change = "change"


def compare(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[CASE] SCENARIO",
            help="Scenarios of the case, changes as PATH=VALUE, or both as 'a + b'; "
            "or folders of runs, the first of which is the base.",
        ),
    ],
    cause: Annotated[
        bool, typer.Option("--cause/--no-cause", help="Tell what each difference comes from.")
    ] = True,
    parts: Annotated[
        Parts,
        typer.Option(
            help="What differences are put down to: scenarios or single changes; "
            "auto: scenarios where several are added.",
        ),
    ] = Parts.auto,
    gap: GapOption = "0.001",
    time_limit: SolveLimitOption = None,
    seed: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Draws orders where parts are too many to try all."),
    ] = 0,
    workers: WorkersOption = None,
    store: StoreOption = None,
    no_store: NoStoreOption = False,
    json: JsonOption = None,
    csv: CsvOption = None,
    report: ReportOption = None,
) -> None:
    """Show plans side by side: what changes when the world does, and why."""
    with friendly():
        settings = settings_from({"gap": gap, "time_limit": time_limit})
        count = workers_from(workers)
        kept = store_from(store, no_store)
        check_targets(json, csv)
        check_report(report)
        if any(_is_run(word) for word in words):
            found = _of_runs(words)
        else:
            found = _of_scenarios(words, cause, parts.value, seed, settings, count, kept)
        try:  # written first: whoever reads the output may go away before its end
            tables = {table: found.frame(table) for table in found.tables}
            write_tables(tables, found.facts, json, csv)
            write_report(found, report)
        finally:
            _show(found)
        say_written(json, csv, report)
        if found.base.plan is None:
            raise typer.Exit(EXIT_NO_PLAN if found.base.status == "infeasible" else EXIT_LIMIT)


def _is_run(word: str) -> bool:
    """It is the folder of a run, and nothing that a scenario could be called."""
    from optimizer.runs import MANIFEST

    try:
        return (Path(word) / MANIFEST).is_file()
    except (OSError, ValueError):  # a name that no folder can have
        return False


def _of_runs(words: list[str]) -> Comparison:
    from models.problem import CaseError, Problem
    from optimizer.runs import load_run
    from optimizer.studies.compare import compare_outcomes

    problems = [
        Problem(word, found="it is no run folder, and others are", allowed="runs, or scenarios")
        for word in words
        if not _is_run(word)
    ]
    if len(words) < 2:
        problems.append(Problem(words[0], found="there is nothing to compare it with"))
    if problems:
        raise CaseError(problems)
    names = [word if words.index(word) == n else f"{word} again" for n, word in enumerate(words)]
    return compare_outcomes({name: load_run(word) for name, word in zip(names, words, strict=True)})


def _of_scenarios(
    words: list[str],
    cause: bool,
    level: Level,
    seed: int,
    settings: Settings,
    workers: int | None,
    store: Store | None,
) -> Comparison:
    from optimizer.reporting.text import one_line
    from optimizer.scenarios import load_scenarios
    from optimizer.studies.compare import compare as compare_cases
    from optimizer.studies.many import Unfinished
    from optimizer.tables import load_case

    name, wanted = _case_and_scenarios(words)
    folder = folder_from("CASE", name)
    among = load_scenarios(folder)
    if not wanted:
        raise _nothing_named(name, among)
    case = load_case(folder)
    try:
        with headway_shown() as report:
            return compare_cases(
                case,
                wanted,
                among,
                cause=cause,
                level=level,
                seed=seed,
                settings=settings,
                store=store,
                workers=workers,
                progress=report,
            )
    except Unfinished as error:
        complain(str(error))
        raise typer.Exit(EXIT_LIMIT) from None
    finally:
        for fault in store.faults if store else ():
            complain(f"note: {one_line(fault)}; it was solved again")


def _case_and_scenarios(words: list[str]) -> tuple[str, list[str]]:
    """The case, which may be left out, and the scenarios."""
    from optimizer.catalogue import CASE_FILE, DEFAULT_CASE, is_workbook, shipped_cases

    first = words[0]
    try:
        is_case = first in shipped_cases() or (Path(first) / CASE_FILE).is_file()
    except (OSError, ValueError):  # a name that no folder can have
        is_case = False
    looks_like_folder = "=" not in first and ("/" in first or first in (".", ".."))
    looks_like_case = looks_like_folder or is_workbook(first)
    return (first, words[1:]) if is_case or looks_like_case else (DEFAULT_CASE, words)


def _nothing_named(name: str, among: Scenarios) -> Exception:
    from models.problem import CaseError, Problem

    names = ", ".join(among.names) or "none, as the case has no scenarios"
    form = f"a scenario ({names}), or a change such as finance.opening_cash=20"
    found = "no scenario is named to compare the case with"
    return CaseError([Problem(name, found=found, allowed=form)])


def _show(found: Comparison) -> None:
    from optimizer.reporting.comparison import sections

    for number, (title, lines) in enumerate(sections(found)):
        heading(f"\n{title}" if number else title)
        for line in lines:
            say(line)
