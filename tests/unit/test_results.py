"""Results as a workbook: every figure is the plan's, charts point at it, names stay text."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from optimizer import Outcome, load_case, save_run, solve
from optimizer.runs import FolderError, RunError
from optimizer.workbooks.results import save_workbook


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


@pytest.fixture(scope="module")
def results(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_workbook(outcome, tmp_path_factory.mktemp("results") / "results.xlsx")


def rows_of(path: Path, sheet: str) -> list[list[Any]]:
    """A sheet as a second reader sees it."""
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()


def table(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a table by its names, which stand in the third row of its sheet."""
    _title, _units, names, *rows = rows_of(path, sheet)
    width = names.index("") if "" in names else len(names)
    filled = [row for row in rows if row[0] != ""]
    return [dict(zip(names[:width], row[:width], strict=True)) for row in filled]


def test_every_figure_is_that_of_the_plan(outcome: Outcome, results: Path) -> None:
    """Sales, flows, cash and windows are the rows of the plan, to the last digit."""
    assert outcome.plan is not None
    record = outcome.plan.record
    assert [
        (r["market"], r["vehicle"], r["period"], r["units"]) for r in table(results, "sales")
    ] == [(row.market, row.vehicle, row.period, row.units) for row in record.sales]
    assert [r["units"] for r in table(results, "flows")] == [row.units for row in record.flows]
    cash = table(results, "cash")
    assert [r["cash at the end"] for r in cash] == [row.cash for row in record.cash]
    items = [name for name in cash[0] if name not in ("period", "cash at the end", "cash floor")]
    opening = outcome.case.finance.opening_cash
    for row in cash:  # the items of a period are what moves its cash
        opening += sum(row[name] for name in items)
        assert row["cash at the end"] == pytest.approx(opening)
    assert [r["volume"] for r in table(results, "windows")] == [w.volume for w in record.windows]


def test_sums_add_up_to_the_volume(outcome: Outcome, results: Path) -> None:
    """Cars by car and by market add up to the volume of the tiny case: 12,750 in eight quarters."""
    for sheet, key in (
        ("volume by car", "period"),
        ("volume by market", "period"),
        ("volume by year", "year"),
    ):
        rows = table(results, sheet)
        for row in rows:
            parts = [v for name, v in row.items() if name not in (key, "volume", "target")]
            assert sum(parts) == pytest.approx(row["volume"])
        assert sum(row["volume"] for row in rows) == pytest.approx(12_750)


def test_the_front_sheet_says_what_the_command_says(outcome: Outcome, results: Path) -> None:
    """Headline, goals, totals with units, settings, and a link to every sheet."""
    from optimizer.reporting import text

    cells = [str(cell) for row in rows_of(results, "summary") for cell in row if cell != ""]
    for line in (*text.headline(outcome), *text.limits_in_words(outcome.case, outcome.plan.record)):  # type: ignore[union-attr]
        assert line in cells
    assert {"proven", "EUR million", "gap asked for"} <= set(cells)
    book = openpyxl.load_workbook(results)
    linked = {c.value for row in book["summary"] for c in row if c.hyperlink}
    assert linked == set(book.sheetnames) - {"summary"}


def test_charts_are_native_and_point_at_cells(results: Path) -> None:
    """Volume by year, car and market, cash and capacity have a chart each; targets and floors are in."""
    with zipfile.ZipFile(results) as file:
        charts = [file.read(n).decode() for n in file.namelist() if "charts/chart" in n]
    assert len(charts) == 5
    text = "".join(charts)
    for reference in ("'volume by year'!E3", "'cash'!$C$4:$C$11", "'capacity use'!B3"):
        assert reference in text
    sheets = openpyxl.load_workbook(results)
    assert sheets["volume by year"]["E3"].value == "target"
    assert sheets["cash"]["C3"].value == "cash floor"
    assert sheets["sales"]["E2"].value == "[cars/quarter]"
    assert sheets["sales"]["E4"].number_format == "#,##0"


def test_a_run_and_its_outcome_give_the_same_bytes(
    outcome: Outcome, results: Path, tmp_path: Path
) -> None:
    """Nothing of the time of solving or writing is in the file."""
    save_run(outcome, tmp_path / "run")
    assert save_workbook(tmp_path / "run", tmp_path / "r.xlsx").read_bytes() == results.read_bytes()


def test_what_is_there_is_never_written_over(outcome: Outcome, tmp_path: Path) -> None:
    """Taken names, other endings, outcomes without a plan, folders that are no run."""
    taken = tmp_path / "taken.xlsx"
    taken.write_text("mine")
    with pytest.raises(FolderError, match="is there already"):
        save_workbook(outcome, taken)
    with pytest.raises(FolderError, match=r"let it end in \.xlsx"):
        save_workbook(outcome, tmp_path / "results.pdf")
    with pytest.raises(RunError, match="there is no plan"):
        save_workbook(dataclasses.replace(outcome, plan=None), tmp_path / "new.xlsx")
    with pytest.raises(FolderError, match="is not a run folder"):
        save_workbook(tmp_path, tmp_path / "new.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.xlsx"]
    assert taken.read_text() == "mine"


def test_a_write_that_fails_leaves_nothing(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the last step: an error in words, no file."""

    def full(*_names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(RunError, match="No space left on device"):
        save_workbook(outcome, tmp_path / "r.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_names_are_text_everywhere(tmp_path: Path) -> None:
    """Cars and markets called like formulas or markup are shown as such, in cells and charts."""
    case = load_case("tiny").with_changes(
        {"vehicles.two.title": "=cmd()", "markets.south.title": "<script>", "title": "+1\n[x]"}
    )
    path = save_workbook(solve(case), tmp_path / "r.xlsx")
    assert "=cmd()" in rows_of(path, "volume by car")[2]
    assert "<script>" in rows_of(path, "volume by market")[2]
    assert rows_of(path, "summary")[0][0] == "+1 [x]"
    with zipfile.ZipFile(path) as file:
        sheets = [file.read(name) for name in file.namelist() if "worksheets/sheet" in name]
    assert not any(b"<f>" in sheet for sheet in sheets)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_results(results: Path, tmp_path: Path) -> None:
    """LibreOffice prints it, charts and all."""
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    words = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*words, str(results)], check=True, capture_output=True, timeout=300)
    assert (tmp_path / "results.pdf").stat().st_size > 10_000
