"""Goals with bounds: what one goal costs the other, as brute force finds it.

Of two goals the second gets a bound between what it has when the first is met alone and
the best that it can have, so that the bound matters; the points of a frontier are such
cases.
"""

from __future__ import annotations

import random
from functools import cache

import pytest
from brute_force import ROUNDING, brute_force
from test_brute_force import as_large, difference
from tiny_cases import SEEDS, tiny_case

from models.case import Case
from models.finance import Overhead
from models.horizon import Horizon
from models.target import LEAST, Goal, GoalKind
from optimizer import Outcome, Prepared, Settings, solve

SETTINGS = Settings(gap=1e-6)
KINDS: list[GoalKind] = ["volume", "npv", "last_year_volume", "volume_at", "spending"]
KINDS += ["peak_funding"]


@cache
def two_goals(seed: int) -> tuple[Case, Goal, Goal]:
    """A tiny case with two goals drawn for it: the first from this seed on that has a plan."""
    rng = random.Random(seed)
    kinds = rng.sample(KINDS, 2)
    while True:
        case = tiny_case(seed)
        at = rng.choice(case.horizon.labels)
        one, other = (Goal(kind=k, period=at if k == "volume_at" else None) for k in kinds)
        case = case.replace(goals=(one, other))
        if brute_force(case).status == "optimal":
            return case, one, other
        seed += len(SEEDS) // 2


def with_bound(case: Case, one: Goal, other: Goal, worst: float) -> Case:
    """First the one goal, with a bound on the other."""
    if other.kind != "npv":
        worst = max(worst, 0.0)
    return case.replace(goals=(one, other.model_copy(update={"no_worse_than": worst})))


def agrees(case: Case, outcome: Outcome) -> None:
    """Status and every goal are those of brute force."""
    answer = brute_force(case)
    assert outcome.status == answer.status
    if answer.status == "optimal":
        goals = zip(case.goals, outcome.goals, answer.goals, strict=True)
        assert [words for goal in goals if (words := difference(case, *goal))] == []


@pytest.mark.parametrize("seed", SEEDS[:36])
def test_a_bound_costs_what_brute_force_says(seed: int) -> None:
    """Half way, at the very best value of an earlier solve, and beyond it: values and status.

    A prepared problem that was another case in between gives what a cold solve gives.
    """
    compare(seed)


def compare(seed: int) -> None:
    """The optimiser's answers with bounds are those of brute force, cold and prepared."""
    case, one, other = two_goals(seed)
    prepared = Prepared(case, SETTINGS)
    first = prepared.solve()
    assert first.plan is not None
    best = prepared.solve(case.replace(goals=(other, one))).goal(other.kind).best
    ends = best - first.goal(other.kind).best
    away = (-1 if other.kind in LEAST else 1) * max(1.0, 0.01 * abs(best))
    for worst in (best - 0.5 * ends, best, best + away):
        bounded = with_bound(case, one, other, worst)
        warm = prepared.solve(bounded, start=first.plan)
        assert prepared.change == "in place"
        agrees(bounded, warm)
        agrees(bounded, solve(bounded, SETTINGS))
        if worst == best:
            assert warm.status == "optimal"
    agrees(case, prepared.solve(case))


def test_bounds_matter_in_many_cases() -> None:
    """At half way, the first goal has to give something up in a quarter of the cases or more."""
    costs = 0
    for seed in SEEDS[:36]:
        case, one, other = two_goals(seed)
        free = brute_force(case)
        (best,) = brute_force(case.replace(goals=(other,))).goals
        half = (best.value + free.goals[1].value) / 2
        answer = brute_force(with_bound(case, one, other, half))
        lost = abs(answer.goals[0].value - free.goals[0].value)
        costs += lost > 10 * ROUNDING * max(1.0, abs(free.goals[0].value))
    assert costs >= 36 / 4


def test_a_case_with_nothing_to_decide_has_bounds_too() -> None:
    """Two years of 5 each are an NPV of -10, no spending and no cars, with no column at all."""
    case = Case(
        horizon=Horizon(step="year", first="2024", last="2025"),
        goals=(Goal(kind="npv"), Goal(kind="spending"), Goal(kind="volume")),
        overheads=(Overhead(item="office", amount_per_year=5),),
    )
    prepared = Prepared(case)
    for kind, worst, status in (
        ("npv", -10, "optimal"),
        ("npv", -9.9, "infeasible"),
        ("spending", 0, "optimal"),
        ("volume", 0, "optimal"),
        ("volume", 1, "infeasible"),
    ):
        bounded = case.with_changes({f"goals.{kind}.no_worse_than": worst})
        assert (prepared.solve(bounded).status, prepared.change) == (status, "in place")
        assert solve(bounded).status == status


@pytest.mark.parametrize("seed", SEEDS[:14])
def test_so_it_does_with_all_that_large_cases_need(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for plans and narrowing windows, which tiny cases go without, change nothing."""
    as_large(monkeypatch)
    compare(seed)
