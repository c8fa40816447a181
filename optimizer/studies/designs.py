"""Designs: which cases a sweep solves. A grid, the ends of all ranges, or scenarios.

A design is made whole before anything is solved, so that everything wrong with any of its
cases is said at once. Not here: solving them (see `optimizer.studies.sweep`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import product
from math import prod
from typing import Literal

from pydantic import ValidationError

from models.case import Case
from models.cells import CellError, cell_text, refusals, shown
from models.change import Change
from models.paths import matching, nearest
from models.problem import CaseError, Problem
from models.scenario import Scenario, apply
from models.scenarios import Scenarios
from models.source import Source
from optimizer.studies.whatif import what_if

Kind = Literal["grid", "tornado", "scenarios"]
#: Values of a path: as people type them, or one by one.
Values = str | Sequence[float | str]
#: More cases than this are taken for a slip.
MOST_POINTS = 5000
#: What may be written for the values of a path.
FORM = "values as a,b,c, a range as first:last:step, and * or + before it for factors or amounts"
#: What stands before the values that are factors on what the case has, or amounts added.
_SIGNS = {"*": "scale", "+": "add"}


@dataclass(frozen=True)
class Point:
    """One case of a design; ``inputs`` are in the order of its columns, as text."""

    inputs: tuple[str, ...]
    case: Case


@dataclass(frozen=True)
class Design:
    """Cases that are to be compared with one; ``columns`` name the inputs of its points."""

    kind: Kind
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()


# A grid ----------------------------------------------------------------------------


def grid(case: Case, vary: Mapping[str, Values]) -> Design:
    """Every combination of values; ``vary`` maps paths to them.

    Values are a list or text as people type it (see `FORM`). Raises `CaseError` with all
    that is wrong with paths, values, or the cases that come of them.
    """
    if not vary:
        raise CaseError([Problem("grid", found="nothing is varied", cure="Name a path")])
    problems: list[Problem] = []
    axes: list[list[tuple[str, Change]]] = []
    for path, values in vary.items():
        try:
            axes.append(_axis(path, values))
        except CellError as error:
            problems.append(Problem(path, 0, "", error.found, error.allowed, error.cure))
    if problems:
        raise CaseError(problems)
    count = prod(len(axis) for axis in axes)
    if count > MOST_POINTS:
        sizes = " x ".join(str(len(axis)) for axis in axes)
        found = f"{sizes} make {count:,} cases"
        raise CaseError([Problem("grid", found=found, allowed=f"at most {MOST_POINTS:,}")])
    points = []
    for combination in product(*axes):
        inputs = tuple(text for text, _ in combination)
        name = ", ".join(f"{path}={text}" for path, text in zip(vary, inputs, strict=True))
        made = _changed(case, [change for _, change in combination], name, problems)
        points.append(Point(inputs, made))
    if problems:
        raise CaseError(problems)
    return Design("grid", tuple(vary), tuple(points))


def _axis(path: str, values: Values) -> list[tuple[str, Change]]:
    """The values of a path as text, each with the change that it is."""
    sign, texts = _typed(values) if isinstance(values, str) else ("", _listed(values))
    texts = list(dict.fromkeys(texts))
    if not texts:
        raise CellError("there are no values", FORM)
    try:
        if not sign:
            return [(text, Change(set=path, to=text)) for text in texts]
        changes = [Change.model_validate({_SIGNS[sign]: path, "by": float(t)}) for t in texts]
    except ValidationError as error:
        raise next(refusals(error, Change))[1] from None
    except ValueError:
        raise CellError(f"{shown(', '.join(texts))} are not all numbers", FORM) from None
    return [(f"{sign}{text}", change) for text, change in zip(texts, changes, strict=True)]


def _listed(values: Sequence[float | str]) -> list[str]:
    return [cell_text(value).strip() for value in values]


def _typed(text: str) -> tuple[str, list[str]]:
    """The sign before values, and the values one by one."""
    text = text.strip()
    sign = text[0] if text and text[0] in _SIGNS else ""
    text = text.removeprefix(sign)
    if ":" in text:
        return sign, list(_range(text))
    texts = [part.strip() for part in text.split(",")]
    if not all(texts):
        raise CellError("a value is blank", FORM)
    return sign, texts


def _range(text: str) -> Iterator[str]:
    """The values from the first to the last by a step, both ends included."""
    try:
        first, last, step = (Decimal(part.strip()) for part in text.split(":"))
        finite = all(number.is_finite() for number in (first, last, step))
    except (ValueError, ArithmeticError):
        raise CellError(f"{shown(text)} is no range", FORM) from None
    if not finite or not step or (last - first) * step < 0:
        raise CellError(f"the range {shown(text)} never gets from its first to its last", FORM)
    if (last - first) / step > MOST_POINTS:
        raise CellError(f"the range {shown(text)} has too many values", f"at most {MOST_POINTS:,}")
    for number in range(int((last - first) / step) + 1):
        yield cell_text(float(first + number * step))


def _changed(case: Case, changes: Iterable[Change], name: str, problems: list[Problem]) -> Case:
    """The case with changes; what is wrong is added to the problems."""
    try:
        return apply(case, Scenario(name="point", changes=tuple(changes))).case
    except CaseError as error:
        known = {(problem.found, problem.allowed) for problem in problems}
        problems += [
            replace(problem, where=name, column="")
            for problem in error.problems
            if (problem.found, problem.allowed) not in known
        ]
        return case


# One at a time -----------------------------------------------------------------------


def tornado(case: Case, only: Sequence[str] = ()) -> Design:
    """Each number with a range at its low and at its high, all others as they are.

    The ranges are those of the table ``sources``; ``only`` are patterns for its ``cells``
    (``*`` stands for anything). What is blank in the case stays blank. Raises `CaseError`
    when there is no range, a pattern meets none, or a range leaves no sound case.
    """
    ranged = [row for row in case.sources if row.low is not None and row.high is not None]
    if not ranged:
        found = "the case states no ranges"
        cure = "State low and high in sources.csv"
        raise CaseError([Problem("sources", found=found, cure=cure)])
    cells = [row.cells for row in ranged]
    unmet = [pattern for pattern in only if not any(_fits(name, pattern) for name in cells)]
    if unmet:
        found = "no range has such cells"
        allowed = "cells of a row of sources that has low and high, with * for anything"
        raise CaseError([Problem(p, 0, "", found, allowed, nearest(p, cells)) for p in unmet])
    problems: list[Problem] = []
    points: list[Point] = []
    notes: list[str] = []
    for row in ranged:
        if only and not any(_fits(row.cells, pattern) for pattern in only):
            continue
        ends = list(_ends(case, row, problems))
        if all(point.case == case for point in ends):
            notes.append(f"{row.cells}: its range changes nothing")
        else:
            points += ends
    if problems:
        cure = "Mend the range in sources.csv, or choose others with --only"
        raise CaseError([replace(problem, cure=problem.cure or cure) for problem in problems])
    return Design("tornado", ("cells", "end", "value"), tuple(points), tuple(notes))


def _fits(cells: str, pattern: str) -> bool:
    return cells == pattern or fnmatchcase(cells, pattern)


def _ends(case: Case, row: Source, problems: list[Problem]) -> Iterator[Point]:
    """The case at both ends of a range."""
    for end, number in (("low", row.low), ("high", row.high)):
        assert number is not None
        if row.range == "factor":
            change, value = Change(scale=row.cells, by=number), f"*{cell_text(number)}"
        else:
            stated = tuple(_stated(case, row.cells))
            change, value = Change(set=stated or row.cells, to=number), cell_text(number)
        name = f"{row.cells} at its {end} ({value})"
        yield Point((row.cells, end, value), _changed(case, [change], name, problems))


def _stated(case: Case, pattern: str) -> Iterator[str]:
    """Paths of the cells of a pattern that are not blank."""
    for table, number, column in matching(case, pattern):
        if number >= 0:
            row = case.rows(table)[number]
            path, value = f"{row.path}.{column}", getattr(row, column)
        else:
            section = getattr(case, table) if table else case
            path, value = f"{table}.{column}".lstrip("."), getattr(section, column)
        if value is not None:
            yield path


# Scenarios -----------------------------------------------------------------------------


def listed(case: Case, scenarios: Iterable[str | Scenario], among: Scenarios) -> Design:
    """One case a scenario: by name, as ``a + b``, or a scenario that stands for itself.

    Raises `CaseError` with all names that are not ``among`` those known and all that is
    wrong with the cases that come of them.
    """
    problems: list[Problem] = []
    points: list[Point] = []
    notes: list[str] = []
    for given in scenarios:
        try:
            found = what_if(given, among)
            applied = found.applied(case)
        except CaseError as error:
            problems += error.problems
            continue
        notes += [str(warning) for warning in applied.warnings]
        points.append(Point((found.name, found.title), applied.case))
    if problems:
        raise CaseError(problems)
    if not points:
        raise CaseError([Problem("scenarios", found="there are none", cure="Name one")])
    return Design("scenarios", ("scenario", "title"), tuple(points), tuple(notes))
