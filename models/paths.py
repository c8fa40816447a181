"""Paths: the names by which single numbers of a case are found and changed.

A path is the table, the values of its key columns and a column, joined by
dots: ``launches.c10.germany.peak_share``; or a settings group and a setting:
``finance.opening_cash``. ``*`` stands for any one part, or with other
characters for the rest of a part (``jinhua_*``). In a dated table the ``since``
may be left out and then every date is meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from models.base import Frozen, Row
from models.problem import CaseError, Problem

if TYPE_CHECKING:
    from models.case import Case

#: Settings groups of a case that paths can name.
GROUPS = ("horizon", "finance", "target")
#: Single settings of a case that paths can name.
SETTINGS = ("name", "title", "currency", "money_unit", "price_basis")


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint naming the words most like ``word``, or nothing."""
    close = difflib.get_close_matches(word, list(words), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(close)}?".removesuffix("?") if close else ""


def _fits(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(
        part == wanted or ("*" in wanted and fnmatchcase(part, wanted))
        for wanted, part in zip(pattern, parts, strict=True)
    )


def _addresses(row: Row) -> Iterator[list[str]]:
    parts = row.path.split(".")
    yield parts
    if row.dated and getattr(row, "since", None):
        yield parts[:-1]


def matching(case: Case, pattern: str) -> list[tuple[str, int, str]]:
    """Cells that a pattern names, as (table, row number, column).

    For a settings group the table is its name and the row number -1.
    """
    wanted = pattern.split(".")
    table, *_, column = wanted
    if len(wanted) == 1:
        return [("", -1, pattern)] if pattern in SETTINGS else []
    if table in GROUPS:
        group = getattr(case, table)
        known = type(group).model_fields if group is not None else ()
        return [(table, -1, name) for name in known if _fits(wanted, [table, name])]
    rows = getattr(case, table, ())
    if not isinstance(rows, tuple) or not rows or not isinstance(rows[0], Row):
        return []
    columns = [
        name
        for name in type(rows[0]).model_fields
        if name not in rows[0].keys and (name == column or ("*" in column and fnmatchcase(name, column)))
    ]
    return [
        (table, number, name)
        for number, row in enumerate(rows)
        if any(_fits(wanted[:-1], address) for address in _addresses(row))
        for name in columns
    ]


def all_paths(case: Case) -> Iterator[str]:
    """Every path of a case that can be changed."""
    yield from SETTINGS
    for name in GROUPS:
        group = getattr(case, name)
        if group is not None:
            yield from (f"{name}.{setting}" for setting in type(group).model_fields)
    for name in type(case).model_fields:
        rows = getattr(case, name)
        if isinstance(rows, tuple):
            for row in rows:
                if isinstance(row, Row):
                    yield from (f"{row.path}.{c}" for c in type(row).model_fields if c not in row.keys)


def with_values(record: Frozen, values: Mapping[str, Any], where: str) -> Frozen:
    """The record with some fields replaced; `CaseError` for a value not allowed."""
    try:
        old = {name: getattr(record, name) for name in type(record).model_fields}
        return type(record).model_validate({**old, **values})
    except ValidationError as error:
        raise CaseError(
            [
                Problem(
                    where=where,
                    column=str(detail["loc"][0]) if detail["loc"] else "",
                    found=f"{detail['msg'].lower()}, found {detail.get('input')!r:.80}",
                )
                for detail in error.errors(include_url=False)
            ]
        ) from None


def changed_parts(case: Case, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a case after ``changes`` from path to value, applied in order."""
    parts: dict[str, Any] = {name: getattr(case, name) for name in type(case).model_fields}
    problems: list[Problem] = []
    for path, value in changes.items():
        cells = matching(case, path)
        if not cells:
            hint = nearest(path, all_paths(case))
            problems.append(
                Problem(
                    where=path,
                    found="nothing in the case has this path",
                    allowed="table.key.column, such as markets.germany.max_share",
                    cure=hint,
                )
            )
        for table, number, column in cells:
            try:
                if not table:
                    field = type(case).model_fields[column]
                    parts[column] = TypeAdapter(field.annotation).validate_python(value)
                elif number < 0:
                    parts[table] = with_values(parts[table], {column: value}, table)
                else:
                    rows = list(parts[table])
                    rows[number] = with_values(rows[number], {column: value}, rows[number].path)
                    parts[table] = tuple(rows)
            except (CaseError, ValidationError) as error:
                if isinstance(error, CaseError):
                    problems.extend(error.problems)
                else:
                    problems.append(Problem(where=path, found=str(error.errors()[0]["msg"])))
    if problems:
        raise CaseError(problems)
    return parts
