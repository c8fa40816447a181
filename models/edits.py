"""Carrying out one change on a case, and saying what became of each cell.

The case that comes out is not checked as a whole: changes that belong together may pass
through a state that does not hold together, so that is done at the end (see
`models.scenario`). Sums and products are those of the decimal numbers as written:
0.1 + 0.35 is 0.45.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from math import inf
from typing import Any

from models import dated, paths
from models.base import Row, Written
from models.case import COMMITMENT_TABLES, Case
from models.cells import CellError, allowed_text, cell_text, kind_of
from models.change import ON_ROWS, Change
from models.commitment import Commitment
from models.dated import SINCE
from models.draft import Draft, Touched, unchecked
from models.horizon import Horizon
from models.problem import CaseError, Problem
from models.removal import without

#: A cell as (table, row number, column), as `models.paths` has it; a row has no column.
Place = tuple[str, int, str]
#: Places that a change names, and whether only a wildcard met them.
Places = dict[Place, bool]


class Misfit(CellError):
    """A cell on which an operation has no meaning; wildcards pass it over."""


def unmet_paths(case: Case, change: Change) -> list[Problem]:
    """Paths of a change that name nothing in a case, each with the nearest that does."""
    reason = paths.unmet_row if change.operation in ON_ROWS else paths.unmet
    return [reason(case, path) for path in change.paths if not list(_met(case, change, path))]


def edited(case: Case, change: Change) -> tuple[Case, list[Touched]]:
    """The case after one change, not checked as a whole, and what the change did.

    Paths that meet nothing are passed over. Raises `CaseError` for an operation or a
    value that a cell does not take.
    """
    places: Places = {}
    for path in change.paths:
        for place, loose in _met(case, change, path):
            places[place] = loose and places.get(place, True)
    if change.operation == "remove":
        return _removed(case, places)
    if change.operation in ("forbid", "force"):
        return _decided(case, change, places)
    cells = {place: loose for place, loose in places.items() if place[2] != SINCE}
    case, touched = _changed(case, change, cells)
    if len(cells) < len(places):
        case, more = _moved(case, change, places)
        touched += more
    return case, touched


def _met(case: Case, change: Change, path: str) -> Iterator[tuple[Place, bool]]:
    """Places that a path names, and whether by a wildcard for what the change is about."""
    head, _, column = path.rpartition(".")
    if change.operation in ON_ROWS:
        yield from (((*row, ""), "*" in path) for row in paths.matching_rows(case, path))
    elif change.operation == "shift" and column == SINCE:
        rows = paths.matching_rows(case, head)
        yield from (((*row, SINCE), False) for row in rows if case.rows(row[0])[0].dated)
    else:
        yield from ((place, "*" in column) for place in paths.matching(case, path))


# Rows ----------------------------------------------------------------------------


def _removed(case: Case, places: Places) -> tuple[Case, list[Touched]]:
    """Rows that go, with all that hangs on them."""
    removal = without(case, ((table, number) for table, number, _ in places))
    touched = [Touched(row.path, removed=True) for row in removal.went]
    touched += [
        Touched(f"{old.path}.after", old.after, new.after) for old, new in removal.shortened
    ]
    return unchecked(case, removal.tables), touched


def _decided(case: Case, change: Change, places: Places) -> tuple[Case, list[Touched]]:
    """Commitments that are forbidden or forced; what is in place is decided already."""
    draft = Draft(case)
    forced = change.operation == "force"
    values = {"status": "mandatory" if forced else "forbidden"}
    if change.at is not None:
        values |= {"earliest": change.at, "latest": change.at}
    cure = "Leave it out" if forced else "Use remove to plan as if it had never been"
    for (table, number, _), loose in places.items():
        row = case.rows(table)[number]
        if not isinstance(row, Commitment):
            allowed = f"a row of {', '.join(COMMITMENT_TABLES)}"
            draft.refuse(table, number, "", CellError("it is no commitment", allowed))
        elif row.status != "in_place":
            draft.put(table, number, values)
        elif not loose:
            reason = CellError("it is in place already", "what is still open", cure)
            draft.refuse(table, number, "", reason)
    return draft.result()


def _moved(case: Case, change: Change, places: Places) -> tuple[Case, list[Touched]]:
    """Rows of dated tables that hold from another period on."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for table, number, column in places:
        if column == SINCE:
            numbers[table].add(number)
    draft = Draft(case)
    for table, some in numbers.items():
        rows = case.rows(table)
        try:
            moved = dated.moved(case.horizon, rows, some, int(change.by or 0))
        except CaseError as error:
            draft.problems.extend(error.problems)
            continue
        for number, new in moved.items():
            old = rows[number]
            draft.rows[table][number] = () if new is None else (new,)
            draft.touched.append(
                Touched(old.path, removed=True)
                if new is None
                else Touched(f"{old.path}.{SINCE}", getattr(old, SINCE), getattr(new, SINCE))
            )
    return draft.result()


# Cells ---------------------------------------------------------------------------


def _changed(case: Case, change: Change, places: Places) -> tuple[Case, list[Touched]]:
    """Cells with new values, in the periods that the change is limited to."""
    draft = Draft(case)
    columns: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
    for (table, number, column), loose in places.items():
        columns[table, number][column] = loose
    limits = _limits(case.horizon, change)
    spans: dict[str, list[tuple[int, float]]] = {}
    for (table, number), names in columns.items():
        record = draft.record(table, number)
        values: dict[str, Any] = {}
        for name, loose in names.items():
            try:
                values[name] = _value(case.horizon, change, record, name)
            except CellError as reason:
                if not (loose and isinstance(reason, Misfit)):
                    draft.refuse(table, number, name, reason)
        if limits is None:
            draft.put(table, number, values)
        elif not (isinstance(record, Row) and record.dated):
            allowed = "from and until only in dated tables, whose rows hold since a period"
            draft.refuse(table, number, "", CellError("it holds in every period", allowed))
        else:
            if table not in spans:
                spans[table] = dated.spans(case.horizon, case.rows(table))
            parts = dated.parted(case.horizon, record, spans[table][number], limits)
            if parts is not None:
                draft.put(table, number, values, parts)
    return draft.result()


def _limits(horizon: Horizon, change: Change) -> tuple[float, float] | None:
    """The first period of a change and the one after its last; none where it has no limits."""
    if change.from_ is None and change.until is None:
        return None
    ends: list[float] = []
    for name, label, unlimited in (("from", change.from_, -inf), ("until", change.until, inf)):
        try:
            ends.append(unlimited if label is None else dated.period(horizon, label))
        except CellError as reason:
            raise CaseError([Problem(name, 0, "", reason.found, reason.allowed)]) from None
    low, high = ends
    if low > high:
        found = f"{change.until} lies before {change.from_}"
        raise CaseError([Problem("until", found=found, allowed=f"{change.from_} or later")])
    # What lies wholly outside the horizon changes nothing that a plan can see.
    return (low, high + 1) if high >= 0 and low < horizon.count else (inf, inf)


def _value(horizon: Horizon, change: Change, record: Written, column: str) -> Any:
    """What a change makes of one cell; `CellError` where it can make nothing of it."""
    old = getattr(record, column)
    if change.operation == "set":
        return change.to
    if change.operation == "shift":
        return _shifted(horizon, record, column, int(change.by or 0))
    info = type(record).model_fields[column]
    kind = kind_of(info)
    if kind not in (int, float):
        raise Misfit(f"{change.operation} for what is not a number", allowed_text(info), "Use set")
    if old is None or change.by is None:
        return old
    by, number = Decimal(str(change.by)), Decimal(str(old))
    new = number * by if change.operation == "scale" else number + by
    if kind is int and new != new.to_integral_value():
        sign = "times" if change.operation == "scale" else "plus"
        found = f"{cell_text(old)} {sign} {cell_text(change.by)} is {float(new):g}"
        raise CellError(found, allowed_text(info), "Use set, or another number")
    return int(new) if kind is int else float(new)


def _shifted(horizon: Horizon, record: Written, column: str, by: int) -> str | None:
    """A date so many periods later; one that leaves a window open stays within the horizon."""
    label: str | None = getattr(record, column)
    if isinstance(record, Horizon) and column in ("first", "last"):
        return horizon.label(horizon.index(str(label)) + by)
    facts = type(record).model_fields[column].json_schema_extra
    where = facts.get("period") if isinstance(facts, dict) else ""
    if where not in ("inside", "any"):
        cure = "Use add for a number of periods" if column in ("lead", "lag", "after") else ""
        raise Misfit("shift for what is no date", "columns that hold a period", cure)
    if where == "any":  # blank: so long ago that it does not matter
        return None if label is None else horizon.label(dated.period(horizon, label) + by)
    if isinstance(record, Commitment) and record.status == "in_place":
        return label  # it has no window
    first, last = 0, horizon.count - 1
    opens = column == "earliest"
    old = dated.period(horizon, label) if label is not None else first if opens else last
    new = max(first, old + by) if opens else min(last, old + by)
    if not first <= new <= last:
        found = f"{horizon.label(old)} moves to {horizon.label(new)}, outside the horizon"
        cure = "Use forbid for what cannot start in time" if isinstance(record, Commitment) else ""
        raise CellError(found, f"{horizon.first} to {horizon.last}", cure)
    return label if new == old else horizon.label(new)
