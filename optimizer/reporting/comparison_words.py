"""The words of a comparison: values, differences, and the sentences that stand first.

Not here: tables and their order (see `optimizer.reporting.comparison`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from models.case import Case
from models.outcome import STATUS_WORDS
from optimizer.reporting.text import amount, cars, money_number, percent, when_words
from optimizer.studies.comparison_rows import limit_title

if TYPE_CHECKING:
    from optimizer.studies.compare import Comparison, FigureChange, Side
    from optimizer.studies.differences import LimitChange
    from optimizer.studies.kpis import Kpi

#: Limits told of one scenario; there can be hundreds.
MOST_LIMITS = 8
_STEPS = {"year": "year", "half": "half-year", "quarter": "quarter", "month": "month"}
_LIMITS = {
    "site": "capacity of {}",
    "component": "capacity of {}",
    "budget": "budget {}",
    "network": "network {}",
    "segment": "largest share of {}",
}


# Values ------------------------------------------------------------------------------


def value_words(figure: Kpi | None) -> str:
    """A figure's value without its unit."""
    if figure is None or figure.value is None:
        return "none"
    if figure.unit == "period":
        return figure.period or "not reached"
    if figure.unit == "money":
        return money_number(figure.value)
    if figure.unit == "share":
        return percent(figure.value)
    return cars(figure.value)


def signed(value: float, digits: int = 0) -> str:
    """A number with its sign."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:+,.{digits}f}" if rounded else "0"


def steps(case: Case, count: float) -> str:
    """Periods, counted by the name of the step."""
    word = _STEPS.get(case.horizon.step, "period")
    return f"{abs(count):g} {word}{'' if abs(count) == 1 else 's'}"


def periods_words(case: Case, count: int) -> str:
    """How much later or sooner."""
    return f"{steps(case, count)} {'later' if count > 0 else 'sooner'}"


def difference_words(case: Case, change: FigureChange) -> str:
    """A difference without its unit; blank where there is none, or none can be told."""
    value, figure = change.finding.value, change.figure
    if value is None or change.finding.mark == "same":
        return ""
    if figure.unit == "period":
        before, after = change.before, change.after
        if after is not None and after.not_reached:
            return "missed now"
        if before is not None and before.not_reached:
            return "reached now"
        return periods_words(case, round(value))
    if figure.unit == "money":
        return _with_sign(value, money_number(value))
    if figure.unit == "share":
        return f"{signed(100 * value, 1)} points"
    return signed(value)


def share_words(figure: Kpi, value: float | None) -> str:
    """A share of a difference without its unit."""
    if value is None:
        return "not defined"
    return _with_sign(value, size_words(figure, value))


def _with_sign(value: float, words: str) -> str:
    """A number in words with its sign; one that is shown as 0 has none."""
    if not any(digit in words for digit in "123456789"):
        return words.lstrip("-")
    return f"+{words}" if value > 0 else words


def size_words(figure: Kpi, value: float) -> str:
    """The size of a share or of its error, without its unit."""
    if figure.unit == "money":
        return money_number(value)
    digits = {"cars": 0, "period": 0 if value % 1 == 0 else 2, "share": 3}.get(figure.unit, 2)
    return f"{round(value, digits) + 0.0:,.{digits}f}"


# Sentences ---------------------------------------------------------------------------


def headline(comparison: Comparison) -> list[str]:
    """What a reader must know first: a line for the base case and one for each scenario."""
    base = comparison.base
    if base.plan is None:
        return [f"The base case has nothing to compare with: {STATUS_WORDS[base.status]}."]
    lines = [] if comparison.sides else ["There is nothing to compare it with."]
    for side in comparison.sides:
        title = f": {side.title}" if side.title and side.title != side.name else ""
        lines.append(f"{side.name}{title}")
        lines += [f"- {sentence}" for sentence in _sentences(base.case, side)]
        lines += [f"- Note: {warning}" for warning in side.warnings]
    return lines


def _sentences(case: Case, side: Side) -> Iterator[str]:
    if side.outcome.plan is None:
        words = STATUS_WORDS[side.outcome.status]
        yield f"{words[:1].upper()}{words[1:]}."
        return
    if all(change.finding.mark == "same" for change in side.figures) and not side.decisions:
        yield "No difference."
        return
    for change in side.figures:
        if change.figure.goal and change.figure.name != "shortfall":
            yield _sentence(case, side, change)
    if side.outcome.status == "feasible":
        yield "A limit stopped the proof."


def _sentence(case: Case, side: Side, change: FigureChange) -> str:
    """What becomes of a goal."""
    finding, figure = change.finding, change.figure
    if figure.unit == "period":
        return _target_sentence(side, case, change)
    name = figure.title
    if finding.value is None:
        return f"{name}: cannot be compared."
    if finding.mark == "same":
        return f"{name} stays the same."
    size = _with_unit(case, figure, abs(finding.value))
    if finding.mark == "noise" and side.outcome.proven:
        return f"{name}: no effect that can be told from noise ({size} {_way(finding.value)})."
    if finding.mark == "noise":
        return f"{name}: {size} {_way(finding.value)} in these plans; the proof stopped too soon to tell whether that is an effect."
    before = change.before.value if change.before else None
    after = change.after.value if change.after else None
    both = before is not None and after is not None and before > 0 and after > 0
    part = f" ({percent(abs(finding.value / before))})" if both and before else ""
    told = f"{name} {'rises' if finding.value > 0 else 'falls'} by {size}{part}"
    if finding.mark == "unproven":
        return f"{told} in these plans; not proven, as one of them gains less in the goals before."
    if finding.mark == "given":
        return f"{told}; proven for plans that are as good in the goals before."
    return f"{told}{_proof(case, change)}."


def _way(value: float) -> str:
    return "more" if value > 0 else "less"


def _with_unit(case: Case, figure: Kpi, value: float) -> str:
    if figure.unit == "money":
        return amount(case, value)
    return f"{cars(value)} cars" if figure.unit == "cars" else f"{value:g}"


def _proof(case: Case, change: FigureChange) -> str:
    """How much of a proven difference is certain, where that is not all of it."""
    finding = change.finding
    assert finding.value is not None
    ends = [abs(end) for end in (finding.least, finding.most) if end is not None]
    if len(ends) == 2 and all(
        abs(end - abs(finding.value)) <= 1e-3 * abs(finding.value) for end in ends
    ):
        return ""
    return f", at least {_with_unit(case, change.figure, min(ends))} for certain" if ends else ""


def _may_reach(side: Side) -> bool:
    """A target that the plan misses is not proven to be out of reach."""
    target = side.outcome.case.target
    bounds = [goal.bound for goal in side.outcome.goals if goal.kind == "target_date"]
    return target is None or any(bound is None or bound >= target.volume for bound in bounds)


def _target_sentence(side: Side, case: Case, change: FigureChange) -> str:
    before, after = change.before, change.after
    if before is None or after is None or change.finding.value is None:
        return "Target date: cannot be compared."
    if after.not_reached:
        short = side.change("shortfall")
        lack = f", by {cars(short.after.value or 0)} cars" if short and short.after else ""
        still = "still missed" if before.not_reached else "missed now"
        doubt = "; reaching it is not ruled out" if _may_reach(side) else ""
        return f"The target is {still}{lack}{doubt}."
    if before.not_reached:
        return f"The target is reached, in {after.period}."
    if change.finding.mark == "same":
        return f"The target is reached in {after.period} as before."
    moved = periods_words(case, round(change.finding.value))
    proof = ", which is not proven" if change.finding.mark in ("noise", "unproven") else ""
    return f"The target is reached {moved}, in {after.period}{proof}."


# Limits ------------------------------------------------------------------------------


def limit_lines(side: Side) -> list[str]:
    """The limits of a scenario that bind otherwise, in three lines at most and one on demand."""
    case = side.outcome.case
    order = {label: t for t, label in enumerate(case.horizon.labels)}
    hard = [change for change in side.limits if change.kind != "demand"]

    def listed(changes: Sequence[LimitChange], stopped: bool) -> str:
        told = [
            f"{_limit(case, change)} ({when_words(order, change.stopped if stopped else change.started)})"
            for change in changes[:MOST_LIMITS]
        ]
        more = len(changes) - MOST_LIMITS
        return ", ".join(told) + (f" and {more} more" if more > 0 else "")

    new = [change for change in hard if not change.before]
    gone = [change for change in hard if not change.after]
    longer = [change for change in hard if change.before and change.after and change.started]
    shorter = [change for change in hard if change.before and change.after and change.stopped]
    lines = [
        f"{words}: {listed(changes, stopped)}"
        for words, changes, stopped in (
            ("starts to bind", new, False),
            ("binds no longer", gone, True),
            ("binds in more periods", longer, False),
            ("binds in fewer periods", shorter, True),
        )
        if changes
    ]
    demand = [change for change in side.limits if change.kind == "demand"]
    if demand:
        more = sum(len(change.started) for change in demand)
        fewer = sum(len(change.stopped) for change in demand)
        lines.append(
            f"demand, counted by car, market and period: sold out in {more} more and {fewer} fewer"
        )
    return lines


def _limit(case: Case, change: LimitChange) -> str:
    title = limit_title(case, change.kind, change.name)
    return _LIMITS.get(change.kind, "{}").format(title)
