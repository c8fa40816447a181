"""Comparisons of the tiny case: nothing where nothing differs, and all that does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.change import Change
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer import (
    Case,
    CaseError,
    Outcome,
    Plan,
    Settings,
    compare_outcomes,
    load_case,
    load_scenarios,
    solve,
)
from optimizer.reporting.comparison import in_words
from optimizer.studies.compare import Comparison, compared, what_ifs
from optimizer.studies.comparison_rows import TABLES, rows_of
from optimizer.studies.many import Answer
from optimizer.studies.question import Question
from optimizer.studies.whatif import Level

CASE = load_case("tiny")
AMONG = load_scenarios("tiny")
Given = str | Scenario


class Asked:
    """Answers in this process, and remembers what was asked."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        self.questions += questions
        outcomes = [question.answer(Settings()) for question in questions]
        return [Answer(number, outcome) for number, outcome in enumerate(outcomes)]


def comparison(*given: Given, case: Case = CASE, level: Level = "auto") -> Comparison:
    return compared(case, what_ifs(case, given, AMONG, level), Asked())


@pytest.fixture(scope="module")
def three() -> Comparison:
    return comparison("late_two", "bad_year", "early_shift + finance.opening_cash=31")


# Nothing -------------------------------------------------------------------------------


def test_a_case_does_not_differ_from_itself() -> None:
    """A scenario that changes nothing is not solved, and every table but the figures is empty.

    The figures are all there and all the same; the report says so once.
    """
    ask = Asked()
    nothing = Scenario(name="nothing", changes=(Change(set="finance.opening_cash", to=30),))
    found = compared(CASE, what_ifs(CASE, [nothing], AMONG, "auto"), ask)
    assert len(ask.questions) == 1
    assert {row["mark"] for row in rows_of(found, "kpis")} == {"same"}
    assert {row["difference"] for row in rows_of(found, "kpis")} == {0.0}
    for table in ("decisions", "sales", "limits", "causes"):
        assert rows_of(found, table) == []
    assert found.sides[0].warnings
    lines = in_words(found)
    assert "- No difference." in lines
    assert found.base.plan is not None
    chosen = sum(not row.in_place for row in found.base.plan.record.decisions)
    assert f"None: {chosen} decisions are the same in all." in lines


def test_two_solves_of_one_case_do_not_differ() -> None:
    """The same outcome under two names has no differences; nor has one solved once more."""
    first, again = solve(CASE), solve(CASE)
    found = compare_outcomes({"one": first, "two": first, "three": again})
    assert {row["mark"] for row in rows_of(found, "kpis")} == {"same"}
    assert rows_of(found, "decisions") == rows_of(found, "sales") == []


def test_a_change_that_does_nothing_has_no_part_in_it() -> None:
    """Beside a real change an idle one gets exactly 0 of every figure, and one solve less."""
    idle = Change(set="finance.opening_cash", to=30)
    late = Change(add="vehicles.two.lead", by=1)
    ask = Asked()
    both = Scenario(name="both", changes=(idle, late))
    found = compared(CASE, what_ifs(CASE, [both], AMONG, "auto"), ask)
    assert len(ask.questions) == 2
    causes = found.causes
    assert set(causes[causes["part"] == str(idle)]["share"]) == {0.0}
    whole = causes[(causes["part"] == str(late)) & (causes["figure"] == "volume")]
    assert list(whole["share"]) == [-200]


# All that differs ------------------------------------------------------------------------


def test_figures_of_a_late_car(three: Comparison) -> None:
    """Late by a quarter, Two costs 200 cars (data/tiny/README.md and its scenario): proven."""
    rows = [row for row in rows_of(three, "kpis") if row["scenario"] == "late_two"]
    found = {row["figure"]: row for row in rows}
    volume = found["volume"]
    assert (volume["base"], volume["value"], volume["difference"]) == (12_750, 12_550, -200)
    assert (volume["mark"], volume["least"], volume["most"]) == ("proven", -200, -200)
    assert found["target_date"]["mark"] == "same"
    assert found["exports"]["mark"] == "plan"
    assert found["npv"]["unit"] == "EUR million"


def test_decisions_of_a_late_car(three: Comparison) -> None:
    """Two comes to market a quarter later; the shift moves up and the north is entered."""
    rows = [row for row in rows_of(three, "decisions") if row["scenario"] == "late_two"]
    found = {(row["change"], row["commitment"] or row["other"]): row["periods"] for row in rows}
    assert found["moved", "launches.two.home"] == 1
    assert found["moved", "expansions.second_shift"] == -1
    assert ("added", "entries.north.importer") in found
    assert "dropped" not in {kind for kind, _ in found}


def test_shares_sum_to_every_difference(three: Comparison) -> None:
    """In each scenario of several parts and each figure, the shares sum to the difference."""
    checked = 0
    for side in three.sides:
        if side.cause is None:
            continue
        for change in side.figures:
            shares = [share.finding.value for share in side.cause.of(change.figure.name)]
            assert None not in shares
            assert change.finding.value is not None
            assert sum(filter(None, shares)) == pytest.approx(change.finding.value, abs=1e-6)
            checked += len(shares) > 1
    assert checked > 30  # two scenarios of several parts, some twenty figures each


def test_each_case_is_solved_once() -> None:
    """late_two is also a part of bad_year, which has another part: base and three cases."""
    ask = Asked()
    compared(CASE, what_ifs(CASE, ["late_two", "bad_year", "no_licence"], AMONG, "auto"), ask)
    assert len(ask.questions) == 4
    assert ask.questions[0].start is None
    assert all(question.start is not None for question in ask.questions[1:])


@pytest.mark.parametrize(
    ("given", "level", "parts"),
    [
        ("bad_year", "auto", ["Two comes a quarter late", "The partner walks away"]),
        ("bad_year + early_shift", "auto", [(0, 1), (2, 3)]),
        ("bad_year + early_shift", "change", [(0,), (1,), (2,), (3,)]),
        ("early_shift", "auto", [(0,), (1,)]),
        ("early_shift", "scenario", [(0, 1)]),
        ("bad_year", "scenario", [(0,), (1,)]),
        ("finance.opening_cash=20 + late_two", "auto", [(0,), (1,)]),
    ],
)
def test_what_a_difference_is_put_down_to(given: str, level: Level, parts: list[object]) -> None:
    """Scenarios where several are named, single changes of one; or as asked for."""
    (found,) = what_ifs(CASE, [given], AMONG, level)
    named = isinstance(parts[0], str)
    assert [part.title if named else part.changes for part in found.parts] == parts


def test_changes_made_up_on_the_spot() -> None:
    """PATH=VALUE in an expression is the case with that cell changed; blanks do not matter."""
    (found,) = what_ifs(CASE, ["finance.opening_cash = 20 + late_two"], AMONG, "auto")
    by_hand = CASE.with_changes({"finance.opening_cash": 20, "vehicles.two.lead": 3})
    assert found.applied(CASE).case == by_hand


def test_a_scenario_without_a_plan_is_said_and_compared_with_nothing() -> None:
    """A target of 9,000 as a condition: no plan, no figures, and the others are as ever."""
    hard = Scenario(
        name="hard",
        changes=(
            Change(set="target.volume", to=9000),
            Change(set="target.required", to=True),
        ),
    )
    found = comparison(hard, "late_two")
    first, second = found.sides
    assert (first.outcome.status, first.figures, first.cause) == ("infeasible", (), None)
    assert len(second.figures) > 0
    assert "- Proven that no plan exists." in in_words(found)


def test_a_base_without_a_plan_leaves_nothing_to_compare() -> None:
    """Where the case itself has no plan, the report says that and nothing else."""
    hard = CASE.with_changes({"target.volume": 9000, "target.required": True})
    lines = in_words(comparison("late_two", case=hard))
    assert lines[1] == "The base case has nothing to compare with: proven that no plan exists."


def test_a_missed_target_is_said_in_words() -> None:
    """A target of 7,500 is not reached, 500 short of the 7,000 that a year can have."""
    more = Scenario(name="more", changes=(Change(set="target.volume", to=7500),))
    lines = in_words(comparison(more))
    assert "- The target is missed now, by 500 cars." in lines
    (row,) = [line.split() for line in lines if line.startswith("Target date")]
    assert " ".join(row) == "Target date 2025Q4 not reached missed now"


def test_everything_wrong_with_any_scenario_is_told_at_once() -> None:
    """Unknown names, blank ones and paths that meet nothing come together."""
    with pytest.raises(CaseError) as caught:
        what_ifs(CASE, ["late_tow", "late_two + ", "markets.home.colour=1"], AMONG, "auto")
    text = str(caught.value)
    for part in ("no scenario 'late_tow'", "a name is blank", "markets.home.colour"):
        assert part in text


@pytest.mark.parametrize(("path", "value"), [("currency", "USD"), ("money_unit", 1000.0)])
def test_what_cannot_be_subtracted_is_refused(path: str, value: object) -> None:
    """Money in another currency or unit is an error and not a difference."""
    base = solve(CASE)
    other = replace(base, case=CASE.with_changes({path: value}))
    with pytest.raises(CaseError, match=path):
        compare_outcomes({"base": base, "other": other})


# As frames and in words --------------------------------------------------------------------


def test_frames_have_their_columns(three: Comparison) -> None:
    """Each table is a frame with the columns that are documented, whatever its rows."""
    for table, columns in TABLES.items():
        assert list(three.frame(table).columns) == list(columns)
        assert len(getattr(three, table)) == len(rows_of(three, table)) > 0
    told = three.to_dict()
    assert [row["name"] for row in told["scenarios"]] == [side.name for side in three.sides]
    assert {row["mark"] for row in (*told["kpis"], *told["causes"])} <= set(told["marks"])
    assert all(set(told["columns"][table]) == set(told[table][0]) for table in TABLES)


def test_the_report_is_words_for_words() -> None:
    """What a strategist reads of the late car, first and last."""
    lines = in_words(comparison("late_two"))
    assert lines[:5] == [
        "tiny: Two export markets, one new car, one partner",
        "late_two: Two comes a quarter late",
        "- The target is reached in 2025Q4 as before.",
        "- Volume over the horizon falls by 200 cars (1.6 %).",
        "- Net present value falls by EUR 6.2 million (24.0 %).",
    ]
    assert "late_two: 2 added, 2 later, 1 sooner" in lines
    assert "The same in both: Target date 2025Q4." in lines
    assert "- starts to bind: network North (importer) (2024Q2 to 2025Q4)" in lines


def test_names_do_no_harm() -> None:
    """Markup, line breaks and control characters in titles stay text of one line."""
    evil = "[bold]x[/]\n=cmd()\u202e<script>"
    plant = CASE.sites[0].model_copy(update={"title": evil})
    market = CASE.markets[2].model_copy(update={"title": evil})
    case = CASE.replace(sites=(plant,), markets=(*CASE.markets[:2], market))
    scenario = Scenario(
        name="late_two", title=evil, changes=(Change(add="vehicles.two.lead", by=1),)
    )
    found = comparison(scenario, case=case)
    text = "\n".join(in_words(found))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "[bold]x[/] =cmd()\\u202e<script>" in text
    html = found._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_without_scenarios_there_is_nothing_beside_the_base() -> None:
    """No scenario is no error in the library: a comparison with the base alone."""
    found = compared(CASE, what_ifs(CASE, [], Scenarios(), "auto"), Asked())
    assert found.sides == ()
    assert len(found.kpis) == 0
    assert in_words(found)[1] == "There is nothing to compare it with."


def test_launches_that_differ_alike_are_one_row() -> None:
    """One in the north and the south, both put off by a quarter, are told together."""
    base = solve(CASE)
    assert base.plan is not None
    chosen = (row for row in base.plan.record.decisions if not row.in_place)
    first = next(row for row in chosen if row.kind == "launches")

    def launched(start: str) -> Outcome:
        rows = [
            first.model_copy(update={"commitment": f"launches.one.{market}", "start": start})
            for market in ("north", "south")
        ]
        record = base.plan.record.model_copy(update={"decisions": tuple(rows)})  # type: ignore[union-attr]
        return replace(base, plan=Plan(record))

    lines = in_words(compare_outcomes({"a": launched("2024Q2"), "b": launched("2024Q3")}))
    rows = [line for line in lines if "(launch)" in line]
    assert rows == ["One in North, South (launch)  2024Q2  2024Q3 (1 quarter later)"]


def test_what_was_stopped_is_not_told_as_known() -> None:
    """A missed target with an open bound is not ruled out, and volume with one not an effect."""
    base, other = solve(CASE), solve(CASE.with_target(7500))
    assert other.plan is not None
    totals = other.plan.record.totals.model_copy(update={"volume": 10_000.0})
    date, volume, npv = other.goals
    opened = (
        date.model_copy(update={"bound": 7800.0, "proven": False, "bound_period": "2025Q4"}),
        volume.model_copy(update={"value": 1e4, "best": 1e4, "bound": 2e4, "proven": False}),
        npv,
    )
    stopped = replace(
        other,
        status="feasible",
        goals=opened,
        plan=Plan(other.plan.record.model_copy(update={"totals": totals})),
    )
    lines = in_words(compare_outcomes({"base": base, "stopped": stopped}))
    assert "- The target is missed now, by 500 cars; reaching it is not ruled out." in lines
    assert (
        "- Volume over the horizon: 2,750 cars less in these plans; the proof stopped too soon "
        "to tell whether that is an effect."
    ) in lines
    assert "- A limit stopped the proof." in lines
