"""``evplan convert``: folders, workbooks and runs, one made of the other."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.commands.given import folder_from
from optimizer.commands.shown import complain, friendly, say


def convert(
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE", help="A case's folder or workbook, a shipped case, or a run's folder."
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="What to make: a workbook (.xlsx) or a folder.")
    ],
) -> None:
    """Make an Excel workbook of a case or run, or a folder of a workbook."""
    with friendly():
        from optimizer.workbooks.converting import convert as make

        for note in make(folder_from("CASE", case), folder_from("TARGET", target)):
            complain(f"note: {note}")
        say(f"Made {target} from {case}.")
