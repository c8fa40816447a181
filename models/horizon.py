"""The calendar of a case: periods ``t = 0 .. T-1`` and their labels.

Steps and labels: ``year`` 2024, ``half`` 2024H1, ``quarter`` 2024Q1, ``month``
2024-01, and ``period`` for plainly numbered ones (1, 2, ...; 0 and below lie
before the first). Nothing here knows what happens in a period.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal

from models.base import Period, Written, column

Step = Literal["year", "half", "quarter", "month", "period"]

_PER_YEAR: dict[str, int] = {"year": 1, "half": 2, "quarter": 4, "month": 12}
_SHAPES: dict[str, re.Pattern[str]] = {
    "year": re.compile(r"([0-9]{4})()"),
    "half": re.compile(r"([0-9]{4})H([12])"),
    "quarter": re.compile(r"([0-9]{4})Q([1-4])"),
    "month": re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])"),
    "period": re.compile(r"(0|-?[1-9][0-9]{0,5})()"),
}
EXAMPLES: dict[str, str] = {
    "year": "2024",
    "half": "2024H1",
    "quarter": "2024Q1",
    "month": "2024-01",
    "period": "1",
}
#: More periods than this are taken for a slip (50 years of months).
MOST_PERIODS = 600


class Horizon(Written):
    """The periods that a plan covers.

    ``periods_per_year`` is given only with the step ``period`` (where it is 1
    unless stated); the other steps bring their own.
    """

    step: Step = column("year, half, quarter, month or period", default="quarter")
    first: Period = column("label of the first period")
    last: Period = column("label of the last period")
    periods_per_year: int | None = column(
        "only with step period: how many make a year; blank: 1",
        unit="periods",
        default=None,
        ge=1,
        le=366,
    )

    @property
    def per_year(self) -> int:
        """Periods in a year."""
        return _PER_YEAR.get(self.step) or self.periods_per_year or 1

    def ordinal(self, label: str) -> int:
        """The label as a running number; raises `ValueError` for another format."""
        match = _SHAPES[self.step].fullmatch(label)
        if not match:
            raise ValueError(f"{label!r} is not a {self.step} such as {EXAMPLES[self.step]}")
        if self.step == "period":
            return int(match[1])
        return int(match[1]) * self.per_year + (int(match[2]) - 1 if match[2] else 0)

    @cached_property
    def _start(self) -> int:
        return self.ordinal(self.first)

    @cached_property
    def count(self) -> int:
        """Number of periods, T."""
        return self.ordinal(self.last) - self._start + 1

    def index(self, label: str) -> int:
        """The period's ``t``; below 0 before the horizon, T or more after it."""
        return self.ordinal(label) - self._start

    def label(self, t: int) -> str:
        """The label of period ``t``, also outside the horizon."""
        n = self._start + t
        if self.step == "period":
            return str(n)
        year, part = divmod(n, self.per_year)
        if self.step == "year":
            return f"{year:04d}"
        if self.step == "month":
            return f"{year:04d}-{part + 1:02d}"
        return f"{year:04d}{'H' if self.step == 'half' else 'Q'}{part + 1}"

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of all periods, in order."""
        return tuple(self.label(t) for t in range(self.count))

    def year(self, t: int) -> str:
        """The calendar year in which ``t`` lies; numbered periods count years from 1."""
        n = self._start + t
        if self.step == "period":
            return str((n - 1) // self.per_year + 1)
        return f"{n // self.per_year:04d}"

    def position(self, t: int) -> int:
        """The place of ``t`` within its year, from 1."""
        n = self._start + t
        return ((n - 1) if self.step == "period" else n) % self.per_year + 1

    @cached_property
    def years(self) -> dict[str, tuple[int, ...]]:
        """Calendar years that the horizon touches, with their periods."""
        years: dict[str, tuple[int, ...]] = {}
        for t in range(self.count):
            years[self.year(t)] = (*years.get(self.year(t), ()), t)
        return years
