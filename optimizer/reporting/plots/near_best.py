"""Charts of near-best plans and of frontiers.

Not here: words and tables (see `optimizer.reporting.near_best`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from models.case import Case
from optimizer.reporting.near_best import MEASURE_WORDS, measured, named
from optimizer.reporting.plots import style
from optimizer.reporting.text import money_unit, one_line
from optimizer.reporting.view import View

if TYPE_CHECKING:
    from models.plan import PlanRecord
    from optimizer.studies.frontier import Frontier, FrontierPoint

#: Plans and decisions that a chart shows; tables have all.
MOST_PLANS, MOST_DECISIONS = 8, 60

# When decisions start ------------------------------------------------------------------


def starts(
    case: Case,
    record: PlanRecord,
    decisions: Sequence[str],
    plans: Sequence[tuple[str, dict[str, str]]],
) -> go.Figure:
    """A mark for the start of each decision in each plan, plans one below the other.

    ``plans`` are names with the starts of decisions, the best plan first.
    """
    shown, rows = plans[:MOST_PLANS], decisions[:MOST_DECISIONS]
    if not rows:
        return go.Figure(layout=style.empty("no decision differs"))
    view = View(case, record)
    height = max(36, 10 * len(shown) + 12)
    layout = style.layout(
        70 + height * len(rows),
        xaxis={**style.period_axis(view), "side": "top"},
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": [style.two_lines(named(case, id), 24) for id in rows],
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
        shapes=[_rule(n + 0.5) for n in range(len(rows) - 1)],
    )
    layout["margin"] = {"l": 8, "r": 8, "t": 48, "b": 8}
    traces = [
        _marks(case, rows, n, len(shown), name, found) for n, (name, found) in enumerate(shown)
    ]
    return go.Figure({"data": traces, "layout": layout})


def _marks(
    case: Case, rows: Sequence[str], place: int, plans: int, name: str, found: dict[str, str]
) -> dict[str, Any]:
    """The starts in one plan, each a little below those of the plan before."""
    taken = [(n, id) for n, id in enumerate(rows) if found.get(id)]
    offset = 0.0 if plans == 1 else 0.64 * (place / (plans - 1) - 0.5)
    colour = style.INK if place == 0 else style.CARS[(place - 1) % len(style.CARS)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [found[id] for _, id in taken],
        "y": [n + offset for n, _ in taken],
        "name": style.plain(name),
        "line": {"color": colour},
        "marker": {
            "color": colour,
            "size": 10 if place == 0 else 9,
            "symbol": "diamond" if place == 0 else "circle",
        },
        "customdata": [style.plain(f"{named(case, id)}: {found[id]}, {name}") for _, id in taken],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _rule(at: float) -> dict[str, Any]:
    """A thin line between rows."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": at,
        "y1": at,
        "line": {"color": style.GRID, "width": 1},
        "layer": "below",
    }


# The frontier --------------------------------------------------------------------------


def front(found: Frontier) -> go.Figure:
    """The points by both goals, what is proven of them, and where nothing is known.

    The line goes along corners: between two points no plan is known that has as much of
    both as a straight line would say.
    """
    if not found.points:
        return go.Figure(layout=style.empty("no point was found"))
    first, second = (axis_words(found, place) for place in (0, 1))
    layout = style.layout(
        430,
        hovermode="closest",
        xaxis={"title": {"text": style.plain(first)}, "tickformat": ","},
        yaxis={"title": {"text": style.plain(second)}, "tickformat": ","},
    )
    traces = [*_unexplored(found), _line(found), *_bounds(found), *_points(found)]
    return go.Figure({"data": traces, "layout": layout})


def axis_words(found: Frontier, place: int) -> str:
    """A measure with its unit."""
    title = MEASURE_WORDS[found.between[place]]
    return title if "cars" in title else one_line(f"{title}, {money_unit(found.case)}")


def in_words(found: Frontier, place: int, value: float) -> str:
    """A value of one of the two measures with its unit."""
    text = measured(found, place, value)
    return one_line(f"{text} cars" if "cars" in MEASURE_WORDS[found.between[place]] else text)


def _line(found: Frontier) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [point.first for point in found.points],
        "y": [point.second for point in found.points],
        "name": "reached by the plans found",
        "line": {"color": style.REST, "width": 1.5, "shape": "hv", "dash": "dot"},
        "hoverinfo": "skip",
    }


def _points(found: Frontier) -> Iterator[dict[str, Any]]:
    """Full marks for proven points, empty ones for those whose proof is open."""
    for proven, word, symbol in ((True, "proven", "circle"), (False, "proof open", "circle-open")):
        some = [(n, p) for n, p in enumerate(found.points, 1) if p.proven == proven]
        if not some:
            continue
        colour = style.PLAN if proven else style.LIMIT
        yield {
            "type": "scatter",
            "mode": "markers+text",
            "x": [point.first for _, point in some],
            "y": [point.second for _, point in some],
            "name": word,
            "line": {"color": colour},
            "marker": {"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2}},
            "text": [str(n) for n, _ in some],
            "textposition": "top right",
            "textfont": {"color": style.INK, "size": 12},
            "cliponaxis": False,
            "customdata": [style.plain(_said(found, n, point, word)) for n, point in some],
            "hovertemplate": "%{customdata}<extra></extra>",
        }


def _said(found: Frontier, number: int, point: FrontierPoint, word: str) -> str:
    one, other = (in_words(found, n, v) for n, v in ((0, point.first), (1, point.second)))
    titles = [axis_words(found, place).split(",")[0] for place in (0, 1)]
    return f"point {number}: {titles[0]} {one}, {titles[1]} {other} ({word})"


def _bounds(found: Frontier) -> Iterator[dict[str, Any]]:
    """From a point whose proof is open to what no plan passes there."""
    x: list[float | None] = []
    y: list[float | None] = []
    for point in found.points:
        if not point.proven and point.first_bound is not None:
            x += [point.first, point.first_bound, None]
            y += [point.second, point.second, None]
    if x:
        yield {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "name": "not ruled out",
            "line": {"color": style.LIMIT, "width": 1.5},
            "hoverinfo": "skip",
        }


def _unexplored(found: Frontier) -> Iterator[dict[str, Any]]:
    """Boxes in which further points may lie."""
    x: list[float | None] = []
    y: list[float | None] = []
    for box in found.unexplored:
        (a, b), (c, d) = box.first, box.second
        x += [a, b, b, a, a, None]
        y += [c, c, d, d, c, None]
    if x:
        yield {
            "type": "scatter",
            "mode": "lines",
            "fill": "toself",
            "fillcolor": style.PALE,
            "opacity": 0.55,
            "x": x,
            "y": y,
            "name": "not explored",
            "line": {"color": style.PALE, "width": 1},
            "hoverinfo": "skip",
        }
