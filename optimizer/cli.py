"""The command line: ``evplan solve``, ``check``, ``init``, ``cases``, ``show``.

Exit codes: 0 a plan (or what was asked for); 2 bad input or usage; 3 proven
that no plan exists; 4 stopped by a limit before any plan; 1 anything else.
Heavy modules are imported by the command that needs them, so that help is
instant. Results go to standard output, progress and errors to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.case import Case
    from optimizer.highs import Progress
    from optimizer.outcome import Outcome

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
    str, typer.Argument(help="A folder, or the name of a shipped case.", show_default=True)
]


@app.command()
def solve(
    case: CaseArgument = "leapmotor-2023",
    target: Annotated[float | None, typer.Option(help="Cars a year to reach.")] = None,
    deadline: Annotated[
        str | None, typer.Option(help="Last period in which they may be reached.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a number of the case; repeat."),
    ] = None,
    require_target: Annotated[
        bool, typer.Option("--require-target", help="Reaching the target is a condition.")
    ] = False,
    gap: Annotated[float, typer.Option(help="Prove each goal to this part of its value.")] = 1e-3,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for the whole run.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of the solver.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; by default a new one in runs/.")
    ] = None,
) -> None:
    """Find the best plan of a case, prove it, audit it, and write the run."""
    with _friendly():
        from optimizer.runs import RunError, free_folder, save_run
        from optimizer.settings import Settings
        from optimizer.solving import solve as find_plan

        settings = _settings(Settings, gap=gap, time_limit=time_limit, threads=threads)
        if out is not None and out.exists():
            raise RunError(f"{out} is there already; a run is never written over another one")
        ready = _prepared(case, target, deadline, changes or [], require_target)
        with _progress() as report:
            outcome = find_plan(ready, settings, progress=report)
        if outcome.plan is None:
            _show(outcome)
            raise typer.Exit(EXIT_NO_PLAN if outcome.status == "infeasible" else EXIT_LIMIT)
        folder = save_run(outcome, out or free_folder(Path("runs"), ready.name))
        _show(outcome)
        _print(f"\nWritten to {folder}")


@app.command()
def check(case: CaseArgument) -> None:
    """Read a case and say everything that is wrong with it."""
    with _friendly():
        from models.case import TABLES
        from optimizer.tables import load_case

        found = load_case(case)
        rows = sum(len(found.rows(table)) for table in TABLES)
        horizon = found.horizon
        _print(
            f"{found.title or found.name}: sound. {rows} rows, {len(found.commitments)} commitments, "
            f"{horizon.count} periods from {horizon.first} to {horizon.last}."
        )


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Shipped case or folder to start from.")
    ] = "tiny",
) -> None:
    """Make a case folder of your own from a shipped case."""
    with _friendly():
        from optimizer.catalogue import copy_case

        copy_case(source, folder)
        _print(f"Made {folder} from {source}. Next: evplan check {folder}")


@app.command()
def cases() -> None:
    """List the shipped cases."""
    with _friendly():
        from optimizer.catalogue import shipped_cases
        from optimizer.tables import load_case

        for name, folder in shipped_cases().items():
            found = load_case(folder)
            _print(f"{name:<20} {found.title}")


@app.command()
def show(run: Annotated[Path, typer.Argument(help="Folder of a run.")]) -> None:
    """Show a run again; its plan is audited before."""
    with _friendly():
        from optimizer.runs import load_run

        _show(load_run(run))


# Input ---------------------------------------------------------------------------


def _settings(kind: type, **values: object) -> object:
    from pydantic import ValidationError

    from optimizer.errors import CaseError, Problem

    try:
        return kind(**values)
    except ValidationError as error:
        raise CaseError(
            [
                Problem(
                    where="--" + str(detail["loc"][0]).replace("_", "-"),
                    found=f"{detail['msg'].lower()}, found {detail['input']}",
                )
                for detail in error.errors()
            ]
        ) from None


def _prepared(
    name: str, target: float | None, deadline: str | None, changes: list[str], required: bool
) -> Case:
    """The case with the command line's changes."""
    from optimizer.errors import CaseError, Problem
    from optimizer.tables import load_case

    problems = [
        Problem(
            where=f"--set {change}",
            found="there is no =",
            allowed="PATH=VALUE, such as markets.germany.max_share=0.01",
        )
        for change in changes
        if "=" not in change
    ]
    if problems:
        raise CaseError(problems)
    case = load_case(name)
    if changes:
        case = case.with_changes(dict(change.rsplit("=", 1) for change in changes))
    if target is not None or deadline is not None or required:
        case = case.with_target(volume=target, deadline=deadline, required=required or None)
    return case


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
    except OSError as error:
        _complain(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        raise typer.Exit(EXIT_ERROR) from None
    except Exception as error:
        from optimizer.errors import EvplanError
        from optimizer.runs import RunError

        if isinstance(error, RunError):
            _complain(str(error))
            raise typer.Exit(EXIT_INPUT) from None
        if isinstance(error, EvplanError):
            _complain(str(error))
            raise typer.Exit(EXIT_ERROR) from None
        raise


# Output --------------------------------------------------------------------------


def _complain(text: str) -> None:
    print(text, file=sys.stderr)


def _print(text: str) -> None:
    print(text)


def _show(outcome: Outcome) -> None:
    """Headline, goals, decisions in order of time, and what limits the plan."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from optimizer.reporting import text

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    case = outcome.case
    console.print(Text(case.title or case.name, style="bold"))
    for line in text.headline(outcome):
        console.print(Text(line))
    if outcome.plan is None:
        return
    record = outcome.plan.record
    goals = Table("Goal", "Reached", "Bound", "Gap", "Proof", box=None, pad_edge=False)
    for row in text.goal_rows(outcome):
        goals.add_row(*(Text(cell) for cell in row))
    console.print("\nGoals in their order", style="bold")
    console.print(goals)
    chosen = text.decisions_in_time(case, record)
    console.print(f"\nDecisions in order of time ({len(chosen)})", style="bold")
    table = Table("Start", "Effective", "Kind", "What", "Cost", box=None, pad_edge=False)
    table.columns[4].justify = "right"
    kinds = {"entries": "entry"}
    for row in chosen:
        kind = kinds.get(
            row.kind, row.kind.removesuffix("es") if row.kind == "launches" else row.kind[:-1]
        )
        table.add_row(
            *(
                Text(cell)
                for cell in (
                    row.start or "",
                    row.effective or "",
                    kind,
                    text.title_of(case, row.commitment),
                    text.amount(case, row.cost) if row.cost else "",
                )
            )
        )
    console.print(table)
    console.print("\nWhat limits the plan", style="bold")
    for line in text.limits_in_words(case, record):
        console.print(Text(f"- {line}"))


@contextmanager
def _progress() -> Iterator[object]:
    """One line that follows the search; nothing when standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("building the model") as status:

        def report(progress: Progress) -> None:
            words = progress.goal.replace("_", " ")
            best = "no plan yet" if progress.best is None else f"best {progress.best:,.0f}"
            bound = "" if progress.bound is None else f", bound {progress.bound:,.0f}"
            gap = "" if progress.gap is None else f", gap {100 * progress.gap:.2f} %"
            status.update(f"{words}: {best}{bound}{gap}, {progress.seconds:.0f} s")

        yield report


def main() -> None:
    """Run the command line."""
    app()
