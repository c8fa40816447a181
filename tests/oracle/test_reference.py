"""The reference solver itself, on cases small enough to be worked out by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from brute_force import ROUNDING, Answer, brute_force
from decision_sets import NEVER, DecisionSets
from scipy.optimize import linprog
from tiny_cases import tiny_case
from volume_program import VolumeProgram

from models.case import Case, make_case
from models.commitment import Precedence, Project
from models.deal import Deal, DealPayment, DealSupply, Diversion, Exclusivity
from models.finance import Budget, Finance
from models.horizon import Horizon
from models.market import Entry, Market, Registrations
from models.site import Component, ComponentUse
from models.target import Goal, Target
from models.vehicle import Launch, Price, Ramp, Vehicle

VOLUME = (Goal(kind="volume"),)


def simple(**parts: Any) -> Case:
    """Three years, one market with 1000 registrations, one car that may take 10%."""
    rows: dict[str, Any] = {
        "horizon": Horizon(step="year", first="2024", last="2026"),
        "goals": VOLUME,
        "markets": (Market(market="m"),),
        "registrations": (Registrations(market="m", segment="s", units_per_year=1000),),
        "vehicles": (Vehicle(vehicle="v", segment="s", status="in_place"),),
        "launches": (Launch(vehicle="v", market="m", peak_share=0.1),),
    }
    return make_case({**rows, **parts})


def values(answer: Answer) -> list[float]:
    assert answer.status == "optimal"
    return [goal.value for goal in answer.goals]


def test_demand_follows_the_ramp_by_age() -> None:
    """A launch started at once is effective after its lead and climbs its ramp."""
    case = simple(
        launches=(Launch(vehicle="v", market="m", peak_share=0.1, ramp="r", lead=1),),
        ramps=(Ramp(ramp="r", age=0, value=0.5), Ramp(ramp="r", age=1, value=1)),
    )
    # Effective in 2025: 50 cars at age 0, then 100 at age 1.
    assert values(brute_force(case)) == pytest.approx([150])


def test_network_limits_sales_after_its_own_lead() -> None:
    """Sales are the least of demand and of the throughput of an effective entry."""
    entry = Entry(market="m", mode="own", lead=1, throughput_per_year=60)
    # The launch waits for the entry, effective in 2025; then 60 of 100 a year.
    assert values(brute_force(simple(entries=(entry,)))) == pytest.approx([120])


def test_precedence_with_negative_lag_allows_an_earlier_start() -> None:
    """Waiting for an effect with lag -1 allows a start one period before it."""
    case = simple(
        projects=(Project(project="p", lead=2),),
        precedences=(Precedence(commitment="launches.v.m", after=("projects.p",), lag=-1),),
    )
    # The project is effective in 2026 at the soonest, so sales start in 2025.
    assert values(brute_force(case)) == pytest.approx([200])


def test_cash_floor_delays_what_cannot_be_paid_yet() -> None:
    """A second car that costs more than the cash at hand waits for income."""
    case = simple(
        vehicles=(
            Vehicle(vehicle="v", segment="s", status="in_place"),
            Vehicle(vehicle="w", segment="s", status="in_place"),
        ),
        launches=(
            Launch(vehicle="v", market="m", peak_share=0.1, status="in_place"),
            Launch(vehicle="w", market="m", peak_share=0.1, cost=4100),
        ),
        prices=(
            Price(vehicle="v", market="m", net_price=10),
            Price(vehicle="w", market="m", net_price=20),
        ),
        finance=Finance(cash_floor=0),
        goals=(Goal(kind="volume"), Goal(kind="npv")),
    )
    # v brings 1000 a year, w 2000: launching w leaves 3000 - 4100 < 0 in 2024 and
    # 1000 + 3000 - 4100 < 0 in 2025, but 2000 + 3000 - 4100 >= 0 in 2026.
    # Volume 300 + 100; NPV 3 * 1000 + 2000 - 4100.
    assert values(brute_force(case)) == pytest.approx([400, 900])


def test_lexicographic_goals_keep_what_comes_first() -> None:
    """NPV is the best among plans of the largest volume, though no launch would pay."""
    launches = (Launch(vehicle="v", market="m", peak_share=0.1, cost=5000),)
    prices = (Price(vehicle="v", market="m", net_price=10),)
    first_volume = (Goal(kind="volume"), Goal(kind="npv"))
    first_npv = (Goal(kind="npv"), Goal(kind="volume"))
    # 300 cars at 10 bring 3000 of the 5000 paid: volume wants it, NPV does not.
    answer = brute_force(simple(launches=launches, prices=prices, goals=first_volume))
    assert values(answer) == pytest.approx([300, -2000], abs=1)
    answer = brute_force(simple(launches=launches, prices=prices, goals=first_npv))
    assert values(answer) == pytest.approx([0, 0])


def test_tolerance_gives_up_part_of_an_earlier_goal() -> None:
    """A third of the volume may be given up, and the loss of each car is saved."""
    case = simple(
        prices=(Price(vehicle="v", market="m", net_price=0),),
        markets=(Market(market="m", sales_cost=10),),
        goals=(Goal(kind="volume", tolerance=0.3), Goal(kind="npv")),
    )
    # Best volume 300; 210 must be kept, each car losing 10.
    assert values(brute_force(case)) == pytest.approx([300, -2100], rel=1e-5)


def test_target_date_is_the_earliest_window_that_reaches() -> None:
    """Ramped sales of 50, 100, 100 reach 90 in 2025, and 110 never."""
    ramps = (Ramp(ramp="r", age=0, value=0.5), Ramp(ramp="r", age=1, value=1))
    launches = (Launch(vehicle="v", market="m", peak_share=0.1, ramp="r"),)
    goals = (Goal(kind="target_date"),)
    parts = {"ramps": ramps, "launches": launches, "goals": goals}
    reached = brute_force(simple(target=Target(volume=90), **parts)).goals[0]
    assert reached.period == "2025"
    missed = brute_force(simple(target=Target(volume=110), **parts)).goals[0]
    # The best window has 100 cars.
    assert missed.period is None
    assert missed.value == pytest.approx(100)
    required = simple(target=Target(volume=110, required=True), **parts)
    assert brute_force(required).status == "infeasible"


def test_late_target_date_may_serve_a_later_goal() -> None:
    """A date one period late is kept when the goal allows it, and saves a launch's cost."""
    case = simple(
        launches=(
            Launch(vehicle="v", market="m", peak_share=0.1, status="in_place", ramp="r"),
            Launch(vehicle="w", market="m", peak_share=0.05, cost=100),
        ),
        vehicles=(
            Vehicle(vehicle="v", segment="s", status="in_place"),
            Vehicle(vehicle="w", segment="s", status="in_place"),
        ),
        ramps=(Ramp(ramp="r", age=0, value=1),),
        registrations=(
            Registrations(market="m", segment="s", units_per_year=1000),
            Registrations(market="m", segment="s", since="2025", units_per_year=1500),
        ),
        target=Target(volume=150),
        goals=(Goal(kind="target_date", tolerance_periods=1), Goal(kind="spending")),
    )
    # With w 100 + 50 cars in 2024; without it 150 in 2025, one period later, for nothing.
    answer = brute_force(case)
    assert answer.goals[0].period == "2024"
    assert answer.goals[1].value == pytest.approx(0)


def test_licensee_takes_demand_and_components() -> None:
    """A deal in place diverts half of the demand and is served with components first."""
    deal = Deal(deal="d", status="in_place", partner_units_per_year=30, counted_share=0.5)
    diversion = Diversion(deal="d", market="m", share=0.5)
    case = simple(deals=(deal,), diversions=(diversion,))
    # 50 own cars and half of 30 partner's cars, in each of three years.
    assert values(brute_force(case)) == pytest.approx([195])
    parts: dict[str, Any] = {
        "deals": (deal,),
        "component_use": (ComponentUse(vehicle="v", component="c", per_car=2),),
        "deal_supply": (DealSupply(deal="d", component="c"),),
    }
    scarce = simple(components=(Component(component="c", capacity_per_year=50),), **parts)
    # 50 components less 30 for the partner make 10 own cars; 3 * (10 + 15).
    assert values(brute_force(scarce)) == pytest.approx([75])
    lacking = simple(components=(Component(component="c", capacity_per_year=20),), **parts)
    # 30 components are owed and 20 can be made.
    assert brute_force(lacking).status == "infeasible"


def test_deal_ends_sales_through_an_entry() -> None:
    """From the effect of the deal on nothing is sold through the entry it excludes."""
    case = simple(
        entries=(Entry(market="m", mode="own", status="in_place"),),
        deals=(Deal(deal="d", status="mandatory", lead=1),),
        exclusivities=(Exclusivity(deal="d", commitment="entries.m.own", ends_sales=True),),
    )
    # Signed as late as 2026, the deal is effective after the horizon.
    assert values(brute_force(case)) == pytest.approx([300])
    early = case.with_changes({"deals.d.latest": "2024"})
    # Effective in 2025: only 2024 is left.
    assert values(brute_force(early)) == pytest.approx([100])


def test_money_of_a_deal_and_of_the_years_after() -> None:
    """NPV discounts payments and values the last year's operating cash flow again."""
    case = simple(
        deals=(Deal(deal="d", lead=1, cost=10, partner_units_per_year=5, royalty=2),),
        deal_payments=(DealPayment(deal="d", payment="p", after=1, amount=40),),
        finance=Finance(discount_rate_per_year=1.0, terminal_years=3),
        goals=(Goal(kind="npv"),),
    )
    # Started in 2024: -10; 2025: +40 and royalties of 10, halved; 2026: 10, quartered,
    # and three times that for the years after.
    assert values(brute_force(case)) == pytest.approx([-10 + 25 + 2.5 + 7.5])


def test_peak_funding_is_the_deepest_fall_of_cash() -> None:
    """Cash falls by the cost before income comes, wherever it stood at first."""
    case = simple(
        launches=(Launch(vehicle="v", market="m", peak_share=0.1, cost=600, lead=2),),
        prices=(Price(vehicle="v", market="m", net_price=10),),
        finance=Finance(opening_cash=5000),
        goals=(Goal(kind="volume"), Goal(kind="peak_funding")),
    )
    # Most volume needs a start in 2024: 300 in each of 2024 and 2025, sales in 2026.
    assert values(brute_force(case)) == pytest.approx([100, 600])


def test_budget_of_a_year_spreads_commitments() -> None:
    """A yearly budget of one launch moves the second launch to the next year."""
    case = simple(
        markets=(Market(market="m"), Market(market="n")),
        registrations=(
            Registrations(market="m", segment="s", units_per_year=1000),
            Registrations(market="n", segment="s", units_per_year=1000),
        ),
        launches=(
            Launch(vehicle="v", market="m", peak_share=0.1, cost=10),
            Launch(vehicle="v", market="n", peak_share=0.1, cost=10),
        ),
        budgets=(Budget(category="launches", scope="year", amount=15),),
    )
    # Three years of the first market, two of the second.
    assert values(brute_force(case)) == pytest.approx([500])


def test_decision_sets_hold_every_allowed_start() -> None:
    """Without rules there is one set for each choice of start or none."""
    case = simple(projects=(Project(project="p", latest="2025"), Project(project="q")))
    sets = DecisionSets(case)
    # The launch and q: never or 3 starts; p: never or 2.
    assert len(sets) == 4 * 4 * 3
    starts = {tuple(row) for row in sets.start[:, [sets.column["projects.p"]]]}
    assert starts == set(product([NEVER, 0, 1]))


@pytest.mark.parametrize("seed", [1, 7, 29, 35, 63, 72])
def test_skipped_programs_could_not_have_been_better(seed: int) -> None:
    """The first goal is the same when the program of every decision set is solved."""
    case = tiny_case(seed).replace(goals=(Goal(kind="npv"),))
    sets = DecisionSets(case)
    if not len(sets):
        assert brute_force(case).status == "infeasible"
        return
    program = VolumeProgram(case, sets)
    figure = program.npv()
    if case.target is not None:
        case = case.replace(target=case.target.model_copy(update={"required": False}))
    found = [-np.inf]
    for limits, constant in zip(program.limits, figure.constant, strict=True):
        result = linprog(-figure.factors, A_ub=program.matrix, b_ub=limits, method="highs")
        if result.status == 0:
            found.append(constant - result.fun)
    answer = brute_force(case)
    if answer.status == "infeasible":
        assert max(found) == -np.inf
    else:
        assert answer.goals[0].value == pytest.approx(max(found), rel=ROUNDING)
