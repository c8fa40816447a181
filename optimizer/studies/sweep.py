"""Sweeps: what becomes of the plan as numbers of the case vary.

A sweep solves the case and every case of a design (`optimizer.studies.designs`), takes
the key figures of each, and holds each against the case itself. Plans are not held: a
store keeps them (`optimizer.studies.store`). Not here: printing and writing a sweep (see
`optimizer.reporting.sweeps`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from models.case import Case
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies import designs
from optimizer.studies.designs import Design, Values
from optimizer.studies.kpis import key_figures, named
from optimizer.studies.many import Answer, Headway, solve_what_ifs
from optimizer.studies.noise import Mark, difference
from optimizer.studies.store import Store
from optimizer.studies.sweep_record import Row, Sweep

if TYPE_CHECKING:
    from optimizer.highs import Stop


def sweep(
    case: Case,
    vary: Mapping[str, Values] | None = None,
    *,
    tornado: bool | Sequence[str] = False,
    scenarios: Iterable[str | Scenario] | Scenarios | None = None,
    among: Scenarios | None = None,
    settings: Settings | None = None,
    store: Store | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Headway], None] | None = None,
    stop: Stop | None = None,
) -> Sweep:
    """Solve a case and cases like it, and set their key figures side by side.

    One of three says which cases. ``vary`` maps paths to values, and every combination
    is solved: ``{"finance.opening_cash": [8000, 9000]}``, or text such as
    ``"8000:14000:1000"`` (first, last, step) or ``"*0.8,1,1.2"`` (factors). ``tornado``
    takes each range of ``case.sources`` to its ends, or those whose cells fit one of some
    patterns. ``scenarios`` are solved one by one, by names ``among`` some or as they are.

    The rest is as for `optimizer.studies.many.solve_all`, and so are the errors; besides,
    raises `CaseError` for everything wrong with the cases to be solved, before the first.
    """
    chosen = [vary is not None, tornado is not False, scenarios is not None]
    if sum(chosen) != 1:
        raise TypeError("sweep takes one of vary, tornado and scenarios")
    if vary is not None:
        design = designs.grid(case, vary)
    elif scenarios is None:
        design = designs.tornado(case, () if isinstance(tornado, bool) else tornado)
    else:
        known = scenarios if isinstance(scenarios, Scenarios) else among or Scenarios()
        wanted = known.names if isinstance(scenarios, Scenarios) else scenarios
        design = designs.listed(case, wanted, known)
    return swept(
        case,
        design,
        settings,
        store=store,
        workers=workers,
        cluster=cluster,
        progress=progress,
        stop=stop,
    )


def swept(
    case: Case,
    design: Design,
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Headway], None] | None = None,
    stop: Stop | None = None,
) -> Sweep:
    """The sweep of a design; see `sweep`."""
    settings = settings or Settings()
    cases = [point.case for point in design.points]
    answers = solve_what_ifs(
        case,
        cases,
        settings,
        store=store,
        workers=workers,
        cluster=cluster,
        progress=progress,
        stop=stop,
    )
    with closing(answers):
        first = next(answers)
        rows = {
            answer.number: _row(design.points[answer.number - 1].inputs, answer, first.outcome)
            for answer in answers
        }
    ordered = tuple(rows[number] for number in sorted(rows))
    inputs = tuple("" for _ in design.columns)
    return Sweep(
        case,
        settings,
        design.kind,
        design.columns,
        _row(inputs, first, first.outcome),
        ordered,
        design.notes,
    )


def _row(inputs: tuple[str, ...], answer: Answer, base: Outcome | None) -> Row:
    """An answer as a row, held against the case itself."""
    outcome = answer.outcome
    if outcome is None:
        return Row(inputs, "failed", answer.fault, ())
    figures = key_figures(outcome)
    before = {} if base is None else named(key_figures(base))
    marks: list[Mark] = [
        difference(base, outcome, before[figure.name], figure).mark
        if base is not None and figure.name in before
        else "plan"
        for figure in figures
    ]
    return Row(inputs, outcome.status, outcome.note, figures, tuple(marks))
