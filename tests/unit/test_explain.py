"""Limits, steps and findings of a plan: which they are, what they become, what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from models.case import Case
from models.problem import CaseError
from optimizer import Outcome, Settings, load_case, solve
from optimizer.reporting import explaining, finding_words
from optimizer.studies import prices
from optimizer.studies.explain import explain, staircase, without_last_goal
from optimizer.studies.explanation import Explanation
from optimizer.studies.gains import gains
from optimizer.studies.inquiry import alone, taught
from optimizer.studies.limits import limits_of_plan
from optimizer.studies.many import Answer, Unfinished
from optimizer.studies.question import Question
from optimizer.studies.steps import Limit, changed, limit_named, loosened, nice, steps_of


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"), Settings(gap=1e-4))


@pytest.fixture(scope="module")
def found(outcome: Outcome) -> Explanation:
    return explain(outcome, kinds=prices.IMPORTANCE)


@pytest.fixture(scope="module")
def shipped() -> Case:
    return load_case("leapmotor-2023")


# Steps -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "step"), [(110, 100), (46, 50), (6000, 5000), (0.0041, 0.005), (0, 1), (1.5, 2)]
)
def test_steps_are_round(size: float, step: float) -> None:
    """The nearest of 1, 2, 5, 10 as ratios go: 6,000 is 1.2 times 5,000 and 10,000 is 1.7 times it."""
    assert nice(size) == step


def test_a_step_of_whole_units_is_at_least_one() -> None:
    """2 per cent of five slots is none; the next one is."""
    assert nice(0.1, whole=True) == 1


def test_steps_of_the_shipped_case(shipped: Case) -> None:
    """The defaults that the README tells: parts of a limit's size, as round numbers.

    1 % of 11,000 million; 2 % of 2,800 engineers is 56, and 50 the nearest round number;
    2 % of a budget of 12,000 is 240.
    """
    record = solve(shipped, Settings(time_limit=1e-9))
    steps = {one.path: one.step for one in limits_of_plan(record)}
    assert steps["finance.opening_cash"] == 100
    assert steps["resources.engineers.available"] == 50
    assert steps["budgets.capital.total.amount"] == 200


def test_a_range_has_both_ends() -> None:
    """0.1 three times is 0.3 to the last digit, and the end is not lost to rounding."""
    assert steps_of(0, 0.3, 0.1) == (0.0, 0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    "bad", [(0, 10, 0), (0, 10, -1), (5, 1, 1), (-1, 1, 1), (0, 1e9, 1), (0, float("inf"), 1)]
)
def test_a_range_that_is_none(bad: tuple[float, float, float]) -> None:
    """No step, ends the wrong way round, below 0, or endless: said with what is allowed."""
    with pytest.raises(CaseError, match="FIRST:LAST:STEP"):
        steps_of(*bad)


# Loosening ---------------------------------------------------------------------------


def test_a_dated_limit_is_loosened_in_all_periods(shipped: Case) -> None:
    """50 engineers more: 2,300, 2,550 and 2,800 become 2,350, 2,600 and 2,850."""
    case = changed(shipped, "resources.engineers.available", 50)
    there = [row.available for row in case.resources if row.resource == "engineers"]
    assert there == [2350, 2600, 2850]


def test_every_kind_of_number_moves_the_looser_way(shipped: Case) -> None:
    """The floor falls, a lead gets shorter, a date earlier; a share stops at 1."""
    assert changed(shipped, "finance.cash_floor", 100).finance.cash_floor == 1900
    vehicle = next(row for row in shipped.vehicles if row.vehicle == "c10")
    sooner = changed(shipped, "vehicles.c10.lead", 1)
    assert next(r for r in sooner.vehicles if r.vehicle == "c10").lead == vehicle.lead - 1
    assert changed(shipped, "platforms.leap_3.effective", 1).platforms[0].effective == "2023Q4"
    placed = changed(shipped, "deals.share_placement.earliest", 5)
    deal = next(row for row in placed.deals if row.deal == "share_placement")
    assert deal.earliest == "2023Q4"  # never before the first period
    doubled = changed(shipped, "launches.c11.*.peak_share", 99, scaled=True)
    assert max(row.peak_share for row in doubled.launches if row.vehicle == "c11") == 1


@pytest.mark.parametrize(
    ("path", "by", "words"),
    [
        ("vehicles.c10.lead", 0.5, "whole"),
        ("vehicles.c10.lead", 99, "lead"),
        ("deals.share_placement.earliest", 0.5, "whole periods"),
        ("deals.europe_assembly.earliest", 1, "blank"),
        ("vehicles.c10.segment", 1, "no number"),
        ("vehicles.c99.lead", 1, "no row"),
    ],
)
def test_what_cannot_be_loosened_is_said(shipped: Case, path: str, by: float, words: str) -> None:
    """Half a period, a lead below 0, a blank, a word, a name that is not there."""
    with pytest.raises(CaseError, match=words):
        changed(shipped, path, by)


def test_a_limit_is_named_by_its_row(shipped: Case) -> None:
    """Without a column it is what limits in that table; any number of the case will do."""
    assert limit_named(shipped, "resources.engineers").path == "resources.engineers.available"
    assert limit_named(shipped, "sites.jinhua").path == "sites.jinhua.capacity_per_year"
    assert limit_named(shipped, "platforms.leap_3").path == "platforms.leap_3.effective"
    assert limit_named(shipped, "deals.jetta_platform_licence").path.endswith(".lead")
    assert limit_named(shipped, "finance.opening_cash").kind == "cash"
    with pytest.raises(CaseError, match="Did you mean"):
        limit_named(shipped, "resources.enginers")


# Which limits ------------------------------------------------------------------------


def test_limits_of_the_tiny_plan(outcome: Outcome) -> None:
    """The plant and the south's network bind; cash and people are always asked for."""
    limits = {one.path: one for one in limits_of_plan(outcome)}
    binding = [
        path for path, one in limits.items() if one.binds and one.kind in ("site", "network")
    ]
    assert binding == [
        "sites.plant.capacity_per_year",
        "entries.south.importer.throughput_per_year",
    ]
    assert limits["sites.plant.capacity_per_year"].periods[0] == "2024Q2"
    assert not limits["resources.engineers.available"].binds
    assert "finance.opening_cash" in limits
    assert "entries.north.importer.throughput_per_year" not in limits  # it is not entered


def test_words_choose_limits_and_steps(outcome: Outcome) -> None:
    """A kind or the beginning of a path, whole parts only; a slip is told with what is near."""
    limits = limits_of_plan(outcome, only=["resource"], steps={"resources.engineers": 3})
    assert [(one.path, one.step) for one in limits] == [("resources.engineers.available", 3)]
    for words in ({"only": ["resources.eng"]}, {"steps": {"ressources": 1.0}}):
        with pytest.raises(CaseError, match="names no limit of this plan"):
            limits_of_plan(outcome, **words)  # type: ignore[arg-type]
    with pytest.raises(CaseError, match="above 0"):
        limits_of_plan(outcome, steps={"resource": -1.0})


# Decisions ---------------------------------------------------------------------------


def test_options_that_need_others_are_told_apart(outcome: Outcome) -> None:
    """A launch in the north needs an entry there, which the plan leaves out too."""
    options = {one.commitment: one.needs for one in prices.options_left(outcome)}
    assert options == {
        "entries.north.own": (),
        "entries.north.importer": (),
        "launches.one.north": ("entries.north.importer|entries.north.own",),
    }


def test_a_start_without_a_decision_lacks_what_rests_on_it(outcome: Outcome) -> None:
    """Without the importer nothing is launched in the south; what stands stays."""
    assert outcome.plan is not None
    record = outcome.plan.record
    kept = prices.without(outcome.case, record, ["entries.south.importer"]).decisions
    gone = {row.commitment for row in record.decisions} - {row.commitment for row in kept}
    assert gone == {"entries.south.importer", "launches.one.south"}


def test_prices_of_the_tiny_case(found: Explanation) -> None:
    """The licence brings EUR 10 million in five payments of 1 and one of 5, see data/tiny.

    Each quarter of delay loses one payment. Without the shift the plant makes 5,000 a year:
    the target of 6,000 is out of reach. The north costs more than it brings.
    """
    by_key = {one.key: one for one in found.priced}
    licence = by_key["forbid", "deals.licence", 0]
    assert licence.verdict == "always"
    assert licence.gains[2].value == pytest.approx(-10)
    late = [by_key["delay", "deals.licence", n].gains[2].value for n in (1, 2)]
    assert late == pytest.approx([-1, -2])
    shift = by_key["forbid", "expansions.second_shift", 0]
    assert shift.gains[0].told == "worse"
    assert shift.gains[0].after.period is None
    assert by_key["force", "entries.north.own", 0].verdict == "never"
    assert [one.commitment for one in found.together] == ["launches.one.north"]


def test_the_north_is_asked_for_when_it_is_named(outcome: Outcome) -> None:
    """By name an option is forced in with whatever it needs."""
    named = explain(outcome, only=["launches.one.north"], parts=["prices"])
    (price,) = named.priced
    assert price.move == "force"
    assert any(id.startswith("entries.north") for id in price.came)


# Gains -------------------------------------------------------------------------------


def test_what_a_known_plan_proves_is_used(outcome: Outcome) -> None:
    """A search of a looser case that was cut short is never worse than the plan it began with."""
    assert outcome.plan is not None
    volume = outcome.goal("volume")
    worse = volume.model_copy(
        update={"best": 10_000.0, "value": 10_000.0, "kept": 9_999.0, "bound": 13_000.0}
    )
    cut = replace(outcome, goals=(outcome.goals[0], worse, outcome.goals[2]))
    told = gains(outcome, cut, "looser")[1]
    assert (told.value, told.least, told.most) == (0, 0, 250)  # 13,000 less 12,750
    assert told.told == "open"
    plain = gains(outcome, cut)[1]
    assert plain.value == -2750  # of the plans found; nothing more is known


def test_the_last_goal_stays_where_it_is_a_condition(outcome: Outcome) -> None:
    """Leaving out a goal that every plan must keep would let in other plans."""
    goals = outcome.case.goals_in_order
    assert len(without_last_goal(outcome.case).goals) == 2
    bound = goals[-1].model_copy(update={"no_worse_than": 1.0})
    case = outcome.case.replace(goals=(*goals[:-1], bound))
    assert without_last_goal(case) is case


# Interruptions and failures ----------------------------------------------------------


def test_what_is_there_is_kept_when_somebody_stops(outcome: Outcome) -> None:
    """After three answers somebody stops: three findings, and the rest is counted."""
    asked = alone(outcome.case, outcome.settings)

    def few(questions: Sequence[Question]) -> Iterator[Answer]:
        for number, answer in enumerate(asked(questions)):
            if number == 3:
                raise Unfinished(3, len(questions) - 3, None)
            yield answer

    found = explain(outcome, answers=few)
    assert len(found.limit_gains) + len(found.priced) == 3
    whole = explain(outcome, delays=0)
    assert found.left == len(whole.limit_gains) + len(whole.priced) - 3
    assert len(found.limits) == 3


def test_a_stop_asked_for_ends_at_once(outcome: Outcome) -> None:
    """Nothing is solved once the stop is asked for; nothing is lost and nothing made up."""
    from optimizer.highs import Stop

    stop = Stop()
    stop.asked.set()
    found = explain(outcome, stop=stop)
    assert (found.limit_gains, found.priced) == ((), ())
    assert found.left > 0


def test_what_was_learned_changes_no_number(outcome: Outcome, found: Explanation) -> None:
    """Questions that know what the solve of the case taught have the same answers."""
    again, lesson = taught(outcome.case, outcome.settings)
    assert again == outcome
    assert lesson is not None
    wise = explain(outcome, kinds=prices.IMPORTANCE, lesson=lesson)
    same = pytest.approx([gain.value for one in found.priced for gain in one.gains], abs=1e-3)
    assert [gain.value for one in wise.priced for gain in one.gains] == same
    assert [one.verdict for one in wise.priced] == [one.verdict for one in found.priced]
    question = Question(outcome.case, None, lesson)
    assert question.key(outcome.settings) != Question(outcome.case).key(outcome.settings)


def test_a_failed_question_is_told_and_the_others_are_not_lost(outcome: Outcome) -> None:
    """One worker died: its row says so and has no verdict."""
    asked = alone(outcome.case, outcome.settings)

    def faulty(questions: Sequence[Question]) -> Iterator[Answer]:
        for answer in asked(questions):
            failed = answer.number == 0
            yield Answer(answer.number, None, "its worker died") if failed else answer

    found = explain(outcome, answers=faulty, only=["deals.licence", "resources"], delays=0)
    faults = [one.fault for one in (*found.limit_gains, *found.priced)]
    assert sorted(faults) == ["", "", "its worker died"]
    failed = next(one for one in found.limit_gains if one.fault)
    assert failed.told == "open"
    lines = [line for _, lines in explaining.limit_sections(found) for line in lines]
    assert any("failed" in line for line in lines)


# Words -------------------------------------------------------------------------------


def test_the_staircase_tells_where_the_answer_changes(outcome: Outcome) -> None:
    """The licence (5) fits beside Two (8) from 13 engineers on, 3 more than the 10 there are."""
    stairs = staircase(outcome, "resources.engineers", [0, 1, 2, 3, 4])
    text = [line for _, lines in explaining.stair_sections(stairs) for line in lines]
    assert text[-1] == "The answer changes with: 3 more engineers in every period."
    assert list(stairs.table["looser_by"]) == [0, 1, 2, 3, 4]
    assert list(stairs.table["volume_gain"]) == [0, 0, 0, 150, 150]


def test_sentences_can_be_read_aloud(found: Explanation) -> None:
    """The gain of a step and the loss of a decision stand as sentences, largest first."""
    limits = dict(explaining.limit_sections(found))
    first = limits["What limits the plan: the gain of the next step of each limit"]
    assert first[0].startswith(
        "With Two ready one quarter sooner after its start: "
        "the target is reached 4 quarters earlier (2024Q4); 250 cars more over the horizon"
    )
    priced = dict(explaining.price_sections(found))
    lines = priced["The price of every decision: what is lost without it, or when it is late"]
    assert lines[0].startswith(
        "Without Second shift: the target is not reached; 3,000 cars fewer over the horizon"
    )
    assert lines[-1] == "Of 6 decisions priced: 6 always worth it."


def test_titles_may_hold_anything(outcome: Outcome) -> None:
    """Line breaks and escape sequences in a title reach no line of output."""
    case = outcome.case
    strange = "Two\n\x85\u202e=cmd()[red]"
    row = case.vehicles[1].model_copy(update={"title": strange})
    named = replace(outcome, case=case.replace(vehicles=(case.vehicles[0], row)))
    found = explain(named, only=["vehicles.two"], delays=1)
    sections = [*explaining.limit_sections(found), *explaining.price_sections(found)]
    lines = [line for _, lines in sections for line in lines]
    lines += [finding_words.finding_line(named.case, one) for one in found.priced]
    assert any("=cmd()[red]" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_every_limit_has_words(shipped: Case) -> None:
    """No kind of limit falls back to its path."""
    outcome = solve(shipped, Settings(time_limit=1e-9))
    for limit in limits_of_plan(outcome):
        words = finding_words.step_words(shipped, limit, limit.step)
        assert limit.path not in words, words
        assert loosened(shipped, limit) != shipped
    other = Limit("duties.CN.germany.rate", "cash", "share", 0.1)
    assert (
        finding_words.step_words(shipped, other, 0.1)
        == "duties.CN.germany.rate looser by 0.1 share"
    )
