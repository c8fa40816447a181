"""What limits cost and decisions are worth, against trying everything and against cold solves."""

from __future__ import annotations

import functools
from collections import Counter

import pytest
from brute_force import Answer, GoalValue, brute_force
from tiny_cases import SEEDS, tiny_case

from models.case import Case
from optimizer import Outcome, Settings, solve
from optimizer.studies import prices
from optimizer.studies.explain import Depth, explain
from optimizer.studies.explanation import Explanation, Price
from optimizer.studies.gains import Gain
from optimizer.studies.steps import loosened

SETTINGS = Settings(gap=1e-6)
#: Part of a value by which two ways may differ, see `test_brute_force`.
SAME = 1e-4
#: Seeds that are compared with enumeration, each a dozen brute forces: a few always, all
#: of them among the slow tests.
FEW = [pytest.param(seed, marks=[] if seed % 20 == 1 else [pytest.mark.slow]) for seed in SEEDS]


@functools.lru_cache(maxsize=32)
def explained(seed: int) -> Explanation | None:
    """Everything asked of a tiny case; None where it has no plan."""
    outcome = solve(tiny_case(seed), SETTINGS)
    if outcome.plan is None:
        return None
    depth: Depth = "all" if seed % 2 else "needed"
    return explain(outcome, kinds=prices.IMPORTANCE, delays=3, depth=depth)


@functools.lru_cache(maxsize=200)
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
def test_limits_and_prices_are_those_of_trying_everything(seed: int) -> None:
    """Status and gain in every goal, of each step, forbidding, delay and forcing."""
    explanation = explained(seed)
    if explanation is None:
        return
    first = explanation.outcome
    before = tried(first.case)
    for price in explanation.priced:
        assert not price.fault, price
        after = tried(changed(first, price))
        assert price.status == after.status, price
        if after.status == "optimal":
            assert compare(first.case, price.gains, before, after) == [], price
    for one in explanation.limit_gains:
        assert not one.fault, one
        after = tried(loosened(first.case, one.limit))
        if one.limit.pure:
            # What is there stays there: never without a plan, never a loss.
            assert (one.status, after.status) == ("optimal", "optimal"), one
            assert one.gains[0].value >= 0, one
            assert one.told != "worse", one
        if after.status == "optimal":
            assert compare(first.case, one.gains, before, after) == [], one


def test_all_verdicts_are_common() -> None:
    """The seeds that are always tried have decisions worth it, options not, and edges."""
    verdicts: Counter[str] = Counter()
    limits: Counter[str] = Counter()
    for seed in SEEDS[1::20]:
        explanation = explained(seed)
        if explanation is not None:
            verdicts.update(one.verdict for one in explanation.priced)
            limits.update(one.told for one in explanation.limit_gains)
    assert min(verdicts["always"], verdicts["never"], verdicts["edge"]) >= 5, verdicts
    assert not verdicts["open"]  # every proof was finished
    assert min(limits["better"], limits["same"]) >= 10, limits


@pytest.mark.parametrize("seed", SEEDS[2:60:8])
def test_what_is_cut_short_still_holds_the_truth(seed: int) -> None:
    """With no time at all every statement is weaker and none is wrong."""
    outcome = solve(tiny_case(seed), SETTINGS)
    if outcome.plan is None:
        return
    whole = explain(outcome, kinds=prices.IMPORTANCE, delays=1, depth="all")
    short = explain(outcome, kinds=prices.IMPORTANCE, delays=1, depth="all", time_limit=1e-9)
    truth = {one.key: one for one in (*whole.limit_gains, *whole.priced)}
    for one in (*short.limit_gains, *short.priced):
        known = truth.get(one.key)
        if known is None or not known.gains or not one.gains:
            continue
        if one.told in ("better", "worse"):
            assert one.told == known.told, one
        for gain, true in zip(one.gains, known.gains, strict=True):
            if gain.given or true.given:
                continue  # of other plans than those that the truth is about
            slack = 0.1 if gain.unit == "periods" else SAME * max(1.0, abs(true.before.best))
            assert gain.least is None or gain.least <= true.value + slack, (one, true)
            assert gain.most is None or gain.most >= true.value - slack, (one, true)


@pytest.mark.parametrize("seed", SEEDS[3:60:8])
def test_numbers_are_those_of_cold_solves_within_the_gaps(seed: int) -> None:
    """With a wide gap, a gain in the first goal is that of two cold solves but for both gaps."""
    coarse = Settings(gap=0.05)
    outcome = solve(tiny_case(seed), coarse)
    if outcome.plan is None:
        return
    explanation = explain(outcome, kinds=prices.IMPORTANCE, delays=1)
    for one in (*explanation.limit_gains, *explanation.priced):
        if not one.gains or one.gains[0].unit == "periods":
            continue
        gain = one.gains[0]
        case = (
            changed(outcome, one) if isinstance(one, Price) else loosened(outcome.case, one.limit)
        )
        cold = solve(case, coarse).goals[0]
        value = (1 if cold.sense == "max" else -1) * (cold.best - outcome.goals[0].best)
        assert abs(gain.value - value) <= gain.blur, one
