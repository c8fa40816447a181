"""Conflicts of rules, against trying every set of rules by brute force."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest
from brute_force import brute_force
from tiny_cases import tiny_case

from models.case import Case
from models.target import Goal
from optimizer import Settings, solve
from optimizer.auditing import audit
from optimizer.highs import Stop
from optimizer.studies.conflict import Conflict, conflict
from optimizer.studies.loosening import dial_of
from optimizer.studies.rules import Rule, rules_of, without

#: Seeds without a plan, of those with no more rules than can be tried in all ways.
SEEDS = (6, 13, 17, 49, 55, 91, 112, 121, 137, 138, 213, 229, 253, 264, 277)


@cache
def answer(seed: int) -> Conflict:
    return conflict(tiny_case(seed), most=10)


def possible(case: Case) -> bool:
    """Whether brute force finds a plan."""
    goals = tuple(goal for goal in case.goals if goal.no_worse_than is not None)
    return brute_force(case.replace(goals=goals or (Goal(kind="spending"),))).status == "optimal"


def only(case: Case, rules: tuple[Rule, ...]) -> Case:
    """The case with these of its rules alone."""
    ids = {rule.id for rule in rules}
    return without(case, (rule for rule in rules_of(case) if rule.id not in ids))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_contradiction_is_a_smallest(seed: int) -> None:
    """Its rules alone leave no plan, and no set of fewer rules does."""
    found, case = answer(seed), tiny_case(seed)
    assert found.possible is False
    first = found.contradictions[0]
    assert first.proven
    assert not possible(only(case, first.rules))
    for size in range(len(first.rules)):
        for rules in combinations(rules_of(case), size):
            assert possible(only(case, rules))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_any_rule_of_a_contradiction_the_rest_is_possible(seed: int) -> None:
    """Brute force and a cold solve find a plan for the others, and the plan given is one."""
    case = tiny_case(seed)
    for row in answer(seed).contradictions:
        assert solve(only(case, row.rules)).status == "infeasible"
        for rule, plan in zip(row.rules, row.plans, strict=True):
            others = only(case, tuple(other for other in row.rules if other is not rule))
            assert possible(others)
            assert solve(others).plan is not None
            assert broken(others, plan.record) == []


def broken(case: Case, record: object) -> list[str]:
    """Rules of a case that a plan breaks (not figures: limits that went have none)."""
    from models.plan import PlanRecord
    from optimizer.auditing import recompute

    assert isinstance(record, PlanRecord)
    whole = recompute(case, record.decisions, record.sales, record.flows)
    return [str(violation) for violation in audit(case, whole)]


@pytest.mark.parametrize("seed", SEEDS)
def test_contradictions_differ_and_are_all_there_are(seed: int) -> None:
    """None holds another one; and where no other is said to be, what is left when one rule of
    each is out has a plan."""
    found, case = answer(seed), tiny_case(seed)
    sets = [frozenset(rule.id for rule in row.rules) for row in found.contradictions]
    assert all(not a <= b for a in sets for b in sets if a is not b)
    if not found.complete:
        return
    rules = rules_of(case)
    for correction in found.corrections:
        assert all(one & {rule.id for rule in correction.rules} for one in sets)
    # Leaving out one rule of each contradiction in turn: the whole has a plan again.
    for rule in rules:
        if all(rule.id in one for one in sets):
            assert possible(without(case, [rule]))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_correction_makes_a_plan_possible_and_no_rule_of_it_can_stay(seed: int) -> None:
    """Without its rules brute force finds a plan; with any one of them back it does not."""
    case = tiny_case(seed)
    assert answer(seed).corrections
    for row in answer(seed).corrections:
        left = without(case, row.rules)
        assert possible(left)
        assert broken(left, row.plan.record) == []
        assert row.proven
        for rule in row.rules:
            assert not possible(without(case, (other for other in row.rules if other is not rule)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_least_change_is_enough_and_a_little_less_is_not(seed: int) -> None:
    """With the number given there is a plan, with the one called too little there is none, and
    the two are near each other."""
    case = tiny_case(seed)
    for row in answer(seed).changes:
        assert row.proven
        assert possible(changed(case, row.rule, row.enough))
        assert not possible(changed(case, row.rule, row.too_little))
        assert broken(changed(case, row.rule, row.enough), row.plan.record) == []


def changed(case: Case, rule: Rule, number: float | str) -> Case:
    """The case with another number in a rule, written by hand for each kind."""
    if rule.kind == "resource":
        name = rule.path.split(".")[1]
        return case.replace(
            resources=tuple(
                row.model_copy(update={"available": row.available + float(number)})
                if row.resource == name
                else row
                for row in case.resources
            )
        )
    paths = {
        "target": "target.volume",
        "budget": f"{rule.path}.amount",
        "site": f"{rule.path}.capacity_per_year",
        "component": f"{rule.path}.capacity_per_year",
    }
    assert dial_of(case, rule) is not None
    return case.with_changes({paths.get(rule.kind, rule.path): number})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("told", ["which kinds", "which of"])
def test_stopped_early_it_tells_rules_that_contradict_each_other(seed: int, told: str) -> None:
    """Brute force finds no plan that keeps them all; each kind of them is needed in the end."""
    case, stop = tiny_case(seed), Stop()

    def tell(words: str) -> None:
        if words.startswith(told):
            stop.asked.set()

    found = conflict(case, progress=tell, stop=stop)
    assert found.possible is False
    if told == "which kinds":
        assert not found.finished
        assert len(found.among) == len(rules_of(case))
    assert bool(found.among) != bool(found.contradictions)
    rules = found.among or found.contradictions[0].rules
    assert not possible(only(case, rules))
    if told == "which of":
        # Without all rules of any one kind, the others of them have a plan.
        for kind in {rule.kind for rule in rules}:
            assert possible(only(case, tuple(rule for rule in rules if rule.kind != kind)))


def test_a_case_with_a_plan_has_no_conflict() -> None:
    """One solve finds the plan, and nothing else is asked."""
    found = conflict(tiny_case(1))
    assert found.possible is True
    assert found.contradictions == ()
    assert found.solves == 1
    assert Settings()  # the defaults are used
