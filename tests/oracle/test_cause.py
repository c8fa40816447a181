"""Causes on tiny cases against cold solves of every order of the changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from statistics import fmean

import pytest
from tiny_cases import tiny_case

from models.change import Change
from models.problem import CaseError
from models.scenario import Scenario
from models.scenario import apply as applied
from models.scenarios import Scenarios
from optimizer import Case, Settings, solve
from optimizer.studies.compare import Comparison, compared, what_ifs
from optimizer.studies.kpis import key_figures, named
from optimizer.studies.many import Answer
from optimizer.studies.question import Question

EXACT = Settings(gap=0)
#: What is tried on every case; those that a case takes make its scenario.
CHANGES = (
    Change(scale="launches.*.*.peak_share", by=0.7),
    Change(scale="entries.*.*.throughput_per_year", by=0.6),
    Change(add="finance.opening_cash", by=25),
    Change(scale="sites.*.capacity_per_year", by=1.4),
    Change(scale="prices.*.*.net_price", by=0.9),
    Change(scale="expansions.*.cost", by=2),
)
MOST_CHANGES = 4
#: Tiny cases of few decisions in which several of the changes matter.
SEEDS = (1, 16, 31, 53, 57)


def taken(case: Case) -> Scenario:
    """The first few changes that alter something in the case."""
    found: list[Change] = []
    for change in CHANGES:
        try:
            one = applied(case, Scenario(name="one", changes=(change,)))
        except CaseError:
            continue
        if one.touched and len(found) < MOST_CHANGES:
            found.append(change)
    return Scenario(name="all", changes=tuple(found))


def asked(questions: Sequence[Question]) -> Iterator[Answer]:
    """Answers in this process; what the base taught is told to all others."""
    for number, question in enumerate(questions):
        if question.teaches:
            outcome, lesson = question.taught(EXACT)
            yield Answer(number, outcome, lesson=lesson)
        else:
            yield Answer(number, question.answer(EXACT))


def cold(case: Case, scenario: Scenario, order: Sequence[int]) -> dict[str, float | None]:
    """The key figures of a case with some changes, solved with no help from other plans."""
    changed = applied(case, scenario.subset(order)).case if order else case
    return {name: kpi.value for name, kpi in named(key_figures(solve(changed, EXACT))).items()}


def compared_with_all(case: Case, scenario: Scenario) -> Comparison:
    return compared(case, what_ifs(case, [scenario], Scenarios(), "auto"), asked)


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_match_cold_solves_of_every_order(seed: int) -> None:
    """Shares in every goal are the means over all orders, each step solved anew by itself.

    Goals have one best value, so starting from the base plan must not change them. Other
    figures hang on which of several best plans is found; theirs sum to the whole.
    """
    case = tiny_case(seed)
    scenario = taken(case)
    count = len(scenario.changes)
    assert count > 1
    (side,) = compared_with_all(case, scenario).sides
    some_of = {
        tuple(sorted(order[:size]))
        for order in permutations(range(count))
        for size in range(count + 1)
    }
    figures = {some: cold(case, scenario, some) for some in some_of}
    assert side.cause is not None
    assert len(side.cause.parts) == count, "choose seeds whose combinations all have a plan"
    # What a goal may give up for later ones it need not: its value is not the only one.
    free = {goal.kind for goal in case.goals_in_order if goal.tolerance or goal.tolerance_periods}
    compared_goals = 0
    for change in side.figures:
        name = change.figure.name
        found = [share.finding.value for share in side.cause.of(name)]
        if None in found:
            continue
        total = change.finding.value
        assert total is not None
        scale = max(1.0, abs(total))
        assert sum(filter(None, found)) == pytest.approx(total, abs=1e-6 * scale)
        if not change.figure.goal or change.figure.goal in free:
            continue
        compared_goals += 1
        for n in range(count):
            steps = []
            for order in permutations(range(count)):
                before = order[: order.index(n)]
                after, was = figures[tuple(sorted((*before, n)))], figures[tuple(sorted(before))]
                steps.append((after[name] or 0.0) - (was[name] or 0.0))
            assert found[n] == pytest.approx(fmean(steps), rel=1e-5, abs=1e-3 * scale)
    assert compared_goals
