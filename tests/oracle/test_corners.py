"""Corners of the rules where two readings are easily confused, worked out by hand.

Each case is solved both by the optimiser and by brute force; the value stated here is
what the description of the case format says.
"""

from __future__ import annotations

from typing import Any

import pytest
from brute_force import brute_force
from test_reference import simple

from models.case import Case
from models.commitment import ExclusiveGroup, Precedence, Project, Resource, ResourceUse
from models.deal import Deal, DealPayment, Exclusivity
from models.finance import Budget
from models.market import Entry
from models.target import Goal
from models.vehicle import Launch, Ramp, Vehicle
from optimizer import Settings, solve

# `simple` has 100 cars a year from 2024 to 2026, if the launch is started at once.
LAUNCH: dict[str, Any] = {"vehicle": "v", "market": "m", "peak_share": 0.1}


def reached(case: Case) -> list[float] | None:
    """Values of the goals, on which both ways agree; None when there is no plan."""
    answer = brute_force(case)
    outcome = solve(case, Settings(gap=1e-6))
    assert outcome.status == answer.status
    if answer.status == "infeasible":
        return None
    values = [goal.value for goal in answer.goals]
    assert [goal.best for goal in outcome.goals] == pytest.approx(values, abs=1e-6)
    return values


@pytest.mark.parametrize("effective", ["2020", "2026", "2027", "2030"])
def test_in_place_counts_in_its_group_whenever_it_is_effective(effective: str) -> None:
    """A place in a group is taken by what is in place, even after the horizon."""
    case = simple(
        projects=(
            Project(project="p", status="in_place", effective=effective, exclusive_group="g"),
        ),
        launches=(Launch(**LAUNCH, exclusive_group="g"),),
    )
    # The group has room for one, and p is it: nothing can be launched.
    assert reached(case) == pytest.approx([0])


def test_group_named_twice_counts_once() -> None:
    """A commitment that names its group twice is still one commitment."""
    case = simple(launches=(Launch(**LAUNCH, exclusive_group=("g", "g")),))
    assert reached(case) == pytest.approx([300])


def test_group_without_room() -> None:
    """A group that allows none rules out all its commitments."""
    case = simple(
        launches=(Launch(**LAUNCH, exclusive_group="g"),),
        exclusive_groups=(ExclusiveGroup(group="g", at_most=0),),
    )
    assert reached(case) == pytest.approx([0])


@pytest.mark.parametrize(
    ("effective", "lead", "counted_from", "cars"),
    [
        # The launch may start 2 years before the event of p, given here.
        ("2028", 1, "start", 200),  # start 2027: launch in 2025
        ("2028", 1, "effective", 100),  # effect 2028: launch in 2026
        ("2028", 0, "start", 100),
        ("2029", 1, "effective", 0),  # effect 2029: launch in 2027, too late
        ("2026", 0, "start", 300),
    ],
)
def test_negative_lag_reaches_behind_the_horizon(
    effective: str, lead: int, counted_from: str, cars: float
) -> None:
    """What is in place after the horizon can be waited for with a negative lag."""
    case = simple(
        projects=(Project(project="p", status="in_place", effective=effective, lead=lead),),
        precedences=(
            Precedence(
                commitment="launches.v.m",
                after=("projects.p",),
                counted_from=counted_from,
                lag=-2,
            ),
        ),
    )
    assert reached(case) == pytest.approx([cars])


def test_negative_lag_after_an_effect_behind_the_horizon() -> None:
    """A project that is started but never effective in time still lets others start."""
    case = simple(
        projects=(Project(project="p", lead=5),),
        precedences=(Precedence(commitment="launches.v.m", after=("projects.p",), lag=-4),),
    )
    # Started in 2024, p is effective in 2029; the launch may start 4 years sooner.
    assert reached(case) == pytest.approx([200])


def test_launch_effective_after_the_horizon() -> None:
    """A mandatory launch may start when its vehicle comes after the horizon, if it is
    itself effective no sooner."""
    vehicle = Vehicle(vehicle="v", segment="s", status="in_place", effective="2027", lead=1)
    launch = Launch(**LAUNCH, lead=2, status="mandatory")
    # A start in 2025 is effective in 2027, with the vehicle, and sells nothing in time.
    assert reached(simple(vehicles=(vehicle,), launches=(launch,))) == pytest.approx([0])
    late = vehicle.model_copy(update={"effective": "2029"})
    # The latest start, in 2026, is effective in 2028: before the vehicle.
    assert reached(simple(vehicles=(late,), launches=(launch,))) is None


def test_cost_of_what_is_in_place_within_the_horizon() -> None:
    """Only the parts of a cost that fall within the horizon are spent."""
    case = simple(
        projects=(
            Project(project="p", status="in_place", effective="2027", lead=4, cost=8),
            Project(
                project="q",
                status="in_place",
                effective="2025",
                lead=4,
                cost=8,
                running_cost_per_year=3,
            ),
        ),
        goals=(Goal(kind="spending"), Goal(kind="npv")),
    )
    # 2 a year: p in 2023 to 2026, three of them inside; q in 2021 to 2024, one inside.
    # q runs in 2025 and 2026 at 3 a year.
    assert reached(case) == pytest.approx([8, -14])


def test_limits_bind_what_is_in_place() -> None:
    """Budgets and resources hold for everything, so that no plan may exist."""
    project = Project(project="p", status="in_place", effective="2027", lead=4, cost=8)
    # 2 in each of three years are more than 5 in total.
    budget = Budget(category="all", scope="total", amount=5)
    assert reached(simple(projects=(project,), budgets=(budget,))) is None
    case = simple(
        projects=(project,),
        resources=(Resource(resource="r", available=1),),
        resource_use=(ResourceUse(commitment="projects.p", resource="r", preparing=2),),
    )
    assert reached(case) is None


def test_payments_of_a_deal_signed_before_the_horizon() -> None:
    """Milestones of an old deal are paid when they fall within the horizon."""
    deal = Deal(deal="d", status="in_place", effective="2022", lead=1)
    case = simple(
        deals=(deal,),
        deal_payments=(
            DealPayment(deal="d", payment="before", after=1, amount=100),
            DealPayment(deal="d", payment="signed", after=3, amount=5),
            DealPayment(deal="d", payment="live", after=4, counted_from="effective", amount=7),
        ),
        goals=(Goal(kind="npv"),),
    )
    # Signed in 2021: 100 in 2022 is over, 5 in 2024; live in 2022: 7 in 2026.
    assert reached(case) == pytest.approx([12])


def test_old_deal_rules_out_a_start_but_not_what_is_in_place() -> None:
    """An exclusivity of a deal in place forbids starts, and ends sales if it says so."""
    deal = Deal(deal="d", status="in_place", effective="2026")
    rules = (
        Exclusivity(deal="d", commitment="entries.m.own", ends_sales=True),
        Exclusivity(deal="d", commitment="launches.v.m"),
    )
    entry = Entry(market="m", mode="own", status="in_place")
    # The launch starts in 2024, before the deal; from 2026 on the entry sells nothing.
    case = simple(entries=(entry,), deals=(deal,), exclusivities=rules)
    assert reached(case) == pytest.approx([200])
    # In place for long, the deal leaves no period in which the launch may start.
    case = simple(deals=(Deal(deal="d", status="in_place"),), exclusivities=rules[1:])
    assert reached(case) == pytest.approx([0])


def test_blank_throughput_ignores_its_ramp() -> None:
    """An entry without a limit needs only to be effective, whatever its ramp; one with
    a throughput of 0 sells nothing."""
    ramps = (Ramp(ramp="z", age=0, value=0),)
    free = Entry(market="m", mode="own", status="in_place", ramp="z")
    assert reached(simple(entries=(free,), ramps=ramps)) == pytest.approx([300])
    shut = Entry(market="m", mode="own", status="in_place", throughput_per_year=0)
    assert reached(simple(entries=(shut,))) == pytest.approx([0])


def test_two_that_wait_for_each_other_start_together() -> None:
    """Precedences in a ring without lags are met by one common start."""
    case = simple(
        projects=(Project(project="p", earliest="2025"),),
        precedences=(
            Precedence(commitment="launches.v.m", after=("projects.p",), counted_from="start"),
            Precedence(commitment="projects.p", after=("launches.v.m",), counted_from="start"),
        ),
    )
    assert reached(case) == pytest.approx([200])


@pytest.mark.parametrize(
    ("counted_from", "lag", "cars"),
    [("start", 0, 300), ("effective", 0, 100), ("start", 1, 200), ("effective", -1, 200)],
)
def test_what_is_waited_for_is_the_start_or_the_effect(
    counted_from: str, lag: int, cars: float
) -> None:
    """A project started in 2024 with a lead of 2 is waited for from 2024 or from 2026."""
    case = simple(
        projects=(Project(project="p", lead=2),),
        precedences=(
            Precedence(
                commitment="launches.v.m",
                after=("projects.p",),
                counted_from=counted_from,
                lag=lag,
            ),
        ),
    )
    # 100 cars in each year from 2024 (or 2026) plus the lag on.
    assert reached(case) == pytest.approx([cars])
