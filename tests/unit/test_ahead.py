"""Working ahead: the same answers as with one process, and nothing left behind."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from models.case import Case
from optimizer import Settings, load_case
from optimizer.errors import SolverError
from optimizer.highs import Stop
from optimizer.outcome import Outcome
from optimizer.studies import ahead as working
from optimizer.studies.ahead import Ahead, outcome_of
from optimizer.studies.alternatives import Alternatives, alternatives
from optimizer.studies.conflict import Conflict, conflict
from optimizer.studies.frontier import Frontier, frontier
from optimizer.studies.reach import Reach, _likely_reached, reach
from optimizer.studies.target import TargetQuestion, only_target, verdict_of
from optimizer.studies.watching import Interrupted, Watch


@pytest.fixture
def tiny() -> Case:
    return load_case("tiny")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started for the shortest study too."""
    monkeypatch.setattr(working, "ALONE_FOR", 0.0)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each question asked, whether a process was at work on it already."""
    were: list[bool] = []
    asked = Ahead.ask

    def ask(self: Ahead[object, object], key: object, *rest: object) -> object:
        were.append(self._knows(key))
        return asked(self, key, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Ahead, "ask", ask)
    return were


def short_of(tiny: Case) -> Case:
    """The tiny case with a target that it misses without its levers."""
    return tiny.with_target(8000)


def told_by_reach(found: Reach) -> object:
    alone = [(row.lever.lever, row.steps, row.proven) for row in found.alone]
    return alone, [(row.steps, row.weight, row.proven) for row in found.combinations], found.trials


def test_what_it_would_take_is_the_same(tiny: Case, taken: list[bool]) -> None:
    """The same levers alone, combinations and number of questions; some were worked on before."""
    case = short_of(tiny)
    one = reach(case, workers=1, plan=False)
    assert one.combinations, "there is nothing to compare"
    assert not any(taken)
    taken.clear()
    several = reach(case, workers=2, plan=False)
    assert told_by_reach(several) == told_by_reach(one)
    assert any(taken)


def told_by_conflict(found: Conflict) -> object:
    rules = [[rule.path for rule in row.rules] for row in found.contradictions]
    changes = [(row.rule.path, row.enough, row.too_little) for row in found.changes]
    return rules, changes, found.complete


def test_a_conflict_is_the_same(tiny: Case, taken: list[bool]) -> None:
    """The same contradictions and least changes; some questions were worked on before."""
    early = {"status": "mandatory", "latest": "2024Q1"}
    both = ("vehicles.two", "deals.licence")
    case = tiny.with_changes({f"{id}.{column}": to for id in both for column, to in early.items()})
    one = conflict(case, workers=1)
    assert one.contradictions, "there is nothing to compare"
    taken.clear()
    assert told_by_conflict(conflict(case, workers=2)) == told_by_conflict(one)
    assert any(taken)


def told_by_frontier(found: Frontier) -> object:
    points = [(round(point.first, 3), round(point.second, 3)) for point in found.points]
    return points, found.complete


def test_a_frontier_is_the_same(tiny: Case, taken: list[bool]) -> None:
    """The same points; some were sought while another one was waited for."""
    exact = Settings(gap=0)
    one = frontier(tiny, resolution=0.005, settings=exact, workers=1)
    assert len(one.points) > 3, "there is hardly anything to compare"
    taken.clear()
    several = frontier(tiny, resolution=0.005, settings=exact, workers=2)
    assert told_by_frontier(several) == told_by_frontier(one)
    assert any(taken)


def told_by_alternatives(found: Alternatives) -> object:
    return [(one.commitment, one.verdict) for one in found.verdicts], found.complete


def test_verdicts_are_the_same(
    tiny: Case, taken: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same verdicts where each decision is asked for by itself."""
    from optimizer.studies.alternatives import _Atlas

    monkeypatch.setattr(_Atlas, "_all_at_once", lambda *_: None)
    monkeypatch.setattr("optimizer.furthest.Differences.never_otherwise", lambda *_: False)
    one = alternatives(tiny, count=0, workers=1)
    taken.clear()
    assert told_by_alternatives(alternatives(tiny, count=0, workers=2)) == told_by_alternatives(one)
    assert any(taken)


def question(tiny: Case) -> TargetQuestion:
    return TargetQuestion(only_target(short_of(tiny)), looks=1)


def ask_many(ahead: Ahead[str, Outcome], asked: TargetQuestion) -> None:
    for number in range(1000):
        ahead.ask(str(number), asked, none_likely)


def none_likely(_: object) -> None:
    return None


def test_an_error_in_a_worker_is_told_to_whoever_asked(
    tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one of the solver, with the worker's own words."""
    monkeypatch.setattr(working, "job", lambda *_: b"no job at all")
    with Watch() as watch, pytest.raises(SolverError, match="worker"):
        Ahead[str, Outcome](watch, Settings(), 2, outcome_of).ask("a", question(tiny), none_likely)


def test_an_error_that_nobody_asked_for_is_told_to_nobody(
    tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A likely question that fails is not heard of unless it is asked."""
    asked = question(tiny)
    sent = working.job

    def broken(one: TargetQuestion, settings: Settings) -> bytes:
        return sent(one, settings) if one is asked else b"no job at all"

    monkeypatch.setattr(working, "job", broken)
    with Watch() as watch:
        ahead: Ahead[str, Outcome] = Ahead(watch, Settings(), 2, outcome_of)
        outcome = ahead.ask("a", asked, lambda _: ("b", question(tiny)))
        assert verdict_of(outcome, asked.wanted) == "missed"
        for _ in range(50):  # until it is known to have failed
            ahead._take_in()
            if "b" in ahead._faults:
                break
            time.sleep(0.1)
        assert "b" in ahead._faults
        with pytest.raises(SolverError):
            ahead.ask("b", question(tiny), none_likely)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are looked for as POSIX has them")
def test_a_request_to_stop_ends_the_processes(tiny: Case) -> None:
    """While an answer is waited for; soon, and none of them lives on."""
    stop = Stop()
    with Watch(stop=stop) as watch:
        ahead: Ahead[str, Outcome] = Ahead(watch, Settings(), 2, outcome_of)
        ahead.ask("a", question(tiny), lambda _: ("b", question(tiny)))
        crew = ahead._crew
        assert crew is not None
        processes = [hand._process for hand in crew._hands]  # type: ignore[attr-defined]
        assert any(process is not None for process in processes)
        threading.Timer(0.2, stop.asked.set).start()
        with pytest.raises(Interrupted):
            ask_many(ahead, question(tiny))
    assert all(process is None or process.poll() is not None for process in processes)


def test_a_miss_by_the_relaxation_alone_tells_a_bound_and_no_plan(tiny: Case) -> None:
    """Without looks no plan is sought; the bound lies below the target and above the best."""
    asked = TargetQuestion(only_target(tiny).with_target(10**6))
    outcome = asked.answer(Settings())
    looked = TargetQuestion(asked.case, looks=1000).answer(Settings())
    assert outcome.plan is None
    assert verdict_of(outcome, asked.wanted) == verdict_of(looked, asked.wanted) == "missed"
    bound = outcome.goal("target_date").bound
    assert bound is not None
    assert looked.goal("target_date").value <= bound < asked.wanted


def test_what_is_likely_follows_what_was_tried() -> None:
    """A lever that all that reached had, and nothing that missed, decides."""
    most = (2, 2, 2)
    done = [((0, 0, 0), "missed"), ((2, 2, 2), "reached"), ((2, 0, 2), "missed")]
    assert not _likely_reached((2, 2, 2), most, done[:1])  # type: ignore[arg-type]
    assert _likely_reached((1, 2, 2), most, done)  # type: ignore[arg-type]
    assert not _likely_reached((2, 0, 1), most, done)  # type: ignore[arg-type]
