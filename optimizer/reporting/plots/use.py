"""Charts of limits: what is used of capacity, components, people and budgets."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from models.plan import LimitUse
from optimizer.reporting.plots import style
from optimizer.reporting.text import BINDING
from optimizer.reporting.view import View, shares

#: What use of a limit is counted in; money where nothing else stands here.
UNITS = {
    "site": "capacity",
    "component": "components",
    "resource": "units",
    "network": "cars",
    "segment": "cars",
    "demand": "cars",
}
#: What a limit is called beside its name.
NOUNS = {
    "site": "site",
    "component": "component",
    "resource": "people",
    "budget": "budget",
    "network": "network",
    "segment": "segment",
    "demand": "demand",
}
#: Rows of the chart of what limits the plan; what is used most comes first.
MOST_LIMITS = 30
Key = tuple[str, str]


def use(view: View, keys: Sequence[Key], nothing: str = "nothing is limited") -> go.Figure:
    """What is used of each limit by period, below what is there; one small chart a limit."""
    if not keys:
        return go.Figure(layout=style.empty(nothing))
    titles = [f"{style.plain(view.limit(*key))} ({unit_of(view, key[0])})" for key in keys]
    figure = make_subplots(
        rows=len(keys),
        cols=1,
        shared_xaxes=False,
        subplot_titles=titles,
        vertical_spacing=min(0.16, 64 / (190 * len(keys))),
    )
    for n, key in enumerate(keys, 1):
        _add_use(view, figure, n, key, view.limits[key])
    figure.layout.template = None  # make_subplots brings one of its own
    figure.update_layout(style.layout(190 * len(keys) + 40, bargap=0.12, hovermode="x unified"))
    figure.update_xaxes(style.period_axis(view))
    figure.update_yaxes(rangemode="tozero", tickformat=",.0f", nticks=4)
    figure.update_annotations(font={"size": 13, "color": style.INK}, x=0, xanchor="left")
    return figure


def _add_use(view: View, figure: go.Figure, n: int, key: Key, rows: list[LimitUse]) -> None:
    unit = unit_of(view, key[0])
    given = {"row": n, "col": 1}
    full = [bool(row.available > 0 and row.used >= BINDING * row.available) for row in rows]
    for name, colour, when in (
        ("used", style.PLAN, False),
        ("all of it used", style.LIMIT, True),
    ):
        figure.add_bar(
            x=[row.period for row, bound in zip(rows, full, strict=True) if bound == when],
            y=[row.used for row, bound in zip(rows, full, strict=True) if bound == when],
            name=name,
            legendgroup=name,
            showlegend=n == 1,
            marker={"color": colour},
            hovertemplate=f"{name}: %{{y:,.0f}} {unit}<extra></extra>",
            **given,
        )
    figure.add_scatter(
        x=[row.period for row in rows],
        y=[row.available for row in rows],
        name="there",
        legendgroup="there",
        showlegend=n == 1,
        mode="lines",
        line={"color": style.INK, "width": 1.6, "shape": "hvh"},
        hovertemplate=f"there %{{y:,.0f}} {unit}<extra></extra>",
        **given,
    )


def unit_of(view: View, kind: str) -> str:
    """The unit in which use of a kind of limit is counted, escaped."""
    return UNITS.get(kind) or style.plain(view.money)


def budgets(view: View) -> go.Figure:
    """What is spent of each budget, as bars against what may be."""
    rows = [row for rows in view.limits_of("budget").values() for row in rows]
    if not rows:
        return go.Figure(layout=style.empty("no budget is set"))
    names = [style.short(f"{view.limit('budget', row.name)}, {row.period}", 34) for row in rows]
    places = list(range(len(rows)))
    figure = go.Figure(layout=style.layout(90 + 34 * len(rows), barmode="overlay"))
    money = style.plain(view.money)
    figure.add_bar(
        orientation="h",
        y=places,
        x=[row.available for row in rows],
        name="budget",
        marker={"color": style.PALE},
        hovertemplate=f"budget %{{x:,.1f}} {money}<extra></extra>",
    )
    figure.add_bar(
        orientation="h",
        y=places,
        x=[row.used for row in rows],
        name="spent",
        width=0.4,
        marker={"color": style.PLAN},
        hovertemplate=f"spent %{{x:,.1f}} {money}<extra></extra>",
    )
    figure.update_layout(
        xaxis={"title": {"text": money}, "tickformat": ",.0f", "rangemode": "tozero"},
        yaxis={"tickvals": places, "ticktext": names, "range": [len(rows) - 0.4, -0.6]},
        hovermode="y unified",
    )
    return figure


def most_used(view: View) -> list[Key]:
    """Limits but demand, those that bind longest first; at most as many as the chart shows."""

    def rank(key: Key) -> tuple[float, float]:
        parts = [share or 0.0 for share in shares(found[key])]
        return (-float(sum(part >= BINDING for part in parts)), -max(parts))

    found = view.limits_of("site", "component", "resource", "network", "segment")
    return sorted(found, key=rank)[:MOST_LIMITS]


def limits(view: View) -> go.Figure:
    """How much of each limit is used, by period: what is dark is all but used up."""
    keys = most_used(view)
    if not keys:
        return go.Figure(layout=style.empty("the case sets no limit"))
    part = [shares(view.limits[key]) for key in keys]
    names = [style.short(f"{view.limit(*key)} ({NOUNS[key[0]]})", 36) for key in keys]
    full = BINDING
    scale = [
        [0.0, style.HEAT[0]],
        [0.5, style.HEAT[1]],
        [0.8, style.HEAT[2]],
        [full - 1e-6, style.HEAT[3]],
        [full, style.HEAT[4]],
        [1.0, style.HEAT[4]],
    ]
    told = [
        [
            f"{style.plain(view.limit(*key))}<br>{row.used:,.0f} of {row.available:,.0f} "
            f"{unit_of(view, key[0])} in {style.plain(row.period)}"
            for row in view.limits[key]
        ]
        for key in keys
    ]
    figure = go.Figure(layout=style.layout(80 + 22 * len(keys), showlegend=False))
    figure.add_heatmap(
        x=view.periods,
        y=list(range(len(keys))),
        z=part,
        text=told,
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=2,
        colorscale=scale,
        showscale=False,
        hovertemplate="%{text}<br>%{z:.1%} used<extra></extra>",
        hoverongaps=False,
    )
    figure.update_layout(
        xaxis=style.period_axis(view, side="top"),
        yaxis={
            "tickvals": list(range(len(keys))),
            "ticktext": names,
            "range": [len(keys) - 0.5, -0.5],
            "showgrid": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
    )
    return figure
