"""Crews: who does the jobs. Worker processes of this machine, or those of a Dask cluster.

A crew takes jobs and hands back futures of replies (see `optimizer.studies.worker`).
Local workers are fresh Python processes, not forks, and load nothing of the program that
asks; so that needs no guard against being run twice. A worker that dies costs its job one
more try. Not here: which jobs there are (see `optimizer.studies.many`).
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any, Protocol

from optimizer.errors import EvplanError
from optimizer.fingerprint import fingerprint
from optimizer.studies import worker

#: How often a job is tried when its worker dies.
TRIES = 2
#: Seconds in which a cluster must answer.
PATIENCE = 10
_START = "import sys; sys.path[:] = {path!r}; from optimizer.studies.worker import main; main()"


class WorkerDied(EvplanError):
    """A worker that ended in the middle of a job, as often as it was tried."""


class CrewError(EvplanError):
    """Workers that cannot be used, so that no job will be done."""


class Crew(Protocol):
    """Takes jobs; ``size`` is how many it does at once."""

    size: int

    def submit(self, job: bytes) -> Future[bytes]:
        """Have a job done; the future may fail with `WorkerDied`."""

    def close(self) -> None:
        """End at once, jobs at work included."""


def cores() -> int:
    """Processors that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gathered(workers: int | None, cluster: str | None) -> Crew:
    """A crew on a cluster, or else of so many local workers (None: one for each core)."""
    return _Cluster(cluster) if cluster is not None else _Local(workers or cores())


# On this machine -------------------------------------------------------------------


class _Local:
    """Worker processes, started when they are needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="evplan-worker")
        self._idle: queue.SimpleQueue[_Hand] = queue.SimpleQueue()
        self._hands = [_Hand() for _ in range(size)]
        for hand in self._hands:
            self._idle.put(hand)

    def submit(self, job: bytes) -> Future[bytes]:
        return self._pool.submit(self._do, job)

    def _do(self, job: bytes) -> bytes:
        hand = self._idle.get()
        try:
            for left in reversed(range(TRIES)):
                try:
                    return hand.do(job)
                except WorkerDied:
                    if not left or hand.closed:
                        raise
            raise AssertionError("unreachable")
        finally:
            self._idle.put(hand)

    def close(self) -> None:
        for hand in self._hands:
            hand.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for hand in self._hands:
            hand.end()


class _Hand:
    """One worker process, and another one when it has ended."""

    def __init__(self) -> None:
        self.closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None

    def do(self, job: bytes) -> bytes:
        """Have a job done; raises `WorkerDied`."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            worker.send(process.stdin, job)
            reply, last = worker.receive(process.stdout)
        except (OSError, EOFError, ValueError):
            raise WorkerDied(self._epitaph(process)) from None
        if last:
            self.end()
        return reply

    def close(self) -> None:
        self.closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        """The process, started anew where it has ended."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._words = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
            with _ctrl_c_held_back():
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START.format(path=list(map(str, sys.path)))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._words,
                )
            if self.closed:  # in the meantime
                self._process.kill()
        return self._process

    def _epitaph(self, process: subprocess.Popen[bytes]) -> str:
        """How a process ended, and its last words."""
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it lives, but can no longer be talked to
            process.kill()
            code = process.wait()
        how = f"with code {code}"
        if code < 0:
            with suppress(ValueError):
                how = f"by signal {signal.Signals(-code).name}"
        words = ""
        if self._words is not None:
            with suppress(OSError):
                self._words.seek(0)
                words = self._words.read().decode("utf-8", "replace").strip()
        self.end()
        last = f": {words.splitlines()[-1][:200]}" if words else ""
        return f"its worker ended {how}{last}"

    def end(self) -> None:
        """Be without a process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()  # type: ignore[union-attr]
        if self._words is not None:
            self._words.close()
            self._words = None


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, not even while they load."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# On a cluster ----------------------------------------------------------------------


class _Cluster:
    """The workers of a Dask cluster that somebody runs."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CrewError(
                "a cluster needs the package distributed: pip install 'evplan[cluster]'"
            ) from None
        # What goes wrong is said by our own errors, without the tracebacks of its log.
        self._levels = {name: logging.getLogger(name).level for name in _logs()}
        for name in self._levels:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self._speak()
            raise CrewError(
                f"no Dask scheduler answers at {address}: {_first_line(error)}. "
                "Start one with: dask scheduler"
            ) from None
        try:
            self._check(address)
            self._pool: Executor = self._client.get_executor(pure=False, retries=0)
        except BaseException:
            self._client.close(timeout=PATIENCE)
            self._speak()
            raise
        self.size = max(1, len(self._prints))

    def _speak(self) -> None:
        """Let the log of Dask be what it was."""
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def _check(self, address: str) -> None:
        """Workers are there, and have what this process has."""
        if not self._client.scheduler_info(n_workers=-1)["workers"]:
            raise CrewError(f"the cluster at {address} has no workers: dask worker {address}")
        try:
            self._prints: dict[str, Any] = self._client.run(fingerprint)
        except Exception as error:
            raise CrewError(
                f"the workers of the cluster cannot load evplan: {_first_line(error)}"
            ) from None
        for name, theirs in sorted(self._prints.items()):
            check_fingerprint(theirs, f"the worker {name}")

    def submit(self, job: bytes) -> Future[bytes]:
        return self._pool.submit(worker.work, job)

    def close(self) -> None:
        with suppress(Exception):
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close(timeout=PATIENCE)
        self._speak()


def _logs() -> list[str]:
    """Names of the logs that Dask writes."""
    return [name for name in logging.Logger.manager.loggerDict if name.startswith("distributed")]


def check_fingerprint(theirs: dict[str, str], name: str) -> None:
    """Raise `CrewError` when a worker has other versions: its answers may be others."""
    ours = fingerprint()
    differ = [part for part in {**ours, **theirs} if ours.get(part) != theirs.get(part)]
    if differ:
        said = "; ".join(f"{part} {theirs.get(part)}, here {ours.get(part)}" for part in differ)
        raise CrewError(f"{name} is not as this process: {said}")


def failure(future: Future[bytes]) -> str:
    """Why a job was not done, in words; raises `CrewError` when no other will be either."""
    if future.cancelled():
        raise CrewError("the cluster no longer answers")
    error = future.exception()
    if type(error).__name__ == "KilledWorker":  # Dask's own, which tries more than once
        return "its workers died, as often as it was tried"
    return "" if error is None else _first_line(error)


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
