"""The command line: ``evplan solve``, ``check``, ``init``, ``cases``, ``show``.

Exit codes: 0 a plan (or what was asked for); 2 bad input or usage; 3 proven
that no plan exists; 4 stopped by a limit before any plan; 1 anything else.
Heavy modules are imported by the command that needs them, so that help is
instant. Results go to standard output, progress and errors to standard error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from models.case import Case
    from models.cells import CellError
    from models.problem import Problem
    from optimizer.highs import Progress
    from optimizer.outcome import Outcome
    from optimizer.settings import Settings

app = typer.Typer(
    name="evplan",
    help="Plans when to enter which market, launch which car, sign which deal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

EXIT_ERROR, EXIT_INPUT, EXIT_NO_PLAN, EXIT_LIMIT = 1, 2, 3, 4

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help="A folder, or the name of a shipped case.")
]


@app.command()
def solve(
    case: CaseArgument = "leapmotor-2023",
    target: Annotated[
        str | None, typer.Option(metavar="CARS", help="Cars a year to reach.")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="Last period in which a year may end.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a number of the case; repeat."),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A scenario of the case; several as a + b."),
    ] = None,
    require_target: Annotated[
        bool, typer.Option("--require-target", help="Reaching the target is a condition.")
    ] = False,
    gap: Annotated[
        str, typer.Option(metavar="SHARE", help="Prove each goal to this part of its value.")
    ] = "0.001",
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
    with _friendly():
        from optimizer.runs import check_free, free_folder, save_run

        settings = _settings({"gap": gap, "time_limit": time_limit, "threads": threads})
        ready = _prepared(case, scenario, target, deadline, changes or [], require_target)
        folder = free_folder(Path("runs"), ready.name) if out is None else _folder("--out", out)
        check_free(folder)
        from optimizer.solving import solve as find_plan  # slow to load: after the cheap checks

        with _progress() as report:
            outcome = find_plan(ready, settings, progress=report)
        if outcome.plan is None:
            _show(outcome)
            raise typer.Exit(EXIT_NO_PLAN if outcome.status == "infeasible" else EXIT_LIMIT)
        try:  # written first: whoever reads the output may go away before its end
            save_run(outcome, folder)
        finally:
            _show(outcome)
        _print(f"\nWritten to {folder}")


@app.command()
def check(case: CaseArgument) -> None:
    """Say everything that is wrong with a case."""
    with _friendly():
        from models.case import TABLES
        from optimizer.reporting.text import one_line
        from optimizer.tables import load_case

        found = load_case(_folder("CASE", case))
        rows = sum(len(found.rows(table)) for table in TABLES)
        horizon = found.horizon
        _print(
            f"{one_line(found.title or found.name)}: sound. {rows} rows, {len(found.commitments)} commitments, "
            f"{horizon.count} periods from {horizon.first} to {horizon.last}."
        )


@app.command()
def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to make.")],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Shipped case or folder to start from.")
    ] = "tiny",
) -> None:
    """Make a case folder from a shipped case."""
    with _friendly():
        from optimizer.catalogue import copy_case

        copy_case(_folder("--from", source), _folder("DIR", folder))
        _print(f"Made {folder} from {source}. Next: evplan check {folder}")


@app.command()
def cases() -> None:
    """List the shipped cases."""
    with _friendly():
        from optimizer.catalogue import shipped_cases
        from optimizer.reporting.text import one_line
        from optimizer.tables import load_case

        folders = shipped_cases()
        width = max(map(len, folders), default=0)
        for name, folder in folders.items():
            _print(f"{name:<{width}}  {one_line(load_case(folder).title)}".rstrip())


@app.command()
def show(run: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a run.")]) -> None:
    """Audit a run and show it again."""
    with _friendly():
        from optimizer.runs import load_run

        _show(load_run(_folder("RUN", run)))


# Input ---------------------------------------------------------------------------


def _settings(given: Mapping[str, str | None]) -> Settings:
    """Settings from the text of options; one `CaseError` for all that is wrong with them."""
    from pydantic import ValidationError

    from models.cells import CellError, refusals
    from models.problem import CaseError
    from optimizer.settings import Settings

    values: dict[str, object] = {}
    reasons: dict[str, CellError] = {}
    for name, text in given.items():
        if text is not None:
            try:
                values[name] = _number(text, Settings.model_fields[name])
            except CellError as error:
                reasons[name] = error
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        reasons.update(refusals(error, Settings))
    if reasons:
        raise CaseError([_of_option(name, reason) for name, reason in reasons.items()])
    return settings


def _number(text: str, info: FieldInfo) -> object:
    """The value of an option, read as a cell of a table is; blank is refused."""
    from models.cells import CellError, allowed_text, parse

    if not text.strip():
        raise CellError("it is blank", allowed_text(info))
    return parse(text, info)


def _of_option(name: str, reason: CellError) -> Problem:
    """What an option refuses, as a problem that names the option."""
    from models.problem import Problem

    option = "--" + name.replace("_", "-")
    return Problem(option, found=reason.found, allowed=reason.allowed, cure=reason.cure)


def _prepared(
    name: str,
    scenario: str | None,
    target: str | None,
    deadline: str | None,
    changes: list[str],
    required: bool,
) -> Case:
    """The case with the command line's changes."""
    from models.cells import CellError
    from models.problem import CaseError
    from models.target import Target
    from optimizer.tables import load_case

    given = _changes(changes)
    volume = None
    if target is not None:
        try:
            volume = _number(target, Target.model_fields["volume"])
        except CellError as error:
            raise CaseError([_of_option("target", error)]) from None
    case = load_case(_folder("CASE", name))
    if scenario is not None:
        case = _in_scenario(case, name, scenario)
    if given:
        case = case.with_changes(given)
    if target is None and deadline is None and not required:
        return case
    try:
        return case.with_target(volume, deadline, required or None)  # type: ignore[arg-type]
    except CaseError as error:
        raise CaseError([_placed(problem) for problem in error.problems]) from None


def _in_scenario(case: Case, name: str, expression: str) -> Case:
    """The case as a scenario of its file changes it; what changes nothing is said."""
    from models.scenario import apply
    from optimizer.scenarios import load_scenarios

    applied = apply(case, load_scenarios(_folder("CASE", name)).combined(expression))
    for warning in applied.warnings:
        typer.echo(f"note: {warning}", err=True)
    return applied.case


def _placed(problem: Problem) -> Problem:
    """A problem of the target, named by the option that stated it."""
    options = {"volume": "--target", "deadline": "--deadline"}
    if problem.where == "target" and problem.column in options:
        return replace(problem, where=options[problem.column], column="")
    return problem


def _changes(changes: list[str]) -> dict[str, str]:
    """Path and value of each --set. A name may hold =, so the last one parts them."""
    from models.problem import CaseError, Problem

    form = "PATH=VALUE, such as markets.germany.max_share=0.01"
    given: dict[str, str] = {}
    problems = []
    for change in changes:
        path, sign, value = change.rpartition("=")
        path = path.strip()
        if not sign or not path:
            found = "no path stands before the =" if sign else "there is no ="
            problems.append(Problem(f"--set {change}", found=found, allowed=form))
        elif path in given:
            problems.append(Problem(f"--set {change}", found="this path is set twice"))
        given[path] = value
    if problems:
        raise CaseError(problems)
    return given


def _folder(where: str, text: str) -> Path:
    """A folder that was named; a blank name is a slip and not the folder one is in."""
    from models.problem import CaseError, Problem

    if not text.strip() or "\0" in text:
        raise CaseError([Problem(where, found="no folder can have this name")])
    return Path(text)


@contextmanager
def _friendly() -> Iterator[None]:
    """Turn what users can mend into a message and an exit code."""
    from models.problem import CaseError

    try:
        yield
    except CaseError as error:
        count = len(error.problems)
        _complain(f"{count} problem{'s' if count > 1 else ''}:\n{error}")
        raise typer.Exit(EXIT_INPUT) from None
    except KeyboardInterrupt:
        _complain("stopped")
        raise typer.Exit(EXIT_LIMIT) from None
    except BrokenPipeError:  # whoever read the output has gone; there is nobody to tell
        raise
    except OSError as error:
        _complain(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        raise typer.Exit(EXIT_ERROR) from None
    except Exception as error:
        from optimizer.errors import EvplanError
        from optimizer.runs import FolderError

        if not isinstance(error, EvplanError):
            raise
        _complain(str(error))
        code = EXIT_INPUT if isinstance(error, FolderError) else EXIT_ERROR
        raise typer.Exit(code) from None


# Output --------------------------------------------------------------------------


def _complain(text: str) -> None:
    print(text, file=sys.stderr)


def _print(text: str) -> None:
    print(text)


def _heading(text: str) -> None:
    typer.secho(text, bold=True)  # plain where the output is no terminal


def _show(outcome: Outcome) -> None:
    """Headline, goals, decisions in order of time, and what limits the plan.

    Lines are as long as they are: a terminal wraps them, a file keeps them whole.
    """
    from optimizer.reporting import text

    case = outcome.case
    _heading(text.one_line(case.title or case.name))
    for line in text.headline(outcome):
        _print(text.one_line(line))
    if outcome.plan is None:
        return
    record = outcome.plan.record
    _heading("\nGoals in their order")
    for line in text.aligned(text.GOAL_COLUMNS, text.goal_rows(outcome)):
        _print(line)
    for line in text.given_up(outcome):
        _print(line)
    rows = text.decision_rows(case, record)
    _heading(f"\nDecisions in order of time ({len(rows)})")
    for line in text.aligned(text.DECISION_COLUMNS, rows) if rows else ["none"]:
        _print(line)
    _heading("\nWhat limits the plan")
    for line in text.limits_in_words(case, record):
        _print(f"- {text.one_line(line)}")


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """One line that follows the search; nothing when standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("building the model") as status:
        yield lambda progress: status.update(_progress_line(progress))


def _progress_line(progress: Progress) -> str:
    words = progress.goal.replace("_", " ")
    best = "no plan yet" if progress.best is None else f"best {progress.best:,.0f}"
    bound = "" if progress.bound is None else f", bound {progress.bound:,.0f}"
    gap = "" if progress.gap is None else f", gap {100 * progress.gap:.2f} %"
    left = "" if not progress.remaining else f", about {progress.remaining:,.0f} s left"
    return f"{words}: {best}{bound}{gap}, {progress.seconds:.0f} s{left}"


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that it cannot show are no failure
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="evplan")
    except SystemExit as end:
        solver = sys.modules.get("optimizer.highs")
        if solver is None or not solver.left_behind():
            raise
        # A solver that did not stop in time still runs, and would abort a normal exit.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else EXIT_ERROR)
