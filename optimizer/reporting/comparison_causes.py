"""The causes of a comparison as a table: what each part of a scenario contributes.

Not here: finding the shares (see `optimizer.studies.cause`), the other tables (see
`optimizer.reporting.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.case import Case
from optimizer.reporting.comparison_words import share_words, size_words
from optimizer.reporting.text import aligned, one_line
from optimizer.studies.comparison_rows import unit_of

if TYPE_CHECKING:
    from optimizer.studies.cause import Cause, Share
    from optimizer.studies.compare import Side

#: What a figure in a table is marked with, and what that means.
MARKS = {
    "noise": ("({})", "in brackets: the proofs cannot tell it from noise"),
    "unproven": (
        "{}?",
        "?: so in these plans, but it hangs on what each keeps of the goals before",
    ),
}
#: Figures beside the goals whose causes are shown on screen; files have them all.
CAUSES_SHOWN = ("exports", "least_cash", "spending")

#: A heading and its lines.
Section = tuple[str, list[str]]


def cause_section(case: Case, side: Side, cause: Cause) -> Section:
    """The parts of a scenario, and what each contributes to goals and a few figures."""
    shown = [
        change
        for change in side.figures
        if (change.figure.goal or change.figure.name in CAUSES_SHOWN)
        and any(share.finding.mark != "same" for share in cause.of(change.figure.name))
    ]
    parts = [f"{number}  {part.title}" for number, part in enumerate(cause.parts, 1)]
    marks: set[str] = set()
    rows = []
    for change in shown:
        shares = cause.of(change.figure.name)
        marks |= {share.finding.mark for share in shares}
        figure = change.figure
        unit = "" if figure.unit == "period" else unit_of(case, figure)
        together = share_words(figure, change.finding.value)
        rows.append([figure.title, unit, *map(_share, shares), together, _alone(shares)])
    columns = ["Figure", "Unit", *(f"{n}>" for n in range(1, len(parts) + 1)), "together>"]
    with_alone = any(row[-1] for row in rows)
    columns += ["sum if each came alone>"] if with_alone else []
    table = aligned(columns, [row[: len(columns)] for row in rows]) if rows else []
    lines = [*parts, *([""] if table else []), *table]
    lines += [words for mark, (_, words) in MARKS.items() if mark in marks and not cause.orders]
    if "plan" in marks:
        lines.append(
            "Figures that are no goals are of these plans; other plans, as good, may differ."
        )
    lines += [f"{note}." for note in cause.notes]
    if cause.orders:
        lines.append(
            f"{len(parts)} parts have too many combinations to solve each: the shares are means over "
            f"{cause.orders} orders drawn at random, +/- their standard errors. Those in brackets "
            "are not told from 0."
        )
    # Lines of tables keep their blanks: their cells are clean already.
    lines = [line if line in table else one_line(line) for line in lines]
    return f"Why {side.name} differs", lines


def _share(share: Share) -> str:
    told = share_words(share.figure, share.finding.value)
    if share.error is not None and share.finding.mark == "unproven":
        return f"{told} +/- {size_words(share.figure, share.error)}"  # no sampled share is proven
    form = MARKS.get(share.finding.mark, ("{}", ""))[0]
    error = f" +/- {size_words(share.figure, share.error)}" if share.error else ""
    return form.format(told) + error


def _alone(shares: Sequence[Share]) -> str:
    """What the parts would sum to if each came alone; blank where that is the whole."""
    alone = [share.alone for share in shares]
    whole = [share.finding.value for share in shares]
    if None in alone or None in whole:
        return ""
    apart, together = sum(filter(None, alone)), sum(filter(None, whole))
    if abs(apart - together) <= 1e-6 * max(1.0, abs(apart), abs(together)):
        return ""
    return share_words(shares[0].figure, apart)
