"""Changing a case by paths: what a path names, what a value may be, and the hints."""

from __future__ import annotations

from typing import Any

import pytest

from models.case import Case, make_case
from models.paths import all_paths, matching, nearest
from models.problem import CaseError


@pytest.fixture(scope="module")
def case() -> Case:
    """Two markets, a dated price, a group, a rule, a source and a target."""
    return make_case(
        {
            "horizon": {"first": "2024Q1", "last": "2025Q4"},
            "finance": {"opening_cash": 100, "cash_floor": 10},
            "target": {"volume": 5000},
            "markets": [{"market": "west"}, {"market": "east", "max_share": 0.2}],
            "registrations": [
                {"market": "west", "segment": "suv", "units_per_year": 100},
                {"market": "east", "segment": "suv", "units_per_year": 200},
                {"market": "east", "segment": "suv", "since": "2025Q1", "units_per_year": 300},
            ],
            "vehicles": [{"vehicle": "v1", "segment": "suv", "lead": 2}],
            "entries": [
                {"market": "east", "mode": "own", "throughput_per_year": 50},
                {"market": "east", "mode": "partner", "exclusive_group": "ways"},
            ],
            "launches": [
                {"vehicle": "v1", "market": "west", "peak_share": 0.1},
                {"vehicle": "v1", "market": "east", "peak_share": 0.2},
            ],
            "precedences": [
                {"commitment": "launches.v1.east", "after": "entries.east.own", "lag": 1}
            ],
        }
    )


def change(case: Case, path: str, value: Any) -> Case:
    """The case with one change."""
    return case.with_changes({path: value})


@pytest.mark.parametrize(
    ("path", "cells"),
    [
        ("title", [("", -1, "title")]),
        ("finance.opening_cash", [("finance", -1, "opening_cash")]),
        ("horizon.*t", [("horizon", -1, "first"), ("horizon", -1, "last")]),
        ("markets.west.max_share", [("markets", 0, "max_share")]),
        ("markets.*.max_share", [("markets", 0, "max_share"), ("markets", 1, "max_share")]),
        ("markets.w*.max_share", [("markets", 0, "max_share")]),
        ("launches.*.east.peak_share", [("launches", 1, "peak_share")]),
        # without a date: every date of east
        (
            "registrations.east.suv.units_per_year",
            [("registrations", 1, "units_per_year"), ("registrations", 2, "units_per_year")],
        ),
        ("registrations.east.suv.2025Q1.units_per_year", [("registrations", 2, "units_per_year")]),
        ("registrations.*.*.*.units_per_year", [("registrations", 2, "units_per_year")]),
        # an id within a key brings its dots along
        ("precedences.launches.v1.east.entries.east.own.lag", [("precedences", 0, "lag")]),
        ("markets.west.m?x_share", []),
        ("markets.west.market", []),
        ("markets.*", []),
        ("goals.npv.tolerance", [("goals", 2, "tolerance")]),
        ("goals.*.no_worse_than", [("goals", n, "no_worse_than") for n in range(3)]),
        ("goals.npv.kind", []),
        ("", []),
        (".", []),
        ("markets..max_share", []),
        ("model_fields.x.y", []),
    ],
)
def test_a_path_names_these_cells(case: Case, path: str, cells: list[tuple[str, int, str]]) -> None:
    """A part of a path is a value of a key column, ``*`` any, and a date may be left out."""
    assert matching(case, path) == cells


def test_every_path_of_a_case_names_at_least_its_cell(case: Case) -> None:
    """What is offered as a path is one."""
    paths = list(all_paths(case))
    assert "launches.v1.east.peak_share" in paths
    for path in paths:
        assert matching(case, path)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("markets.west.max_share", "0.25", 0.25),
        ("markets.west.max_share", 1, 1.0),
        ("markets.west.max_share", " 2.5e-1 ", 0.25),
        ("markets.west.max_share", "", 1.0),  # blank: the default
        ("markets.west.max_share", None, 1.0),
        ("markets.west.home", "yes", True),
        ("markets.west.home", "No", False),
        ("markets.west.home", True, True),
        ("vehicles.v1.lead", "5", 5),
        ("vehicles.v1.lead", 5.0, 5),
        ("vehicles.v1.status", "mandatory", "mandatory"),
        ("vehicles.v1.earliest", "2024Q3", "2024Q3"),
        ("vehicles.v1.earliest", "", None),
        ("entries.east.own.throughput_per_year", "", None),
        ("entries.east.own.exclusive_group", "ways|more", ("ways", "more")),
        ("entries.east.partner.exclusive_group", "", ()),
        ("entries.east.partner.exclusive_group", ("a", "b"), ("a", "b")),
        ("launches.v1.east.title", " x ", "x"),
        ("launches.v1.east.title", "5", "5"),
        ("finance.cash_floor", "", None),
        ("finance.cash_floor", "-5", -5.0),
        ("finance.opening_cash", "1e3", 1000.0),
        ("target.required", "yes", True),
        ("goals.npv.no_worse_than", "-5", -5.0),  # the default goals, stated from now on
        ("goals.volume.no_worse_than", "", None),
        ("target.window", "rolling_year", "rolling_year"),
        ("money_unit", "1000", 1000.0),
        ("title", "new", "new"),
        ("horizon.last", "2026Q4", "2026Q4"),
    ],
)
def test_a_value_is_read_as_in_a_table(case: Case, path: str, value: Any, expected: Any) -> None:
    """Text of a command line and values of a program give the same; blank is the default."""
    new = change(case, path, value)
    ((table, number, column),) = matching(new, path)
    holder: Any = getattr(new, table) if table else new
    found = getattr(holder[number] if number >= 0 else holder, column)
    assert found == expected
    assert type(found) is type(expected)


def test_the_horizon_may_be_moved(case: Case) -> None:
    """A longer horizon has more periods; the case it came from is as it was."""
    longer = change(case, "horizon.last", "2026Q4")
    assert longer.horizon.count == 12  # three years of quarters
    assert case.horizon.count == 8


def test_a_goal_that_stands_by_default_is_changed_in_its_place(case: Case) -> None:
    """The default goals are stated from then on, in their order; the others are as they were."""
    new = change(case, "goals.volume.no_worse_than", 300)
    assert case.goals == ()
    assert new.goals == tuple(
        goal.model_copy(update={"no_worse_than": 300.0} if goal.kind == "volume" else {})
        for goal in case.goals_in_order
    )


def test_a_pattern_changes_every_cell_and_changes_apply_in_order(case: Case) -> None:
    """A later change overrules an earlier one where both meet a cell."""
    new = case.with_changes(
        {"launches.*.*.peak_share": "0.5", "launches.v1.west.peak_share": "0.25"}
    )
    assert [row.peak_share for row in new.launches] == [0.25, 0.5]
    assert new.markets == case.markets


def test_no_change_gives_an_equal_case(case: Case) -> None:
    """The empty what-if is the case itself."""
    assert case.with_changes({}) == case
    assert case.replace() == case


REFUSED = [
    (
        "markets.dee.max_share",
        1,
        "markets.dee.max_share: markets has no row 'dee'. Allowed: markets.market.column.",
    ),
    (
        "markets.wst.max_share",
        1,
        "markets.wst.max_share: markets has no row 'wst'. Allowed: markets.market.column. Did you mean markets.west.max_share or markets.east.max_share?",
    ),
    (
        "market.west.max_share",
        1,
        "market.west.max_share: nothing in the case has this path. Allowed: table.key.column, such as markets.germany.max_share. Did you mean markets.west.max_share?",
    ),
    (
        "markets.west.max_shar",
        1,
        "markets.west.max_shar: markets has no column 'max_shar'. Allowed: note, title, home, max_share, sales_cost. Did you mean max_share?",
    ),
    (
        "markets.west.market",
        "x",
        "markets.west.market: market is part of the key that tells the rows of markets apart. Allowed: note, title, home, max_share, sales_cost. Use Case.replace(markets=...) with new rows.",
    ),
    (
        "registrations.east.suv.2025Q1.since",
        "2025Q2",
        "registrations.east.suv.2025Q1.since: since is part of the key that tells the rows of registrations apart. Allowed: note, units_per_year. Use Case.replace(registrations=...) with new rows.",
    ),
    (
        "launches.*.peak_share",
        1,
        "launches.*.peak_share: between table and column stand 1 part(s). Allowed: launches.vehicle.market.column. Write a * for each part that may be anything.",
    ),
    (
        "markets.west",
        1,
        "markets.west: the path ends at a row and names no column. Allowed: note, title, home, max_share, sales_cost.",
    ),
    (
        "markets",
        1,
        "markets: nothing in the case has this path. Allowed: table.key.column, such as markets.germany.max_share.",
    ),
    (
        "deals.x.lead",
        1,
        "deals.x.lead: the case has no rows of deals. Allowed: table.key.column, such as markets.germany.max_share. Use Case.replace(deals=...).",
    ),
    (
        "goals.spending.no_worse_than",
        1,
        "goals.spending.no_worse_than: spending is no goal of the case. Allowed: goals.target_date.no_worse_than, goals.volume.no_worse_than, goals.npv.no_worse_than. Use Case.replace(goals=...) to add it.",
    ),
    (
        "goals.nvp.tolerance",
        1,
        "goals.nvp.tolerance: nvp is no goal of the case. Allowed: goals.target_date.tolerance, goals.volume.tolerance, goals.npv.tolerance. Did you mean goals.npv.tolerance?",
    ),
    (
        "goals.tolerance",
        1,
        "goals.tolerance: no goal is named. Allowed: goals.target_date.tolerance, goals.volume.tolerance, goals.npv.tolerance.",
    ),
    (
        "goals.npv.worst",
        1,
        "goals.npv.worst: goals has no column 'worst'. Allowed: tolerance, tolerance_periods, period, no_worse_than. Did you mean no_worse_than?",
    ),
    (
        "goals.npv.no_worse_than",
        "none",
        "goals.npv, no_worse_than: 'none' is not a number. Allowed: a number from -1000000000000 to 1000000000000. Leave the cell blank for condition on every plan: the least that it may be, of spending and peak_funding the most.",
    ),
    (
        "finance.openin_cash",
        1,
        "finance.openin_cash: finance has no setting 'openin_cash'. Allowed: opening_cash, cash_floor, discount_rate_per_year, cost_down_per_year, terminal_years. Did you mean opening_cash?",
    ),
    (
        "markets.west.max_share",
        "1.5",
        "markets.west, max_share: 1.5 is above 1. Allowed: a number from 0 to 1.",
    ),
    (
        "markets.west.max_share",
        "50%",
        "markets.west, max_share: '50%' is not a number. Allowed: a number from 0 to 1. Write a percentage as a part of 1, such as 0.12 for 12%.",
    ),
    (
        "markets.west.max_share",
        True,
        "markets.west, max_share: true is not a number. Allowed: a number from 0 to 1.",
    ),
    (
        "markets.west.max_share",
        float("nan"),
        "markets.west, max_share: nan is not a number. Allowed: a number from 0 to 1.",
    ),
    (
        "markets.west.max_share",
        [1],
        "markets.west, max_share: a list is not a number. Allowed: a number from 0 to 1.",
    ),
    (
        "markets.west.home",
        "ja",
        "markets.west, home: 'ja' is neither yes nor no. Allowed: yes or no.",
    ),
    (
        "markets.west.home",
        2,
        "markets.west, home: 2 is neither true nor false. Allowed: true or false.",
    ),
    (
        "vehicles.v1.lead",
        "2.5",
        "vehicles.v1, lead: 2.5 is not a whole number. Allowed: a whole number from 0 to 600.",
    ),
    (
        "vehicles.v1.lead",
        2.5,
        "vehicles.v1, lead: 2.5 is not a whole number. Allowed: a whole number from 0 to 600.",
    ),
    (
        "vehicles.v1.segment",
        "",
        "vehicles.v1, segment: the cell is blank. Allowed: text. Fill in: class of cars in which it is registered.",
    ),
    (
        "vehicles.v1.segment",
        None,
        "vehicles.v1, segment: the cell is blank. Allowed: text. Fill in: class of cars in which it is registered.",
    ),
    (
        "vehicles.v1.status",
        "maybe",
        "vehicles.v1, status: 'maybe' is not known. Allowed: optional, mandatory, forbidden, in_place.",
    ),
    (
        "vehicles.v1.earliest",
        "2030Q1",
        "vehicles.v1, earliest: 2030Q1 lies outside the horizon. Allowed: 2024Q1 to 2025Q4. Move it inside or leave it blank.",
    ),
    (
        "vehicles.v1.segment",
        "van",
        "launches.v1.east, market: registrations has no row for east, van. Allowed: one for each market and segment in which a car is launched. Add the row to registrations.\nlaunches.v1.west, market: registrations has no row for west, van. Allowed: one for each market and segment in which a car is launched. Add the row to registrations.",
    ),
    (
        "horizon.last",
        "2023Q4",
        "horizon, last: 2023Q4 lies before the first period 2024Q1. Allowed: 2024Q1 or later.",
    ),
    (
        "horizon.last",
        "2024Q3",
        "target, deadline: no calendar year lies wholly between 2024Q1 and 2024Q3. Allowed: a horizon and a deadline that hold at least one whole year. Use a later deadline, a longer horizon or the window rolling_year.",
    ),
    (
        "money_unit",
        "0",
        "case, money_unit: 0 is not above 0. Allowed: a number above 0 to 1000000000000.",
    ),
    ("name", "x" * 81, "case, name: a name of 81 characters. Allowed: 1 to 80 characters."),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_a_change_that_is_refused_says_why_and_what_is_near(
    case: Case, path: str, value: Any, message: str
) -> None:
    """Nothing is changed silently: a path without a cell and a wrong value are told."""
    with pytest.raises(CaseError) as caught:
        change(case, path, value)
    assert str(caught.value) == message


def test_a_setting_of_a_section_that_is_not_there(case: Case) -> None:
    """A target cannot be changed where there is none; it can be added."""
    without = case.replace(target=None)
    with pytest.raises(CaseError) as caught:
        change(without, "target.volume", 3)
    assert str(caught.value) == (
        "target.volume: the case has no [target]. Use Case.replace(target=...) to add it."
    )


def test_all_wrong_changes_are_told_at_once(case: Case) -> None:
    """A what-if of several changes is mended in one go."""
    with pytest.raises(CaseError) as caught:
        case.with_changes({"markets.west.max_share": 7, "markets.north.home": "yes", "nam": 1})
    assert [problem.where for problem in caught.value.problems] == [
        "markets.north.home",
        "markets.west",
        "nam",
    ]


def test_the_hint_ignores_capitals() -> None:
    """A name in capitals is still the nearest; nothing near gives no hint."""
    assert nearest("WEST", ["west", "north"]) == "Did you mean west?"
    assert nearest("xyz", ["west", "north"]) == ""
