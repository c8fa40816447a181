"""What a search does when the solver's answers contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer import Goal, Prepared, Settings, SolverError, load_case
from optimizer.formulation.goals import measure
from optimizer.highs import Answer, Limit
from optimizer.matrix import Vector
from optimizer.searching import Search
from optimizer.searching.aim import Aim
from optimizer.searching.search import FINISHING
from optimizer.world import World


def wrong(
    optimise: Callable[..., Answer], calls: list[bool], when: Callable[[bool], bool]
) -> Callable[..., Answer]:
    """A solver that at times loses the best plans and proves a bound below them."""

    def answered(*words: Any, presolve: bool = True, **more: Any) -> Answer:
        answer = optimise(*words, presolve=presolve, **more)
        calls.append(presolve)
        if not when(presolve) or answer.value is None:
            return answer
        return replace(answer, x=None, value=None, bound=answer.value * 0.9)

    return answered


@pytest.fixture
def search() -> Search:
    """A search for the tiny case with a plan at hand that is the best by volume."""
    world = World(load_case("tiny"), Settings())
    search = Search(world.session, world.pool, world.large(), 1e-3, Limit())
    volume = world.case.goals_in_order[1]
    assert volume.kind == "volume"
    search.best(world.vector(measure(world.block, volume)), "max", "volume")
    return search


def best_again(search: Search) -> Answer:
    world = World(load_case("tiny"), Settings())
    goal = world.case.goals_in_order[1]
    return search.best(world.vector(measure(world.block, goal)), "max", "volume")


def test_a_bound_below_the_plan_at_hand_is_proven_again_without_presolve(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer, of a search of the program as it is, is the one that counts."""
    calls: list[bool] = []
    known = best_again(search)
    monkeypatch.setattr(
        search.session, "optimise", wrong(search.session.optimise, calls, lambda presolve: presolve)
    )
    answer = best_again(search)
    assert calls[:2] == [True, False]
    assert (answer.status, answer.value) == ("optimal", known.value)
    assert answer.bound == pytest.approx(known.bound, rel=1e-3)


def test_a_solver_that_stays_wrong_is_an_error(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound that a known plan disproves twice is never shown."""
    calls: list[bool] = []
    monkeypatch.setattr(
        search.session, "optimise", wrong(search.session.optimise, calls, lambda _: True)
    )
    with pytest.raises(SolverError, match="cannot be trusted"):
        best_again(search)


def test_a_plan_is_made_exact_within_the_limit(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a very large case that took many times as long as the whole solve was allowed."""
    limits: list[Limit | None] = []

    def polish(_x: object, _vector: Vector, _sense: str, limit: Limit | None) -> None:
        limits.append(limit)

    monkeypatch.setattr(search.session, "polish", polish)
    before = search.x
    assert before is not None
    vector = Vector(np.zeros(0, np.int32), np.zeros(0), 0.0)
    for seconds, most in ((None, None), (60.0, 60.0), (0.001, FINISHING)):
        search.limit = Limit(seconds)
        search.take(before, vector, "max")
        limit = limits[-1]
        assert limit is not None
        assert (limit.left is None) == (most is None)
        assert most is None or (limit.left is not None and limit.left <= most)
    assert search.x is before


@pytest.mark.parametrize("weak", [None, 1e9])
def test_the_relaxation_bounds_what_a_limit_cut_short(
    weak: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where HiGHS has no bound yet, or a weaker one, that of the relaxation is handed on."""
    world = World(load_case("tiny"), Settings())
    search = Search(world.session, world.pool, world.large(), 0.0, Limit())
    volume = world.vector(measure(world.block, world.case.goals_in_order[1]))
    relaxed = search.tighten(Aim(volume, "max", "volume", "volume")).value
    assert relaxed is not None
    cut = Answer("limit", None, None, weak)
    monkeypatch.setattr(search.session, "optimise", lambda *_, **__: cut)
    assert search.best(volume, "max", "volume").bound == pytest.approx(relaxed)
    for_least = Vector(volume.columns, -volume.coefficients, -volume.constant)
    weak_least = replace(cut, bound=None if weak is None else -weak)
    monkeypatch.setattr(search.session, "optimise", lambda *_, **__: weak_least)
    assert search.best(for_least, "min", "volume").bound == pytest.approx(-relaxed)


@pytest.mark.parametrize(("share", "parts"), [(1.0, [1.0, 1.0, 1.0]), (0.5, [0.5, 0.5, 1.0])])
def test_a_share_leaves_time_for_the_goals_that_follow(
    share: float, parts: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1,000 s each goal but the last may take so much of what is left; the last all of it."""
    left: list[float] = []
    bettered = Search.best

    def best(self: Search, *words: Any, **more: Any) -> Answer:
        left.append(self.limit.left or 0.0)
        return bettered(self, *words, **more)

    monkeypatch.setattr(Search, "best", best)
    case = load_case("tiny")
    goals = tuple(Goal(kind=kind) for kind in ("volume", "npv", "spending"))
    prepared = Prepared(case.replace(goals=goals), Settings(time_limit=1000))
    assert prepared.solve(share=share).proven
    assert left == [pytest.approx(1000 * part, rel=0.1) for part in parts]


def test_a_part_of_a_limit_is_stopped_with_it() -> None:
    """It ends before, is asked to stop by the same request, and has no end where there is none."""
    whole = Limit(1000)
    part = whole.part(0.25)
    assert part.left == pytest.approx(250, rel=0.1)
    assert part.began == whole.began
    whole.stop.asked.set()
    assert part.over
    assert Limit().part(0.25).left is None
