"""Many plans side by side: what changes when the world does, and why.

    from optimizer import compare, load_case, load_scenarios

    comparison = compare(load_case("tiny"), ["late_two", "no_licence"], load_scenarios("tiny"))
    print(comparison.kpis, comparison.decisions, comparison.causes)

The base case is solved first; every what-if begins with its plan and what its solve
taught. Each case is solved
once, however many scenarios and combinations of their parts come to it. Not here: what is
proven of a difference (`optimizer.studies.noise`), how it is split over its causes
(`optimizer.studies.cause`), and how it is printed (`optimizer.reporting.comparison`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from models.case import Case
from models.problem import CaseError, Problem
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer.errors import EvplanError
from optimizer.outcome import Outcome
from optimizer.studies.cause import Cause, cause_of
from optimizer.studies.comparison_rows import TABLES, rows_of
from optimizer.studies.differences import (
    DecisionChange,
    LimitChange,
    SalesChange,
    decision_changes,
    decisions_in_all,
    limit_changes,
    sales_changes,
)
from optimizer.studies.kpis import Kpi, key_figures, named
from optimizer.studies.noise import MARK_WORDS, Finding, difference
from optimizer.studies.question import Question, case_digest
from optimizer.studies.whatif import Level, WhatIf, what_if

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.highs import Stop
    from optimizer.settings import Settings
    from optimizer.studies.many import Answer, Headway
    from optimizer.studies.store import Store

#: Answers questions, in whatever order.
Ask = Callable[[Sequence[Question]], Iterable["Answer"]]


@dataclass(frozen=True)
class FigureChange:
    """A key figure of the base plan and of another one; None where one has no such figure."""

    before: Kpi | None
    after: Kpi | None
    finding: Finding

    @property
    def figure(self) -> Kpi:
        """The figure, of whichever has it."""
        figure = self.after or self.before
        assert figure is not None
        return figure


@dataclass(frozen=True)
class Side:
    """One scenario or run beside the base case: its outcome, and all that differs.

    Without a plan on either side nothing is compared. ``cause`` is there where there are
    several parts to which a difference can be put down, and it was asked for. ``warnings``
    tell what of the scenario changes nothing.
    """

    name: str
    title: str
    outcome: Outcome
    figures: tuple[FigureChange, ...] = ()
    decisions: tuple[DecisionChange, ...] = ()
    sales: tuple[SalesChange, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    cause: Cause | None = None
    warnings: tuple[str, ...] = ()

    def change(self, figure: str) -> FigureChange | None:
        """The change of a key figure by its name."""
        return next((change for change in self.figures if change.figure.name == figure), None)


@dataclass(frozen=True, repr=False)
class Comparison:
    """A base case and others beside it.

    ``kpis``, ``decisions``, ``sales``, ``limits`` and ``causes`` are frames with a row for
    each difference (``kpis``: each figure) and the columns of
    `optimizer.studies.comparison_rows`.
    """

    #: Names of the tables.
    tables: ClassVar[tuple[str, ...]] = tuple(TABLES)

    name: str
    base: Outcome
    sides: tuple[Side, ...]

    @cached_property
    def decisions_in_all(self) -> int:
        """How many decisions are the same, period included, in every plan."""
        return decisions_in_all([self.base, *(side.outcome for side in self.sides)])

    @property
    def kpis(self) -> pd.DataFrame:
        """Every key figure of every scenario, and how it differs."""
        return self.frame("kpis")

    @property
    def decisions(self) -> pd.DataFrame:
        """Decisions added, dropped, moved, or changed in mode or size."""
        return self.frame("decisions")

    @property
    def sales(self) -> pd.DataFrame:
        """Own cars by market and car, where they differ."""
        return self.frame("sales")

    @property
    def limits(self) -> pd.DataFrame:
        """Limits that start or stop to bind."""
        return self.frame("limits")

    @property
    def causes(self) -> pd.DataFrame:
        """What each part of a scenario contributes to each difference."""
        return self.frame("causes")

    def frame(self, table: str) -> pd.DataFrame:
        """One of the ``tables``."""
        import pandas as pd

        return pd.DataFrame(rows_of(self, table), columns=list(TABLES[table]))

    @property
    def facts(self) -> dict[str, Any]:
        """What stands beside the tables: what was compared, and what columns and marks mean."""
        sides = [
            {
                "name": side.name,
                "title": side.title,
                "status": side.outcome.status,
                "warnings": list(side.warnings),
                "notes": list(side.cause.notes) if side.cause else [],
                "orders_drawn": side.cause.orders if side.cause else None,
            }
            for side in self.sides
        ]
        base = {"name": self.name, "title": self.base.case.title, "status": self.base.status}
        same = {"decisions_in_all": self.decisions_in_all}
        return {"base": base, "scenarios": sides, **same, "marks": MARK_WORDS, "columns": TABLES}

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data: facts, and the rows of every table."""
        return self.facts | {table: rows_of(self, table) for table in TABLES}

    def __repr__(self) -> str:
        return f"<Comparison of {self.name} with {', '.join(side.name for side in self.sides)}>"

    def _repr_html_(self) -> str:
        from html import escape

        from optimizer.reporting.comparison import in_words

        return f"<pre>{escape(chr(10).join(in_words(self)))}</pre>"


def compare(
    case: Case,
    scenarios: Iterable[str | Scenario],
    among: Scenarios | None = None,
    *,
    cause: bool = True,
    level: Level = "auto",
    seed: int = 0,
    settings: Settings | None = None,
    store: Store | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[Headway], None] | None = None,
    stop: Stop | None = None,
) -> Comparison:
    """A case beside itself under scenarios, with the cause of every difference.

    ``scenarios`` are expressions of names ``among`` the scenarios given and of changes
    (``late_two + finance.opening_cash=20``), or `Scenario` records. ``level`` tells what
    differences are put down to (see `optimizer.studies.whatif`), ``seed`` draws the orders
    where there are too many parts; the other arguments are those of
    `optimizer.studies.many.solve_all`. Raises `CaseError` with all that is wrong with any
    scenario, and `EvplanError` when a case cannot be solved.
    """
    from optimizer.studies.many import Asking

    meant = what_ifs(case, scenarios, among, level)
    with Asking(settings, store, workers, cluster, progress, stop) as asking:
        return compared(case, meant, asking.answers, cause=cause, seed=seed)


def what_ifs(
    case: Case, scenarios: Iterable[str | Scenario], among: Scenarios | None, level: Level
) -> tuple[WhatIf, ...]:
    """The what-ifs of expressions; each can be applied to the case, or it is a `CaseError`."""
    meant: dict[str, WhatIf] = {}
    problems: list[Problem] = []
    for given in scenarios:
        try:
            made = what_if(given, among or Scenarios(), level)
            _check_comparable(case, made.applied(case).case, made.name)
        except CaseError as error:
            problems.extend(error.problems)
        else:
            meant.setdefault(made.name, made)
    if problems:
        raise CaseError(problems)
    return tuple(meant.values())


def compared(
    case: Case, meant: Sequence[WhatIf], ask: Ask, *, cause: bool = True, seed: int = 0
) -> Comparison:
    """The comparison of a case with what-ifs, whose questions ``ask`` answers.

    Raises `EvplanError` for a question without an answer.
    """
    solves = _Solves(case, ask)
    base = solves.base
    applied = [one.applied(case) for one in meant]
    outcomes = solves.of([one.case for one in applied])
    sides = []
    for one, made, outcome in zip(meant, applied, outcomes, strict=True):
        parted = cause and len(one.parts) > 1 and base.plan and outcome.plan
        found = cause_of(case, one, solves.of, seed) if parted else None
        warnings = tuple(str(replace(w, where=w.column, column="")) for w in made.warnings)
        sides.append(_side(base, one.name, one.title, outcome, found, warnings))
    return Comparison(case.name, base, tuple(sides))


def compare_outcomes(outcomes: Mapping[str, Outcome]) -> Comparison:
    """Outcomes solved earlier, by the names that they are to have; the first is the base.

    Raises `CaseError` when their calendars or their money cannot be compared.
    """
    (name, base), *others = outcomes.items()
    for other, outcome in others:
        _check_comparable(base.case, outcome.case, other)
    sides = [_side(base, other, outcome.case.title, outcome) for other, outcome in others]
    return Comparison(name, base, tuple(sides))


class _Solves:
    """A case and what-ifs that begin with its plan and what its solve taught.

    Each different case is solved once.
    """

    def __init__(self, case: Case, ask: Ask) -> None:
        self._ask = ask
        (answer,) = self._answers([Question(case, teaches=True)])
        self.base, self._lesson = _outcome(answer), answer.lesson
        self._known = {case_digest(case): self.base}

    def of(self, cases: Sequence[Case]) -> list[Outcome]:
        """The outcomes of cases, in their order."""
        digests = [case_digest(case) for case in cases]
        new = {d: c for d, c in zip(digests, cases, strict=True) if d not in self._known}
        start = self.base.plan.record if self.base.plan else None
        if new:
            questions = [Question(case, start, self._lesson) for case in new.values()]
            found = map(_outcome, self._answers(questions))
            self._known |= dict(zip(new, found, strict=True))
        return [self._known[digest] for digest in digests]

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers in the order of the questions."""
        return sorted(self._ask(questions), key=lambda answer: answer.number)


def _outcome(answer: Answer) -> Outcome:
    if answer.outcome is None:
        raise EvplanError(f"a case could not be solved: {answer.fault}")
    return answer.outcome


def _check_comparable(base: Case, other: Case, name: str) -> None:
    """Raise `CaseError` when periods or money of two cases cannot be subtracted."""
    pairs = (
        ("horizon.step", base.horizon.step, other.horizon.step),
        ("horizon.periods_per_year", base.horizon.per_year, other.horizon.per_year),
        ("currency", base.currency, other.currency),
        ("money_unit", base.money_unit, other.money_unit),
    )
    problems = [
        Problem(name, column=column, found=f"it is {found!r}", allowed=f"{was!r}, as in the base")
        for column, was, found in pairs
        if was != found
    ]
    if problems:
        raise CaseError(problems)


def _side(
    base: Outcome,
    name: str,
    title: str,
    outcome: Outcome,
    cause: Cause | None = None,
    warnings: tuple[str, ...] = (),
) -> Side:
    """All that differs between two outcomes."""
    if base.plan is None or outcome.plan is None:
        return Side(name, title, outcome, warnings=warnings)
    return Side(
        name,
        title,
        outcome,
        _figures(base, outcome),
        decision_changes(base, outcome),
        sales_changes(base.plan.record, outcome.plan.record),
        limit_changes(base, outcome),
        cause,
        warnings,
    )


def _figures(base: Outcome, other: Outcome) -> tuple[FigureChange, ...]:
    """Every key figure that either has."""
    before, after = named(key_figures(base)), named(key_figures(other))
    changes = []
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        known = was is not None and now is not None
        finding = difference(base, other, was, now) if known else Finding(None, "plan")  # type: ignore[arg-type]
        changes.append(FigureChange(was, now, finding))
    return tuple(changes)
