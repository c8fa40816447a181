"""Sweeps as text for a terminal, and as a folder of files.

The files hold no dates and no times, and nothing of how the solves were shared out: the
same sweep gives the same bytes. Not here: making a sweep (see `optimizer.studies.sweep`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.case import Case
from models.cells import cell_text
from models.outcome import STATUS_WORDS
from optimizer.fingerprint import fingerprint
from optimizer.reporting.text import aligned, cars, money_number, money_unit, percent
from optimizer.runs import made_whole
from optimizer.studies.kpis import Kpi
from optimizer.studies.sweep_record import RANKED, Row, Sweep, Swing, value_of
from optimizer.tables import save_case

if TYPE_CHECKING:
    import pandas as pd

#: Changes when a folder of today can no longer be read.
FORMAT = 1
#: Ranges that a tornado shows for each figure; its files hold all.
SHOWN = 10
_NO_VALUE = "-"
#: What stands beside a swing, by its mark.
_SURE = {"proven": "proven", "unproven": "these plans", "plan": "these plans"}
_SURE_NOTE = (
    "proven: what can be reached is proven to differ; these plans: true of the plans found, "
    "others, as good, may differ"
)
_NOISE = "~"
_NOISE_NOTE = "~ differs from the case as it is by less than the gap can tell apart"
_STEPS = {"half": "half-year"}


# On the screen ---------------------------------------------------------------------


def lines(sweep: Sweep) -> Iterator[str]:
    """A sweep as lines of text: results in a table, or what matters most."""
    if sweep.kind != "tornado":
        yield from _table(sweep)
    else:
        for name in RANKED:
            yield from _ranking(sweep, name)
        yield _SURE_NOTE
    yield from _troubles(sweep)


def _table(sweep: Sweep) -> Iterator[str]:
    shown = [sweep.figures[name] for name in RANKED if name in sweep.figures]
    many = any(row.status != "optimal" for row in (sweep.base, *sweep.rows))
    # A scenario's name says less to a reader than its title, which may be long: both stand.
    columns = [
        *(column.capitalize() if sweep.kind == "scenarios" else column for column in sweep.columns)
    ]
    columns += [f"{figure.title}{_unit(sweep.case, figure)}>" for figure in shown]
    columns += ["Status"] if many else []
    base = ["(as it is)", *[""] * (len(sweep.columns) - 1)]
    rows = []
    for inputs, row in ((base, sweep.base), *((row.inputs, row) for row in sweep.rows)):
        cells = [_cell(row.figure(one.name)) + _tilde(row, one.name) for one in shown]
        rows.append([*inputs, *cells, *([_status(row)] if many else [])])
    yield from aligned(columns, rows)
    if any(_tilde(row, one.name) for row in sweep.rows for one in shown):
        yield _NOISE_NOTE


def _tilde(row: Row, name: str) -> str:
    """What stands beside a figure that differs by nothing that is proven."""
    return _NOISE if row.mark(name) == "noise" else ""


def _status(row: Row) -> str:
    words = {"optimal": "proven", "feasible": "not proven", "infeasible": "no plan exists"}
    return words.get(row.status, "no plan found" if row.status == "unknown" else row.status)


def _ranking(sweep: Sweep, name: str) -> Iterator[str]:
    """The ranges that move one figure most."""
    swings = [swing for swing in sweep.swings if swing.figure.name == name]
    if not swings:
        return
    figure = swings[0].figure
    moving = [one for one in swings if one.mark not in ("same", "noise")]
    title = (
        figure.title[:1].lower() + figure.title[1:] if figure.title[1:2].islower() else figure.title
    )
    yield f"What moves the {title}{_unit(sweep.case, figure)}, which is {_cell(figure)}"
    rows = [
        (
            str(one.rank),
            one.cells,
            one.low,
            one.high,
            _cell(one.at_low),
            _cell(one.at_high),
            _swing(sweep.case, one),
            "" if one.swing is None else _SURE[one.mark],
        )
        for one in moving[:SHOWN]
    ]
    if rows:
        yield from aligned(
            ("", "Range of", "Low>", "High>", "At low>", "At high>", "Swing>", ""), rows
        )
    rest = [
        (len(moving) - SHOWN, "move it less"),
        (sum(one.mark == "noise" for one in swings), "move it by less than the gap can tell apart"),
        (sum(one.mark == "same" for one in swings), "do not move it"),
    ]
    told = [f"{count} {words}" for count, words in rest if count > 0]
    if told:
        yield f"Of the {'other ' if rows else ''}ranges {', '.join(told)}."
    yield ""


def _swing(case: Case, one: Swing) -> str:
    if one.swing is None:
        return "no plan at an end"
    ends = (one.figure, one.at_low, one.at_high)
    least = (
        "at least "
        if any(end is not None and end.not_reached for end in ends) and one.swing
        else ""
    )
    if one.figure.unit == "period":
        step = _STEPS.get(case.horizon.step, case.horizon.step)
        return f"{least}{one.swing:.0f} {step}{'' if one.swing == 1 else 's'}"
    return _cell(Kpi("", "", one.figure.unit, "neither", one.swing))


def _cell(figure: Kpi | None) -> str:
    """A figure without its unit, as people write it."""
    value = value_of(figure)
    if figure is None or value is None or isinstance(value, str):
        return _NO_VALUE if value is None else str(value)
    if figure.unit == "money":
        return money_number(value)
    return percent(value) if figure.unit == "share" else cars(value)


def _unit(case: Case, figure: Kpi) -> str:
    """The unit of a figure for the head of its column."""
    words = {"cars": "cars", "money": money_unit(case)}
    return f" ({words[figure.unit]})" if figure.unit in words else ""


def _troubles(sweep: Sweep) -> Iterator[str]:
    """What a reader should know: no plans, open proofs, failures, warnings."""
    rows = (sweep.base, *sweep.rows)
    for status in ("infeasible", "unknown", "feasible"):
        count = sum(row.status == status for row in rows)
        if count:
            yield f"{count} of {len(rows)} cases: {STATUS_WORDS[status]}"
    for note, names in _failures(sweep).items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"failed: {'; '.join(names[:3])}{more}: {note}"
    yield from (f"note: {note}" for note in sweep.notes)


def _failures(sweep: Sweep) -> dict[str, list[str]]:
    """Why cases could not be solved, with what they are called."""
    reasons: dict[str, list[str]] = {}
    for row in sweep.failed:
        name = "the case as it is" if row is sweep.base else ", ".join(row.inputs)
        reasons.setdefault(row.note, []).append(name)
    return reasons


# As files --------------------------------------------------------------------------


def save_sweep(sweep: Sweep, folder: str | Path) -> Path:
    """Write a sweep to a new folder and return its path.

    ``sweep.csv`` holds a row for each case and ``tornado.csv`` the ranking; ``sweep.json``
    holds both with units, titles and marks, ``case/`` the case itself, and
    ``manifest.json`` versions and hashes. Raises `RunError` when the folder is there
    already or cannot be written; then nothing is left behind.
    """
    folder = Path(folder)
    with made_whole(folder) as partial:
        _text(partial / "sweep.csv", _csv(_results(sweep)))
        if sweep.kind == "tornado":
            _text(partial / "tornado.csv", _csv(_tornado(sweep)))
        _text(partial / "sweep.json", _json(_data(sweep)))
        save_case(sweep.case, partial / "case")
        hashes = {
            path.relative_to(partial).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        manifest = {
            "format": FORMAT,
            "kind": "sweep",
            "case": sweep.case.name,
            "versions": fingerprint(),
            "sha256": hashes,
        }
        _text(partial / "manifest.json", _json(manifest))
    return folder


def _results(sweep: Sweep) -> Iterator[Sequence[Any]]:
    """Rows of ``sweep.csv``; the case itself is the first, without inputs."""
    figures = sweep.figures.values()
    yield [
        *sweep.columns,
        "status",
        *(f"{figure.name}{_unit(sweep.case, figure)}" for figure in figures),
        "note",
    ]
    for row in (sweep.base, *sweep.rows):
        values = (value_of(row.figure(figure.name)) for figure in figures)
        yield [*row.inputs, row.status, *values, row.note]


def _tornado(sweep: Sweep) -> Iterator[Sequence[Any]]:
    frame: pd.DataFrame = sweep.tornado
    yield list(frame.columns)
    for swing in sweep.swings:
        unit = money_unit(sweep.case) if swing.figure.unit == "money" else swing.figure.unit
        yield [
            *(swing.figure.name, unit, swing.rank, swing.cells, swing.basis, swing.low, swing.high),
            *(value_of(swing.at_low), value_of(swing.figure), value_of(swing.at_high)),
            *(swing.swing, swing.mark),
        ]


def _data(sweep: Sweep) -> dict[str, Any]:
    """All of a sweep as plain data."""
    return {
        "format": FORMAT,
        "case": sweep.case.name,
        "title": sweep.case.title,
        "kind": sweep.kind,
        "settings": sweep.settings.model_dump(mode="json"),
        "money": money_unit(sweep.case),
        "columns": list(sweep.columns),
        "figures": [
            {"name": one.name, "title": one.title, "unit": one.unit, "better": one.sense}
            for one in sweep.figures.values()
        ],
        "base": _row(sweep, sweep.base),
        "rows": [_row(sweep, row) for row in sweep.rows],
        "tornado": [
            {
                "figure": one.figure.name,
                "rank": one.rank,
                "cells": one.cells,
                "basis": one.basis,
                "low": one.low,
                "high": one.high,
                "swing": one.swing,
                "mark": one.mark,
            }
            for one in sweep.swings
        ],
        "notes": list(sweep.notes),
    }


def _row(sweep: Sweep, row: Row) -> dict[str, Any]:
    return {
        "inputs": dict(zip(sweep.columns, row.inputs, strict=True)),
        "status": row.status,
        "note": row.note,
        "figures": {
            figure.name: {
                "value": figure.value,
                "period": figure.period,
                "mark": row.mark(figure.name),
            }
            for figure in row.figures
        },
    }


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(
        [cell_text(cell) for cell in row] for row in rows
    )
    return out.getvalue()


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
