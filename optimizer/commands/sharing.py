"""What commands share that solve many cases: workers, the store, and how far they are.

Not here: solving them (see `optimizer.studies.many`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.commands.given import folder_from
from optimizer.commands.shown import complain

if TYPE_CHECKING:
    from optimizer.studies.many import Headway
    from optimizer.studies.store import Store

WorkersOption = Annotated[
    str | None,
    typer.Option("--workers", metavar="N", help="Processes; by default one for each core."),
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR", help="Folder of kept solves (.evplan/store)."),
]
NoStoreOption = Annotated[bool, typer.Option("--no-store", help="Keep no solves.")]
#: Lines of progress where standard error is no terminal.
LINES = 10


def workers_from(text: str | None, cluster: str | None = None) -> int | None:
    """How many processes --workers asks for; None: not said."""
    from models.problem import CaseError, Problem

    if text is None:
        return None
    if cluster is not None:
        found = "it stands beside --cluster, which has workers of its own"
        raise CaseError([Problem("--workers", found=found, cure="Leave one of them out")])
    if not (text.strip().isdecimal() and 1 <= int(text) <= 256):
        found = f"{text!r} is no number of workers"
        raise CaseError([Problem("--workers", found=found, allowed="a whole number from 1 to 256")])
    return int(text)


def store_from(folder: str | None, none: bool) -> Store | None:
    """The store that --store and --no-store ask for."""
    from models.problem import CaseError, Problem
    from optimizer.studies.store import DEFAULT_STORE, Store

    if none and folder is not None:
        found = "it stands beside --no-store"
        raise CaseError([Problem("--store", found=found, cure="Leave one of them out")])
    if none:
        return None
    return Store(DEFAULT_STORE if folder is None else folder_from("--store", folder))


@contextmanager
def headway_shown() -> Iterator[Callable[[Headway], None]]:
    """A bar that follows the solves; a few lines where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("solving"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),  # it moves on through a long solve too
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(headway: Headway) -> None:
            bar.update(
                task,
                total=headway.total,
                completed=headway.done,
                description=_rest(headway).removeprefix(", "),
            )

        yield show


class _Lines:
    """Says how far the solves are, about as often as it is worth a line."""

    def __init__(self) -> None:
        self.said = 0

    def __call__(self, headway: Headway) -> None:
        part = LINES * headway.done // headway.total if headway.total else LINES
        if part > self.said:
            self.said = part
            complain(f"{headway.done} of {headway.total} solves{_rest(headway)}")


def _rest(headway: Headway) -> str:
    words = f", {headway.kept} of them kept" if headway.kept else ""
    words += f", {headway.faults} failed" if headway.faults else ""
    if headway.remaining and headway.done < headway.total:
        words += f", about {_span(headway.remaining)} left"
    return words


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
