"""Checks of the rules between commitments: precedences, groups, deals, budget categories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING

from models import paths
from models.check_kit import COMMITMENTS, Broken, period_of, say, some, unread
from models.problem import Problem

if TYPE_CHECKING:
    from models.case import Case

#: Of a commitment: number of the rule's row (-1: implied), and least lags between
#: the starts of each alternative and of the commitment.
Waits = Mapping[str, list[tuple[int, dict[str, int]]]]


def precedences(case: Case, _broken: Broken) -> Iterator[Problem]:
    """A precedence names something else to wait for."""
    for number, rule in enumerate(case.precedences):
        if not rule.after:
            yield say(rule, number, "after", "it is blank", "an id, or several as a|b")
        if rule.commitment in rule.after:
            yield say(
                rule, number, "after", "a commitment cannot wait for itself", "another commitment"
            )


def exclusive_groups(case: Case, broken: Broken) -> Iterator[Problem]:
    """A group has members, and no more of them in place than it allows."""
    members: dict[str, list[str]] = defaultdict(list)
    for id, row in case.commitments.items():
        for name in row.exclusive_group:
            members[name].append(id)
    placed = {id for id, row in case.commitments.items() if row.status == "in_place"}
    stated = {row.group for row in case.exclusive_groups}
    for number, group in enumerate(case.exclusive_groups):
        inside = [id for id in members[group.group] if id in placed]
        if not members[group.group] and not unread(broken, *COMMITMENTS):
            known = [name for name, ids in members.items() if ids]
            yield say(
                group,
                number,
                "group",
                f"no commitment is in a group {group.group!r}",
                some(known),
                paths.nearest(group.group, known),
            )
        elif len(inside) > group.at_most:
            yield say(
                group,
                number,
                "at_most",
                f"{len(inside)} are in place already: {some(inside)}",
                f"{len(inside)} or more",
            )
    yield from _crowded(case, {name: ids for name, ids in members.items() if name not in stated})


def _crowded(case: Case, members: Mapping[str, list[str]]) -> Iterator[Problem]:
    """Groups without a stated bound of which more than one is in place."""
    for name, ids in members.items():
        inside = [id for id in ids if case.commitments[id].status == "in_place"]
        for id in inside[1:]:
            row = case.commitments[id]
            yield say(
                row,
                case.rows(row.table).index(row),
                "exclusive_group",
                f"{inside[0]} of the group {name} is in place as well",
                "one of a group, unless exclusive_groups says more",
                f"State the group {name} in exclusive_groups with at_most {len(inside)}",
            )


def exclusivities(case: Case, _broken: Broken) -> Iterator[Problem]:
    """A deal rules out something else, and ends sales only through an entry."""
    for number, rule in enumerate(case.exclusivities):
        if rule.commitment == f"deals.{rule.deal}":
            yield say(
                rule, number, "commitment", "a deal cannot rule itself out", "another commitment"
            )
        elif rule.ends_sales and not rule.commitment.startswith("entries."):
            yield say(
                rule,
                number,
                "ends_sales",
                f"yes, but {rule.commitment} is not an entry",
                "yes only for an entry",
            )


def diversions(case: Case, broken: Broken) -> Iterator[Problem]:
    """Together, deals divert at most all of a market's demand."""
    if unread(broken, "ramps"):
        return
    peak: dict[str, float] = {}
    for step in case.ramps:
        peak[step.ramp] = max(step.value, peak.get(step.ramp, 0.0))
    lost: dict[str, dict[str, float]] = defaultdict(dict)
    for number, row in enumerate(case.diversions):
        before = sum(lost[row.market].values())
        lost[row.market].setdefault(row.deal, row.share * peak.get(row.ramp, 1.0))
        together = sum(lost[row.market].values())
        if before <= 1 + 1e-9 < together:
            yield say(
                row,
                number,
                "share",
                f"together the deals divert {together:.3g} of the demand in {row.market}",
                "at most 1 over all deals, at the peak of their ramps",
            )


def in_place(case: Case, _broken: Broken) -> Iterator[Problem]:
    """What is in place stands on what is in place."""
    status = {id: row.status for id, row in case.commitments.items()}
    launches = [(n, row, f"vehicles.{row.vehicle}") for n, row in enumerate(case.launches)]
    vehicles = [
        (n, row, f"platforms.{row.platform}") for n, row in enumerate(case.vehicles) if row.platform
    ]
    for number, row, base in [*launches, *vehicles]:
        if row.status == "in_place" and status.get(base, "in_place") != "in_place":
            yield say(
                row,
                number,
                "status",
                f"in_place, but {base} is {status[base]}",
                f"in_place only with {base} in place",
                f"Set the status of {base} to in_place",
            )


def categories(case: Case, broken: Broken) -> Iterator[Problem]:
    """Budgets are for categories that commitments have; ``all`` means every one."""
    for row in case.commitments.values():
        if row.category == "all":
            yield say(
                row,
                case.rows(row.table).index(row),
                "category",
                "all means the commitments of every category",
                "another name",
            )
    known = {row.budget_category for row in case.commitments.values()} | {"all"}
    for number, budget in enumerate(case.budgets):
        if budget.category not in known and not unread(broken, *COMMITMENTS):
            yield say(
                budget,
                number,
                "category",
                f"no commitment has the category {budget.category!r}",
                some(known),
                paths.nearest(budget.category, known),
            )


# Cycles -----------------------------------------------------------------------


def cycles(case: Case, _broken: Broken) -> Iterator[Problem]:
    """No commitments wait for each other with nobody able to start first.

    Waits that can be met together (all at once, or within negative lags of each
    other) are no fault: only a cycle of lags above 0 in total is.
    """
    waits = _waits(case)
    start = _earliest(case, waits)
    stuck = {id: _hopeless(waits[id], start) for id in waits if start[id] == inf}
    walked: set[str] = set()
    for id in stuck:
        walk: list[str] = []
        here: str | None = id
        while here is not None and here not in walked:
            walked.add(here)
            walk.append(here)
            step = stuck.get(here)
            here = step[1] if step else None
        if here in walk:
            steps = [(name, stuck[name]) for name in walk[walk.index(here) :]]
            yield from _cycle(case, [(name, *rule) for name, rule in steps if rule])


def _waits(case: Case) -> Waits:
    """Rules on the start of what is neither in place nor forbidden, implied ones too."""
    known = case.commitments
    waits: dict[str, list[tuple[int, dict[str, int]]]] = defaultdict(list)
    for number, rule in enumerate(case.precedences):
        effective = rule.counted_from == "effective"
        lags = {
            id: rule.lag + (known[id].lead if effective else 0) for id in rule.after if id in known
        }
        if lags and len(lags) == len(set(rule.after)) and rule.commitment not in rule.after:
            waits[rule.commitment].append((number, lags))
    entries: dict[str, list[str]] = defaultdict(list)
    for entry in case.entries:
        entries[entry.market].append(entry.id)
    implied = [(row.id, [f"platforms.{row.platform}"]) for row in case.vehicles]
    implied += [(row.id, [f"vehicles.{row.vehicle}"]) for row in case.launches]
    implied += [(row.id, entries[row.market]) for row in case.launches]
    for id, after in implied:
        lags = {other: known[other].lead - known[id].lead for other in after if other in known}
        if lags:
            waits[id].append((-1, lags))
    return {
        id: rules
        for id, rules in waits.items()
        if id in known and known[id].status in ("optional", "mandatory")
    }


def _earliest(case: Case, waits: Waits) -> dict[str, float]:
    """The earliest start of each commitment that its waits allow; infinite: never."""
    start: dict[str, float] = {}
    for id, row in case.commitments.items():
        start[id] = inf if row.status == "forbidden" else 0.0
        if row.status == "in_place":
            effective = period_of(case.horizon, row.effective)
            start[id] = -inf if effective is None else effective - row.lead
    moved = True
    while moved:
        moved = False
        for id, rules in waits.items():
            least = max(min(start[other] + lag for other, lag in lags.items()) for _, lags in rules)
            if least > start[id]:
                start[id] = least if least < case.horizon.count else inf
                moved = True
    return start


def _hopeless(
    rules: list[tuple[int, dict[str, int]]], start: Mapping[str, float]
) -> tuple[int, str, int] | None:
    """A rule none of whose alternatives ever starts: its row, the nearest one, its lag."""
    for number, lags in rules:
        if all(start[other] == inf for other in lags):
            nearest = min(lags, key=lambda other: lags[other])
            return number, nearest, lags[nearest]
    return None


def _cycle(case: Case, steps: list[tuple[str, int, str, int]]) -> Iterator[Problem]:
    """A closed walk of waits, reported at its first row in the table."""
    explicit = [step for step in steps if step[1] >= 0]
    if not explicit or sum(step[3] for step in steps) <= 0:
        return
    first = steps.index(min(explicit, key=lambda step: step[1]))
    names = [step[0] for step in steps[first:] + steps[: first + 1]]
    if len(names) > 10:
        names = [*names[:8], "...", names[-1]]
    number = steps[first][1]
    yield say(
        case.precedences[number],
        number,
        "after",
        f"none of these can ever start: {' waits for '.join(names)}",
        "precedences without such a cycle",
        "Remove one of these rows",
    )
