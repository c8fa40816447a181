"""What each step before and around the search is worth: the same cases with it left out.

Times are of the processor, each as a part of that with every step, case by case; the
cases lie apart (generated ones, the shipped one with other seeds and other decisions), as
what pays on one can cost on another. Not here: what the steps do (see `optimizer.searching`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.case import Case
from optimizer import Prepared, Settings, lexicographic, world
from optimizer.highs import relaxation
from optimizer.searching import looking, narrowing, search
from optimizer.studies.prices import forbidden, forced
from tests.bench.cases import CASES
from tests.bench.generate import generated

#: Longest solve, in seconds; what it stops counts with all of them.
LONGEST = 90.0


@dataclass(frozen=True)
class Measure:
    """One solve: processor seconds, and whether every goal was proven."""

    seconds: float
    proven: bool


#: Cases to measure on, by name, each with its seed.
ON: dict[str, tuple[Callable[[], Case], int]] = {
    "S, 0": (lambda: generated("S", 0), 0),
    "S, 1": (lambda: generated("S", 1), 0),
    "S, 2": (lambda: generated("S", 2), 0),
    "shipped, seed 0": (CASES["shipped"], 0),
    "shipped, seed 1": (CASES["shipped"], 1),
    "no second packs": (lambda: forbidden(CASES["shipped"](), "expansions.packs_2"), 0),
    "own sales in Spain": (lambda: forced(CASES["shipped"](), "entries.spain.own"), 0),
}
#: Steps by name: what is put in the place of what, to leave the step out.
STEPS: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    "rows by start": (
        (world, "compile_pool", lambda matrix, sums, _: _compile_pool(matrix, sums)),
    ),
    "all rows of the pool": ((search, "MOST_ROWS", 0),),
    "narrowing": ((narrowing.Narrowing, "narrow", lambda self, _: self.search.tighten(self.aim)),),
    "looking ahead": ((lexicographic.Lexicographic, "_look_ahead", lambda self, goal: None),),
    "looking for plans": ((looking.Looking, "look", lambda self, relaxed, again: None),),
    "near proofs first": ((search.Search, "_close", lambda self, aim, relaxed, cutoff: None),),
    "interior points": (
        (relaxation, "MANY_ENTRIES", 10**9),
        (relaxation, "VERY_MANY_ENTRIES", 10**9),
    ),
}
_compile_pool = world.compile_pool


@contextmanager
def left_out(step: str) -> Iterator[None]:
    """Everything without one step; with none for a blank name."""
    changes = STEPS.get(step, ())
    before = [getattr(place, name) for place, name, _ in changes]
    for place, name, other in changes:
        setattr(place, name, other)
    try:
        yield
    finally:
        for (place, name, _), was in zip(changes, before, strict=True):
            setattr(place, name, was)


def measured(step: str, on: str) -> Measure:
    """A solve to 0.1 % of one of the cases without a step."""
    case, seed = ON[on][0](), ON[on][1]
    with left_out(step):
        began = time.process_time()
        outcome = Prepared(case, Settings(seed=seed, time_limit=LONGEST)).solve()
        return Measure(time.process_time() - began, outcome.proven)
