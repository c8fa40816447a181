"""One job of a worker, and the worker process that does job after job.

Only plain data goes in and out: a pickled question with its settings, and a `Reply` as
JSON. A worker process reads jobs from standard input and writes replies to standard
output, each with its length before it; it ends itself when its input does, so that it
does not outlive whoever asked. Not here: starting workers (see `optimizer.studies.crew`).
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
from dataclasses import asdict
from typing import IO, Any, Protocol

from models.base import Frozen
from optimizer.fingerprint import fingerprint
from optimizer.outcome import Outcome, OutcomeRecord
from optimizer.settings import Settings
from optimizer.studies.question import Lesson, Question

#: What stands before the bytes of a message: their number, and 1 for the last message.
HEAD = struct.Struct(">QB")
#: Solves of one process wait for each other: the solver's threads are shared by all of it.
_ONE_AT_A_TIME = threading.Lock()


class Asked(Protocol):
    """Whatever a worker can be asked; `Question` is one."""

    def answer(self, settings: Settings) -> Any:
        """An outcome, another dataclass of plain data, or None for nothing."""


class Reply(Frozen):
    """What became of a job: an outcome or something else, or in words why there is none."""

    fingerprint: dict[str, str]
    outcome: OutcomeRecord | None = None
    #: An answer that is no outcome, field by field.
    found: dict[str, Any] | None = None
    #: What the solve taught, where that was wanted; see `optimizer.searching.plain`.
    knowledge: dict[str, Any] | None = None
    fault: str = ""


def job(question: Asked, settings: Settings) -> bytes:
    """A job as bytes, for `work` in whatever process."""
    return pickle.dumps((question, settings), protocol=pickle.HIGHEST_PROTOCOL)


def work(data: bytes) -> bytes:
    """Do a job and reply; what goes wrong is part of the reply."""
    question, settings = pickle.loads(data)
    with _ONE_AT_A_TIME:
        try:
            answer, lesson = _answered(question, settings)
        except Exception as error:
            lines = f"{type(error).__name__}: {error}".splitlines()
            reply = Reply(fingerprint=fingerprint(), fault=" ".join(lines[:2]))
        else:
            whole = isinstance(answer, Outcome)
            reply = Reply(
                fingerprint=fingerprint(),
                outcome=answer.record if whole else None,
                found=None if whole or answer is None else asdict(answer),
                knowledge=lesson and lesson.plain,
            )
    return reply.model_dump_json().encode("utf-8")


def _answered(question: Asked, settings: Settings) -> tuple[Any, Lesson | None]:
    if isinstance(question, Question) and question.teaches:
        return question.taught(settings)
    return question.answer(settings), None


def send(stream: IO[bytes], data: bytes, last: bool = False) -> None:
    """Write a message."""
    stream.write(HEAD.pack(len(data), last))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[bytes, bool]:
    """Read a message and whether it is the last; raises `EOFError` at the end."""
    size, last = HEAD.unpack(_exactly(stream, HEAD.size))
    return _exactly(stream, size), bool(last)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def main() -> None:
    """Do jobs from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides about Ctrl-C
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no reply
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    while True:
        reply = work(jobs.get())
        solver = sys.modules.get("optimizer.highs")
        # A solver that did not stop in time still runs, and would disturb the next job.
        last = solver is not None and solver.left_behind()
        try:
            send(replies, reply, last)
        except OSError:
            last = True
        if last:
            os._exit(0)


def _listen(jobs: queue.SimpleQueue[bytes]) -> None:
    """Take in jobs; end the process with the input, even in the middle of a solve."""
    try:
        while True:
            jobs.put(receive(sys.stdin.buffer)[0])
    except (EOFError, OSError):
        os._exit(0)
