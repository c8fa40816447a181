"""Charts of studies: plans side by side, what differences come from, what ranges move.

Not here: charts of one plan (see the other modules).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from optimizer.reporting.plots import style
from optimizer.reporting.text import money_unit
from optimizer.reporting.view import SOME_CARS, View

if TYPE_CHECKING:
    from optimizer.outcome import Outcome
    from optimizer.studies.cause import Cause
    from optimizer.studies.compare import Comparison
    from optimizer.studies.kpis import Kpi
    from optimizer.studies.sweep_record import Sweep, Swing

#: Ranges that a tornado shows; its table has all.
MOST_RANGES = 15


def named_outcomes(comparison: Comparison) -> dict[str, Outcome]:
    """The outcomes with a plan by name, the base case first."""
    every = [("base", comparison.base), *((s.name, s.outcome) for s in comparison.sides)]
    return {name: outcome for name, outcome in every if outcome.plan is not None}


def volumes(comparison: Comparison) -> go.Figure:
    """Counted cars a period in each plan."""
    figure = go.Figure(layout=style.layout(360, hovermode="x unified"))
    view = None
    for n, (name, outcome) in enumerate(named_outcomes(comparison).items()):
        assert outcome.plan is not None
        view = View(outcome.case, outcome.plan.record)
        colour = style.INK if n == 0 else style.CARS[(n - 1) % len(style.CARS)]
        dash = ("solid", "dash", "dot", "dashdot")[n // (len(style.CARS) + 1) % 4]
        figure.add_scatter(
            x=view.periods,
            y=[row.counted for row in outcome.plan.record.volumes],
            name=style.plain(name),
            mode="lines",
            line={"color": colour, "width": 3 if n == 0 else 2, "dash": dash},
            customdata=[style.plain(name)] * len(view.periods),
            hovertemplate="%{customdata}: %{y:,.0f} cars<extra></extra>",
        )
    if view is None:
        figure.update_layout(style.empty("there is no plan"))
        return figure
    figure.update_layout(
        xaxis=style.period_axis(view),
        yaxis={
            "title": {"text": f"counted cars a {view.step}"},
            "tickformat": ",.0f",
            "rangemode": "tozero",
        },
    )
    return figure


def moved_by_market(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Own cars more (below 0: fewer) than in the base plan, by market, of each side."""
    sums: dict[str, dict[str, float]] = {}
    for side in comparison.sides:
        found: dict[str, float] = defaultdict(float)
        for change in side.sales:
            found[change.market] += change.difference
        sums[side.name] = {m: cars for m, cars in found.items() if abs(cars) > SOME_CARS}
    return sums


def sales(comparison: Comparison, titles: dict[str, str]) -> go.Figure:
    """How many own cars more or fewer each market buys than in the base plan."""
    sums = moved_by_market(comparison)
    size: dict[str, float] = defaultdict(float)
    for found in sums.values():
        for market, units in found.items():
            size[market] += abs(units)
    markets = sorted(size, key=lambda market: -size[market])
    sides = [name for name, found in sums.items() if found]
    if not markets:
        return go.Figure(layout=style.empty("no market buys more or fewer"))
    height = 110 + len(markets) * max(26, 11 * len(sides) + 8)
    figure = go.Figure(layout=style.layout(height, barmode="group", bargap=0.25))
    for n, name in enumerate(comparison_side.name for comparison_side in comparison.sides):
        if name not in sides:
            continue
        figure.add_bar(
            orientation="h",
            y=list(range(len(markets))),
            x=[sums[name].get(market, 0.0) for market in markets],
            name=style.plain(name),
            marker=style.marker(n),
            customdata=[f"{style.plain(name)}: {style.plain(titles.get(m) or m)}" for m in markets],
            hovertemplate="%{customdata} %{x:+,.0f} cars<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": {"text": "own cars, difference to the base plan"}, "tickformat": "+,.0f"},
        yaxis={
            "tickvals": list(range(len(markets))),
            "ticktext": [style.short(titles.get(m) or m, 24) for m in markets],
            "range": [len(markets) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
        },
    )
    return figure


def _bars(values: list[float], labels: list[str], told: list[str], **more: Any) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(labels))),
        "x": values,
        "width": 0.7,
        "customdata": told,
        "hovertemplate": "%{customdata}<extra></extra>",
        **more,
    }


def _rows_axis(labels: list[str]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "range": [len(labels) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"color": style.INK, "size": 12},
    }


def causes(cause: Cause, figure: Kpi, unit: str) -> go.Figure:
    """What each part contributes to the difference in one key figure."""
    shares = [share for share in cause.of(figure.name) if share.finding.value is not None]
    if not shares:
        return go.Figure(layout=style.empty("no share is defined"))
    values = [share.finding.value or 0.0 for share in shares]
    labels = [style.short(share.part.title, 34) for share in shares]
    words = [
        f"{style.plain(share.part.title)}: {value:+,.4g} {style.plain(unit)} ({share.finding.mark})"
        for share, value in zip(shares, values, strict=True)
    ]
    colours = [style.PLAN if value >= 0 else style.LIMIT for value in values]
    layout = style.layout(
        90 + 34 * len(shares),
        showlegend=False,
        xaxis={"title": {"text": f"difference, {style.plain(unit)}"}, "tickformat": "+,"},
        yaxis=_rows_axis(labels),
    )
    return go.Figure(
        {"data": [_bars(values, labels, words, marker={"color": colours})], "layout": layout}
    )


def moving(sweep: Sweep, name: str) -> list[Swing]:
    """The ranges that move a figure by more than the gap can tell apart, most first."""
    return [
        one
        for one in sweep.swings
        if one.figure.name == name and one.swing and one.mark not in ("same", "noise")
    ]


def tornado(sweep: Sweep, figure: Kpi) -> go.Figure:
    """How far the low and the high end of each range move one key figure."""
    shown = moving(sweep, figure.name)[:MOST_RANGES]
    if not shown or figure.value is None:
        return go.Figure(layout=style.empty("no range moves it by more than can be told"))
    unit = {"cars": "cars", "money": style.plain(money_unit(sweep.case))}.get(figure.unit, "")
    if figure.unit == "period":
        step = "half-year" if sweep.case.horizon.step == "half" else sweep.case.horizon.step
        unit = f"{step}s later"
    labels = [style.short(one.cells, 36) for one in shown]
    bars = []
    for words, colour, end in (
        ("at the low end", style.LIMIT, "low"),
        ("at the high end", style.PLAN, "high"),
    ):
        kpis = [getattr(one, f"at_{end}") for one in shown]
        values = [
            0.0 if kpi is None or kpi.value is None else kpi.value - figure.value for kpi in kpis
        ]
        told = [
            f"{style.plain(one.cells)} {words}, {style.plain(getattr(one, end))}: "
            + ("no plan" if kpi is None or kpi.value is None else f"{value:+,.0f} {unit}")
            + (" at least" if kpi is not None and kpi.not_reached else "")
            for one, kpi, value in zip(shown, kpis, values, strict=True)
        ]
        bar = _bars(values, labels, told, name=words, marker={"color": colour})
        # Ends may lie on the same side: the narrow bar leaves the wide one to be seen.
        bars.append({**bar, "width": 0.76 if end == "low" else 0.38})
    layout = style.layout(
        110 + 27 * len(shown),
        barmode="overlay",
        xaxis={"title": {"text": f"difference to the case as it is, {unit}"}, "tickformat": "+,"},
        yaxis=_rows_axis(labels),
    )
    return go.Figure({"data": bars, "layout": layout})
