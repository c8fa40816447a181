"""A first plan without a search: everything, or what a known plan starts, as people allow it.

A serial schedule as in project scheduling: of the commitments whose rules let them start,
one after the other goes to the first period that leaves every resource within what is
there. Of all of them the one with the earliest end of its window goes first (the rule of
the latest start); those of a known plan go in its order, and none sooner than there. Money
is not looked at; whether the plan holds is decided where it is made exact. Not here:
bettering a plan (see ``optimizer.searching``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from pyomo.core import Block

from optimizer.formulation.commitments import Steps, Wait, schedule


def earliest_schedule(block: Block, known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Start period by commitment id; what does not fit is left out.

    With ``known``, the starts of a plan of a case much like this one, only those are started
    and what is mandatory, and nothing sooner than in that plan.
    """
    steps = schedule(block.quantities.case)  # windows as they are now, not as built
    waits: dict[str, list[Wait]] = defaultdict(list)
    for wait in block.waits:
        waits[wait.commitment].append(wait)
    free = {name: list(values) for name, values in block.quantities.resources.items()}
    needs: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for row in block.quantities.case.resource_use:
        needs[row.commitment].append((row.resource, row.preparing, row.running))
    started = {id: step.start for id, step in steps.items() if step.start is not None}
    for id, start in started.items():
        _occupy(free, needs[id], start, steps[id].lead)
    members = Counter(g for id in started for g in set(steps[id].row.exclusive_group))
    waiting = [step for step in steps.values() if step.start is None and step.possible]
    if known is None:
        # The window's end falls with the length of what follows, so that long chains go first.
        waiting.sort(key=lambda step: (step.latest, step.earliest))
    else:
        waiting = [step for step in waiting if step.id in known or _must_start(step)]
        waiting.sort(key=lambda step: (known.get(step.id, 0), step.latest, step.earliest))
    while True:
        ready = ((step, _soonest(step, waits[step.id], started)) for step in waiting)
        step, soonest = next(((step, t) for step, t in ready if t is not None), (None, None))
        if step is None or soonest is None:
            break
        waiting.remove(step)
        groups = set(step.row.exclusive_group)
        if any(members[g] >= block.group_limit.get(g, 1) for g in groups):
            continue
        for t in range(max(soonest, known.get(step.id, 0) if known else 0), step.latest + 1):
            if _fits(free, needs[step.id], t, step.lead):
                started[step.id] = t
                _occupy(free, needs[step.id], t, step.lead)
                members.update(groups)
                break
    return {id: start for id, start in started.items() if steps[id].start is None}


def _must_start(step: Steps) -> bool:
    return step.row.status == "mandatory"


def _soonest(step: Steps, waits: list[Wait], started: dict[str, int]) -> int | None:
    """The first period that its rules allow; None while a predecessor is missing."""
    soonest = step.earliest
    for wait in waits:
        ready = [started[id] + lag for id, lag in wait.after if id in started]
        if not ready:
            return None
        soonest = max(soonest, min(ready))
    return soonest


def _spans(start: int, lead: int, count: int) -> tuple[range, range]:
    """Periods of preparing and of running within the horizon."""
    effective = start + lead
    return range(max(start, 0), min(effective, count)), range(max(effective, 0), count)


def _fits(
    free: dict[str, list[float]], needs: list[tuple[str, float, float]], start: int, lead: int
) -> bool:
    for resource, preparing, running in needs:
        left = free[resource]
        before, after = _spans(start, lead, len(left))
        if preparing and any(left[t] < preparing for t in before):
            return False
        if running and any(left[t] < running for t in after):
            return False
    return True


def _occupy(
    free: dict[str, list[float]], needs: list[tuple[str, float, float]], start: int, lead: int
) -> None:
    for resource, preparing, running in needs:
        left = free[resource]
        before, after = _spans(start, lead, len(left))
        for t in before:
            left[t] -= preparing
        for t in after:
            left[t] -= running
