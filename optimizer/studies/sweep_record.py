"""A sweep: the key figures of a case and of those like it, side by side.

Not here: solving them (see `optimizer.studies.sweep`), printing and writing (see
`optimizer.reporting.sweeps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Literal

from models.case import Case
from models.outcome import Status
from optimizer.errors import EvplanError
from optimizer.settings import Settings
from optimizer.studies.designs import Kind
from optimizer.studies.kpis import Kpi, named
from optimizer.studies.noise import Mark, same

if TYPE_CHECKING:
    import pandas as pd

#: The key figures by which a tornado ranks ranges.
RANKED = ("target_date", "volume", "least_cash", "npv")


@dataclass(frozen=True)
class Row:
    """One solved case of a sweep.

    ``inputs`` are in the order of the sweep's ``columns``. ``status`` is that of the
    outcome, or "failed" where there is none: ``note`` says why. ``marks`` tell for each
    of the ``figures`` what of its difference to the case itself is an effect
    (`optimizer.studies.noise`).
    """

    inputs: tuple[str, ...]
    status: Status | Literal["failed"]
    note: str
    figures: tuple[Kpi, ...]
    marks: tuple[Mark, ...] = ()

    def figure(self, name: str) -> Kpi | None:
        """A key figure by its name; None where the case has none of that name."""
        return self._figures.get(name)

    def mark(self, name: str) -> Mark:
        """What of a figure's difference to the case itself is an effect."""
        names = [figure.name for figure in self.figures]
        return self.marks[names.index(name)] if name in names and self.marks else "plan"

    @cached_property
    def _figures(self) -> dict[str, Kpi]:
        return named(self.figures)


@dataclass(frozen=True)
class Swing:
    """How far a range moves one figure.

    ``swing`` is the distance of the largest and the smallest of the figure's values at
    the low end, in the case itself and at the high end, in the figure's unit (periods for
    a date); None where an end has no value, as there is no plan. ``mark`` is that of the
    end that is further from the case itself.
    """

    rank: int
    figure: Kpi
    cells: str
    basis: str
    low: str
    high: str
    at_low: Kpi | None
    at_high: Kpi | None
    swing: float | None
    mark: Mark


@dataclass(frozen=True)
class Sweep:
    """The case of a sweep, solved, and the cases of its design, in their order.

    The first entry of ``notes`` are warnings about the design.
    """

    case: Case
    settings: Settings
    kind: Kind
    columns: tuple[str, ...]
    base: Row
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Row, ...]:
        """What could not be solved."""
        return tuple(row for row in (self.base, *self.rows) if row.status == "failed")

    @cached_property
    def figures(self) -> dict[str, Kpi]:
        """Every key figure that some case has, without values of its own."""
        return {
            figure.name: Kpi(figure.name, figure.title, figure.unit, figure.sense)
            for row in (self.base, *self.rows)
            for figure in row.figures
        }

    @cached_property
    def results(self) -> pd.DataFrame:
        """A row for each case: its inputs, its status, its key figures.

        Inputs are text as given (``*0.5`` is a factor), or numbers where all of a column
        are. Figures are in the units of `figures`; dates are labels of periods, or
        "not reached".
        """
        import pandas as pd

        columns = [*self.columns, "status", *self.figures]
        inputs = zip(
            *(_numbers(column) for column in zip(*(row.inputs for row in self.rows), strict=True)),
            strict=True,
        )
        cells = [
            [*given, row.status, *(value_of(row.figure(name)) for name in self.figures)]
            for given, row in zip(inputs, self.rows, strict=True)
        ]
        return pd.DataFrame(cells, columns=columns)

    @cached_property
    def tornado(self) -> pd.DataFrame:
        """For each of the ranked figures, the ranges by how far they move it.

        Raises `EvplanError` for a sweep of another kind.
        """
        import pandas as pd

        if self.kind != "tornado":
            raise EvplanError("a tornado is made by sweep(case, tornado=True)")
        columns = ["figure", "unit", "rank", "cells", "basis", "low", "high"]
        columns += ["at_low", "base", "at_high", "swing", "mark"]
        cells = [
            [
                *(swing.figure.name, swing.figure.unit, swing.rank, swing.cells, swing.basis),
                *(swing.low, swing.high, value_of(swing.at_low), value_of(swing.figure)),
                *(value_of(swing.at_high), swing.swing, swing.mark),
            ]
            for swing in self.swings
        ]
        return pd.DataFrame(cells, columns=columns)

    @cached_property
    def swings(self) -> tuple[Swing, ...]:
        """What the tornado holds, as records; empty for a sweep of another kind."""
        if self.kind != "tornado":
            return ()
        return tuple(
            swing
            for name in RANKED
            if (figure := self.base.figure(name)) is not None
            for swing in _ranked(self, figure)
        )


def _numbers(texts: Sequence[str]) -> Sequence[str | float]:
    """Text as numbers where all of it is: not where a sign makes it a factor or an amount."""
    if any(text.startswith("+") for text in texts):
        return texts
    try:
        return [float(text) for text in texts]
    except ValueError:
        return texts


def value_of(figure: Kpi | None) -> float | str | None:
    """A figure as tables show it: a date as its label."""
    if figure is None or figure.value is None:
        return None
    if figure.unit == "period":
        return figure.period or "not reached"
    return figure.value


# The tornado -----------------------------------------------------------------------


def _ranked(sweep: Sweep, figure: Kpi) -> Iterator[Swing]:
    """The ranges by how far they move a figure; those that leave no plan come first."""
    basis = {source.cells: source.basis for source in sweep.case.sources}
    swings = [
        _swing(figure, low, high, basis.get(low.inputs[0], ""))
        for low, high in zip(sweep.rows[::2], sweep.rows[1::2], strict=True)
    ]
    swings.sort(key=lambda one: (one.swing is not None, -(one.swing or 0.0), one.cells))
    yield from (replace(one, rank=rank) for rank, one in enumerate(swings, 1))


def _swing(figure: Kpi, low: Row, high: Row, basis: str) -> Swing:
    ends = [row.figure(figure.name) for row in (low, high)]
    values = [figure.value, *(end.value if end else None for end in ends)]
    known = [value for value in values if value is not None]
    swing = max(known) - min(known) if len(known) == len(values) else None
    if swing is not None and same(max(known), min(known)):
        swing = 0.0
    further = max((low, high), key=lambda row: _apart(figure, row.figure(figure.name)))
    return Swing(
        0,
        figure,
        low.inputs[0],
        basis,
        low.inputs[2],
        high.inputs[2],
        ends[0],
        ends[1],
        swing,
        "same" if swing == 0 else further.mark(figure.name),
    )


def _apart(figure: Kpi, end: Kpi | None) -> float:
    """How far a figure at an end of a range is from that of the case itself."""
    if figure.value is None or end is None or end.value is None:
        return inf
    return abs(end.value - figure.value)
