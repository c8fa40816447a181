"""``evplan show``: a run that was written, again."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.commands.given import folder_from
from optimizer.commands.shown import friendly, show_outcome


def show(run: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a run.")]) -> None:
    """Audit a run and show it again."""
    with friendly():
        from optimizer.runs import load_run

        show_outcome(load_run(folder_from("RUN", run)))
