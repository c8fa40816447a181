"""``evplan explain``: what limits a plan, and the price of every decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from optimizer.commands.given import (
    ChangesOption,
    ScenarioOption,
    TargetOption,
    case_from,
    run_from,
    settings_from,
)
from optimizer.commands.report import ReportOption, check_report, write_report
from optimizer.commands.sharing import (
    NoStoreOption,
    StoreOption,
    WorkersOption,
    store_from,
    workers_from,
)
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
    from models.case import Case
    from optimizer.outcome import Outcome
    from optimizer.settings import Settings
    from optimizer.studies.explain import Depth, Part
    from optimizer.studies.explanation import Explanation, Staircase
    from optimizer.studies.inquiry import Answers, Finding
    from optimizer.studies.question import Lesson
    from optimizer.studies.store import Store


class Goals(StrEnum):
    """Which goals are sought; values of `optimizer.studies.explain.Depth`, or auto."""

    auto = "auto"
    first = "first"
    needed = "needed"
    all = "all"


def explain(
    plan: Annotated[
        str,
        typer.Argument(metavar="RUN|CASE", help="Folder of a run, or a case, which is solved."),
    ] = "leapmotor-2023",
    limits: Annotated[bool, typer.Option("--limits", help="Limits alone.")] = False,
    prices: Annotated[bool, typer.Option("--prices", help="Prices of decisions alone.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="Limits and decisions whose path begins so, as resources, deals.licence or "
            "launches.c10; repeat.",
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="TABLES",
            help="Decisions that are priced: platforms,vehicles,deals,expansions,entries,projects; "
            "launches only when named; or all.",
        ),
    ] = None,
    delays: Annotated[
        int, typer.Option(min=0, max=40, metavar="N", help="Most periods of delay to price.")
    ] = 2,
    step: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT=SIZE", help="Step of a limit, as resources=50; repeat."),
    ] = None,
    staircase: Annotated[
        str | None,
        typer.Option(metavar="LIMIT", help="One limit step by step, as resources.engineers."),
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option("--range", metavar="FIRST:LAST:STEP", help="Steps of --staircase."),
    ] = None,
    goals: Annotated[
        Goals,
        typer.Option(
            help="Goals to seek: all but the last (first), the last too where the others cannot "
            "tell (needed), or all. By default all in small cases, else needed."
        ),
    ] = Goals.auto,
    changes: ChangesOption = None,
    scenario: ScenarioOption = None,
    target: TargetOption = None,
    gap: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="Prove to this part (0.001; of a run: its own)."),
    ] = None,
    time_limit: Annotated[
        str, typer.Option(metavar="SECONDS", help="Seconds for each solve.")
    ] = "20",
    workers: WorkersOption = None,
    store: StoreOption = None,
    no_store: NoStoreOption = False,
    json: JsonOption = None,
    csv: CsvOption = None,
    report: ReportOption = None,
) -> None:
    """Tell what limits a plan, and what each decision is worth."""
    with friendly():
        from optimizer.studies.steps import steps_of

        settings = settings_from({"gap": gap, "time_limit": time_limit})
        count = workers_from(workers)
        kept = store_from(store, no_store)
        check_targets(json, csv)
        _check_report(report, staircase)
        given = _sizes(step or [])
        stairs = _stairs(staircase, steps)
        sizes = steps_of(*stairs) if stairs else ()
        outcome, lesson = _outcome(plan, changes or [], scenario, target, gap, settings, kept)
        if outcome.plan is None:
            show_outcome(outcome)
            raise typer.Exit(EXIT_NO_PLAN if outcome.status == "infeasible" else EXIT_LIMIT)
        found: Explanation | Staircase
        with _asking(outcome, settings.time_limit, kept, count) as (answers, headway):
            from optimizer.studies import explain as studies

            depth = None if goals is Goals.auto else cast("Depth", goals.value)
            if staircase is not None:
                found = studies.staircase(
                    outcome,
                    staircase,
                    sizes,
                    depth=depth,
                    lesson=lesson,
                    answers=answers,
                    progress=headway,
                )
            else:
                found = studies.explain(
                    outcome,
                    parts=_parts(limits, prices),
                    only=only or (),
                    steps=given,
                    delays=delays,
                    depth=depth,
                    lesson=lesson,
                    answers=answers,
                    progress=headway,
                    kinds=_kinds(kinds),
                )
        _finish(found, outcome.case, kept, json, csv, report)


def _finish(
    found: Explanation | Staircase,
    case: Case,
    kept: Store | None,
    json: str | None,
    csv: str | None,
    report: str | None,
) -> None:
    """Write and print what is there; exit code 4 when somebody stopped."""
    from optimizer.reporting import explaining
    from optimizer.reporting.text import one_line
    from optimizer.studies.explanation import Staircase

    facts: dict[str, Any] = {"case": case.name, "questions_left": found.left}
    if isinstance(found, Staircase):
        tables = {"staircase": found.table}
        sections = list(explaining.stair_sections(found))
    else:
        tables = {"limits": found.limits, "prices": found.prices}
        facts["not_asked"] = {one.commitment: list(one.needs) for one in found.together}
        sections = [*explaining.limit_sections(found), *explaining.price_sections(found)]
    try:  # written first: whoever reads the output may go away before its end
        write_tables(tables, facts, json, csv)
        if not isinstance(found, Staircase):
            write_report(found, report)
    finally:
        heading(one_line(case.title or case.name))
        for title, lines in sections:
            heading(f"\n{title}")
            for line in lines:
                say(line)
    say_written(json, csv, report)
    if found.left:
        where = f" What is solved is kept in {kept.folder}; the same again goes on." if kept else ""
        complain(f"stopped: {found.left} questions have no answer yet.{where}")
        raise typer.Exit(EXIT_LIMIT)


# Input -----------------------------------------------------------------------------


def _outcome(
    name: str,
    changes: list[str],
    scenario: str | None,
    target: str | None,
    gap: str | None,
    settings: Settings,
    kept: Store | None,
) -> tuple[Outcome, Lesson | None]:
    """The outcome of a run as it was written, or of a case, solved now; and what is learned.

    A large case of a run is solved again where the store does not know what that teaches,
    as this saves more than it takes.
    """
    from optimizer.studies.explain import usual_depth

    words = {"--set": changes, "--scenario": scenario, "--target": target, "--gap": gap}
    outcome = run_from(name, words, "explained")
    if outcome is not None:
        if usual_depth(outcome.case) == "all":
            return outcome, None
        why = "solving the case of the run again, to learn from it"
        return outcome, _taught(outcome.case, outcome.settings, kept, why)[1]
    case = case_from(name, scenario, target, None, changes, False)
    return _taught(case, settings, kept, "solving the case first")


def _taught(
    case: Case, settings: Settings, kept: Store | None, why: str
) -> tuple[Outcome, Lesson | None]:
    """The outcome of a case and what its solve teaches; ends with exit code 4 at Ctrl-C.

    What is kept in the store is taken from there; otherwise it is said why it is solved.
    """
    from optimizer.highs import Stop
    from optimizer.studies.inquiry import taught, taught_before

    before = None if kept is None else taught_before(case, settings, kept)
    if before is not None:
        return before
    complain(why)
    stop = Stop()
    with progress_line() as report:
        found = taught(case, settings, store=kept, progress=report, stop=stop)
    if stop.asked.is_set():
        complain("stopped before the case itself was solved; nothing is explained")
        raise typer.Exit(EXIT_LIMIT)
    return found


def _check_report(report: str | None, staircase: str | None) -> None:
    """Refuse a page of a staircase, which is none, and a name that cannot be written."""
    from models.problem import CaseError, Problem

    if report is not None and staircase is not None:
        found = "it stands beside --staircase, of which there is no page"
        raise CaseError([Problem("--report", found=found, cure="leave one of them out")])
    check_report(report)


def _parts(limits: bool, prices: bool) -> tuple[Part, ...]:
    """What is asked for; both unless one is named."""
    if limits == prices:
        return ("limits", "prices")
    return ("limits",) if limits else ("prices",)


def _kinds(text: str | None) -> tuple[str, ...]:
    """The tables of --kinds; checked where they are used."""
    from optimizer.studies.prices import IMPORTANCE, USUAL

    if text is None:
        return USUAL
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    return IMPORTANCE if words == ("all",) else words


def _sizes(given: list[str]) -> dict[str, float]:
    """Limit and size of each --step."""
    from models.problem import CaseError, Problem

    sizes: dict[str, float] = {}
    problems = []
    for text in given:
        name, sign, size = text.rpartition("=")
        value = _number(size)
        if not sign or not name.strip() or value is None:
            found = "it is no limit with a size"
            problems.append(Problem(f"--step {text}", found=found, allowed="resources=50"))
        else:
            sizes[name.strip()] = value
    if problems:
        raise CaseError(problems)
    return sizes


def _stairs(limit: str | None, steps: str | None) -> tuple[float, float, float] | None:
    """First, last and step of --range; None where no staircase is asked for."""
    from models.problem import CaseError, Problem

    if (limit is None) != (steps is None):
        here, lacks = ("--staircase", "--range") if steps is None else ("--range", "--staircase")
        cure = "evplan explain RUN --staircase resources.engineers --range 0:500:50"
        raise CaseError([Problem(here, found=f"it stands without {lacks}", cure=cure)])
    if steps is None:
        return None
    numbers = [_number(part) for part in steps.split(":")]
    if len(numbers) != 3 or None in numbers:
        found = f"{steps!r} is no range"
        raise CaseError([Problem("--range", found=found, allowed="FIRST:LAST:STEP, as 0:500:50")])
    first, last, step = (number or 0.0 for number in numbers)
    return first, last, step


def _number(text: str) -> float | None:
    """A number as people write it; None for what is none."""
    try:
        return float(text)
    except ValueError:
        return None


# Asking ----------------------------------------------------------------------------


@contextmanager
def _asking(
    outcome: Outcome, time_limit: float | None, kept: Store | None, count: int | None
) -> Iterator[tuple[Answers, Callable[[Finding, int, int], None]]]:
    """Who answers questions, and what tells each finding as it comes."""
    from optimizer.reporting.finding_words import finding_line
    from optimizer.reporting.text import one_line
    from optimizer.studies.explain import settings_for
    from optimizer.studies.many import Asking

    def told(one: Finding, number: int, known: int) -> None:
        complain(f"{number} of {known}: {finding_line(outcome.case, one)}")

    try:
        with Asking(settings_for(outcome, time_limit), store=kept, workers=count) as asking:
            yield asking.answers, told
    finally:
        for fault in kept.faults if kept else ():
            complain(f"note: {one_line(fault)}; it was solved again")
