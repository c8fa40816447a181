"""``evplan convert``, ``init --excel`` and ``schema`` as users meet them: answers, refusals, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from optimizer import load_case
from tests.contract.commands import evplan

pytestmark = pytest.mark.usefixtures("folder")

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_workbook_made_filled_by_hand_and_solved() -> None:
    """init --excel, a change in the spreadsheet, check, solve in a scenario, results.

    A plant of 8,000 cars a year in place of 5,000 builds more in 2024 than the 5,750 of before.
    """
    made = "Made plan.xlsx from tiny. Next: evplan check plan.xlsx\n"
    assert evplan("init", "plan", "--excel") == (0, made, "")
    before = evplan("solve", "plan.xlsx", "--out", "before")
    assert "Volume: 5,750 in 2024, 7,000 in 2025.\n" in before[1]
    book = openpyxl.load_workbook("plan.xlsx")
    sheet = book["sites"]
    columns = {cell.value: cell.column for cell in sheet[2]}
    assert sheet.cell(3, columns["capacity_per_year"]).value == 5000
    sheet.cell(3, columns["capacity_per_year"]).value = 8000
    book["budgets"].append(["all", "total", None, 1000])
    book.save("plan.xlsx")
    assert evplan("check", "plan.xlsx")[0] == 0
    after = evplan("solve", "plan.xlsx", "--scenario", "late_two", "--out", "after")
    assert after[0] == 0
    case = load_case("after/case")
    assert case.sites[0].capacity_per_year == 8000
    assert case.budgets[0].amount == 1000
    assert "Volume: 5,750 in 2024" not in after[1]
    assert evplan("convert", "after", "after.xlsx") == (0, "Made after.xlsx from after.\n", "")
    assert "decisions" in openpyxl.load_workbook("after.xlsx").sheetnames


def test_folder_to_workbook_and_back() -> None:
    """What has no place in a workbook is told; the folder that comes back is the same case."""
    code, out, err = evplan("convert", "tiny", "new/tiny.xlsx")
    assert (code, out) == (0, "Made new/tiny.xlsx from tiny.\n")
    assert err == (
        "note: README.md stays behind: a workbook holds tables, settings and scenarios\n"
        "note: the comments in scenarios.toml stay behind\n"
    )
    assert evplan("convert", "new/tiny.xlsx", "mine") == (
        0,
        "Made mine from new/tiny.xlsx.\n",
        "",
    )
    assert load_case("mine") == load_case("tiny")
    assert evplan("init", "copy", "--from", "new/tiny.xlsx")[0] == 0
    assert names(Path("copy")) == names(Path("mine"))


def test_scenarios_of_a_workbook_are_compared() -> None:
    """A workbook in the place of a case brings its own scenarios along."""
    evplan("init", "plan.xlsx")
    code, out, _ = evplan("compare", "plan.xlsx", "no_licence", "--no-cause")
    assert code == 0
    assert "The partner walks away" in out


def test_everything_wrong_with_a_workbook_is_told() -> None:
    """check names sheets and cells: exit code 2."""
    evplan("init", "plan.xlsx")
    book = openpyxl.load_workbook("plan.xlsx")
    columns = {cell.value: cell.column_letter for cell in book["markets"][2]}
    book["markets"][f"{columns['home']}4"] = "maybe"
    book["settings"]["C9"] = 20
    book.save("plan.xlsx")
    code, out, err = evplan("check", "plan.xlsx")
    assert (code, out) == (2, "")
    assert err.splitlines()[:2] == [
        "2 problems:",
        f"sheet markets, cell {columns['home']}4 (home): 'maybe' is neither yes nor no. "
        "Allowed: yes or no.",
    ]
    assert err.splitlines()[2].startswith("sheet settings, cell C9 (horizon.last): '20' is not")


REFUSED = [
    (["convert", "tiny", "taken.xlsx"], "taken.xlsx: it is there already. Allowed: a new name."),
    (["convert", "tiny", "full"], "full: a folder would be made of a folder."),
    (["convert", "plan.xlsx", "full"], "full: it is there already. Allowed: a folder that is new"),
    (["convert", "tiny", "x.xlsm"], "x.xlsm: it would be a workbook with macros."),
    (["convert", "old.xls", "x.xlsx"], "old.xls: workbooks of the kind .xls are not read"),
    (["convert", "taken.xlsx", "x"], "taken.xlsx: it is no workbook, whatever its name says."),
    (["convert", "", "x"], "CASE: no folder can have this name."),
    (["convert", "nowhere", "x.xlsx"], "nowhere: there is no such folder"),
    (["init", "taken.xlsx"], "taken.xlsx: it is there already."),
    (["schema", "cases"], "NAME: there is no schema 'cases'. Allowed: case, settings, scenarios."),
]


@pytest.mark.parametrize(("words", "problem"), REFUSED, ids=lambda value: " ".join(value)[:40])
def test_what_is_refused(words: list[str], problem: str, folder: Path) -> None:
    """Exit code 2, one problem in words, and everything is as it was."""
    Path("taken.xlsx").write_text("mine")
    Path("old.xls").write_text("old")
    Path("full").mkdir()
    Path("full/file").write_text("mine")
    evplan("init", "plan.xlsx")
    before = names(folder)
    code, out, err = evplan(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"1 problem:\n{problem}")
    assert names(folder) == before
    assert Path("taken.xlsx").read_text() == "mine"


def test_a_run_becomes_a_workbook_only() -> None:
    """A folder that is there, and another ending, are refused with exit code 2."""
    evplan("solve", "tiny", "--out", "run")
    assert evplan("convert", "run", "other") == (
        2,
        "",
        "other is no name for a workbook: let it end in .xlsx\n",
    )
    assert evplan("convert", "run", "run.xlsx")[0] == 0
    assert evplan("convert", "run", "run.xlsx")[0] == 2
    told = evplan("check", "run.xlsx")
    assert told[0] == 2
    assert "run.xlsx: the workbook has no sheet settings, so it is no case." in told[2]


@pytest.mark.parametrize("target", ["x.xlsx", "folder"])
def test_a_write_that_fails_leaves_nothing(
    target: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at the last step: exit code 1, no traceback, nothing half-written."""
    evplan("init", "plan.xlsx")

    def fails(*_names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fails)
    monkeypatch.setattr(os, "replace", fails)
    assert evplan("convert", "plan.xlsx", target) == (1, "", "No space left on device\n")
    assert names(folder) == ["plan.xlsx"]


@pytest.mark.parametrize("name", ["case", "settings", "scenarios"])
def test_schema_prints_json(name: str) -> None:
    """What is printed is a schema that an editor can read."""
    code, out, err = evplan("schema", name)
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"].endswith("2020-12/schema")


def test_reading_a_workbook_needs_neither_writer_nor_solver() -> None:
    """A workbook is read without the library that writes one, and without frames."""
    evplan("init", "plan.xlsx")
    code = (
        "import sys; from optimizer import load_case; load_case('plan.xlsx');"
        "print(sorted({'openpyxl', 'pandas', 'pyomo', 'highspy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.stdout == "[]\n", done.stderr
