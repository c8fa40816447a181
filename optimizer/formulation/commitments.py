"""Commitments as by-time binaries, and the rules on their starts.

Symbols: ``Y[c,t]`` is 1 when commitment ``c`` has started by period ``t``; it
exists for ``t`` in the window of ``c``, is 0 before and keeps its last value
after. Effective by ``t`` is ``Y[c,t-L]`` with the lead ``L``. Starts before the
horizon are known numbers. The form is the by-time one of planning practice,
chosen over start-time binaries for its smaller and tighter relaxation.

Not here: what a commitment does once it is effective.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from pyomo.core import Binary, Block, Constraint, Var

from models.case import Case
from models.commitment import Commitment
from optimizer.formulation.linear import Linear, at_most
from optimizer.formulation.quantities import Quantities

#: Kinds that do something by themselves; the others only let these start.
OWN_EFFECT = frozenset({"entries", "launches", "deals", "expansions"})
#: The start of what has been in place for ever: older than any ramp is long.
LONG_AGO = -1_000_000


@dataclass
class Steps:
    """When one commitment has started, as numbers and by-time binaries.

    ``start`` is known for what is in place. Otherwise ``earliest`` to ``latest``
    is the window that is left after the rules; it is empty for what can never
    start. ``variables[i]`` is Y in period ``earliest + i``.
    """

    id: str
    row: Commitment
    lead: int
    earliest: int
    latest: int
    start: int | None = None
    variables: list[Any] = field(default_factory=list)

    @property
    def possible(self) -> bool:
        """It is in place or can still start."""
        return self.start is not None or self.earliest <= self.latest

    @property
    def first_effect(self) -> int:
        """The first period in which it can be effective; beyond any horizon when never."""
        if self.start is not None:
            return self.start + self.lead
        return self.earliest + self.lead if self.possible else 10**9

    def started(self, t: int, factor: float = 1.0, into: Linear | None = None) -> Linear:
        """``factor * Y[c,t]``, added to ``into`` when given."""
        result = Linear() if into is None else into
        if self.start is not None:
            return result.plus(factor) if t >= self.start else result
        if t < self.earliest or not self.variables:
            return result
        return result.term(factor, self.variables[min(t, self.latest) - self.earliest])

    def effective(self, t: int, factor: float = 1.0, into: Linear | None = None) -> Linear:
        """``factor * Y[c,t-L]``: effective by ``t``."""
        return self.started(t - self.lead, factor, into)

    def ramped(
        self, ramp: Sequence[float], t: int, factor: float = 1.0, into: Linear | None = None
    ) -> Linear:
        """``factor * ramp[age in t]``, 0 before it is effective."""
        result = Linear() if into is None else into
        if self.start is not None:
            age = t - self.start - self.lead
            return result.plus(factor * ramp[min(age, len(ramp) - 1)]) if age >= 0 else result
        before = 0.0
        for age, value in enumerate(ramp):
            if t - age < self.first_effect:
                break
            if value != before:
                self.effective(t - age, factor * (value - before), result)
            before = value
        return result

    def peak(self, ramp: Sequence[float], t: int) -> float:
        """The largest ramp value that can hold in ``t``."""
        if t < self.first_effect:
            return 0.0
        oldest = t - self.first_effect
        if self.start is not None:
            return ramp[min(oldest, len(ramp) - 1)]
        youngest = max(0, t - self.latest - self.lead)
        ages = range(min(youngest, len(ramp) - 1), min(oldest, len(ramp) - 1) + 1)
        return max(ramp[age] for age in ages) if youngest <= oldest else 0.0


@dataclass(frozen=True)
class Wait:
    """``commitment`` starts at least ``lag`` periods after the start of any one of these."""

    commitment: str
    after: tuple[tuple[str, int], ...]


def waits(case: Case) -> Iterator[Wait]:
    """All precedences of a case, stated and implied, as least lags between starts."""
    known = case.commitments
    for rule in case.precedences:
        extra = {p: known[p].lead if rule.counted_from == "effective" else 0 for p in rule.after}
        yield Wait(rule.commitment, tuple((p, extra[p] + rule.lag) for p in rule.after))
    for vehicle in case.vehicles:
        if vehicle.platform:
            platform = known[f"platforms.{vehicle.platform}"]
            yield Wait(vehicle.id, ((platform.id, platform.lead - vehicle.lead),))
    modes: dict[str, list[Commitment]] = defaultdict(list)
    for entry in case.entries:
        modes[entry.market].append(entry)
    for launch in case.launches:
        vehicle_row = known[f"vehicles.{launch.vehicle}"]
        yield Wait(launch.id, ((vehicle_row.id, vehicle_row.lead - launch.lead),))
        if modes[launch.market]:
            yield Wait(launch.id, tuple((e.id, e.lead - launch.lead) for e in modes[launch.market]))


def schedule(case: Case) -> dict[str, Steps]:
    """Every commitment with its window, narrowed to what the precedences leave.

    Earliest starts are carried forward along the precedences until nothing
    moves; a commitment that no longer fits its window can never start. Starts
    that come too late to have any effect are then cut off from behind.
    """
    horizon = case.horizon
    steps: dict[str, Steps] = {}
    for id, row in case.commitments.items():
        first = horizon.index(row.earliest) if row.earliest else 0
        last = horizon.index(row.latest) if row.latest else horizon.count - 1
        step = Steps(id, row, row.lead, first, last)
        if row.status == "in_place":
            since = horizon.index(row.effective) if row.effective else LONG_AGO
            step.start = since - row.lead
        elif row.status == "forbidden":
            step.latest = step.earliest - 1
        steps[id] = step
    rules = [wait for wait in waits(case) if steps[wait.commitment].start is None]
    moved = True
    while moved:
        moved = False
        for wait in rules:
            step = steps[wait.commitment]
            if not step.possible:
                continue
            ready = [
                (p.start if p.start is not None else p.earliest) + lag
                for p, lag in ((steps[id], lag) for id, lag in wait.after)
                if p.possible
            ]
            soonest = min(ready, default=horizon.count)
            if soonest > step.earliest:
                step.earliest = soonest
                moved = True
    _cut_useless_starts(case, steps, rules)
    return steps


def _cut_useless_starts(case: Case, steps: dict[str, Steps], rules: list[Wait]) -> None:
    """Narrow windows to starts that can still do something within the horizon.

    A start is of use when the commitment has an effect of its own in the
    horizon, brings a payment, or lets another start of use happen. All others
    only cost money and resources, so no goal is better with them than without;
    what is mandatory keeps its window.
    """
    end = case.horizon.count - 1
    useful = dict.fromkeys(steps, -1)
    for id, step in steps.items():
        if step.row.table in OWN_EFFECT:
            useful[id] = end - step.lead
    for payment in case.deal_payments:
        step = steps[f"deals.{payment.deal}"]
        delay = payment.after + (step.lead if payment.counted_from == "effective" else 0)
        if payment.amount > 0:
            useful[step.id] = max(useful[step.id], end - delay)
    for id, step in steps.items():
        if step.row.status == "mandatory":
            useful[id] = end
    moved = True
    while moved:
        moved = False
        for wait in rules:
            last = min(useful[wait.commitment], steps[wait.commitment].latest)
            if not steps[wait.commitment].possible or last < steps[wait.commitment].earliest:
                continue
            for other, lag in wait.after:
                if last - lag > useful[other]:
                    useful[other] = last - lag
                    moved = True
    for id, step in steps.items():
        if step.start is None:
            step.latest = min(step.latest, useful[id])


def formulate(block: Block, quantities: Quantities) -> None:
    """Add the binaries and the rules on starts.

    Leaves ``block.steps`` (id to `Steps`), ``block.waits``,
    ``block.resource_use`` (resource and period to what is occupied) and
    ``block.tightening``: sums that are at most 0 in every plan, implied by the
    laws but not by their relaxation. Families add to it; solving takes from it
    what a relaxation violates. Those in ``block.bounding`` are for the relaxation alone:
    with them it tells more, and the search for plans was not seen to be quicker.
    """
    case = quantities.case
    steps = schedule(case)
    block.steps = steps
    block.quantities = quantities
    undecided = [step for step in steps.values() if step.start is None and step.possible]
    block.Y = Var(
        [(step.id, t) for step in undecided for t in range(step.earliest, step.latest + 1)],
        within=Binary,
    )
    for step in undecided:
        step.variables = [block.Y[step.id, t] for t in range(step.earliest, step.latest + 1)]
    block.never = [
        id for id, step in steps.items() if step.row.status == "mandatory" and not step.possible
    ]
    for step in undecided:
        if step.row.status == "mandatory":
            step.variables[-1].setlb(1.0)

    block.waits = [wait for wait in waits(case) if steps[wait.commitment].variables]
    block.started_stays_started = Constraint(
        [(step.id, t) for step in undecided for t in range(step.earliest + 1, step.latest + 1)],
        rule=started_stays_started,
    )
    block.mandatory_can_start = Constraint(range(len(block.never)), rule=mandatory_can_start)
    block.waits_for_predecessor = Constraint(
        [
            (number, t)
            for number, wait in enumerate(block.waits)
            for t in range(steps[wait.commitment].earliest, steps[wait.commitment].latest + 1)
        ],
        rule=waits_for_predecessor,
    )
    _groups(block, case)
    _exclusivities(block, case)
    _resources(block, quantities)
    block.tightening = list(_too_many_at_once(block, quantities))
    block.bounding = []


def started_stays_started(block: Block, id: str, t: int) -> Any:
    """What has started stays started: ``Y[c,t-1] <= Y[c,t]`` (1)."""
    step = block.steps[id]
    return at_most(step.started(t - 1), step.started(t))


def mandatory_can_start(block: Block, number: int) -> Any:
    """A mandatory commitment starts: impossible when its rules leave no start (1)."""
    can_start = block.steps[block.never[number]].started(len(block.quantities.periods) - 1)
    return at_most(Linear(1.0), can_start)


def waits_for_predecessor(block: Block, number: int, t: int) -> Any:
    """Nothing starts before one of its predecessors plus the lag: ``Y[c,t] <= sum_p Y[p,t-g_p]`` (1)."""
    wait = block.waits[number]
    enough = Linear()
    for id, lag in wait.after:
        block.steps[id].started(t - lag, 1.0, enough)
    if enough.constant >= 1:
        return Constraint.Skip
    return at_most(block.steps[wait.commitment].started(t), enough)


def _groups(block: Block, case: Case) -> None:
    members: dict[str, list[str]] = defaultdict(list)
    for id, row in case.commitments.items():
        for group in dict.fromkeys(row.exclusive_group):
            members[group].append(id)
    block.group_members = members
    block.group_limit = {row.group: row.at_most for row in case.exclusive_groups}
    block.group_within_limit = Constraint(list(members), rule=group_within_limit)


def group_within_limit(block: Block, group: str) -> Any:
    """At most so many of an exclusive group are ever started: ``sum_c Y[c,T-1] <= n`` (1)."""
    last = len(block.quantities.periods) - 1
    started = Linear()
    for id in block.group_members[group]:
        step = block.steps[id]
        # What is in place counts even if it starts after the horizon.
        step.started(last if step.start is None else max(last, step.start), 1.0, started)
    return at_most(started, Linear(block.group_limit.get(group, 1)))


def _exclusivities(block: Block, case: Case) -> None:
    pairs: list[tuple[str, str, int]] = []
    for rule in case.exclusivities:
        deal, other = block.steps[f"deals.{rule.deal}"], block.steps[rule.commitment]
        if other.start is None and other.possible and deal.possible:
            first = max(other.earliest, deal.first_effect)
            pairs.extend((deal.id, other.id, t) for t in range(first, other.latest + 1))
    block.exclusivity_rules_out_start = Constraint(pairs, rule=exclusivity_rules_out_start)


def exclusivity_rules_out_start(block: Block, deal: str, other: str, t: int) -> Any:
    """No start from ``t`` on once the deal is effective: ``Y[c,T-1] - Y[c,t-1] + Y[d,t-L] <= 1`` (1)."""
    step = block.steps[other]
    later = step.started(step.latest)
    step.started(t - 1, -1.0, later)
    block.steps[deal].effective(t, 1.0, later)
    return at_most(later, Linear(1.0))


def _resources(block: Block, quantities: Quantities) -> None:
    use: dict[tuple[str, int], Linear] = {
        (name, t): Linear() for name in quantities.resources for t in quantities.periods
    }
    for row in quantities.case.resource_use:
        step = block.steps[row.commitment]
        for t in quantities.periods:
            occupied = use[row.resource, t]
            if row.preparing and step.lead:
                step.started(t, row.preparing, occupied)
                step.effective(t, -row.preparing, occupied)
            if row.running:
                step.effective(t, row.running, occupied)
    block.resource_use = use
    block.resource_within_available = Constraint(list(use), rule=resource_within_available)


def resource_within_available(block: Block, resource: str, t: int) -> Any:
    """What commitments occupy is there: ``sum_c r (Y[c,t] - Y[c,t-L]) + q Y[c,t-L] <= R`` (units)."""
    available = block.quantities.resources[resource][t]
    return at_most(block.resource_use[resource, t], Linear(available))


#: Only commitments that take more than this part of a resource are looked at together.
HEAVY = 1 / 8
#: Sets of heavy commitments looked for per resource and level, smallest sets first.
MOST_COVERS = 400


def _too_many_at_once(block: Block, quantities: Quantities) -> Iterator[Linear]:
    """Sets of commitments too heavy for a resource are not all prepared at once.

    For a minimal set C whose needs together exceed what is there, at most
    ``|C| - 1`` of C, and of everything heavier than all of C, are under
    preparation: ``sum (Y[c,t] - Y[c,t-L]) <= |C| - 1`` (extended cover
    inequalities, Balas 1975). The relaxation could prepare a part of each.
    """
    needs: dict[str, list[tuple[float, Steps]]] = defaultdict(list)
    for row in quantities.case.resource_use:
        step = block.steps[row.commitment]
        if row.preparing and step.lead and step.variables:
            needs[row.resource].append((row.preparing, step))
    for resource, items in needs.items():
        covers: dict[tuple[float, tuple[str, ...]], list[tuple[int, list[Steps]]]] = {}
        for t in quantities.periods:
            available = quantities.resources[resource][t]
            heavy = sorted(
                (
                    (need, step.id)
                    for need, step in items
                    if need > HEAVY * available and step.earliest <= t < step.latest + step.lead
                ),
                reverse=True,
            )
            key = (available, tuple(id for _, id in heavy))
            if key not in covers:
                covers[key] = [
                    (size, [block.steps[id] for id in ids])
                    for size, ids in _covers(heavy, available)
                ]
            for size, members in covers[key]:
                together = Linear(-float(size - 1))
                for step in members:
                    step.started(t, 1.0, together)
                    step.effective(t, -1.0, together)
                yield together


def _covers(heavy: list[tuple[float, str]], available: float) -> list[tuple[int, tuple[str, ...]]]:
    """Minimal sets whose needs exceed what is available, each with all that is heavier.

    ``heavy`` is sorted by need, largest first. Sets are found by size, so that
    the strongest come first when there are more than `MOST_COVERS`.
    """
    found: dict[tuple[str, ...], int] = {}
    for size in range(2, 6):
        for picked in combinations(range(len(heavy)), size):
            total = sum(heavy[i][0] for i in picked)
            lightest = heavy[picked[-1]][0]
            if total > available * (1 + 1e-9) and total - lightest <= available:
                heaviest = heavy[picked[0]][0]
                members = {i for i, (need, _) in enumerate(heavy) if need >= heaviest} | set(picked)
                found.setdefault(tuple(heavy[i][1] for i in sorted(members)), size)
                if len(found) >= MOST_COVERS:
                    return [(size, ids) for ids, size in found.items()]
    return [(size, ids) for ids, size in found.items()]
