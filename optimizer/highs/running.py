"""Running HiGHS so that limits hold: in a thread, watched, left behind if it must be.

Time limits and interrupts are kept even where HiGHS does not look (in presolve):
the solver runs in a thread of its own, which is left behind when it does not
stop. Not here: models (see `optimizer.highs.instance`).
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from optimizer.errors import SolverError
from optimizer.matrix import Floats, Vector

#: How long past its limit a solver that does not react is waited for, in seconds.
PATIENCE = 1.0


@dataclass(frozen=True)
class Progress:
    """Where a search stands; ``best`` and ``bound`` in the goal's own sense.

    ``remaining`` is a guess at the seconds until the proof, None while there is no
    ground for one.
    """

    goal: str
    seconds: float
    best: float | None
    bound: float | None
    nodes: int
    remaining: float | None = None

    @property
    def gap(self) -> float | None:
        """Distance of best and bound as a part of best."""
        if self.best is None or self.bound is None:
            return None
        return relative_gap(self.best, self.bound)


#: A distance no larger than this part of a number comes from the way it is stored.
LAST_DIGITS = 1e-14


def relative_gap(best: float, bound: float) -> float:
    """Distance of best and bound as a part of best (of 1 when best is smaller); 0 for the
    last digits of the numbers."""
    distance = abs(bound - best) / max(abs(best), 1.0) if bound != best else 0.0
    return distance if distance > LAST_DIGITS else 0.0


@dataclass
class Pace:
    """How quickly a gap closes: seconds and gap where it was first known.

    The guess at the rest takes the gap to go on falling by the same part in the
    same time, as it roughly does in branch and bound.
    """

    first: tuple[float, float] | None = None

    def remaining(self, seconds: float, gap: float | None, wanted: float) -> float | None:
        """Seconds until the gap is the one wanted; None while nothing can be said."""
        if gap is None or gap <= 0 or wanted <= 0:
            return None
        if self.first is None or gap > self.first[1]:
            self.first = (seconds, gap)
        began, widest = self.first
        if gap <= wanted:
            return 0.0
        if seconds <= began or gap >= 0.99 * widest:
            return None
        return (seconds - began) * math.log(gap / wanted) / math.log(widest / gap)


class Stop:
    """A request to stop, from Ctrl-C or a caller; shared by all runs of a solve."""

    def __init__(self) -> None:
        self.asked = threading.Event()


@contextmanager
def ctrl_c_asks(stop: Stop) -> Iterator[None]:
    """Let Ctrl-C ask for a stop instead of breaking into whatever is being done.

    A solve is hundreds of short runs of the solver: an exception between two of
    them would lose the plan at hand, and one during a run the process. Only the
    main thread can do this; where Ctrl-C is ignored it stays ignored.
    """
    here = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if here else None
    if before is None or before == signal.SIG_IGN:
        yield
        return

    def ask(_number: int, _frame: Any) -> None:
        stop.asked.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Limit:
    """How long a solve may go on: seconds from now, and a request to stop."""

    def __init__(self, seconds: float | None = None, stop: Stop | None = None) -> None:
        self.stop = stop or Stop()
        self.began = time.monotonic()
        self._end = None if seconds is None else self.began + seconds

    @property
    def left(self) -> float | None:
        """Seconds left, or None without a limit."""
        return None if self._end is None else self._end - time.monotonic()

    @property
    def over(self) -> bool:
        """Nothing more should be started."""
        left = self.left
        return self.stop.asked.is_set() or (left is not None and left <= 0)

    def part(self, share: float) -> Limit:
        """One that ends when this part of the time left is over; the same request stops it."""
        part = Limit(stop=self.stop)
        part.began = self.began
        if self._end is not None:
            now = time.monotonic()
            part._end = now + share * max(self._end - now, 0.0)
        return part

    @property
    def for_solver(self) -> float:
        """Seconds left as HiGHS wants them: above 0, infinite without a limit."""
        left = self.left
        return float("inf") if left is None else max(left, 0.01)


class _Threads:
    """The thread pool that all HiGHS instances of the process share."""

    count: int | None = None
    left_behind = False


def use_threads(count: int) -> None:
    """Let HiGHS change its number of threads; never under a run that was left behind."""
    if _Threads.count not in (None, count) and not _Threads.left_behind:
        highspy.Highs.resetGlobalScheduler(True)
    _Threads.count = count


def left_behind() -> bool:
    """Whether a run that did not stop is still at work in this process."""
    return _Threads.left_behind


@dataclass
class Watch:
    """Listens to a run: keeps the best plan, reports, and says when to stop.

    ``sign`` is 1 when the goal is minimised and -1 when maximised, ``unit`` what the
    solver counts it in, ``scale`` that of each column, ``gap`` the one wanted.
    """

    vector: Vector
    sign: float
    unit: float
    scale: Floats
    limit: Limit
    goal: str = ""
    gap: float = 0.0
    enough: float | None = None
    hopeless: float | None = None
    progress: Callable[[Progress], None] | None = None
    x: Floats | None = None
    value: float | None = None
    bound: float | None = None
    satisfied: bool = False
    left: bool = False
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def improved(self, event: Any) -> None:
        """Keep a better plan."""
        if self.left:
            return
        self.x = np.array(event.data_out.mip_solution, dtype=np.float64) * self.scale
        self.value = self.vector.at(self.x)

    def asked(self, event: Any) -> None:
        """Report, and stop the search when it should."""
        data = event.data_out
        best = self.sign * data.mip_primal_bound * self.unit
        bound = self.sign * data.mip_dual_bound * self.unit
        self.bound = bound if np.isfinite(bound) else None
        found = np.isfinite(best) and abs(data.mip_primal_bound) < 1e29
        if self.enough is not None and found and self.sign * (best - self.enough) <= 0:
            self.satisfied = True
        if (
            self.hopeless is not None
            and self.bound is not None
            and self.sign * (self.bound - self.hopeless) > 0
        ):
            self.satisfied = True
        # HiGHS keeps the flag from one run to the next, so it is set both ways.
        event.interrupt(self.satisfied or self.left or self.limit.stop.asked.is_set())
        if self.progress and not self.left:
            seconds = time.monotonic() - self.began
            value = best if found else None
            known = value is not None and self.bound is not None
            gap = relative_gap(value, self.bound) if known else None  # type: ignore[arg-type]
            left = self.pace.remaining(seconds, gap, self.gap)
            nodes = int(data.mip_node_count)
            self.progress(Progress(self.goal, seconds, value, self.bound, nodes, left))

    def plain(self, event: Any) -> None:
        """Stop a linear program when it should."""
        event.interrupt(self.left or self.limit.stop.asked.is_set())


def run(highs: Any, watch: Watch) -> bool:
    """Run HiGHS in a thread; False when it was left behind after its limit.

    Raises `SolverError` when it fails.
    """
    highs.cbMipImprovingSolution += watch.improved
    highs.cbMipInterrupt += watch.asked
    highs.cbSimplexInterrupt += watch.plain
    highs.cbIpmInterrupt += watch.plain
    failure: list[BaseException] = []

    def work() -> None:
        try:
            highs.run()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="highs", daemon=True)
    thread.start()
    stop = watch.limit.stop.asked
    late = time.monotonic() + watch.limit.for_solver + PATIENCE
    interrupted: float | None = None
    while thread.is_alive():
        thread.join(0.05)
        now = time.monotonic()
        if stop.is_set() and interrupted is None:
            interrupted = now + PATIENCE
        if now > late or (interrupted and now > interrupted):
            watch.left = True
            _Threads.left_behind = True
            return False
    highs.cbMipImprovingSolution -= watch.improved
    highs.cbMipInterrupt -= watch.asked
    highs.cbSimplexInterrupt -= watch.plain
    highs.cbIpmInterrupt -= watch.plain
    if failure:
        raise SolverError(f"the solver failed: {failure[0]}") from failure[0]
    return True
