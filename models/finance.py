"""Money of a case: what is there, what it costs to exist, and how much may be spent.

Amounts called *money* are in the case's currency times its ``money_unit``
(CNY and 1,000,000 make million CNY); amounts per car are in single currency
units. Not modelled: interest, tax, working capital.
"""

from __future__ import annotations

from typing import Literal

from models.base import Name, Period, Row, Written, column, money


class Finance(Written):
    """Case-wide money settings."""

    opening_cash: float = money("cash before the first period", default=0.0, ge=None)
    cash_floor: float | None = money(
        "cash at the end of a period never falls below; blank: no floor", default=None, ge=None
    )
    discount_rate_per_year: float = column(
        "discount rate of the NPV", unit="share/year", default=0.0, gt=-1, le=10
    )
    cost_down_per_year: float = column(
        "fall of variable cost per car", unit="share/year", default=0.0, ge=-10, lt=1
    )
    terminal_years: float = column(
        "years of the last year's operating cash flow added to NPV as terminal value",
        unit="years",
        default=0.0,
        ge=0,
        le=100,
    )


class Overhead(Row):
    """A running cost of the company, from ``since`` on."""

    table = "overheads"
    keys = ("item", "since")
    dated = True

    item: Name = column("what it is for")
    since: Period | None = column(
        "holds from this period on; blank: from the first", default=None, period="any"
    )
    amount_per_year: float = money("cost a year", unit="money/year", ge=None)


class Budget(Row):
    """A ceiling on the one-off cost of commitments of a category."""

    table = "budgets"
    keys = ("category", "scope", "when")

    category: Name = column("category of commitments; all: every one")
    scope: Literal["period", "year", "total"] = column("what the ceiling is for")
    when: Period | None = column(
        "the period or calendar year; blank: each of them", default=None, period="when"
    )
    amount: float = money("most that may be spent")
