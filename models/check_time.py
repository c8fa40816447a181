"""Checks of everything that has to do with periods: calendar, windows, ramps, goals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, partial
from math import isclose
from typing import TYPE_CHECKING

from models.base import Row
from models.cells import cell_text
from models.check_kit import Broken, all_rows, period_of, say, some
from models.commitment import Commitment
from models.horizon import EXAMPLES, MOST_PERIODS, Horizon
from models.problem import Problem
from models.target import Goal

if TYPE_CHECKING:
    from models.case import Case


def horizon(horizon: Horizon) -> Iterator[Problem]:
    """The calendar can be read, and holds at least one period."""
    readable = True
    for name in ("first", "last"):
        label = getattr(horizon, name)
        try:
            horizon.ordinal(label)
        except ValueError:
            readable = False
            yield Problem(
                "horizon",
                column=name,
                found=f"{label!r} is not a {horizon.step}",
                allowed=f"labels such as {EXAMPLES[horizon.step]}",
                cure="Write it so, or state another step",
            )
    if horizon.periods_per_year is not None and horizon.step != "period":
        yield Problem(
            "horizon",
            column="periods_per_year",
            found=f"a {horizon.step} has its own number of periods in a year",
            allowed="only with step period",
            cure="Leave it out",
        )
    if readable and horizon.count < 1:
        yield Problem(
            "horizon",
            column="last",
            found=f"{horizon.last} lies before the first period {horizon.first}",
            allowed=f"{horizon.first} or later",
        )
    elif readable and horizon.count > MOST_PERIODS:
        yield Problem(
            "horizon",
            column="last",
            found=f"the horizon has {horizon.count} periods",
            allowed=f"at most {MOST_PERIODS}",
            cure="Shorten the horizon or take a longer step",
        )


def periods(case: Case, _broken: Broken) -> Iterator[Problem]:
    """Each period is written as the calendar's, and lies inside where it must."""
    calendar = case.horizon
    for number, row in all_rows(case):
        for name, where in _period_columns(type(row)):
            label = getattr(row, name)
            if label is None:
                continue
            t = period_of(calendar, label)
            if t is None:
                yield say(
                    row,
                    number,
                    name,
                    f"{label!r} is not a {calendar.step}",
                    f"labels such as {EXAMPLES[calendar.step]}",
                )
            elif where == "inside" and not 0 <= t < calendar.count:
                yield say(
                    row,
                    number,
                    name,
                    f"{label} lies outside the horizon",
                    f"{calendar.first} to {calendar.last}",
                    "Move it inside or leave it blank",
                )


@cache
def _period_columns(kind: type[Row]) -> tuple[tuple[str, str], ...]:
    """Columns that hold periods, with where these may lie; those of budgets are apart."""
    facts = {name: fact["period"] for name, fact in kind.columns()}
    return tuple((name, where) for name, where in facts.items() if where in ("inside", "any"))


def windows(case: Case, _broken: Broken) -> Iterator[Problem]:
    """Windows are not empty; what is in place has none, and only it is effective already."""
    for number, row in all_rows(case):
        if not isinstance(row, Commitment):
            continue
        if row.status == "in_place":
            for name in ("earliest", "latest"):
                if getattr(row, name) is not None:
                    yield say(
                        row,
                        number,
                        name,
                        "a window for what is in place already",
                        "blank",
                        "State in effective since when it is in place",
                    )
            continue
        if row.effective is not None:
            yield say(
                row,
                number,
                "effective",
                f"{row.effective}, but the status is {row.status}",
                "blank, unless the status is in_place",
                "Use earliest and latest for its start",
            )
        first, last = period_of(case.horizon, row.earliest), period_of(case.horizon, row.latest)
        if first is not None and last is not None and first > last:
            yield say(
                row,
                number,
                "latest",
                f"the window is empty: {row.latest} lies before earliest, {row.earliest}",
                f"{row.earliest} or later",
                "Widen the window, or set the status to forbidden",
            )


def ramps(case: Case, broken: Broken) -> Iterator[Problem]:
    """A ramp states every age from 0 to its last."""
    ages: dict[str, list[int]] = defaultdict(list)
    last: dict[str, int] = {}
    for number, row in enumerate(case.ramps):
        ages[row.ramp].append(row.age)
        last[row.ramp] = number
    broken_ramps = {key[0] if key else "" for key in broken.get("ramps", ())}
    for name, found in ages.items():
        missing = sorted(set(range(max(found))) - set(found))
        if missing and not broken_ramps & {name, ""}:
            yield say(
                case.ramps[last[name]],
                last[name],
                "age",
                f"ramp {name} has no row for age {_list(missing)}",
                "every age from 0 to the last",
                "Add the missing rows",
            )


def _list(numbers: list[int]) -> str:
    more = len(numbers) - 8
    return ", ".join(map(str, numbers[:8])) + (f" and {more} more" if more > 0 else "")


def seasons(case: Case, broken: Broken) -> Iterator[Problem]:
    """A market's seasonal index states each place of the year, with a mean of 1."""
    per_year = case.horizon.per_year
    found: dict[str, dict[int, float]] = defaultdict(dict)
    last: dict[str, int] = {}
    for number, row in enumerate(case.seasonality):
        found[row.market][row.position] = row.index
        last[row.market] = number
    broken_markets = {key[0] if key else "" for key in broken.get("seasonality", ())}
    for market, index in found.items():
        if broken_markets & {market, ""}:
            continue
        row, number = case.seasonality[last[market]], last[market]
        mean = sum(index.values()) / per_year
        if set(index) != set(range(1, per_year + 1)):
            yield say(
                row,
                number,
                "position",
                f"the positions of {market} are {_list(sorted(index))}",
                f"1 to {per_year}, each once" if per_year > 1 else "1 alone",
                "State an index for each period of a year",
            )
        elif not isclose(mean, 1.0, abs_tol=1e-6):
            cure = f"Divide each index by {mean:.6g}" if mean else "State how the year spreads"
            yield say(
                row,
                number,
                "index",
                f"the mean index of {market} is {mean:.6g}",
                "a mean of 1",
                cure,
            )


def dated(case: Case, broken: Broken) -> Iterator[Problem]:
    """A dated table states something for the first period."""
    first: dict[tuple[str, ...], tuple[int, int, Row]] = {}
    for number, row in all_rows(case):
        if not row.dated:
            continue
        since = getattr(row, "since", None)
        t = 0 if since is None else period_of(case.horizon, since)
        key = row.addresses[-1]  # without the date
        t = -1 if t is None else t  # cannot be read and is reported as such
        if key not in first or t < first[key][0]:
            first[key] = (t, number, row)
    for (table, *rest), (t, number, row) in first.items():
        incomplete = any(not key or key[0] == rest[0] for key in broken.get(table, ()))
        if t > 0 and not incomplete:
            yield say(
                row,
                number,
                "since",
                f"nothing is stated before {case.horizon.label(t)} for {', '.join(rest)}",
                f"a row that holds in the first period, {case.horizon.first}",
                "Add it, or leave since blank in the first row",
            )


def budgets(case: Case, _broken: Broken) -> Iterator[Problem]:
    """A budget's ``when`` is a period or a year of the horizon, as its scope says."""
    calendar = case.horizon
    for number, budget in enumerate(case.budgets):
        if budget.when is None:
            continue
        allowed = {
            "total": "blank",
            "year": some(calendar.years),
            "period": f"{calendar.first} to {calendar.last}",
        }[budget.scope]
        known = {"total": (), "year": tuple(calendar.years), "period": calendar.labels}
        if budget.when not in known[budget.scope]:
            total = budget.scope == "total"
            of = " with scope total" if total else f" is not a {budget.scope} of the horizon"
            yield say(budget, number, "when", f"{budget.when!r}{of}", allowed)


def target(case: Case, _broken: Broken) -> Iterator[Problem]:
    """At least one whole year lies between the first period and the deadline."""
    if case.target is None:
        return
    calendar = case.horizon
    deadline = case.target.deadline or calendar.last
    t = period_of(calendar, deadline)
    if t is None or not 0 <= t < calendar.count:
        yield Problem(
            "target",
            column="deadline",
            found=f"{deadline!r} is not a period of the horizon",
            allowed=f"{calendar.first} to {calendar.last}",
        )
    elif not target_windows(case):
        words = case.target.window.replace("_", " ")
        yield Problem(
            "target",
            column="deadline",
            found=f"no {words} lies wholly between {calendar.first} and {deadline}",
            allowed="a horizon and a deadline that hold at least one whole year",
            cure="Use a later deadline, a longer horizon or the window rolling_year",
        )


def goals(case: Case, broken: Broken) -> Iterator[Problem]:
    """Each goal stands once, and has what its kind needs and nothing else."""
    calendar = case.horizon
    span = f"{calendar.first} to {calendar.last}"
    seen: set[str] = set()

    for number, goal in enumerate(case.goals):
        wrong = partial(_wrong_goal, number)
        if goal.kind in seen:
            yield wrong("kind", f"{goal.kind} stands twice", "each goal once", "Remove one")
        seen.add(goal.kind)
        if goal.kind == "target_date" and case.target is None and not broken.get("target"):
            yield wrong("kind", "target_date, but there is no target", "", "Add a [target] section")
        if goal.kind == "volume_at":
            t = period_of(calendar, goal.period)
            if goal.period is None:
                yield wrong("period", "volume_at without a period", span)
            elif t is None or not 0 <= t < calendar.count:
                yield wrong("period", f"{goal.period!r} is not a period of the horizon", span)
        elif goal.period is not None:
            yield wrong("period", f"a period with {goal.kind}", "only with volume_at")
        if goal.tolerance_periods and goal.kind != "target_date":
            yield wrong(
                "tolerance_periods",
                f"{goal.tolerance_periods} with {goal.kind}",
                "only with target_date",
                "Use tolerance",
            )
        if goal.no_worse_than is not None:
            yield from _wrong_bound(number, goal, goal.no_worse_than)


def _wrong_bound(number: int, goal: Goal, worst: float) -> Iterator[Problem]:
    found = f"{cell_text(worst)} with {goal.kind}"
    if goal.kind == "target_date":
        yield _wrong_goal(
            number,
            "no_worse_than",
            found,
            "only with goals that count cars or money",
            "For a target that every plan must reach, set required = true in [target]",
        )
    elif worst < 0 and goal.kind != "npv":
        yield _wrong_goal(
            number,
            "no_worse_than",
            found,
            f"from 0 with {goal.kind}",
            "Only npv can be below 0",
        )


def _wrong_goal(number: int, column: str, found: str, allowed: str = "", cure: str = "") -> Problem:
    return Problem("goals", 0, column, found, allowed, cure, table="goals", row=number)


def target_windows(case: Case) -> dict[int, tuple[int, ...]]:
    """Windows in which the target may be reached: last period to all periods."""
    if case.target is None:
        return {}
    calendar = case.horizon
    per_year = calendar.per_year
    end = calendar.index(case.target.deadline or calendar.last)
    if case.target.window == "calendar_year":
        years = (year for year in calendar.years.values() if len(year) == per_year)
        found = {year[-1]: year for year in years}
    else:
        found = {
            t: tuple(range(t - per_year + 1, t + 1)) for t in range(per_year - 1, calendar.count)
        }
    return {t: year for t, year in found.items() if t <= end}
