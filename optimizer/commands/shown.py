"""What commands print: results on standard output, progress and errors on standard error.

Not here: the words themselves (see `optimizer.reporting.text`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from optimizer.highs import Progress
    from optimizer.outcome import Outcome

EXIT_ERROR, EXIT_INPUT, EXIT_NO_PLAN, EXIT_LIMIT = 1, 2, 3, 4


@contextmanager
def friendly() -> Iterator[None]:
    """Turn what users can mend into a message and an exit code."""
    from models.problem import CaseError

    try:
        yield
    except CaseError as error:
        count = len(error.problems)
        complain(f"{count} problem{'s' if count > 1 else ''}:\n{error}")
        raise typer.Exit(EXIT_INPUT) from None
    except KeyboardInterrupt:
        complain("stopped")
        raise typer.Exit(EXIT_LIMIT) from None
    except BrokenPipeError:  # whoever read the output has gone; there is nobody to tell
        raise
    except OSError as error:
        complain(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        raise typer.Exit(EXIT_ERROR) from None
    except Exception as error:
        from optimizer.errors import EvplanError
        from optimizer.runs import FolderError

        if not isinstance(error, EvplanError):
            raise
        complain(str(error))
        code = EXIT_INPUT if isinstance(error, FolderError) else EXIT_ERROR
        raise typer.Exit(code) from None


def complain(text: str) -> None:
    """Print on standard error."""
    print(text, file=sys.stderr)


def say(text: str) -> None:
    """Print on standard output."""
    print(text)


def say_written(*names: str | None) -> None:
    """Say which files and folders were written, of those that were named."""
    for name in names:
        if name is not None:
            say(f"\nWritten to {name}")


def heading(text: str) -> None:
    """Print as a heading: bold where the output is a terminal."""
    typer.secho(text, bold=True)


def show_outcome(outcome: Outcome) -> None:
    """Headline, goals, decisions in order of time, and what limits the plan.

    Lines are as long as they are: a terminal wraps them, a file keeps them whole.
    """
    from optimizer.reporting import text

    case = outcome.case
    heading(text.one_line(case.title or case.name))
    for line in text.headline(outcome):
        say(text.one_line(line))
    if outcome.plan is None:
        return
    record = outcome.plan.record
    heading("\nGoals in their order")
    for line in text.aligned(text.GOAL_COLUMNS, text.goal_rows(outcome)):
        say(line)
    for line in text.given_up(outcome):
        say(line)
    rows = text.decision_rows(case, record)
    heading(f"\nDecisions in order of time ({len(rows)})")
    for line in text.aligned(text.DECISION_COLUMNS, rows) if rows else ["none"]:
        say(line)
    heading("\nWhat limits the plan")
    for line in text.limits_in_words(case, record):
        say(f"- {text.one_line(line)}")


@contextmanager
def progress_line() -> Iterator[Callable[[Progress], None] | None]:
    """One line that follows the search; nothing when standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("building the model") as status:
        yield lambda progress: status.update(_progress_text(progress))


def _progress_text(progress: Progress) -> str:
    words = progress.goal.replace("_", " ")
    best = "no plan yet" if progress.best is None else f"best {progress.best:,.0f}"
    bound = "" if progress.bound is None else f", bound {progress.bound:,.0f}"
    gap = "" if progress.gap is None else f", gap {100 * progress.gap:.2f} %"
    left = "" if not progress.remaining else f", about {progress.remaining:,.0f} s left"
    return f"{words}: {best}{bound}{gap}, {progress.seconds:.0f} s{left}"
