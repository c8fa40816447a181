"""Charts of limits: what is used of capacity, components, people and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

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


#: Height of one small chart of `use`, of its title and of its labels, in pixels.
_SMALL, _TITLE, _LABELS = 190, 26, 44


def use(view: View, keys: Sequence[Key], nothing: str = "nothing is limited") -> go.Figure:
    """What is used of each limit by period, before what is there; one small chart a limit."""
    if not keys:
        return go.Figure(layout=style.empty(nothing))
    height = _SMALL * len(keys)
    axes: dict[str, Any] = {}
    bars: list[dict[str, Any]] = []
    titles: list[dict[str, Any]] = []
    for n, key in enumerate(keys, 1):
        place = "" if n == 1 else str(n)
        top = 1 - (_SMALL * (n - 1) + _TITLE) / height
        bottom = 1 - (_SMALL * n - _LABELS) / height
        axes[f"xaxis{place}"] = style.period_axis(view, anchor=f"y{place}")
        axes[f"yaxis{place}"] = {
            "domain": [max(bottom, 0.0), top],
            "anchor": f"x{place}",
            "rangemode": "tozero",
            "tickformat": ",.0f",
            "nticks": 4,
        }
        given = {"xaxis": f"x{place}", "yaxis": f"y{place}", "showlegend": n == 1}
        bars += [{**bar, **given} for bar in _use_bars(view, key)]
        text = f"{style.plain(view.limit(*key))} ({unit_of(view, key[0])})"
        where = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
        titles.append(style.words(text, y=top, **where))
    layout = style.layout(height + 40, barmode="overlay", hovermode="x unified", annotations=titles)
    return go.Figure({"data": bars, "layout": {**layout, **axes}})


def _use_bars(view: View, key: Key) -> list[dict[str, Any]]:
    """What is there, what is used of it, and what is used where that is all of it."""
    rows, unit = view.limits[key], unit_of(view, key[0])
    full = [row.available > 0 and row.used >= BINDING * row.available for row in rows]
    there = [(row.period, row.available) for row in rows]
    used = [(row.period, row.used) for row, bound in zip(rows, full, strict=True) if not bound]
    all_used = [(row.period, row.used) for row, bound in zip(rows, full, strict=True) if bound]
    return [
        {
            "type": "bar",
            "x": [period for period, _ in points],
            "y": [value for _, value in points],
            "name": name,
            "legendgroup": name,
            "width": width,
            "marker": {"color": colour},
            "hovertemplate": f"{name}: %{{y:,.0f}} {unit}<extra></extra>",
        }
        for name, colour, width, points in (
            ("there", style.PALE, 0.94, there),
            ("used", style.PLAN, 0.56, used),
            ("all of it used", style.LIMIT, 0.56, all_used),
        )
    ]


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


def _in_time(view: View, rows: list[LimitUse], values: Sequence[Any]) -> list[Any]:
    """Values in the places of their periods; a limit need not be there in all of them."""
    found = {row.period: value for row, value in zip(rows, values, strict=True)}
    return [found.get(period) for period in view.periods]


def _use_in_words(view: View, key: Key) -> list[str]:
    name, unit = style.plain(view.limit(*key)), unit_of(view, key[0])
    return [
        f"{name}<br>{row.used:,.0f} of {row.available:,.0f} {unit} in {style.plain(row.period)}"
        for row in view.limits[key]
    ]


def limits(view: View) -> go.Figure:
    """How much of each limit is used, by period: what is dark is all but used up."""
    keys = most_used(view)
    if not keys:
        return go.Figure(layout=style.empty("the case sets no limit"))
    part = [_in_time(view, view.limits[key], shares(view.limits[key])) for key in keys]
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
    told = [_in_time(view, view.limits[key], _use_in_words(view, key)) for key in keys]
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
            "zeroline": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
    )
    return figure
