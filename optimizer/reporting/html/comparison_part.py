"""The part of a page that sets plans side by side: what differs, what is proven, and why.

Not here: finding the differences (see `optimizer.studies.compare`), and the plans
themselves (see `optimizer.reporting.html.plan_part`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.reporting.comparison_causes import MARKS
from optimizer.reporting.comparison_words import (
    difference_words,
    headline,
    limit_lines,
    value_words,
)
from optimizer.reporting.html.parts import (
    Cell,
    Chart,
    Charts,
    Part,
    Section,
    Sentences,
    Table,
    count,
    words,
)
from optimizer.reporting.plots import studies
from optimizer.reporting.text import one_line, title_of
from optimizer.studies.comparison_rows import unit_of

if TYPE_CHECKING:
    from optimizer.studies.compare import Comparison, FigureChange, Side
    from optimizer.studies.kpis import Kpi

Block = Table | Charts | Sentences


def comparison_part(comparison: Comparison) -> Part:
    """Everything that a page shows of a comparison but the plans themselves."""
    names = [one_line(side.name) for side in comparison.sides]
    title = one_line(comparison.base.case.title or comparison.name)
    return Part(
        id="comparison",
        name=title,
        eyebrow=f"{one_line(comparison.name)} beside {', '.join(names)}" if names else "",
        headline=_title(comparison),
        lines=(),
        tiles=(),
        sections=tuple(_sections(comparison)),
    )


def _first(comparison: Comparison) -> str:
    """How many differ in what is decided."""
    sides = comparison.sides
    moved = sum(bool(side.decisions) for side in sides)
    same = comparison.decisions_in_all
    return f"{moved} of {len(sides)} decide otherwise; {same} decisions are the same in all plans"


def _title(comparison: Comparison) -> str:
    sides = len(comparison.sides)
    return f"The base case beside {sides} other{'s' if sides != 1 else ''}"


def _told(comparison: Comparison) -> Iterator[Sentences]:
    """What becomes of the goals, scenario by scenario."""
    heading, lines = "", list[str]()
    for line in [*map(one_line, headline(comparison)), ""]:
        if line.startswith("- "):
            lines.append(line.removeprefix("- "))
            continue
        if heading or lines:
            yield Sentences(tuple(lines), listed=True, heading=heading)
        heading, lines = line, []


def _sections(comparison: Comparison) -> Iterator[Section]:
    yield Section("changes", "What changes", _first(comparison), list(_told(comparison)))
    yield Section(
        "figures", "Key figures", _figures_finding(comparison), list(_figures(comparison))
    )
    if studies.named_outcomes(comparison):
        yield _volumes(comparison)
    decisions = _decisions(comparison)
    if decisions.rows:
        finding = f"{len(decisions.rows)} differences in what is decided, and when"
        yield Section("differing", "Decisions that differ", finding, [decisions])
    if any(side.sales for side in comparison.sides):
        yield _sales(comparison)
    limits = [
        one_line(f"{side.name}: {line}") for side in comparison.sides for line in limit_lines(side)
    ]
    if limits:
        finding = "What limits the plans otherwise than the base plan"
        yield Section("limits", "Limits", finding, [Sentences(tuple(limits), listed=True)])
    for n, side in enumerate(comparison.sides, 1):
        if side.cause and side.cause.shares:
            yield _causes(comparison, side, f"cause-{n}")


# Figures -----------------------------------------------------------------------------


def _figures_finding(comparison: Comparison) -> str:
    told = [
        change
        for side in comparison.sides
        for change in side.figures
        if change.figure.goal and change.finding.mark in ("proven", "given")
    ]
    return (
        f"{len(told)} differences of goals are proven"
        if len(told) != 1
        else "One difference of a goal is proven"
    )


def _figures(comparison: Comparison) -> Iterator[Block]:
    """Values and differences of every key figure, and what marks mean."""
    case = comparison.base.case
    sides = [side for side in comparison.sides if side.figures]
    names = dict.fromkeys(change.figure.name for side in sides for change in side.figures)
    rows = []
    marks: set[str] = set()
    for name in names:
        changes = [side.change(name) for side in sides]
        known = next(change for change in changes if change is not None)
        unit = "" if known.figure.unit == "period" else unit_of(case, known.figure)
        row = [words(one_line(known.figure.title)), words(one_line(unit)), _value(known.before)]
        for change in changes:
            if change is None:
                row += [words("none"), words("")]
                continue
            marks.add(change.finding.mark)
            row += [_value(change.after), _difference(comparison, change)]
        rows.append(tuple(row))
    columns = ["Key figure", "Unit", "Base>"]
    for side in sides:
        columns += [f"{one_line(side.name)}>", "Difference>"]
    yield Table("key-figures", "Key figures of each plan", tuple(columns), tuple(rows), opened=True)
    told = [meaning for mark, (_, meaning) in MARKS.items() if mark in marks]
    told.append("figures that are no goals are of these plans; others, as good, may differ")
    yield Sentences(tuple(f"{line[:1].upper()}{line[1:]}." for line in told))


def _value(figure: Kpi | None) -> Cell:
    text = value_words(figure)
    if figure is None or figure.value is None or figure.unit == "period":
        return words(text)
    return Cell(text, figure.value)


def _difference(comparison: Comparison, change: FigureChange) -> Cell:
    told = difference_words(comparison.base.case, change)
    form = MARKS.get(change.finding.mark, ("{}", ""))[0]
    if not told:
        return words("same" if change.finding.mark == "same" else "")
    exact = None if change.figure.unit in ("period", "share") else change.finding.value
    return Cell(form.format(told), exact)


# Volume, decisions, sales --------------------------------------------------------------


def _volumes(comparison: Comparison) -> Section:
    outcomes = studies.named_outcomes(comparison)
    step = comparison.base.case.horizon.step
    rows = tuple(
        (
            words(one_line(name)),
            *(count(row.counted) for row in outcome.plan.record.volumes),
            count(outcome.plan.record.totals.volume),
        )
        for name, outcome in outcomes.items()
        if outcome.plan is not None
    )
    columns = ("Plan", *(f"{label}>" for label in comparison.base.case.horizon.labels), "All>")
    table = Table("volumes", f"Counted cars a {step} in each plan", columns, rows)
    chart = Chart(
        "chart-volumes",
        f"Counted cars a {step} in each plan",
        studies.volumes(comparison),
        "A line of counted cars for each plan.",
        table,
    )
    return Section("volume", "Volume", "Volume of the plans over time", [Charts((chart,))])


def _decisions(comparison: Comparison) -> Table:
    rows = []
    base = comparison.base.case
    for side in comparison.sides:
        for change in side.decisions:
            other = title_of(side.outcome.case, change.other) if change.other else ""
            before = title_of(base, change.commitment) if change.commitment else ""
            what = before or other
            if before and other and before != other:
                what = f"{before} becomes {other}"
            rows.append(
                (
                    words(one_line(what)),
                    words(one_line(side.name)),
                    words(change.kind),
                    words(change.start or ""),
                    words(change.other_start or ""),
                    words("")
                    if change.periods is None
                    else Cell(f"{change.periods:+d}", change.periods),
                )
            )
    columns = ("Decision", "Plan", "Change", "Start in the base plan", "Start", "Periods later>")
    caption = "Decisions that differ from the base plan"
    return Table("decisions-differing", caption, columns, tuple(rows), opened=len(rows) <= 30)


def _sales(comparison: Comparison) -> Section:
    titles = {row.market: one_line(row.title) for row in comparison.base.case.markets}
    cars = {row.vehicle: one_line(row.title) for row in comparison.base.case.vehicles}
    rows = tuple(
        (
            words(titles.get(change.market) or one_line(change.market)),
            words(cars.get(change.vehicle) or one_line(change.vehicle)),
            words(one_line(side.name)),
            count(change.base),
            count(change.other),
            count(change.difference),
        )
        for side in comparison.sides
        for change in side.sales
    )
    columns = ("Market", "Car", "Plan", "Base>", "Cars>", "Difference>")
    table = Table("sales-differing", "Own cars over the horizon, where they differ", columns, rows)
    chart = Chart(
        "chart-sales",
        "Own cars by market, difference to the base plan",
        studies.sales(comparison, titles),
        "Bars of how many cars more or fewer each market buys.",
        table,
    )
    return Section("sales", "Sales", "Where more and fewer cars are sold", [Charts((chart,))])


# Causes --------------------------------------------------------------------------------


def _causes(comparison: Comparison, side: Side, id: str) -> Section:
    """What each part of a scenario contributes, by goal."""
    assert side.cause is not None
    case = comparison.base.case
    shares = [share for share in side.cause.shares if share.finding.mark != "same"]
    rows = tuple(
        (
            words(one_line(share.part.title)),
            words(one_line(share.figure.title)),
            words(
                "periods"
                if share.figure.unit == "period"
                else one_line(unit_of(case, share.figure))
            ),
            _number(share.finding.value),
            words(share.finding.mark),
            _number(share.alone),
            _number(share.last),
        )
        for share in shares
    )
    columns = ("Part", "Key figure", "Unit", "Share>", "Known", "Alone>", "Last>")
    table = Table(
        f"{id}-table",
        "What each part contributes: its share, what it does alone, what it adds last",
        columns,
        rows,
    )
    goals = {share.figure.name: share.figure for share in shares if share.figure.goal}
    charts = tuple(
        Chart(
            f"chart-{id}-{figure.goal}",
            one_line(f"{figure.title}: what each part contributes"),
            studies.causes(
                side.cause,
                figure,
                "periods" if figure.unit == "period" else unit_of(case, figure),
            ),
            "Bars of the shares of the parts in the difference.",
            table,
        )
        for figure in goals.values()
    )
    names = tuple(one_line(figure.title) for figure in goals.values())
    blocks: list[Block] = [Charts(charts, names)] if charts else [table]
    if side.cause.notes:
        blocks.append(Sentences(tuple(one_line(f"{note}.") for note in side.cause.notes)))
    return Section(id, "Causes", one_line(f"Why {side.name} differs"), blocks)


def _number(value: float | None) -> Cell:
    if value is None:
        return words("")
    digits = 0 if abs(value) >= 1000 else 2
    return Cell(f"{round(value, digits) + 0.0:,.{digits}f}", value)
