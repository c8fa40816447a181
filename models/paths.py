"""Paths: the names by which single numbers of a case are found and changed.

A path is the table, the values of its key columns and a column, joined by
dots: ``launches.c10.germany.peak_share``; or a settings group and a setting:
``finance.opening_cash``; or goals, their kind and a setting: ``goals.npv.tolerance``.
``*`` stands for any one part, or with other characters for the rest of a part
(``jinhua_*``). In a dated table the ``since`` may be left out and then every date is
meant. Key columns have no path: they are what a path is made of. Not here: how text
becomes a value (see `models.cells`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from models.base import Keyed, Row, Written
from models.cells import CellError, refusals, taken
from models.problem import CaseError, Problem
from models.settings import Settings

if TYPE_CHECKING:
    from models.case import Case

#: Settings groups of a case that paths can name.
GROUPS = ("horizon", "finance", "target")
#: Single settings of a case that paths can name.
SETTINGS = tuple(Settings.model_fields)
Record = TypeVar("Record", bound=Written)
_FORM = "table.key.column, such as markets.germany.max_share"


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint naming the words most like ``word``, or nothing."""
    known = {other.casefold(): other for other in words}
    close = difflib.get_close_matches(word.casefold(), list(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(known[other] for other in close)}?" if close else ""


def _fits(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    return len(pattern) == len(parts) and all(
        part == wanted or ("*" in wanted and fnmatchcase(part, wanted))
        for wanted, part in zip(pattern, parts, strict=True)
    )


def _rows(case: Case, table: str) -> tuple[Row, ...]:
    rows = getattr(case, table, ()) if table in type(case).model_fields else ()
    return rows if isinstance(rows, tuple) and rows and isinstance(rows[0], Row) else ()


def keyed(case: Case, table: str) -> tuple[Keyed, ...]:
    """The records that paths tell apart by key: rows of a table, or the goals in their order."""
    return case.goals_in_order if table == "goals" else _rows(case, table)


def matching(case: Case, pattern: str) -> list[tuple[str, int, str]]:
    """Cells that a pattern names, as (table, row number, column).

    For a settings group the table is its name and the row number -1.
    """
    return list(_cells(case, pattern))


def meets(case: Case, pattern: str) -> bool:
    """Whether a pattern names anything."""
    return next(_cells(case, pattern), None) is not None


def _cells(case: Case, pattern: str) -> Iterator[tuple[str, int, str]]:
    table, *wanted = pattern.split(".")
    if not wanted and table in SETTINGS:
        yield "", -1, table
    elif table in GROUPS:
        group = getattr(case, table, None)
        known = type(group).model_fields if group is not None else ()
        yield from ((table, -1, name) for name in known if _fits(wanted, [name]))
    rows = keyed(case, table) if wanted else ()
    if not rows:
        return
    *address, column = wanted
    kind = type(rows[0])
    columns = [
        name for name in kind.model_fields if name not in kind.keys and _fits([column], [name])
    ]
    for number in _numbers(rows, address):
        yield from ((table, number, name) for name in columns)


def matching_rows(case: Case, pattern: str) -> list[tuple[str, int]]:
    """Rows that a pattern names, as (table, row number): a path that ends before the column."""
    table, *address = pattern.split(".")
    return [(table, number) for number in _numbers(_rows(case, table), address)]


def _numbers(rows: Sequence[Keyed], address: Sequence[str]) -> Iterator[int]:
    """Numbers of the rows whose key a pattern names."""
    # Most parts are plain words or *: compare only the words, row by row.
    size = len(address) + 1
    words = [(n, part) for n, part in enumerate(address, 1) if "*" not in part]
    globs = [(n, part) for n, part in enumerate(address, 1) if "*" in part and part != "*"]
    for number, row in enumerate(rows):
        for found in row.addresses:
            if len(found) != size or any(found[n] != part for n, part in words):
                continue
            if all(fnmatchcase(found[n], part) for n, part in globs):
                yield number
                break


def all_paths(case: Case) -> Iterator[str]:
    """Every path of a case that can be changed."""
    yield from SETTINGS
    for name in GROUPS:
        group = getattr(case, name)
        if group is not None:
            yield from (f"{name}.{setting}" for setting in type(group).model_fields)
    for name in type(case).model_fields:
        for row in keyed(case, name):
            yield from (f"{row.path}.{c}" for c in type(row).model_fields if c not in row.keys)


def with_values(record: Record, values: Mapping[str, Any], where: str) -> Record:
    """The record with some fields replaced; `CaseError` for a value not allowed.

    Text is read as a cell of a table is; blank text and ``None`` give the default.
    """
    kind = type(record)
    problems: list[Problem] = []
    new = {name: getattr(record, name) for name in kind.model_fields}
    for name, value in values.items():
        try:
            new[name] = taken(value, kind.model_fields[name])
        except CellError as error:
            problems.append(_problem(where, name, error))
    if not problems:
        try:
            return kind.model_validate(new)
        except ValidationError as error:
            problems = [_problem(where, name, reason) for name, reason in refusals(error, kind)]
    raise CaseError(problems)


def _problem(where: str, column: str, reason: CellError) -> Problem:
    return Problem(where, 0, column, reason.found, reason.allowed, reason.cure)


def changed_parts(case: Case, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a case after ``changes`` from path to value, applied in order."""
    parts: dict[str, Any] = {name: getattr(case, name) for name in type(case).model_fields}
    tables: dict[str, list[Keyed]] = {}
    problems: list[Problem] = []
    for path, value in changes.items():
        cells = matching(case, path)
        if not cells:
            problems.append(unmet(case, path))
        for table, number, column in cells:
            try:
                if not table:
                    parts.update(_setting(case, column, value))
                elif number < 0:
                    parts[table] = with_values(parts[table], {column: value}, table)
                else:
                    rows = tables.setdefault(table, list(keyed(case, table)))
                    rows[number] = with_values(rows[number], {column: value}, rows[number].path)
            except CaseError as error:
                problems.extend(error.problems)
    if problems:
        raise CaseError(problems)
    return parts | {table: tuple(rows) for table, rows in tables.items()}


def _setting(case: Case, name: str, value: Any) -> dict[str, Any]:
    """One of the settings that stand in no section, checked."""
    record = Settings(**{setting: getattr(case, setting) for setting in SETTINGS})
    return {name: getattr(with_values(record, {name: value}, "case"), name)}


# A path that meets nothing --------------------------------------------------


def unmet(case: Case, path: str) -> Problem:
    """Why a path meets nothing, and the nearest that does."""
    table, *key = path.split(".")
    column = key.pop() if key else ""
    parts = type(case).model_fields
    if path == table or table not in parts:
        heads = (*SETTINGS, *GROUPS, *(name for name in parts if keyed(case, name)))
        rest = path.removeprefix(table)
        close = difflib.get_close_matches(table, heads, n=1, cutoff=0.5)
        return Problem(
            path,
            found="nothing in the case has this path",
            allowed=_FORM,
            cure=f"Did you mean {close[0]}{rest}?" if close and close[0] != table else "",
        )
    if table in GROUPS:
        return _unmet_setting(case, table, column, path)
    rows = keyed(case, table)
    if not rows:
        return Problem(
            path,
            found=f"the case has no rows of {table}",
            allowed=_FORM,
            cure=f"Use Case.replace({table}=...)",
        )
    return _unmet_cell(rows, table, ".".join(key), column, path)


def unmet_row(case: Case, path: str) -> Problem:
    """Why a path that is to name rows meets none, and the nearest that does."""
    table, _, key = path.partition(".")
    rows = _rows(case, table)
    if not rows:
        tables = [name for name in type(case).model_fields if _rows(case, name)]
        close = difflib.get_close_matches(table, tables, n=1, cutoff=0.5)
        return Problem(
            path,
            found="goals are no table" if table == "goals" else f"the case has no rows of {table}",
            allowed=", ".join(tables),
            cure=f"Did you mean {close[0]}{path.removeprefix(table)}?" if close else "",
        )
    allowed = f"{table}.{'.'.join(type(rows[0]).keys)}, without a column"
    if meets(case, path):
        row = path.rpartition(".")[0]
        return Problem(path, found="it names a cell", allowed=allowed, cure=f"Write {row}")
    addresses = {".".join(address[1:]) for row in rows for address in row.addresses}
    close = difflib.get_close_matches(key, sorted(addresses), n=3, cutoff=0.5)
    return Problem(
        path,
        found=f"{table} has no row {key!r}" if key else "no row is named",
        allowed=allowed,
        cure=f"Did you mean {' or '.join(f'{table}.{address}' for address in close)}?"
        if close
        else "",
    )


def _unmet_setting(case: Case, group: str, setting: str, path: str) -> Problem:
    record = getattr(case, group)
    if record is None:
        return Problem(
            path,
            found=f"the case has no [{group}]",
            cure=f"Use Case.replace({group}=...) to add it",
        )
    known = type(record).model_fields
    return Problem(
        path,
        found=f"{group} has no setting {setting!r}",
        allowed=", ".join(known),
        cure=nearest(setting, known),
    )


def _unmet_cell(rows: tuple[Keyed, ...], table: str, key: str, column: str, path: str) -> Problem:
    kind = type(rows[0])
    columns = [name for name in kind.model_fields if name not in kind.keys]
    addresses = {".".join(address[1:]) for row in rows for address in row.addresses}
    if any(_fits(key.split("."), address.split(".")) for address in addresses):
        if column in kind.keys:
            return Problem(
                path,
                found=f"{column} is part of the key that tells the rows of {table} apart",
                allowed=", ".join(columns),
                cure=f"Use Case.replace({table}=...) with new rows",
            )
        return Problem(
            path,
            found=f"{table} has no column {column!r}",
            allowed=", ".join(columns),
            cure=nearest(column, columns),
        )
    if f"{key}.{column}".strip(".") in addresses:
        return Problem(
            path, found="the path ends at a row and names no column", allowed=", ".join(columns)
        )
    lengths = {address.count(".") + 1 for address in addresses}
    if key and key.count(".") + 1 not in lengths:
        return Problem(
            path,
            found=f"between table and column stand {key.count('.') + 1} part(s)",
            allowed=f"{table}.{'.'.join(kind.keys)}.column",
            cure="Write a * for each part that may be anything",
        )
    close = difflib.get_close_matches(key, sorted(addresses), n=3, cutoff=0.5)
    shown = " or ".join(f"{table}.{address}.{column}" for address in close)
    if table == "goals":
        return Problem(
            path,
            found=f"{key} is no goal of the case" if key else "no goal is named",
            allowed=", ".join(f"{row.path}.{column}" for row in rows),
            cure=f"Did you mean {shown}?"
            if shown
            else "Use Case.replace(goals=...) to add it"
            if key
            else "",
        )
    return Problem(
        path,
        found=f"{table} has no row {key!r}" if key else "no row is named",
        allowed=f"{table}.{'.'.join(kind.keys)}.column",
        cure=f"Did you mean {shown}?" if shown else "",
    )
