"""Scenarios: what each kind of change does to a case, in what order, and what is refused.

Nothing is solved here. Not here: the scenarios of the shipped cases (see
`tests.shipped.test_scenarios`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.case import Case, make_case
from models.change import Change
from models.problem import CaseError
from models.scenario import Applied, Scenario, apply
from models.scenarios import Scenarios
from optimizer import load_case, save_case
from optimizer.catalogue import copy_case, shipped_cases
from optimizer.formulation.quantities import Quantities
from optimizer.scenarios import load_scenarios

FIRST, LAST = "2024Q1", "2025Q4"


@pytest.fixture(scope="module")
def case() -> Case:
    """Three markets, two cars on a platform, ways in, a deal that opens one, dated tables."""
    return make_case(
        {
            "horizon": {"first": FIRST, "last": LAST},
            "finance": {"opening_cash": 100},
            "target": {"volume": 5000},
            "markets": [
                {"market": "home", "title": "Home", "home": True},
                {"market": "west", "max_share": 0.1},
                {"market": "east", "max_share": 0.35},
            ],
            "registrations": [
                {"market": "home", "segment": "suv", "units_per_year": 1000},
                {"market": "west", "segment": "suv", "units_per_year": 100},
                {"market": "east", "segment": "suv", "units_per_year": 200},
                {"market": "east", "segment": "suv", "since": "2024Q4", "units_per_year": 300},
                {"market": "east", "segment": "suv", "since": "2025Q3", "units_per_year": 400},
            ],
            "platforms": [
                {"platform": "p1", "status": "in_place", "effective": "2024Q2", "lead": 4},
                {"platform": "p2", "lead": 3, "earliest": "2024Q2", "latest": "2025Q1"},
            ],
            "vehicles": [
                {"vehicle": "v1", "segment": "suv", "platform": "p1", "status": "in_place"},
                {"vehicle": "v2", "segment": "suv", "platform": "p2", "lead": 2, "cost": 80},
            ],
            "entries": [
                {"market": "home", "mode": "own", "status": "in_place"},
                {"market": "east", "mode": "own", "throughput_per_year": 50},
                {"market": "east", "mode": "partner", "exclusive_group": "ways"},
                {"market": "west", "mode": "partner", "status": "mandatory"},
            ],
            "launches": [
                {"vehicle": "v1", "market": "home", "status": "in_place", "peak_share": 0.2},
                {"vehicle": "v1", "market": "east", "peak_share": 0.2},
                {"vehicle": "v2", "market": "east", "peak_share": 0.3},
                {"vehicle": "v1", "market": "west", "peak_share": 0.1},
            ],
            "prices": [
                {"vehicle": "v1", "market": "home", "net_price": 20000},
                {"vehicle": "v1", "market": "east", "net_price": 21000, "customs_value": 15000},
                {"vehicle": "v2", "market": "east", "net_price": 30000},
                {"vehicle": "v1", "market": "west", "net_price": 22000},
            ],
            "sites": [{"site": "works", "origin": "X", "capacity_per_year": 900}],
            "production": [
                {"site": "works", "vehicle": "v1", "variable_cost": 9000},
                {"site": "works", "vehicle": "v2", "variable_cost": 15000},
            ],
            "lanes": [
                {"site": "works", "market": "home"},
                {"site": "works", "market": "east", "freight": 700},
                {"site": "works", "market": "west", "freight": 300},
            ],
            "duties": [
                {"origin": "X", "market": "home", "rate": 0},
                {"origin": "X", "market": "east", "rate": 0.1},
                {"origin": "X", "market": "west", "rate": 0},
            ],
            "deals": [
                {"deal": "venture", "category": "partnering"},
                {"deal": "agency", "exclusive_group": "agents"},
                {"deal": "licence", "partner_units_per_year": 40},
            ],
            "precedences": [
                {"commitment": "entries.east.partner", "after": "deals.venture"},
                {"commitment": "entries.west.partner", "after": "deals.venture|deals.agency"},
                {"commitment": "vehicles.v1", "after": "deals.venture"},
            ],
            "exclusive_groups": [{"group": "agents", "at_most": 1}],
            "budgets": [
                {"category": "partnering", "scope": "total", "amount": 90},
                {"category": "vehicles", "scope": "total", "amount": 300},
            ],
            "sources": [
                {"cells": "markets.west.max_share", "basis": "reported", "source": "a page"},
                {"cells": "markets.*.sales_cost", "basis": "reported", "source": "a page"},
                {
                    "cells": "registrations.east.suv.2024Q4.units_per_year",
                    "basis": "reported",
                    "source": "a page",
                },
            ],
        }
    )


def applied(case: Case, *changes: Mapping[str, Any]) -> Applied:
    """The outcome of a scenario called ``trial``, from entries as they are written."""
    entries = tuple(Change.model_validate(change) for change in changes)
    return apply(case, Scenario(name="trial", changes=entries))


def refused(case: Case, *changes: Mapping[str, Any]) -> list[str]:
    """The messages of a scenario that cannot be applied."""
    with pytest.raises(CaseError) as error:
        applied(case, *changes)
    return [str(problem) for problem in error.value.problems]


def cells(outcome: Applied) -> dict[str, tuple[Any, Any]]:
    """What was changed: path to old and new."""
    return {cell.path: (cell.old, cell.new) for cell in outcome.touched if not cell.removed}


def rows(case: Case, table: str) -> list[str]:
    """Paths of the rows of a table."""
    return [row.path for row in case.rows(table)]


def held(case: Case, table: str, column: str, *key: str) -> list[Any]:
    """A dated column by period, worked out apart: the latest row that holds."""
    steps = []
    for row in case.rows(table):
        since = getattr(row, "since", None)
        if tuple(getattr(row, name) for name in row.keys[:-1]) == key:
            start = 0 if since is None else case.horizon.index(since)
            steps.append((start, getattr(row, column)))
    return [max(step for step in steps if step[0] <= t)[1] for t in range(case.horizon.count)]


# An entry ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"set": "a.b", "to": 5}, "set a.b to 5"),
        ({"set": "a.b", "to": ""}, "set a.b to blank"),
        ({"set": ["a.b", "c.d", "e.f"], "to": ["x", "y"]}, "set a.b, c.d and 1 more to x|y"),
        ({"set": "a.b", "to": True}, "set a.b to true"),
        ({"scale": "a.b", "by": 1.3, "from": "2024Q3"}, "scale a.b by 1.3 from 2024Q3"),
        ({"add": "a.b", "by": -2, "until": 3}, "add a.b by -2 until 3"),
        ({"shift": "a.b", "by": 2}, "shift a.b by 2"),
        ({"remove": "a.b"}, "remove a.b"),
        ({"forbid": "a.*"}, "forbid a.*"),
        ({"force": "a.b"}, "force a.b"),
        ({"force": "a.b", "at": "2024Q3"}, "force a.b at 2024Q3"),
    ],
)
def test_an_entry_can_be_said_in_words_and_written_again(entry: dict[str, Any], words: str) -> None:
    """Operation, paths and argument are as written; stored and read back they are equal."""
    change = Change.model_validate(entry)
    assert str(change) == words
    stored = change.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert Change.model_validate(stored) == change


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({}, "no operation"),
        ({"set": "a.b", "add": "a.b", "by": 1}, "the operations set and add"),
        ({"set": "a.b"}, "set without to"),
        ({"scale": "a.b", "to": 2}, "to beside scale"),
        ({"forbid": "a.b", "at": "2024Q1"}, "at beside forbid"),
        ({"remove": "a.b", "until": "2024Q1"}, "until beside remove"),
        ({"shift": "a.b", "by": 1, "from": "2024Q1"}, "from beside shift"),
        ({"shift": "a.b", "by": 1.5}, "shift by 1.5"),
        ({"shift": "a.b", "by": 601}, "shift by 601"),
        ({"add": "", "by": 1}, "a path is blank"),
        ({"set": "a.b", "to": float("inf")}, "inf is no value"),
        ({"set": "a.b", "to": [1, 2]}, "a list is no value"),
        ({"add": "a.b", "by": True}, "valid number"),
        ({"add": "a.b", "by": float("nan")}, "finite number"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(entry: dict[str, Any], found: str) -> None:
    """One operation, its own argument and no other's, and amounts that are numbers."""
    with pytest.raises(ValidationError, match=re.escape(found)):
        Change.model_validate(entry)


# Numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"set": "vehicles.v2.lead", "to": 5}, {"vehicles.v2.lead": (2, 5)}),
        ({"set": "vehicles.v2.cost", "to": ""}, {"vehicles.v2.cost": (80, 0)}),  # its default
        ({"set": "money_unit", "to": 1000}, {"money_unit": (1, 1000)}),
        (
            {"set": "deals.venture.exclusive_group", "to": ["agents", "more"]},
            {"deals.venture.exclusive_group": ((), ("agents", "more"))},
        ),
        # 80 * 1.1 is 88.00000000000001 in binary, and 0.1 + 0.35 is 0.44999999999999996
        ({"scale": "vehicles.v2.cost", "by": 1.1}, {"vehicles.v2.cost": (80, 88)}),
        ({"add": "markets.west.max_share", "by": 0.35}, {"markets.west.max_share": (0.1, 0.45)}),
        ({"scale": "vehicles.v2.lead", "by": 1.5}, {"vehicles.v2.lead": (2, 3)}),  # 2 * 1.5 = 3
        ({"add": "finance.opening_cash", "by": -130}, {"finance.opening_cash": (100, -30)}),
        # a blank throughput is no limit and stays none
        (
            {"scale": "entries.*.*.throughput_per_year", "by": 0.5},
            {"entries.east.own.throughput_per_year": (50, 25)},
        ),
        # columns that hold no number are passed over by a wildcard: title, home, note
        (
            {"add": "markets.west.*", "by": 0.5},
            {"markets.west.max_share": (0.1, 0.6), "markets.west.sales_cost": (0, 0.5)},
        ),
        # a cell that two paths of one change name is changed once
        ({"scale": ["lanes.*.east.freight", "lanes.works.east.*"], "by": 2},
         {"lanes.works.east.freight": (700, 1400)}),
    ],
)  # fmt: skip
def test_numbers_are_set_scaled_and_added_to(
    case: Case, change: dict[str, Any], touched: dict[str, tuple[Any, Any]]
) -> None:
    """Each cell has its old and new value in ``touched``, and the new case holds the new one."""
    outcome = applied(case, change)
    assert cells(outcome) == touched
    assert outcome.warnings == ()
    after = case.with_changes({path: new for path, (_, new) in touched.items()})
    assert outcome.case == after


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scale": "vehicles.v2.lead", "by": 1.3},
            "trial, change 1: vehicles.v2, lead: 2 times 1.3 is 2.6. "
            "Allowed: a whole number from 0 to 600. Use set, or another number.",
        ),
        (
            {"add": "vehicles.v2.lead", "by": 0.5},
            "trial, change 1: vehicles.v2, lead: 2 plus 0.5 is 2.5. "
            "Allowed: a whole number from 0 to 600. Use set, or another number.",
        ),
        (
            {"add": "markets.west.max_share", "by": 1},
            "trial, change 1: markets.west, max_share: 1.1 is above 1. "
            "Allowed: a number from 0 to 1.",
        ),
        (
            {"scale": "markets.west.title", "by": 2},
            "trial, change 1: markets.west, title: scale for what is not a number. "
            "Allowed: text. Use set.",
        ),
        (
            {"set": "vehicles.v2.lead", "to": 2.5},
            "trial, change 1: vehicles.v2, lead: 2.5 is not a whole number. "
            "Allowed: a whole number from 0 to 600.",
        ),
        (
            {"set": "money_unit", "to": 0},
            "trial, change 1: case, money_unit: 0 is not above 0. "
            "Allowed: a number above 0 to 1000000000000.",
        ),
    ],
)
def test_a_value_that_a_cell_does_not_take_is_refused(
    case: Case, change: dict[str, Any], message: str
) -> None:
    """The message names scenario, change, cell, what was found and what is allowed."""
    assert refused(case, change) == [message]


# Part of the time ----------------------------------------------------------------


def test_a_change_within_some_periods_leaves_the_others(case: Case) -> None:
    """East has 200, 300 from 2024Q4, 400 from 2025Q3; half of it from 2024Q3 to 2025Q1."""
    change = {"scale": "registrations.east.suv.units_per_year", "by": 0.5}
    outcome = applied(case, change | {"from": "2024Q3", "until": "2025Q1"})
    assert held(outcome.case, "registrations", "units_per_year", "east", "suv") == [
        200, 200, 100, 150, 150, 300, 400, 400,
    ]  # fmt: skip
    # only what is within is touched; the row that brings 300 back from 2025Q2 is not a change
    assert cells(outcome) == {
        "registrations.east.suv.2024Q3.units_per_year": (200, 100),
        "registrations.east.suv.2024Q4.units_per_year": (300, 150),
    }
    assert rows(outcome.case, "registrations") == [
        "registrations.home.suv", "registrations.west.suv", "registrations.east.suv",
        "registrations.east.suv.2024Q3", "registrations.east.suv.2024Q4",
        "registrations.east.suv.2025Q2", "registrations.east.suv.2025Q3",
    ]  # fmt: skip


def test_limits_of_time_may_be_left_open_and_reach_beyond_the_horizon(case: Case) -> None:
    """Without ``from`` it acts from the start; an end beyond the horizon is kept for a longer one."""
    change = {"set": "duties.X.east.rate", "to": 0.5, "until": "2026Q2"}
    outcome = applied(case, change, {"set": "horizon.last", "to": "2026Q4"})
    # ten quarters to 2026Q2, then two as before
    assert held(outcome.case, "duties", "rate", "X", "east") == [0.5] * 10 + [0.1] * 2
    whole = applied(case, {"set": "duties.X.east.rate", "to": 0.5, "from": "2023Q1"})
    assert whole.case == case.with_changes({"duties.X.east.rate": 0.5})


def test_a_date_in_the_path_limits_a_change_to_its_row(case: Case) -> None:
    """Only what the row of 2024Q4 holds in 2025 is changed: 2025Q1 and 2025Q2."""
    path = "registrations.east.suv.2024Q4.units_per_year"
    outcome = applied(case, {"add": path, "by": 5, "from": "2025Q1"})
    assert held(outcome.case, "registrations", "units_per_year", "east", "suv") == [
        200, 200, 200, 300, 305, 305, 400, 400,
    ]  # fmt: skip


def test_a_value_that_is_so_already_parts_no_row(case: Case) -> None:
    """The case stays equal to what it was, so that nothing has to be solved again."""
    outcome = applied(case, {"set": "duties.X.east.rate", "to": 0.1, "from": "2024Q3"})
    assert outcome.case is case
    assert len(outcome.warnings) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scale": "lanes.works.east.freight", "by": 2, "from": "2024Q3"},
            "trial, change 1: lanes.works.east: it holds in every period. Allowed: from and "
            "until only in dated tables, whose rows hold since a period.",
        ),
        (
            {"set": "finance.opening_cash", "to": 2, "until": "2024Q3"},
            "trial, change 1: finance: it holds in every period. Allowed: from and "
            "until only in dated tables, whose rows hold since a period.",
        ),
        (
            {"set": "duties.X.east.rate", "to": 0, "from": "2024"},
            "trial, change 1: from: '2024' is not a quarter. Allowed: labels such as 2024Q1.",
        ),
        (
            {"set": "duties.X.east.rate", "to": 0, "from": "2024Q3", "until": "2024Q2"},
            "trial, change 1: until: 2024Q2 lies before 2024Q3. Allowed: 2024Q3 or later.",
        ),
    ],
)
def test_limits_of_time_that_make_no_sense_are_refused(
    case: Case, change: dict[str, Any], message: str
) -> None:
    """They need a dated table, the case's own labels, and an end that is not before the start."""
    assert refused(case, change) == [message]


@st.composite
def dated_cases(draw: st.DrawFn) -> Case:
    """A case of twelve quarters whose one duty has rows before, in and after the horizon."""
    starts = draw(st.sets(st.integers(-4, 14), min_size=1, max_size=6))
    if min(starts) > 0:
        starts.add(0)
    horizon = {"first": "2024Q1", "last": "2026Q4"}
    labels = make_case({"horizon": horizon}).horizon
    blank = draw(st.booleans())
    rates = draw(st.permutations([n / 8 for n in range(len(starts))]))
    duties = [
        {
            "origin": "X",
            "market": "m",
            "since": None if start == 0 and blank else labels.label(start),
            "rate": rate,
        }
        for start, rate in zip(starts, rates, strict=True)
    ]
    return make_case(
        {"horizon": horizon, "markets": [{"market": "m"}], "duties": draw(st.permutations(duties))}
    )


@settings(max_examples=300, deadline=None)
@given(dated_cases(), st.integers(-6, 16), st.integers(0, 12), st.booleans(), st.booleans())
def test_values_within_change_and_those_outside_do_not(
    case: Case, first: int, length: int, from_start: bool, to_end: bool
) -> None:
    """Whatever the rows: 0.5 more in the periods meant, the same in all others."""
    change: dict[str, Any] = {"add": "duties.X.m.rate", "by": 0.5}
    inside = range(-99 if from_start else first, 99 if to_end else first + length + 1)
    if not from_start:
        change["from"] = case.horizon.label(first)
    if not to_end:
        change["until"] = case.horizon.label(first + length)
    new = applied(case, change).case
    before = held(case, "duties", "rate", "X", "m")
    expected = [rate + 0.5 * (t in inside) for t, rate in enumerate(before)]
    assert held(new, "duties", "rate", "X", "m") == expected
    # and the model reads the rows in the same way
    assert Quantities(new).duty_rate["X", "m"] == expected


@settings(max_examples=300, deadline=None)
@given(dated_cases(), st.integers(-14, 14))
def test_moved_dates_move_the_whole_course(case: Case, by: int) -> None:
    """In every period stands what stood ``by`` periods sooner; the first value holds before."""
    steps = sorted(
        (0 if row.since is None else case.horizon.index(row.since), row.rate) for row in case.duties
    )
    expected = [
        next((rate for start, rate in reversed(steps) if start <= t - by), steps[0][1])
        for t in range(case.horizon.count)
    ]
    new = applied(case, {"shift": "duties.X.m.since", "by": by}).case
    assert held(new, "duties", "rate", "X", "m") == expected


# Dates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "by", "old", "new"),
    [
        ("platforms.p1.effective", 2, "2024Q2", "2024Q4"),
        ("platforms.p1.effective", -3, "2024Q2", "2023Q3"),  # before the horizon: allowed
        ("platforms.p2.earliest", 2, "2024Q2", "2024Q4"),
        ("platforms.p2.earliest", -5, "2024Q2", "2024Q1"),  # not before the first period
        ("platforms.p2.latest", 9, "2025Q1", "2025Q4"),  # not after the last one
        ("vehicles.v2.earliest", 2, None, "2024Q3"),  # blank: from the first period
        ("vehicles.v2.latest", -2, None, "2025Q2"),  # blank: from the last one
        ("target.deadline", -4, None, "2024Q4"),
        ("horizon.last", 4, "2025Q4", "2026Q4"),
        ("horizon.first", -1, "2024Q1", "2023Q4"),
    ],
)
def test_a_date_moves(case: Case, path: str, by: int, old: str | None, new: str) -> None:
    """A blank date is the end of the horizon; an end that is passed is where it stays."""
    outcome = applied(case, {"shift": path, "by": by})
    assert cells(outcome) == {path: (old, new)}


def test_a_wildcard_moves_all_dates_that_there_are(case: Case) -> None:
    """Window of what is open, date of what is in place; numbers of periods stay."""
    outcome = applied(case, {"shift": "platforms.*.*", "by": 1})
    assert cells(outcome) == {
        "platforms.p1.effective": ("2024Q2", "2024Q3"),
        "platforms.p2.earliest": ("2024Q2", "2024Q3"),
        "platforms.p2.latest": ("2025Q1", "2025Q2"),
    }


def test_rows_without_a_date_stay_and_others_take_their_place(case: Case) -> None:
    """East: 300 comes from 2024Q4; three quarters sooner it takes the place of the 200."""
    outcome = applied(case, {"shift": "registrations.*.*.since", "by": -3})
    assert held(outcome.case, "registrations", "units_per_year", "east", "suv") == [
        300, 300, 300, 400, 400, 400, 400, 400,
    ]  # fmt: skip
    assert cells(outcome) == {
        "registrations.east.suv.2024Q4.since": ("2024Q4", "2024Q1"),
        "registrations.east.suv.2025Q3.since": ("2025Q3", "2024Q4"),
    }
    gone = [cell.path for cell in outcome.touched if cell.removed]
    assert gone == ["registrations.east.suv"]


def test_a_source_of_a_date_that_is_gone_goes_too(case: Case) -> None:
    """No row holds since 2024Q4 any more, so what is known about that row is not kept."""
    outcome = applied(case, {"shift": "registrations.east.suv.since", "by": 1})
    assert [row.cells for row in outcome.case.sources] == [
        "markets.west.max_share", "markets.*.sales_cost",
    ]  # fmt: skip


def test_one_date_of_several_may_move_up_to_the_next(case: Case) -> None:
    """2024Q4 may become 2025Q2, but not 2025Q3, which stays."""
    path = "registrations.east.suv.2024Q4.since"
    assert cells(applied(case, {"shift": path, "by": 2})) == {path: ("2024Q4", "2025Q2")}
    assert refused(case, {"shift": path, "by": 3}) == [
        "trial, change 1: registrations.east.suv.2025Q3, since: it would hold from 2025Q3, not "
        "after registrations.east.suv.2024Q4. Allowed: dates of one key in the order that they "
        "have. Shift all of them: leave the date out of the path."
    ]


@pytest.mark.parametrize(
    ("path", "by", "message"),
    [
        (
            "platforms.p2.earliest",
            7,
            "platforms.p2, earliest: 2024Q2 moves to 2026Q1, outside the horizon. "
            "Allowed: 2024Q1 to 2025Q4. Use forbid for what cannot start in time.",
        ),
        (
            "platforms.p2.latest",
            -5,
            "platforms.p2, latest: 2025Q1 moves to 2023Q4, outside the horizon. "
            "Allowed: 2024Q1 to 2025Q4. Use forbid for what cannot start in time.",
        ),
        (
            "platforms.p2.lead",
            2,
            "platforms.p2, lead: shift for what is no date. Allowed: columns that hold a "
            "period. Use add for a number of periods.",
        ),
        (
            "markets.west.since",
            2,
            "markets.west.since: markets has no column 'since'. Allowed: note, title, home, "
            "max_share, sales_cost.",
        ),
    ],
)
def test_a_date_that_cannot_move_is_refused(case: Case, path: str, by: int, message: str) -> None:
    """A window is not pushed out of the horizon, and a lead is no date."""
    assert refused(case, {"shift": path, "by": by}) == [f"trial, change 1: {message}"]


# Rows ------------------------------------------------------------------------------


def test_with_a_market_goes_all_that_refers_to_it(case: Case) -> None:
    """No row names the market any more, and the case holds together without it."""
    outcome = applied(case, {"remove": "markets.east"})
    left = [row.path for table in Case.model_fields if isinstance(getattr(case, table), tuple)
            for row in getattr(outcome.case, table) if hasattr(row, "path")]  # fmt: skip
    assert not [path for path in left if "east" in path]
    # entry, its precedence, launches, prices, lane, duty and three registrations
    assert sorted(cell.path for cell in outcome.touched) == sorted(
        ["markets.east", "entries.east.own", "entries.east.partner", "launches.v1.east",
         "launches.v2.east", "prices.v1.east", "prices.v2.east", "lanes.works.east",
         "duties.X.east", "registrations.east.suv", "registrations.east.suv.2024Q4",
         "registrations.east.suv.2025Q3",
         "precedences.entries.east.partner.deals.venture"]
    )  # fmt: skip
    assert all(cell.removed for cell in outcome.touched)
    # sources that named its cells go; the one for every market stays
    assert [row.cells for row in outcome.case.sources] == [
        "markets.west.max_share", "markets.*.sales_cost",
    ]  # fmt: skip


def test_without_a_deal_what_waits_for_it_alone_goes_too(case: Case) -> None:
    """The east's partner has no other way, the west's has; what is in place needs none."""
    outcome = applied(case, {"remove": "deals.venture"})
    gone = {cell.path for cell in outcome.touched if cell.removed}
    assert gone == {
        "deals.venture",
        "entries.east.partner",
        "precedences.entries.east.partner.deals.venture",
        "precedences.vehicles.v1.deals.venture",
        "budgets.partnering.total",  # no commitment has this category any more
    }
    assert cells(outcome) == {
        "precedences.entries.west.partner.deals.venture|deals.agency.after": (
            ("deals.venture", "deals.agency"),
            ("deals.agency",),
        )
    }


def test_a_rule_that_goes_as_well_holds_nothing_back(case: Case) -> None:
    """Removing deal and rule together frees the partner's network."""
    outcome = applied(
        case, {"remove": ["deals.venture", "precedences.entries.east.partner.deals.venture"]}
    )
    assert "entries.east.partner" in outcome.case.commitments


def test_a_market_that_loses_its_last_entry_loses_its_launches(case: Case) -> None:
    """It would otherwise be open, as a market without entries is; with one left they stay."""
    none = applied(case, {"remove": "entries.east.*"})
    assert [row.id for row in none.case.launches] == ["launches.v1.home", "launches.v1.west"]
    one = applied(case, {"remove": "entries.east.own"})
    assert one.case.launches == case.launches


def test_groups_without_a_member_go(case: Case) -> None:
    """Neither group nor budget speaks of commitments that there never were."""
    outcome = applied(case, {"remove": "deals.agency"})
    assert outcome.case.exclusive_groups == ()
    assert outcome.case.budgets == case.budgets


@pytest.mark.parametrize("name", ["p1", "p2"])
def test_without_a_platform_there_are_no_cars_on_it(case: Case, name: str) -> None:
    """In place or not, a car that refers to it goes, and its launches with it."""
    outcome = applied(case, {"remove": f"platforms.{name}"})
    car = {"p1": "v1", "p2": "v2"}[name]
    assert f"vehicles.{car}" not in outcome.case.commitments
    assert not [row for row in outcome.case.launches if row.vehicle == car]


def test_a_single_date_of_a_dated_table_can_be_removed(case: Case) -> None:
    """Then the row before it goes on: 200 until 2025Q2."""
    outcome = applied(case, {"remove": "registrations.east.suv.2024Q4"})
    assert held(outcome.case, "registrations", "units_per_year", "east", "suv") == [
        200, 200, 200, 200, 200, 200, 400, 400,
    ]  # fmt: skip


def test_what_cannot_be_a_case_any_more_is_refused(case: Case) -> None:
    """Without its only works no car can be launched; the case's own words say so."""
    assert refused(case, {"remove": "registrations.home.suv"}) == [
        "trial: launches.v1.home, market: registrations has no row for home, suv. Allowed: one for "
        "each market and segment in which a car is launched. Add the row to registrations."
    ]


def test_every_commitment_can_be_removed(case: Case) -> None:
    """What is left is a sound case that does not know it, and nothing optional is freed."""
    for id in case.commitments:
        outcome = applied(case, {"remove": id})
        assert id not in outcome.case.commitments
        text = [f"{row.commitment} {row.after}" for row in outcome.case.precedences]
        assert not [line for line in text if id in line]
        waiting = {row.commitment for row in case.precedences if row.commitment != "vehicles.v1"}
        still = {row.commitment for row in outcome.case.precedences}
        assert waiting & set(outcome.case.commitments) <= still


def test_commitments_are_forbidden_and_forced(case: Case) -> None:
    """Forbidden ones never start; forced ones do, if wanted in one very period."""
    outcome = applied(
        case,
        {"forbid": "entries.east.*"},
        {"force": "deals.venture"},
        {"force": "vehicles.*", "at": "2024Q3"},
    )
    status = {id: row.status for id, row in outcome.case.commitments.items()}
    assert status["entries.east.own"] == status["entries.east.partner"] == "forbidden"
    assert status["deals.venture"] == "mandatory"
    row = outcome.case.commitments["vehicles.v2"]
    assert (row.status, row.earliest, row.latest) == ("mandatory", "2024Q3", "2024Q3")
    # a wildcard passes over what is in place
    assert outcome.case.commitments["vehicles.v1"] == case.commitments["vehicles.v1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"forbid": "vehicles.v1"},
            "vehicles.v1: it is in place already. Allowed: what is still open. "
            "Use remove to plan as if it had never been.",
        ),
        (
            # it is named by itself as well, so it is no oversight of the wildcard
            {"forbid": ["vehicles.v1", "vehicles.*"]},
            "vehicles.v1: it is in place already. Allowed: what is still open. "
            "Use remove to plan as if it had never been.",
        ),
        (
            {"force": "vehicles.v1"},
            "vehicles.v1: it is in place already. Allowed: what is still open. Leave it out.",
        ),
        (
            {"forbid": "markets.west"},
            "markets.west: it is no commitment. Allowed: a row of platforms, vehicles, entries, "
            "launches, expansions, deals, projects.",
        ),
        (
            {"forbid": "deals.ventura"},
            "deals.ventura: deals has no row 'ventura'. Allowed: deals.deal, without a column. "
            "Did you mean deals.venture?",
        ),
        (
            {"remove": "markets.west.max_share"},
            "markets.west.max_share: it names a cell. Allowed: markets.market, without a column. "
            "Write markets.west.",
        ),
        (
            {"remove": "market.west"},
            "market.west: the case has no rows of market. Allowed: markets, registrations, "
            "platforms, vehicles, entries, launches, prices, sites, production, lanes, duties, "
            "deals, precedences, exclusive_groups, budgets, sources. Did you mean markets.west?",
        ),
        (
            {"remove": "markets"},
            "markets: no row is named. Allowed: markets.market, without a column.",
        ),
        (
            {"remove": "goals.npv"},
            "goals.npv: goals are no table. Allowed: markets, registrations, "
            "platforms, vehicles, entries, launches, prices, sites, production, lanes, duties, "
            "deals, precedences, exclusive_groups, budgets, sources. Did you mean deals.npv?",
        ),
    ],
)
def test_rows_that_cannot_be_meant_are_refused(
    case: Case, change: dict[str, Any], message: str
) -> None:
    """What is in place is decided; other rows are no decisions; the nearest row is named."""
    assert refused(case, change) == [f"trial, change 1: {message}"]


# Goals ------------------------------------------------------------------------------


def test_a_goal_gets_a_bound_and_another(case: Case) -> None:
    """A bound is set, then moved; the goals that stand by default are stated from then on."""
    path = "goals.npv.no_worse_than"
    outcome = applied(case, {"set": path, "to": -40}, {"add": path, "by": 15})
    told = [(cell.path, cell.old, cell.new, cell.change) for cell in outcome.touched]
    assert told == [(path, None, -40, 0), (path, -40, -25, 1)]
    assert [(goal.kind, goal.no_worse_than) for goal in outcome.case.goals] == [
        ("target_date", None),
        ("volume", None),
        ("npv", -25),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"set": "goals.spending.no_worse_than", "to": 5},
            "trial, change 1: goals.spending.no_worse_than: spending is no goal of the case. "
            "Allowed: goals.target_date.no_worse_than, goals.volume.no_worse_than, "
            "goals.npv.no_worse_than. Use Case.replace(goals=...) to add it.",
        ),
        (
            {"set": "goals.volume.no_worse_than", "to": 5, "from": "2024Q2"},
            "trial, change 1: goals.volume: it holds in every period. Allowed: from and until only in "
            "dated tables, whose rows hold since a period.",
        ),
        (
            {"set": "goals.volume.no_worse_than", "to": -5},
            "trial: goals, no_worse_than: -5 with volume. Allowed: from 0 with volume. "
            "Only npv can be below 0.",
        ),
        (
            {"set": "goals.*.no_worse_than", "to": 5},
            "trial: goals, no_worse_than: 5 with target_date. Allowed: only with goals that count "
            "cars or money. For a target that every plan must reach, set required = true in [target].",
        ),
    ],
)
def test_a_bound_that_no_goal_can_have_is_refused(
    case: Case, change: dict[str, Any], message: str
) -> None:
    """A goal that is not there, part of the time, or a bound that makes no sense."""
    assert refused(case, change) == [message]


# All changes of a scenario -----------------------------------------------------------


def test_changes_apply_in_order(case: Case) -> None:
    """(80 + 20) * 2 is not 80 * 2 + 20; each cell is told with what it was before the change."""
    add, double = {"add": "vehicles.v2.cost", "by": 20}, {"scale": "vehicles.v2.cost", "by": 2}
    outcome = applied(case, add, double)
    told = [(cell.path, cell.old, cell.new, cell.change) for cell in outcome.touched]
    assert told == [("vehicles.v2.cost", 80, 100, 0), ("vehicles.v2.cost", 100, 200, 1)]
    assert cells(applied(case, double, add))["vehicles.v2.cost"] == (160, 180)


def test_a_scenario_without_changes_is_the_case_itself(case: Case) -> None:
    """Nothing is copied, checked or warned of."""
    outcome = applied(case)
    assert outcome.case is case
    assert (outcome.warnings, outcome.touched) == ((), ())


def test_only_what_comes_of_all_changes_must_hold_together(case: Case) -> None:
    """The window is empty between the two, and not at the end."""
    outcome = applied(
        case,
        {"set": "platforms.p2.earliest", "to": "2025Q2"},
        {"set": "platforms.p2.latest", "to": "2025Q3"},
    )
    row = outcome.case.commitments["platforms.p2"]
    assert (row.earliest, row.latest) == ("2025Q2", "2025Q3")
    (message,) = refused(case, {"set": "platforms.p2.earliest", "to": "2025Q2"})
    assert message.startswith("trial: platforms.p2, latest: the window is empty")


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            [{"set": "duties.X.east.rate", "to": 0.1}],
            "trial, change 1: set duties.X.east.rate to 0.1: it alters nothing. "
            "What it names is so already, is blank, or lies in other periods.",
        ),
        (
            [{"scale": "entries.west.partner.throughput_per_year", "by": 2}],  # blank
            "trial, change 1: scale entries.west.partner.throughput_per_year by 2: it alters "
            "nothing. What it names is so already, is blank, or lies in other periods.",
        ),
        (
            [{"add": "duties.X.east.rate", "by": 1, "from": "2026Q1"}],
            "trial, change 1: add duties.X.east.rate by 1 from 2026Q1: it alters nothing. "
            "What it names is so already, is blank, or lies in other periods.",
        ),
        (
            [{"shift": "platforms.p1.earliest", "by": 1}],  # in place: it has no window
            "trial, change 1: shift platforms.p1.earliest by 1: it alters nothing. "
            "What it names is so already, is blank, or lies in other periods.",
        ),
        (
            [{"remove": "markets.east"}, {"scale": "lanes.works.east.freight", "by": 2}],
            "trial, change 2: scale lanes.works.east.freight by 2: what it names is gone by then.",
        ),
    ],
)
def test_a_change_that_alters_nothing_is_a_warning(
    case: Case, changes: list[dict[str, Any]], warning: str
) -> None:
    """It may be a slip or may not; the scenario is applied all the same."""
    outcome = applied(case, *changes)
    assert [str(problem) for problem in outcome.warnings] == [warning]


def test_everything_wrong_with_a_scenario_is_said_at_once(case: Case) -> None:
    """Paths that name nothing, with the nearest that do, and values that are not allowed."""
    assert refused(
        case,
        {"set": ["platforms.p3.lead", "vehicles.v2.leed"], "to": 1},
        {"set": "markets.west.max_share", "to": 3},
        {"remove": "lanes.work.west"},
    ) == [
        "trial, change 1: platforms.p3.lead: platforms has no row 'p3'. "
        "Allowed: platforms.platform.column. Did you mean platforms.p2.lead or platforms.p1.lead?",
        "trial, change 1: vehicles.v2.leed: vehicles has no column 'leed'. Allowed: note, title, "
        "status, earliest, latest, effective, lead, cost, running_cost_per_year, category, "
        "exclusive_group, segment, platform, warranty_cost, freight_factor. Did you mean lead?",
        "trial, change 2: markets.west, max_share: 3 is above 1. Allowed: a number from 0 to 1.",
        "trial, change 3: lanes.work.west: lanes has no row 'work.west'. "
        "Allowed: lanes.site.market, without a column. "
        "Did you mean lanes.works.west or lanes.works.east or lanes.works.home?",
    ]


def test_a_path_must_name_something_in_the_case_itself(case: Case) -> None:
    """A row that only a change before has made cannot be counted on when that is left out."""
    changes = [
        {"add": "duties.X.east.rate", "by": 0.1, "from": "2024Q3"},
        {"add": "duties.X.east.2024Q3.rate", "by": 0.1},
    ]
    (message,) = refused(case, *changes)
    assert message.startswith("trial, change 2: duties.X.east.2024Q3.rate: between table and")


def test_a_spoilt_calendar_is_said_and_not_stumbled_over(case: Case) -> None:
    """A change that needs periods cannot be made with a first period that is none."""
    messages = refused(
        case, {"set": "horizon.first", "to": "soon"}, {"shift": "platforms.p2.latest", "by": 1}
    )
    assert messages == [
        "trial, change 2: horizon: its periods cannot be read with the changes before."
    ]


@pytest.mark.parametrize("indices", [(), (0,), (2, 1), (0, 1, 2)])
def test_any_of_the_changes_can_be_applied_without_the_others(
    case: Case, indices: tuple[int, ...]
) -> None:
    """A subset keeps the order of the scenario, whatever order it is asked for in."""
    whole = Scenario(
        name="three",
        changes=(
            Change(remove="markets.east"),
            Change(scale="lanes.works.east.freight", by=2),
            Change(add="lanes.*.*.freight", by=50),
        ),
    )
    part = whole.subset(indices)
    assert part.changes == tuple(whole.changes[n] for n in sorted(indices))
    freight = {row.market: row.freight for row in apply(case, part).case.lanes}
    expected = {"home": 0.0, "east": 700.0, "west": 300.0}
    if 0 in indices:
        del expected["east"]
    elif 1 in indices:
        expected["east"] *= 2
    if 2 in indices:
        expected = {market: value + 50 for market, value in expected.items()}
    assert freight == expected


def test_a_change_that_is_not_there_cannot_be_asked_for() -> None:
    """Neither beyond the last one nor counted from the end."""
    scenario = Scenario(name="one", changes=(Change(remove="markets.east"),))
    for number in (1, -1):
        with pytest.raises(IndexError, match=f"one has no change {number}"):
            scenario.subset([number])


# Scenarios together --------------------------------------------------------------------


def named(name: str, *extends: str, path: str = "") -> Scenario:
    """A scenario whose one change names it."""
    change = Change(add=path or f"markets.{name}.sales_cost", by=1)
    return Scenario(name=name, title=name.upper(), extends=extends, changes=(change,))


def order(scenarios: Scenarios, expression: str) -> list[str]:
    """The scenarios whose changes an expression brings, in order."""
    combined = scenarios.combined(expression)
    return [change.paths[0].split(".")[1] for change in combined.changes]


def test_scenarios_extend_and_are_added_to_each_other() -> None:
    """What is extended comes first, in its order, and nothing comes twice."""
    scenarios = Scenarios((named("d", "b", "c"), named("a"), named("b", "a"), named("c", "a")))
    assert order(scenarios, "a") == ["a"]
    assert order(scenarios, "d") == ["a", "b", "c", "d"]
    assert order(scenarios, "c + b") == ["a", "c", "b"]
    assert order(scenarios, "b+c +d") == ["a", "b", "c", "d"]
    assert order(scenarios, "a + a") == ["a"]
    both = scenarios.combined("c+b")
    assert (both.name, both.title, both.extends) == ("c + b", "C + B", ())


def test_a_scenario_with_what_it_extends_out_of_reach_is_refused(case: Case) -> None:
    """Its changes alone would be another scenario than the one of its name."""
    with pytest.raises(CaseError, match="b, extends: it extends a, whose changes are not at hand"):
        apply(case, named("b", "a"))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "slo",
            "slo: there is no scenario 'slo'. Allowed: slow, duty_15, duty_35. Did you mean slow?",
        ),
        (
            "slow + duty",
            "slow + duty: there is no scenario 'duty'. Allowed: slow, duty_15, duty_35. "
            "Did you mean duty_35 or duty_15?",
        ),
        (
            "slow +",
            "slow +: 'slow +' is no name of a scenario. Allowed: letters, digits, _ and -, "
            "at most 80; a + b for two of them.",
        ),
    ],
)
def test_an_unknown_scenario_is_refused_with_the_nearest(expression: str, message: str) -> None:
    """Each unknown name of an expression is told."""
    scenarios = Scenarios((named("slow"), named("duty_15"), named("duty_35")))
    with pytest.raises(CaseError) as error:
        scenarios.combined(expression)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ((named("a", "a"),), "a: it extends itself: a extends a. Leave one of these out."),
        (
            (named("x", "a"), named("a", "b"), named("b", "c"), named("c", "a")),
            "a: it extends itself: a extends b extends c extends a. Leave one of these out.\n"
            "b: it extends itself: b extends c extends a extends b. Leave one of these out.\n"
            "c: it extends itself: c extends a extends b extends c. Leave one of these out.",
        ),
        (
            (named("abc"), named("b", "abd")),
            "b: extends: there is no scenario 'abd'. Allowed: abc, b. Did you mean abc or b?",
        ),
        ((named("a"), named("a")), "a: the name stands twice."),
    ],
)
def test_scenarios_that_cannot_stand_together_are_refused(
    written: tuple[Scenario, ...], message: str
) -> None:
    """Circles, names that are not there and names that stand twice."""
    with pytest.raises(CaseError) as error:
        Scenarios(written)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "ä+", "x" * 81])
def test_a_name_is_a_word(name: str) -> None:
    """Blanks, dots and signs would be read as something else where a scenario is named."""
    with pytest.raises(ValidationError):
        Scenario(name=name)


# The file ----------------------------------------------------------------------------


def write(folder: Path, text: str) -> Path:
    """The tiny case with a scenario file."""
    shutil.copytree(shipped_cases()["tiny"], folder / "mine", dirs_exist_ok=True)
    (folder / "mine" / "scenarios.toml").write_text(text, encoding="utf-8")
    return folder / "mine"


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Both ways in which TOML writes a list of tables give the same scenario."""
    folder = write(
        tmp_path,
        """
[late]
title = "Late"
changes = [
    { add = "vehicles.two.lead", by = 1 },  # a comment with { and [
    { set = "finance.opening_cash", to = 20 },
]

[same]
title = "Late"
[[same.changes]]
add = "vehicles.two.lead"
by = 1
[[same.changes]]
set = "finance.opening_cash"
to = 20

[more]
extends = "late"
reason = "[both] and { more }"
""",
    )
    scenarios = load_scenarios(folder)
    late, same, more = (scenarios.combined(name) for name in scenarios.names)
    assert scenarios.names == ("late", "same", "more")
    assert late.changes == same.changes == more.changes
    assert [str(change) for change in late.changes] == [
        "add vehicles.two.lead by 1", "set finance.opening_cash to 20",
    ]  # fmt: skip
    assert scenarios.lines == {"late": (2, 5, 6), "same": (9, 11, 14), "more": (18,)}
    assert load_scenarios(folder / "scenarios.toml") == scenarios
    assert scenarios.check(load_case(folder)) == ()


def test_everything_wrong_in_a_file_is_said_at_once(tmp_path: Path) -> None:
    """Each message has file, line and scenario."""
    folder = write(
        tmp_path,
        """stray = 3
[bad-one]
titel = "Late"
reason = 5
changes = [
    { add = "vehicles.two.lead", bye = 1 },
    { add = "vehicles.two.lead", by = "1" },
    { scale = "vehicles.two.lead" },
    { force = "vehicles.two", at = 2024.5 },
]
[empty]
title = "Nothing"
["two words"]
changes = [{ remove = "deals.licence" }]
[wrong]
extends = ["emty"]
changes = "none"
""",
    )
    with pytest.raises(CaseError) as error:
        load_scenarios(folder)
    assert str(error.value).split("\n") == [
        "scenarios.toml line 1, setting stray: 3 is not a section. "
        "Allowed: [stray] and what it states.",
        "scenarios.toml line 3, setting bad-one.titel: no setting has this name. "
        "Allowed: title, reason, extends, changes. Did you mean title?",
        "scenarios.toml line 4, setting bad-one.reason: 5 is not text. Allowed: text.",
        "scenarios.toml line 6, setting bad-one: 'bye' in a change. Allowed: set, scale, add, "
        "shift, remove, forbid, force, to, by, at, from, until. Did you mean by?",
        "scenarios.toml line 7, setting bad-one: by: '1' is text. Allowed: a number. "
        "Write it without quotes.",
        "scenarios.toml line 8, setting bad-one: scale without by. Allowed: scale and by.",
        "scenarios.toml line 9, setting bad-one: at: 2024.5 is not text. Allowed: text.",
        "scenarios.toml line 11, setting empty: it changes nothing. Allowed: changes, or extends: "
        'entries such as { add = "vehicles.c10.lead", by = 1 }.',
        "scenarios.toml line 13, setting two words: 'two words' is no name of a scenario. "
        "Allowed: letters, digits, _ and -, at most 80; a + b for two of them.",
        "scenarios.toml line 15, setting wrong: extends: there is no scenario 'emty'. "
        "Allowed: bad-one, empty, wrong. Did you mean empty?",
        "scenarios.toml line 17, setting wrong.changes: 'none' is no list of changes. "
        'Allowed: [entries such as { add = "vehicles.c10.lead", by = 1 }].',
    ]


def test_what_does_not_fit_the_case_is_said_with_its_line(tmp_path: Path) -> None:
    """A fault is told once, where it is written, though another scenario extends it."""
    folder = write(
        tmp_path,
        """[late]
changes = [
    { add = "vehicles.too.lead", by = 1 },
    { set = "deals.licence.royalty", to = 1000 },
]
[worse]
extends = "late"
changes = [{ forbid = "deals.*" }]
[closed]
changes = [{ remove = "registrations.home.compact" }]
""",
    )
    scenarios, case = load_scenarios(folder), load_case(folder)
    with pytest.raises(CaseError) as error:
        scenarios.check(case)
    assert str(error.value).split("\n") == [
        "scenarios.toml line 3, setting late: vehicles.too.lead: vehicles has no row 'too'. "
        "Allowed: vehicles.vehicle.column. Did you mean vehicles.two.lead?",
        "scenarios.toml line 9, setting closed: launches.one.home, market: registrations has no "
        "row for home, compact. Allowed: one for each market and segment in which a car is "
        "launched. Add the row to registrations.",
    ]


def test_warnings_of_a_file_name_their_line(tmp_path: Path) -> None:
    """The royalty is 1,000 already."""
    folder = write(tmp_path, '[same]\nchanges = [{ set = "deals.licence.royalty", to = 1000 }]\n')
    (warning,) = load_scenarios(folder).check(load_case(folder))
    assert str(warning) == (
        "scenarios.toml line 2, setting same: set deals.licence.royalty to 1000: it alters "
        "nothing. What it names is so already, is blank, or lies in other periods."
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            b"[late\n",
            "scenarios.toml line 1: not readable as TOML: expected ']' at the end of a table "
            'declaration. Allowed: lines such as name = "value". Quote text and periods as '
            '"2024Q1", and write sections as [name].',
        ),
        (
            b"[sp\xe4t]\n",
            "scenarios.toml line 1: byte 0xe4 is not UTF-8. Allowed: UTF-8. "
            "Save the file with the encoding UTF-8.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    """As with the case's own file, place and cure are told."""
    folder = write(tmp_path, "")
    (folder / "scenarios.toml").write_bytes(raw)
    with pytest.raises(CaseError) as error:
        load_scenarios(folder)
    assert str(error.value) == message


def test_a_case_without_the_file_has_no_scenarios(tmp_path: Path) -> None:
    """That is no fault, but no scenario can be named then."""
    save_case(load_case("tiny"), tmp_path / "bare")
    scenarios = load_scenarios(tmp_path / "bare")
    assert scenarios.names == ()
    with pytest.raises(CaseError, match="Allowed: none, as the case has no scenarios"):
        scenarios.combined("late")
    with pytest.raises(CaseError, match="there is no such folder"):
        load_scenarios(tmp_path / "nowhere")
    with pytest.raises(CaseError, match="cannot be read: no such file"):
        load_scenarios(tmp_path / "nowhere.toml")


def test_a_copied_case_keeps_its_scenarios(tmp_path: Path) -> None:
    """A case that is made from a shipped one starts with its what-ifs, and loads as before."""
    copy_case("tiny", tmp_path / "mine")
    assert load_scenarios(tmp_path / "mine") == load_scenarios("tiny")
    assert load_case(tmp_path / "mine") == load_case("tiny")
