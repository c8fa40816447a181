"""The chart of commitments in time: what is prepared, what is in effect, what enabled what.

A row's bar begins with its start; until it is effective it is prepared (light), from then
on it is in effect (dark). What was in place before is grey. Lines from what allowed a start
to that start are a layer that the legend shows and hides.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from models.case import COMMITMENT_TABLES
from models.plan import Decision
from optimizer.reporting.plots import style
from optimizer.reporting.text import amount
from optimizer.reporting.view import View

KINDS = {
    "platforms": "Platforms",
    "vehicles": "Cars",
    "projects": "Projects",
    "expansions": "Capacity",
    "deals": "Deals",
    "entries": "Entries",
    "launches": "Launches",
}
#: In which order the kinds stand.
_ORDER = {kind: n for n, kind in enumerate(dict.fromkeys((*KINDS, *COMMITMENT_TABLES)))}
ROW = 19
_LABEL = 34
LAYERS = ("Prepared", "In effect", "In place before", "What allowed it")


@dataclass(frozen=True)
class _Bar:
    """One commitment's place and times; times are periods from the start of the horizon."""

    row: Decision
    y: int
    start: float
    effective: float


def gantt(view: View) -> go.Figure:
    """All commitments that the plan starts, and those in place, over the horizon."""
    bars, labels = _rows(view)
    figure = go.Figure(layout=style.layout(70 + ROW * len(labels), barmode="overlay", bargap=0.3))
    if not bars:
        figure.update_layout(style.empty("nothing is started or in place"))
        return figure
    end = len(view.periods)
    chosen = [bar for bar in bars if not bar.row.in_place]
    held = [bar for bar in bars if bar.row.in_place]
    prepared = [(bar, bar.start, min(bar.effective, end)) for bar in chosen]
    running = [(bar, max(bar.effective, 0), float(end)) for bar in chosen if bar.effective < end]
    before = [(bar, max(bar.effective, 0), float(end)) for bar in held if bar.effective < end]
    before += [(bar, 0.0, min(bar.effective, end)) for bar in held if bar.effective > 0]
    colours = (style.PALE, style.PLAN, style.REST)
    for name, colour, spans in zip(LAYERS[:3], colours, (prepared, running, before), strict=True):
        _layer(view, figure, name, colour, [span for span in spans if span[2] > span[1]])
    _links(figure, {bar.row.commitment: bar for bar in bars})
    figure.update_layout(
        xaxis=style.time_axis(view, side="top", showgrid=False),
        yaxis={
            "tickvals": list(range(len(labels))),
            "ticktext": labels,
            "range": [len(labels) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
        shapes=_year_lines(view),
        hovermode="closest",
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
        margin={"t": 52},
    )
    return figure


def _rows(view: View) -> tuple[list[_Bar], list[str]]:
    """Bars in their places, kind by kind and in order of time, and the labels of all places."""
    bars: list[_Bar] = []
    labels: list[str] = []
    known = [row for row in view.record.decisions if row.commitment in view.case.commitments]
    for kind in sorted({row.kind for row in known}, key=lambda kind: _ORDER[kind]):
        labels.append(f"<b>{KINDS.get(kind, style.plain(kind))}</b>")
        placed = [_Bar(row, 0, *_times(view, row)) for row in known if row.kind == kind]
        for bar in sorted(placed, key=lambda bar: (not bar.row.in_place, bar.start)):
            bars.append(_Bar(bar.row, len(labels), bar.start, bar.effective))
            labels.append(style.short(view.commitment(bar.row.commitment), _LABEL))
    return bars, labels


def _times(view: View, row: Decision) -> tuple[float, float]:
    index = view.case.horizon.index
    start = -1.0 if row.start is None else float(index(row.start))
    return start, -1.0 if row.effective is None else float(index(row.effective))


def _layer(
    view: View, figure: go.Figure, name: str, colour: str, spans: list[tuple[_Bar, float, float]]
) -> None:
    figure.add_bar(
        orientation="h",
        name=name,
        y=[bar.y for bar, _, _ in spans],
        base=[first for _, first, _ in spans],
        x=[last - first for _, first, last in spans],
        width=0.72,  # otherwise as wide as the distance of the bars of this layer
        marker={"color": colour},
        customdata=[[_told(view, bar.row), style.plain(bar.row.commitment)] for bar, _, _ in spans],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _told(view: View, row: Decision) -> str:
    """What is known of a commitment, as lines of text in a chart."""
    lines = [f"<b>{style.plain(view.commitment(row.commitment))}</b>"]
    if row.in_place:
        lines.append(f"in place since {row.effective or 'long before'}")
    else:
        lines.append(f"starts {row.start}, in effect from {row.effective}")
        lines.append(f"one-off cost {style.plain(amount(view.case, row.cost))}")
    if row.because:
        lines.append("allowed by:")
        lines += [f"· {style.plain(view.commitment(id))}" for id in row.because[:8]]
    return "<br>".join(lines)


def _links(figure: go.Figure, bars: dict[str, _Bar]) -> None:
    """A line from the effect of each commitment to the start of what it allowed."""
    x: list[float | None] = []
    y: list[float | None] = []
    pairs: list[list[int]] = []
    for bar in bars.values():
        for id in bar.row.because if not bar.row.in_place else ():
            if earlier := bars.get(id):
                from_time = max(0.0, min(earlier.effective, bar.start))
                x += [from_time, from_time, bar.start, None]
                y += [earlier.y, bar.y, bar.y, None]
                pairs.append([earlier.y, bar.y])
    if pairs:
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            name=LAYERS[3],
            line={"color": style.LIMIT, "width": 1.2},
            hoverinfo="skip",
            visible="legendonly",
            meta=pairs,
        )


def _year_lines(view: View) -> list[dict[str, object]]:
    """A fine line where a calendar year begins."""
    return [
        {
            "type": "line",
            "yref": "paper",
            "x0": periods[0],
            "x1": periods[0],
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"color": style.GRID, "width": 1},
        }
        for periods in view.years.values()
    ]
