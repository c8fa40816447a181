"""Many solves in a row that stop together, and each as soon as it has told enough.

Not here: what is solved (see the studies), solving on several workers (see
`optimizer.studies.many`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from models.case import Case
from models.plan import PlanRecord
from optimizer.highs import Progress, Stop, ctrl_c_asks
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.solving import Prepared


class Interrupted(Exception):
    """The study was asked to stop, or its time is over; what it knows is kept by it."""


class _Asked(threading.Event):
    """A request to end one solve; one from outside, such as Ctrl-C, ends the study too.

    It must not be lost where the solve is being ended already because it told enough.
    """

    def __init__(self, study: threading.Event) -> None:
        super().__init__()
        self._study = study

    def set(self) -> None:
        self._study.set()
        super().set()

    def enough(self) -> None:
        """End this solve alone."""
        super().set()


class Watch:
    """Solves one case after another until it is asked to stop.

    ``time_limit`` is in seconds for all solves; ``stop`` is a request of the caller's, and
    Ctrl-C is one too. ``enough`` tells that the last solve was ended by its own condition.
    """

    def __init__(self, time_limit: float | None = None, stop: Stop | None = None) -> None:
        self.stop = stop or Stop()
        self.enough = False
        self._limit = time_limit
        self._now: Stop | None = None
        self._kit = ExitStack()

    def __enter__(self) -> Self:
        self._kit.enter_context(ctrl_c_asks(self.stop))
        if self._limit is not None:
            timer = threading.Timer(self._limit, self._end)
            timer.daemon = True
            timer.start()
            self._kit.callback(timer.cancel)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kit.close()

    def at_the_end(self, close: Callable[[], None]) -> None:
        """Have something closed when the watch ends."""
        self._kit.callback(close)

    @property
    def over(self) -> bool:
        """Nothing more is to be solved."""
        return self.stop.asked.is_set()

    def _end(self) -> None:
        self.stop.asked.set()
        if self._now is not None:
            self._now.asked.set()

    def solve(
        self,
        prepared: Prepared,
        case: Case,
        start: Plan | PlanRecord | None = None,
        enough: Callable[[Progress], bool] | None = None,
        share: float = 1.0,
    ) -> Outcome:
        """The outcome for a case; ``enough`` ends the search when its progress suffices.

        ``share`` is as in `Prepared.solve`. Raises `Interrupted` where it was ended from
        outside, or should not begin.
        """
        now, asked = self._begun()

        def look(progress: Progress) -> None:
            if self.over:
                asked.set()
            elif enough is not None and not asked.is_set() and enough(progress):
                self.enough = True
                asked.enough()

        outcome = prepared.solve(case, start=start, share=share, progress=look, stop=now)
        if self.over:
            raise Interrupted
        return outcome

    def out_of_reach(self, prepared: Prepared, case: Case) -> float | None:
        """See `Prepared.out_of_reach`; raises as `solve` does."""
        now, _ = self._begun()
        bound = prepared.out_of_reach(case, stop=now)
        if self.over:
            raise Interrupted
        return bound

    def _begun(self) -> tuple[Stop, _Asked]:
        """What asks the next solve to stop."""
        self.enough = False
        if self.over:
            raise Interrupted
        asked = _Asked(self.stop.asked)
        now = self._now = Stop()
        now.asked = asked
        return now, asked
