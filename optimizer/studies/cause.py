"""The cause of a difference: what each part of a what-if contributes to each key figure.

When several things change at once, what one of them does hangs on which others are there
already. Its share is the mean of what it adds over all orders in which the parts can come
(the Shapley value). So the shares sum to the whole difference, equal parts have equal
shares, and a part that changes nothing has none: a case that it leaves as it is, is not
solved again. Up to `MOST_EXACT` parts every combination is solved; beyond that orders are
drawn at random with a fixed seed, and each share has a standard error.

**Parts that cannot stand alone.** A combination may be no sound case (one change needs
another), or may have no plan, or none may be found in its time. Nothing is made up for it:
its parts are taken as one with the fewest others with which it has a plan, and this is
said in `Cause.notes`. A figure that some combination lacks (the use of a site that has no
capacity there) has no shares.

**Noise** is that of all solves that a share rests on; see `optimizer.studies.noise`. Where
orders are drawn, no share is called proven, and one within two standard errors is noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import factorial, sqrt
from random import Random
from statistics import stdev

from models.case import Case
from models.problem import CaseError
from optimizer.outcome import Outcome
from optimizer.studies.kpis import Kpi, key_figures, named
from optimizer.studies.noise import Finding, combination
from optimizer.studies.question import case_digest
from optimizer.studies.whatif import Part, WhatIf

#: Up to so many parts every combination is solved.
MOST_EXACT = 7
#: Beyond that about so many solves are spent on orders drawn at random.
SAMPLED_SOLVES = 2**MOST_EXACT
#: Standard errors within which a sampled share is not told from 0.
ERRORS = 2.0

#: Some of the parts, by number.
Some = frozenset[int]
#: Solves cases; equal ones once.
Solve = Callable[[Sequence[Case]], Sequence[Outcome]]


@dataclass(frozen=True)
class Share:
    """What a part contributes to the difference in a key figure.

    ``finding`` holds the share and what is proven of it. ``alone``: what the part does by
    itself; ``last``: what it adds when all others are there (None: not solved). Where the
    three differ, parts act on each other. ``error`` is the standard error of a sampled share.
    """

    part: Part
    figure: Kpi
    finding: Finding
    alone: float | None = None
    last: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class Cause:
    """The shares of all parts in all key figures, and how they were found.

    ``parts`` after those that cannot stand alone were joined; ``orders`` drawn at random,
    0 when every combination was solved; ``cases`` is how many different ones there were.
    """

    parts: tuple[Part, ...]
    shares: tuple[Share, ...]
    orders: int = 0
    cases: int = 0
    notes: tuple[str, ...] = ()

    def of(self, figure: str) -> tuple[Share, ...]:
        """The shares in one key figure, in the order of the parts."""
        return tuple(share for share in self.shares if share.figure.name == figure)


def cause_of(case: Case, what_if: WhatIf, solve: Solve, seed: int = 0) -> Cause:
    """The cause of all differences between a case and a what-if, both of which have a plan."""
    division = _Division(case, what_if, seed)
    while True:
        division.join_unsound()
        digests = division.digests()
        outcomes = dict(zip(digests, solve(list(digests.values())), strict=True))
        if not division.join_without_plan(outcomes):
            return Cause(
                division.parts,
                tuple(_shares(division, outcomes)),
                0 if division.orders is None else len(division.orders),
                len(outcomes),
                tuple(division.notes),
            )


class _Division:
    """The parts of a what-if, and the combinations of them that must be solved."""

    def __init__(self, case: Case, what_if: WhatIf, seed: int) -> None:
        self.case, self.what_if, self.seed = case, what_if, seed
        self.parts = what_if.parts
        self.notes: list[str] = []
        self._cases: dict[tuple[int, ...], Case] = {}
        self._draw()

    def _draw(self) -> None:
        """The orders in which parts come, where not all can be tried."""
        count = len(self.parts)
        self.orders: list[tuple[int, ...]] | None = None
        if count > MOST_EXACT:
            random = Random(self.seed)
            number = max(2, SAMPLED_SOLVES // (count - 1))
            self.orders = [tuple(random.sample(range(count), count)) for _ in range(number)]

    @property
    def needed(self) -> list[Some]:
        """The combinations that shares rest on, small ones first."""
        count = len(self.parts)
        if self.orders is None:
            return [frozenset(some) for n in range(count + 1) for some in _some(count, n)]
        prefixes = {frozenset(order[:n]) for order in self.orders for n in range(count + 1)}
        return sorted(prefixes, key=lambda some: (len(some), sorted(some)))

    def case_of(self, some: Some) -> Case:
        """The case of a combination; raises `CaseError` when it is not sound."""
        chosen = [self.parts[n] for n in sorted(some)]
        key = tuple(sorted(index for part in chosen for index in part.changes))
        if key not in self._cases:
            self._cases[key] = self.what_if.partly(self.case, chosen)
        return self._cases[key]

    def digests(self) -> dict[str, Case]:
        """The different cases of all combinations."""
        cases = (self.case_of(some) for some in self.needed)
        return {case_digest(case): case for case in cases}

    def digest(self, some: Some) -> str:
        """The key of a combination's case."""
        return case_digest(self.case_of(some))

    # Parts that cannot stand alone ------------------------------------------------

    def join_unsound(self) -> None:
        """Join parts until every combination is a sound case."""

        def sound(some: Some) -> bool:
            try:
                self.case_of(some)
            except CaseError:
                return False
            return True

        while self._join(sound, "no sound case"):
            pass

    def join_without_plan(self, outcomes: Mapping[str, Outcome]) -> bool:
        """Join the parts of a combination that has no plan; False when all have one."""
        words = {"infeasible": "no plan", "unknown": "no plan within the time limit"}

        def outcome(some: Some) -> Outcome | None:
            try:
                return outcomes.get(self.digest(some))
            except CaseError:
                return None

        bad = next(
            (found for some in self.needed if (found := outcome(some)) and not found.plan), None
        )
        if bad is None:
            return False

        def planned(some: Some) -> bool:
            found = outcome(some)
            return found is not None and found.plan is not None

        return self._join(planned, words[bad.status])

    def _join(self, holds: Callable[[Some], bool], lacks: str) -> bool:
        """Join the first combination that does not hold with the fewest others that mend it."""
        bad = next((some for some in self.needed if not holds(some)), None)
        if bad is None:
            return False
        rest = [n for n in range(len(self.parts)) if n not in bad]
        joined = next(
            frozenset(bad | set(more))
            for number in range(1, len(rest) + 1)
            for more in combinations(rest, number)
            if holds(frozenset(bad | set(more)))
        )
        alone = _listed([self.parts[n].title for n in sorted(bad)])
        others = _listed([self.parts[n].title for n in sorted(joined - bad)])
        self.notes.append(f"{alone} without {others} leaves {lacks}; they are taken as one part")
        indices = sorted(index for n in joined for index in self.parts[n].changes)
        one = Part(" + ".join(self.parts[n].title for n in sorted(joined)), tuple(indices))
        kept = [part for n, part in enumerate(self.parts) if n not in joined]
        place = sum(n < min(joined) for n in range(len(self.parts)) if n not in joined)
        self.parts = (*kept[:place], one, *kept[place:])
        self._draw()
        return True


def _some(count: int, number: int) -> Iterator[tuple[int, ...]]:
    return combinations(range(count), number)


def _listed(titles: Sequence[str]) -> str:
    return " and ".join(titles)


# Shares ------------------------------------------------------------------------------


def _shares(division: _Division, outcomes: Mapping[str, Outcome]) -> Iterator[Share]:
    figures = {digest: named(key_figures(outcome)) for digest, outcome in outcomes.items()}
    keys = {some: division.digest(some) for some in division.needed}
    every = frozenset(range(len(division.parts)))
    base, whole = keys[frozenset()], keys[every]
    for name in figures[base]:
        if any(name not in known for known in figures.values()):
            continue

        def value(some: Some, name: str = name) -> float | None:
            return figures[keys[some]][name].value if some in keys else None

        for number, part in enumerate(division.parts):
            terms: dict[str, Fraction] = {}
            for some, weight in _weights(division, number):
                with_it, without = keys[some | {number}], keys[some]
                terms[with_it] = terms.get(with_it, Fraction(0)) + weight
                terms[without] = terms.get(without, Fraction(0)) - weight
            finding = combination(
                [(float(w), outcomes[key], figures[key][name]) for key, w in terms.items()]
            )
            error = _error(division, number, value)
            yield Share(
                part,
                figures[whole][name],
                finding if division.orders is None else _unsure(finding, error),
                _less(value(frozenset({number})), value(frozenset())),
                _less(value(every), value(every - {number})),
                error,
            )


def _weights(division: _Division, number: int) -> Iterator[tuple[Some, Fraction]]:
    """The combinations to which a part comes, and how often: all weights sum to 1."""
    count = len(division.parts)
    if division.orders is not None:
        for order in division.orders:
            yield frozenset(order[: order.index(number)]), Fraction(1, len(division.orders))
        return
    others = [n for n in range(count) if n != number]
    for size in range(count):
        weight = Fraction(factorial(size) * factorial(count - size - 1), factorial(count))
        yield from ((frozenset(some), weight) for some in combinations(others, size))


def _error(division: _Division, number: int, value: Callable[[Some], float | None]) -> float | None:
    """Standard error of a share over the orders drawn."""
    if division.orders is None:
        return None
    added = [_less(value(some | {number}), value(some)) for some, _ in _weights(division, number)]
    known = [one for one in added if one is not None]
    return stdev(known) / sqrt(len(known)) if len(known) == len(added) else None


def _unsure(finding: Finding, error: float | None) -> Finding:
    """A share from some orders only: nothing is proven of that over all orders."""
    if finding.value is None or error is None or finding.mark == "same":
        return replace(finding, least=None, most=None)
    if finding.mark == "noise" or abs(finding.value) <= ERRORS * error:
        return Finding(finding.value, "noise")
    return Finding(finding.value, "plan" if finding.mark == "plan" else "unproven")


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
