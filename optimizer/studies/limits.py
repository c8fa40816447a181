"""The limits of a plan, each with the step by which it is loosened to see what it costs.

A limit is a number of the case (`Limit.path`): cash, people, a budget, a capacity, a
network's throughput, a share, a demand peak, a date. Limits that bind in several periods
are one limit here. People, budgets and cash are taken in lumps, so they can stand in the
way without ever being used up; they are always among the limits, all others only where
they bind. A limit of the whole horizon is loosened in all periods.

Not here: the size of a step (see `optimizer.studies.steps`), the re-solves (see
`optimizer.studies.explain`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from models import paths
from models.base import Row
from models.case import Case
from models.cells import shown
from models.plan import LimitUse, PlanRecord
from models.problem import CaseError, Problem
from optimizer.outcome import Outcome
from optimizer.reporting.text import BINDING
from optimizer.studies.steps import PARTS, Kind, Limit, step_of

#: Kinds whose limits are asked for even where they are never used up.
IN_LUMPS: tuple[Kind, ...] = ("cash", "resource", "budget")
#: Tables whose leads are worth a question: each decision has much effect.
_LEADS = ("platforms", "vehicles", "deals", "expansions")


# Which limits a plan has ------------------------------------------------------------


def limits_of_plan(
    outcome: Outcome, only: Iterable[str] = (), steps: Mapping[str, float] | None = None
) -> tuple[Limit, ...]:
    """The limits of an outcome's plan, those that a planner meets first in front.

    ``only`` keeps limits whose path or kind begins with one of these words; ``steps``
    gives steps in the same way (``resources.engineers`` to 50). Raises `CaseError` for
    words that name none of the limits, and for steps that are no size.
    """
    if outcome.plan is None:
        return ()
    case, record = outcome.case, outcome.plan.record
    found: dict[str, Limit] = {}
    for limit in _all(case, record):
        known = found.get(limit.path)
        if known is None:
            found[limit.path] = limit
        else:  # two segments of a market under one share
            both = [label for label in record.periods if label in {*known.periods, *limit.periods}]
            found[limit.path] = replace(known, periods=tuple(both))
    chosen = list(found.values())
    only, steps = tuple(only), dict(steps or {})
    _check_words(chosen, only, steps)
    if only:
        chosen = [limit for limit in chosen if any(_named(limit, word) for word in only)]
    sized = []
    for limit in chosen:
        given = [size for word, size in steps.items() if _named(limit, word)]
        sized.append(replace(limit, step=given[-1]) if given else limit)
    return tuple(sized)


def _named(limit: Limit, word: str) -> bool:
    return word == limit.kind or limit.path == word or limit.path.startswith(word + ".")


def _check_words(limits: list[Limit], only: tuple[str, ...], steps: dict[str, float]) -> None:
    problems = []
    for where, words in (("limits", only), ("step", steps)):
        for word in words:
            if not any(_named(limit, word) for limit in limits):
                known = [limit.path for limit in limits]
                allowed = ", ".join(dict.fromkeys(limit.kind for limit in limits)) or "none"
                found = f"{shown(word)} names no limit of this plan"
                hint = paths.nearest(word, known)
                problems.append(Problem(where, found=found, allowed=allowed, cure=hint))
    for word, size in steps.items():
        if not (math.isfinite(size) and size > 0):
            problems.append(Problem("step", found=f"{word}={size:g}", allowed="a size above 0"))
    if problems:
        raise CaseError(problems)


def _all(case: Case, record: PlanRecord) -> Iterator[Limit]:
    uses: dict[tuple[str, str], list[LimitUse]] = defaultdict(list)
    for row in record.limits:
        uses[row.kind, row.name].append(row)
    yield from _cash(case, record)
    yield from _resources(case, uses)
    yield from _budgets(case, uses)
    yield from _dates(case, record)
    yield from _capacities(case, record, uses)
    yield from _networks(case, uses)
    yield from _shares(case, uses)
    yield from _demand(case, uses)
    yield from _leads(case, record)
    yield from _groups(case, record)


def _binding(rows: Iterable[LimitUse]) -> tuple[str, ...]:
    return tuple(r.period for r in rows if r.available > 0 and r.used >= BINDING * r.available)


def _most_used(rows: Iterable[LimitUse]) -> float | None:
    return max((row.used / row.available for row in rows if row.available > 0), default=None)


def _cash(case: Case, record: PlanRecord) -> Iterator[Limit]:
    finance = case.finance
    if finance.cash_floor is None:
        return
    size = max(abs(finance.opening_cash), abs(finance.cash_floor))
    size = size or max((abs(row.cash) for row in record.cash), default=0.0)
    slack = (1 - BINDING) * max(1.0, abs(finance.cash_floor), *(abs(r.cash) for r in record.cash))
    low = tuple(row.period for row in record.cash if row.cash <= finance.cash_floor + slack)
    step = step_of("cash", size)
    yield Limit("finance.opening_cash", "cash", "money", step, low)
    yield Limit("finance.cash_floor", "cash", "money", step, low)


def _resources(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    for name in dict.fromkeys(row.resource for row in case.resources):
        rows = uses["resource", name]
        sizes = [row.available for row in case.resources if row.resource == name]
        whole = all(size == int(size) for size in sizes) and max(sizes) >= 1
        use = [row for row in case.resource_use if row.resource == name]
        needs = [need for row in use for need in (row.preparing, row.running) if need]
        step = step_of("resource", max(sizes), least=min(needs, default=0.0), whole=whole)
        path = f"resources.{name}.available"
        yield Limit(path, "resource", "units", step, _binding(rows), _most_used(rows))


def _budgets(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    for budget in case.budgets:
        spans = {budget.when} if budget.when else set()
        rows = [
            row
            for row in uses["budget", budget.category]
            if row.available == budget.amount
            and (not spans or row.period in spans)
            and (row.period == "total") == (budget.scope == "total")
            and (
                budget.scope == "total"
                or (row.period in case.horizon.labels) == _periodic(case, budget.scope)
            )
        ]
        step = step_of("budget", budget.amount)
        path = f"{budget.path}.amount"
        yield Limit(path, "budget", "money", step, _binding(rows), _most_used(rows))


def _periodic(case: Case, scope: str) -> bool:
    """Whether a budget's spans are labels of periods (years of a yearly calendar are both)."""
    return scope == "period" or case.horizon.step == "year"


def _dates(case: Case, record: PlanRecord) -> Iterator[Limit]:
    """Windows that a decision starts at the front of; what is in place but not yet effective."""
    first = case.horizon.first
    for decision in record.decisions:
        row = case.commitments[decision.commitment]
        if row.earliest and row.earliest == decision.start and row.earliest != first:
            yield Limit(f"{row.id}.earliest", "date", "periods", 1.0, (row.earliest,))
        elif row.effective and case.horizon.index(row.effective) > 0:
            yield Limit(f"{row.id}.effective", "date", "periods", 1.0, (row.effective,))


def _leads(case: Case, record: PlanRecord) -> Iterator[Limit]:
    for decision in record.decisions:
        row = case.commitments[decision.commitment]
        if not decision.in_place and row.table in _LEADS and row.lead and decision.start:
            yield Limit(f"{row.id}.lead", "lead", "periods", 1.0, (decision.start,))


def _capacities(
    case: Case, record: PlanRecord, uses: Mapping[tuple[str, str], list[LimitUse]]
) -> Iterator[Limit]:
    """Sites and components that are full; one that stands on expansions, by its first."""
    taken = {row.commitment for row in record.decisions}
    stands: list[tuple[Kind, str, str, float]] = [
        ("site", row.site, row.path, row.capacity_per_year) for row in case.sites
    ]
    stands += [
        ("component", row.component, row.path, row.capacity_per_year) for row in case.components
    ]
    for kind, name, path, capacity in stands:
        rows = uses[kind, name]
        periods = _binding(rows)
        if not periods:
            continue
        if capacity <= 0:
            grown = [
                row for row in case.expansions if getattr(row, kind) == name and row.id in taken
            ]
            if not grown:
                continue
            path = grown[0].path
        size = max(row.available for row in rows) * case.horizon.per_year
        unit = "cars a year" if kind == "site" else "components a year"
        yield Limit(
            f"{path}.capacity_per_year", kind, unit, step_of(kind, size), periods, _most_used(rows)
        )


def _networks(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    found = []
    for row in case.entries:
        rows = uses["network", f"{row.market}.{row.mode}"]
        if row.throughput_per_year and (periods := _binding(rows)):
            step = step_of("network", row.throughput_per_year)
            path = f"{row.path}.throughput_per_year"
            limit = Limit(path, "network", "cars a year", step, periods, _most_used(rows))
            found.append((sum(use.used for use in rows), limit))
    yield from (limit for _, limit in sorted(found, key=lambda pair: -pair[0]))


def _shares(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    own: dict[str, Row] = {f"{row.market}.{row.segment}": row for row in case.segments}
    market = {row.market: row for row in case.markets}
    for (kind, name), rows in uses.items():
        periods = _binding(rows) if kind == "segment" else ()
        row = own.get(name) or market.get(name.split(".")[0])
        share = float(getattr(row, "max_share", 1.0))
        if periods and row is not None and 0 < share < 1:
            step = min(step_of("segment", share), 1 - share)
            path = f"{row.path}.max_share"
            yield Limit(path, "segment", "share", step, periods, _most_used(rows))


def _demand(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    """Demand of a vehicle in all its markets together, where some of them take every car."""
    periods: dict[str, set[str]] = defaultdict(set)
    sold: dict[str, float] = defaultdict(float)
    for (kind, name), rows in uses.items():
        if kind == "demand":
            vehicle = name.split(".")[0]
            periods[vehicle] |= set(_binding(rows))
            sold[vehicle] += sum(row.used for row in rows)
    for vehicle in sorted(sold, key=lambda name: -sold[name]):
        when = tuple(label for label in case.horizon.labels if label in periods[vehicle])
        if when:
            path = f"launches.{vehicle}.*.peak_share"
            yield Limit(path, "demand", "part", PARTS["demand"], when)


def _groups(case: Case, record: PlanRecord) -> Iterator[Limit]:
    """Groups that have their number while a member is left out."""
    taken = {row.commitment for row in record.decisions}
    for group in case.exclusive_groups:
        members = [r for r in case.commitments.values() if group.group in r.exclusive_group]
        started = sum(row.id in taken for row in members)
        left = any(row.id not in taken and row.status == "optional" for row in members)
        if left and started >= group.at_most:
            path = f"{group.path}.at_most"
            yield Limit(path, "group", "commitments", 1.0, ("total",))
