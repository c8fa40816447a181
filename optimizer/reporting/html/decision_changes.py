"""The table of decisions that differ from one plan to another, for pages of many plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from models.case import Case
from optimizer.reporting.html.parts import Cell, Table, words
from optimizer.reporting.near_best import CHANGE_WORDS, named

if TYPE_CHECKING:
    from optimizer.studies.differences import DecisionChange

Named = tuple[str, Sequence["DecisionChange"]]


def changes_table(id: str, caption: str, first: str, case: Case, every: Iterable[Named]) -> Table:
    """A row for each difference; ``every`` are plans by name with what they decide otherwise."""
    rows = tuple(
        (
            words(name),
            words(_what(case, change)),
            words(CHANGE_WORDS[change.kind]),
            words(change.start),
            words(change.other_start),
            words("") if change.periods is None else Cell(f"{change.periods:+d}", change.periods),
        )
        for name, changes in every
        for change in changes
    )
    columns = (first, "Decision", "Change", "Start before", "Start", "Periods later>")
    return Table(id, caption, columns, rows, opened=len(rows) <= 30)


def _what(case: Case, change: DecisionChange) -> str:
    before, after = (named(case, id) if id else "" for id in (change.commitment, change.other))
    if before and after and before != after:
        return f"{before} becomes {after}"
    return before or after
