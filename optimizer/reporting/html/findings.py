"""The sentence above each section: what its charts show, in words and numbers of the plan.

Not here: the headline and what limits the plan (see `optimizer.reporting.text`).
"""

from __future__ import annotations

from optimizer.reporting.text import BINDING, amount, cars, one_line, percent
from optimizer.reporting.view import SOME_CARS, View, shares


def volume(view: View) -> str:
    """How volume grows from the first whole year to the last."""
    volumes = view.record.volumes
    per_year = view.case.horizon.per_year
    whole = [year for year, periods in view.years.items() if len(periods) == per_year]
    sums = {y: sum(volumes[t].counted for t in view.years[y]) for y in whole}
    if len(whole) < 2:
        total = sum(row.counted for row in volumes)
        return f"{cars(total)} cars from {view.periods[0]} to {view.periods[-1]}"
    first, last = sums[whole[0]], sums[whole[-1]]
    verb = (
        "grows" if last > first + SOME_CARS else ("falls" if last < first - SOME_CARS else "stays")
    )
    if verb == "stays":
        return f"Volume stays at {cars(last)} cars a year from {whole[0]} to {whole[-1]}"
    times = f", {last / first:.1f} times as many" if last > 1.5 * first > SOME_CARS else ""
    return (
        f"Volume {verb} from {cars(first)} cars in {view.span(whole[0])} "
        f"to {cars(last)} in {view.span(whole[-1])}{times}"
    )


def decisions(view: View) -> str:
    """How much is started, when, and for how much."""
    chosen = [row for row in view.record.decisions if not row.in_place]
    if not chosen:
        return "Nothing is started"
    year = max(
        view.years,
        key=lambda y: sum(row.start in {view.periods[t] for t in view.years[y]} for row in chosen),
    )
    labels = {view.periods[t] for t in view.years[year]}
    most = sum(row.start in labels for row in chosen)
    cost = amount(view.case, sum(row.cost for row in chosen))
    start = f"{len(chosen)} commitments are started for {one_line(cost)}"
    return f"{start}, {most} of them in {view.span(year)}" if len(view.years) > 1 else start


def markets(view: View) -> str:
    """Who buys the cars."""
    sums = {market: sum(units) for market, units in view.by_market.items()}
    total = sum(sums.values())
    if not sums:
        return "No own cars are sold"
    first = next(iter(sums))
    if len(sums) == 1:
        return f"All {cars(total)} own cars are sold in {view.market(first)}"
    home = view.home if view.home in sums else None
    lead = home or first
    text = f"{view.market(lead)} buys {percent(sums[lead] / total)} of all own cars"
    abroad = [market for market in sums if market != lead]
    where = "abroad" if home else "after it"
    names = [f"{view.market(m)} ({cars(sums[m])})" for m in abroad[:3]]
    rest = f"; {where}, {_listed(names)} lead" if len(abroad) > 1 else f", {names[0]} the rest"
    return text + rest


def limits(view: View) -> str:
    """How many limits of each kind are used up in some period."""
    parts = []
    for kind, one, many in (
        ("site", "site", "sites"),
        ("component", "component", "components"),
        ("resource", "resource", "resources"),
        ("budget", "budget", "budgets"),
        ("network", "network", "networks"),
        ("segment", "segment", "segments"),
    ):
        rows = view.limits_of(kind)
        full = sum(
            any((part or 0.0) >= BINDING for part in shares(found)) for found in rows.values()
        )
        if full:
            parts.append(f"{full} of {len(rows)} {one if len(rows) == 1 else many}")
    if not parts:
        return "No capacity, network, share, resource or budget is ever used up"
    return f"Used up at some time: {_listed(parts)}"


def capacity(view: View) -> str:
    """What capacity there is at the end against the beginning."""
    rows = view.limits_of("site")
    if not rows:
        return "What is used of components and people"
    first = sum(found[0].available for found in rows.values())
    last = sum(found[-1].available for found in rows.values())
    used = sum(found[-1].used for found in rows.values())
    part = f", of which {percent(used / last)} are used" if last else ""
    if last > first:
        return f"Factories grow from {cars(first)} to {cars(last)} cars a {view.step}{part} in {view.periods[-1]}"
    stay = "are down to" if last < first else "stay at"
    return f"Factories {stay} {cars(last)} cars a {view.step}{part} in {view.periods[-1]}"


def cash(view: View) -> str:
    """How low cash falls, and how far that is from its floor."""
    least = min(view.record.cash, key=lambda row: row.cash)
    text = f"Cash is lowest at the end of {least.period}: {amount(view.case, least.cash)}"
    floor = view.case.finance.cash_floor
    if floor is None:
        return one_line(f"{text}, and it has no floor")
    above = least.cash - floor
    if above <= 1e-4 * max(1.0, abs(floor)):
        return one_line(f"{text}, its floor")
    return one_line(f"{text}, {amount(view.case, above)} above its floor")


def deals(view: View) -> str:
    """What deals bring in all."""
    rows = view.record.deals
    names = {row.deal for row in rows}
    income = sum(row.payments + row.royalty + row.component_margin for row in rows)
    partner = sum(row.partner_units for row in rows)
    counted = sum(row.counted_units for row in rows)
    many = f"{len(names)} deals bring" if len(names) != 1 else "One deal brings"
    text = f"{many} {amount(view.case, income)}"
    if partner <= SOME_CARS:
        return one_line(f"{text}, and no partner's car within the horizon")
    count = "none of which count" if counted <= SOME_CARS else f"of which {cars(counted)} count"
    return one_line(f"{text} and {cars(partner)} partners' cars, {count}")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
