"""Charts of money: cash at the end of each period, and what makes it rise and fall."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from optimizer.reporting.plots import style
from optimizer.reporting.text import amount, money_number
from optimizer.reporting.view import View


def cash(view: View) -> go.Figure:
    """Cash at the end of each period, with its floor and its lowest point."""
    money = style.plain(view.money)
    figure = go.Figure(layout=style.layout(320, showlegend=False, hovermode="x unified"))
    figure.add_scatter(
        x=view.periods,
        y=view.cash,
        mode="lines+markers",
        name="cash at the end",
        line={"color": style.PLAN, "width": 2.5},
        marker={"size": 6},
        hovertemplate=f"cash %{{y:,.1f}} {money}<extra></extra>",
    )
    least = min(view.record.cash, key=lambda row: row.cash)
    low = view.cash.index(least.cash)
    figure.add_annotation(
        text=f"lowest {style.plain(amount(view.case, least.cash))}",
        x=low,
        y=least.cash,
        showarrow=True,
        arrowhead=0,
        arrowcolor=style.QUIET,
        ax=0,
        ay=-34,
        xanchor="left" if low < len(view.periods) / 4 else "auto",
        font={"size": 12, "color": style.INK},
        bgcolor=style.PAPER,
    )
    floor = view.case.finance.cash_floor
    if floor is not None:
        figure.add_shape(style.dashed("y", floor))
        figure.add_annotation(
            style.words(
                f"floor {style.plain(amount(view.case, floor))}",
                xref="paper",
                x=1,
                xanchor="right",
                y=floor,
                yanchor="top",
            )
        )
    bottom = min(least.cash, floor if floor is not None else 0.0, 0.0)
    top = max(*view.cash, 0.0) if len(view.cash) > 1 else max(view.cash[0], 0.0)
    figure.update_layout(
        xaxis=style.period_axis(view),
        yaxis={
            "title": {"text": money},
            "tickformat": ",.0f",
            "range": [bottom - 0.12 * (top - bottom), top + 0.12 * (top - bottom) or 1.0],
        },
    )
    return figure


def spans(view: View) -> list[tuple[str, Sequence[int]]]:
    """The times that a slider offers: the whole horizon, then each year."""
    whole = f"{view.periods[0]} to {view.periods[-1]}"
    years: list[tuple[str, Sequence[int]]] = [
        (view.span(year), periods) for year, periods in view.years.items()
    ]
    return [(whole, range(len(view.periods))), *years] if len(years) > 1 else years


def steps_of(view: View, periods: Sequence[int]) -> list[tuple[str, str, float]]:
    """Cash before, items, cash after: label, kind of step and money of each."""
    opening = view.cash[periods[0] - 1] if periods[0] else view.case.finance.opening_cash
    steps = [("cash before", "absolute", opening)]
    steps += [
        (name, "relative", sum(values[t] for t in periods)) for name, values in view.items.items()
    ]
    return [*steps, ("cash after", "total", view.cash[periods[-1]])]


def cash_items(view: View) -> go.Figure:
    """What takes cash from its beginning to its end, year by year."""
    money = style.plain(view.money)
    times = spans(view)
    found = [steps_of(view, periods) for _, periods in times]
    names = [name for name, _, _ in found[0]]
    figure = go.Figure(layout=style.layout(110 + 27 * len(names), showlegend=False))
    figure.add_waterfall(
        orientation="h",
        y=names,
        measure=[measure for _, measure, _ in found[0]],
        x=[value for _, _, value in found[0]],
        text=[money_number(value) for _, _, value in found[0]],
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": style.QUIET, "width": 1}},
        increasing={"marker": {"color": style.PLAN}},
        decreasing={"marker": {"color": style.LIMIT}},
        totals={"marker": {"color": style.REST}},
        hovertemplate=f"%{{y}}: %{{text}} {money}<extra></extra>",
    )
    figure.update_layout(
        xaxis={"title": {"text": money}, "tickformat": ",.0f", "range": _reach(found[0])},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
        sliders=[
            style.slider(
                "Time",
                [name for name, _ in times],
                [
                    [
                        {
                            "x": [[value for _, _, value in steps]],
                            "text": [[money_number(value) for _, _, value in steps]],
                        },
                        {"xaxis.range": _reach(steps)},
                    ]
                    for steps in found
                ],
            )
        ]
        if len(times) > 1
        else [],
    )
    return figure


def _reach(steps: Sequence[tuple[str, str, float]]) -> list[float]:
    """From the lowest to the highest that the steps come to, with room for their numbers."""
    level, levels = 0.0, [0.0]
    for _, measure, value in steps:
        level = level + value if measure == "relative" else value
        levels.append(level)
    low, high = min(levels), max(levels)
    room = 0.17 * (high - low or 1.0)
    return [low - room, high + room]
