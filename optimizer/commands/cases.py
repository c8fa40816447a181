"""``evplan check``, ``init`` and ``cases``: folders of cases."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.commands.given import CaseArgument, folder_from
from optimizer.commands.shown import friendly, say


def check(case: CaseArgument) -> None:
    """Say everything that is wrong with a case."""
    with friendly():
        from models.case import TABLES
        from optimizer.reporting.text import one_line
        from optimizer.tables import load_case

        found = load_case(folder_from("CASE", case))
        rows = sum(len(found.rows(table)) for table in TABLES)
        horizon = found.horizon
        say(
            f"{one_line(found.title or found.name)}: sound. {rows} rows, {len(found.commitments)} commitments, "
            f"{horizon.count} periods from {horizon.first} to {horizon.last}."
        )


def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to make.")],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Shipped case or folder to start from.")
    ] = "tiny",
) -> None:
    """Make a case folder from a shipped case."""
    with friendly():
        from optimizer.catalogue import copy_case

        copy_case(folder_from("--from", source), folder_from("DIR", folder))
        say(f"Made {folder} from {source}. Next: evplan check {folder}")


def cases() -> None:
    """List the shipped cases."""
    with friendly():
        from optimizer.catalogue import shipped_cases
        from optimizer.reporting.text import one_line
        from optimizer.tables import load_case

        folders = shipped_cases()
        width = max(map(len, folders), default=0)
        for name, folder in folders.items():
            say(f"{name:<{width}}  {one_line(load_case(folder).title)}".rstrip())
