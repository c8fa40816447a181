"""Levers: what their steps do to a case, what is wrong with them, and which can only help."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.case import Case
from models.lever import Lever
from models.levers import can_only_help, moved, problems_of
from models.problem import CaseError
from models.scenario import Scenario, apply
from optimizer import load_case
from optimizer.reporting.reaching import moved_by
from optimizer.world import differences


@pytest.fixture(scope="module")
def tiny() -> Case:
    return load_case("tiny")


def lever(**columns: Any) -> Lever:
    plain = {
        "lever": "l",
        "moves": "finance.opening_cash",
        "operation": "add",
        "step": 5,
        "steps": 3,
    }
    return Lever(**{**plain, **columns})


def said(case: Case, one: Lever) -> list[str]:
    """What the case says is wrong with a lever."""
    with pytest.raises(CaseError) as refused:
        case.replace(levers=(one,))
    return [str(replace(problem, table="", row=None)) for problem in refused.value.problems]


def test_steps_add_scale_and_shift(tiny: Case) -> None:
    """Two steps of 5 on 30 are 40; of 0.1 on 0.05 are 0.05 x 1.2; of -1 from 2025Q2 is 2024Q4."""
    case = tiny.with_changes({"launches.two.home.latest": "2025Q2"}).replace(
        levers=(
            lever(lever="cash"),
            lever(lever="share", moves="launches.two.*.peak_share", operation="scale", step=0.1),
            lever(lever="sooner", moves="launches.two.home.latest", operation="shift", step=-1),
        )
    )
    made = moved(case, {"cash": 2, "share": 2, "sooner": 2})
    assert made.finance.opening_cash == 40
    launch = made.commitments["launches.two.home"]
    assert getattr(launch, "peak_share") == 0.06  # noqa: B009
    assert launch.latest == "2024Q4"
    assert moved(case, {"cash": 0}) is case


def test_part_of_the_time(tiny: Case) -> None:
    """From a period on, a dated number moves, and stays what it was before."""
    case = tiny.replace(
        levers=(lever(moves="resources.engineers.available", step=4, from_period="2025Q1"),)
    )
    rows = moved(case, {"l": 1}).resources
    assert [(row.since, row.available) for row in rows] == [(None, 10), ("2025Q1", 14)]


def test_a_lever_must_name_something_and_move_it(tiny: Case) -> None:
    """Paths that meet nothing, steps of 0 and dates by halves are refused with the cure."""
    (words,) = said(tiny, lever(moves="finance.opening_cahs"))
    assert words.startswith("levers.l, moves: 'finance.opening_cahs' names nothing in the case")
    assert "Did you mean" in words
    assert "opening_cash?" in words
    assert said(tiny, lever(step=0)) == [
        "levers.l, step: 0 moves nothing. Allowed: a number that is not 0."
    ]
    assert said(tiny, lever(moves="deals.licence.latest", operation="shift", step=0.5)) == [
        "levers.l, step: 3 steps of 0.5 periods. Allowed: whole periods, at most 600 in all."
    ]
    assert said(tiny, lever(moves="")) == [
        "levers.l, moves: it is blank. Allowed: one path, or several as a|b."
    ]


def test_steps_that_a_cell_does_not_take_are_told(tiny: Case) -> None:
    """At its most a lever must leave a case: a share above 1 is named with lever and steps."""
    case = tiny.replace(
        levers=(lever(moves="launches.*.home.peak_share", operation="scale", step=10),)
    )
    (problem, *_) = problems_of(case)
    assert problem.where == "levers.l"
    assert problem.column == "3 steps"
    assert "is above 1" in problem.found


def test_unknown_levers_and_too_many_steps_are_refused(tiny: Case) -> None:
    """The nearest name is told, and how many steps there are."""
    with pytest.raises(CaseError, match=r"no lever 'cahs'.*Did you mean cash"):
        moved(tiny, {"cahs": 1})
    with pytest.raises(CaseError, match=r"6 steps\. Allowed: 0 to 5"):
        moved(tiny, {"cash": 6})


def test_which_levers_can_only_help(tiny: Case) -> None:
    """More room is certain to help; less of it, a shorter lead, and growth of what is below 0
    are not."""
    sure = [lever(), lever(moves="duties.*.*.rate", operation="scale", step=-0.2)]
    case = load_case("leapmotor-2023")
    assert all(can_only_help(case, one) for one in sure)
    assert not can_only_help(case, lever(step=-5))
    assert not can_only_help(case, lever(moves="vehicles.c10.lead", step=-1))
    assert not can_only_help(case, lever(moves="prices.*.*.net_price", step=1))
    negative = case.with_changes({"finance.opening_cash": -5})
    assert can_only_help(negative, lever())
    assert not can_only_help(negative, lever(operation="scale", step=0.5))


def test_no_plan_depends_on_levers(tiny: Case) -> None:
    """Cases that differ in their levers alone are the same question."""
    assert differences(tiny, tiny.replace(levers=())) == set()


def test_levers_go_with_what_they_move(tiny: Case) -> None:
    """A scenario that removes a row takes the levers on it along, and paths of those on others."""
    both = lever(moves=("deals.licence.cost", "finance.opening_cash"), step=-1)
    only = lever(lever="m", moves="deals.licence.cost", step=-1)
    case = tiny.with_changes({"deals.licence.cost": 9}).replace(levers=(both, only))
    gone = Scenario(name="x", changes=({"remove": "deals.licence"},))  # type: ignore[arg-type]
    assert [row.moves for row in apply(case, gone).case.levers] == [("finance.opening_cash",)]


@pytest.mark.parametrize("name", ["tiny", "leapmotor-2023"])
def test_shipped_levers_are_sound_and_reasoned(name: str) -> None:
    """Each can be moved to its most, alone and with all others, and says why so far."""
    case = load_case(name)
    assert case.levers
    assert problems_of(case) == []
    assert all(row.title and row.reason and row.unit for row in case.levers)


def test_steps_in_words() -> None:
    """Amounts have a sign and their unit, parts are per cent, dates are earlier or later."""
    assert moved_by(lever(unit="EUR million"), 3) == "+15 EUR million"
    assert moved_by(lever(step=-1, unit="quarters"), 1) == "-1 quarter"
    assert moved_by(lever(operation="scale", step=0.05, unit="of each"), 3) == "+15 % of each"
    assert moved_by(lever(operation="scale", step=-0.25), 2) == "-50 %"
    assert moved_by(lever(operation="shift", step=-1, unit="quarters"), 2) == "2 quarters earlier"
    assert moved_by(lever(unit="cars\u200b now"), 1) == "+5 cars\\u200b now"


def test_a_request_to_stop_is_not_lost_while_a_solve_ends_by_itself(tiny: Case) -> None:
    """Ctrl-C in the moment in which a solve has told enough still ends the study."""
    from optimizer.solving import Prepared
    from optimizer.studies.watching import Interrupted, Watch

    asked = tiny.with_target(8000)
    with Watch() as watch:

        def enough(_: object) -> bool:
            assert watch._now is not None
            watch._now.asked.set()  # as the handler of Ctrl-C does
            return True

        with pytest.raises(Interrupted):
            watch.solve(Prepared(asked), asked, None, enough)
    assert watch.over
