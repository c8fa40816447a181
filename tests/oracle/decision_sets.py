"""Every set of decisions that a tiny case allows, and what each of them brings about.

Part of the reference solver (see ``brute_force``). A decision set gives each
commitment the period of its start; all sets are rows of one array, so that a rule
is one comparison over the whole array. Written from the description of the case
format alone. Not here: volumes (see ``volume_program``) and goals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.case import Case
from models.commitment import Commitment

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = 1_000_000
LONG_AGO = -1_000_000
#: More sets than this are no tiny case.
MOST_SETS = 200_000
SLACK = 1e-9


def dated(
    case: Case, rows: Iterable[Any], value: Callable[[Any], float]
) -> dict[tuple[str, ...], Numbers]:
    """Values of a dated table by period, for each key without its date."""
    steps: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        key = tuple(str(getattr(row, name)) for name in row.keys if name != "since")
        begins = 0 if row.since is None else case.horizon.index(row.since)
        steps[key].append((begins, value(row)))
    values = {}
    for key, found in steps.items():
        values[key] = np.zeros(case.horizon.count)
        for begins, number in sorted(found, key=lambda step: step[0]):
            values[key][max(begins, 0) :] = number
    return values


class DecisionSets:
    """All decision sets of a case that keep the rules on decisions.

    ``start`` and ``effective`` have one row per set and one column per
    commitment (see ``column``), and hold `NEVER` for what is never started.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.periods: Whole = np.arange(case.horizon.count)
        self.ids = list(case.commitments)
        self.column = {id: number for number, id in enumerate(self.ids)}
        self.rows = list(case.commitments.values())
        self.lead: Whole = np.array([row.lead for row in self.rows], dtype=np.int64)
        self.start = self._all_starts()
        self.effective = self.start + self.lead
        self._ramps = self._read_ramps()
        for rule in (
            self._groups_hold,
            self._precedences_hold,
            self._implied_rules_hold,
            self._exclusivities_hold,
            self._resources_hold,
            self._budgets_hold,
        ):
            allowed = rule()
            self.start = self.start[allowed]
            self.effective = self.effective[allowed]

    def __len__(self) -> int:
        return len(self.start)

    # What a set brings about --------------------------------------------------

    def age(self, id: str) -> Whole:
        """Age of a commitment, by set and period; below 0 before its effect."""
        return self.periods - self.effective[:, self.column[id]][:, None]

    def strength(self, id: str, ramp: str) -> Numbers:
        """Ramp of a commitment's age by set and period; 0 before its effect."""
        values = self._ramps[ramp] if ramp else np.ones(1)
        age = self.age(id)
        strength: Numbers = np.where(age < 0, 0.0, values[np.clip(age, 0, len(values) - 1)])
        return strength

    def preparing(self, id: str) -> Flags:
        """Whether a commitment is in its lead, by set and period."""
        start = self.start[:, self.column[id]][:, None]
        end = self.effective[:, self.column[id]][:, None]
        during: Flags = (self.periods >= start) & (self.periods < end)
        return during

    def running(self, id: str) -> Flags:
        """Whether a commitment is effective, by set and period."""
        effective: Flags = self.age(id) >= 0
        return effective

    def cost(self, row: Commitment) -> Numbers:
        """One-off cost of a commitment, by set and period."""
        if row.lead:
            return self.preparing(row.id) * (row.cost / row.lead)
        return (self.start[:, self.column[row.id]][:, None] == self.periods) * row.cost

    # Enumeration ---------------------------------------------------------------

    def _read_ramps(self) -> dict[str, Numbers]:
        steps: dict[str, dict[int, float]] = defaultdict(dict)
        for row in self.case.ramps:
            steps[row.ramp][row.age] = row.value
        return {
            name: np.array([found[age] for age in range(len(found))])
            for name, found in steps.items()
        }

    def _choices(self, row: Commitment) -> list[int]:
        """The starts that its status and window leave to a commitment."""
        index = self.case.horizon.index
        if row.status == "forbidden":
            return [NEVER]
        if row.status == "in_place":
            return [LONG_AGO if row.effective is None else index(row.effective) - row.lead]
        first = 0 if row.earliest is None else index(row.earliest)
        last = len(self.periods) - 1 if row.latest is None else index(row.latest)
        window = list(range(first, last + 1))
        return window if row.status == "mandatory" else [NEVER, *window]

    def _all_starts(self) -> Whole:
        choices = [self._choices(row) for row in self.rows]
        sets = 1
        for found in choices:
            sets *= len(found)
        if sets > MOST_SETS:
            raise ValueError(f"{sets} decision sets are too many for brute force")
        return np.array(list(product(*choices)), dtype=np.int64).reshape(sets, len(choices))

    # Rules: each tells which sets keep it --------------------------------------

    def _started(self, id: str) -> Flags:
        """Whether a commitment is started at all, by set; in place counts."""
        started: Flags = self.start[:, self.column[id]] < NEVER // 2
        return started

    def _bound(self, id: str) -> Flags:
        """Where rules on starts bind a commitment: started and not in place."""
        bound: Flags = self._started(id) & (self.case.commitments[id].status != "in_place")
        return bound

    def _groups_hold(self) -> Flags:
        at_most = {row.group: row.at_most for row in self.case.exclusive_groups}
        used: dict[str, Whole] = defaultdict(lambda: np.zeros(len(self), dtype=np.int64))
        for row in self.rows:
            for group in set(row.exclusive_group):
                used[group] = used[group] + self._started(row.id)
        holds = np.ones(len(self), dtype=bool)
        for group, number in used.items():
            holds &= number <= at_most.get(group, 1)
        return holds

    def _precedences_hold(self) -> Flags:
        holds = np.ones(len(self), dtype=bool)
        for rule in self.case.precedences:
            event = self.start if rule.counted_from == "start" else self.effective
            own = self.start[:, self.column[rule.commitment]]
            earlier = [event[:, self.column[id]] + rule.lag <= own for id in rule.after]
            holds &= ~self._bound(rule.commitment) | np.any(earlier, axis=0)
        return holds

    def _implied_rules_hold(self) -> Flags:
        holds = np.ones(len(self), dtype=bool)

        def wait(later: str, earlier: list[str]) -> None:
            own = self.effective[:, self.column[later]]
            ready = [self.effective[:, self.column[id]] <= own for id in earlier]
            np.logical_and(holds, ~self._bound(later) | np.any(ready, axis=0), out=holds)

        for vehicle in self.case.vehicles:
            if vehicle.platform:
                wait(vehicle.id, [f"platforms.{vehicle.platform}"])
        for launch in self.case.launches:
            wait(launch.id, [f"vehicles.{launch.vehicle}"])
            entries = [row.id for row in self.case.entries if row.market == launch.market]
            if entries:
                wait(launch.id, entries)
        return holds

    def _exclusivities_hold(self) -> Flags:
        holds = np.ones(len(self), dtype=bool)
        for rule in self.case.exclusivities:
            ends = self.effective[:, self.column[f"deals.{rule.deal}"]]
            holds &= ~self._bound(rule.commitment) | (
                self.start[:, self.column[rule.commitment]] < ends
            )
        return holds

    def _resources_hold(self) -> Flags:
        there = dated(self.case, self.case.resources, lambda row: float(row.available))
        holds = np.ones(len(self), dtype=bool)
        for (resource,), available in there.items():
            used = np.zeros((len(self), len(self.periods)))
            for use in self.case.resource_use:
                if use.resource == resource:
                    used += use.preparing * self.preparing(use.commitment)
                    used += use.running * self.running(use.commitment)
            holds &= np.all(used <= available * (1 + SLACK) + SLACK, axis=1)
        return holds

    def _budgets_hold(self) -> Flags:
        horizon = self.case.horizon
        holds = np.ones(len(self), dtype=bool)
        for budget in self.case.budgets:
            spent = np.zeros((len(self), len(self.periods)))
            for row in self.rows:
                if budget.category in ("all", row.budget_category):
                    spent += self.cost(row)
            if budget.scope == "total":
                spans = [tuple(range(horizon.count))]
            elif budget.scope == "year":
                spans = [p for year, p in horizon.years.items() if budget.when in (None, year)]
            else:
                spans = [
                    (t,) for t in range(horizon.count) if budget.when in (None, horizon.label(t))
                ]
            for span in spans:
                ceiling = budget.amount * (1 + SLACK) + SLACK
                holds &= spent[:, list(span)].sum(axis=1) <= ceiling
        return holds
