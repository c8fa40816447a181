"""Checks of rows against each other: doubles, names that are not there, rows that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from models import paths
from models.base import Row
from models.check_kit import COMMITMENTS, Broken, all_rows, period_of, say, some, unread
from models.commitment import Commitment
from models.horizon import MOST_PERIODS
from models.lever import Lever
from models.market import Segment
from models.problem import Problem
from models.vehicle import Launch

if TYPE_CHECKING:
    from models.case import Case

#: Searching for the nearest name takes time; after so many, a table is wrong as a whole.
MOST_HINTS = 20


def duplicates(case: Case, _broken: Broken) -> Iterator[Problem]:
    """No two rows of a table have the same key."""
    seen: dict[tuple[Any, ...], Row] = {}
    for number, row in all_rows(case):
        key: tuple[Any, ...] = (row.table, *row.key)
        if row.dated:
            since = getattr(row, "since", None)
            t = 0 if since is None else period_of(case.horizon, since)
            names = row.key if since is None else row.key[:-1]
            key = (row.table, *names, since if t is None else t)
        other = seen.setdefault(key, row)
        if other is not row:
            same = other.key == row.key
            found = "stands twice" if same else f"holds from the same period as {other.path}"
            yield say(
                row,
                number,
                ", ".join(row.keys),
                f"{row.path} {found}",
                f"one row for each {', '.join(row.keys)}",
                "Remove one of the two, or rename it",
            )


def references(case: Case, broken: Broken) -> Iterator[Problem]:
    """Every name that a row uses is the key of a row elsewhere.

    A table that is not there is reported once, and rows that wait for an id are
    not reported where the row meant may be one whose own key is wrong.
    """
    known = _known(case, broken)
    unsure = {table for table, keys in broken.items() if () in keys}
    absent: set[str] = set()
    found: list[tuple[Row, int, str, str, str]] = []
    ids: list[tuple[Row, int, str, str, str]] = []
    for number, row in all_rows(case):
        for name, table in _referring(type(row)):
            value = getattr(row, name)
            for word in value if isinstance(value, tuple) else (value,):
                if not word or word in known[table] or table in unsure | absent:
                    continue
                if table == "commitments":
                    ids.append((row, number, name, word, table))
                    continue
                if name in row.keys:
                    unsure.add(row.table)
                if known[table]:
                    found.append((row, number, name, word, table))
                else:
                    absent.add(table)
                    yield _no_table(row, number, name, word, table)
    found += [use for use in ids if use[3].split(".")[0] not in unsure]
    for place, (row, number, name, word, table) in enumerate(found):
        yield say(
            row,
            number,
            name,
            f"there is no {'commitment' if table == 'commitments' else f'row of {table}'} {word!r}",
            some(known[table]),
            paths.nearest(word, known[table]) if place < MOST_HINTS else "",
        )


@cache
def _referring(kind: type[Row]) -> tuple[tuple[str, str], ...]:
    return tuple((name, facts["refers"]) for name, facts in kind.columns() if facts["refers"])


def _no_table(row: Row, number: int, column: str, word: str, table: str) -> Problem:
    return say(
        row,
        number,
        column,
        f"{word!r} is to be a row of {table}, but there is no {table}.csv",
        "",
        f"Add {table}.csv with a row for each name that other tables use",
    )


def _known(case: Case, broken: Broken) -> dict[str, set[str]]:
    """Names that references may use, by table; ``commitments`` holds ids."""
    known: dict[str, set[str]] = defaultdict(set)
    for _, row in all_rows(case):
        known[row.table].add(row.key[0])
        if isinstance(row, Commitment):
            known["commitments"].add(row.id)
    for table, keys in broken.items():
        for key in keys:
            if key:
                known[table].add(key[0])
            if key and table in COMMITMENTS:
                known["commitments"].add(".".join((table, *key)))
    return known


# Rows that should exist and do not ------------------------------------------


def registrations_stated(case: Case, broken: Broken) -> Iterator[Problem]:
    """A segment in which cars are launched, or shares limited, has registrations."""
    if unread(broken, "vehicles", "registrations", "markets"):
        return
    segment = {row.vehicle: row.segment for row in case.vehicles}
    counted = {(row.market, row.segment) for row in case.registrations}
    markets = {row.market for row in case.markets}
    missing: set[tuple[str, str]] = set()
    wanted: list[tuple[int, Launch | Segment, str, str | None]] = [
        *((n, row, "market", segment.get(row.vehicle)) for n, row in enumerate(case.launches)),
        *((n, row, "segment", row.segment) for n, row in enumerate(case.segments)),
    ]
    for number, row, column, name in wanted:
        key = (row.market, name or "")
        if not name or row.market not in markets or key in counted or key in missing:
            continue
        missing.add(key)
        yield say(
            row,
            number,
            column,
            f"registrations has no row for {row.market}, {name}",
            "one for each market and segment in which a car is launched",
            paths.nearest(name, {s for m, s in counted if m == row.market})
            or "Add the row to registrations",
        )


def prices_stated(case: Case, broken: Broken) -> Iterator[Problem]:
    """With a table of prices, each launch has a price."""
    if not case.prices or unread(broken, "prices"):
        return
    priced = {(row.vehicle, row.market) for row in case.prices}
    for number, row in enumerate(case.launches):
        if (row.vehicle, row.market) not in priced:
            yield say(
                row,
                number,
                "vehicle, market",
                f"prices has no row for {row.vehicle}, {row.market}",
                "one for each launch",
                "Add the row to prices",
            )


def supply_stated(case: Case, broken: Broken) -> Iterator[Problem]:
    """With a table of sites, each launched car can be built and delivered."""
    if not case.sites or not case.launches or unread(broken, "sites", "production", "lanes"):
        return
    for table in ("production", "lanes"):
        if not case.rows(table):
            yield say(
                case.sites[0],
                0,
                "site",
                f"there are sites, but there is no {table}.csv",
                "sites, production and lanes together",
                f"Add {table}.csv, or leave sites.csv out where supply has no limit",
            )
    if not (case.production and case.lanes):
        return
    builds: dict[str, set[str]] = defaultdict(set)
    for made in case.production:
        builds[made.vehicle].add(made.site)
    reaches: dict[str, set[str]] = defaultdict(set)
    for lane in case.lanes:
        reaches[lane.market].add(lane.site)
    known = {row.vehicle for row in case.vehicles}, {row.market for row in case.markets}
    for number, row in enumerate(case.launches):
        sound = row.vehicle in known[0] and row.market in known[1]
        if sound and not builds[row.vehicle] & reaches[row.market]:
            yield say(
                row,
                number,
                "vehicle, market",
                f"no site that builds {row.vehicle} has a lane to {row.market}",
                "at least one site with a row for them in production and in lanes",
                "Add the row, or leave sites.csv out where supply has no limit",
            )


def duties_stated(case: Case, broken: Broken) -> Iterator[Problem]:
    """With a table of duties, each lane has a duty."""
    if not case.duties or unread(broken, "sites", "duties"):
        return
    origin = {row.site: row.origin for row in case.sites}
    dutiable = {(row.origin, row.market) for row in case.duties}
    markets = {row.market for row in case.markets}
    lanes = {row.site for row in case.lanes}
    for number, site in enumerate(case.sites):
        if not site.origin and site.site in lanes:
            yield say(
                site,
                number,
                "origin",
                "it is blank, but there are duties",
                "where the cars of the site come from, as in duties",
            )
    for number, lane in enumerate(case.lanes):
        come_from = origin.get(lane.site)
        if come_from and lane.market in markets and (come_from, lane.market) not in dutiable:
            yield say(
                lane,
                number,
                "site, market",
                f"duties has no row for {come_from}, {lane.market}",
                "one for the origin and market of each lane; rate 0 where it is free",
                "Add the row to duties",
            )


# Single rows ------------------------------------------------------------------


def one_home(case: Case, _broken: Broken) -> Iterator[Problem]:
    """At most one market is the home market."""
    homes = [(number, row) for number, row in enumerate(case.markets) if row.home]
    for number, row in homes[1:]:
        found = f"{homes[0][1].market} is the home market already"
        yield say(row, number, "home", found, "yes for at most one market")


def expansions_have_one_place(case: Case, _broken: Broken) -> Iterator[Problem]:
    """An expansion adds to a site or to a component."""
    for number, row in enumerate(case.expansions):
        if bool(row.site) == bool(row.component):
            found = "both are given" if row.site else "both are blank"
            yield say(row, number, "site, component", found, "exactly one of the two")


def sources(case: Case, broken: Broken) -> Iterator[Problem]:
    """A source speaks for cells that are there, and an assumption has its range."""
    unmet = 0
    for number, row in enumerate(case.sources):
        table = row.cells.split(".")[0]
        if not unread(broken, table) and not paths.meets(case, row.cells):
            unmet += 1
            if unmet > MOST_HINTS:
                yield say(row, number, "cells", f"{row.cells!r} names nothing in the case")
                continue
            reason = paths.unmet(case, row.cells)
            yield say(
                row,
                number,
                "cells",
                f"{row.cells!r} names nothing in the case: {reason.found}",
                "table.key.column, with * for any part",
                "" if "Case." in reason.cure else reason.cure,
            )
        if row.basis == "assumption" and (row.low is None or row.high is None):
            yield say(row, number, "low, high", "an assumption without its range", "both of them")
        if row.low is not None and row.high is not None and row.low > row.high:
            yield say(row, number, "low", f"{row.low:g} is above high, {row.high:g}")


def levers(case: Case, broken: Broken) -> Iterator[Problem]:
    """A lever moves cells that are there, by something, and dates by whole periods."""
    for number, row in enumerate(case.levers):
        for path in row.moves:
            if unread(broken, path.split(".")[0]) or lever_meets(case, path):
                continue
            reason = paths.unmet(case, path)
            found = f"{path!r} names nothing in the case: {reason.found}"
            cure = "" if "Case." in reason.cure else reason.cure
            yield say(row, number, "moves", found, "table.key.column, with * for any part", cure)
        if not row.moves:
            yield say(row, number, "moves", "it is blank", "one path, or several as a|b")
        if row.step == 0:
            yield say(row, number, "step", "0 moves nothing", "a number that is not 0")
        if row.operation == "shift":
            yield from _shift(row, number)


def _shift(row: Lever, number: int) -> Iterator[Problem]:
    if not row.step.is_integer() or abs(row.step * row.steps) > MOST_PERIODS:
        found = f"{row.steps} steps of {row.step:g} periods"
        yield say(row, number, "step", found, f"whole periods, at most {MOST_PERIODS} in all")
    if row.from_period is not None:
        found = f"{row.from_period} beside shift"
        yield say(row, number, "from_period", found, "only with add and scale")


def lever_meets(case: Case, path: str) -> bool:
    """Whether a path of a lever names anything; the date of a dated row can be moved too."""
    head, _, column = path.rpartition(".")
    if column == "since":
        return bool(paths.matching_rows(case, head))
    return paths.meets(case, path)
