"""The cause of differences: shares against the definition, on set functions that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.change import Change
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer import Case, GoalResult, Outcome, Plan, Settings, load_case, solve
from optimizer.studies.cause import MOST_EXACT, SAMPLED_SOLVES, Cause, cause_of
from optimizer.studies.whatif import WhatIf, what_if

CASE = load_case("tiny")
RECORD = solve(CASE).plan.record  # type: ignore[union-attr]
#: Cells with a number each that no other depends on; change n adds 1 to the n-th.
CELLS = (
    "markets.home.sales_cost",
    "markets.south.sales_cost",
    "markets.north.sales_cost",
    "sites.plant.fixed_cost_per_year",
    "deals.licence.cost",
    "deals.licence.running_cost_per_year",
    "vehicles.two.cost",
    "vehicles.two.running_cost_per_year",
    "entries.south.importer.cost",
    "entries.north.importer.cost",
)
Value = Callable[[frozenset[int]], float]


def what_changes(numbers: Sequence[int]) -> WhatIf:
    """A what-if with a change for each number; -1 is one that changes nothing."""
    changes = [
        Change(add=CELLS[n], by=1) if n >= 0 else Change(set="finance.opening_cash", to=30)
        for n in numbers
    ]
    return what_if(Scenario(name="made", changes=tuple(changes)), Scenarios())


def cell(case: Case, path: str) -> float:
    table, *key, column = path.split(".")
    row = next(row for row in case.rows(table) if list(row.key) == key)
    return float(getattr(row, column))


BEFORE = [cell(CASE, path) for path in CELLS]


class Stub:
    """Solves by a set function of the changes in a case: that is the volume of its plan."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self.asked: list[frozenset[int]] = []

    def __call__(self, cases: Sequence[Case]) -> list[Outcome]:
        return [self._outcome(case) for case in cases]

    def _outcome(self, case: Case) -> Outcome:
        now = [cell(case, path) for path in CELLS]
        changed = frozenset(n for n, was in enumerate(BEFORE) if now[n] != was)
        self.asked.append(changed)
        volume = self.value(changed)
        totals = RECORD.totals.model_copy(update={"volume": volume})
        result = GoalResult(
            kind="volume",
            unit="cars",
            sense="max",
            value=volume,
            best=volume,
            bound=volume,
            proven=True,
        )
        plan = Plan(RECORD.model_copy(update={"totals": totals}))
        case = case.replace(target=None)
        return Outcome(case, Settings(), "optimal", plan=plan, goals=(result,))


def shares(cause: Cause, figure: str = "volume") -> list[float]:
    return [share.finding.value or 0.0 for share in cause.of(figure)]


def by_definition(value: Value, numbers: Sequence[int]) -> list[float]:
    """The mean of what each adds over all orders, nothing saved."""
    added: dict[int, list[float]] = {n: [] for n in range(len(numbers))}
    for order in permutations(range(len(numbers))):
        there: frozenset[int] = frozenset()
        for place in order:
            more = there | ({numbers[place]} if numbers[place] >= 0 else set())
            added[place].append(value(more) - value(there))
            there = more
    return [fmean(parts) for parts in added.values()]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.booleans())
def test_shares_are_means_over_all_orders(seed: int, count: int, idle: bool) -> None:
    """For any set function shares equal their definition, sum to the whole, and idle is 0."""
    numbers = [*range(count), *([-1] if idle else [])]

    def value(some: frozenset[int]) -> float:
        return float(hash((seed, tuple(sorted(some)))) % 1_000_000)

    stub = Stub(value)
    cause = cause_of(CASE, what_changes(numbers), stub)
    found = shares(cause)
    assert found == pytest.approx(by_definition(value, numbers), abs=1e-6)
    assert sum(found) == pytest.approx(
        value(frozenset(range(count))) - value(frozenset()), abs=1e-6
    )
    if idle:
        assert found[-1] == 0.0
        assert cause.of("volume")[-1].finding.mark == "same"
    assert len(stub.asked) == len(set(stub.asked)) == cause.cases == 2**count


def test_parts_that_act_on_each_other() -> None:
    """Each alone brings 10 and both 50: 25 each, though 10 alone and 40 on top of the other."""
    worth = {(): 0.0, (0,): 10.0, (1,): 10.0, (0, 1): 50.0}
    cause = cause_of(CASE, what_changes([0, 1]), Stub(lambda some: worth[tuple(sorted(some))]))
    for share in cause.of("volume"):
        assert (share.finding.value, share.alone, share.last) == (25, 10, 40)
        assert share.finding.mark == "proven"


def test_beyond_the_most_exact_orders_are_drawn() -> None:
    """With ten parts the shares still sum to the whole, and the idle one is exactly 0.

    The function is additive but for a pair: single parts have exact shares without an
    error, the two of the pair share 100 with an error, and no share is called proven.
    """
    numbers = [*range(9), -1]

    def value(some: frozenset[int]) -> float:
        return sum(10.0 * n for n in some) + (100.0 if {0, 1} <= some else 0.0)

    stub = Stub(value)
    cause = cause_of(CASE, what_changes(numbers), stub, seed=3)
    found = cause.of("volume")
    assert len(numbers) > MOST_EXACT
    assert cause.orders == SAMPLED_SOLVES // 9
    assert cause.cases <= SAMPLED_SOLVES + 2
    assert sum(shares(cause)) == pytest.approx(360 + 100, abs=1e-6)
    assert (found[9].finding.value, found[9].finding.mark, found[9].error) == (0, "same", 0)
    for n in range(2, 9):
        assert found[n].finding.value == pytest.approx(10 * n)
        assert found[n].error == pytest.approx(0, abs=1e-9)
    pair = [found[0], found[1]]
    assert sum(share.finding.value or 0.0 for share in pair) == pytest.approx(110)
    for share, sure in zip(pair, (0, 10), strict=True):
        assert share.error is not None
        assert share.error > 1
        assert abs((share.finding.value or 0.0) - sure - 50) < 4 * share.error
    assert {share.finding.mark for share in found} <= {"same", "unproven", "noise"}


def test_the_seed_draws_the_orders() -> None:
    """The same seed gives the same shares, another one others."""
    numbers = list(range(9))

    def value(some: frozenset[int]) -> float:
        return float(len(some) ** 2 * min(some, default=0))

    what = what_changes(numbers)
    first, again, other = (shares(cause_of(CASE, what, Stub(value), seed=s)) for s in (1, 1, 2))
    assert first == again != other


# Parts that cannot stand alone -----------------------------------------------------------


def made(*changes: Change) -> WhatIf:
    return what_if(Scenario(name="made", changes=changes), Scenarios())


def solve_all(cases: Sequence[Case]) -> list[Outcome]:
    return [solve(case) for case in cases]


DEARER = Change(scale="entries.south.importer.cost", by=1.5)


def test_a_change_that_needs_another_is_joined_with_it() -> None:
    """A start in 2025 at the earliest needs a later last start: alone it is no sound case."""
    case = CASE.with_changes({"entries.south.importer.latest": "2024Q4"})
    later = Change(set="entries.south.importer.earliest", to="2025Q1")
    longer = Change(set="entries.south.importer.latest", to="2025Q4")
    cause = cause_of(case, made(later, DEARER, longer), solve_all)
    assert [part.changes for part in cause.parts] == [(0, 2), (1,)]
    assert len(cause.notes) == 1
    assert cause.notes[0].startswith("set entries.south.importer.earliest to 2025Q1 without ")
    assert "leaves no sound case" in cause.notes[0]
    both = cause.of("volume")
    assert len(both) == 2


def test_a_change_without_a_plan_is_joined_with_what_mends_it() -> None:
    """Licence and car at once need 8 + 5 of 10 engineers; only with more of them is there a plan."""
    at_once = Change(force=("deals.licence", "vehicles.two"), at="2024Q1")
    people = Change(set="resources.engineers.available", to=20)
    what = made(DEARER, at_once, people)
    cause = cause_of(CASE, what, solve_all)
    assert [part.changes for part in cause.parts] == [(0,), (1, 2)]
    assert "leaves no plan" in cause.notes[0]
    whole, base = (solve(case) for case in (what.applied(CASE).case, CASE))
    assert whole.plan is not None
    assert base.plan is not None
    for figure in ("volume", "npv"):
        difference = getattr(whole.plan.totals, figure) - getattr(base.plan.totals, figure)
        assert sum(shares(cause, figure)) == pytest.approx(difference, abs=1e-6)


def test_a_figure_that_some_combination_lacks_has_no_shares() -> None:
    """Without exports, no share of sales abroad is told of a combination without any sales."""
    nothing = Change(scale=("registrations.*.*.units_per_year",), by=0)
    cause = cause_of(CASE, made(DEARER, nothing), solve_all)
    assert {share.finding.value for share in cause.of("exports_share")} == {None}
    assert None not in {share.finding.value for share in cause.of("exports")}
