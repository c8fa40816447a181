"""What-ifs: scenarios by name, changes made up on the spot, and the parts they are made of.

An expression is what people type: ``late_two``, ``late_two + no_licence``, a change such
as ``finance.opening_cash=20``, or any of these with `` + `` between them. The parts of a
what-if are what differences are put down to, see `optimizer.studies.cause`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple

from pydantic import ValidationError

from models.case import Case
from models.cells import refusals
from models.change import Change
from models.problem import CaseError, Problem
from models.scenario import Applied, Scenario, apply
from models.scenarios import Scenarios

#: What differences are put down to: each named scenario, or each single change.
Level = Literal["auto", "scenario", "change"]


@dataclass(frozen=True)
class Part:
    """A part of a what-if: some of its changes, by number from 0, and what they are called."""

    title: str
    changes: tuple[int, ...]


@dataclass(frozen=True)
class WhatIf:
    """A scenario to be compared: its name as given, its changes, and what they are parted into."""

    name: str
    title: str
    scenario: Scenario
    parts: tuple[Part, ...]

    def applied(self, case: Case) -> Applied:
        """The case with all changes; raises `CaseError` as `models.scenario.apply` does."""
        try:
            return apply(case, self.scenario)
        except CaseError as error:
            problems = [replace(problem, where=self.name) for problem in error.problems]
            raise CaseError(problems) from None

    def partly(self, case: Case, parts: Iterable[Part]) -> Case:
        """The case with the changes of some parts only, in their own order."""
        indices = [index for part in parts for index in part.changes]
        return apply(case, self.scenario.subset(indices)).case if indices else case


def what_if(given: str | Scenario, among: Scenarios, level: Level = "auto") -> WhatIf:
    """The what-if of an expression, or of a scenario that stands for itself.

    With ``auto`` the parts are the terms of an expression that has several, and otherwise
    single changes; with ``scenario`` an expression of one term falls into the scenarios
    that it extends and itself. Raises `CaseError` for what is no expression, for names that are not
    ``among`` the scenarios, and for a scenario that extends others (take it from
    `Scenarios.combined`).
    """
    if isinstance(given, Scenario):
        return WhatIf(given.name, given.title, given, _changes_alone(given))
    terms = [term.strip() for term in re.split(r"\s\+\s", given)]
    terms = [name.strip() for term in terms for name in _names(term)]
    if not all(terms):
        found = "a name is blank"
        raise CaseError([Problem(given or "SCENARIO", found=found, allowed="a, or a + b")])
    found_terms = _terms(dict.fromkeys(terms), among)
    changes = tuple(own.change for term in found_terms for own in term.changes)
    plain = all("=" not in term for term in terms)
    name = " + ".join(terms) if plain else "what-if"
    title = " + ".join(term.title for term in found_terms)
    scenario = Scenario(name=name, title=title, changes=changes)
    return WhatIf(" + ".join(dict.fromkeys(terms)), title, scenario, _parts(found_terms, level))


class _Own(NamedTuple):
    """A change, what it is called, and the title of the scenario that it was written in."""

    change: Change
    title: str
    owner: str


class _Term(NamedTuple):
    """A term of an expression, with the changes that it brings."""

    title: str
    changes: list[_Own]


def _names(term: str) -> list[str]:
    """The names in a term; a change is one whatever its value holds."""
    return [term] if "=" in term else term.split("+")


def _terms(terms: Iterable[str], among: Scenarios) -> list[_Term]:
    """The terms of an expression with the changes that each brings, none of them twice."""
    found: list[_Term] = []
    named: list[str] = []
    problems: list[Problem] = []
    for term in terms:
        try:
            if "=" in term:
                found.append(_Term(term, [_Own(_change(term), term, term)]))
                continue
            owners = among.owners(" + ".join([*named, term]))
            both = among.combined(" + ".join([*named, term]))
        except CaseError as error:
            problems.extend(error.problems)
            continue
        seen = len(among.owners(" + ".join(named))) if named else 0
        named.append(term)
        own = [
            _Own(change, _called(change, owner, owners), owner.title or owner.name)
            for change, owner in zip(both.changes[seen:], owners[seen:], strict=True)
        ]
        found.append(_Term(among.combined(term).title, own))
    if problems:
        raise CaseError(problems)
    return found


def _called(change: Change, owner: Scenario, owners: tuple[Scenario, ...]) -> str:
    """A change's name: the title of its scenario where it is the only one there."""
    alone = sum(other.name == owner.name for other in owners) == 1
    return owner.title if alone and owner.title else str(change)


def _change(term: str) -> Change:
    """A change of the form PATH=VALUE. A name may hold =, so the last one parts them."""
    path, _, value = term.rpartition("=")
    if not path.strip():
        form = "PATH=VALUE, such as markets.germany.max_share=0.01"
        raise CaseError([Problem(term, found="no path stands before the =", allowed=form)])
    try:
        return Change(set=path.strip(), to=value.strip())
    except ValidationError as error:
        problems = [
            Problem(term, found=reason.found, allowed=reason.allowed, cure=reason.cure)
            for _, reason in refusals(error, Change)
        ]
        raise CaseError(problems) from None


def _changes_alone(scenario: Scenario) -> tuple[Part, ...]:
    return tuple(Part(str(change), (n,)) for n, change in enumerate(scenario.changes))


def _parts(terms: list[_Term], level: Level) -> tuple[Part, ...]:
    """The parts of an expression at a level, in the order of its changes."""
    changes = [own for term in terms for own in term.changes]
    if len(terms) > 1 and level != "change":
        labels = [(n, term.title) for n, term in enumerate(terms) for _ in term.changes]
    elif level == "scenario":
        labels = [(0, own.owner) for own in changes]
    else:
        labels = [(n, own.title) for n, own in enumerate(changes)]
    groups = groupby(range(len(changes)), key=lambda index: labels[index])
    return tuple(Part(title, tuple(indices)) for (_, title), indices in groups)
