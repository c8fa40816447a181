"""The scenarios of the shipped cases: each applies, does what its title says, and combines.

Not here: what becomes of the best plan in them; nothing is solved.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from models.case import Case
from models.scenario import apply
from optimizer import load_case, shipped_cases
from optimizer.formulation.quantities import Quantities
from optimizer.scenarios import load_scenarios

SCENARIOS = {name: load_scenarios(name) for name in shipped_cases()}
EACH = [(name, one) for name, scenarios in SCENARIOS.items() for one in scenarios.names]
#: Members of the EU among the markets; the others abroad set their own duties.
EU = {
    "germany", "france", "italy", "spain", "netherlands", "belgium", "austria", "portugal",
    "sweden", "denmark",
}  # fmt: skip
#: First quarter of the anti-subsidy duty: nine months after 4 October 2023.
DUTY_FROM = "2024Q3"


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: load_case(name) for name in shipped_cases()}


@pytest.fixture(scope="module")
def case(cases: dict[str, Case]) -> Case:
    return cases["leapmotor-2023"]


def scenario_case(case: Case, expression: str) -> Case:
    """The case as a scenario of its own has it."""
    return apply(case, SCENARIOS[case.name].combined(expression)).case


def test_the_shipped_case_has_at_least_a_dozen_and_tiny_a_few() -> None:
    """Enough for a planner of the one, and to try things out with the other."""
    assert len(SCENARIOS["leapmotor-2023"].names) >= 12
    assert 3 <= len(SCENARIOS["tiny"].names) <= 5


@pytest.mark.parametrize(("name", "scenario"), EACH)
def test_each_changes_its_case_and_says_why(
    cases: dict[str, Case], name: str, scenario: str
) -> None:
    """Title and reason are there, every change alters something, and the result is sound."""
    case, combined = cases[name], SCENARIOS[name].combined(scenario)
    assert combined.title
    assert combined.reason
    outcome = apply(case, combined)
    assert outcome.warnings == ()
    assert outcome.case != case
    assert {cell.change for cell in outcome.touched} == set(range(len(combined.changes)))
    for cell in outcome.touched:
        assert cell.old != cell.new


@pytest.mark.parametrize(("name", "scenario"), EACH)
def test_each_change_alone_gives_a_sound_case(
    cases: dict[str, Case], name: str, scenario: str
) -> None:
    """So that a difference can be split over the changes, whichever of them are left out."""
    combined = SCENARIOS[name].combined(scenario)
    for number in range(len(combined.changes)):
        alone = apply(cases[name], combined.subset([number]))
        assert alone.touched
        assert alone.warnings == ()


def test_a_file_is_checked_as_a_whole_without_a_warning(cases: dict[str, Case]) -> None:
    """Nothing in either file names what is not there."""
    for name, scenarios in SCENARIOS.items():
        assert scenarios.check(cases[name]) == ()


def test_any_two_can_be_combined(cases: dict[str, Case]) -> None:
    """Whatever pair is asked for, the two together are a sound case with both sets of changes."""
    for name, scenarios in SCENARIOS.items():
        for pair in combinations(scenarios.names, 2):
            both = scenarios.combined(" + ".join(pair))
            touched = {cell.change for cell in apply(cases[name], both).touched}
            assert touched == set(range(len(both.changes)))


def test_eu_duties_rise_by_their_points_from_2024q3_and_nowhere_else(case: Case) -> None:
    """10% as now, then 25% or 45%; markets outside the EU and cars from Europe as before."""
    before = Quantities(case).duty_rate
    start = case.horizon.index(DUTY_FROM)
    for points in (15, 35):
        after = Quantities(scenario_case(case, f"eu_duty_{points}")).duty_rate
        for (origin, market), rates in after.items():
            raised = origin == "CN" and market in EU
            expected = [
                rate + points / 100 * (raised and t >= start)
                for t, rate in enumerate(before[origin, market])
            ]
            assert rates == pytest.approx(expected, abs=1e-12), (origin, market)


def test_brazil_has_its_schedule_a_year_later(case: Case) -> None:
    """0, 10, 18, 25, 35% from 2024Q1 becomes the same from 2025Q1; 35% lies after the horizon."""
    rates = Quantities(scenario_case(case, "brazil_duty_late")).duty_rate["CN", "brazil"]
    assert rates == [0.0] * 5 + [0.1] * 2 + [0.18] * 4 + [0.25] * 2


def test_a_late_platform_is_there_in_2024q3_and_costs_two_quarters_more(case: Case) -> None:
    """Its lead stays, so that its team is paid and occupied until then."""
    row = scenario_case(case, "slow_platform").commitments["platforms.leap_3"]
    before = case.commitments["platforms.leap_3"]
    assert (before.effective, row.effective) == ("2024Q1", "2024Q3")
    assert row.lead == before.lead


def test_price_war_and_weak_market_act_at_home_and_in_their_time(case: Case) -> None:
    """A tenth off from 2024 on, and 15% fewer registrations from 2025 on; abroad as before."""
    before = Quantities(case)
    prices = Quantities(scenario_case(case, "price_war")).price
    home = Quantities(scenario_case(case, "weak_home_market")).registrations
    first = {"price": case.horizon.index("2024Q1"), "market": case.horizon.index("2025Q1")}
    for (vehicle, market), values in prices.items():
        cut = [0.9 if market == "china" and t >= first["price"] else 1.0 for t in range(13)]
        old = before.price[vehicle, market]
        assert values == pytest.approx([a * b for a, b in zip(old, cut, strict=True)])
    for (market, segment), values in home.items():
        cut = [0.85 if market == "china" and t >= first["market"] else 1.0 for t in range(13)]
        old = before.registrations[market, segment]
        assert values == pytest.approx([a * b for a, b in zip(old, cut, strict=True)])


def test_without_stellantis_nothing_of_theirs_can_start(case: Case) -> None:
    """Each deal with the partner is forbidden, and other investors are not."""
    deals = {row.deal: row for row in scenario_case(case, "no_stellantis").deals}
    theirs = {name for name, row in deals.items() if row.partner == "Stellantis"}
    assert theirs == {name for name, row in deals.items() if row.status == "forbidden"}
    assert "share_placement" in deals


def test_freight_rises_on_sea_lanes_alone(case: Case) -> None:
    """Every lane from Jinhua abroad costs 30% more, no other does."""
    old = {(row.site, row.market): row.freight for row in case.lanes}
    for row in scenario_case(case, "freight_up_30").lanes:
        factor = 1.3 if row.site == "jinhua" and row.market != "china" else 1.0
        assert row.freight == pytest.approx(old[row.site, row.market] * factor)


def test_budgets_lose_a_third_and_the_target_doubles(case: Case) -> None:
    """All three budgets are there still; 500,000 becomes 1,000,000."""
    old = {row.category: row.amount for row in case.budgets}
    new = {row.category: row.amount for row in scenario_case(case, "budgets_cut").budgets}
    assert set(old) == set(new)
    for category, amount in new.items():
        assert amount == pytest.approx(old[category] * 2 / 3, rel=1e-3)
    target = scenario_case(case, "target_million").target
    assert target is not None
    assert target.volume == 1_000_000


def test_closed_europe_is_the_sum_of_what_it_extends(case: Case) -> None:
    """A scenario that only extends others is those others, one after the other."""
    parts = " + ".join(("eu_duty_35", "subsidies_end", "slow_approval"))
    assert scenario_case(case, "closed_europe") == scenario_case(case, parts)


def test_the_example_of_the_page_works(case: Case, tmp_path: Path) -> None:
    """What data/README.md shows can be read, fits the shipped case and does what it says."""
    page = (Path(__file__).resolve().parents[2] / "data" / "README.md").read_text("utf-8")
    section = page.split("\n## Scenarios\n")[1].split("\n## ")[0]
    example = section.split("```toml\n")[1].split("```")[0]
    (tmp_path / "scenarios.toml").write_text(example, encoding="utf-8")
    scenarios = load_scenarios(tmp_path / "scenarios.toml")
    assert scenarios.check(case) == ()
    outcome = apply(case, scenarios.combined("worse"))
    assert {cell.change for cell in outcome.touched} == {0, 1, 2, 3}
    # 2023Q4 to 2024Q2, then six quarters, then the four of 2026
    duty = Quantities(outcome.case).duty_rate["CN", "germany"]
    assert duty == [0.1] * 3 + [0.25] * 6 + [0.1] * 4


def test_tiny_south_slumps_in_2025_alone(cases: dict[str, Case]) -> None:
    """80,000 a year are 20,000 a quarter, and half of that in the four quarters of 2025."""
    south = Quantities(scenario_case(cases["tiny"], "weak_south")).registrations
    assert south["south", "compact"] == [20_000] * 4 + [10_000] * 4
