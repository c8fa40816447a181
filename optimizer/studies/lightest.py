"""The lightest combinations of steps with which something holds, found exactly.

There are levers, each with 0 to so many steps and a weight per step, and one question:
does it hold with these steps? More steps never hurt: what holds goes on to hold. Steps
with which it does not hold rule out all combinations within them, so that any answer must
pass them somewhere: the answers are those of an implicit hitting set. Combinations are
taken in the order of weight, each starting as a least one that passes all that is known
not to suffice; so the first that holds is lightest, whatever the order of the questions.

An answer after the first must do without at least one of the levers of each one before:
combinations that differ in a step or two only are not told apart.

Not here: what is asked (see `optimizer.studies.reach`, `optimizer.studies.conflict`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum

#: Steps of each lever, in a fixed order.
Steps = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """The answer to one question.

    ``holds`` is None where it is not known. Where it does not hold, ``extent`` are more
    steps (or the same) with which it does not hold either: the more, the less is asked.
    """

    holds: bool | None
    extent: Steps


@dataclass(frozen=True)
class Found:
    """Steps with which it holds; ``proven`` tells whether nothing lighter is left open."""

    steps: Steps
    weight: float
    proven: bool


def weight_of(steps: Steps, weights: Sequence[float]) -> float:
    """What steps weigh together; the same for the same steps, whatever led to them."""
    return fsum(count * weight for count, weight in zip(steps, weights, strict=True))


def within(inner: Steps, outer: Steps) -> bool:
    """Whether no lever has more steps in the first than in the second."""
    return all(a <= b for a, b in zip(inner, outer, strict=True))


def lightest(
    most: Steps,
    weights: Sequence[float],
    ask: Callable[[Steps], Asked],
    known: Iterable[Steps] = (),
) -> Iterator[Found]:
    """The lightest steps that hold, then the lightest that do without one of their levers, ...

    ``most`` are the steps that there are, ``weights`` are above 0, ``known`` are steps with
    which it is known not to hold. Ends when there are no
    further ones. Every answer is least: one step less of any lever does not hold, as far
    as the answers of ``ask`` are known.
    """
    nothing: Steps = (0,) * len(most)
    waiting = [(0.0, nothing)]
    seen = {nothing}
    too_little = list(known)
    found: list[frozenset[int]] = []
    open_weights: list[float] = []
    while waiting:
        weight, steps = heapq.heappop(waiting)
        if any(levers <= used(steps) for levers in found):
            continue
        extent = _tightest(steps, most, too_little)
        if extent is None:
            asked = ask(steps)
            if asked.holds:
                yield Found(steps, weight, not any(other <= weight for other in open_weights))
                found.append(used(steps))
                continue
            if asked.holds is None:
                open_weights.append(weight)
            extent = asked.extent
            too_little.append(extent)
        for lever, count in enumerate(extent):
            if count < most[lever]:
                more = (*steps[:lever], count + 1, *steps[lever + 1 :])
                if more not in seen:
                    seen.add(more)
                    heapq.heappush(waiting, (weight_of(more, weights), more))


def used(steps: Steps) -> frozenset[int]:
    """The levers, by number, that are moved at all."""
    return frozenset(lever for lever, count in enumerate(steps) if count)


def _tightest(steps: Steps, most: Steps, too_little: Sequence[Steps]) -> Steps | None:
    """Of what does not suffice and holds these steps, that which leaves fewest ways on."""
    around = [extent for extent in too_little if within(steps, extent)]
    ways = [sum(a < b for a, b in zip(extent, most, strict=True)) for extent in around]
    return around[ways.index(min(ways))] if around else None


def grown(
    steps: Steps, most: Steps, order: Sequence[int], too_little: Callable[[Steps], bool]
) -> Steps:
    """As many steps as possible that still are too little, beginning with some that are.

    Levers are raised to their most in the order given, many at a time where that leaves
    it too little; those of which only part may be added are raised as far as that goes.
    """

    def raised(now: Steps, levers: Sequence[int]) -> Steps:
        return tuple(most[n] if n in levers else count for n, count in enumerate(now))

    def all_of(now: Steps, levers: Sequence[int]) -> Steps:
        levers = [n for n in levers if now[n] < most[n]]
        if not levers:
            return now
        if too_little(raised(now, levers)):
            return raised(now, levers)
        if len(levers) == 1:
            return part_of(now, levers[0])
        half = len(levers) // 2
        return all_of(all_of(now, levers[:half]), levers[half:])

    def part_of(now: Steps, lever: int) -> Steps:
        low, high = now[lever], most[lever]  # low is too little, high is not
        while high - low > 1:
            middle = (low + high) // 2
            if too_little((*now[:lever], middle, *now[lever + 1 :])):
                low = middle
            else:
                high = middle
        return (*now[:lever], low, *now[lever + 1 :])

    return all_of(steps, order)
