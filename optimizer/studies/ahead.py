"""Questions asked one after the other, answered on several processes by working ahead.

Many a study cannot say what it will ask before it has the last answer. While it waits,
other processes work on what it is likely to ask next: the study tells what that would be
if the answers still open were as it expects. Nothing but what is asked is ever told, so a
study takes the same course with one process as with many; a wrong guess costs time
of a process that would have been idle.

A study that is soon over never starts a process. Not here: what is asked, and what is
likely (see the studies); questions that are all known beforehand (see
`optimizer.studies.many`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Generic, Protocol, TypeVar

from models.case import Case
from optimizer.errors import SolverError
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies.crew import Crew, check_fingerprint, cores, failure, gathered
from optimizer.studies.store import opened
from optimizer.studies.watching import Interrupted, Watch
from optimizer.studies.worker import Reply, job

#: Seconds of a study before it starts processes: they take about two to be ready.
ALONE_FOR = 4.0
#: Seconds after which a request to stop is looked for again.
BEAT = 0.2

Key = TypeVar("Key", bound=Hashable)
Told = TypeVar("Told")


class Asked(Protocol):
    """A question that can be sent to another process; in this one it stops as a watch says."""

    @property
    def case(self) -> Case:
        """The case that is asked about."""

    def answer(self, settings: Settings, watch: Watch | None = None) -> Any:
        """The answer."""


#: The next question that is likely, given the answers that were not asked for yet (None: still
#: worked on); None where there is none.
Likely = Callable[[Mapping[Key, Told | None]], tuple[Key, Asked] | None]
#: The answer to a question in the reply of a worker; raises `ValueError` for one that is none.
Read = Callable[[Asked, Settings, Reply], Told]


class Unanswered(Exception):
    """A study that looks ahead has come to a question that nobody has an answer to."""

    def __init__(self, key: Hashable, question: Asked) -> None:
        super().__init__()
        self.key, self.question = key, question


def first_unanswered(look: Callable[[], None]) -> tuple[Any, Any] | None:
    """The question to which a look ahead comes, with its key; None where it comes to none."""
    try:
        look()
    except Unanswered as reached:
        return reached.key, reached.question
    return None


def outcome_of(question: Asked, settings: Settings, reply: Reply) -> Outcome:
    """The outcome in a reply, audited here."""
    if reply.outcome is None:
        raise ValueError("it is no outcome")
    return opened(question.case, settings, reply.outcome)


class Ahead(Generic[Key, Told]):
    """Answers questions on so many ``workers`` (None: one for each core), until it is asked to stop.

    Raises `Interrupted` as `Watch.solve` does, and `SolverError` where a worker fails.
    """

    def __init__(
        self, watch: Watch, settings: Settings, workers: int | None, read: Read[Told]
    ) -> None:
        self._watch, self._settings, self._read = watch, settings, read
        self._size = workers or cores()
        self._began = time.monotonic()
        self._crew: Crew | None = None
        self._at_work: dict[Key, tuple[Asked, Future[bytes]]] = {}
        self._done: dict[Key, Told] = {}
        self._faults: dict[Key, str] = {}

    def ask(self, key: Key, question: Asked, likely: Likely[Key, Told]) -> Told:
        """The answer to a question, which is the same under the same key."""
        if self._watch.over:
            raise Interrupted
        if self._crew is None and not self._gathers():
            told: Told = question.answer(self._settings, self._watch)
            return told
        self._begin(key, question)
        while key not in self._done:
            if key in self._faults:
                raise SolverError(self._faults[key])
            self._work_ahead(likely)
            wait([future for _, future in self._at_work.values()], BEAT, FIRST_COMPLETED)
            if self._watch.over:
                raise Interrupted
            self._take_in()
        return self._done.pop(key)

    def dismiss(self) -> None:
        """End the processes: nothing more will be asked."""
        self._size = 1
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def _gathers(self) -> bool:
        """Whether it is time for a crew, which is there then."""
        if self._size == 1 or time.monotonic() - self._began < ALONE_FOR:
            return False
        self._crew = gathered(self._size, None)
        self._watch.at_the_end(self.dismiss)
        return True

    def _begin(self, key: Key, question: Asked) -> None:
        if not self._knows(key):
            assert self._crew is not None
            future = self._crew.submit(job(question, self._settings))
            self._at_work[key] = question, future

    def _work_ahead(self, likely: Likely[Key, Told]) -> None:
        """Give every idle process the question that is likeliest."""
        while len(self._at_work) < self._size:
            waiting = dict.fromkeys([*self._at_work, *self._faults])
            following = likely({**waiting, **self._done})
            if following is None or self._knows(following[0]):
                return
            self._begin(*following)

    def _take_in(self) -> None:
        """Note the answers of the processes that are done."""
        for key, (question, future) in list(self._at_work.items()):
            if not future.done():
                continue
            del self._at_work[key]
            fault = failure(future)
            if not fault:
                reply = Reply.model_validate_json(future.result())
                check_fingerprint(reply.fingerprint, "a worker")
                fault = reply.fault
            try:
                if not fault:
                    self._done[key] = self._read(question, self._settings, reply)
            except ValueError as error:
                fault = f"what a worker sent does not hold: {error}"
            if fault:
                self._faults[key] = fault

    def _knows(self, key: Key) -> bool:
        return key in self._at_work or key in self._done or key in self._faults
