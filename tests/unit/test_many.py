"""Many solves: the same answers however the work is shared out, and whoever dies."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.case import Case
from optimizer import Settings, load_case
from optimizer.highs import Stop
from optimizer.outcome import OutcomeRecord
from optimizer.studies import crew, many
from optimizer.studies.crew import CrewError
from optimizer.studies.many import Asking, Headway, Unfinished, solve_all, solve_what_ifs
from optimizer.studies.question import Question
from optimizer.studies.store import Store

ROOT = Path(__file__).resolve().parents[2]
#: Opening cash, from too little for any plan to more than enough.
CASH = (-100, 5, 12, 20, 28, 30)
#: Seconds that processes are given to end.
GRACE = 20


@pytest.fixture(scope="module")
def tiny() -> Case:
    return load_case("tiny")


@pytest.fixture(scope="module")
def changed(tiny: Case) -> list[Case]:
    return [tiny.with_changes({"finance.opening_cash": cash}) for cash in CASH]


def what_ifs(case: Case, changed: list[Case], **how: Any) -> list[OutcomeRecord]:
    """The outcomes in the order of the cases, without what they took."""
    answers = sorted(solve_what_ifs(case, changed, **how), key=lambda answer: answer.number)
    assert [answer.number for answer in answers] == list(range(len(changed) + 1))
    records = [answer.outcome.record for answer in answers if answer.outcome is not None]
    assert [record.plan.case for record in records if record.plan]
    return [record.model_copy(update={"seconds": {}}) for record in records]


@pytest.fixture(scope="module")
def expected(tiny: Case, changed: list[Case]) -> list[OutcomeRecord]:
    """What this process finds by itself, one after the other."""
    base, lesson = Question(tiny, teaches=True).taught(Settings())
    assert base.plan is not None
    assert lesson is not None
    asked = [Question(case, base.plan.record, lesson) for case in changed if case != tiny]
    outcomes = [base, *(question.answer(Settings()) for question in asked), base]
    return [outcome.record.model_copy(update={"seconds": {}}) for outcome in outcomes]


# The same however it is shared out ------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_answers_do_not_depend_on_the_number_of_workers(
    workers: int, tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """Outcomes of 1, 2 and 3 processes are those of no process but this one, to the last bit."""
    assert what_ifs(tiny, changed, workers=workers) == expected
    assert [record.status for record in expected[1:3]] == ["infeasible", "optimal"]


def test_answers_do_not_depend_on_their_order(
    tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """Asked in another order, each case gets the outcome that it got before."""
    order = list(range(len(changed)))
    random.Random(1).shuffle(order)
    found = what_ifs(tiny, [changed[n] for n in order], workers=2)
    assert found[1:] == [expected[1 + n] for n in order]


def test_a_cluster_gives_the_same_answers(
    tiny: Case, changed: list[Case], expected: list[OutcomeRecord], cluster: str
) -> None:
    """So do two worker processes of a Dask scheduler, reached by its address."""
    assert what_ifs(tiny, changed, cluster=cluster) == expected


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a scheduler with two workers, all in processes of their own."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # as workers have evplan that have it installed
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made.scheduler_address


# Nothing twice --------------------------------------------------------------------------------


def test_what_is_kept_is_not_solved_again(
    tmp_path: Path, tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """With a store the second time starts no worker, and the answers are the same."""
    store = Store(tmp_path)
    assert what_ifs(tiny, changed, store=store, workers=2) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "gathered", None)
        assert what_ifs(tiny, changed, store=store) == expected
    # The last case is the case itself, which has a lesson besides its answer.
    assert len(list(tmp_path.iterdir())) == len(CASH) + 1


def test_equal_questions_are_asked_once(tiny: Case) -> None:
    """Cases that differ in a title share one solve; each has its own case in the answer."""
    other = tiny.replace(title="Another title")
    seen: list[Headway] = []
    one, two = solve_all([Question(tiny), Question(other)], workers=1, progress=seen.append)
    assert [seen[-1].done, seen[-1].total] == [1, 1]
    assert (one.kept, two.kept) == (False, True)
    assert one.outcome is not None
    assert two.outcome is not None
    assert (one.outcome.case, two.outcome.case) == (tiny, other)
    assert one.outcome.plan == two.outcome.plan


# Whoever dies -----------------------------------------------------------------------------------


def test_a_worker_that_dies_costs_one_more_try(
    tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """Workers killed in the middle of the work change nothing in what is found."""
    questions = [Question(case) for case in [tiny, *changed[:4]]]
    killed: list[int] = []

    def kill(headway: Headway) -> None:
        if headway.done != 1:  # once, so that no question has its worker killed twice
            return
        for hand in asking._crew._hands if asking._crew else ():  # type: ignore[attr-defined]
            if hand._process is not None and hand._process.pid:
                killed.append(hand._process.pid)
                hand._process.kill()

    with Asking(workers=2, progress=kill) as asking:
        answers = sorted(asking.answers(questions), key=lambda answer: answer.number)
    assert len(set(killed)) >= 2
    assert [answer.fault for answer in answers] == [""] * 5
    assert [answer.outcome.status for answer in answers if answer.outcome] == [
        record.status for record in expected[:5]
    ]


class Deadly:
    """What ends the process that reads it."""

    def __reduce__(self) -> Any:
        return os._exit, (7,)


def test_a_question_that_kills_its_workers_costs_no_other(
    tiny: Case, changed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two deaths it is given up, in words; the others have their answers."""
    right = many.job

    def job(question: Question, settings: Settings) -> bytes:
        deadly = question.case.finance.opening_cash == 12
        return pickle.dumps(Deadly()) if deadly else right(question, settings)

    monkeypatch.setattr(many, "job", job)
    answers = solve_all([Question(case) for case in changed], workers=2)
    assert [answer.outcome is None for answer in answers] == [cash == 12 for cash in CASH]
    assert answers[2].fault == "its worker ended with code 7"


def test_an_error_in_a_worker_is_that_of_its_question(
    tmp_path: Path, tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a solve raises comes back in words, and is not kept."""
    monkeypatch.setattr(many, "job", lambda *_: pickle.dumps((None, Settings())))
    (answer,) = solve_all([Question(tiny)], workers=1, store=Store(tmp_path))
    assert answer.outcome is None
    assert answer.fault == "AttributeError: 'NoneType' object has no attribute 'answer'"
    assert not list(tmp_path.iterdir())


def test_other_versions_in_a_worker_end_the_work(
    tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer made by other code than that of this process is refused, with the difference."""
    monkeypatch.setattr(crew, "fingerprint", lambda: {**real(), "highspy": "0"})
    real = many.Question.key.__globals__["fingerprint"]
    with pytest.raises(CrewError, match=r"a worker is not as this process: highspy .*, here 0"):
        solve_all([Question(tiny)], workers=1)


# Stopping ------------------------------------------------------------------------------------------


def test_a_stop_keeps_what_is_finished(
    tmp_path: Path, tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """The error says how many are left, and the same again goes on from there."""
    store, stop = Store(tmp_path), Stop()

    def ask(headway: Headway) -> None:
        if headway.done >= 2:
            stop.asked.set()

    with pytest.raises(Unfinished, match=r"stopped: \d of 6 solves are finished and kept") as error:
        what_ifs(tiny, changed, store=store, workers=1, progress=ask, stop=stop)
    assert error.value.done >= 2
    assert error.value.done + error.value.left == 6, "the case and five that differ from it"
    assert len(list(tmp_path.iterdir())) == error.value.done + 1, "and the lesson of the case"
    seen: list[Headway] = []
    assert what_ifs(tiny, changed, store=store, progress=seen.append) == expected
    assert seen[-1].kept == error.value.done


SCRIPT = """\
from optimizer import load_case
from optimizer.studies.many import solve_what_ifs
case = load_case("tiny")
cases = [case.with_changes({"finance.opening_cash": 20 + n / 8}) for n in range(500)]
for answer in solve_what_ifs(case, cases, workers=2):
    print(answer.number, flush=True)
"""


def of_mark(mark: str) -> list[int]:
    """Processes whose environment holds a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are seen in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_do_not_outlive_who_asked(tmp_path: Path, how: signal.Signals) -> None:
    """When the process that asked is killed, its workers end themselves."""
    mark = f"EVPLAN_TEST_MARK={tmp_path.name}-{os.getpid()}-{how}"
    name, _, value = mark.partition("=")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), name: value},
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        for _ in range(4):
            assert lines.readline()
        assert len(of_mark(mark)) == 3, "the process and its two workers"
        process.send_signal(how)
    end = time.monotonic() + GRACE
    while of_mark(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert not of_mark(mark)


# Clusters that are none --------------------------------------------------------------------------


def test_a_cluster_that_does_not_answer_is_said(
    tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address where nobody listens, or that is none, is an error with a cure."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(crew, "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(CrewError, match=r"no Dask scheduler answers at .*dask scheduler"):
            solve_all([Question(tiny)], cluster=address)


def test_without_distributed_a_cluster_is_refused(
    tiny: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CrewError, match=r"pip install 'evplan\[cluster\]'"):
        solve_all([Question(tiny)], cluster="tcp://127.0.0.1:8786")
