"""Near-best plans, verdicts and frontiers against trying everything, on random tiny cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
from brute_force import brute_force
from decision_sets import NEVER, DecisionSets
from tiny_cases import SEEDS, tiny_case

from models.case import Case
from models.target import LEAST
from optimizer import Outcome, Settings, furthest, solve
from optimizer.formulation.commitments import schedule
from optimizer.studies.alternatives import alternatives, near_best, starts_in
from optimizer.studies.fixing import with_starts
from optimizer.studies.frontier import MEASURES, Frontier, Measure, _Search, frontier
from optimizer.studies.watching import Watch

EXACT = Settings(gap=1e-6)
#: Decision sets that are tried one by one at most.
MOST_SETS = 1500


def solved_cases(count: int, seeds: range = SEEDS) -> Iterator[tuple[Case, Outcome]]:
    """The first cases that have a plan, few decision sets, and something to decide."""

    def suited() -> Iterator[tuple[Case, Outcome]]:
        for seed in seeds:
            case = tiny_case(seed)
            if 1 < len(DecisionSets(case)) <= MOST_SETS:
                outcome = solve(case, EXACT)
                if outcome.plan is not None:
                    yield case, outcome

    return islice(suited(), count)


CASES = list(solved_cases(24))


@pytest.fixture(params=[False, True], ids=["plain", "around"])
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as tiny cases go, once with the search around the plan at hand that large ones need."""
    if request.param:
        monkeypatch.setattr(furthest, "FEW_DECISIONS", -1)


def with_status(case: Case, id: str, status: str) -> Case:
    return case.with_changes({f"{id}.status": status})


@pytest.mark.usefixtures("_ways")
@pytest.mark.parametrize("number", range(0, len(CASES), 2))
@pytest.mark.parametrize("within", [0.0, 0.1])
def test_verdicts_are_those_of_trying_everything(number: int, within: float) -> None:
    """A decision is always (never) taken when no near-best plan without (with) it exists."""
    case, best = CASES[number]
    atlas = alternatives(case, within=within, count=2, settings=EXACT, best=best)
    near = near_best(case, best, within)
    steps = schedule(near)
    assert atlas.complete
    for verdict in atlas.verdicts:
        step = steps[verdict.commitment]
        # Starts too late to have an effect are no decisions of the atlas.
        window = {
            f"{step.id}.earliest": case.horizon.label(step.earliest),
            f"{step.id}.latest": case.horizon.label(step.latest),
        }
        taken = near.with_changes({**window, f"{step.id}.status": "mandatory"})
        can = brute_force(taken).status == "optimal"
        need = brute_force(with_status(near, step.id, "forbidden")).status == "infeasible"
        expected = "always" if need else "optional" if can else "never"
        assert verdict.verdict == expected, verdict


def test_every_verdict_occurs() -> None:
    """The compared cases have decisions of each kind, so that no verdict goes untested."""
    atlases = [
        alternatives(case, within=0.1, count=0, settings=EXACT, best=best) for case, best in CASES
    ]
    words = {verdict.verdict for atlas in atlases for verdict in atlas.verdicts}
    assert words == {"always", "never", "optional"}


def furthest_by_hand(near: Case, first: dict[str, str], moved: float) -> float:
    """The largest difference to one plan of any near-best plan, by trying all."""
    sets, steps = DecisionSets(near), schedule(near)
    index = near.horizon.index
    apart = np.zeros(len(sets))
    useful = np.ones(len(sets), dtype=bool)
    for id, step in steps.items():
        if step.start is not None:
            continue
        start = sets.start[:, sets.column[id]]
        taken = start < NEVER // 2
        useful &= ~taken | ((start >= step.earliest) & (start <= step.latest))
        if id in first:
            apart += np.where(taken, moved * np.abs(start - index(first[id])), 1.0)
        else:
            apart += taken
    for row in np.argsort(-apart, kind="stable"):
        starts = {
            id: near.horizon.label(int(sets.start[row, sets.column[id]]))
            for id, step in steps.items()
            if step.start is None and sets.start[row, sets.column[id]] < NEVER // 2
        }
        if useful[row] and brute_force(with_starts(near, starts)).status == "optimal":
            return float(apart[row])
    raise AssertionError("the best plan is a near-best one")


@pytest.mark.parametrize("number", range(0, len(CASES), 2))
def test_the_first_alternative_is_as_far_as_any_plan(number: int) -> None:
    """The difference reached, and its bound, are the largest that trying everything finds."""
    case, best = CASES[number]
    assert best.plan is not None
    near = near_best(case, best, 0.1)
    moved = 0.5 / case.horizon.count
    expected = furthest_by_hand(near, starts_in(best.plan.record), moved)
    atlas = alternatives(case, within=0.1, count=1, settings=EXACT, best=best)
    if not atlas.plans:
        assert expected == pytest.approx(0.0, abs=1e-6)
        return
    assert atlas.plans[0].apart == pytest.approx(expected, abs=1e-4)
    assert atlas.plans[0].bound == pytest.approx(expected, abs=1e-3)


def test_plans_are_near_best_and_differ_as_told() -> None:
    """Each plan shown keeps every goal to within the tolerance and differs from all before."""
    seen = 0
    for case, best in CASES:
        atlas = alternatives(case, within=0.1, count=3, settings=EXACT, best=best)
        assert best.plan is not None
        known = [starts_in(best.plan.record)]
        for near in atlas.plans:
            assert near.outcome.plan is not None
            starts = starts_in(near.outcome.plan.record)
            assert starts not in known
            told = {id for c in near.changes for id in (c.commitment, c.other) if id}
            first = known[0]
            assert told == {id for id in {*first, *starts} if first.get(id) != starts.get(id)}
            known.append(starts)
            seen += 1
            keeps_every_goal(case, best, near.outcome, 0.1)
    assert seen > len(CASES)  # otherwise nearly nothing was compared


def keeps_every_goal(case: Case, best: Outcome, other: Outcome, within: float) -> None:
    assert other.plan is not None
    for goal in best.goals:
        if goal.kind == "target_date":
            reached = [window for window in other.plan.record.windows if window.reached]
            if goal.period is not None:
                index = case.horizon.index
                assert index(reached[0].last) <= index(goal.period)
        elif goal.kind in LEAST:
            value = getattr(other.plan.totals, goal.kind)
            assert value <= max(goal.value, goal.best + within * abs(goal.best)) + 1e-4
        elif goal.kind != "volume_at":
            value = getattr(other.plan.totals, goal.kind)
            assert value >= min(goal.value, goal.best - within * abs(goal.best)) - 1e-4


# The frontier -----------------------------------------------------------------------


def best_of_first(case: Case, front: Frontier, level: float) -> float | None:
    """The best of the first measure with the second no worse than a level, by brute force."""
    kinds = [MEASURES[name] for name in front.between]
    goals = [goal for goal in front.points[0].outcome.case.goals if goal.kind in kinds]
    by_kind = {goal.kind: goal for goal in goals}
    first = by_kind[kinds[0]].model_copy(update={"no_worse_than": None})
    second = by_kind[kinds[1]].model_copy(update={"no_worse_than": level})
    answer = brute_force(case.replace(goals=(first, second)))
    return answer.goals[0].value if answer.goals else None


@pytest.mark.parametrize("between", [("volume", "npv"), ("volume", "cash"), ("npv", "spending")])
@pytest.mark.parametrize("number", range(0, 12))
def test_frontiers_are_those_of_trying_everything(number: int, between: tuple[str, str]) -> None:
    """Every point is the best that brute force finds at its level, and at no level of a
    grid is there a plan that all points miss by more than the resolution."""
    case, _ = CASES[number]
    case = case.replace(goals=())
    front = frontier(case, between, settings=EXACT, points=40)  # type: ignore[arg-type]
    assert front.complete, front.note
    signs = [-1.0 if MEASURES[name] in LEAST else 1.0 for name in front.between]
    points = [(signs[0] * p.first, signs[1] * p.second) for p in front.points]
    for (first, second), point in zip(points, front.points, strict=True):
        best = best_of_first(case, front, point.second)
        assert best is not None
        assert signs[0] * best == pytest.approx(first, rel=1e-4, abs=1e-3), second
    ranges = [abs(points[0][place] - points[-1][place]) for place in (0, 1)]
    for level in np.linspace(points[0][1], points[-1][1], 7):
        best = best_of_first(case, front, signs[1] * float(level))
        assert best is not None
        first = signs[0] * best
        slack = [
            0.05 * size + 1e-4 * max(1.0, abs(v))
            for size, v in zip(ranges, (first, level), strict=True)
        ]
        assert any(p[0] >= first - slack[0] and p[1] >= level - slack[1] for p in points)


@pytest.mark.parametrize("number", range(0, 12, 2))
def test_an_exact_frontier_has_every_step(number: int) -> None:
    """Without a resolution: with hardly less funding than a point has, the best volume that brute
    force finds is that of the next point; and few solves find nothing new."""
    case = CASES[number][0].replace(goals=())
    asked: list[int] = []
    front = frontier(
        case,
        ("volume", "cash"),
        resolution=0,
        settings=EXACT,
        points=40,
        told=lambda found, _: asked.append(found),
    )
    assert front.complete, front.note
    assert front.left == 0
    assert len(asked) <= 3 * len(front.points)
    for point, following in pairwise(front.points):
        hardly_less = point.second - 1e-4 * max(1.0, point.second)
        best = best_of_first(case, front, hardly_less)
        assert best == pytest.approx(following.first, rel=1e-4, abs=1e-3), point.second


def test_a_frontier_that_ends_early_says_so() -> None:
    """With few points allowed, the front is partial and names how much is not explored."""
    for case, _ in CASES:
        case = case.replace(goals=())
        whole = frontier(case, ("volume", "npv"), settings=EXACT)
        if len(whole.points) > 4:
            part = frontier(case, ("volume", "npv"), settings=EXACT, points=3)
            assert not part.complete
            assert "not explored" in part.note
            assert len(part.points) <= 3
            return
    raise AssertionError("no case has a front of more than four points")


@pytest.mark.parametrize(
    ("between", "bounds", "tightest"),
    [
        (("volume", "npv"), [9.0, None, 12.0, 7.0], [9.0, 9.0, 9.0, 7.0]),
        (("spending", "volume"), [None, 2.0, None, 1.0], [None, 2.0, 2.0, 2.0]),
    ],
)
def test_a_bound_holds_for_all_later_points(
    between: tuple[Measure, Measure],
    bounds: list[float | None],
    tightest: list[float | None],
) -> None:
    """A plan with as much of the second goal as a later point has as much as the earlier ones, so
    what is proven of them is proven of it: at most 9 goes for 12, at least 2 for 1."""
    case = CASES[0][0].replace(goals=())
    search = _Search(case, between, 0.05, EXACT, None, Watch())
    point = frontier(case, between, settings=EXACT, points=2).points[0]
    given = [replace(point, first_bound=bound) for bound in bounds]
    assert [p.first_bound for p in search._bounded(given)] == tightest


def test_an_open_point_that_is_hardly_better_is_left_out() -> None:
    """By 5 of 10,000 with a gap of 1 in 1,000, at half of the other goal; a proven one stays,
    and so does an open one that is better by 50."""
    case = CASES[0][0].replace(goals=())
    point = frontier(case, ("volume", "npv"), settings=EXACT, points=2).points[0]
    search = _Search(case, ("volume", "npv"), 0.05, Settings(gap=1e-3), None, Watch())
    end = replace(point, first=10_000.0, second=2.0, proven=True)
    for first, proven, stays in (
        (10_005.0, False, False),
        (10_005.0, True, True),
        (10_050.0, False, True),
    ):
        other = replace(point, first=first, second=1.0, proven=proven)
        search.found = [other, end]
        assert search._efficient() == ([other, end] if stays else [end])
