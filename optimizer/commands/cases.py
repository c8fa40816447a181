"""``evplan check``, ``init`` and ``cases``: cases in folders and workbooks."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.commands.given import CaseArgument, folder_from
from optimizer.commands.shown import friendly, say


def check(case: CaseArgument) -> None:
    """Say everything that is wrong with a case."""
    with friendly():
        from models.case import TABLES
        from models.levers import problems_of
        from models.problem import CaseError
        from optimizer.reporting.text import one_line
        from optimizer.tables import load_case

        found = load_case(folder_from("CASE", case))
        wrong = problems_of(found)
        if wrong:
            raise CaseError(wrong)
        rows = sum(len(found.rows(table)) for table in TABLES)
        horizon = found.horizon
        say(
            f"{one_line(found.title or found.name)}: sound. {rows} rows, {len(found.commitments)} commitments, "
            f"{horizon.count} periods from {horizon.first} to {horizon.last}."
        )


def init(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder to make, or workbook if it ends in .xlsx.")
    ],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="Shipped case, folder or workbook to start from."
        ),
    ] = "tiny",
    excel: Annotated[
        bool, typer.Option("--excel", help="Make an Excel workbook (.xlsx) instead of a folder.")
    ] = False,
) -> None:
    """Make a case of your own from a shipped case: a folder, or an Excel workbook."""
    with friendly():
        from optimizer.catalogue import copy_case, find_case, is_workbook

        target, origin = folder_from("DIR", folder), folder_from("--from", source)
        if excel and not is_workbook(target):
            target = target.with_name(f"{target.name}.xlsx")
        if is_workbook(target) or is_workbook(find_case(origin)):
            from optimizer.workbooks.converting import convert

            convert(origin, target)
        else:
            copy_case(origin, target)
        say(f"Made {target} from {source}. Next: evplan check {target}")


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
