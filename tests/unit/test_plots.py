"""The charts of a plan: what they hold, how names show in them, that none fails."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from models.horizon import Horizon
from models.plan import LimitUse
from optimizer import Outcome, Plan, load_case, solve
from optimizer.reporting.plots import Plots, style
from optimizer.reporting.view import View

CHARTS = [name for name in dir(Plots) if not name.startswith("_")]


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


def plots(outcome: Outcome) -> Plots:
    assert outcome.plan is not None
    return outcome.plan.plot


def bars(figure: Any) -> dict[str, list[float]]:
    return {trace.name: list(trace.y) for trace in figure.data}


def test_volume_is_the_tiny_plan(outcome: Outcome) -> None:
    """One sells 1,000 at home, 250 more in the south from 2024Q2; Two 500 from 2024Q3."""
    figure = plots(outcome).volume()
    assert bars(figure) == {
        "One": pytest.approx([1000, *[1250] * 7]),
        "Two": pytest.approx([0, 0, *[500] * 6]),
    }
    assert list(figure.data[0].x) == list(load_case("tiny").horizon.labels)
    # The target of 6,000 a year is 1,500 a quarter, and passed in 2025Q4 (see the tiny case).
    levels = [shape.y0 for shape in figure.layout.shapes if shape.yref != "paper"]
    assert levels == [1500]
    words = [note.text for note in figure.layout.annotations]
    assert words == ["target pace: 1,500 a quarter", "target reached 2025Q4"]


def test_volume_by_market(outcome: Outcome) -> None:
    """Home takes 1,000 and from 2024Q3 1,500, the south 250; abroad is without home."""
    figure = plots(outcome).volume("market")
    assert bars(figure) == {
        "Home": pytest.approx([1000, 1000, *[1500] * 6]),
        "South": pytest.approx([0, *[250] * 7]),
    }
    assert set(bars(plots(outcome).volume("market", abroad=True))) == {"South"}
    assert set(bars(plots(outcome).volume(abroad=True))) == {"One"}
    with pytest.raises(ValueError, match="by is 'site'; it is 'vehicle' or 'market'"):
        plots(outcome).volume("site")  # type: ignore[arg-type]


def test_target_years(outcome: Outcome) -> None:
    """5,750 cars in 2024 miss the 6,000, 7,000 in 2025 reach them."""
    figure = plots(outcome).target()
    assert list(figure.data[0].x) == pytest.approx([5750, 7000])
    assert list(figure.data[0].marker.color) == [style.PALE, style.GOOD]
    assert figure.layout.shapes[0].x0 == 6000


def test_gantt_has_lead_and_effect(outcome: Outcome) -> None:
    """Two is prepared from 2024Q1 for two quarters and in effect for the six that remain."""
    figure = plots(outcome).gantt()
    layers = {trace.name: trace for trace in figure.data}
    spans = {
        name: {
            told[1]: (base, base + length)
            for told, base, length in zip(trace.customdata, trace.base, trace.x, strict=True)
        }
        for name, trace in layers.items()
        if trace.type == "bar"
    }
    assert spans["Prepared"]["vehicles.two"] == (0, 2)
    assert spans["In effect"]["vehicles.two"] == (2, 8)
    assert spans["In place before"]["vehicles.one"] == (0, 8)
    assert not set(spans["In place before"]) & set(spans["In effect"])
    assert layers["What allowed it"].visible == "legendonly"
    assert any("allowed by" in told[0] for told in layers["In effect"].customdata)


def test_cash_and_its_floor(outcome: Outcome) -> None:
    """Cash is 17 after the first quarter and 1 after the second (see the tiny case)."""
    figure = plots(outcome).cash()
    assert list(figure.data[0].y)[:2] == pytest.approx([17, 1])
    assert [shape.y0 for shape in figure.layout.shapes] == [0]
    assert "lowest EUR 1.0 million" in [note.text for note in figure.layout.annotations]


def test_cash_items_begin_and_end_with_cash(outcome: Outcome) -> None:
    """From 30 at the start all items lead to 30 + 26 = 56; each year's slider step does too."""
    figure = plots(outcome).cash_items()
    steps = [step.args[0]["x"][0] for step in figure.layout.sliders[0].steps]
    assert steps[0][0] == 30
    assert steps[0][-1] == pytest.approx(56)
    assert len(steps) == 3  # the horizon and its two years
    for step in steps:
        assert sum(step[:-1]) == pytest.approx(step[-1])
    assert steps[1][-1] == pytest.approx(steps[2][0])


def test_limits_stand_in_their_periods(outcome: Outcome) -> None:
    """A limit that is not there in a period has no colour in it, and no other period's."""
    figure = plots(outcome).limits()
    parts = dict(zip(figure.layout.yaxis.ticktext, figure.data[0].z, strict=True))
    south = parts["South (importer) (network)"]
    # The importer is effective from 2024Q2 on and then sells all of its 250.
    assert list(south) == [None, *[pytest.approx(1.0)] * 7]
    plant = parts["Plant (site)"]
    assert plant[0] == pytest.approx(1000 / 1250)


def test_use_tells_what_is_used_up(outcome: Outcome) -> None:
    """The plant has 1,250 and then 1,750 a quarter; all but the first quarter is used up."""
    found = {trace.name: trace for trace in plots(outcome).capacity().data}
    assert list(found["there"].y) == pytest.approx([1250, 1250, *[1750] * 6])
    assert list(found["used"].x) == ["2024Q1"]
    assert len(found["all of it used"].x) == 7


def test_deals(outcome: Outcome) -> None:
    """The licence brings 5 at signing and 1 a quarter for five quarters of 1,000 cars."""
    income = plots(outcome).deals().data[0]
    assert list(income.y) == pytest.approx([5, 1, 1, 1, 1, 1])
    assert sum(plots(outcome).partners().data[0].y) == pytest.approx(5000)


def test_a_car_has_one_colour(outcome: Outcome) -> None:
    """Two is the same in the charts of volume and of markets, whatever else they show."""
    charts = (plots(outcome).volume(), plots(outcome).markets())
    colours = [{t.name: t.marker.color for t in chart.data} for chart in charts]
    assert colours[0]["Two"] == colours[1]["Two"] == style.CARS[1]


def test_more_cars_than_colours_differ_by_pattern() -> None:
    """Twenty cars are all told apart by colour and pattern."""
    looks = {json.dumps(style.marker(place), sort_keys=True) for place in range(20)}
    assert len(looks) == 20


def _seen(colour: str, kind: list[list[float]]) -> tuple[float, ...]:
    """A colour as somebody sees it, in CIELAB (D65)."""
    raw = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in raw]
    seen = [
        min(max(sum(k * c for k, c in zip(row, linear, strict=True)), 0.0), 1.0) for row in kind
    ]
    rows = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    white = (0.95047, 1.0, 1.08883)
    xyz = [
        sum(k * c for k, c in zip(row, seen, strict=True)) / w
        for row, w in zip(rows, white, strict=True)
    ]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


#: What is left of red, green and blue to people who see all, lack red cones, lack green cones
#: (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_cars_can_be_told_apart_by_all_readers(eyes: str, ground: str) -> None:
    """Any two cars differ by 20 in CIELAB, ten times what is just seen side by side."""
    colours = style.CARS if ground == "light" else tuple(style.DARK[c] for c in style.CARS)
    seen = [_seen(colour, EYES[eyes]) for colour in colours]  # type: ignore[arg-type]
    for one, other in itertools.combinations(seen, 2):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 20


def test_every_colour_has_a_dark_one(outcome: Outcome) -> None:
    """No chart holds a colour that would stay as it is on a dark ground."""
    same_on_both = {style.LIMIT, style.PLAN} & set(style.HEAT)
    for name in CHARTS:
        text = getattr(plots(outcome), name)().to_json()
        found = {word for word in text.split('"') if word.startswith("#") and len(word) == 7}
        assert found <= set(style.DARK), name
    assert same_on_both <= set(style.DARK)


@pytest.mark.parametrize("name", CHARTS)
def test_charts_of_an_empty_plan(name: str, outcome: Outcome) -> None:
    """Where there is nothing to show, a chart says so or is empty; it never fails."""
    assert outcome.plan is not None
    tables = ("decisions", "sales", "flows", "limits", "cash_items", "deals", "windows")
    record = outcome.plan.record.model_copy(update=dict.fromkeys(tables, ()))
    figure = getattr(Plan(record, outcome.case).plot, name)()
    assert figure.layout.height > 0
    if name not in ("cash", "cash_items"):  # cash is there without anything else
        assert [note.text for note in figure.layout.annotations]
        assert not figure.data


def test_a_plan_without_its_case_has_no_charts(outcome: Outcome) -> None:
    """Charts need names and limits, and say where they are to come from."""
    assert outcome.plan is not None
    with pytest.raises(ValueError, match=r"make it as Plan\(record, case\)"):
        Plan(outcome.plan.record).plot  # noqa: B018


def test_limits_are_many(outcome: Outcome) -> None:
    """Of very many limits the chart shows the thirty that bind longest."""
    assert outcome.plan is not None
    rows = tuple(
        LimitUse(kind="network", name=f"m{n}.own", period=label, used=n, available=80)
        for n in range(81)
        for label in outcome.plan.record.periods
    )
    record = outcome.plan.record.model_copy(update={"limits": rows})
    labels = Plan(record, outcome.case).plot.limits().layout.yaxis.ticktext
    assert len(labels) == 30
    assert labels[0] == "m80 (own) (network)"


def test_names_are_text() -> None:
    """What charts would take for markup or a formula is written as the signs that it is."""
    assert style.plain("<b>a</b> & $x$") == "&lt;b&gt;a&lt;/b&gt; &amp; &#36;x&#36;"
    assert style.plain("a\nb\x07") == "a b\\x07"
    assert style.short("<" * 9, 5) == "&lt;" * 4 + "…"


def test_long_horizons_name_years_only() -> None:
    """Thirty quarters have a label a year, eight quarters one each."""
    short = load_case("tiny")
    long = short.replace(horizon=Horizon(first="2024Q1", last="2031Q2"))
    labels = {}
    for case in (short, long):
        record = _empty(case.horizon.labels)
        labels[case.horizon.count] = style.period_axis(View(case, record))["ticktext"]
    assert labels[8][:5] == ["Q1<br>2024", "Q2", "Q3", "Q4", "Q1<br>2025"]
    assert labels[30] == [str(year) for year in range(2024, 2032)]


def _empty(periods: tuple[str, ...]) -> Any:
    return type("Record", (), {"periods": periods})
