"""What two plans do otherwise: decisions, sales, and the limits that bind.

Plain records against plain records; nothing is solved and nothing is judged here. What a
difference is worth stands in `optimizer.studies.noise` and `optimizer.studies.cause`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from models.case import Case
from models.plan import Decision, PlanRecord
from models.site import Expansion
from optimizer.outcome import Outcome
from optimizer.reporting.text import BINDING

DecisionKind = Literal["added", "dropped", "moved", "mode", "size"]
#: Fewer cars than this are no difference in sales.
FEWEST_CARS = 0.5


@dataclass(frozen=True)
class DecisionChange:
    """One decision that a plan takes otherwise than the base plan.

    ``added`` and ``dropped``; ``moved`` by ``periods`` (later above 0); ``mode``, another
    way into the same market; ``size``, another step of capacity at the same site or for
    the same component. ``commitment`` and ``start`` are of the base plan, blank where it is
    added; ``other`` and ``other_start`` are of the other plan, blank where it is dropped.
    """

    kind: DecisionKind
    commitment: str
    start: str
    other: str
    other_start: str
    periods: int | None = None

    @property
    def key(self) -> str:
        """The decision that it is about: that of the base plan, if there is one."""
        return self.commitment or self.other


@dataclass(frozen=True)
class SalesChange:
    """Own cars of a vehicle sold in a market over the horizon, in both plans."""

    market: str
    vehicle: str
    base: float
    other: float

    @property
    def difference(self) -> float:
        """Cars more than in the base plan."""
        return self.other - self.base


@dataclass(frozen=True)
class LimitChange:
    """A limit that binds in other periods than in the base plan.

    ``started``: periods (budgets: also years or ``total``) in which it binds now and did
    not; ``stopped``: the reverse. ``before`` and ``after`` tell whether it binds anywhere.
    The cash floor has the kind ``cash``.
    """

    kind: str
    name: str
    started: tuple[str, ...]
    stopped: tuple[str, ...]
    before: bool
    after: bool


# Decisions -------------------------------------------------------------------------


def chosen(plan: PlanRecord) -> dict[str, Decision]:
    """What a plan decides to start, by commitment."""
    return {row.commitment: row for row in plan.decisions if not row.in_place}


def decision_changes(base: Outcome, other: Outcome) -> tuple[DecisionChange, ...]:
    """Every decision that differs, by when the base plan takes it and then the added ones.

    Removing all ``commitment`` of the changes from the base plan and adding all ``other``
    at their ``other_start`` gives the decisions of the other plan. Both need a plan.
    """
    assert base.plan is not None
    assert other.plan is not None
    before, after = chosen(base.plan.record), chosen(other.plan.record)
    dropped = [row for id, row in before.items() if id not in after]
    added = [row for id, row in after.items() if id not in before]
    changes = list(_moved(base.case, before, after))
    for was, now in _pairs(base.case, other.case, dropped, added):
        kind: DecisionKind = "mode" if was.kind == "entries" else "size"
        changes.append(_change(base.case, kind, was, now))
        dropped.remove(was)
        added.remove(now)
    changes += [_change(base.case, "dropped", row, None) for row in dropped]
    changes += [_change(base.case, "added", None, row) for row in added]
    when = base.case.horizon.ordinal
    return tuple(sorted(changes, key=lambda c: (c.kind == "added", when(c.start or c.other_start))))


def _moved(
    case: Case, before: dict[str, Decision], after: dict[str, Decision]
) -> Iterator[DecisionChange]:
    for id, row in before.items():
        if id in after and after[id].start != row.start:
            yield _change(case, "moved", row, after[id])


def _change(
    case: Case, kind: DecisionKind, was: Decision | None, now: Decision | None
) -> DecisionChange:
    start, other_start = (row.start or "" if row else "" for row in (was, now))
    when = case.horizon.ordinal
    periods = when(other_start) - when(start) if start and other_start else None
    ids = (row.commitment if row else "" for row in (was, now))
    first, second = ids
    return DecisionChange(kind, first, start, second, other_start, periods)


def _pairs(
    base: Case, other: Case, dropped: Iterable[Decision], added: Iterable[Decision]
) -> list[tuple[Decision, Decision]]:
    """Decisions that stand for each other: the same market, site or component."""
    was, now = _by_place(base, dropped), _by_place(other, added)
    return [pair for place in was for pair in zip(was[place], now.get(place, ()), strict=False)]


def _by_place(case: Case, rows: Iterable[Decision]) -> dict[tuple[str, ...], list[Decision]]:
    """Entries by market and expansions by what they add to, soonest first."""
    places: dict[tuple[str, ...], list[Decision]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: case.horizon.ordinal(row.start or "")):
        commitment = case.commitments[row.commitment]
        if isinstance(commitment, Expansion):
            places["expansions", commitment.site, commitment.component].append(row)
        elif row.kind == "entries":
            places["entries", row.commitment.split(".")[1]].append(row)
    return places


def decisions_in_all(outcomes: Iterable[Outcome]) -> int:
    """How many decisions all plans take, and take in the same period."""
    sets = [
        {(id, row.start) for id, row in chosen(outcome.plan.record).items()}
        for outcome in outcomes
        if outcome.plan
    ]
    return len(set.intersection(*sets)) if sets else 0


# Sales -----------------------------------------------------------------------------


def sales_changes(base: PlanRecord, other: PlanRecord) -> tuple[SalesChange, ...]:
    """Own sales by market and car that differ, those that moved most first."""
    before, after = _sales(base), _sales(other)
    keys = dict.fromkeys([*before, *after])
    changes = [SalesChange(*key, before.get(key, 0.0), after.get(key, 0.0)) for key in keys]
    return _largest_first(changes)


def summed(changes: Iterable[SalesChange], by: Literal["market", "vehicle"]) -> list[SalesChange]:
    """Changes in sales added up by market or by car, those that moved most first.

    Only what differs is added up, so ``base`` and ``other`` are sales of what moved.
    """
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for change in changes:
        sums[getattr(change, by)][0] += change.base
        sums[getattr(change, by)][1] += change.other
    return list(
        _largest_first(
            SalesChange(
                name if by == "market" else "", name if by == "vehicle" else "", before, after
            )
            for name, (before, after) in sums.items()
        )
    )


def _largest_first(changes: Iterable[SalesChange]) -> tuple[SalesChange, ...]:
    moved = [change for change in changes if abs(change.difference) >= FEWEST_CARS]
    return tuple(sorted(moved, key=lambda change: -abs(change.difference)))


def _sales(plan: PlanRecord) -> dict[tuple[str, str], float]:
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for row in plan.sales:
        sold[row.market, row.vehicle] += row.units
    return sold


# Limits ----------------------------------------------------------------------------


def binding(case: Case, plan: PlanRecord) -> dict[tuple[str, str], tuple[str, ...]]:
    """The limits that bind, by kind and name, with the periods in which they do."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in plan.limits:
        if row.available > 0 and row.used >= BINDING * row.available:
            found[row.kind, row.name].append(row.period)
    floor = case.finance.cash_floor
    if floor is not None:
        slack = (1 - BINDING) * max(1.0, abs(floor), max(abs(row.cash) for row in plan.cash))
        low = [row.period for row in plan.cash if row.cash <= floor + slack]
        found |= {("cash", "floor"): low} if low else {}
    return {key: tuple(dict.fromkeys(periods)) for key, periods in found.items()}


def limit_changes(base: Outcome, other: Outcome) -> tuple[LimitChange, ...]:
    """Every limit that binds in other periods, those that bind in most of them first."""
    assert base.plan is not None
    assert other.plan is not None
    before = binding(base.case, base.plan.record)
    after = binding(other.case, other.plan.record)
    changes = []
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key, ()), after.get(key, ())
        started = tuple(period for period in now if period not in was)
        stopped = tuple(period for period in was if period not in now)
        if started or stopped:
            changes.append(LimitChange(*key, started, stopped, bool(was), bool(now)))
    return tuple(sorted(changes, key=lambda c: -len(c.started) - len(c.stopped)))
