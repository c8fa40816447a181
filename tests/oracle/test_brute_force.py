"""The optimiser against brute force, on random tiny cases."""

from __future__ import annotations

import pytest
from brute_force import GoalValue, brute_force
from tiny_cases import SEEDS, tiny_case

from models.outcome import GoalResult
from optimizer import Settings, solve

#: Part of a value by which the two ways may differ: rounding, and what a goal gives up
#: by rounding for the goals after it.
SAME = 1e-4


def difference(found: GoalResult, best: GoalValue) -> str:
    """In words how a goal of the optimiser differs from the best, or nothing."""
    if found.kind != best.kind:
        return f"{found.kind} instead of {best.kind}"
    if found.period != best.period:
        return f"{best.kind}: reached in {found.period} instead of {best.period}"
    if best.period is not None:  # the date is the value
        return ""
    if found.best == pytest.approx(best.value, rel=SAME, abs=SAME):
        return ""
    return f"{best.kind}: {found.best!r} instead of {best.value!r}"


@pytest.mark.parametrize("seed", SEEDS)
def test_optimiser_finds_what_brute_force_finds(seed: int) -> None:
    """Status and every goal in order are those found by trying all decisions."""
    case = tiny_case(seed)
    answer = brute_force(case)
    outcome = solve(case, Settings(gap=1e-6))
    assert outcome.status == answer.status
    if answer.status == "optimal":
        pairs = zip(outcome.goals, answer.goals, strict=True)
        assert [d for found, best in pairs if (d := difference(found, best))] == []


def test_some_cases_have_no_plan() -> None:
    """Both answers are common: a quarter of the cases at most has no plan, a
    twentieth at least."""
    none = sum(brute_force(tiny_case(seed)).status == "infeasible" for seed in SEEDS)
    assert len(SEEDS) / 20 <= none <= len(SEEDS) / 4
