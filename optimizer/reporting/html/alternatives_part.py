"""The part of a page about near-best plans: what all share, and where they differ.

Not here: finding them (see `optimizer.studies.alternatives`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.reporting import near_best
from optimizer.reporting.html.decision_changes import changes_table
from optimizer.reporting.html.parts import (
    Cell,
    Chart,
    Charts,
    Part,
    Section,
    Sentences,
    Table,
    count,
    money,
    words,
)
from optimizer.reporting.html.sources import source_tables
from optimizer.reporting.near_best import named
from optimizer.reporting.plots import near_best as plots
from optimizer.reporting.text import amount, cars, money_unit, one_line

if TYPE_CHECKING:
    from models.plan import PlanRecord
    from optimizer.studies.alternatives import Alternatives

_ORDER = ("optional", "open", "always", "never")


def alternatives_part(found: Alternatives) -> Part:
    """Everything that a page shows of near-best plans."""
    case = found.best.case
    lines = [one_line(line) for line in near_best.atlas_lines(found)]
    return Part(
        id="alternatives",
        name=one_line(case.title or case.name),
        eyebrow=one_line(f"near-best plans of {case.name}"),
        headline=_headline(found),
        lines=tuple(lines),
        tiles=(),
        sections=tuple(_sections(found)),
        sources=tuple(source_tables(case, "")),
    )


def _headline(found: Alternatives) -> str:
    if not found.plans:
        if not found.sought:
            return "Which decisions all plans share that are nearly as good as the best one"
        return "No other plan was found that is nearly as good"
    plans = len(found.plans)
    return f"{plans} other plan{'s are' if plans > 1 else ' is'} nearly as good as the best one"


def _sections(found: Alternatives) -> Iterator[Section]:
    yield _verdicts(found)
    yield Section("plans", "Plans", _range(found), [_worth(found), *_told(found)])
    case = found.best.case
    every = [(str(number), near.changes) for number, near in enumerate(found.plans, 2)]
    table = changes_table(
        "plan-changes", "What each plan decides otherwise than the best one", "Plan", case, every
    )
    if table.rows:
        finding = f"{len(table.rows)} differences to the best plan in what is decided, and when"
        yield Section("differing", "Decisions that differ", finding, [table])


# Verdicts ------------------------------------------------------------------------------


def _records(found: Alternatives) -> list[tuple[str, PlanRecord]]:
    """The plans by name, the best one first."""
    every = [("best", found.best)]
    every += [(f"plan {n}", near.outcome) for n, near in enumerate(found.plans, 2)]
    return [(name, one.plan.record) for name, one in every if one.plan is not None]


def _starts(record: PlanRecord) -> dict[str, str]:
    return {row.commitment: row.start or "" for row in record.decisions if not row.in_place}


def _verdicts(found: Alternatives) -> Section:
    case, records = found.best.case, _records(found)
    starts = [(name, _starts(record)) for name, record in records]
    every = sorted(found.verdicts, key=lambda one: _ORDER.index(one.verdict))
    rows = tuple(
        (
            words(named(case, one.commitment)),
            words(one.verdict),
            words(near_best.VERDICT_WORDS[one.verdict]),
            *(words(plan.get(one.commitment, "")) for _, plan in starts),
            words(near_best.span(case, one)),
        )
        for one in every
    )
    names = tuple(f"Start, {name}" for name, _ in starts)
    columns = ("Decision", "Verdict", "That is", *names, "Starts in all plans found")
    caption = "Decisions: verdict over all near-best plans, and start in each plan shown"
    table = Table("verdicts", caption, columns, rows)
    taken = [one.commitment for one in every if any(one.commitment in plan for _, plan in starts)]
    differ = [id for id in taken if len({plan.get(id, "") for _, plan in starts}) > 1]
    record = records[0][1]
    charts, buttons = [], []
    for key, name, ids in (("differ", "Where plans differ", differ), ("all", "All taken", taken)):
        if not ids:
            continue
        more = "" if len(starts) <= plots.MOST_PLANS else f", first {plots.MOST_PLANS} plans"
        if len(ids) > plots.MOST_DECISIONS:
            more += f", first {plots.MOST_DECISIONS} decisions"
        charts.append(
            Chart(
                f"chart-starts-{key}",
                f"Start of each decision in each plan{more}",
                plots.starts(case, record, ids, starts),
                "A mark for the start of each decision in each plan, over time.",
                table,
            )
        )
        buttons.append(name)
    blocks: list[Table | Charts | Sentences] = [_summary(found)] if every else []
    if len(differ) == len(taken):
        charts, buttons = charts[:1], buttons[:1]
    blocks.append(Charts(tuple(charts), tuple(buttons)) if charts else table)
    never = one_line(near_best.never_line(found))
    blocks += [Sentences((never,))] if never else []
    return Section("decisions", "Decisions", _finding(found), blocks)


def _finding(found: Alternatives) -> str:
    """What is settled and what is not."""
    verdicts = [one.verdict for one in found.verdicts]
    if not verdicts:
        return "No decision is open in this case"
    settled = verdicts.count("always") + verdicts.count("never")
    free = verdicts.count("optional")
    text = (
        f"{settled} of {len(verdicts)} decisions are taken, or left, alike in all near-best plans"
    )
    return f"{text}, {free} {'are' if free != 1 else 'is'} optional" if free else text


def _summary(found: Alternatives) -> Table:
    """The decisions that are taken, with their verdicts: what the terminal shows."""
    rows = tuple(tuple(map(words, row)) for row in near_best.verdict_rows(found))
    caption = "Decisions that near-best plans take"
    columns = near_best.VERDICT_COLUMNS
    return Table("verdicts-told", caption, columns, rows, opened=len(rows) <= 30)


# Plans ---------------------------------------------------------------------------------


def _range(found: Alternatives) -> str:
    """Between what the plans lie."""
    every = [record.totals for _, record in _records(found)]
    if len(every) == 1:
        return "What the best plan is worth"
    volumes, values = ([t.volume for t in every], [t.npv for t in every])
    case = found.best.case
    return one_line(
        f"Volume from {cars(min(volumes))} to {cars(max(volumes))} cars, "
        f"NPV from {amount(case, min(values))} to {amount(case, max(values))}"
    )


def _worth(found: Alternatives) -> Table:
    """What each plan is worth, and how far it is from those above."""
    case = found.best.case
    unit = one_line(money_unit(case))
    rows = []
    for number, (_, record) in enumerate(_records(found), 1):
        totals = record.totals
        near = found.plans[number - 2] if number > 1 else None
        apart, bound = words(""), words("")
        if near is not None:
            apart = Cell(f"{near.apart:.2f}", near.apart)
            bound = words("none") if near.bound is None else Cell(f"{near.bound:.2f}", near.bound)
        rows.append(
            (
                words("best" if near is None else str(number)),
                count(totals.volume),
                money(totals.npv),
                money(totals.spending),
                money(totals.least_cash),
                apart,
                bound,
                words("" if near is None else near_best.counted(near.changes)),
            )
        )
    moneys = ("NPV>", "One-off spending>", "Lowest cash>")
    columns = ("Plan", "Volume, cars>", *moneys, "Apart>", "At most>")
    caption = (
        f"Plans, money in {unit}; apart: decisions taken or left otherwise than in the nearest "
        "plan above (half a decision for a start that moves over the whole horizon), and what "
        "no near-best plan can pass"
    )
    return Table("plan-worth", caption, (*columns, "Decisions that differ"), tuple(rows), True)


def _told(found: Alternatives) -> Iterator[Sentences]:
    """How each plan differs from the best one."""
    for number in range(2, len(found.plans) + 2):
        head, *lines = map(one_line, near_best.plan_lines(found, number))
        told = tuple(f"{line[:1].upper()}{line[1:]}" for line in lines)
        yield Sentences(told, listed=True, heading=head.removesuffix(":"))
