"""Money of a case: what is there, what it costs to exist, and how much may be spent.

Amounts called *money* are in the case's currency times its ``money_unit``
(CNY and 1,000,000 make million CNY); amounts per car are in single currency
units. Not modelled: interest, tax, working capital.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.base import MOST_MONEY, Frozen, Name, Period, Row, column, money


class Finance(Frozen):
    """Case-wide money settings."""

    opening_cash: float = Field(
        0.0, description="cash before the first period, money", ge=-MOST_MONEY, le=MOST_MONEY
    )
    cash_floor: float | None = Field(
        None,
        description="cash at the end of a period never falls below, money; blank: no floor",
        ge=-MOST_MONEY,
        le=MOST_MONEY,
    )
    discount_rate_per_year: float = Field(
        0.0, description="discount rate of the NPV, share per year", gt=-1, le=10
    )
    cost_down_per_year: float = Field(
        0.0, description="fall of variable cost per car, share per year", ge=-10, lt=1
    )
    terminal_years: float = Field(
        0.0,
        description="years of the last year's operating cash flow added to NPV as terminal value",
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
