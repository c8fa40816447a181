"""A case in the making: new parts, what was touched, and what is wrong so far.

Not here: what a change does (see `models.edits`), whether the parts hold together (that
is checked once, at the end).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import dated, paths
from models.base import Keyed, Written
from models.case import Case
from models.cells import CellError
from models.problem import CaseError, Problem
from models.settings import Settings


@dataclass(frozen=True)
class Touched:
    """A cell that was changed, or a row that was removed (which has no values).

    ``change`` is the number of the change in its scenario, from 0.
    """

    path: str
    old: Any = None
    new: Any = None
    removed: bool = False
    change: int = 0


class Draft:
    """A case in the making: the new parts, what was touched, and what is wrong."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.parts: dict[str, Any] = {}
        #: By table and row number: the rows that stand in its place.
        self.rows: dict[str, dict[int, tuple[Keyed, ...]]] = defaultdict(dict)
        self.touched: list[Touched] = []
        self.problems: list[Problem] = []

    def record(self, table: str, number: int) -> Written:
        """The row, goal, section, or settings without a section, as the case has it."""
        if not table:
            return Settings(**{name: getattr(self.case, name) for name in Settings.model_fields})
        if number < 0:
            section: Written = getattr(self.case, table)
            return section
        return paths.keyed(self.case, table)[number]

    def refuse(self, table: str, number: int, column: str, reason: CellError) -> None:
        """Note a problem; then no case comes out."""
        where = paths.keyed(self.case, table)[number].path if number >= 0 else table or "case"
        problem = Problem(where, 0, column, reason.found, reason.allowed, reason.cure)
        self.problems.append(problem)

    def put(
        self, table: str, number: int, values: Mapping[str, Any], parts: dated.Parts | None = None
    ) -> None:
        """Give a record new values, or only that part of a row's time that is meant."""
        old = parts.inside if parts else self.record(table, number)
        path = old.path if isinstance(old, Keyed) else table
        try:
            new = paths.with_values(old, values, path or "case")
        except CaseError as error:
            self.problems.extend(error.problems)
            return
        changed = {name: getattr(new, name) for name in values}
        changed = {name: value for name, value in changed.items() if value != getattr(old, name)}
        if not changed:
            return
        self.touched += [
            Touched(f"{path}.{name}".strip("."), getattr(old, name), value)
            for name, value in changed.items()
        ]
        if isinstance(new, Keyed):
            self.rows[table][number] = (*parts.before, new, *parts.after) if parts else (new,)
        else:
            self.parts |= {table: new} if table else changed

    def result(self) -> tuple[Case, list[Touched]]:
        """The case and what was touched; `CaseError` with all that is wrong."""
        if self.problems:
            raise CaseError(self.problems)
        for table, new in self.rows.items():
            rows = enumerate(paths.keyed(self.case, table))
            self.parts[table] = tuple(part for n, row in rows for part in new.get(n, (row,)))
        return unchecked(self.case, self.parts), self.touched


def unchecked(case: Case, parts: Mapping[str, Any]) -> Case:
    """The case with other parts, not checked as a whole."""
    same = {name: getattr(case, name) for name in type(case).model_fields}
    return Case.model_construct(**{**same, **parts})
