"""The what-ifs that price decisions: one forbidden, delayed, or forced in.

A decision of the plan is *forbidden*, or *delayed* by so many periods: then it may not
start before that, and may start later or never. Its loss grows with the delay up to that
of forbidding it. An option that the plan leaves out is *forced*: it must start some time
in its window, all else is free. What is in place has no price, and options whose status
is forbidden are none. A decision that the case makes mandatory can be a burden: forbidding
it may be a gain.

An option that cannot start without another one that the plan leaves out (a launch in a
market that is not entered) shares its fate and has no price of its own (`Option.needs`).

Each what-if comes with a plan to begin with that is likely to hold in it: the known one
without the decision and all that rests on it. Not here: solving, and what the answers
are worth (see `optimizer.studies.explain`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.case import COMMITMENT_TABLES, Case
from models.commitment import Commitment
from models.plan import Decision, PlanRecord
from optimizer.outcome import Outcome

#: Tables of commitments, those with most effect on a plan first.
IMPORTANCE = ("platforms", "vehicles", "deals", "expansions", "entries", "projects", "launches")
#: Tables that are priced unless asked otherwise: a case has many launches.
USUAL = tuple(table for table in IMPORTANCE if table != "launches")

#: For each commitment its rules: each a set of alternatives of which one must have started.
Rules = Mapping[str, list[tuple[str, ...]]]


@dataclass(frozen=True)
class Option:
    """A commitment that a plan leaves out; ``needs`` are those it shares its fate with.

    Each of ``needs`` is one that must start before it and that the plan leaves out too;
    several joined by ``|`` are alternatives.
    """

    commitment: str
    needs: tuple[str, ...]


def decisions_taken(outcome: Outcome) -> list[str]:
    """Ids of what the plan decides to start, the most important first.

    By kind as `IMPORTANCE` has it, and within a kind by the cars that go through it, then
    by cost.
    """
    if outcome.plan is None:
        return []
    record = outcome.plan.record
    cars = _cars(record)
    chosen = [row for row in record.decisions if not row.in_place]
    chosen.sort(key=lambda row: (_rank(row.kind), -cars.get(row.commitment, 0.0), -row.cost))
    return [row.commitment for row in chosen]


def options_left(outcome: Outcome) -> list[Option]:
    """The options that the plan leaves out, the most important first."""
    if outcome.plan is None:
        return []
    started = {row.commitment for row in outcome.plan.record.decisions}
    rules = rules_of(outcome.case)
    left = [
        row
        for row in outcome.case.commitments.values()
        if row.status == "optional" and row.id not in started
    ]
    left.sort(key=lambda row: (_rank(row.table), -row.cost))
    return [
        Option(
            row.id,
            tuple("|".join(rule) for rule in rules.get(row.id, ()) if not started & set(rule)),
        )
        for row in left
    ]


def _rank(table: str) -> int:
    return IMPORTANCE.index(table)


def _cars(record: PlanRecord) -> dict[str, float]:
    """Own cars that go through a commitment: of a vehicle, an entry, a launch."""
    cars: dict[str, float] = defaultdict(float)
    for row in record.sales:
        for id in (
            f"vehicles.{row.vehicle}",
            f"entries.{row.market}.{row.entry}",
            f"launches.{row.vehicle}.{row.market}",
        ):
            cars[id] += row.units
    return cars


def rules_of(case: Case) -> Rules:
    """What each commitment waits for, stated and implied."""
    rules: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    entries: dict[str, list[str]] = defaultdict(list)
    for entry in case.entries:
        entries[entry.market].append(entry.id)
    for rule in case.precedences:
        rules[rule.commitment].append(rule.after)
    for vehicle in case.vehicles:
        if vehicle.platform:
            rules[vehicle.id].append((f"platforms.{vehicle.platform}",))
    for launch in case.launches:
        rules[launch.id].append((f"vehicles.{launch.vehicle}",))
        if entries[launch.market]:
            rules[launch.id].append(tuple(entries[launch.market]))
    return rules


# The changed cases --------------------------------------------------------------------


def forbidden(case: Case, id: str) -> Case:
    """The case in which a commitment never starts."""
    return _with(case, id, status="forbidden")


def forced(case: Case, id: str) -> Case:
    """The case in which a commitment must start, whenever in its window."""
    return _with(case, id, status="mandatory")


def delayed(case: Case, id: str, start: str, periods: int) -> Case | None:
    """The case in which a commitment may not start until so many periods after ``start``.

    None when its window or the horizon ends before that: then it is forbidden.
    """
    row, horizon = case.commitments[id], case.horizon
    t = horizon.index(start) + periods
    last = horizon.count - 1 if row.latest is None else horizon.index(row.latest)
    return _with(case, id, earliest=horizon.label(t)) if t <= last else None


def _with(case: Case, id: str, **values: str) -> Case:
    """The case with some columns of one commitment changed, checked as a whole."""
    table = id.split(".")[0]
    assert table in COMMITMENT_TABLES
    rows = []
    for row in case.rows(table):
        same = isinstance(row, Commitment) and row.id == id
        rows.append(row.model_copy(update=values) if same else row)
    return case.replace(**{table: tuple(rows)})


# Plans to begin with --------------------------------------------------------------------


def without(case: Case, record: PlanRecord, ids: Iterable[str]) -> PlanRecord:
    """The starts of a plan without some commitments and all that rests on them.

    Only the decisions are changed: it serves as a start of a search and as nothing else.
    """
    rules = rules_of(case)
    started = {row.commitment: row for row in record.decisions}
    gone = {id for id in ids if id in started and not started[id].in_place}
    moved = bool(gone)
    while moved:
        moved = False
        for id, row in started.items():
            if id in gone or row.in_place:
                continue
            if any(not (set(rule) & (started.keys() - gone)) for rule in rules.get(id, ())):
                gone.add(id)
                moved = True
    kept = tuple(row for row in record.decisions if row.commitment not in gone)
    return record.model_copy(update={"decisions": kept})


def including(case: Case, record: PlanRecord, id: str) -> PlanRecord:
    """The starts of a plan with an option in the place of those that it excludes."""
    row = case.commitments[id]
    limits = {group.group: group.at_most for group in case.exclusive_groups}
    started = [case.commitments[d.commitment] for d in record.decisions]
    rivals: list[str] = []
    for group in row.exclusive_group:
        members = [other.id for other in started if group in other.exclusive_group]
        if len(members) >= limits.get(group, 1):
            rivals += [other for other in members if case.commitments[other].status != "in_place"]
    periods = [d.start for d in record.decisions if d.commitment in rivals and d.start]
    start = min(periods, key=case.horizon.index, default=row.earliest or case.horizon.first)
    kept = [d for d in record.decisions if d.commitment not in rivals]
    added = Decision(
        commitment=id,
        kind=row.table,
        start=start,
        effective=case.horizon.label(case.horizon.index(start) + row.lead),
        in_place=False,
        cost=0.0,
        because=(),
    )
    return record.model_copy(update={"decisions": (*kept, added)})
