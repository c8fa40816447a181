"""Records: calendar, values that cannot change, and which cases hold together."""

from __future__ import annotations

import copy
import pickle
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import TABLES, Case, make_case
from models.checks import problems_of, target_windows
from models.commitment import Precedence, Project
from models.horizon import MOST_PERIODS, Horizon, Step
from models.market import Market
from models.problem import CaseError, Problem
from optimizer.tables import load_case

QUARTERS = {"first": "2024Q1", "last": "2025Q4"}


def made(**parts: Any) -> Case:
    """A case of two years of quarters with these parts."""
    return make_case({"horizon": QUARTERS, **parts})


def refused(**parts: Any) -> list[str]:
    """What is said of a case that does not hold together."""
    with pytest.raises(CaseError) as caught:
        made(**parts)
    return [str(problem) for problem in caught.value.problems]


# The calendar ----------------------------------------------------------------

STEPS: list[tuple[Step, str, str, int]] = [
    ("year", "2024", "2033", 10),
    ("half", "2024H2", "2026H1", 4),
    ("quarter", "2023Q4", "2024Q1", 2),
    ("month", "2024-11", "2025-02", 4),
    ("period", "1", "60", 60),
    ("period", "-2", "1", 4),  # 0 is a period as any other
]


@pytest.mark.parametrize(("step", "first", "last", "count"), STEPS)
def test_labels_count_on_from_the_first(step: Step, first: str, last: str, count: int) -> None:
    """Labels and numbers of periods are each other's inverse, also outside the horizon."""
    horizon = Horizon(step=step, first=first, last=last)
    assert horizon.count == count
    assert (horizon.labels[0], horizon.labels[-1]) == (first, last)
    assert [horizon.index(horizon.label(t)) for t in range(-9, count + 9)] == list(
        range(-9, count + 9)
    )
    assert [t for year in horizon.years.values() for t in year] == list(range(count))


@given(st.integers(0, 9999 * 12), st.sampled_from(["year", "half", "quarter", "month"]))
def test_a_label_lies_in_the_year_it_begins_with(n: int, step: Step) -> None:
    """The year of a period is that of its label; its position restarts each year."""
    start = Horizon(step=step, first="2000", last="2000") if step == "year" else None
    first = {"half": "2000H1", "quarter": "2000Q1", "month": "2000-01"}.get(step, "2000")
    horizon = start or Horizon(step=step, first=first, last=first)
    t = n % (7999 * horizon.per_year)
    assert horizon.year(t) == horizon.label(t)[:4]
    assert horizon.position(t) == t % horizon.per_year + 1


@pytest.mark.parametrize(
    ("step", "label"),
    [
        ("quarter", "2024Q5"),
        ("quarter", "2024q1"),
        ("quarter", "\u0662\u0660\u0662\u0664Q1"),
        ("month", "2024-13"),
        ("month", "2024-1"),
        ("year", "24"),
        ("period", "007"),  # two labels of one period would not be found as equal
        ("period", "-0"),
        ("half", "2024H3"),
    ],
)
def test_a_label_of_another_form_is_refused(step: Step, label: str) -> None:
    """Each period has one label."""
    with pytest.raises(ValueError, match="is not a"):
        Horizon(step=step, first=label, last=label).ordinal(label)


def test_numbered_periods_are_years_unless_stated() -> None:
    """With four in a year, periods 1 to 4 are year 1 and 5 begins year 2."""
    assert Horizon(step="period", first="1", last="8").per_year == 1
    horizon = Horizon(step="period", first="1", last="8", periods_per_year=4)
    assert horizon.years == {"1": (0, 1, 2, 3), "2": (4, 5, 6, 7)}
    assert [horizon.position(t) for t in range(5)] == [1, 2, 3, 4, 1]


# Values -----------------------------------------------------------------------


def test_a_case_cannot_be_changed() -> None:
    """A case and its rows are values; only a new one differs."""
    case = made(markets=[{"market": "west"}])
    with pytest.raises(ValueError, match="frozen"):
        case.title = "x"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        case.markets[0].max_share = 0.5  # type: ignore[misc]
    assert isinstance(case.markets, tuple)


def test_equal_cases_are_equal_however_much_was_asked_of_them() -> None:
    """What is worked out and kept on a case or row is no part of its value."""
    one, other = load_case("tiny"), load_case("tiny")
    assert all((one.commitments, one.horizon.labels, one.markets[0].path))
    assert one == other
    assert hash(one) == hash(other)
    assert one != one.with_changes({"title": "another"})
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one


def test_the_order_of_rows_does_not_matter_to_checks() -> None:
    """The shipped small case holds together in any order of its rows."""
    case = load_case("tiny")
    shuffle = random.Random(7).shuffle
    parts = {}
    for name in TABLES:
        rows = list(case.rows(name))
        shuffle(rows)
        parts[name] = tuple(rows)
    assert set(case.replace(**parts).commitments) == set(case.commitments)


def test_what_is_wrong_is_the_same_in_any_order_of_rows() -> None:
    """The same faults are found; only the row named for a double may differ."""
    rows = [
        {"project": "a", "earliest": "2030Q1"},
        {"project": "b", "earliest": "2025Q1", "latest": "2024Q1"},
        {"project": "c", "effective": "2024Q1"},
    ]
    assert refused(projects=rows) == refused(projects=rows[::-1])
    assert len(refused(projects=rows)) == 3  # one for each row


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"market": ()},
            "replace, market: a case has no part 'market'. Allowed: name, title, ",
        ),
        ({"markets": 5}, "markets: 5 is not Market records. Allowed: Market records."),
        ({"markets": [5]}, "markets[0]: 5 is not a Market record. Allowed: a Market record."),
        (
            {"markets": [{"market": "a.b"}]},
            "markets[0], market: the name 'a.b' holds '.'. Allowed: names without "
            ". | * ? [ ] and without invisible characters. "
            "Rename it here and wherever it is used.",
        ),
        ({"horizon": None}, "horizon: nothing is not a Horizon record. Allowed: a Horizon record."),
        ({"title": 5}, "case, title: 5 is not text. Allowed: text."),
        (
            {"finance": {"cash": 3}},
            "finance, cash: there is no such column. Allowed: opening_cash, ",
        ),
    ],
)
def test_a_part_that_is_no_such_part_is_told(parts: dict[str, Any], message: str) -> None:
    """A program that builds a case gets the same kind of message as a planner."""
    with pytest.raises(CaseError) as caught:
        made().replace(**parts)
    assert str(caught.value).startswith(message)


def test_a_case_without_a_horizon_is_told() -> None:
    """The calendar is the one part without which there is no case."""
    with pytest.raises(CaseError) as caught:
        Case()
    assert str(caught.value) == "horizon: it is missing. Allowed: a Horizon record."


def test_problems_are_sorted_and_told_once() -> None:
    """Two findings of one place are one; files come in order of name and line."""
    a, b = Problem("b.csv", 2, found="x"), Problem("a.csv", 10, found="x")
    c = Problem("a.csv", 9, "lead", "x", "y", "Did you mean z?")
    error = CaseError([a, b, c, a])
    assert error.problems == (c, b, a)
    assert str(error) == (
        "a.csv line 9, column lead: x. Allowed: y. Did you mean z?\n"
        "a.csv line 10: x.\nb.csv line 2: x."
    )


# Cases that hold together though they look odd ----------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({}, id="nothing but a calendar"),
        pytest.param({"horizon": {"first": "2024Q1", "last": "2024Q1"}}, id="one period"),
        pytest.param(
            {"horizon": {"step": "month", "first": "2024-01", "last": "2028-12"}},
            id="sixty months",
        ),
        pytest.param(
            {"horizon": {"step": "period", "first": 1, "last": MOST_PERIODS}}, id="longest"
        ),
        pytest.param({"projects": [{"project": "a", "lead": 600}]}, id="lead beyond the end"),
        pytest.param(
            {
                "projects": [
                    {"project": "a", "status": "in_place"},
                    {"project": "b", "status": "in_place", "effective": "1990Q1", "lead": 40},
                    {"project": "c", "status": "in_place", "effective": "2040Q1"},
                ]
            },
            id="in place long ago, or to come",
        ),
        pytest.param(
            {
                "projects": [{"project": "a", "status": "forbidden"}, {"project": "b"}],
                "precedences": [{"commitment": "projects.b", "after": "projects.a"}],
            },
            id="waiting for what is forbidden",
        ),
        pytest.param(
            {
                "markets": [{"market": "m"}],
                "registrations": [{"market": "m", "segment": "s", "units_per_year": 5}],
                "vehicles": [{"vehicle": "v", "segment": "s", "status": "in_place"}],
                "launches": [
                    {"vehicle": "v", "market": "m", "peak_share": 1, "status": "in_place"}
                ],
            },
            id="a launch in place since long ago, no home market, no money",
        ),
        pytest.param(
            {
                "projects": [{"project": x, "exclusive_group": "g"} for x in "abc"],
                "exclusive_groups": [{"group": "g", "at_most": 0}],
            },
            id="a group of which none may start",
        ),
        pytest.param({"goals": [{"kind": "volume_at", "period": "2024Q1"}]}, id="volume early on"),
        pytest.param(
            {"target": {"volume": 1, "window": "rolling_year", "deadline": "2024Q4"}},
            id="one window",
        ),
    ],
)
def test_a_case_that_looks_odd_may_hold_together(parts: dict[str, Any]) -> None:
    """What has a plain meaning is accepted, even where it allows little."""
    assert isinstance(made(**parts), Case)


# Cycles -------------------------------------------------------------------------


def waiting(*rules: tuple[str, str, str, int], leads: dict[str, int] | None = None) -> Any:
    """Parts with projects a to d and rules: later, earlier, counted from, lag."""
    known = leads or {}
    return {
        "projects": [{"project": x, "lead": known.get(x, 0)} for x in "abcd"],
        "precedences": [
            Precedence(
                commitment=f"projects.{later}",
                after="|".join(f"projects.{x}" for x in earlier),
                counted_from=counted,
                lag=lag,
            )
            for later, earlier, counted, lag in rules
        ],
    }


@pytest.mark.parametrize(
    ("rules", "leads"),
    [
        # both in the same period
        ([("a", "b", "start", 0), ("b", "a", "start", 0)], {}),
        # within two periods of each other
        ([("a", "b", "start", -2), ("b", "a", "start", -2)], {}),
        # a starts 3 after b, b at most 3 before a
        ([("a", "b", "start", 3), ("b", "a", "start", -3)], {}),
        # b's lead of 2 is made up by a lag of -2
        ([("a", "b", "effective", -2), ("b", "a", "start", 0)], {"b": 2}),
        # c is a way out of the cycle of a and b
        ([("a", "bc", "start", 1), ("b", "a", "start", 1)], {}),
        # a chain longer than the horizon: what is too late never starts, by choice
        ([("a", "b", "start", 5), ("b", "c", "start", 5), ("c", "d", "start", 5)], {}),
    ],
)
def test_waits_that_can_be_met_are_no_cycle(
    rules: list[tuple[str, str, str, int]], leads: dict[str, int]
) -> None:
    """Only a cycle that asks for a start after itself is a fault."""
    made(**waiting(*rules, leads=leads))


@pytest.mark.parametrize(
    ("rules", "leads", "cycle"),
    [
        ([("a", "b", "start", 1), ("b", "a", "start", 0)], {}, "aba"),
        ([("a", "b", "start", 0), ("b", "a", "effective", 0)], {"a": 1}, "aba"),
        ([("a", "b", "start", 3), ("b", "a", "start", -2)], {}, "aba"),
        (
            [("c", "a", "start", 0), ("a", "b", "start", 1), ("b", "c", "start", 0)],
            {},
            "cabc",
        ),
        # d waits for the cycle and is no part of it
        ([("d", "a", "start", 0), ("a", "b", "start", 1), ("b", "a", "start", 0)], {}, "aba"),
        # both ways out are within cycles; the first row's is told
        (
            [("a", "bc", "start", 1), ("b", "a", "start", 1), ("c", "a", "start", 1)],
            {},
            "aba",
        ),
    ],
)
def test_a_cycle_that_never_starts_is_told_once(
    rules: list[tuple[str, str, str, int]], leads: dict[str, int], cycle: str
) -> None:
    """The cycle is told at its first row, from the commitment of that row on."""
    (told,) = refused(**waiting(*rules, leads=leads))
    names = " waits for ".join(f"projects.{x}" for x in cycle)
    assert told.endswith(
        f"none of these can ever start: {names}. Allowed: precedences without such a cycle. "
        "Remove one of these rows."
    )


def test_a_cycle_through_an_implied_rule_is_told() -> None:
    """A platform that waits for its own vehicle: the vehicle waits for it without a row."""
    (told,) = refused(
        platforms=[{"platform": "p", "lead": 2}],
        vehicles=[{"vehicle": "v", "segment": "s", "platform": "p"}],
        precedences=[{"commitment": "platforms.p", "after": "vehicles.v"}],
    )
    assert "platforms.p waits for vehicles.v waits for platforms.p" in told


def test_a_long_cycle_is_told_in_short() -> None:
    """Of a cycle of fifty the first eight and the return are named."""
    names = [f"projects.p{n}" for n in range(50)]
    (told,) = refused(
        projects=[{"project": f"p{n}"} for n in range(50)],
        precedences=[
            {"commitment": name, "after": names[(n + 1) % 50], "lag": 1}
            for n, name in enumerate(names)
        ],
    )
    assert "projects.p7 waits for ... waits for projects.p0. Allowed" in told


def test_what_is_in_place_waits_for_nothing() -> None:
    """Rules on starts do not bind what has started, so it breaks a cycle."""
    parts = waiting(("a", "b", "start", 1), ("b", "a", "start", 1))
    parts["projects"][0]["status"] = "in_place"
    made(**parts)


# Faults of a program, which no table can hold -----------------------------------


def test_a_precedence_without_an_earlier_one_is_told() -> None:
    """A table refuses the blank cell; a program can make such a row."""
    (told,) = refused(
        projects=[{"project": "a"}], precedences=[Precedence(commitment="projects.a", after=())]
    )
    assert told.endswith("after: it is blank. Allowed: an id, or several as a|b.")


def test_a_row_that_could_not_be_read_has_no_consequences() -> None:
    """References to it, and checks that need every row, are not reported."""
    case = Case.model_construct(
        horizon=Horizon(**QUARTERS),
        projects=(Project(project="a"),),
        precedences=(Precedence(commitment="projects.a", after=("deals.x",)),),
    )
    assert [problem.column for problem in problems_of(case)] == ["after"]
    assert problems_of(case, {"deals": {("x",)}}) == []
    assert problems_of(case, {"deals": {()}}) == []


def test_without_a_horizon_the_rest_is_checked() -> None:
    """A faulty calendar does not hide a name that is not there."""
    case = Case.model_construct(  # type: ignore[call-arg]
        markets=(Market(market="m", home=True), Market(market="n", home=True))
    )
    assert [problem.column for problem in problems_of(case)] == ["home"]


# The target -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "first", "last", "deadline", "ends"),
    [
        ("calendar_year", "2024Q1", "2025Q4", None, [3, 7]),
        ("calendar_year", "2024Q2", "2025Q4", None, [6]),  # 2024 lacks its first quarter
        ("calendar_year", "2024Q1", "2025Q4", "2025Q3", [3]),
        ("rolling_year", "2024Q2", "2025Q3", None, [3, 4, 5]),
        ("rolling_year", "2024Q1", "2025Q4", "2025Q1", [3, 4]),
    ],
)
def test_windows_lie_wholly_within_horizon_and_deadline(
    window: str, first: str, last: str, deadline: str | None, ends: list[int]
) -> None:
    """Each window is a year's worth of periods; windows are named by their last period."""
    case = make_case(
        {
            "horizon": {"first": first, "last": last},
            "target": {"volume": 1, "window": window, "deadline": deadline},
        }
    )
    windows = target_windows(case)
    assert list(windows) == ends
    assert all(len(periods) == 4 and periods[-1] == t for t, periods in windows.items())


def test_a_case_without_a_target_has_no_windows_and_two_goals() -> None:
    """By default volume comes before NPV; a target's date comes first."""
    case = made()
    assert target_windows(case) == {}
    assert [goal.kind for goal in case.goals_in_order] == ["volume", "npv"]
    case = made(target={"volume": 5})
    assert [goal.kind for goal in case.goals_in_order] == ["target_date", "volume", "npv"]
