"""What one search is after: a sum, and which of its values are worth having."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optimizer.highs import Sense
from optimizer.matrix import Floats, Vector


@dataclass(frozen=True)
class Aim:
    """The best value of a vector over all plans.

    ``goal`` is what is told of it, ``topic`` what it is called in what is learned.
    ``kept`` tells from the best value the one that all later plans keep. ``enough``
    and ``hopeless`` end the search early.
    """

    vector: Vector
    sense: Sense
    goal: str
    topic: str
    kept: Callable[[float], float] | None = None
    enough: float | None = None
    hopeless: float | None = None

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.sense == "max" else -1.0

    def value(self, x: Floats | None) -> float | None:
        """The value of a plan, if there is one."""
        return None if x is None else self.vector.at(x)

    def better(self, value: float, other: float) -> bool:
        """Whether one value is better than another."""
        return self.sign * (value - other) > 0

    def outer(self, bound: float, other: float) -> float:
        """The weaker of two bounds."""
        return max(bound, other) if self.sense == "max" else min(bound, other)

    def tightest(self, *bounds: float | None) -> float | None:
        """The strongest of these bounds; None where there is none."""
        known = [bound for bound in bounds if bound is not None]
        return (min if self.sense == "max" else max)(known, default=None)

    def satisfied(self, value: float | None) -> bool:
        """Whether a plan of this value ends the search."""
        return value is not None and self.enough is not None and not self.better(self.enough, value)

    @property
    def for_good(self) -> bool:
        """What is ruled out on the way to this aim stays ruled out for all later ones."""
        return self.kept is not None and self.hopeless is None

    def cutoff(self, value: float, gap: float) -> float:
        """What a plan must pass to be worth a search, with a plan of this value at hand."""
        if self.hopeless is not None:
            return self.hopeless
        if self.kept is not None:
            return self.kept(value)
        return value + self.sign * 0.99 * gap * max(abs(value), 1.0)
