"""``evplan reach`` and ``evplan conflict`` as their users meet them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from models.finance import Budget
from optimizer import CaseError, Settings, conflict, load_case, reach, save_case, solve
from optimizer.highs import Stop
from optimizer.reporting.conflicts import change_lines
from optimizer.studies.conflict import Conflict, LeastChange
from optimizer.studies.rules import Rule, RuleKind
from tests.contract.commands import IMPOSSIBLE, evplan

pytestmark = pytest.mark.usefixtures("folder")


def test_reach_says_what_it_would_take() -> None:
    """8,000 cars in tiny: the plant gives 7,000 at most, so two steps of it (7,500 a year with
    the second shift are 8,000) and cars to sell: one step in the south or at home."""
    code, out, err = evplan("reach", "tiny", "--target", "8000")
    assert code == 0
    assert "best year found has 7,000 cars, 1,000 short (12.5 %)" in out
    assert "no plan has a year above 7,000" in out
    assert "Plant                        not alone" in out
    first = out[out.index("1. Weight 9") : out.index("2. Weight 11")]
    assert "proven: nothing lighter does it" in first
    assert "- Plant: +1,000 cars a year (2 of 4 steps, weight 8)" in first
    assert "- Points of sale in the south: +200 cars a year (1 of 3 steps, weight 1)" in first
    assert "There is no other" in out
    assert "more never hurts of Development of Two" in out
    assert "is reached in 2025Q4 with 8,000 cars" in out
    assert "combination 1 found" in err


def test_reach_writes_tables_and_json() -> None:
    """The same as tables with units and as JSON, whole or not at all."""
    evplan("reach", "tiny", "--target", "8000", "--no-plan", "--csv", "t", "--json", "r.json")
    told = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert told["today"] == {
        "verdict": "missed",
        "reached_in": None,
        "volume": 7000,
        "bound": 7000,
    }
    assert [row["weight"] for row in told["combinations"]] == [8, 1, 8, 3]
    assert [row["steps"] for row in told["alone"]] == [None] * 6
    lines = Path("t/combinations.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "1,plant,Plant,2,4,1000.0,add,cars a year,8.0,9.0,2025Q4,True"
    code, _, err = evplan("reach", "tiny", "--csv", "t")
    assert code == 2
    assert "t is there already" in err


def test_reach_where_nothing_needs_to_move_or_nothing_helps() -> None:
    """A target that is reached already, one out of reach (exit 3), a case without levers."""
    code, out, _ = evplan("reach", "tiny")
    assert (code, "this is reached in 2025Q4: nothing needs to move" in out) == (0, True)
    code, out, _ = evplan("reach", "tiny", "--target", "9500", "--lever", "plant")
    assert code == 3
    assert "Even with every lever at its most it is out of reach" in out
    assert "no plan has a year above 7,800" in out
    save_case(load_case("tiny").replace(levers=()), "bare")
    code, out, _ = evplan("reach", "bare", "--target", "8000")
    assert "Nothing can be moved: the case has no levers" in out


def test_slips_are_told_with_their_cure() -> None:
    """Unknown levers, targets and deadlines that cannot be: exit 2 and no traceback."""
    code, _, err = evplan("reach", "tiny", "--lever", "plnat")
    assert (code, "Did you mean plant?" in err) == (2, True)
    assert evplan("reach", "tiny", "--target", "-1")[0] == 2
    assert evplan("reach", "tiny", "--deadline", "2031Q1")[0] == 2
    assert evplan("reach", "tiny", "--time-limit", "0")[0] == 2
    for command in ("reach", "conflict", "alternatives", "frontier"):
        code, _, err = evplan(command, "tiny", "--workers", "0")
        assert (code, "a whole number from 1 to 256" in err) == (2, True), command


def test_check_tells_what_levers_do_not_fit() -> None:
    """A lever that would make a share larger than 1 is found by check."""
    case = load_case("tiny")
    wild = case.levers[4].model_copy(update={"step": 5.0})
    save_case(case.replace(levers=(wild,)), "wild")
    code, _, err = evplan("check", "wild")
    assert code == 2
    assert "levers.home_share, 4 steps" in err
    assert "is above 1" in err


def test_a_stop_keeps_what_is_known() -> None:
    """Asked to stop once the first combination is found, the study hands it back."""
    stop = Stop()

    def told(words: str) -> None:
        if words == "combination 1 found":
            stop.asked.set()

    found = reach(load_case("tiny"), 8000, progress=told, stop=stop)
    assert not found.finished
    assert not found.complete
    assert [dict(row.steps) for row in found.combinations] == [{"plant": 2, "south_network": 1}]
    assert found.best is None


def test_a_stop_before_the_first_answer_is_no_answer() -> None:
    """Nothing is made up: today is not known then."""
    stop = Stop()
    stop.asked.set()
    found = reach(load_case("tiny"), 8000, stop=stop)
    assert found.today is None
    assert found.combinations == ()
    assert conflict(load_case("tiny"), stop=stop).possible is None
    assert threading.active_count() >= 1


def test_titles_may_hold_anything() -> None:
    """Control characters, markup and formulas of a case are shown as they are, harmlessly."""
    case = load_case("tiny")
    odd = case.levers[2].model_copy(update={"title": "=cmd() [red]\nnext\u200b"})
    save_case(case.replace(levers=(odd, case.levers[3])), "odd")
    code, out, _ = evplan("reach", "odd", "--target", "8000", "--no-plan", "--csv", "t")
    assert code == 0
    assert "=cmd() [red] next\\u200b" in out
    assert ",\"'=cmd() [red]\n" in Path("t/alone.csv").read_text(encoding="utf-8")


def test_solve_points_to_conflict() -> None:
    """Where no plan exists, solve says which command tells why."""
    code, out, _ = evplan("solve", "tiny", *IMPOSSIBLE)
    assert code == 3
    assert "evplan conflict" in out


def test_conflict_names_rules_and_what_must_give() -> None:
    """8 + 5 engineers of 10 in the same quarter: two starts, two windows, and the engineers."""
    code, out, _ = evplan("conflict", "tiny", *IMPOSSIBLE, "--json", "c.json", "--csv", "c")
    assert code == 3
    assert "1. 5 rules (proven: no fewer rules contradict each other)" in out
    assert "   - Two must start (vehicles.two.status)" in out
    assert "   - Two starts no later than 2024Q1 (vehicles.two.latest)" in out
    assert "   - no more of engineers is occupied than there is (10)" in out
    assert "Without any one of them the others hold together" in out
    # 13 engineers are enough and nothing less; the licence can wait until Two is done.
    assert "- 3 more engineers in each period" in out
    assert (
        "- Licence of the platform allowed to start as late as 2024Q3 instead of 2024Q1; "
        "with 2024Q2 no plan exists" in out
    )
    told = json.loads(Path("c.json").read_text(encoding="utf-8"))
    assert told["possible"] is False
    assert len(told["contradictions"]) == 5
    assert all(row["proven"] for row in told["corrections"])
    assert Path("c/changes.csv").exists()


@pytest.mark.parametrize(
    ("kind", "path", "numbers", "unit", "told"),
    [
        (
            "target",
            "target.required",
            (8000.0, 7000.0, 7000.1),
            "cars a year",
            "a target of 7,000 cars a year instead of 8,000 cars a year; "
            "with 7,000.1 cars a year no plan exists",
        ),
        (
            "cash_floor",
            "finance.cash_floor",
            (0.0, -4.02, -4.01),
            "money",
            "a cash floor of EUR -4.02 million instead of EUR 0 million; "
            "with EUR -4.01 million no plan exists",
        ),
        (
            "budget",
            "budgets.all.year.2024",
            (10.0, 12.5, 10.0),
            "money",
            "EUR 12.5 million to spend on all commitments in 2024 instead of EUR 10 million",
        ),
        (
            "resource",
            "resources.engineers",
            (0.0, 3.0, 2.99),
            "units more",
            "3 more engineers in each period; with 2.99 more no plan exists",
        ),
        (
            "site",
            "sites.plant",
            (4000.0, 4500.0, 4499.0),
            "a year",
            "a capacity of Plant of 4,500 a year instead of 4,000 a year; "
            "with 4,499 a year no plan exists",
        ),
        (
            "earliest",
            "vehicles.two.earliest",
            ("2024Q3", "2024Q1", "2024Q2"),
            "period",
            "Two allowed to start in 2024Q1 instead of 2024Q3; with 2024Q2 no plan exists",
        ),
    ],
)
def test_least_changes_are_told_in_words(
    kind: RuleKind, path: str, numbers: tuple[Any, Any, Any], unit: str, told: str
) -> None:
    """What changes by its name, to the last digit, and what is too little where that says more."""
    budget = Budget(category="all", scope="year", when="2024", amount=10.0)
    case = load_case("tiny").replace(budgets=(budget,))
    rule = Rule(kind, path, lambda parts: None)
    now, enough, too_little = numbers
    plan = solve(case).plan
    assert plan is not None
    change = LeastChange(rule, now, enough, too_little, unit, True, plan)
    assert list(change_lines(Conflict(case, 1, False, changes=(change,)))) == [f"- {told}"]


def test_conflict_of_a_case_with_a_plan() -> None:
    """Nothing contradicts, exit 0."""
    code, out, _ = evplan("conflict", "tiny")
    assert code == 0
    assert "The case has a plan: nothing contradicts" in out


def test_a_limit_leaves_things_open_and_says_so() -> None:
    """With too little time for any solve nothing is claimed: exit 4."""
    code, out, _ = evplan("conflict", "tiny", *IMPOSSIBLE, "--time-limit", "0.001")
    assert code == 4
    assert "not known" in out
    code, out, _ = evplan("reach", "tiny", "--target", "8000", "--time-limit", "0.001")
    assert code == 4
    assert "Stopped before" in out


def test_least_change_is_that_of_a_cold_solve() -> None:
    """The target that tiny can reach in 2025 is 7,000: enough, and 0.5 % more is not."""
    case = load_case("tiny").with_target(8000, required=True)
    (change,) = [row for row in conflict(case).changes if row.rule.kind == "target"]
    assert change.proven
    settings = Settings(gap=0)
    assert isinstance(change.enough, float)
    assert isinstance(change.too_little, float)
    assert solve(case.with_target(change.enough), settings).plan is not None
    assert solve(case.with_target(change.too_little), settings).status == "infeasible"
    assert change.enough == pytest.approx(7000, abs=10)


def test_a_case_without_a_target_is_asked_for_one() -> None:
    """There is nothing to reach without a number of cars."""
    bare = load_case("tiny").replace(target=None, goals=())
    with pytest.raises(CaseError, match="no target"):
        reach(bare)
    assert reach(bare, 7000).today is not None


def test_stopped_before_a_lightest_is_known_some_combination_is_kept() -> None:
    """It reaches the target, not one of its steps can be left out, and it is called unproven."""
    stop = Stop()

    def told(words: str) -> None:
        if words == "the lightest combinations":
            stop.asked.set()

    found = reach(load_case("tiny"), 8000, progress=told, stop=stop)
    (some,) = found.combinations
    assert not some.proven
    settings = Settings(gap=0)
    assert solve(found.moved(some.steps), settings).goal("target_date").period == "2025Q4"
    for lever, count in some.steps.items():
        less = found.moved({**some.steps, lever: count - 1})
        assert solve(less, settings).goal("target_date").period is None
