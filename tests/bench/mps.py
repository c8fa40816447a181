"""Reads a model file and checks an answer to it, with arithmetic of its own.

Solvers that are compared say how good their answer is; what counts is what is worked
out here from the file and the values of the columns. Files are MPS with names without
blanks, as solvers write them. Not here: solving (see `tests.bench.peers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

SECTIONS = ("NAME", "OBJSENSE", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA")


@dataclass
class Program:
    """A mixed-integer program that minimises ``offset + cost @ x``.

    ``rows`` holds the terms of each row by its name, ``low`` and ``high`` what it may
    be; ``lower`` and ``upper`` are the bounds of columns, ``whole`` those that are whole.
    """

    offset: float = 0.0
    cost: dict[str, float] = field(default_factory=dict)
    rows: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    lower: dict[str, float] = field(default_factory=dict)
    upper: dict[str, float] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    @property
    def continuous(self) -> int:
        """How many columns need not be whole."""
        return len(self.lower) - len(self.whole)

    def value(self, x: Mapping[str, float]) -> float:
        """The objective at an answer; columns that it does not name are 0."""
        return self.offset + sum(c * x.get(column, 0.0) for column, c in self.cost.items())

    def worst(self, x: Mapping[str, float]) -> tuple[float, str]:
        """The largest violation at an answer, and where it is.

        A row's violation counts as a part of its limit or of its largest term (of 1 when
        these are smaller), a bound's as a part of the bound; for a whole column it is
        also the distance to the next whole number.
        """
        return max(self._violations(x), default=(0.0, ""))

    def _violations(self, x: Mapping[str, float]) -> Iterator[tuple[float, str]]:
        for name, terms in self.rows.items():
            parts = [value * x.get(column, 0.0) for column, value in terms]
            size = max((abs(part) for part in parts), default=0.0)
            yield _outside(sum(parts), self.low[name], self.high[name], size), f"row {name}"
        for name, low in self.lower.items():
            value = x.get(name, 0.0)
            yield _outside(value, low, self.upper[name], 0.0), f"column {name}"
            if name in self.whole:
                yield abs(value - round(value)), f"whole column {name}"


def _outside(value: float, low: float, high: float, size: float) -> float:
    """How far a value lies outside its limits, as a part of the limit or of ``size``."""
    broken, limit = (low - value, low) if value < low else (value - high, high)
    return max(0.0, broken) / max(1.0, size, abs(limit)) if broken > 0 else 0.0


def read_mps(path: str | Path) -> Program:
    """The program in a file.

    Raises `ValueError` with line and cure for what it cannot read, for a file that
    maximises (solvers differ in whether they see that), and for a whole column without
    any bound (they differ in what it may be then).
    """
    reader = _Reader()
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("*"):
            try:
                reader.line(line)
            except (ValueError, KeyError, IndexError) as error:
                raise ValueError(f"{path} line {number}: {line.strip()!r}: {error}") from error
    return reader.program_of(path)


class _Reader:
    """Takes a file line by line."""

    def __init__(self) -> None:
        self.program = Program()
        self.section = ""
        self.objective = ""
        self.kind: dict[str, str] = {}
        self.whole = False
        self.bounded: set[str] = set()
        self.ended = False

    def line(self, line: str) -> None:
        words = line.split()
        if not line[0].isspace():
            self.section = words[0].upper()
            if self.section not in SECTIONS:
                raise ValueError(f"no section is called so; allowed are {', '.join(SECTIONS)}")
            self.ended = self.section == "ENDATA"
            words = words[1:] if self.section == "OBJSENSE" else []
        if words:
            take: Callable[[list[str]], None] = getattr(self, f"_{self.section.lower()}")
            take(words)

    def _objsense(self, words: list[str]) -> None:
        if words[0].upper().startswith("MAX"):
            raise ValueError("it maximises; write it as a minimisation")

    def _rows(self, words: list[str]) -> None:
        kind, name = words[0].upper(), words[1]
        if kind == "N":
            self.objective = self.objective or name
            return
        self.kind[name] = kind
        self.program.rows[name] = []
        self.program.low[name] = -inf if kind == "L" else 0.0
        self.program.high[name] = inf if kind == "G" else 0.0

    def _columns(self, words: list[str]) -> None:
        if "MARKER" in words[1]:
            self.whole = "INTORG" in words[2]
            return
        name = words[0]
        self.program.lower.setdefault(name, 0.0)
        self.program.upper.setdefault(name, inf)
        if self.whole:
            self.program.whole.add(name)
        for row, value in _pairs(words[1:]):
            if row == self.objective:
                self.program.cost[name] = value
            elif row in self.program.rows:
                self.program.rows[row].append((name, value))

    def _rhs(self, words: list[str]) -> None:
        for row, value in _pairs(words[len(words) % 2 :]):
            if row == self.objective:
                self.program.offset = -value
                continue
            if self.kind[row] != "L":
                self.program.low[row] = value
            if self.kind[row] != "G":
                self.program.high[row] = value

    def _ranges(self, words: list[str]) -> None:
        for row, value in _pairs(words[len(words) % 2 :]):
            low, high = self.program.low[row], self.program.high[row]
            if self.kind[row] == "G" or (self.kind[row] == "E" and value > 0):
                self.program.high[row] = low + abs(value)
            else:
                self.program.low[row] = high - abs(value)

    def _bounds(self, words: list[str]) -> None:
        kind, name = words[0].upper(), words[2]
        value = float(words[3]) if len(words) > 3 else 0.0
        program = self.program
        self.bounded.add(name)
        if kind in ("LI", "UI", "BV"):
            program.whole.add(name)
        if kind in ("FX", "LO", "LI"):
            program.lower[name] = value
        if kind in ("FX", "UP", "UI"):
            program.upper[name] = value
            if value < 0 == program.lower[name] and kind != "FX":
                raise ValueError("an upper bound below 0 without a lower one; state both")
        if kind in ("FR", "MI"):
            program.lower[name] = -inf
        if kind in ("FR", "PL"):
            program.upper[name] = inf
        if kind == "BV":
            program.lower[name], program.upper[name] = 0.0, 1.0
        if kind not in ("FX", "LO", "LI", "UP", "UI", "FR", "MI", "PL", "BV"):
            raise ValueError(f"no bound is called {kind}")

    def program_of(self, path: str | Path) -> Program:
        if not self.ended:
            raise ValueError(f"{path}: the end is missing; write the file again")
        open_ = sorted(self.program.whole - self.bounded)
        if open_:
            raise ValueError(
                f"{path}: the whole column {open_[0]} has no bound, and solvers differ in what "
                "that means; state its bounds"
            )
        return self.program


def _pairs(words: list[str]) -> Iterator[tuple[str, float]]:
    for place in range(0, len(words), 2):
        yield words[place], float(words[place + 1])
