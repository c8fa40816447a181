"""Charts of what limits a plan and of the prices of its decisions, goal by goal.

Bars are differences of best values found; a line below a bar is what is proven of it.
Not here: the words of a finding (see `optimizer.reporting.finding_words`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go

from models.case import Case
from optimizer.reporting.explaining import VERDICTS, delays_of, in_order
from optimizer.reporting.finding_words import (
    gain_words,
    name_of,
    period_word,
    periods_words,
    step_words,
)
from optimizer.reporting.plots import style
from optimizer.reporting.text import money_unit, one_line

if TYPE_CHECKING:
    from models.target import GoalKind
    from optimizer.studies.explanation import Explanation, LimitGain, Price
    from optimizer.studies.gains import Gain

#: Bars in one chart; its table has all.
MOST_BARS = 25

Known = Literal["proven", "same", "given", "open"]
#: What is known of a difference, in the legend's words, and the colour that says so.
KNOWN_WORDS: dict[Known, str] = {
    "proven": "proven",
    "same": "smaller than the gaps can tell apart",
    "given": "of these plans, not proven",
    "open": "proof open",
}
_COLOURS: dict[Known, str] = {
    "proven": style.PLAN,
    "same": style.PALE,
    "given": style.PALE,
    "open": style.REST,
}
_MARKS = ("circle", "diamond", "square", "triangle-up", "x")


@dataclass(frozen=True)
class Bar:
    """One row of a chart: its label, what it says when pointed at, and the finding."""

    label: str
    said: str
    found: LimitGain | Price
    later: tuple[Price, ...] = ()


def known(gain: Gain) -> Known:
    """How sure a difference is."""
    if gain.given and not gain.shown:
        return "given"
    if gain.told in ("open", "same"):
        return gain.told
    return "proven"


def gain_of(one: LimitGain | Price, kind: GoalKind) -> Gain | None:
    """The finding's difference in one goal; None where it was not sought or there is no plan."""
    return next((gain for gain in one.gains if gain.kind == kind), None)


def unit_of(case: Case, kind: GoalKind, found: Sequence[LimitGain | Price]) -> str:
    """The unit of differences in a goal."""
    units = {gain.unit for one in found if (gain := gain_of(one, kind))}
    if units <= {"periods"} and units:
        return f"{period_word(case)}s sooner"
    return one_line(money_unit(case)) if "money" in units else "cars"


def limit_bars(found: Explanation, kind: GoalKind) -> list[Bar]:
    """The limits whose next step moves a goal, most gain first."""
    case = found.outcome.case
    moved = [one for one in found.limit_gains if _told(gain_of(one, kind))]
    moved.sort(key=lambda one: -_value(one, kind))
    words = [step_words(case, one.limit, one.by) for one in moved]
    return [Bar(text, f"with {text}", one) for text, one in zip(words, moved, strict=True)]


def price_bars(found: Explanation, kind: GoalKind) -> list[Bar]:
    """The decisions taken, those always worth it first, and what delays cost."""
    taken = in_order(found, "forbid")
    if not _matters([*taken, *(one for one in found.priced if one.move == "delay")], kind):
        return []
    return [
        Bar(
            name_of(found.outcome.case, one.commitment),
            f"without {name_of(found.outcome.case, one.commitment)} ({VERDICTS[one.verdict]})",
            one,
            tuple(delays_of(found, one.commitment)),
        )
        for one in taken
        if one.status == "infeasible" or gain_of(one, kind)
    ]


def forced_bars(found: Explanation, kind: GoalKind) -> list[Bar]:
    """The options left out, when they are forced in."""
    forced = in_order(found, "force")
    if not _matters(forced, kind):
        return []
    return [
        Bar(
            name_of(found.outcome.case, one.commitment),
            f"with {name_of(found.outcome.case, one.commitment)} ({VERDICTS[one.verdict]})",
            one,
        )
        for one in forced
        if one.status == "infeasible" or gain_of(one, kind)
    ]


def bars(case: Case, kind: GoalKind, rows: Sequence[Bar]) -> go.Figure:
    """Ranked bars of differences in one goal, with what is proven of each."""
    shown = rows[:MOST_BARS]
    if not shown:
        return go.Figure(layout=style.empty("nothing moves it by more than can be told"))
    traces = [*_bars(case, kind, shown), *_intervals(kind, shown)]
    traces += [*_delays(case, kind, shown), *_no_plan(shown)]
    unit = unit_of(case, kind, [row.found for row in shown])
    layout = style.layout(
        96 + 38 * len(shown),
        barmode="overlay",
        showlegend=len(traces) > 1,
        xaxis={
            "title": {"text": f"difference to the plan, {style.plain(unit)}"},
            "zerolinecolor": style.QUIET,
            **_ticks(kind, shown),
        },
        yaxis={
            "tickvals": list(range(len(shown))),
            "ticktext": [style.two_lines(row.label, 26) for row in shown],
            "range": [len(shown) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"color": style.INK, "size": 12},
        },
    )
    return go.Figure({"data": traces, "layout": layout})


def _ticks(kind: GoalKind, rows: Sequence[Bar]) -> dict[str, Any]:
    """Ticks with a sign; of periods whole ones alone."""
    every = [one for row in rows for one in (row.found, *row.later)]
    gains = [gain for one in every if (gain := gain_of(one, kind)) is not None]
    if not gains or any(gain.unit != "periods" for gain in gains):
        return {"tickformat": "+,"}
    most = max(abs(gain.value) for gain in gains)
    return {"tickformat": "+,.0f", "dtick": max(1, round(most / 6))}


def _bars(case: Case, kind: GoalKind, rows: Sequence[Bar]) -> Iterator[dict[str, Any]]:
    """One trace for each degree of being known."""
    placed = [
        (n, row, gain)
        for n, row in enumerate(rows)
        if (gain := gain_of(row.found, kind)) is not None
    ]
    for degree, word in KNOWN_WORDS.items():
        some = [(n, row, gain) for n, row, gain in placed if known(gain) == degree]
        if not some:
            continue
        gains = [gain for _, _, gain in some]
        yield {
            "type": "bar",
            "orientation": "h",
            "y": [n for n, _, _ in some],
            "x": [gain.value for gain in gains],
            "width": 0.6,
            "name": word,
            "marker": {"color": _COLOURS[degree]},
            "customdata": [_said(case, row.said, gain) for _, row, gain in some],
            "hovertemplate": "%{customdata}<extra></extra>",
            "text": [_date(gain) for gain in gains],
            "textposition": "auto",
            "textfont": {"size": 12},
        }


def _intervals(kind: GoalKind, rows: Sequence[Bar]) -> Iterator[dict[str, Any]]:
    """Below each bar a line between what is proven, where that is wider than a point."""
    x: list[float | None] = []
    y: list[float | None] = []
    for n, row in enumerate(rows):
        gain = gain_of(row.found, kind)
        if gain is None or gain.given or gain.exact or gain.unit == "periods":
            continue
        if gain.least is not None and gain.most is not None:
            x += [gain.least, gain.most, None]
            y += [n + 0.38, n + 0.38, None]
    if x:
        yield {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "name": "proven to lie between",
            "line": {"color": style.INK, "width": 2.5},
            "hoverinfo": "skip",
        }


def _delays(case: Case, kind: GoalKind, rows: Sequence[Bar]) -> Iterator[dict[str, Any]]:
    """Marks of what a decision costs when it is late, one kind of mark for each delay."""
    every = sorted({late.periods for row in rows for late in row.later})
    for place, periods in enumerate(every):
        word = f"{periods_words(case, periods)} later"
        some = [
            (n, row, gain)
            for n, row in enumerate(rows)
            for late in row.later
            if late.periods == periods and (gain := gain_of(late, kind)) is not None
        ]
        if not some:
            continue
        colour = style.CARS[(place + 4) % len(style.CARS)]
        below = 0.0 if len(every) == 1 else 0.36 * (place / (len(every) - 1) - 0.5)
        yield {
            "type": "scatter",
            "mode": "markers",
            "y": [n + below for n, _, _ in some],
            "x": [gain.value for _, _, gain in some],
            "name": word,
            "line": {"color": colour},
            "marker": {
                "color": colour,
                "size": 10,
                "symbol": _MARKS[place % len(_MARKS)],
                "line": {"color": style.PAPER, "width": 1},
            },
            "customdata": [
                _said(case, f"{row.label}, {word}", gain)
                + ("" if known(gain) == "proven" else f" ({KNOWN_WORDS[known(gain)]})")
                for _, row, gain in some
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        }


def _no_plan(rows: Sequence[Bar]) -> Iterator[dict[str, Any]]:
    """A cross where there is no plan at all, so no difference either."""
    some = [(n, row) for n, row in enumerate(rows) if row.found.status == "infeasible"]
    if some:
        yield {
            "type": "scatter",
            "mode": "markers+text",
            "y": [n for n, _ in some],
            "x": [0] * len(some),
            "name": "no plan exists",
            "line": {"color": style.LIMIT},
            "marker": {"color": style.LIMIT, "size": 11, "symbol": "x-thin-open"},
            "text": ["no plan exists "] * len(some),
            "textposition": "middle left",
            "textfont": {"color": style.LIMIT, "size": 12},
            "customdata": [style.plain(f"{row.said}: no plan exists") for _, row in some],
            "hovertemplate": "%{customdata}<extra></extra>",
        }


def _date(gain: Gain) -> str:
    """What stands on a bar: of dates the date itself, or that there is none."""
    if gain.unit != "periods" or gain.told == "same":
        return ""
    return style.plain(gain.after.period or "missed")


def _said(case: Case, start: str, gain: Gain) -> str:
    return style.plain(f"{start}: {gain_words(case, gain)}")


def _told(gain: Gain | None) -> bool:
    return gain is not None and gain.told != "same"


def _matters(prices: Sequence[Price], kind: GoalKind) -> bool:
    """Some price is more than nothing in this goal."""
    return any(one.status == "infeasible" or _told(gain_of(one, kind)) for one in prices)


def _value(one: LimitGain | Price, kind: GoalKind) -> float:
    gain = gain_of(one, kind)
    return 0.0 if gain is None else gain.value
