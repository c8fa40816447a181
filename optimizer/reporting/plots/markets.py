"""The chart of markets: own cars by market, ranked, with the cars that make them up."""

from __future__ import annotations

import plotly.graph_objects as go

from optimizer.reporting.plots import style
from optimizer.reporting.plots.money import spans
from optimizer.reporting.view import View


def markets(view: View, *, abroad: bool = False) -> go.Figure:
    """Own cars by market, most over the horizon first; a slider goes through the years."""
    ranked = [m for m in view.by_market if not (abroad and m == view.home)]
    if not ranked:
        return go.Figure(layout=style.empty("no cars are sold" + (" abroad" if abroad else "")))
    times = spans(view)
    sums = [view.market_vehicle(periods) for _, periods in times]
    cars = [v for v in view.by_vehicle if any(sums[0].get((m, v), 0.0) for m in ranked)]

    def units(n: int) -> list[list[float]]:
        return [[sums[n].get((m, v), 0.0) for m in ranked] for v in cars]

    figure = go.Figure(layout=style.layout(100 + 27 * len(ranked), barmode="stack"))
    for vehicle, values in zip(cars, units(0), strict=True):
        figure.add_bar(
            orientation="h",
            y=list(range(len(ranked))),
            x=values,
            width=0.74,
            name=style.plain(view.vehicle(vehicle)),
            marker=style.car_marker(view, vehicle),
            customdata=[
                f"{style.plain(view.vehicle(vehicle))} in {style.plain(view.market(m))}"
                for m in ranked
            ],
            hovertemplate="%{customdata}: %{x:,.0f} cars<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": {"text": "own cars"}, "tickformat": ",.0f"},
        yaxis={
            "tickvals": list(range(len(ranked))),
            "ticktext": [style.short(view.market(m), 24) for m in ranked],
            "range": [len(ranked) - 0.4, -0.6],
            "showgrid": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
        sliders=[
            style.slider(
                "Time",
                [name for name, _ in times],
                [[{"x": units(n)}] for n in range(len(times))],
            )
        ]
        if len(times) > 1
        else [],
    )
    return figure
