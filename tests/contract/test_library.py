"""The library as its users meet it: public names, frames, notebooks, run folders."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import optimizer
from models import plan as records
from optimizer import (
    AuditError,
    EvplanError,
    Outcome,
    Settings,
    load_case,
    load_run,
    save_run,
    solve,
)
from optimizer.runs import PLAN_TABLES, FolderError, RunError

ROOT = Path(__file__).resolve().parents[2]
#: The columns of each frame, as the README of a user's notebook relies on them.
COLUMNS = {
    "decisions": ["commitment", "kind", "start", "effective", "in_place", "cost", "because"],
    "sales": ["market", "entry", "vehicle", "period", "units"],
    "flows": ["site", "vehicle", "market", "period", "units"],
    "production": ["site", "vehicle", "period", "units"],
    "volumes": ["period", "own", "partner", "counted"],
    "limits": ["kind", "name", "period", "used", "available"],
    "cash_items": ["period", "item", "amount"],
    "cash": ["period", "cash"],
    "deals": [
        "deal",
        "period",
        "partner_units",
        "counted_units",
        "royalty",
        "component_margin",
        "payments",
    ],
    "windows": ["first", "last", "volume", "target", "reached"],
}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


def python(
    code: str, *, cwd: Path = ROOT, path: str = str(ROOT)
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )


# Names -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", optimizer.__all__)
def test_public_names_are_there_and_documented(name: str) -> None:
    """Each public name is found and has a docstring of its own."""
    thing = getattr(optimizer, name)
    assert inspect.isclass(thing) or inspect.isfunction(thing)
    assert thing.__doc__
    assert name in dir(optimizer)


def test_public_names_are_listed_once() -> None:
    """The list that type checkers read is the one that imports go by, in order."""
    assert optimizer.__all__ == sorted(optimizer._HOMES)


def test_unknown_name() -> None:
    """A name that is not public says so."""
    with pytest.raises(AttributeError, match="module 'optimizer' has no attribute 'nothing'"):
        optimizer.nothing  # noqa: B018


def test_importing_is_light() -> None:
    """Neither frames nor solver are loaded by the import, nor frames by solving."""
    code = (
        "import sys, optimizer\n"
        "heavy = {'highspy', 'numpy', 'pandas', 'pydantic', 'pyomo'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "outcome = optimizer.solve(optimizer.load_case('tiny'))\n"
        "print('pandas' in sys.modules, len(outcome.plan.decisions), 'pandas' in sys.modules)\n"
    )
    # Of the 11 commitments two are in place and six are started (see the tiny case).
    assert python(code).stdout == "[]\nFalse 8 True\n"


def test_names_are_typed(tmp_path: Path) -> None:
    """A strict type checker sees the types of what users import."""
    script = tmp_path / "script.py"
    script.write_text(
        "from optimizer import load_case, solve\n"
        "outcome = solve(load_case('tiny'))\n"
        "reveal_type(outcome.plan)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "optimizer.plan.Plan | None"' in done.stdout
    assert "script.py:1: error" not in done.stdout


@pytest.mark.parametrize("name", ["models.py", "models/__init__.py"])
def test_a_models_package_of_someone_else(name: str, tmp_path: Path) -> None:
    """Another ``models`` that hides ours stops the import with its place and the cure."""
    other = tmp_path / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("")
    done = python("import optimizer", cwd=tmp_path, path=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if "Error: " in line]) == 1
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: evplan's own package 'models' is hidden by another one: {other}. "
        "Rename or move that one, or start Python from another folder"
    )


# Cases -------------------------------------------------------------------------------


def test_what_if() -> None:
    """A changed case is a new one; the old one stays as it was."""
    case = load_case("tiny")
    richer = case.with_changes({"finance.opening_cash": 50})
    untitled = case.replace(title="")
    assert (case.finance.opening_cash, richer.finance.opening_cash) == (30, 50)
    assert untitled.title == ""
    assert case == load_case("tiny") != richer


# Plans -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", COLUMNS)
def test_frames(table: str, outcome: Outcome) -> None:
    """Each frame has the columns that are promised, and rows."""
    assert outcome.plan is not None
    frame = getattr(outcome.plan, table)
    assert list(frame.columns) == COLUMNS[table]
    assert len(frame) > 0


def test_frames_of_an_empty_table_keep_their_columns(outcome: Outcome) -> None:
    """A plan without sales still has the columns of sales and production."""
    assert outcome.plan is not None
    empty = optimizer.Plan(outcome.plan.record.model_copy(update={"sales": (), "flows": ()}))
    assert list(empty.sales.columns) == COLUMNS["sales"]
    assert list(empty.production.columns) == COLUMNS["production"]
    assert len(empty.production) == 0


def test_every_table_of_the_record_is_a_frame_and_a_file() -> None:
    """No table of a plan is forgotten where plans are shown or written."""
    tables = {
        name
        for name, info in records.PlanRecord.model_fields.items()
        if getattr(info.annotation, "__origin__", None) is tuple and name != "periods"
    }
    assert tables == set(PLAN_TABLES) == set(COLUMNS) - {"production"}


def test_production_is_what_flows_sum_to(outcome: Outcome) -> None:
    """Cars built are the cars delivered: 12,750 in all, the volume of the tiny case."""
    assert outcome.plan is not None
    assert outcome.plan.production["units"].sum() == pytest.approx(12_750)
    assert outcome.plan.totals.volume == pytest.approx(12_750)


def test_in_words(outcome: Outcome) -> None:
    """Outcome and plan say in one line what they are."""
    assert repr(outcome) == "<Outcome of tiny: a plan, proven best to within the gap on every goal>"
    # Six decisions; 12,750 cars and 26.0 million are what the tiny case was worked out to give.
    assert repr(outcome.plan) == "<Plan of tiny: 12,750 cars, 6 decisions, NPV 26.0>"
    assert outcome.proven
    assert outcome.goal("volume").value == pytest.approx(12_750)
    with pytest.raises(KeyError):
        outcome.goal("spending")


def test_notebooks_show_names_as_text(outcome: Outcome) -> None:
    """Names that look like HTML are escaped; what was in place is left out."""
    assert outcome.plan is not None
    decisions = tuple(
        row.model_copy(update={"commitment": "<script>", "because": ("<b>",)})
        for row in outcome.plan.record.decisions
    )
    record = outcome.plan.record.model_copy(update={"decisions": decisions, "case": "<i>"})
    html = optimizer.Plan(record)._repr_html_()
    assert html.count("<td>&lt;script&gt;</td>") == 6  # those started, of eight
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    case = outcome.case.with_changes({"finance.opening_cash": 30}).replace(currency="<u>")
    shown = dataclasses.replace(outcome, case=case)._repr_html_()
    assert "&lt;u&gt;" in shown
    assert "<u>" not in shown


def test_notebooks_show_an_outcome_without_a_plan(outcome: Outcome) -> None:
    """Without a plan the words alone are shown."""
    nothing = dataclasses.replace(outcome, plan=None, goals=(), status="unknown")
    assert nothing._repr_html_().startswith("<p>Stopped by a limit before any plan was found.</p>")


# Run folders ---------------------------------------------------------------------------


def test_a_run_reads_back_equal(outcome: Outcome, tmp_path: Path) -> None:
    """Case, settings, plan, goals and status come back as they were."""
    back = load_run(save_run(outcome, tmp_path / "run"))
    assert back == outcome
    assert back.plan == outcome.plan
    assert back.plan is not outcome.plan
    assert dataclasses.replace(outcome, settings=Settings(gap=0.5)) != back


def test_a_plan_is_only_equal_to_a_plan(outcome: Outcome) -> None:
    """Plans are equal when their records are, and can be kept in sets."""
    assert outcome.plan is not None
    twin = optimizer.Plan(outcome.plan.record)
    other = optimizer.Plan(outcome.plan.record.model_copy(update={"case": "other"}))
    assert len({outcome.plan, twin, other}) == 2
    assert outcome.plan != outcome.plan.record


def test_nothing_to_write(outcome: Outcome, tmp_path: Path) -> None:
    """An outcome without a plan is not a run."""
    nothing = dataclasses.replace(outcome, plan=None, status="infeasible")
    with pytest.raises(RunError, match="there is no plan to write"):
        save_run(nothing, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_never_over_another_run(outcome: Outcome, tmp_path: Path) -> None:
    """What is there already is refused and left alone, a dangling link too."""
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "file"):
        with pytest.raises(FolderError, match="is there already"):
            save_run(outcome, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def _edit(path: Path, **values: Any) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, **values}), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("plan.json", {"totals": 3}, "plan.json, totals: Input should be an object"),
        ("plan.json", {"periods": ["x"]}, "."),
        ("plan.json", {"decisions": []}, "."),
        ("plan.json", {"windows": []}, "."),
        ("plan.json", {"case": "other"}, "."),
        ("settings.json", {"gap": 7}, "settings.json, gap: Input should be less than or equal"),
        ("settings.json", {"gap": 0.5}, "was changed after it was written: settings.json"),
        ("manifest.json", {"format": 2}, "has the format 2; this version reads 1"),
        ("manifest.json", {"status": "infeasible"}, "manifest.json, status: Input should be"),
        ("manifest.json", {"seconds": [1]}, "manifest.json, seconds: Input should be"),
        (
            "manifest.json",
            {"note": "trust me"},
            r"was changed after it was written: manifest\.json$",
        ),
        ("manifest.json", {"goals": []}, "."),
        ("manifest.json", {"sha256": {}}, "was changed after it was written: case/case.toml, "),
    ],
)
def test_runs_that_were_changed(
    name: str, values: dict[str, Any], words: str, outcome: Outcome, tmp_path: Path
) -> None:
    """A changed file never gives an answer, and the message is no traceback of a parser."""
    run = save_run(outcome, tmp_path / "run")
    _edit(run / name, **values)
    with pytest.raises(EvplanError, match=words) as caught:
        load_run(run)
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize("name", ["bound", "best", "gap", "kept", "proven", "unit"])
def test_a_proof_that_was_edited(name: str, outcome: Outcome, tmp_path: Path) -> None:
    """What the manifest states of a goal cannot be changed without notice."""
    run = save_run(outcome, tmp_path / "run")
    goals = [goal.model_dump(mode="json") for goal in outcome.goals]
    goals[1][name] = {"proven": False, "unit": "money"}.get(name, 12_751.0)
    _edit(run / "manifest.json", goals=goals)
    with pytest.raises((RunError, AuditError)):
        load_run(run)


def test_every_file_of_a_run_is_looked_after(outcome: Outcome, tmp_path: Path) -> None:
    """A byte more in any file, a file more or one less is told with its name."""
    run = save_run(outcome, tmp_path / "run")
    (run / "extra.txt").write_text("")
    with pytest.raises(RunError, match=r"was changed after it was written: extra\.txt$"):
        load_run(run)
    (run / "extra.txt").unlink()
    for path in sorted(run.rglob("*.csv")):
        before = path.read_bytes()
        path.unlink()
        with pytest.raises((RunError, AuditError)):
            load_run(run)
        path.write_bytes(before)
    assert load_run(run) == outcome


def test_a_case_that_was_broken(outcome: Outcome, tmp_path: Path) -> None:
    """A run whose case no longer reads says so, and what is wrong with it."""
    run = save_run(outcome, tmp_path / "run")
    (run / "case" / "sites.csv").write_text("site,capacity\n")
    with pytest.raises(RunError, match=r"(?s)its case was changed\n.*sites\.csv line 1"):
        load_run(run)
