"""A prepared problem gives for a changed case what a cold solve gives, and forgets it again."""

from __future__ import annotations

import itertools
import pickle
import random
from collections import Counter
from contextlib import suppress

import pytest
from tiny_cases import SEEDS, tiny_case

from models.base import Row
from models.case import TABLES, Case
from models.problem import CaseError
from models.target import Goal
from optimizer import Outcome, Prepared, Settings, solve
from optimizer.searching import search
from optimizer.world import MONEY, World, differences

SETTINGS = Settings(gap=1e-6)
#: Part by which two proven optima may differ: both gaps and what earlier goals give up.
SAME = 1e-4


def changes(case: Case, seed: int) -> list[Case]:
    """Cases that differ from one in states, windows, money, goals, bounds, target, or demand."""
    rng = random.Random(seed)
    made: list[Case] = []

    def change(**parts: object) -> None:
        with suppress(CaseError):  # such as a window that its status does not allow
            made.append(case.replace(**parts))

    def vary(table: str, count: int = 1, **columns: object) -> None:
        rows = list(case.rows(table))
        for place in rng.sample(range(len(rows)), min(count, len(rows))):
            new: Row = rows[place].model_copy(update=columns)
            rows[place] = new
        change(**{table: tuple(rows)})

    labels = case.horizon.labels
    undecided = [row for row in case.commitments.values() if row.status == "optional"]
    for row in rng.sample(undecided, min(3, len(undecided))):
        rows = case.rows(row.table)
        period = rng.choice(labels)
        for columns in (
            {"status": "forbidden"},
            {"status": "mandatory"},
            {"status": "mandatory", "earliest": period, "latest": period},
            {"latest": period},
            {"earliest": period},
            {"cost": row.cost + 7, "running_cost_per_year": row.running_cost_per_year + 3},
        ):
            new = tuple(r.model_copy(update=columns) if r is row else r for r in rows)
            change(**{row.table: new})
    for row in [r for r in case.commitments.values() if r.status in ("forbidden", "mandatory")][:2]:
        rows = case.rows(row.table)
        free = tuple(r.model_copy(update={"status": "optional"}) if r is row else r for r in rows)
        change(**{row.table: free})
    finance = case.finance
    change(finance=finance.model_copy(update={"opening_cash": finance.opening_cash + 11}))
    change(finance=finance.model_copy(update={"cash_floor": rng.choice([None, 0.0, 5.0])}))
    change(finance=finance.model_copy(update={"discount_rate_per_year": 0.3}))
    if case.target:
        smaller = case.target.volume * rng.choice([0.5, 0.9, 1.2])
        change(target=case.target.model_copy(update={"volume": smaller}))
    change(goals=(Goal(kind="npv"),))
    change(goals=(Goal(kind="spending"), Goal(kind="volume")))
    counted = [goal for goal in case.goals_in_order if goal.kind != "target_date"]
    for worst in (0.0, rng.uniform(5, 50), rng.uniform(50, 2000)):
        goal = rng.choice(counted)
        change(
            goals=tuple(
                one.model_copy(update={"no_worse_than": worst if one is goal else None})
                for one in case.goals_in_order
            )
        )
        change(
            finance=finance.model_copy(update={"opening_cash": finance.opening_cash + worst}),
            goals=(Goal(kind="volume"), Goal(kind="npv", no_worse_than=-worst)),
        )
    vary("prices", net_price=123.0)
    vary("duties", rate=0.4)
    vary("lanes", freight=2000.0)
    vary("budgets", amount=9.0)
    vary("overheads", amount_per_year=4.0)
    vary("registrations", units_per_year=rng.choice([0.0, 500.0, 3000.0]))
    vary("resources", available=1.0)
    return made


def said(outcome: Outcome) -> list[object]:
    """Status and goals, without what may differ between two optima."""
    goals = [(g.kind, g.bound_period, g.period is None) for g in outcome.goals]
    return [outcome.status, *goals]


def values(outcome: Outcome) -> list[float]:
    """Best values of the goals but for the target date once reached, which is a period."""
    return [goal.best for goal in outcome.goals if goal.period is None]


@pytest.mark.parametrize("seed", SEEDS[:24])
def test_a_changed_case_has_the_answer_of_a_cold_solve(seed: int) -> None:
    """Same status, same proven dates, same values; the base is what it was in between."""
    case = tiny_case(seed)
    prepared = Prepared(case, SETTINGS)
    first = prepared.solve()
    known = first.plan
    for changed in changes(case, seed):
        warm, cold = prepared.solve(changed, start=known), solve(changed, SETTINGS)
        assert said(warm) == said(cold)
        assert values(warm) == pytest.approx(values(cold), rel=SAME, abs=SAME)
    again = prepared.solve(case)
    assert said(again) == said(first)
    assert values(again) == pytest.approx(values(first), rel=SAME, abs=SAME)


@pytest.fixture
def all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny cases are solved with all that large cases need: looking and narrowing."""
    monkeypatch.setattr(search, "FEW_DECISIONS", -1)
    monkeypatch.setattr(
        World,
        "large",
        lambda world: [
            world.columns(step)
            for step in world.block.steps.values()
            if step.variables and step.row.table != "launches"
        ],
    )


@pytest.mark.usefixtures("all_steps")
@pytest.mark.parametrize("seed", SEEDS[24:36])
def test_what_was_learned_changes_no_answer(seed: int) -> None:
    """With all steps of large cases, what-ifs from knowledge are as good as cold solves."""
    case = tiny_case(seed)
    prepared = Prepared(case, SETTINGS)
    known = prepared.solve().plan
    for changed in changes(case, seed)[::2]:
        warm, cold = prepared.solve(changed, start=known), solve(changed, SETTINGS)
        assert said(warm) == said(cold)
        assert values(warm) == pytest.approx(values(cold), rel=SAME, abs=SAME)


def written(outcome: Outcome) -> str:
    """An answer to the last digit: status, goals and plan."""
    plan = outcome.plan.record.model_dump_json() if outcome.plan else "none"
    return "\n".join([outcome.status, *map(repr, outcome.goals), plan])


@pytest.mark.usefixtures("all_steps")
@pytest.mark.parametrize("seed", SEEDS[36:44])
def test_the_order_of_what_ifs_changes_no_byte(seed: int) -> None:
    """Three what-ifs in any order on one object, or each on one of its own elsewhere, are the same.

    In place and anew; knowledge goes to the other objects by pickle, as to another process.
    """
    case = tiny_case(seed)
    prepared = Prepared(case, SETTINGS)
    start = prepared.solve().plan
    assert prepared.known is not None
    sent = pickle.dumps(prepared.known)
    whole = changes(case, seed)
    several = [whole[0], whole[len(whole) // 2], whole[-1]]
    alone = [
        written(Prepared(case, SETTINGS, known=pickle.loads(sent)).solve(one, start=start))
        for one in several
    ]
    for order in itertools.permutations(range(3)):
        for place in order:
            assert written(prepared.solve(several[place], start=start)) == alone[place]
    assert pickle.dumps(prepared.known) == sent


def test_both_ways_of_bringing_in_a_change_are_common() -> None:
    """Many changes are made in place and many need a model of their own."""
    ways: Counter[str] = Counter()
    for seed in SEEDS[:5]:
        case = tiny_case(seed)
        prepared = Prepared(case, SETTINGS)
        for changed in changes(case, seed):
            prepared.solve(changed)
            ways[prepared.change] += 1
    assert ways["in place"] >= 50
    assert ways["anew"] >= 10


def test_every_column_of_money_exists() -> None:
    """What is called money in the list of columns is a column of its table."""
    for table, columns in MONEY.items():
        assert columns <= set(TABLES[table].model_fields), table


def test_differences_name_table_and_column() -> None:
    """One changed price is one difference; titles are none; other rows cannot be told apart."""
    case = next(c for c in map(tiny_case, SEEDS) if c.prices and c.markets)
    dearer = case.prices[0].model_copy(update={"net_price": case.prices[0].net_price + 1})
    assert differences(case, case.replace(prices=(dearer, *case.prices[1:]))) == {
        ("prices", "net_price")
    }
    titled = case.markets[0].model_copy(update={"title": "Another name"})
    assert differences(case, case.replace(markets=(titled, *case.markets[1:]))) == set()
    assert differences(case, case.replace(budgets=())) is None or not case.budgets
