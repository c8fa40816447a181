"""Small pieces to measure with: medians with their spread, commands, fair comparisons.

Anything that returns a number can be repeated: seconds of a callable (`seconds_of`),
seconds, processor time or peak memory of a command (`run_command`). Two things are
compared by measuring them in turn, A B A B, so that what slows the machine down for a
while slows both; their ratio is taken pair by pair. Not here: what is measured, and
what a good result is.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Spread:
    """Values of one thing measured several times, in the order in which they came.

    Raises `ValueError` without a value.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("nothing was measured; a spread takes at least one value")

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    @property
    def low(self) -> float:
        """The least value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """A quarter of the values lies below the first, a quarter above the second."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        first, _, third = quantiles(self.values, n=4, method="inclusive")
        return first, third

    def text(self, digits: int = 3, of: str = "run") -> str:
        """Median and range in words of a table: ``1.20 (1.10 to 1.31, 5 runs)``."""
        low, high = f"{self.low:.{digits}g}", f"{self.high:.{digits}g}"
        runs = f"{len(self.values)} {of}" + ("s" if len(self.values) > 1 else "")
        return f"{self.median:.{digits}g} ({low} to {high}, {runs})"


@dataclass(frozen=True)
class Comparison:
    """Two things measured in turn; ``ratio`` is that of the first to the second, by pairs."""

    first: Spread
    second: Spread

    @property
    def ratio(self) -> Spread:
        """First divided by second, for each pair that was measured one after the other.

        Raises `ZeroDivisionError` when a value of the second is 0.
        """
        pairs = zip(self.first.values, self.second.values, strict=True)
        return Spread(tuple(one / other for one, other in pairs))


@dataclass(frozen=True)
class Run:
    """What a command used and said.

    ``seconds`` from its start to its end, ``cpu`` seconds of all its threads and of the
    processes it waited for, ``peak_mb`` its largest memory in MB (of the largest one,
    where it started others), ``code`` as in `subprocess` (below 0: ended by that
    signal), ``killed`` when it was ended by the limit.
    """

    seconds: float
    cpu: float
    peak_mb: float
    code: int
    killed: bool
    out: str
    err: str


def repeated(measure: Callable[[], float], times: int, *, warm: int = 0) -> Spread:
    """The values of a measure asked so many times, after ``warm`` that do not count.

    Raises `ValueError` when it is asked less than once.
    """
    for _ in range(warm):
        measure()
    return Spread(tuple(measure() for _ in range(times)))


def alternated(
    first: Callable[[], float], second: Callable[[], float], times: int, *, warm: int = 0
) -> Comparison:
    """Two measures asked in turn so many times, after ``warm`` rounds that do not count.

    Raises `ValueError` when they are asked less than once.
    """
    for _ in range(warm):
        first()
        second()
    pairs = [(first(), second()) for _ in range(times)]
    return Comparison(Spread(tuple(a for a, _ in pairs)), Spread(tuple(b for _, b in pairs)))


def seconds_of(call: Callable[[], object]) -> Callable[[], float]:
    """A measure: seconds that a call takes."""

    def measure() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return measure


def cpu_of(call: Callable[[], object]) -> Callable[[], float]:
    """A measure: processor seconds of this process, all threads, while a call lasts."""

    def measure() -> float:
        began = time.process_time()
        call()
        return time.process_time() - began

    return measure


def run_command(
    command: Sequence[str | Path],
    *,
    limit: float | None = None,
    folder: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a command to its end, or kill it and all it started after ``limit`` seconds.

    ``folder`` is where it runs, ``environment`` all of its variables (None: as here).
    A command that cannot be started has the code 127. POSIX only.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        launcher = [sys.executable, "-I", "-S", LAUNCHER, report, str(limit or 0)]
        process = subprocess.Popen(
            [str(part) for part in (*launcher, *command)],
            cwd=folder,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            out, err = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGTERM)  # it kills the command, then ends
            process.wait()
            raise
        return Run(**json.loads(report.read_text(encoding="utf-8")), out=out, err=err)
