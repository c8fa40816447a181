"""What limits cost and decisions are worth, against trying everything and against cold solves."""

from __future__ import annotations

import functools

import pytest
from brute_force import Answer, GoalValue, brute_force
from test_brute_force import difference
from tiny_cases import SEEDS, tiny_case

from models.case import Case
from optimizer import Outcome, Settings, solve
from optimizer.studies import prices
from optimizer.studies.explain import Explanation, LimitGain, Price, explain
from optimizer.studies.gains import Gain, gains
from optimizer.studies.steps import loosened

SETTINGS = Settings(gap=1e-6)
#: Part of a value by which two ways may differ, see `test_brute_force`.
SAME = 1e-4
#: Seeds that are compared with enumeration: each is a dozen brute forces.
FEW = [seed for seed in SEEDS if seed % 4 == 0]


@functools.cache
def explained(seed: int) -> Explanation | None:
    """Everything asked of a tiny case; None where it has no plan."""
    outcome = solve(tiny_case(seed), SETTINGS)
    if outcome.plan is None:
        return None
    return explain(outcome, kinds=prices.IMPORTANCE, delays=3)


@functools.cache
def tried(case: Case) -> Answer:
    return brute_force(case)


def changed(first: Outcome, price: Price) -> Case:
    """The case that a price is about, made without what is tested."""
    id = price.commitment
    if price.move == "delay":
        start = next(d.start for d in first.plan.record.decisions if d.commitment == id)  # type: ignore[union-attr]
        label = first.case.horizon.label(first.case.horizon.index(start or "") + price.periods)
        return first.case.with_changes({f"{id}.earliest": label})
    status = "mandatory" if price.move == "force" else "forbidden"
    return first.case.with_changes({f"{id}.status": status})


def dates_and_values(case: Case, goals: tuple[GoalValue, ...]) -> list[tuple[str, float]]:
    """For each goal its number where more is better: minus a date, or a value."""
    last = case.horizon.count
    if case.target is not None and case.target.deadline is not None:
        last = case.horizon.index(case.target.deadline) + 1
    numbers: list[tuple[str, float]] = []
    for goal in goals:
        if goal.kind == "target_date":
            number = -case.horizon.index(goal.period) if goal.period else -last
            numbers.append(("periods", float(number)))
        else:
            sign = -1.0 if goal.kind in ("spending", "peak_funding") else 1.0
            numbers.append(("value", sign * goal.value))
    return numbers


def compare(case: Case, found: tuple[Gain, ...], before: Answer, after: Answer) -> list[str]:
    """In words what of the gains is not what trying everything gives."""
    wrong = []
    rows = zip(
        found,
        before.goals,
        after.goals,
        dates_and_values(case, before.goals),
        dates_and_values(case, after.goals),
        strict=False,  # where the first goals tell, the last one is not sought
    )
    for gain, was, now, (_, one), (_, other) in rows:
        true = other - one
        if gain.kind == "target_date" and not was.period and not now.period:
            true = now.value - was.value
        slack = SAME * max(1.0, abs(was.value), abs(now.value))
        if gain.unit == "periods":
            slack = 0.1
        if abs(gain.value - true) > slack:
            wrong.append(f"{gain.kind}: {gain.value} instead of {true}")
        if gain.least is not None and gain.least > true + slack:
            wrong.append(f"{gain.kind}: at least {gain.least}, but it is {true}")
        if gain.most is not None and gain.most < true - slack:
            wrong.append(f"{gain.kind}: at most {gain.most}, but it is {true}")
    return wrong


@pytest.mark.parametrize("seed", FEW)
def test_prices_are_those_of_trying_everything(seed: int) -> None:
    """Forbidding, delaying and forcing: status and gain in every goal are those of enumeration."""
    explanation = explained(seed)
    if explanation is None:
        return
    first = explanation.outcome
    before = tried(first.case)
    for price in explanation.priced:
        assert not price.fault, price
        case = changed(first, price)
        after = tried(case)
        assert price.status == after.status, price
        if after.status == "optimal":
            assert compare(first.case, price.gains, before, after) == [], price


@pytest.mark.parametrize("seed", FEW)
def test_limits_are_those_of_trying_everything(seed: int) -> None:
    """The gain of each next step is that of enumeration, and never a loss in the first goal."""
    explanation = explained(seed)
    if explanation is None:
        return
    first = explanation.outcome
    before = tried(first.case)
    for one in explanation.limit_gains:
        assert not one.fault, one
        after = tried(loosened(first.case, one.limit))
        assert one.status == after.status == "optimal"
        assert compare(first.case, one.gains, before, after) == [], one
        if one.limit.pure:
            assert one.gains[0].value >= 0, one
            assert one.told != "worse", one
