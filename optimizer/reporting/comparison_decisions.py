"""The decisions of a comparison that differ: how many in which way, and which.

Not here: finding them (see `optimizer.studies.differences`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.case import Case
from models.market import Entry
from models.vehicle import Launch
from optimizer.reporting.comparison_words import periods_words
from optimizer.reporting.text import aligned, one_line, title_of

if TYPE_CHECKING:
    from optimizer.studies.compare import Side
    from optimizer.studies.differences import DecisionChange

#: Markets told of decisions that differ alike.
MOST_NAMES = 4


def decision_counts(sides: Sequence[Side]) -> list[str]:
    """One line a scenario: how many decisions differ in which way."""
    lines = []
    for side in sides:
        later = sum(
            change.kind == "moved" and (change.periods or 0) > 0 for change in side.decisions
        )
        sooner = sum(change.kind == "moved" for change in side.decisions) - later
        kinds = [change.kind for change in side.decisions]
        told = [
            f"{number} {words}"
            for number, words in (
                (kinds.count("added"), "added"),
                (kinds.count("dropped"), "dropped"),
                (later, "later"),
                (sooner, "sooner"),
                (kinds.count("mode"), "by another way in"),
                (kinds.count("size"), "of another size"),
            )
            if number
        ]
        lines.append(one_line(f"{side.name}: {', '.join(told) or 'all as in the base case'}"))
    return lines


def decision_table(case: Case, sides: Sequence[Side]) -> list[str]:
    """A row for each decision that differs, a column for each scenario.

    Launches of a car, and entries of a kind, that differ alike are one row.
    """
    by_key = [{change.key: change for change in side.decisions} for side in sides]
    cases = [side.outcome.case for side in sides]
    groups: dict[tuple[str, ...], list[str]] = {}
    for key in dict.fromkeys(key for changes in by_key for key in changes):
        known = next(changes[key] for changes in by_key if key in changes)
        cells = [
            _decision_words(case, side, changes.get(key))
            for side, changes in zip(sides, by_key, strict=True)
        ]
        about = _about(case if known.commitment else _owner(cases, key), key)
        groups.setdefault((known.start, *cells, *about[:2]), []).append(about[2])
    when = case.horizon.ordinal
    # Soonest in the base plan first, then what it does not have.
    order = sorted(groups, key=lambda group: when(group[0]) if group[0] else 10**9)
    rows = []
    for group in order:
        *cells, before, after = group
        rows.append([f"{before}{_few(groups[group])}{after}", *cells])
    columns = ["Decision", "base", *(one_line(side.name) for side in sides)]
    return aligned(columns, rows) if rows else []


def _owner(cases: Sequence[Case], id: str) -> Case:
    """A case that has a commitment."""
    return next(case for case in cases if id in case.commitments)


def _about(case: Case, id: str) -> tuple[str, str, str]:
    """A decision in words, parted so that like ones can be told as one: before, after, name."""
    kind = id.split(".")[0]
    after = f" ({_KINDS.get(kind, kind.removesuffix('s'))})"
    row = case.commitments[id]
    if isinstance(row, Launch) and not row.title:
        car = title_of(case, f"vehicles.{row.vehicle}")
        return f"{car} in ", after, _market(case, row.market)
    if isinstance(row, Entry) and not row.title:
        return "", f": {row.mode}{after}", _market(case, row.market)
    return title_of(case, id), after, ""


def _market(case: Case, id: str) -> str:
    return next(row.title or id for row in case.markets if row.market == id)


def _few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = names if len(names) <= MOST_NAMES + 1 else names[:MOST_NAMES]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


_KINDS = {"entries": "entry", "launches": "launch", "expansions": "capacity", "vehicles": "car"}


def _decision_words(case: Case, side: Side, change: DecisionChange | None) -> str:
    """What becomes of a decision; blank where it is as in the base case."""
    if change is None:
        return ""
    if change.kind == "dropped":
        return "dropped"
    if change.kind == "added":
        return f"added {change.other_start}"
    if change.kind == "moved":
        return f"{change.other_start} ({periods_words(case, change.periods or 0)})"
    return f"instead {title_of(side.outcome.case, change.other)} {change.other_start}"
