"""Removing rows from a case as if nobody had ever heard of them.

What refers to a row that goes, goes too; so does what could never start without it: a
commitment that waits for nothing that is left, the launches of a market that loses its
last entry. Removing a commitment thus allows the same plans as forbidding it, unless
something that goes with it was mandatory or in place. Not here: which rows are meant
(see `models.edits`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from models import paths
from models.base import Row
from models.case import TABLES, Case
from models.check_rows import lever_meets
from models.commitment import Commitment, ExclusiveGroup, Precedence
from models.finance import Budget
from models.vehicle import Launch

Tables = Mapping[str, tuple[Row, ...]]


class Removal(NamedTuple):
    """What is left: whole tables, rows that went, precedences that lost an alternative."""

    tables: Tables
    went: list[Row]
    shortened: list[tuple[Precedence, Precedence]]


def without(case: Case, gone: Iterable[tuple[str, int]]) -> Removal:
    """The case's tables when rows, given as (table, number), go with all that hangs on them."""
    doomed = set(gone)
    before: Tables = {name: case.rows(name) for name in TABLES}
    left: Tables = {
        name: tuple(row for number, row in enumerate(rows) if (name, number) not in doomed)
        for name, rows in before.items()
    }
    # A precedence that is itself to go holds nothing back.
    rules = [row for row in left["precedences"] if isinstance(row, Precedence)]
    while True:
        hangs = _hanging(before, left, rules)
        fewer = {name: tuple(row for row in rows if not hangs(row)) for name, rows in left.items()}
        done = all(len(rows) == len(left[name]) for name, rows in fewer.items())
        left = fewer
        if done:
            break
    kept = {id(row) for rows in left.values() for row in rows}
    went = [row for rows in before.values() for row in rows if id(row) not in kept]
    lost = _lost(_names(before), _names(left))["commitments"]
    shortened = [
        (row, row.model_copy(update={"after": tuple(id for id in row.after if id not in lost)}))
        for row in rules
        if id(row) in kept and lost & set(row.after)
    ]
    new = {id(old): row for old, row in shortened}
    left = {**left, "precedences": tuple(new.get(id(row), row) for row in left["precedences"])}
    smaller = {row.table for row in went} | {old.table for old, _ in shortened}
    return Removal({name: left[name] for name in smaller}, went, shortened)


def _hanging(before: Tables, left: Tables, rules: list[Precedence]) -> Callable[[Row], bool]:
    """Tells which rows cannot stay, now that only ``left`` is there."""
    lost = _lost(_names(before), _names(left))
    stuck = {rule.commitment for rule in rules if set(rule.after) <= lost["commitments"]}
    closed, groups, categories = (
        set(words(before)) - set(words(left)) for words in (_entered, _groups, _categories)
    )

    def hangs(row: Row) -> bool:
        if isinstance(row, Precedence):
            gone = lost["commitments"]
            return row.commitment in gone or set(row.after) <= gone
        if isinstance(row, ExclusiveGroup):
            return row.group in groups
        if isinstance(row, Budget):
            return row.category in categories
        if isinstance(row, Launch) and row.market in closed:
            return True
        if isinstance(row, Commitment) and row.id in stuck and row.status != "in_place":
            return True
        return any(getattr(row, name) in lost[table] for name, table in _referring(row))

    return hangs


def _referring(row: Row) -> Iterator[tuple[str, str]]:
    return ((name, facts["refers"]) for name, facts in row.columns() if facts["refers"])


def _names(tables: Tables) -> dict[str, set[str]]:
    """What rows can be referred to by, for each table and for ``commitments``."""
    names: dict[str, set[str]] = defaultdict(set)
    for table, rows in tables.items():
        names[table] = {row.key[0] for row in rows}
        names["commitments"].update(row.id for row in rows if isinstance(row, Commitment))
    return names


def _lost(before: Mapping[str, set[str]], left: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {table: names - left[table] for table, names in before.items()}


def _entered(tables: Tables) -> Iterator[str]:
    """Markets that have a way in."""
    return (row.key[0] for row in tables["entries"])


def _commitments(tables: Tables) -> Iterator[Commitment]:
    return (row for rows in tables.values() for row in rows if isinstance(row, Commitment))


def _groups(tables: Tables) -> Iterator[str]:
    """Exclusive groups that have a member."""
    return (group for row in _commitments(tables) for group in row.exclusive_group)


def _categories(tables: Tables) -> Iterator[str]:
    """Budget categories that have a commitment."""
    return (row.budget_category for row in _commitments(tables))


def without_idle_sources(case: Case) -> tuple[Row, ...]:
    """The sources that still speak for some cell; the others go with their cells."""
    return tuple(row for row in case.sources if paths.meets(case, row.cells))


def without_idle_levers(case: Case) -> tuple[Row, ...]:
    """The levers that still move some cell, with the paths that still name one."""
    kept = []
    for row in case.levers:
        moves = tuple(path for path in row.moves if lever_meets(case, path))
        if moves:
            kept.append(row if moves == row.moves else row.model_copy(update={"moves": moves}))
    return tuple(kept)
