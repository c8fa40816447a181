"""Rules that are numbers: how far each must give before a plan exists.

A dial turns one rule from what the case says (0) towards giving more room; what a known
plan needs of it bounds how far. Not here: which rules are tried (see
`optimizer.studies.conflict`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from models.case import Case
from models.plan import PlanRecord
from models.target import Goal
from optimizer.studies.rules import Rule

#: Part of the way at which two settings of a dial are as good as the same.
FINE = 0.005
#: Least difference worth telling, in any unit.
LEAST = 1e-6


@dataclass(frozen=True)
class Dial:
    """One rule as a number: ``loosened`` is the case with it turned so far, ``needed`` how
    far a plan that does without the rule needs it turned, ``shown`` what the number is then.
    A ``whole`` dial turns by ones, a ``positive`` one never below 0. The unit is that of the number."""

    loosened: Callable[[float], Case]
    needed: Callable[[PlanRecord], float]
    shown: Callable[[float], float | str]
    unit: str
    goal: Goal | None = None
    whole: bool = False
    positive: bool = False

    def near(self, low: float, high: float) -> bool:
        """Whether nothing worth asking lies between."""
        if self.whole:
            return high - low <= 1
        return high - low <= max(FINE * high, LEAST)

    def between(self, low: float, high: float) -> float:
        """The next setting to ask about."""
        middle = (low + high) / 2
        return float(math.floor(middle)) if self.whole else middle

    def round_one(self, low: float, high: float) -> float | None:
        """The setting between two whose number is roundest; None where none is rounder.

        A true limit is often a round number, which halving would never meet.
        """
        now, little, enough = self.shown(0.0), self.shown(low), self.shown(high)
        if isinstance(now, str) or isinstance(little, str) or isinstance(enough, str):
            return None
        bottom, top = sorted((little, enough))
        if not top > bottom:
            return None
        places = math.floor(math.log10(top - bottom))
        for unit in (Decimal(p).scaleb(places) for p in ("10", "5", "1")):
            number = _rounded(bottom, unit, up=True)
            if bottom < number < top:
                return abs(number - now)
        return None

    def bracket(self, reached: float, bound: float) -> tuple[float, float]:
        """The number that is enough and one too little, of the best that is reached and a
        bound that nothing passes: as short as the gap between them allows."""
        size = max(abs(reached), abs(bound), 1.0)
        places = math.floor(math.log10(max(abs(bound - reached), 1e-4 * size)))
        unit, give = Decimal(1).scaleb(places), 1e-7 * size
        enough = _rounded(reached + give, unit, up=False)
        beyond = bound + 10 * max(give, 1e-6)
        return enough, _rounded(beyond, unit, up=True)

    def numbers(self, low: float, high: float) -> tuple[float | str, float | str]:
        """The number that is enough and the one that is too little, as short as they can be
        told: each is rounded to the side on which it stays what it is."""
        now, little, enough = self.shown(0.0), self.shown(low), self.shown(high)
        if isinstance(now, str) or isinstance(little, str) or isinstance(enough, str):
            return enough, little
        unit = Decimal(1).scaleb(math.floor(math.log10(max(high - low, LEAST))))
        upwards = enough > now
        enough = _rounded(enough, unit, up=upwards)
        # One that is 0 or below 0 where it cannot be, or beyond the case's own, says no more.
        little = _rounded(little, unit, up=not upwards) if low else now
        little = max(little, now) if upwards else min(little, now)
        return max(enough, 0.0) if self.positive else enough, little


def dial_of(case: Case, rule: Rule) -> Dial | None:
    """The dial of a rule; None for one that is no number."""
    made = {
        "cash_floor": _cash_floor,
        "target": _target,
        "budget": _budget,
        "resource": _resource,
        "site": _capacity,
        "component": _capacity,
        "latest": _latest,
        "earliest": _earliest,
    }.get(rule.kind)
    return made(case, rule) if made else None


def _rounded(value: float, unit: Decimal, *, up: bool) -> float:
    """A number to the next multiple of a unit."""
    way = ROUND_CEILING if up else ROUND_FLOOR
    return float((Decimal(repr(value)) / unit).to_integral_value(way) * unit)


def _up(value: float) -> float:
    """A little more, so that the plan it comes from keeps it in spite of rounding."""
    return value + max(1e-6 * abs(value), 1e-6)


def _plain(case: Case) -> Case:
    return case.replace(levers=(), sources=())


def _cash_floor(case: Case, rule: Rule) -> Dial:
    floor = case.finance.cash_floor or 0.0
    bare = _plain(case)
    return Dial(
        lambda turn: bare.with_changes({rule.path: floor - turn}),
        lambda plan: _up(max(0.0, floor - plan.totals.least_cash)),
        lambda turn: floor - turn,
        "money",
        goal=Goal(kind="peak_funding") if floor <= case.finance.opening_cash else None,
    )


def _target(case: Case, _rule: Rule) -> Dial:
    assert case.target is not None
    wanted, bare = case.target.volume, _plain(case)
    return Dial(
        lambda turn: bare.with_changes({"target.volume": wanted - turn}),
        # Nothing is sold in the worst plan, and a target is above 0.
        lambda plan: min(
            _up(wanted - max(window.volume for window in plan.windows)), wanted * (1 - 1e-9)
        ),
        lambda turn: wanted - turn,
        "cars a year",
        positive=True,
        goal=Goal(kind="target_date"),
    )


def _budget(case: Case, rule: Rule) -> Dial:
    row = next(row for row in case.budgets if row.path == rule.path)
    bare, costs = _plain(case), dict(case.commitments.items())

    def needed(plan: PlanRecord) -> float:
        # Without the budget its use is in no table: all that is ever spent bounds it.
        total = sum(
            decision.cost
            for decision in plan.decisions
            if row.category in ("all", costs[decision.commitment].budget_category)
        )
        return _up(max(0.0, total - row.amount))

    return Dial(
        lambda turn: bare.with_changes({f"{rule.path}.amount": row.amount + turn}),
        needed,
        lambda turn: row.amount + turn,
        "money",
    )


def _resource(case: Case, rule: Rule) -> Dial:
    name = rule.path.split(".", 1)[1]
    rows = [row for row in case.resources if row.resource == name]
    use = {row.commitment: row for row in case.resource_use if row.resource == name}
    bare = _plain(case)

    def loosened(turn: float) -> Case:
        return bare.replace(
            resources=tuple(
                row.model_copy(update={"available": row.available + turn}) if row in rows else row
                for row in bare.resources
            )
        )

    def needed(plan: PlanRecord) -> float:
        all_of_them = sum(
            max(use[row.commitment].preparing, use[row.commitment].running)
            for row in plan.decisions
            if row.commitment in use
        )
        return _up(max(0.0, all_of_them - min(row.available for row in rows)))

    return Dial(loosened, needed, lambda turn: turn, "units more")


def _capacity(case: Case, rule: Rule) -> Dial:
    table, name = rule.path.split(".", 1)
    row = next(row for row in case.rows(table) if row.path == rule.path)
    stands: float = getattr(row, "capacity_per_year")  # noqa: B009  either kind has it
    bare, per_year = _plain(case), case.horizon.per_year

    def needed(plan: PlanRecord) -> float:
        used = [
            use.used * per_year for use in plan.limits if use.kind == rule.kind and use.name == name
        ]
        return _up(max(0.0, max(used, default=0.0) - stands))

    return Dial(
        lambda turn: bare.with_changes({f"{rule.path}.capacity_per_year": stands + turn}),
        needed,
        lambda turn: stands + turn,
        "a year",
    )


def _latest(case: Case, rule: Rule) -> Dial:
    return _window(case, rule, 1)


def _earliest(case: Case, rule: Rule) -> Dial:
    return _window(case, rule, -1)


def _window(case: Case, rule: Rule, sign: int) -> Dial:
    id, column = rule.path.rsplit(".", 1)
    label: str = getattr(case.commitments[id], column)
    horizon, bare = case.horizon, _plain(case)
    at = horizon.index(label)
    end = horizon.count - 1 - at if sign > 0 else at

    def needed(plan: PlanRecord) -> float:
        start = next((row.start for row in plan.decisions if row.commitment == id), None)
        if start is None:
            return float(end)
        return float(max(0, sign * (horizon.index(start) - at)))

    return Dial(
        lambda turn: bare.with_changes({rule.path: horizon.label(at + sign * int(turn))}),
        needed,
        lambda turn: horizon.label(at + sign * int(turn)),
        "period",
        whole=True,
    )
