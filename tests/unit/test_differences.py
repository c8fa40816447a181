"""What two plans do otherwise: constructed plans whose differences are known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plan import Decision, PlanRecord, Sale
from optimizer import Case, Outcome, Plan, Settings, load_case, solve
from optimizer.studies.differences import (
    BINDING,
    DecisionChange,
    SalesChange,
    binding,
    decision_changes,
    decisions_in_all,
    limit_changes,
    sales_changes,
    summed,
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


def two_steps() -> Case:
    """Tiny with another step of capacity at its plant, and one for nothing in particular."""
    case = load_case("tiny")
    (step,) = case.expansions
    other = step.model_copy(update={"expansion": "third_shift", "title": ""})
    return case.replace(expansions=(step, type(step)(**other.model_dump())))


CASE = two_steps()
LABELS = CASE.horizon.labels
RECORD = solve(load_case("tiny")).plan.record  # type: ignore[union-attr]


def planned(record: PlanRecord, starts: dict[str, str], in_place: tuple[str, ...] = ()) -> Outcome:
    """An outcome of ``CASE`` whose plan starts just this; nothing else of it is looked at."""
    rows = [
        Decision(
            commitment=id,
            kind=id.split(".")[0],
            start=start,
            effective=start,
            in_place=id in in_place,
            cost=0.0,
            because=(),
        )
        for id, start in starts.items()
    ]
    plan = Plan(record.model_copy(update={"decisions": tuple(rows)}))
    return Outcome(CASE, Settings(), "optimal", plan=plan)


plans = st.dictionaries(st.sampled_from(list(CASE.commitments)), st.sampled_from(LABELS))


def applied(starts: dict[str, str], changes: tuple[DecisionChange, ...]) -> dict[str, str]:
    """The decisions of the other plan, from those of the base plan and the changes alone."""
    now = dict(starts)
    for change in changes:
        if change.commitment:
            assert now.pop(change.commitment) == change.start
    for change in changes:
        if change.other:
            assert change.other not in now
            now[change.other] = change.other_start
    return now


@given(before=plans, after=plans)
def test_the_changes_lead_from_one_plan_to_the_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """Applied to the decisions of one plan, what differs gives those of the other, and no more.

    What is the same in both, and only that, is counted as the same in all.
    """
    base, other = planned(RECORD, before), planned(RECORD, after)
    changes = decision_changes(base, other)
    assert applied(before, changes) == after
    same = {item for item in before.items() if item in after.items()}
    assert decisions_in_all([base, other]) == len(same)
    assert not {id for id, _ in same} & {change.key for change in changes}
    for change in changes:
        if change.periods is not None:
            gone = LABELS.index(change.other_start) - LABELS.index(change.start)
            assert change.periods == gone


@given(before=plans)
def test_a_plan_does_not_differ_from_itself(before: dict[str, str]) -> None:
    """No decision, no sale and no limit differs between a plan and itself."""
    base = planned(RECORD, before)
    assert decision_changes(base, base) == ()
    assert sales_changes(RECORD, RECORD) == ()
    assert limit_changes(base, base) == ()


def test_each_kind_of_change_is_told() -> None:
    """An importer becomes an own company, a shift another shift; one moves, one goes, one comes."""
    before = {
        "entries.north.importer": "2024Q1",
        "expansions.second_shift": "2024Q2",
        "vehicles.two": "2024Q1",
        "deals.licence": "2024Q3",
        "launches.one.south": "2024Q1",
    }
    after = {
        "entries.north.own": "2024Q3",
        "expansions.third_shift": "2024Q2",
        "vehicles.two": "2024Q4",
        "launches.one.north": "2025Q1",
        "launches.one.south": "2024Q1",
    }
    found = set(decision_changes(planned(RECORD, before), planned(RECORD, after)))
    assert found == {
        DecisionChange(
            "mode", "entries.north.importer", "2024Q1", "entries.north.own", "2024Q3", 2
        ),
        DecisionChange(
            "size", "expansions.second_shift", "2024Q2", "expansions.third_shift", "2024Q2", 0
        ),
        DecisionChange("moved", "vehicles.two", "2024Q1", "vehicles.two", "2024Q4", 3),
        DecisionChange("dropped", "deals.licence", "2024Q3", "", ""),
        DecisionChange("added", "", "", "launches.one.north", "2025Q1"),
    }


def test_an_entry_into_another_market_is_no_change_of_mode() -> None:
    """Leaving the north out and entering the south are two decisions."""
    before, after = {"entries.north.own": "2024Q1"}, {"entries.south.importer": "2024Q1"}
    found = decision_changes(planned(RECORD, before), planned(RECORD, after))
    assert [change.kind for change in found] == ["dropped", "added"]


def test_what_is_in_place_is_no_decision() -> None:
    """Something in place in both is not counted, though its dates may differ."""
    one = planned(RECORD, {"vehicles.two": "2024Q1"}, in_place=("vehicles.two",))
    two = planned(RECORD, {"vehicles.two": "2024Q3"}, in_place=("vehicles.two",))
    assert decision_changes(one, two) == ()
    assert decisions_in_all([one, two]) == 0


def sold(**cars: float) -> PlanRecord:
    """A plan that sells so many cars, by market and vehicle in one word."""
    rows = [
        Sale(market=m, entry="", vehicle=v, period="2024Q1", units=units)
        for name, units in cars.items()
        for m, v in [name.split("_")]
    ]
    return RECORD.model_copy(update={"sales": tuple(rows)})


def test_sales_that_moved_most_come_first() -> None:
    """By market the moves cancel in the north; by car one loses 30 and two gains 50."""
    before = sold(north_one=100, south_one=50, home_one=10)
    after = sold(north_two=100, south_one=120, home_one=10.4, south_two=-50)
    changes = sales_changes(before, after)
    assert changes[0] == SalesChange("north", "one", 100, 0)
    assert ("home", "one") not in {(change.market, change.vehicle) for change in changes}
    assert [(c.market, c.difference) for c in summed(changes, "market")] == [("south", 20)]
    assert [(c.vehicle, c.difference) for c in summed(changes, "vehicle")] == [
        ("two", 50),
        ("one", -30),
    ]


def test_limits_that_bind_otherwise(outcome: Outcome) -> None:
    """The plant's limit, taken away in one quarter and met in another, starts and stops there."""
    assert outcome.plan is not None
    record = outcome.plan.record
    bound = set(binding(outcome.case, record)["site", "plant"])
    stops = min(bound)
    starts = next(label for label in LABELS if label not in bound)
    rows = []
    for row in record.limits:
        if (row.kind, row.name) == ("site", "plant"):
            used = {stops: BINDING * row.available - 1, starts: row.available}.get(row.period)
            row = row if used is None else row.model_copy(update={"used": used})
        rows.append(row)
    changed = Plan(record.model_copy(update={"limits": tuple(rows)}))
    (found,) = limit_changes(outcome, replace(outcome, plan=changed))
    assert (found.kind, found.name) == ("site", "plant")
    assert (found.started, found.stopped) == ((starts,), (stops,))
    assert (found.before, found.after) == (True, True)


def test_cash_at_its_floor_is_a_limit(outcome: Outcome) -> None:
    """With the floor raised to the lowest cash, 1 in 2024Q2, cash binds there and only there."""
    assert outcome.plan is not None
    raised = outcome.case.with_changes({"finance.cash_floor": 1})
    assert ("cash", "floor") not in binding(outcome.case, outcome.plan.record)
    assert binding(raised, outcome.plan.record)["cash", "floor"] == ("2024Q2",)
