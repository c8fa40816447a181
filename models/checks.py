"""What must hold between the rows of a case; checked here and nowhere else.

Each check is a generator of `Problem`. A check is told which rows could not be
read (``broken``: table to keys), so that one slip is not reported twice.
Not here: what a single cell may hold (declared with the column).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import isclose
from typing import TYPE_CHECKING, Any

from models import paths
from models.base import Row
from models.commitment import Commitment
from models.horizon import EXAMPLES, MOST_PERIODS, Horizon
from models.problem import Problem

if TYPE_CHECKING:
    from models.case import Case

Broken = Mapping[str, set[tuple[str, ...]]]


def problems_of(case: Case, broken: Broken | None = None) -> list[Problem]:
    """Everything that is wrong between the parts of a case."""
    broken = broken or {}
    problems = list(_horizon(case.horizon))
    if problems:
        return problems
    for check in (
        _periods,
        _duplicates,
        _references,
        _windows,
        _ramps,
        _seasons,
        _dated,
        _coverage,
        _effects,
        _rules,
        _budgets,
        _goals,
        _sources,
    ):
        problems.extend(check(case, broken))
    return problems


def _say(row: Row, number: int, column: str, found: str, allowed: str = "", cure: str = "") -> Problem:
    return Problem(
        where=row.path,
        column=column,
        found=found,
        allowed=allowed,
        cure=cure,
        table=row.table,
        row=number,
    )


def _all_rows(case: Case) -> Iterator[tuple[str, int, Row]]:
    for name in type(case).model_fields:
        rows = getattr(case, name)
        if isinstance(rows, tuple):
            for number, row in enumerate(rows):
                if isinstance(row, Row):
                    yield name, number, row


def _horizon(horizon: Horizon) -> Iterator[Problem]:
    for name in ("first", "last"):
        try:
            horizon.ordinal(getattr(horizon, name))
        except ValueError as error:
            yield Problem(where="horizon", column=name, found=str(error))
            return
    if horizon.count < 1:
        yield Problem(
            where="horizon",
            column="last",
            found=f"{horizon.last} lies before the first period {horizon.first}",
            allowed="the first period or a later one",
        )
    if horizon.count > MOST_PERIODS:
        yield Problem(
            where="horizon",
            column="last",
            found=f"{horizon.count} periods",
            allowed=f"at most {MOST_PERIODS}",
            cure="Shorten the horizon or take a longer step",
        )
    if horizon.periods_per_year is not None and horizon.step != "period":
        yield Problem(
            where="horizon",
            column="periods_per_year",
            found=f"a {horizon.step} has its own number of periods in a year",
            cure="Leave it out, or use the step period",
        )


def _read_period(horizon: Horizon, label: str) -> int | None:
    try:
        return horizon.index(label)
    except ValueError:
        return None


def _periods(case: Case, broken: Broken) -> Iterator[Problem]:
    horizon = case.horizon
    span = f"{horizon.first} to {horizon.last}"
    example = EXAMPLES[horizon.step]
    for table, number, row in _all_rows(case):
        for name, facts in _period_columns(type(row)):
            label = getattr(row, name)
            if label is None:
                continue
            if facts == "when":
                continue  # its form depends on the scope; see _budgets
            t = _read_period(horizon, label)
            if t is None:
                yield _say(
                    row, number, name, f"{label!r} is not a {horizon.step}", f"labels such as {example}"
                )
            elif facts == "inside" and not 0 <= t < horizon.count:
                yield _say(
                    row,
                    number,
                    name,
                    f"{label} lies outside the horizon",
                    span,
                    "Move it inside or leave it blank",
                )


def _period_columns(kind: type[Row]) -> list[tuple[str, str]]:
    return [(name, facts["period"]) for name, facts in kind.columns() if facts.get("period")]


def _duplicates(case: Case, broken: Broken) -> Iterator[Problem]:
    seen: dict[tuple[Any, ...], int] = {}
    for table, number, row in _all_rows(case):
        key: tuple[Any, ...] = (table, *row.key)
        if row.dated:
            since = getattr(row, "since", None)
            t = 0 if since is None else _read_period(case.horizon, since)
            undated = row.key if since is None else row.key[:-1]
            key = (table, *undated, t)
        if key in seen:
            yield _say(
                row,
                number,
                ", ".join(row.keys),
                f"{row.path} stands here for the second time",
                "one row for each " + ", ".join(row.keys),
                "Remove or rename one of the two",
            )
        seen.setdefault(key, number)


def _known(case: Case, broken: Broken) -> dict[str, set[str]]:
    """Names that references may use, by table; ``commitments`` holds ids."""
    known: dict[str, set[str]] = defaultdict(set)
    for table, _, row in _all_rows(case):
        if row.key:
            known[table].add(row.key[0])
        if isinstance(row, Commitment):
            known["commitments"].add(row.id)
    for table, keys in broken.items():
        for key in keys:
            if key:
                known[table].add(key[0])
                known["commitments"].add(".".join((table, *key)))
    return known


def _references(case: Case, broken: Broken) -> Iterator[Problem]:
    known = _known(case, broken)
    for _, number, row in _all_rows(case):
        for name, facts in type(row).columns():
            table = facts.get("refers")
            if not table:
                continue
            value = getattr(row, name)
            for word in value if isinstance(value, tuple) else (value,):
                if word and word not in known[table]:
                    what = "commitment" if table == "commitments" else f"row of {table}"
                    yield _say(
                        row,
                        number,
                        name,
                        f"there is no {what} {word!r}",
                        _some(known[table]),
                        paths.nearest(word, known[table]),
                    )


def _some(words: set[str]) -> str:
    shown = sorted(words)[:8]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") if shown else ""


def _windows(case: Case, broken: Broken) -> Iterator[Problem]:
    for _, number, row in _all_rows(case):
        if not isinstance(row, Commitment):
            continue
        if row.status == "in_place":
            for name in ("earliest", "latest"):
                if getattr(row, name) is not None:
                    yield _say(
                        row,
                        number,
                        name,
                        "what is in place has no window",
                        "blank",
                        "State since when in effective",
                    )
        elif row.effective is not None:
            yield _say(
                row,
                number,
                "effective",
                f"{row.effective}, but its status is {row.status}",
                "only with status in_place",
                "Use earliest and latest for its start",
            )
        if row.earliest and row.latest:
            first = _read_period(case.horizon, row.earliest)
            last = _read_period(case.horizon, row.latest)
            if first is not None and last is not None and first > last:
                yield _say(
                    row,
                    number,
                    "latest",
                    f"the window is empty: {row.latest} lies before earliest {row.earliest}",
                    f"{row.earliest} or later",
                    "Widen the window, or set status forbidden",
                )


def _ramps(case: Case, broken: Broken) -> Iterator[Problem]:
    ages: dict[str, list[int]] = defaultdict(list)
    last: dict[str, tuple[int, Row]] = {}
    for number, row in enumerate(case.ramps):
        ages[row.ramp].append(row.age)
        last[row.ramp] = (number, row)
    broken_ramps = {key[0] for key in broken.get("ramps", ()) if key}
    for name, found in ages.items():
        missing = sorted(set(range(max(found))) - set(found))
        if missing and name not in broken_ramps:
            number, row = last[name]
            yield _say(
                row,
                number,
                "age",
                f"ramp {name} has no row for age {', '.join(map(str, missing[:8]))}",
                "every age from 0 to the last without a hole",
                "Add the missing rows",
            )


def _seasons(case: Case, broken: Broken) -> Iterator[Problem]:
    per_year = case.horizon.per_year
    found: dict[str, dict[int, float]] = defaultdict(dict)
    last: dict[str, tuple[int, Row]] = {}
    for number, row in enumerate(case.seasonality):
        found[row.market][row.position] = row.index
        last[row.market] = (number, row)
    broken_markets = {key[0] for key in broken.get("seasonality", ()) if key}
    for market, index in found.items():
        number, row = last[market]
        if market in broken_markets:
            continue
        if set(index) != set(range(1, per_year + 1)):
            yield _say(
                row,
                number,
                "position",
                f"positions of {market} are {', '.join(map(str, sorted(index)))}",
                f"1 to {per_year}, each once",
            )
        elif not isclose(sum(index.values()) / per_year, 1.0, abs_tol=1e-6):
            mean = sum(index.values()) / per_year
            yield _say(
                row,
                number,
                "index",
                f"the mean index of {market} is {mean:.6g}",
                "a mean of 1",
                f"Divide each by {mean:.6g}",
            )


def _undated(row: Row) -> tuple[str, ...]:
    return tuple(str(getattr(row, name)) for name in row.keys if name != "since")


def _dated(case: Case, broken: Broken) -> Iterator[Problem]:
    earliest: dict[tuple[str, ...], int] = {}
    place: dict[tuple[str, ...], tuple[int, Row]] = {}
    for table, number, row in _all_rows(case):
        if not row.dated:
            continue
        since = getattr(row, "since", None)
        t = 0 if since is None else _read_period(case.horizon, since)
        key = (table, *_undated(row))
        if t is None:
            earliest[key] = 0  # reported as a period already
        elif t < earliest.get(key, 10**9):
            earliest[key] = t
            place[key] = (number, row)
    for key, t in earliest.items():
        incomplete = any(set(key[1:]) >= set(broken_key[:1]) for broken_key in broken.get(key[0], ()))
        if t > 0 and not incomplete:
            number, row = place[key]
            yield _say(
                row,
                number,
                "since",
                f"nothing is stated for {case.horizon.first}: the first row holds from {row.since}",  # type: ignore[attr-defined]
                f"a row that holds from {case.horizon.first} or before",
                "Add it, or leave since blank",
            )


def _coverage(case: Case, broken: Broken) -> Iterator[Problem]:
    """Rows that should exist and do not."""
    if not broken.get("vehicles") and not broken.get("registrations"):
        segment = {row.vehicle: row.segment for row in case.vehicles}
        counted = {(row.market, row.segment) for row in case.registrations}
        markets = {row.market for row in case.markets}
        for number, launch in enumerate(case.launches):
            wanted = segment.get(launch.vehicle)
            if wanted and launch.market in markets and (launch.market, wanted) not in counted:
                yield _say(
                    launch,
                    number,
                    "market",
                    f"registrations has no row for {launch.market}, {wanted}",
                    "one for each segment that a car is launched in",
                    "Add the row to registrations",
                )
        for number, row in enumerate(case.segments):
            if row.market in markets and (row.market, row.segment) not in counted:
                yield _say(
                    row,
                    number,
                    "segment",
                    f"registrations has no row for {row.market}, {row.segment}",
                    "",
                    paths.nearest(row.segment, {s for m, s in counted if m == row.market}),
                )
    if case.prices and not broken.get("prices"):
        priced = {(row.vehicle, row.market) for row in case.prices}
        for number, launch in enumerate(case.launches):
            if (launch.vehicle, launch.market) not in priced:
                yield _say(
                    launch,
                    number,
                    "vehicle, market",
                    f"prices has no row for {launch.vehicle}, {launch.market}",
                    "one for each launch",
                    "Add the row to prices",
                )
    if case.sites and not any(broken.get(table) for table in ("sites", "production", "lanes")):
        builds = defaultdict(set)
        for made in case.production:
            builds[made.vehicle].add(made.site)
        reaches = defaultdict(set)
        for lane in case.lanes:
            reaches[lane.market].add(lane.site)
        for number, launch in enumerate(case.launches):
            if not builds[launch.vehicle] & reaches[launch.market]:
                yield _say(
                    launch,
                    number,
                    "vehicle, market",
                    f"no site that builds {launch.vehicle} has a lane to {launch.market}",
                    "at least one site with a row in production and in lanes",
                    "Add the row, or leave sites.csv out where supply has no limit",
                )
    if case.duties and not any(broken.get(table) for table in ("sites", "duties")):
        origin = {row.site: row.origin for row in case.sites}
        dutiable = {(row.origin, row.market) for row in case.duties}
        for number, lane in enumerate(case.lanes):
            if lane.site in origin and (origin[lane.site], lane.market) not in dutiable:
                yield _say(
                    lane,
                    number,
                    "site, market",
                    f"duties has no row for {origin[lane.site] or '(no origin)'}, {lane.market}",
                    "one for each lane's origin and market; rate 0 where it is free",
                    "Add the row to duties",
                )


def _effects(case: Case, broken: Broken) -> Iterator[Problem]:
    homes = [(number, row) for number, row in enumerate(case.markets) if row.home]
    for number, row in homes[1:]:
        yield _say(
            row, number, "home", f"{homes[0][1].market} is the home market already", "at most one"
        )
    for number, expansion in enumerate(case.expansions):
        if bool(expansion.site) == bool(expansion.component):
            yield _say(
                expansion,
                number,
                "site, component",
                "both are given" if expansion.site else "neither is given",
                "exactly one of the two",
            )
    placed = {id for id, row in case.commitments.items() if row.status == "in_place"}
    for number, launch in enumerate(case.launches):
        vehicle = f"vehicles.{launch.vehicle}"
        if launch.status == "in_place" and vehicle in case.commitments and vehicle not in placed:
            yield _say(
                launch,
                number,
                "status",
                f"in_place, but {vehicle} is not",
                "a launch in place has its vehicle in place",
                f"Set the status of {vehicle} to in_place",
            )
    for number, rule in enumerate(case.exclusivities):
        if rule.commitment == f"deals.{rule.deal}":
            yield _say(rule, number, "commitment", "a deal cannot rule itself out")
        if rule.ends_sales and not rule.commitment.startswith("entries."):
            yield _say(
                rule,
                number,
                "ends_sales",
                f"yes, but {rule.commitment} is not an entry",
                "yes only for an entry",
            )
    peak = {}
    for step in case.ramps:
        peak[step.ramp] = max(step.value, peak.get(step.ramp, 0.0))
    lost: dict[str, float] = defaultdict(float)
    for number, diversion in enumerate(case.diversions):
        lost[diversion.market] += diversion.share * peak.get(diversion.ramp, 1.0)
        if lost[diversion.market] > 1 + 1e-9:
            yield _say(
                diversion,
                number,
                "share",
                f"together the deals divert {lost[diversion.market]:.3g} of the demand in {diversion.market}",
                "at most 1 over all deals, at the peak of their ramps",
            )


def _rules(case: Case, broken: Broken) -> Iterator[Problem]:
    for number, rule in enumerate(case.precedences):
        if rule.commitment in rule.after:
            yield _say(rule, number, "after", "a commitment cannot wait for itself")
        if not rule.after:
            yield _say(rule, number, "after", "it is blank", "an id, or several as a|b")
    groups = {name for row in case.commitments.values() for name in row.exclusive_group}
    for number, group in enumerate(case.exclusive_groups):
        if group.group not in groups and not any(broken.values()):
            yield _say(
                group,
                number,
                "group",
                f"no commitment is in a group {group.group!r}",
                _some(groups),
                paths.nearest(group.group, groups),
            )
    if not any(broken.values()):
        yield from _cycles(case)


def _cycles(case: Case) -> Iterator[Problem]:
    """Commitments that can never start because they wait for each other."""
    waits: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for number, rule in enumerate(case.precedences):
        if rule.commitment not in rule.after:
            waits[rule.commitment].append((number, rule.after))
    startable: set[str] = {
        id for id, row in case.commitments.items() if not waits[id] or row.status == "in_place"
    }
    grown = True
    while grown:
        more = {
            id
            for id in case.commitments
            if id not in startable
            and all(any(a in startable or a not in case.commitments for a in after) for _, after in waits[id])
        }
        startable |= more
        grown = bool(more)
    stuck = [id for id in case.commitments if id not in startable]
    reported: set[str] = set()
    for id in stuck:
        walk: list[str] = []
        here = id
        while here not in walk and here not in reported:
            walk.append(here)
            here = next(a for _, after in waits[here] for a in after if a in stuck)
        cycle = walk[walk.index(here) :] if here in walk else []
        reported.update(walk)
        if cycle:
            number = next(
                n for n, after in waits[cycle[0]] if any(a in stuck for a in after)
            )
            yield _say(
                case.precedences[number],
                number,
                "after",
                "a cycle: " + " waits for ".join([*cycle, cycle[0]]),
                "precedences without a cycle",
                "Remove one of these rows; what must start together is one commitment",
            )


def _budgets(case: Case, broken: Broken) -> Iterator[Problem]:
    horizon = case.horizon
    categories = {row.budget_category for row in case.commitments.values()} | {"all"}
    for number, budget in enumerate(case.budgets):
        if budget.category not in categories and not any(broken.values()):
            yield _say(
                budget,
                number,
                "category",
                f"no commitment has the category {budget.category!r}",
                _some(categories),
                paths.nearest(budget.category, categories),
            )
        if budget.when is None:
            continue
        if budget.scope == "total":
            yield _say(budget, number, "when", f"{budget.when} with scope total", "blank")
        elif budget.scope == "year" and budget.when not in horizon.years:
            yield _say(
                budget,
                number,
                "when",
                f"{budget.when!r} is not a year of the horizon",
                ", ".join(list(horizon.years)[:12]),
            )
        elif budget.scope == "period" and budget.when not in horizon.labels:
            yield _say(
                budget,
                number,
                "when",
                f"{budget.when!r} is not a period of the horizon",
                f"{horizon.first} to {horizon.last}",
            )


def _goals(case: Case, broken: Broken) -> Iterator[Problem]:
    horizon = case.horizon
    if case.target is not None:
        deadline = case.target.deadline or horizon.last
        t = _read_period(horizon, deadline)
        if t is None or not 0 <= t < horizon.count:
            yield Problem(
                where="target",
                column="deadline",
                found=f"{deadline!r} is not a period of the horizon",
                allowed=f"{horizon.first} to {horizon.last}",
            )
        elif not target_windows(case):
            yield Problem(
                where="target",
                column="deadline",
                found=f"no {case.target.window.replace('_', ' ')} lies wholly between {horizon.first} and {deadline}",
                allowed="a horizon and a deadline that hold at least one whole year",
                cure="Use a later deadline, a longer horizon or the window rolling_year",
            )
    for kind, times in Counter(goal.kind for goal in case.goals).items():
        if times > 1:
            yield Problem(where="goals", column="kind", found=f"{kind} stands {times} times", allowed="each goal once")
    for goal in case.goals:
        if goal.kind == "target_date" and case.target is None:
            yield Problem(
                where="goals", column="kind", found="target_date without a target", cure="Add a [target] section"
            )
        if goal.kind == "volume_at":
            t = None if goal.period is None else _read_period(horizon, goal.period)
            if t is None or not 0 <= t < horizon.count:
                yield Problem(
                    where="goals",
                    column="period",
                    found=f"volume_at with the period {goal.period!r}",
                    allowed=f"{horizon.first} to {horizon.last}",
                )
        elif goal.period is not None:
            yield Problem(where="goals", column="period", found=f"a period with {goal.kind}", allowed="only volume_at")
        if goal.tolerance_periods and goal.kind != "target_date":
            yield Problem(
                where="goals",
                column="tolerance_periods",
                found=f"{goal.tolerance_periods} with {goal.kind}",
                allowed="only target_date",
                cure="Use tolerance",
            )


def target_windows(case: Case) -> dict[int, tuple[int, ...]]:
    """Windows in which the target may be reached: last period to all periods."""
    if case.target is None:
        return {}
    horizon = case.horizon
    per_year = horizon.per_year
    end = horizon.index(case.target.deadline or horizon.last)
    if case.target.window == "calendar_year":
        years = (periods for periods in horizon.years.values() if len(periods) == per_year)
        windows = {periods[-1]: periods for periods in years}
    else:
        windows = {t: tuple(range(t - per_year + 1, t + 1)) for t in range(per_year - 1, horizon.count)}
    return {t: periods for t, periods in windows.items() if t <= end}


def _sources(case: Case, broken: Broken) -> Iterator[Problem]:
    if any(broken.values()):
        return
    for number, source in enumerate(case.sources):
        if not paths.matching(case, source.cells):
            yield _say(
                source,
                number,
                "cells",
                f"{source.cells!r} names nothing in the case",
                "table.key.column, with * for any part",
            )
        if source.basis == "assumption" and (source.low is None or source.high is None):
            yield _say(source, number, "low, high", "an assumption without its range", "both of them")
        if source.low is not None and source.high is not None and source.low > source.high:
            yield _say(source, number, "low", f"{source.low:g} is above high {source.high:g}")
