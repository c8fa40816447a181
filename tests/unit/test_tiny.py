"""The tiny case has the best plan that its README works out by hand."""

from __future__ import annotations

import pytest

from optimizer import load_case, solve


def test_tiny_has_the_plan_worked_out_by_hand() -> None:
    """Target date, volume and NPV are those of data/tiny/README.md, all proven."""
    outcome = solve(load_case("tiny"))
    assert outcome.status == "optimal"
    date = outcome.goal("target_date")
    assert (date.period, date.value, date.proven) == ("2025Q4", pytest.approx(7000), True)
    # 1,000 + 1,250 + 6 x 1,750: the plant is full from the third quarter on.
    assert outcome.goal("volume").value == pytest.approx(12750)
    # 32 + 7 + 15 - 38 + 10, as the README adds it up.
    assert outcome.goal("npv").value == pytest.approx(26)


def test_tiny_decisions_are_those_of_the_readme() -> None:
    """The plan takes the south, the new car, the shift and the licence, and no more."""
    outcome = solve(load_case("tiny"))
    assert outcome.plan is not None
    chosen = outcome.plan.decisions.query("not in_place").set_index("commitment")["start"]
    assert set(chosen.index) == {
        "vehicles.two",
        "entries.south.importer",
        "launches.one.south",
        "launches.two.home",
        "expansions.second_shift",
        "deals.licence",
    }
    # Engineers are free for the licence only when the car is developed.
    assert chosen["deals.licence"] == "2024Q3"


def test_forbidding_what_pays_costs_what_it_brought() -> None:
    """Without the licence, NPV falls by its 5 at signing and 5 quarters of 1."""
    case = load_case("tiny").with_changes({"deals.licence.status": "forbidden"})
    assert solve(case).goal("npv").value == pytest.approx(26 - 10)


def test_same_input_gives_the_same_plan() -> None:
    """Two solves of one case give byte-identical records."""
    case = load_case("tiny")
    first, second = solve(case).plan, solve(case).plan
    assert first is not None
    assert second is not None
    assert first.record.model_dump_json() == second.record.model_dump_json()


def test_required_target_out_of_reach_is_proven_twice() -> None:
    """A required target that no plan reaches gives the status infeasible, without a plan."""
    case = load_case("tiny").with_target(volume=9000, required=True)
    outcome = solve(case)
    assert (outcome.status, outcome.plan) == ("infeasible", None)
    assert "confirmation" in outcome.seconds
