"""What limits a plan and what its decisions are worth, as sections of the plan's own page.

Not here: finding it out (see `optimizer.studies.explain`), and the plan itself (see
`optimizer.reporting.html.plan_part`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from models.case import Case
from models.outcome import STATUS_WORDS
from optimizer.reporting import explaining
from optimizer.reporting.finding_words import name_of, periods_words, step_words, when_words
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
    share,
    words,
)
from optimizer.reporting.html.plan_part import plan_part
from optimizer.reporting.plots import findings
from optimizer.reporting.plots.findings import KNOWN_WORDS, Bar
from optimizer.reporting.text import money_unit, one_line

if TYPE_CHECKING:
    from models.target import GoalKind
    from optimizer.studies.explanation import Explanation, LimitGain, Price
    from optimizer.studies.gains import Gain

Block = Table | Charts | Sentences
#: Columns of the tables that hold every figure.
_GOAL_COLUMNS = ("Goal", "Unit", "Difference>", "At least>", "At most>", "Known", "Value then>")
_TITLES = {
    "target_date": "Target date",
    "volume": "Volume",
    "npv": "NPV",
    "last_year_volume": "Volume of the last year",
    "volume_at": "Volume of the year asked for",
    "spending": "Spending",
    "peak_funding": "Peak funding",
}


def explanation_part(found: Explanation) -> Part:
    """The page of the plan with what limits it and the prices of its decisions on top."""
    part = plan_part(found.outcome)
    told = [*_limits(found), *_prices(found), *_options(found)]
    stopped = f"Not complete: {found.left} questions have no answer, as it was stopped."
    lines = (*part.lines, *([stopped] if found.left else []))
    return replace(part, lines=lines, sections=(*told, *part.sections))


# Limits --------------------------------------------------------------------------------


def _limits(found: Explanation) -> Iterator[Section]:
    """What the next step of each limit brings."""
    if not found.limit_gains:
        return
    case, every = found.outcome.case, found.limit_gains
    gained = [one for one in every if one.told == "better"]
    finding = "No limit, loosened alone by its next step, makes the plan better for certain"
    if gained:
        verb = "makes" if len(gained) == 1 else "make"
        finding = f"{len(gained)} of {len(every)} limits, loosened by one step each, {verb} the plan better for certain"
    told = [one_line(explaining.gain_sentence(case, one)) for one in gained]
    rest = [(step_words(case, one.limit, one.by), one) for one in every if one.told != "same"]
    same = [one for one in every if one.told == "same"]
    blocks: list[Block] = [Sentences(tuple(told), listed=True)] if told else []
    blocks += _charts(
        found,
        "gains",
        "Gain in {goal} from the next step of each limit",
        "Ranked bars of what the next step of each limit changes, and lines of what is proven.",
        findings.limit_bars,
        _limit_table(case, every),
    )
    if rest:
        blocks += _overview("limits-told", "Limits that cost something, or may", case, rest)
    if same:
        lines = tuple(
            one_line(f"{step_words(case, one.limit, one.by)} ({when_words(case, one.limit)})")
            for one in same
        )
        heading = "No effect that can be told at the next step"
        blocks.append(Sentences(lines, listed=True, heading=heading))
    rests = tuple(dict.fromkeys(one.limit.path.split(".", 1)[0] for one in every))
    yield Section("gains", "What more would bring", finding, blocks, rests)


def _limit_table(case: Case, every: Sequence[LimitGain]) -> Table:
    """Every figure of every limit, a row for each goal."""
    rows = []
    for one in every:
        step = words(one_line(step_words(case, one.limit, one.by)))
        when = words(one_line(when_words(case, one.limit)))
        used = words("") if one.limit.most_used is None else share(one.limit.most_used)
        size = Cell(f"{one.by:g}", one.by)
        unit = words(one_line(one.limit.unit))
        rows += [(step, size, unit, *cells, when, used) for cells in _goal_rows(case, one)]
    columns = ("With", "Step>", "Step in", *_GOAL_COLUMNS, "When it limits", "Most used>")
    return Table("limit-gains", "The next step of each limit, goal by goal", columns, tuple(rows))


# Prices --------------------------------------------------------------------------------


def _prices(found: Explanation) -> Iterator[Section]:
    """What is lost without each decision, or when it is late."""
    taken = explaining.in_order(found, "forbid")
    if not taken:
        return
    case = found.outcome.case
    always = [one for one in taken if one.verdict == "always"]
    every: list[Price] = []
    for one in taken:
        every += [one, *explaining.delays_of(found, one.commitment)]
    rows = [(_named(case, one), one) for one in every]
    told = tuple(one_line(explaining.price_sentence(case, one)) for one in always)
    (finding,) = explaining.counted(taken)
    blocks: list[Block] = [Sentences(told, listed=True)] if told else []
    blocks += _charts(
        found,
        "prices",
        "{Goal} without each decision, and when it is late",
        "Bars of what is lost when a decision is forbidden, and marks of what a delay costs.",
        findings.price_bars,
        _price_table(case, "price-table", "Decisions taken", every),
    )
    blocks += _overview("prices-told", "Without each decision", case, rows, verdict=True)
    yield Section("prices", "Prices of decisions", finding.removesuffix("."), blocks)


def _options(found: Explanation) -> Iterator[Section]:
    """What it costs to force in what the plan leaves out."""
    case, forced = found.outcome.case, explaining.in_order(found, "force")
    blocks: list[Block] = []
    if forced:
        blocks += _charts(
            found,
            "forced",
            "{Goal} with each option forced in",
            "Bars of what changes when an option is forced in.",
            findings.forced_bars,
            _price_table(case, "forced-table", "Options forced in", forced),
        )
        rows = [(name_of(case, one.commitment), one) for one in forced]
        blocks += _overview("forced-told", "With each option forced in", case, rows, verdict=True)
        notes = [one_line(explaining.price_note(case, one)).removeprefix("- ") for one in forced]
        if any(notes):
            heading = "What else changes when they are forced in"
            blocks.append(Sentences(tuple(filter(None, notes)), listed=True, heading=heading))
    if found.together:
        names = tuple(name_of(case, one.commitment) for one in found.together)
        heading = f"Not asked: options that need others left out, too ({len(names)})"
        blocks.append(Sentences(names, listed=True, heading=heading))
    if blocks:
        yield Section("options", "Options left out", _options_finding(found), blocks)


def _options_finding(found: Explanation) -> str:
    forced = explaining.in_order(found, "force")
    if not forced:
        return "Options that need others left out, too"
    lose = sum(one.verdict == "never" for one in forced)
    return f"{lose} of {len(forced)} options left out lose for certain when they are forced in"


def _price_table(case: Case, id: str, caption: str, prices: Sequence[Price]) -> Table:
    """Every figure of every price, a row for each goal."""
    rows = []
    for one in prices:
        how = {"forbid": "forbidden", "force": "forced in"}.get(one.move) or _when_late(case, one)
        came, went = (", ".join(name_of(case, id) for id in ids) for ids in (one.came, one.went))
        lead = (words(name_of(case, one.commitment)), words(how))
        last = (words(explaining.VERDICTS[one.verdict]), words(came), words(went))
        rows += [(*lead, *cells, *last) for cells in _goal_rows(case, one)]
    columns = ("Decision", "How", *_GOAL_COLUMNS, "Verdict", "Then come", "Then go")
    return Table(id, f"{caption}, goal by goal", columns, tuple(rows))


def _named(case: Case, one: Price) -> str:
    name = name_of(case, one.commitment)
    return f"{name}, {_when_late(case, one)}" if one.move == "delay" else name


def _when_late(case: Case, late: Price) -> str:
    return f"{periods_words(case, late.periods)} later"


# Both ----------------------------------------------------------------------------------


def _goal_rows(case: Case, one: LimitGain | Price) -> Iterator[tuple[Cell, ...]]:
    """The difference in each goal and what is proven of it; one row where there is none."""
    if not one.gains:
        why = one_line(one.fault) or STATUS_WORDS[one.status].rstrip(".")
        yield (words("all"), words(""), *[words("")] * 3, words(why), words(""))
    for gain in one.gains:
        unit = one_line(money_unit(case)) if gain.unit == "money" else gain.unit
        ends = (words("open") if e is None else _size(gain, e) for e in (gain.least, gain.most))
        told = KNOWN_WORDS[findings.known(gain)]
        value = _size(gain, gain.value)
        if gain.beyond:
            told += "; to the first period after the last, so a least one"
        yield (words(_TITLES[gain.kind]), words(unit), value, *ends, words(told), _then(gain))


def _size(gain: Gain, value: float) -> Cell:
    return money(value) if gain.unit == "money" else count(value)


def _then(gain: Gain) -> Cell:
    """What the goal comes to in the changed case."""
    if gain.unit == "periods":
        return words(gain.after.period or "not reached")
    return _size(gain, gain.after.best)


def _overview(
    id: str,
    caption: str,
    case: Case,
    rows: Sequence[tuple[str, LimitGain] | tuple[str, Price]],
    *,
    verdict: bool = False,
) -> list[Block]:
    """A finding a row, a goal a column, in words and signs as the terminal shows them."""
    goals = [goal.kind for goal in case.goals_in_order]
    cells = [explaining.goal_cells(one, goals) for _, one in rows]
    body = []
    for (text, one), line in zip(rows, cells, strict=True):
        last = words(_verdict(one)) if verdict else words(_when(case, one))
        body.append((words(one_line(text)), *map(words, line), last))
    heads = (one_line(f"{explaining.goal_head(case, kind)}>") for kind in goals)
    columns = (
        "Without" if id == "prices-told" else "With",
        *heads,
        "Verdict" if verdict else "When it limits",
    )
    told = f"{caption}: difference to the plan in each goal"
    table = Table(id, told, columns, tuple(body), opened=len(body) <= 30)
    signs = tuple(f"{line}." for line in explaining.legend(cells))
    return [table, *([Sentences(signs)] if signs else [])]


def _verdict(one: LimitGain | Price) -> str:
    """The verdict of a decision; of a delay none."""
    if getattr(one, "move", "delay") == "delay":
        return ""
    return explaining.VERDICTS[one.verdict]  # type: ignore[union-attr]  # it is a price


def _when(case: Case, one: LimitGain | Price) -> str:
    """When a limit limits."""
    words = when_words(case, one.limit)  # type: ignore[union-attr]  # it is a limit
    return one_line(words).removeprefix("binds ")


def _charts(
    found: Explanation,
    id: str,
    title: str,
    says: str,
    rows_of: Callable[[Explanation, GoalKind], list[Bar]],
    table: Table,
) -> list[Block]:
    """A chart for each goal that something moves; the table alone where nothing does."""
    case = found.outcome.case
    charts, names = [], []
    for goal in case.goals_in_order:
        rows = rows_of(found, goal.kind)
        if not rows:
            continue
        name = _TITLES[goal.kind]
        word = name if name == "NPV" else name[:1].lower() + name[1:]
        more = "" if len(rows) <= findings.MOST_BARS else f" (the first {findings.MOST_BARS})"
        charts.append(
            Chart(
                f"chart-{id}-{goal.kind}",
                title.format(goal=word, Goal=name) + more,
                findings.bars(case, goal.kind, rows),
                says,
                table,
            )
        )
        names.append(name)
    return [Charts(tuple(charts), tuple(names))] if charts else [table]
