"""Charts of volume: cars by period, and the years in which the target may be reached."""

from __future__ import annotations

from typing import Any, Literal

import plotly.graph_objects as go

from optimizer.reporting.plots import style
from optimizer.reporting.text import cars
from optimizer.reporting.view import SOME_CARS, View

By = Literal["vehicle", "market"]
#: Markets with a colour of their own; the rest are one layer.
_MOST_MARKETS = 8


def volume(view: View, by: By = "vehicle", *, abroad: bool = False) -> go.Figure:
    """Cars a period, stacked by car or by market, with the pace of the target."""
    if by not in ("vehicle", "market"):
        raise ValueError(f"by is {by!r}; it is 'vehicle' or 'market'")
    layers = _layers(view, by, abroad)
    figure = go.Figure(layout=style.layout(400, barmode="stack", bargap=0.12))
    for name, units, marker in layers:
        figure.add_bar(
            x=view.periods,
            y=units,
            name=style.plain(name),
            marker=marker,
            customdata=[style.plain(name)] * len(units),
            hovertemplate="%{customdata}: %{y:,.0f} cars<extra></extra>",
        )
    figure.update_layout(
        hovermode="x unified",
        xaxis=style.period_axis(view),
        yaxis={
            "title": {"text": f"cars a {view.step}"},
            "tickformat": ",.0f",
            "rangemode": "tozero",
        },
    )
    if not layers:
        figure.update_layout(style.empty("no cars are sold"))
    elif not abroad:
        _mark_target(view, figure)
    return figure


def _layers(view: View, by: By, abroad: bool) -> list[tuple[str, list[float], dict[str, Any]]]:
    """Name, cars by period and marker of each layer, the lowest first."""
    if by == "vehicle":
        sums = _abroad_by_vehicle(view) if abroad else view.by_vehicle
        layers = [(view.vehicle(v), sums[v], style.car_marker(view, v)) for v in sums]
    else:
        found = {m: u for m, u in view.by_market.items() if not (abroad and m == view.home)}
        names = list(found)
        most = _MOST_MARKETS if len(names) > _MOST_MARKETS + 1 else len(names)
        layers = [(view.market(m), found[m], style.marker(n)) for n, m in enumerate(names[:most])]
        if names[most:]:
            rest = [sum(found[m][t] for m in names[most:]) for t in range(len(view.periods))]
            grey = {"color": style.REST, "line": {"color": style.PAPER, "width": 0.6}}
            layers.append((f"{len(names) - most} other markets", rest, grey))
    if not abroad and sum(view.counted_partner) > SOME_CARS:
        layers.append(("Partners' cars that count", view.counted_partner, _partner()))
    return layers


def _partner() -> dict[str, Any]:
    return {
        "color": style.REST,
        "pattern": {"shape": "/", "size": 6, "solidity": 0.3},
        "line": {"color": style.PAPER, "width": 0.6},
    }


def _abroad_by_vehicle(view: View) -> dict[str, list[float]]:
    sums = {v: [0.0] * len(view.periods) for v in view.vehicles}
    for (vehicle, market, t), units in view.sold.items():
        if market != view.home:
            sums[vehicle][t] += units
    return {v: units for v, units in sums.items() if sum(units) > SOME_CARS}


def _mark_target(view: View, figure: go.Figure) -> None:
    """The pace of the target as a level, and the date on which it is passed."""
    target = view.case.target
    if target is None:
        return
    per_year = view.case.horizon.per_year
    pace = target.volume / per_year
    figure.add_shape(style.dashed("y", pace))
    text = f"target pace: {cars(pace)} a {view.step}"
    where: dict[str, Any] = {"xref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
    figure.add_annotation(style.words(text, y=pace, **where))
    if view.reached:
        t = view.order[view.reached.last]
        figure.add_shape(style.dashed("x", t + 0.5, style.GOOD))
        figure.add_annotation(
            style.words(
                f"target reached {style.plain(view.reached.last)}",
                x=t + 0.5,
                xanchor="right",
                yref="paper",
                y=1,
                yanchor="bottom",
                font={"size": 12, "color": style.GOOD},
            )
        )


def target(view: View) -> go.Figure:
    """Counted cars of each year that the target speaks of, against the target."""
    windows = view.record.windows
    figure = go.Figure(layout=style.layout(260, showlegend=False))
    wanted = view.case.target
    if wanted is None or not windows:
        why = "the case has no target" if wanted is None else "no whole year lies in the horizon"
        figure.update_layout(style.empty(why))
        return figure
    whole = wanted.window == "calendar_year"
    names = [view.case.horizon.year(view.order[w.last]) if whole else w.last for w in windows]
    few = len(windows) <= 8
    figure.add_bar(
        x=[w.volume for w in windows],
        y=names,
        orientation="h",
        marker={"color": [style.GOOD if w.reached else style.PALE for w in windows]},
        text=[cars(w.volume) for w in windows] if few else None,
        textposition="auto",
        customdata=[
            f"{w.first} to {w.last}: {'target reached' if w.reached else 'below the target'}"
            for w in windows
        ],
        hovertemplate="%{customdata}<br>%{x:,.0f} cars<extra></extra>",
    )
    figure.add_shape(style.dashed("x", wanted.volume))
    figure.add_annotation(
        style.words(
            f"target {cars(wanted.volume)}",
            x=wanted.volume,
            yref="paper",
            y=1,
            yanchor="bottom",
            xanchor="right",
        )
    )
    figure.update_layout(
        height=90 + 34 * len(windows) if few else 90 + 18 * len(windows),
        xaxis={"title": {"text": "counted cars in the year"}, "tickformat": ",.0f"},
        yaxis={
            "type": "category",
            "autorange": "reversed",
            "title": {"text": "" if whole else "year to"},
        },
    )
    return figure
