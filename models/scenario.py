"""A scenario: a named list of changes to a case, and the case that comes of it.

Changes apply in order, each to the case as the one before left it, and only what comes of
all is checked as a whole. Every path must name something in the case itself, so that each
change can be made alone and any of them left out.

Not here: carrying a change out (`models.edits`), scenarios that extend or are added to
each other (`models.scenarios`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from models.base import Written
from models.case import Case
from models.cells import CellError, shown
from models.change import Change, one_or_more
from models.draft import Touched, unchecked
from models.edits import edited, unmet_paths
from models.problem import CaseError, Problem
from models.removal import without_idle_levers, without_idle_sources

_NAME = re.compile(r"[\w-]{1,80}")


def names_in(expression: str) -> tuple[str, ...]:
    """The names in an expression such as ``slow_platform + eu_duty_35``.

    Raises `CellError` for text that is none.
    """
    names = tuple(name.strip() for name in expression.split("+"))
    if all(_NAME.fullmatch(name) for name in names):
        return names
    raise CellError(
        f"{shown(expression)} is no name of a scenario",
        "letters, digits, _ and -, at most 80; a + b for two of them",
    )


def _sound_name(text: str) -> str:
    return " + ".join(names_in(text))


Name = Annotated[str, AfterValidator(_sound_name)]


class Scenario(Written):
    """A world that is not the case's, as changes to it; ``extends`` others by their names."""

    name: Name = Field(description="what it is called by")
    title: str = Field("", description="name to show")
    reason: str = Field("", description="why it may come to pass, and where its numbers are from")
    extends: Annotated[tuple[Name, ...], BeforeValidator(one_or_more)] = Field(
        (), description="scenarios that are applied before its own changes"
    )
    changes: tuple[Change, ...] = Field((), description="what is otherwise, in order")

    def subset(self, indices: Iterable[int]) -> Scenario:
        """The scenario with only these of its changes (numbers from 0), in its order."""
        chosen = set(indices)
        unknown = chosen - set(range(len(self.changes)))
        if unknown:
            raise IndexError(f"{self.name} has no change {min(unknown)}")
        kept = tuple(change for n, change in enumerate(self.changes) if n in chosen)
        return self.model_copy(update={"changes": kept})


@dataclass(frozen=True)
class Applied:
    """A scenario's case, what was changed in it, and what should be known about that.

    ``touched`` has an entry for each cell and change, in the order of the changes; so a
    cell that two changes touch is there twice.
    """

    case: Case
    warnings: tuple[Problem, ...]
    touched: tuple[Touched, ...]


def apply(case: Case, scenario: Scenario) -> Applied:
    """The case as the scenario has it, checked as a whole.

    A change that alters nothing is a warning. Raises `CaseError` with every path that
    names nothing, every value that is not allowed, or all that the new case lacks.
    """
    if scenario.extends:
        found = f"it extends {', '.join(scenario.extends)}, whose changes are not at hand"
        cure = "Take it from Scenarios.combined"
        raise CaseError([Problem(scenario.name, column="extends", found=found, cure=cure)])
    made = run(case, scenario.changes)
    if made.faults:
        raise CaseError([_told(scenario.name, number, fault) for number, fault in made.faults])
    warnings = tuple(_told(scenario.name, number, fault) for number, fault in made.idle)
    return Applied(made.case, warnings, made.touched)


def _told(name: str, number: int | None, problem: Problem) -> Problem:
    """A problem of a change, or of all together, with the scenario's name."""
    column = "" if number is None else f"change {number + 1}"
    return replace(problem, where=name, column=column, found=said(problem))


def said(problem: Problem) -> str:
    """What is wrong with a change, and in which of its cells."""
    place = ", ".join(part for part in (problem.where, problem.column) if part)
    return f"{place}: {problem.found}"


class Run(NamedTuple):
    """What became of a list of changes; what is wrong or idle with the number of its change."""

    case: Case
    touched: tuple[Touched, ...]
    faults: list[tuple[int | None, Problem]]
    idle: list[tuple[int, Problem]]


def run(case: Case, changes: Iterable[Change]) -> Run:
    """The case after these changes, or all that is wrong with them."""
    now, touched = case, list[Touched]()
    faults: list[tuple[int | None, Problem]] = []
    idle: list[tuple[int, Problem]] = []
    for number, change in enumerate(changes):
        unmet = unmet_paths(case, change)
        faults += [(number, problem) for problem in unmet]
        if unmet:
            continue
        try:
            now, done = edited(now, change)
        except CaseError as error:
            faults += [(number, problem) for problem in error.problems]
        except ValueError:  # a change before has spoilt the calendar
            found = "its periods cannot be read with the changes before"
            faults.append((number, Problem("horizon", found=found)))
        else:
            touched += [replace(entry, change=number) for entry in done]
            idle += [] if done else [(number, _idle(now, change))]
    if not faults:
        try:
            now = _checked(case, now, touched)
        except CaseError as error:
            faults += [(None, problem) for problem in error.problems]
    return Run(now, tuple(touched), faults, idle)


def _checked(case: Case, new: Case, touched: list[Touched]) -> Case:
    """The new case, checked as a whole; the case itself where nothing was touched."""
    if any(entry.removed or entry.path.endswith(".since") for entry in touched):
        new = unchecked(new, {"levers": without_idle_levers(new)})
        new = unchecked(new, {"sources": without_idle_sources(new)})
    parts = {name: getattr(new, name) for name in type(case).model_fields}
    parts = {name: part for name, part in parts.items() if part is not getattr(case, name)}
    return case.replace(**parts) if touched else case


def _idle(case: Case, change: Change) -> Problem:
    """Why a change alters nothing."""
    gone = len(unmet_paths(case, change)) == len(change.paths)
    found = "what it names is gone by then" if gone else "it alters nothing"
    cure = "" if gone else "What it names is so already, is blank, or lies in other periods"
    return Problem(str(change), found=found, cure=cure)
