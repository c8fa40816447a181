"""The tables of a page: the same numbers as the charts, to be read and copied.

Not here: charts (see `optimizer.reporting.plots`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from models.plan import Decision
from optimizer.reporting.html.parts import Cell, Table, count, money, share, units, words
from optimizer.reporting.plots.use import NOUNS, UNITS, Key
from optimizer.reporting.text import decision_rows, decisions_in_time, one_line
from optimizer.reporting.view import View, shares

#: What tables call the kinds of commitments.
_KINDS = {"entries": "entry", "launches": "launch"}


def by_period(
    view: View,
    id: str,
    caption: str,
    first: str,
    rows: Mapping[str, Sequence[float]],
    cell: Callable[[float], Cell] = count,
    total: str = "",
) -> Table:
    """Rows of numbers by period with their sum, and a last row of sums where one is named."""
    body = [(words(name), *map(cell, row), cell(sum(row))) for name, row in rows.items()]
    if total and len(rows) > 1:
        sums = [sum(column) for column in zip(*rows.values(), strict=True)]
        body.append((words(total), *map(cell, sums), cell(sum(sums))))
    columns = (first, *(f"{label}>" for label in view.periods), "All>")
    return Table(id, caption, columns, tuple(body))


def volume_by_vehicle(view: View, id: str) -> Table:
    """Cars by vehicle and period, with partners' cars that count."""
    rows = {view.vehicle(v): row for v, row in view.by_vehicle.items()}
    return by_period(
        view, id, f"Cars a {view.step}, by car", "Car", _counted(view, rows), total="Volume"
    )


def volume_by_market(view: View, id: str) -> Table:
    """Cars by market and period, with partners' cars that count."""
    rows = {view.market(m): row for m, row in view.by_market.items()}
    caption = f"Cars a {view.step}, by market"
    return by_period(view, id, caption, "Market", _counted(view, rows), total="Volume")


def _counted(view: View, rows: dict[str, list[float]]) -> dict[str, list[float]]:
    some = any(view.counted_partner)
    return {**rows, "Partners' cars that count": view.counted_partner} if some else rows


def windows(view: View, id: str) -> Table:
    """Each year in which the target may be reached."""
    rows = tuple(
        (
            words(f"{row.first} to {row.last}" if row.first != row.last else row.last),
            count(row.volume),
            count(row.target),
            count(row.volume - row.target),
            words("reached" if row.reached else "below"),
        )
        for row in view.record.windows
    )
    columns = ("Year", "Counted cars>", "Target>", "Above target by>", "Target")
    return Table(id, "Counted cars of each year against the target, cars", columns, rows)


def market_years(view: View, id: str) -> Table:
    """Own cars by market and year."""
    sums = {y: view.market_vehicle(periods) for y, periods in view.years.items()}
    every = view.market_vehicle(range(len(view.periods)))

    def units_of(found: Mapping[tuple[str, str], float], market: str) -> float:
        return sum(found.get((market, v), 0.0) for v in view.by_vehicle)

    all_cars = sum(every.values()) or 1.0
    rows = tuple(
        (
            words(view.market(m)),
            *(count(units_of(sums[year], m)) for year in view.years),
            count(units_of(every, m)),
            share(units_of(every, m) / all_cars),
        )
        for m in view.by_market
    )
    columns = ("Market", *(f"{view.span(year)}>" for year in view.years), "All>", "Share>")
    return Table(id, "Own cars by market and year, cars", columns, rows)


def decisions(view: View, id: str) -> Table:
    """What the plan starts, in order of time, and why each was allowed."""
    found = decisions_in_time(view.record)
    texts = decision_rows(view.case, view.record)
    rows = tuple(
        (
            words(one_line(what)),
            words(kind),
            words(start),
            words(effective),
            money(row.cost),
            words(_because(view, row)),
        )
        for row, (start, effective, kind, what, _) in zip(found, texts, strict=True)
    )
    columns = ("What", "Kind", "Start", "In effect", "Cost>", "Allowed by")
    caption = f"Commitments that the plan starts, in order of time; one-off cost in {view.money}"
    return Table(id, caption, columns, rows)


def in_place(view: View, id: str) -> Table:
    """What was in place before."""
    rows = tuple(
        (
            words(view.commitment(row.commitment)),
            words(_kind(row.kind)),
            words(row.effective or "long before"),
        )
        for row in view.record.decisions
        if row.in_place
    )
    return Table(
        id, "In place before, not decided by the plan", ("What", "Kind", "In effect"), rows
    )


def left_out(view: View, id: str) -> Table:
    """What the plan could have started and did not."""
    rows = tuple(
        (
            words(view.commitment(id)),
            words(_kind(row.table)),
            words("forbidden" if row.status == "forbidden" else "not chosen"),
            money(row.cost),
        )
        for id in view.left_out
        for row in [view.case.commitments[id]]
    )
    caption = f"Commitments that the plan does not start; one-off cost in {view.money}"
    return Table(id, caption, ("What", "Kind", "Why not", "Cost>"), rows)


def _kind(table: str) -> str:
    return _KINDS.get(table, table.removesuffix("s"))


def _because(view: View, row: Decision) -> str:
    return ", ".join(view.commitment(id) for id in row.because)


def use(view: View, id: str, caption: str, keys: Sequence[Key]) -> Table:
    """Use of limits: used, there and share, one row a limit and period."""
    rows = tuple(
        (
            words(view.limit(*key)),
            words(NOUNS[key[0]]),
            words(row.period),
            units(row.used),
            units(row.available),
            words("") if part is None else share(part),
            words(UNITS.get(key[0], view.money)),
        )
        for key in keys
        for row, part in zip(view.limits[key], shares(view.limits[key]), strict=True)
    )
    columns = ("Limit", "Kind", "When", "Used>", "There>", "Share>", "Unit")
    return Table(id, caption, columns, rows)


def cash(view: View, id: str) -> Table:
    """Items of the cash flow and cash at the end, by period."""
    opening = view.case.finance.opening_cash
    before = [opening, *view.cash[:-1]]
    body = [(words("cash before"), *map(money, before), words(""))]
    body += [(words(name), *map(money, row), money(sum(row))) for name, row in view.items.items()]
    body.append((words("cash after"), *map(money, view.cash), words("")))
    columns = ("Item", *(f"{label}>" for label in view.periods), "All>")
    return Table(id, f"Cash flow by item and cash at the end, {view.money}", columns, tuple(body))


def cash_years(view: View, id: str) -> Table:
    """Items of the cash flow by year."""
    columns = ("Item", *(f"{view.span(year)}>" for year in view.years), "All>")
    ends = [
        (view.cash[periods[0] - 1] if periods[0] else view.case.finance.opening_cash)
        for periods in view.years.values()
    ]
    body = [(words("cash before"), *map(money, ends), money(ends[0]))]
    for name, row in view.items.items():
        parts = [sum(row[t] for t in periods) for periods in view.years.values()]
        body.append((words(name), *map(money, parts), money(sum(row))))
    after = [view.cash[periods[-1]] for periods in view.years.values()]
    body.append((words("cash after"), *map(money, after), money(after[-1])))
    return Table(id, f"Cash flow by item and year, {view.money}", columns, tuple(body))


def deals(view: View, id: str) -> Table:
    """What each deal brings, summed over the horizon."""
    names = list(dict.fromkeys(row.deal for row in view.record.deals))
    partner = {row.deal: row.partner for row in view.case.deals}

    def sums(deal: str, column: str) -> float:
        return float(sum(getattr(row, column) for row in view.record.deals if row.deal == deal))

    rows = []
    for name in names:
        income = [sums(name, column) for column in ("payments", "royalty", "component_margin")]
        rows.append(
            (
                words(view.commitment(f"deals.{name}")),
                words(one_line(partner.get(name, ""))),
                count(sums(name, "partner_units")),
                count(sums(name, "counted_units")),
                *map(money, income),
                money(sum(income)),
            )
        )
    columns = (
        "Deal",
        "Partner",
        "Partner's cars>",
        "Of these count>",
        "Fees and equity>",
        "Royalties>",
        "Margin on components>",
        "Income>",
    )
    caption = f"Deals over the horizon: cars, and money in {view.money}"
    return Table(id, caption, columns, tuple(rows))


def deal_periods(view: View, id: str) -> Table:
    """What each deal brings by period."""
    rows = tuple(
        (
            words(view.commitment(f"deals.{row.deal}")),
            words(row.period),
            count(row.partner_units),
            count(row.counted_units),
            money(row.payments),
            money(row.royalty),
            money(row.component_margin),
            money(row.payments + row.royalty + row.component_margin),
        )
        for row in view.record.deals
    )
    columns = (
        "Deal",
        "When",
        "Partner's cars>",
        "Of these count>",
        "Fees and equity>",
        "Royalties>",
        "Margin on components>",
        "Income>",
    )
    caption = f"Deals by {view.step}: cars, and money in {view.money}"
    return Table(id, caption, columns, rows)
