"""Many solves: on several workers, kept in a store, the same in whatever order they come.

Each question is answered for itself (see `optimizer.studies.question`), so that answers
depend neither on the number of workers nor on their order. For what-ifs the case that
they change is solved first and without help; its plan is where all others begin, and what
its solve taught is told to all of them.

Not here: what is asked and made of the answers (see `optimizer.studies.sweep`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from models.case import Case
from optimizer.errors import EvplanError
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies.crew import Crew, check_fingerprint, failure, gathered
from optimizer.studies.question import Lesson, Question, case_digest
from optimizer.studies.store import Store, opened
from optimizer.studies.worker import Reply, job

if TYPE_CHECKING:
    from optimizer.highs import Stop

#: Seconds after which a request to stop is looked for again.
BEAT = 0.2


@dataclass(frozen=True)
class Answer:
    """What came of one question: an outcome, or in words why there is none.

    ``number`` is that of the question, from 0. ``kept`` tells that it was not solved now:
    it was in the store, or is the answer to another question too. ``lesson`` is that of a
    question that teaches, where it was proven.
    """

    number: int
    outcome: Outcome | None
    fault: str = ""
    kept: bool = False
    lesson: Lesson | None = None


@dataclass(frozen=True)
class Headway:
    """How far many solves have come.

    ``done`` of ``total`` different questions are answered, ``kept`` of these by the store;
    ``remaining`` is a guess at the seconds left, None while there is no ground for one.
    """

    done: int
    total: int
    kept: int
    faults: int
    seconds: float
    remaining: float | None


class Unfinished(EvplanError):
    """Stopped before all was solved; ``done`` solves are finished and ``left`` are not."""

    def __init__(self, done: int, left: int, store: Store | None) -> None:
        self.done, self.left = done, left
        where = f"kept in {store.folder}" if store else "lost, as there is no store"
        again = "; the same again goes on from there" if store else ""
        super().__init__(
            f"stopped: {done} of {done + left} solves are finished and {where}, "
            f"{left} are left{again}"
        )


def solve_all(
    questions: Sequence[Question],
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Headway], None] | None = None,
    stop: Stop | None = None,
) -> list[Answer]:
    """The answers to questions, in their order.

    ``workers`` are processes of this machine (None: one for each core); ``cluster`` is the
    address of a Dask scheduler whose workers are used instead. A question whose worker
    dies is asked once more. Raises `Unfinished` when ``stop.asked`` is set or on Ctrl-C,
    `CrewError` for workers and `StoreError` for a store that cannot be used.
    """
    with Asking(settings, store, workers, cluster, progress, stop) as asking:
        return sorted(asking.answers(questions), key=lambda answer: answer.number)


def solve_what_ifs(
    case: Case,
    changed: Sequence[Case],
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Headway], None] | None = None,
    stop: Stop | None = None,
) -> Generator[Answer, None, None]:
    """The answer for a case, with the number 0, and then those for changed ones from 1 on.

    They come as they are found, so that nobody need hold all plans at once; whoever does
    not take them all closes the generator. Raises as `solve_all` does.
    """
    with Asking(settings, store, workers, cluster, progress, stop) as asking:
        base = Question(case, teaches=True)
        digests = [case_digest(other) for other in changed]
        different = set(digests) - {base.case_digest}
        (first,) = asking.answers([base], later=len(different))
        yield first
        known = first.outcome.plan if first.outcome else None
        start = known.record if known else None
        asked: list[int] = []
        for number, other in enumerate(changed, 1):
            if digests[number - 1] in different:
                asked.append(number)
            else:
                outcome = first.outcome and _of(other, first.outcome)
                yield Answer(number, outcome, first.fault, kept=True)
        questions = [Question(changed[n - 1], start, first.lesson) for n in asked]
        for answer in asking.answers(questions):
            yield replace(answer, number=asked[answer.number])


def _of(case: Case, outcome: Outcome) -> Outcome:
    """An outcome as that of a case that differs in nothing that matters."""
    return Outcome.of(case, outcome.settings, outcome.record)


class Asking:
    """Asks questions of a crew that is gathered when it is needed, and of a store."""

    def __init__(
        self,
        settings: Settings | None = None,
        store: Store | None = None,
        workers: int | None = None,
        cluster: str | None = None,
        progress: Callable[[Headway], None] | None = None,
        stop: Stop | None = None,
    ) -> None:
        from optimizer.highs import Stop, ctrl_c_asks

        self.settings = settings or Settings()
        self.store = store
        self._workers, self._cluster = workers, cluster
        self._progress = progress
        self._stop = stop or Stop()
        self._ctrl_c = ctrl_c_asks(self._stop)
        self._crew: Crew | None = None
        self._done = self._kept = self._faults = 0
        self._began = time.monotonic()
        self._solving: float | None = None

    def __enter__(self) -> Self:
        if self.store is not None:
            self.store.prepare()
        if self._cluster is not None:
            self._crew = gathered(None, self._cluster)
        self._ctrl_c.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._crew is not None:
                self._crew.close()
        finally:
            self._ctrl_c.__exit__(kind, error, trace)

    def answers(self, questions: Sequence[Question], later: int = 0) -> Iterator[Answer]:
        """The answers as they come; so many questions are asked ``later``."""
        numbers: dict[str, list[int]] = {}
        asked: dict[str, Question] = {}
        for number, question in enumerate(questions):
            key = question.key(self.settings)
            numbers.setdefault(key, []).append(number)
            if question.teaches or key not in asked:
                asked[key] = question
        store = self.store
        # What may be in the store comes first: then the rest can be told and guessed at.
        waiting = deque(sorted(numbers, key=lambda key: store is None or key not in store))
        running: dict[Future[bytes], str] = {}
        self._report(len(waiting), later)
        while waiting or running:
            if self._stop.asked.is_set():
                raise Unfinished(self._done, len(waiting) + len(running) + later, store)
            while waiting and len(running) < 2 * self._size:
                key = waiting.popleft()
                question = asked[key]
                kept, lesson = self._from_store(question)
                if kept is None or (question.teaches and kept.proven and lesson is None):
                    running[self._submitted(question, again=kept is not None)] = key
                    continue
                self._count(kept=True)
                answer = Answer(0, kept, kept=True, lesson=lesson)
                yield from self._all(questions, numbers[key], answer)
                self._report(len(waiting) + len(running), later)
                break  # somebody may want to stop
            else:
                finished, _ = wait(running, timeout=BEAT, return_when=FIRST_COMPLETED)
                for future in finished:
                    key = running.pop(future)
                    answer = self._result(asked[key], future)
                    self._count(fault=bool(answer.fault))
                    yield from self._all(questions, numbers[key], answer)
                    self._report(len(waiting) + len(running), later)

    @property
    def _size(self) -> int:
        return self._crew.size if self._crew is not None else 1

    def _from_store(self, question: Question) -> tuple[Outcome | None, Lesson | None]:
        """What is in the store for a question."""
        if self.store is None:
            return None, None
        if question.teaches:
            return self.store.taught(question, self.settings)
        return self.store.get(question, self.settings), None

    def _submitted(self, question: Question, again: bool) -> Future[bytes]:
        """A question asked of the crew; ``again``, when its answer is kept but not its lesson.

        No limit may cut it short then: other questions, asked already, had that lesson.
        """
        if self._crew is None:
            self._crew = gathered(self._workers, None)
        if self._solving is None:
            self._solving = time.monotonic()
        free = self.settings.model_copy(update={"time_limit": None})
        return self._crew.submit(job(question, free if again else self.settings))

    def _result(self, question: Question, future: Future[bytes]) -> Answer:
        """What came of a job, audited and put into the store; or why nothing did."""
        fault = failure(future)
        if fault:
            return Answer(0, None, fault)
        reply = Reply.model_validate_json(future.result())
        check_fingerprint(reply.fingerprint, "a worker")
        if reply.outcome is None:
            return Answer(0, None, reply.fault)
        try:
            outcome = opened(question.case, self.settings, reply.outcome)
            lesson = None if reply.knowledge is None else Lesson.of(question, reply.knowledge)
        except ValueError as error:
            return Answer(0, None, f"what its worker sent does not hold: {error}")
        if self.store is not None:
            self.store.put(question, outcome, lesson)
        return Answer(0, outcome, lesson=lesson)

    def _all(
        self, questions: Sequence[Question], numbers: list[int], answer: Answer
    ) -> Iterator[Answer]:
        """The answer to a question, and to all that are equal to it."""
        outcome = answer.outcome
        for place, number in enumerate(numbers):
            case = questions[number].case
            same = outcome if outcome is None or outcome.case is case else _of(case, outcome)
            yield replace(answer, number=number, outcome=same, kept=answer.kept or place > 0)

    def _count(self, *, kept: bool = False, fault: bool = False) -> None:
        self._done += 1
        self._kept += kept
        self._faults += fault

    def _report(self, waiting: int, later: int) -> None:
        if self._progress is None:
            return
        now, left = time.monotonic(), waiting + later
        solved = self._done - self._kept
        remaining = None
        if self._solving is not None and solved:
            remaining = (now - self._solving) / solved * left
        self._progress(
            Headway(
                self._done,
                self._done + left,
                self._kept,
                self._faults,
                now - self._began,
                remaining,
            )
        )
