"""Key figures: those of a plan worked out by hand, and what becomes of them without a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from models.target import GoalKind
from optimizer import Goal, Outcome, load_case, solve
from optimizer.studies.kpis import key_figure, key_figures


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


#: As data/tiny/README.md works them out. Spending is 20 for the car, 1 for each of two
#: launches, 6 for the entry and 10 for the shift; the licence brings 1 in five quarters.
BY_HAND = {
    "volume": 12_750,
    "volume.2024": 5_750,
    "volume.2025": 7_000,
    "exports": 7 * 250,
    "exports_share": 1_750 / 12_750,
    "npv": 26,
    "spending": 38,
    "spending.vehicles": 20,
    "spending.entries": 6,
    "spending.launches": 2,
    "spending.expansions": 10,
    "royalties": 5,
    "partner_volume": 5 * 1_000,
    "shortfall": 0,
    "markets_entered": 1,
    "cars_launched": 1,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_figures_worked_out_by_hand(outcome: Outcome, name: str) -> None:
    """The key figures of the tiny case are those of pencil and paper."""
    assert key_figure(outcome, name).value == pytest.approx(BY_HAND[name])


def test_when_comes_with_the_figure(outcome: Outcome) -> None:
    """The target date has its period, and its running number is four times the year."""
    date, cash = key_figure(outcome, "target_date"), key_figure(outcome, "least_cash")
    assert (date.period, date.value) == ("2025Q4", 4 * 2025 + 3)
    assert not date.not_reached
    assert cash.period == "2024Q2"


def test_a_target_that_is_missed_counts_as_after_the_horizon(outcome: Outcome) -> None:
    """With 8,000 wanted 7,000 is the most: 1,000 short, and the date is the quarter after."""
    missed = solve(outcome.case.with_target(8000))
    date = key_figure(missed, "target_date")
    assert (date.value, date.period, date.not_reached) == (4 * 2026, "", True)
    assert key_figure(missed, "shortfall").value == pytest.approx(1000)


def test_spending_by_category_is_all_of_it(outcome: Outcome) -> None:
    """The categories sum to the total."""
    figures = key_figures(outcome)
    parts = [row.value or 0.0 for row in figures if row.name.startswith("spending.")]
    assert sum(parts) == pytest.approx(key_figure(outcome, "spending").value)


def test_without_a_plan_the_same_figures_have_no_value(outcome: Outcome) -> None:
    """Names and units hang on the case alone, and nothing is made up where there is no plan."""
    nothing = key_figures(replace(outcome, plan=None, status="infeasible"))
    there = key_figures(outcome)
    assert [(row.name, row.unit) for row in nothing] == [(row.name, row.unit) for row in there]
    assert {row.value for row in nothing} == {None}


def test_figures_that_are_goals_say_so(outcome: Outcome) -> None:
    """Tiny has the three goals of every case with a target; the shortfall belongs to the date."""
    goals = {row.name: row.goal for row in key_figures(outcome) if row.goal}
    assert goals == {
        "target_date": "target_date",
        "shortfall": "target_date",
        "volume": "volume",
        "npv": "npv",
    }


def test_an_unknown_figure_is_a_key_error(outcome: Outcome) -> None:
    """A name that the case has no figure of is no figure of 0."""
    with pytest.raises(KeyError):
        key_figure(outcome, "volume.2031")


@pytest.mark.parametrize("kind", get_args(GoalKind))
def test_every_goal_has_its_figure(kind: GoalKind) -> None:
    """Whatever is sought, one figure is marked as that goal and has the value of its result."""
    period = "2025Q2" if kind == "volume_at" else None
    case = load_case("tiny").replace(goals=(Goal(kind=kind, period=period),))
    sought = solve(case)
    found = next(row for row in key_figures(sought) if row.goal == kind)
    result = sought.goal(kind)
    if kind == "target_date":
        assert found.period == result.period
    else:
        assert found.value == pytest.approx(result.value, abs=1e-6)
        assert found.sense == ("less" if result.sense == "min" else "more")
