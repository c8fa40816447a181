"""How charts look: colours, fonts, axes of periods, and names as plain text.

Colours were chosen so that any two cars stay apart for readers who do not see red or green
(distance of at least 22 in CIELAB in simulations of protanopia and deuteranopia) and stand
out from their ground by 3 : 1, on paper and on a dark screen. Charts are made for paper;
`DARK` says which colour takes the place of which on a dark ground.

Not here: any chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.reporting.text import one_line
from optimizer.reporting.view import View

INK, QUIET, GRID, PAPER = "#1b2430", "#5b6673", "#e4e8ed", "#ffffff"
#: The plan's own colour, a light one of it, what limits it, what is reached, and the rest.
PLAN, PALE, LIMIT, GOOD, REST = "#2f5d8a", "#b9cde0", "#b3402a", "#2b7a4b", "#9aa3ad"
#: One colour for each car; more cars than colours begin again, hatched.
CARS = (
    "#444a9e",
    "#4297ea",
    "#31a390",
    "#a79402",
    "#bb4458",
    "#866da0",
    "#892759",
    "#836d21",
    "#434216",
)
#: From nothing used to all used.
HEAT = ("#f3f6f9", "#cfdeea", "#8fb3d1", "#2f5d8a", "#b3402a")
DARK = {
    INK: "#e8ecf1",
    QUIET: "#a3aebb",
    GRID: "#2c343f",
    PAPER: "#171c23",
    PLAN: "#79aee0",
    PALE: "#34506b",
    LIMIT: "#f0856c",
    GOOD: "#63c08a",
    REST: "#7b8591",
    "#444a9e": "#7386ff",
    "#4297ea": "#9be8fe",
    "#31a390": "#53e2b2",
    "#a79402": "#e8e67b",
    "#bb4458": "#fa7370",
    "#866da0": "#9c8acb",
    "#892759": "#c1517b",
    "#836d21": "#97ab05",
    "#434216": "#8f5c16",
    "#f3f6f9": "#1f2630",
    "#cfdeea": "#27394c",
    "#8fb3d1": "#3c628a",
}
_PATTERNS = ("", "/", "x", ".", "-", "+")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
#: Most labels on an axis of periods before only years are named.
_MOST_TICKS = 16


def plain(text: str) -> str:
    """A name as text in a chart, whatever it holds.

    Charts read a small part of HTML, and formulas between dollar signs; here both are
    written as the characters that they are.
    """
    safe = one_line(text)
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("$", "&#36;")):
        safe = safe.replace(sign, written)
    return safe


def short(text: str, most: int) -> str:
    """At most so many characters of a name, escaped."""
    line = one_line(text)
    return plain(line if len(line) <= most else line[: most - 1].rstrip() + "…")


def two_lines(text: str, width: int) -> str:
    """A name in one line or two of about this width, what is longer cut off; escaped."""
    from textwrap import wrap

    lines = wrap(one_line(text), width, max_lines=2, placeholder="…") or [""]
    return "<br>".join(plain(line) for line in lines)


def car_marker(view: View, vehicle: str) -> dict[str, Any]:
    """Colour and pattern of a car, the same in every chart."""
    return marker(view.vehicles.index(vehicle))


def marker(place: int) -> dict[str, Any]:
    """Colour and pattern of the thing at a place of its list."""
    pattern = _PATTERNS[place // len(CARS) % len(_PATTERNS)]
    fill = {"pattern": {"shape": pattern, "size": 6, "solidity": 0.35}} if pattern else {}
    return {"color": CARS[place % len(CARS)], "line": {"color": PAPER, "width": 0.6}, **fill}


def layout(height: int, **more: Any) -> dict[str, Any]:
    """The layout that all charts share; ``height`` in pixels."""
    axis = {
        "gridcolor": GRID,
        "zerolinecolor": QUIET,
        "zerolinewidth": 1,
        "linecolor": QUIET,
        "tickfont": {"color": QUIET, "size": 12},
        "title": {"font": {"color": QUIET, "size": 12}},
        "automargin": True,
        "fixedrange": True,
    }
    settings: dict[str, Any] = {
        "template": {"layout": {"xaxis": axis, "yaxis": axis}},
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": QUIET,
            "font": {"family": FONT, "size": 13, "color": INK},
            "align": "left",
            "namelength": -1,
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -0.14,
            "yanchor": "top",
            "traceorder": "normal",
            "font": {"color": INK, "size": 12},
        },
        "separators": ".,",
        "dragmode": False,
        "showlegend": True,
        "bargap": 0.22,
    }
    return {**settings, **more}


def _ticks(view: View) -> tuple[list[int], list[str]]:
    """Where the axis of periods is labelled, and how: the year once, below its first label."""
    horizon = view.case.horizon
    firsts = [periods[0] for periods in view.years.values()]
    if len(view.periods) > _MOST_TICKS:
        step = -(-len(firsts) // _MOST_TICKS)
        places = firsts[::step]
        return places, [horizon.year(t) for t in places]
    places = list(range(len(view.periods)))
    if horizon.step in ("year", "period"):
        return places, [plain(label) for label in view.periods]
    parts = [label[4:].lstrip("-") for label in view.periods]
    # The name of a year of which there is one period has no room beside the next one's.
    named = {t for t in firsts if t + 1 not in firsts}
    return places, [
        f"{part}<br>{horizon.year(t)}" if t in named else part for t, part in enumerate(parts)
    ]


def period_axis(view: View, **more: Any) -> dict[str, Any]:
    """An axis with one place for each period."""
    places, words = _ticks(view)
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(view.periods),
        "range": [-0.5, len(view.periods) - 0.5],
        "tickvals": [view.periods[t] for t in places],
        "ticktext": words,
        "tickangle": 0,
        "showgrid": False,
        **more,
    }


def time_axis(view: View, **more: Any) -> dict[str, Any]:
    """An axis of time on which period t lasts from t to t + 1."""
    places, words = _ticks(view)
    return {
        "type": "linear",
        "range": [0, len(view.periods)],
        "tickvals": [t + 0.5 for t in places],
        "ticktext": words,
        "tickangle": 0,
        "showgrid": False,
        **more,
    }


def dashed(axis: str, at: float, colour: str = LIMIT) -> dict[str, Any]:
    """A line across the chart: ``axis`` is y for a level, x for a date."""
    other = "x" if axis == "y" else "y"
    return {
        "type": "line",
        "xref": "paper" if axis == "y" else "x",
        "yref": "paper" if axis == "x" else "y",
        f"{axis}0": at,
        f"{axis}1": at,
        f"{other}0": 0,
        f"{other}1": 1,
        "line": {"color": colour, "width": 1.5, "dash": "dash"},
    }


def words(text: str, **place: Any) -> dict[str, Any]:
    """A remark in a chart; ``text`` is already escaped."""
    return {
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": INK},
        "bgcolor": PAPER,
        "borderpad": 2,
        **place,
    }


def empty(view_text: str) -> dict[str, Any]:
    """The layout of a chart that has nothing to show, which says so."""
    return layout(
        120,
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[words(view_text, xref="paper", yref="paper", x=0.5, y=0.5)],
    )


def slider(
    label: str, names: Sequence[str], steps: Sequence[list[dict[str, Any]]]
) -> dict[str, Any]:
    """A slider of changes to traces and, beside them, to the layout; it begins with the first."""
    return {
        "active": 0,
        "currentvalue": {"prefix": f"{label}: "},
        "pad": {"t": 36},
        "steps": [
            {"label": plain(name), "method": "update", "args": changes}
            for name, changes in zip(names, steps, strict=True)
        ],
    }
