"""What it would take, against trying every combination of steps by brute force."""

from __future__ import annotations

from functools import cache
from itertools import product
from random import Random

import pytest
from brute_force import brute_force
from tiny_cases import tiny_case

from models.case import Case
from models.lever import Lever
from models.levers import moved
from models.problem import CaseError
from models.target import Goal
from optimizer import Settings, solve
from optimizer.studies.lightest import Asked, Steps, lightest, used, weight_of, within
from optimizer.studies.reach import Reach, reach

SETTINGS = Settings(gap=1e-6)
#: Seeds that are compared: some of those with a target, a plan, and levers that help.
COMPARED = (1, 2, 7, 11, 22, 25, 31, 35, 39, 43, 57, 60, 78)
#: Levers to draw from: what moves, how, and by how much a step.
KINDS = (
    ("finance.opening_cash", "add", 15.0),
    ("sites.*.capacity_per_year", "scale", 0.3),
    ("components.*.capacity_per_year", "scale", 0.3),
    ("entries.*.*.throughput_per_year", "scale", 0.3),
    ("launches.*.*.peak_share", "scale", 0.15),
    ("registrations.*.*.units_per_year", "scale", 0.15),
    ("resources.*.available", "add", 1.0),
    ("budgets.*.*.amount", "scale", 0.5),
    ("expansions.*.capacity_per_year", "scale", 0.5),
    ("vehicles.*.lead", "add", -1.0),
    ("launches.*.*.latest", "shift", 1.0),
)


def with_levers(seed: int) -> Case | None:
    """A tiny case with four levers of up to two steps that it takes, and a target that is
    reached with some of them; None where there is none."""
    case, rng = tiny_case(seed), Random(seed)
    if case.target is None or any(goal.no_worse_than is not None for goal in case.goals):
        return None
    chosen: list[Lever] = []
    demand = [kind for kind in KINDS if kind[0].startswith(("launches.*.*.peak", "registrations"))]
    for moves, operation, step in [*rng.sample(demand, 2), *rng.sample(KINDS, len(KINDS))]:
        lever = Lever(
            lever=f"l{len(chosen)}",
            moves=(moves,),
            operation=operation,
            step=step,
            steps=rng.choice([1, 2]),
            weight=rng.choice([1.0, 1.5, 2.0, 3.1]),
        )
        try:
            made = case.replace(levers=(*chosen, lever))
            moved(made, {row.lever: row.steps for row in made.levers})
        except CaseError:
            continue
        chosen.append(lever)
        if len(chosen) == 4:
            break
    if len(chosen) < 4:
        return None
    case = case.replace(levers=tuple(chosen)).with_target(required=False)
    nothing, everything = (best_window(case, steps) for steps in ((0, 0, 0, 0), most_of(case)))
    if nothing is None or everything is None or everything <= nothing * 1.02:
        return None
    return case.with_target(
        round(nothing + rng.choice([0.4, 0.6, 0.8, 0.95]) * (everything - nothing), 3)
    )


def most_of(case: Case) -> Steps:
    return tuple(row.steps for row in case.levers)


def after(case: Case, steps: Steps) -> Case:
    """The case after these steps, with the target date as only goal."""
    names = {row.lever: count for row, count in zip(case.levers, steps, strict=True)}
    return moved(case, names).replace(goals=(Goal(kind="target_date"),))


def best_window(case: Case, steps: Steps) -> float | None:
    """The largest volume of a window, found by trying everything; None without a plan."""
    answer = brute_force(after(case.with_target(1e9), steps))
    return answer.goals[0].value if answer.goals else None


def reaching(case: Case) -> set[Steps]:
    """Every combination of steps with which brute force reaches the target."""
    assert case.target is not None
    wanted = case.target.volume * (1 - 1e-6)
    found = set()
    for steps in product(*(range(count + 1) for count in most_of(case))):
        volume = best_window(case, steps)
        if volume is not None and volume >= wanted:
            found.add(steps)
    return found


@cache
def answer(seed: int) -> tuple[Reach, set[Steps]]:
    """The study of a case, and what brute force finds."""
    case = with_levers(seed)
    assert case is not None, "this seed has no such case any more: take another one"
    return reach(case, settings=SETTINGS, most=20, plan=False), reaching(case)


def numbers(found: Reach, steps: dict[str, int]) -> Steps:
    return tuple(steps.get(row.lever, 0) for row in found.levers)


def less_by_one(steps: Steps) -> list[Steps]:
    """These steps with one less of each lever that is moved."""
    return [(*steps[:n], count - 1, *steps[n + 1 :]) for n, count in enumerate(steps) if count]


def test_all_kinds_of_answers_are_compared() -> None:
    """In some cases one lever is enough, in some several must move, in some in several ways."""
    answers = [answer(seed)[0] for seed in COMPARED]
    assert any(all(row.steps is None for row in found.alone) for found in answers)
    assert any(any(row.steps is not None for row in found.alone) for found in answers)
    assert any(len(row.steps) > 2 for found in answers for row in found.combinations)
    assert any(len(found.combinations) > 2 for found in answers)


@pytest.mark.parametrize("seed", COMPARED)
def test_combinations_are_the_lightest_of_all(seed: int) -> None:
    """Each combination has the least weight of all those that reach the target and do
    without a lever of each before; and none is left at the end."""
    found, reached = answer(seed)
    assert not found.hurting
    weights = [row.weight for row in found.levers]
    left = set(reached)
    for row in found.combinations:
        steps = numbers(found, dict(row.steps))
        assert steps in left
        assert row.proven
        assert row.weight == pytest.approx(min(weight_of(other, weights) for other in left))
        left = {other for other in left if not used(steps) <= used(other)}
    assert found.complete
    assert left == set()


@pytest.mark.parametrize("seed", COMPARED)
def test_no_step_of_a_combination_can_be_left_out(seed: int) -> None:
    """With the steps a cold solve reaches the target; with one less of any lever neither a
    cold solve nor brute force does."""
    found, reached = answer(seed)
    for row in found.combinations:
        steps = numbers(found, dict(row.steps))
        assert cold(found.case, steps) is not None
        assert row.trial.period == cold(found.case, steps)
        for less in less_by_one(steps):
            assert less not in reached
            assert cold(found.case, less) is None


def cold(case: Case, steps: Steps) -> str | None:
    """When an independent solve reaches the target."""
    outcome = solve(after(case, steps), SETTINGS)
    return outcome.goal("target_date").period if outcome.plan else None


@pytest.mark.parametrize("seed", COMPARED)
def test_alone_a_lever_takes_as_many_steps_as_enumeration_says(seed: int) -> None:
    """The fewest steps of each lever that reach the target, or that all of them do not; and
    how far it goes then lies between the plan and the bound that are told."""
    found, reached = answer(seed)
    for number, row in enumerate(found.alone):
        alone = sorted(
            steps[number] for steps in reached if not any(steps[:number] + steps[number + 1 :])
        )
        assert row.proven
        assert row.steps == (alone[0] if alone else None)
        if row.at_most.verdict == "missed":
            only = tuple(row.lever.steps * (n == number) for n in range(len(found.levers)))
            best = best_window(found.case, only)
            assert best is not None
            assert row.at_most.volume is not None
            assert row.at_most.bound is not None
            assert row.at_most.volume <= best * (1 + 1e-6)
            assert best <= row.at_most.bound * (1 + 1e-6)


# The search by itself ------------------------------------------------------------------


def test_search_finds_the_lightest_for_any_monotone_question() -> None:
    """For random monotone questions, with or without larger extents, the answers are those
    of enumeration, one set of levers after another."""
    for seed in range(200):
        rng = Random(seed)
        most = tuple(rng.randint(1, 3) for _ in range(rng.randint(1, 4)))
        every = list(product(*(range(count + 1) for count in most)))
        seeds = rng.sample(every, rng.randint(0, min(4, len(every))))
        holding = {steps for steps in every if any(within(least, steps) for least in seeds)}
        weights = [rng.choice([1.0, 1.0, 2.0, 2.5]) for _ in most]

        def ask(steps: Steps, holding: set[Steps] = holding, rng: Random = rng) -> Asked:
            if steps in holding:
                return Asked(True, steps)
            wider = [more for more in every if within(steps, more) and more not in holding]  # noqa: B023
            return Asked(False, rng.choice(wider))

        left = set(holding)
        for found in lightest(most, weights, ask):
            assert found.steps in left
            assert found.proven
            assert found.weight == min(weight_of(steps, weights) for steps in left)
            left = {steps for steps in left if not used(found.steps) <= used(steps)}
        assert left == set()


def test_search_says_when_something_lighter_is_open() -> None:
    """What could not be answered and weighs no more leaves an answer unproven."""
    answers = {(0, 0): False, (1, 0): None, (0, 1): True, (2, 0): True}

    def ask(steps: Steps) -> Asked:
        return Asked(answers.get(steps, True), steps)

    found = list(lightest((2, 1), (1.0, 3.0), ask))
    # (1, 0) weighs 1 and is open; (2, 0) weighs 2, (0, 1) weighs 3.
    assert [(row.steps, row.proven) for row in found] == [((2, 0), False), ((0, 1), False)]
