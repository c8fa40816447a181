"""Near-best plans and frontiers in words: tables and sentences of plain text.

Not here: finding them (see `optimizer.studies.alternatives`, `optimizer.studies.frontier`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.case import Case
from models.plan import Totals
from optimizer.reporting.comparison_words import periods_words
from optimizer.reporting.text import amount, cars, one_line, percent, title_of

if TYPE_CHECKING:
    from optimizer.studies.alternatives import Alternatives, NearPlan, Verdict
    from optimizer.studies.differences import DecisionChange, DecisionKind
    from optimizer.studies.frontier import Frontier

#: Columns of the tables below; those that end in > are flush right.
VERDICT_COLUMNS = ("Decision", "Verdict", "Starts in")
PLAN_COLUMNS = ("Plan", "Volume, cars>", "NPV>", "Lowest cash>", "Decisions that differ")
#: Ways in which a decision differs.
CHANGE_WORDS: dict[DecisionKind, str] = {
    "added": "added",
    "dropped": "dropped",
    "mode": "another mode",
    "size": "another size",
    "moved": "moved",
}
#: What each verdict says.
VERDICT_WORDS = {
    "always": "in every near-best plan",
    "optional": "in some of them",
    "never": "in none of them",
    "open": "alike in all found, not proven for all",
}


def atlas_lines(found: Alternatives) -> list[str]:
    """What a reader must know first."""
    words = [verdict.verdict for verdict in found.verdicts]
    counts = ", ".join(
        f"{words.count(name)} {text}" for name, text in VERDICT_WORDS.items() if name in words
    )
    lines = [
        f"Near-best: the target no later than in the best plan, every other goal within "
        f"{percent(found.within)} of its best value.",
        f"Of {len(words)} decisions that are open, {counts}."
        if words
        else "No decision is open in this case.",
    ]
    if not found.plans and found.sought and found.complete:
        lines.append("No near-best plan decides otherwise than the best one.")
    return [*lines, *([f"Not complete: {found.note}."] if found.note else [])]


def verdict_rows(found: Alternatives) -> list[tuple[str, str, str]]:
    """Decision, verdict, and when it starts in the plans found; those never taken are left out."""
    order = {"always": 0, "optional": 1, "open": 2}
    rows = [verdict for verdict in found.verdicts if verdict.verdict != "never"]
    rows.sort(key=lambda verdict: order[verdict.verdict])
    case = found.best.case
    return [(named(case, row.commitment), row.verdict, span(case, row)) for row in rows]


def never_line(found: Alternatives) -> str:
    """The decisions that no near-best plan takes, in one line; blank where there are none."""
    case = found.best.case
    names = [named(case, row.commitment) for row in found.verdicts if row.verdict == "never"]
    return f"Never: {'; '.join(names)}." if names else ""


def span(case: Case, verdict: Verdict) -> str:
    """The periods in which a decision starts in the plans found."""
    starts = verdict.starts
    if len(starts) < 2:
        return "".join(starts)
    index = case.horizon.index
    whole = index(starts[-1]) - index(starts[0]) == len(starts) - 1
    return f"{starts[0]} to {starts[-1]}" if whole else ", ".join(starts)


def plan_rows(found: Alternatives) -> list[tuple[str, ...]]:
    """The best plan and those near it: what each is worth, and how many decisions differ."""
    case, best = found.best.case, found.best.plan
    assert best is not None  # no alternatives without a plan
    rows: list[tuple[str, ...]] = [("best", *_worth(case, best.totals), "")]
    for number, near in enumerate(found.plans, 2):
        assert near.outcome.plan is not None
        worth = _worth(case, near.outcome.plan.totals)
        rows.append((str(number), *worth, counted(near.changes)))
    return rows


def _worth(case: Case, totals: Totals) -> tuple[str, str, str]:
    money = (amount(case, totals.npv), amount(case, totals.least_cash))
    return (cars(totals.volume), *money)


def plan_lines(found: Alternatives, number: int) -> list[str]:
    """How one of the plans (from 2 on) differs from the best one, in sentences."""
    near: NearPlan = found.plans[number - 2]
    others = "the best plan" if number == 2 else "each plan above"
    if near.bound is None:
        proof = f"How different from {others} a plan can be is not proven"
    elif near.bound <= near.apart * (1 + 1e-3) + 1e-6:
        proof = f"No near-best plan differs more from {others}"
    else:
        proof = f"A plan that differs in {near.bound:.0f} decisions from {others} is not ruled out"
    head = f"Plan {number} against the best one ({proof[:1].lower()}{proof[1:]}):"
    return [head, *change_lines(found.best.case, near.changes)]


def change_lines(case: Case, changes: Sequence[DecisionChange]) -> list[str]:
    """Decisions that differ, a line for each way in which they do."""
    lines = []
    for kind, word in CHANGE_WORDS.items():
        told = [_change(case, change) for change in changes if change.kind == kind]
        if told:
            lines.append(f"{word}: {'; '.join(told)}")
    return lines


def _change(case: Case, change: DecisionChange) -> str:
    if change.kind == "moved":
        return f"{named(case, change.commitment)} {periods_words(case, change.periods or 0)}"
    if change.kind in ("mode", "size"):
        return f"{named(case, change.other)} for {named(case, change.commitment)}"
    if change.kind == "added":
        return f"{named(case, change.other)} {change.other_start}"
    return named(case, change.commitment)


def counted(changes: Sequence[DecisionChange]) -> str:
    """How many decisions differ in each way."""
    kinds = [change.kind for change in changes]
    words = {"added": "added", "dropped": "dropped", "mode": "by another mode", "size": "resized"}
    told = [f"{kinds.count(kind)} {word}" for kind, word in words.items() if kind in kinds]
    return ", ".join([*told, *([f"{kinds.count('moved')} moved"] if "moved" in kinds else [])])


def named(case: Case, id: str) -> str:
    """A decision's kind and name for people."""
    kinds = {"entries": "entry", "launches": "launch"}
    kind = id.split(".")[0]
    return one_line(f"{kinds.get(kind, kind.removesuffix('s'))} {title_of(case, id)}")


# The frontier -----------------------------------------------------------------------

#: Titles of what can be traded.
MEASURE_WORDS = {
    "volume": "Volume, cars",
    "last_year_volume": "Volume of the last year, cars",
    "npv": "NPV",
    "spending": "Spending",
    "cash": "Peak funding",
}


def front_columns(front: Frontier) -> tuple[str, ...]:
    """Columns of `front_rows`."""
    first, second = (MEASURE_WORDS[name] for name in front.between)
    told = ("Proof", "Decisions that change")
    return ("Point", f"{first}>", f"{second}>", f"{bound_word(front)}>", *told)


def bound_word(front: Frontier) -> str:
    """What the bound of the first goal says: no plan has more, or less where less is better."""
    return "At least" if front.between[0] in ("spending", "cash") else "At most"


def front_rows(front: Frontier) -> list[tuple[str, ...]]:
    """Both measures of each point, what the first cannot pass there, and what changes."""
    return [
        (
            str(number),
            measured(front, 0, point.first),
            measured(front, 1, point.second),
            "none" if point.first_bound is None else measured(front, 0, point.first_bound),
            "proven" if point.proven else "open",
            counted(point.changes),
        )
        for number, point in enumerate(front.points, 1)
    ]


def measured(front: Frontier, place: int, value: float) -> str:
    """A value of one of the two measures; cars without their unit, which the heading has."""
    if front.between[place] in ("volume", "last_year_volume"):
        return cars(value)
    return amount(front.case, value)


def front_lines(front: Frontier) -> list[str]:
    """What a reader must know first."""
    if not front.points:
        return [f"No point was found: {front.note}."]
    first, second = (MEASURE_WORDS[name].split(",")[0] for name in front.between)
    head = f"{len(front.points)} plans lie on the frontier between {first} and {second}."
    if len(front.points) == 1:
        head = f"One plan is best by both: {first} and {second} do not compete."
    if front.complete:
        left = f"the gap of {percent(front.points[0].outcome.settings.gap)}"
        if front.left:  # rounded up, so that it stays true
            left = f"{percent(math.ceil(front.left * 1000) / 1000)} of the range"
        end = f"The front is complete: no plan is better than these in both by more than {left}."
    else:
        end = f"The front is partial: {front.note}."
    return [head, end]


def front_changes(front: Frontier) -> list[str]:
    """What changes from each point to the next, in words."""
    lines = []
    for number, point in enumerate(front.points[1:], 2):
        told = change_lines(front.case, point.changes)
        if told:
            lines += [f"From point {number - 1} to {number}:", *(f"  {line}" for line in told)]
    return lines
