"""What it would take, in words: sentences to read aloud and tables of plain text.

Not here: finding it out (see `optimizer.studies.reach`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from models.lever import Lever
from optimizer.reporting.text import cars, one_line, percent

if TYPE_CHECKING:
    from optimizer.studies.reach import Alone, Combination, Reach, Trial

#: Columns of `alone_rows`; those that end in > are flush right.
ALONE_COLUMNS = ("Lever", "Alone it takes", "At its most", "Then reached, cars>", "No plan above>")


def moved_by(lever: Lever, steps: int) -> str:
    """So many steps in words, such as ``+40,000 sets a year``."""
    amount = lever.amount(steps)
    unit = one_line(lever.unit)
    if lever.operation == "scale":
        return f"{'+' if amount > 0 else ''}{Decimal(f'{100 * amount:.10g}'):f} % {unit}".strip()
    number = f"{amount:+,.10g}"
    if lever.operation == "shift":
        later = "later" if amount > 0 else "earlier"
        return f"{abs(amount):,.10g} {_one(unit or 'periods', amount)} {later}"
    return f"{number} {_one(unit, amount)}".strip()


def _one(unit: str, amount: float) -> str:
    """A unit of a single word, in the singular where there is but one."""
    single = abs(amount) == 1 and " " not in unit and unit.endswith("s")
    return unit[:-1] if single else unit


def head_lines(found: Reach) -> list[str]:
    """What a reader must know first: what is wanted, how far short today, what all can do."""
    target = found.case.target
    assert target is not None
    kind = "a calendar year" if target.window == "calendar_year" else "a year in a row"
    by = target.deadline or found.case.horizon.last
    lines = [f"Wanted: {cars(target.volume)} cars in {kind} that ends by {by}."]
    if found.today is None:
        return [*lines, "Stopped before it was known what is reached today."]
    lines.append(_today(found, found.today))
    if found.today.verdict == "reached":
        return lines
    if not found.levers:
        return [*lines, "Nothing can be moved: the case has no levers (table levers.csv)."]
    if found.most is not None:
        lines.append(_all(found.most))
    return lines


def _today(found: Reach, today: Trial) -> str:
    if today.verdict == "reached":
        return f"As the case stands this is reached in {today.period}: nothing needs to move."
    if today.volume is None:
        known = "no plan exists at all" if today.verdict == "missed" else "no plan was found"
        return f"As the case stands {known} (evplan conflict tells why)."
    line = f"As the case stands the best year found has {cars(today.volume)} cars"
    short = found.target - today.volume
    line += f", {cars(short)} short ({percent(short / found.target)})"
    return f"{line}; {_bound(today)}."


def _bound(trial: Trial) -> str:
    if trial.bound is None:
        return "how much more is possible is not proven"
    if trial.verdict == "open":
        return f"whether more is possible is not proven (bound {cars(trial.bound)})"
    return f"no plan has a year above {cars(trial.bound)}"


def _all(most: Trial) -> str:
    if most.verdict == "reached":
        return f"With every lever at its most it is reached in {most.period}."
    if most.volume is None:
        return "With every lever at its most no plan was found."
    words = f"the best year found has {cars(most.volume)} cars; {_bound(most)}"
    if most.verdict == "missed":
        return f"Even with every lever at its most it is out of reach: {words}."
    return f"With every lever at its most it is not known to be reached: {words}."


def alone_rows(found: Reach) -> list[tuple[str, str, str, str, str]]:
    """Each lever by itself: what it takes, how far it goes, what is reached then."""
    return [_alone(row) for row in found.alone]


def _alone(row: Alone) -> tuple[str, str, str, str, str]:
    lever, most = row.lever, row.at_most
    if row.steps is not None:
        takes = f"{moved_by(lever, row.steps)} ({row.steps} of {lever.steps} steps)"
        takes += "" if row.proven else ", less is not ruled out"
    else:
        takes = "not alone" if row.proven else "not known"
    reached = most.verdict == "reached"
    volume = "the target" if reached else "no plan" if most.volume is None else cars(most.volume)
    bound = "" if most.bound is None or reached else cars(most.bound)
    return (one_line(lever.name), takes, moved_by(lever, lever.steps), volume, bound)


def combination_lines(found: Reach) -> Iterator[str]:
    """The lightest combinations in their order, each with what moves how far."""
    for number, row in enumerate(found.combinations, 1):
        yield f"{number}. Weight {row.weight:.10g}, reached in {row.trial.period}{_proof(number, row)}"
        yield from (f"   - {line}" for line in steps_lines(found, row.steps))
    if not found.combinations:
        return
    if found.finished and found.complete:
        yield "There is no other: every combination that reaches it holds one of these sets of levers."


def steps_lines(found: Reach, steps: Mapping[str, int]) -> list[str]:
    """What moves, lever by lever."""
    return [
        f"{one_line(row.name)}: {moved_by(row, steps[row.lever])} "
        f"({steps[row.lever]} of {row.steps} steps, weight {row.weight * steps[row.lever]:.10g})"
        for row in found.levers
        if row.lever in steps
    ]


def _proof(number: int, row: Combination) -> str:
    if not row.proven:
        return "; that nothing lighter does it is not proven"
    if number == 1:
        return "; proven: nothing lighter does it, and no step can be left out"
    return "; proven lightest without all levers of one before, and no step can be left out"


def foot_lines(found: Reach) -> Iterator[str]:
    """What the proofs rest on, and what is not known."""
    names = {row.lever: one_line(row.name) for row in found.levers}
    sure = [name for name in found.assumed if name not in found.hurting]
    if found.combinations and sure:
        listed = "; ".join(names[name] for name in sure)
        yield f"Taken for granted, and not contradicted by any solve: more never hurts of {listed}."
    if found.hurting:
        listed = "; ".join(names[name] for name in found.hurting)
        yield f"More of it can hurt, so that nothing is proven of combinations: {listed}."
    if not found.finished:
        yield "Stopped before the end: what is above is what is known."
    words = "solve" if found.trials == 1 else "solves"
    yield f"Found with {found.trials} {words} in {found.seconds:,.0f} s."
