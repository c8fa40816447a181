"""Charts of deals: partners' cars, and what deals bring in money."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from optimizer.reporting.plots import style
from optimizer.reporting.view import SOME_CARS, View

INCOME = {
    "payments": "fees and equity",
    "royalty": "royalties",
    "component_margin": "margin on components",
}


def deals(view: View) -> go.Figure:
    """Income of all deals by period and kind, money; below 0 the maker pays."""
    money = style.plain(view.money)
    rows = [row for row in view.record.deals if any(getattr(row, name) for name in INCOME)]
    if not rows:
        return go.Figure(layout=style.empty("no deal brings or costs anything"))
    figure = go.Figure(layout=style.layout(300, barmode="relative", hovermode="closest"))
    for deal in dict.fromkeys(row.deal for row in rows):
        found = [row for row in rows if row.deal == deal]
        sums = [row.payments + row.royalty + row.component_margin for row in found]
        title = style.plain(view.commitment(f"deals.{deal}"))
        figure.add_bar(
            x=[row.period for row in found],
            y=sums,
            name=title,
            marker=_marker(view, deal),
            customdata=[
                title
                + "".join(
                    f"<br>{words} {getattr(row, name):,.1f} {money}"
                    for name, words in INCOME.items()
                    if getattr(row, name)
                )
                for row in found
            ],
            hovertemplate="%{customdata}<br>%{x}<extra></extra>",
        )
    figure.update_layout(
        xaxis=style.period_axis(view),
        yaxis={"title": {"text": f"{money} a {view.step}"}, "tickformat": ",.0f"},
    )
    return figure


def partners(view: View) -> go.Figure:
    """Partners' cars by period and deal, whether or not they count."""
    rows = [row for row in view.record.deals if row.partner_units > SOME_CARS]
    if not rows:
        return go.Figure(layout=style.empty("no partner's car is built within the horizon"))
    figure = go.Figure(layout=style.layout(280, barmode="stack", hovermode="x unified"))
    for deal in dict.fromkeys(row.deal for row in rows):
        found = [row for row in rows if row.deal == deal]
        title = style.plain(view.commitment(f"deals.{deal}"))
        figure.add_bar(
            x=[row.period for row in found],
            y=[row.partner_units for row in found],
            name=title,
            marker=_marker(view, deal),
            customdata=[[title, f"{row.counted_units:,.0f}"] for row in found],
            hovertemplate="%{customdata[0]}: %{y:,.0f} cars, of which %{customdata[1]} count"
            "<extra></extra>",
        )
    figure.update_layout(
        xaxis=style.period_axis(view),
        yaxis={"title": {"text": f"partners' cars a {view.step}"}, "tickformat": ",.0f"},
    )
    return figure


def _marker(view: View, deal: str) -> dict[str, Any]:
    """Colour of a deal, the same in every chart: its place among those of the plan."""
    return style.marker(list(dict.fromkeys(row.deal for row in view.record.deals)).index(deal))
