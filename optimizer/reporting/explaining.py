"""What limits a plan and what its decisions are worth, in words and aligned tables.

Every figure comes from the findings as they are (see `optimizer.studies.explanation`);
nothing is worked out here but how it is said. Not here: the words for one finding (see
`optimizer.reporting.finding_words`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from models.case import Case
from optimizer.reporting import text
from optimizer.reporting.finding_words import (
    gain_words,
    limit_name_of,
    name_of,
    periods_words,
    signed,
    step_words,
    when_words,
)
from optimizer.studies.explanation import LimitGain, Price

if TYPE_CHECKING:
    from optimizer.studies.explanation import Explanation, Move, Staircase
    from optimizer.studies.gains import Gain

#: A section: its heading and its lines.
Section = tuple[str, list[str]]
#: Findings that are also said in a sentence, at most.
SENTENCES = 5
_HEADS = {
    "target_date": "Target date",
    "volume": "Volume",
    "npv": "NPV",
    "last_year_volume": "Last year",
    "volume_at": "Year asked for",
    "spending": "Spending",
    "peak_funding": "Peak funding",
}
#: What each verdict says.
VERDICTS = {
    "always": "always worth it",
    "never": "never worth it",
    "edge": "on the edge",
    "open": "open",
}
_ORDER = {"always": 0, "edge": 1, "open": 2, "never": 3}
#: Signs in tables, and what they mean.
_LEGEND = {
    "~": "~: smaller than what the gaps can tell apart: no effect that is proven",
    "(": "( ): true of these plans; it hangs on what each keeps of the goals before",
    "?": "?: the proof was not finished",
    "[": "[ ]: proven to lie between these",
    "-": "-: not sought, as the goals before tell already",
}


# Limits --------------------------------------------------------------------------------


def limit_sections(found: Explanation) -> Iterator[Section]:
    """What the next step of each limit brings, most gain first."""
    case = found.outcome.case
    gained = [one for one in found.limit_gains if one.told == "better"]
    lines = [gain_sentence(case, one) for one in gained[:SENTENCES]]
    if not gained:
        lines = ["No limit, loosened alone by its next step, makes the plan better for certain."]
    yield "What limits the plan: the gain of the next step of each limit", lines
    rest = [one for one in found.limit_gains if one.told != "same"]
    if rest:
        yield (
            "Limits that cost something, or may",
            _table(
                case,
                "With",
                [(step_words(case, one.limit, one.by), one) for one in rest],
                binds=True,
            ),
        )
    same = [one for one in found.limit_gains if one.told == "same"]
    if same:
        lines = [
            f"- {step_words(case, one.limit, one.by)} ({when_words(case, one.limit)})"
            for one in same
        ]
        yield "No effect that can be told at the next step", lines


def gain_sentence(case: Case, one: LimitGain) -> str:
    """What the next step of a limit brings, as a sentence."""
    effects = [gain_words(case, gain) for gain in one.gains if gain.told != "same"]
    return f"With {step_words(case, one.limit, one.by)}: {'; '.join(effects)}."


def stair_sections(found: Staircase) -> Iterator[Section]:
    """A limit step by step: what each brings, and where the answer changes."""
    case = found.outcome.case
    rows = [
        ("as it is" if not one.by else step_words(case, one.limit, one.by), one)
        for one in found.steps
    ]
    yield f"Step by step: {found.limit.path}", _table(case, "With", rows)
    changes = []
    for before, one in zip(found.steps, found.steps[1:], strict=False):
        if one.gains and before.gains and _apart(before, one):
            changes.append(one)
    words = [step_words(case, one.limit, one.by) for one in changes]
    line = (
        f"The answer changes with: {', '.join(words)}." if words else "No step changes the answer."
    )
    yield "Where the answer changes", [line]


def _apart(before: LimitGain, after: LimitGain) -> bool:
    """Two steps differ in a goal by more than the gaps can hide."""
    pairs = zip(before.gains, after.gains, strict=False)
    return any(
        abs(b.value - a.value) > max(a.blur, b.blur, 1e-9)
        for a, b in pairs
        if not (a.given or b.given)
    )


# Prices --------------------------------------------------------------------------------


def price_sections(found: Explanation) -> Iterator[Section]:
    """The price of each decision, and of each option that is left out."""
    case = found.outcome.case
    taken = in_order(found, "forbid")
    if taken:
        rows: list[tuple[str, Price | LimitGain]] = []
        for one in taken:
            rows.append((name_of(case, one.commitment), one))
            for late in delays_of(found, one.commitment):
                rows.append((f"  {periods_words(case, late.periods)} later", late))
        lines = [price_sentence(case, one) for one in taken if one.verdict == "always"]
        yield (
            "The price of every decision: what is lost without it, or when it is late",
            [
                *lines[:SENTENCES],
                *counted(taken),
            ],
        )
        yield "Decisions taken", _table(case, "Without", rows, verdict=True)
    forced = in_order(found, "force")
    if forced:
        rows = [(name_of(case, one.commitment), one) for one in forced]
        lines = _table(case, "With", rows, verdict=True)
        yield "Options left out: what it costs to force them in", lines
        notes = [note for one in forced if (note := price_note(case, one))]
        if notes:
            yield "What else changes when they are forced in", notes
    if found.together:
        names = [name_of(case, one.commitment) for one in found.together]
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        lines = [f"{', '.join(names[:12])}{more}."]
        yield f"Not asked: options that need others left out, too ({len(names)})", lines


def in_order(found: Explanation, move: Move) -> list[Price]:
    """Prices of one kind: always worth it first, never last, and by their loss within that."""
    prices = [one for one in found.priced if one.move == move]
    return sorted(prices, key=lambda one: (_ORDER[one.verdict], *_loss(one)))


def delays_of(found: Explanation, id: str) -> list[Price]:
    """What it costs when one decision is late, shortest delay first."""
    late = [one for one in found.priced if one.move == "delay" and one.commitment == id]
    return sorted(late, key=lambda one: one.periods)


def _loss(one: Price) -> tuple[float, ...]:
    """Largest loss first; what leaves no plan before all."""
    if one.status == "infeasible":
        return (-float("inf"),)
    return tuple(gain.value for gain in one.gains)


def counted(taken: Sequence[Price]) -> list[str]:
    """How many decisions have each verdict, as a sentence."""
    words = []
    for verdict, name in VERDICTS.items():
        count = sum(one.verdict == verdict for one in taken)
        if count:
            words.append(f"{count} {name}")
    return [f"Of {len(taken)} decisions priced: {', '.join(words)}."]


def price_sentence(case: Case, one: Price) -> str:
    """What is lost without a decision, as a sentence."""
    title = name_of(case, one.commitment)
    if one.status == "infeasible":
        return f"Without {title} there is no plan at all."
    effects = [gain_words(case, gain) for gain in one.gains if gain.told != "same"]
    return f"Without {title}: {'; '.join(effects)}."


def price_note(case: Case, one: Price) -> str:
    """What binds then that did not, and what goes when an option comes."""
    parts = []
    if one.limits:
        names = [_binding(case, change.kind, change.name) for change in one.limits[:4]]
        more = f" and {len(one.limits) - 4} more" if len(one.limits) > 4 else ""
        parts.append(f"then binds {', '.join(names)}{more}")
    for ids, word in ((one.went, "goes"), (one.came, "comes")):
        if ids:
            names = [name_of(case, id) for id in ids[:4]]
            more = f" and {len(ids) - 4} more" if len(ids) > 4 else ""
            parts.append(f"{', '.join(names)}{more} {word}")
    title = name_of(case, one.commitment)
    return f"- {title}: {'; '.join(parts)}" if parts else ""


def _binding(case: Case, kind: str, name: str) -> str:
    if kind == "cash":
        return "the cash floor"
    words = {"site": "", "component": "", "resource": "", "budget": "the budget "}
    return f"{words.get(kind, f'the {kind} ')}{limit_name_of(case, kind, name)}"


# Tables --------------------------------------------------------------------------------


def _table(
    case: Case,
    head: str,
    rows: Sequence[tuple[str, LimitGain | Price]],
    *,
    binds: bool = False,
    verdict: bool = False,
) -> list[str]:
    """Findings as aligned lines, one column for each goal, with a legend of the signs used."""
    goals = [goal.kind for goal in case.goals_in_order]
    columns = [head, *(goal_head(case, kind) + ">" for kind in goals)]
    columns += ["Verdict"] if verdict else []
    columns += ["Binds"] if binds else []
    cells = []
    for words, one in rows:
        line = [words, *goal_cells(one, goals)]
        if verdict:
            late = getattr(one, "move", "") == "delay"
            line.append("" if late else VERDICTS[getattr(one, "verdict", "open")])
        if binds and isinstance(one, LimitGain):
            line.append(when_words(case, one.limit).removeprefix("binds "))
        cells.append(line)
    lines = text.aligned(columns, ([_indented(cell) for cell in line] for line in cells))
    return [*lines, *legend([line[1 : 1 + len(goals)] for line in cells])]


def legend(cells: Iterable[Sequence[str]]) -> list[str]:
    """What the signs in the cells of goals mean, as far as they are there."""
    shown = [cell for line in cells for cell in line]
    used, blank = "".join(shown), "-" in shown
    return [words for sign, words in _LEGEND.items() if (blank if sign == "-" else sign in used)]


def _indented(cell: str) -> str:
    """Blanks at the beginning would be taken away: a dash says what they say."""
    return f"- {cell.strip()}" if cell.startswith("  ") else cell


def goal_head(case: Case, kind: str) -> str:
    """The heading of a goal's column, with its unit."""
    unit = {"npv": text.money_unit(case), "spending": text.money_unit(case)}
    unit["peak_funding"] = text.money_unit(case)
    return f"{_HEADS[kind]}, {unit.get(kind, 'cars')}" if kind != "target_date" else _HEADS[kind]


def goal_cells(one: LimitGain | Price, goals: Sequence[str]) -> list[str]:
    """A finding in a row of a table: what it changes in each goal."""
    if one.status == "infeasible":
        return ["no plan", *[""] * (len(goals) - 1)]
    if not one.gains:
        words = "failed" if one.fault else "no plan yet"
        return [words, *[""] * (len(goals) - 1)]
    cells = {gain.kind: _cell(gain) for gain in one.gains}
    return [cells.get(kind, "-") for kind in goals]  # type: ignore[call-overload]


def _cell(gain: Gain) -> str:
    """A gain in a table: its size, or a sign that says why there is none to show."""
    if gain.unit == "periods":
        shown = gain.after.period or "missed"
        if gain.told == "same":
            return "same"
        return shown if gain.told != "open" else f"{shown}?"
    value = signed(gain, gain.value)
    if gain.given and not gain.shown:
        return f"({value})"
    if gain.told == "same":
        return "0" if gain.exact else "~"
    ends = ("open" if e is None else signed(gain, e) for e in (gain.least, gain.most))
    limits = f" [{', '.join(ends)}]"
    if gain.told == "open":
        return f"{value}?{limits}"
    return value if gain.given or gain.sharp else value + limits
