"""``evplan compare`` as its users meet it: what it shows and writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from optimizer import load_case, save_case, save_run, solve
from tests.contract.commands import Said, evplan

pytestmark = pytest.mark.usefixtures("folder")


def compare(*words: str) -> Said:
    return evplan("compare", *words)


def test_two_scenarios_side_by_side(folder: Path) -> None:
    """The report is on the screen, its tables in files, and asked again nothing is solved anew.

    Names that a spreadsheet would take for a formula are text in CSV and as they are in JSON.
    """
    names = load_case("tiny")
    # All abroad: which of their networks binds may be another in plans of equal worth.
    markets = [row.model_copy(update={"title": "=cmd()"}) for row in names.markets[1:]]
    save_case(names.replace(markets=(names.markets[0], *markets)), folder / "mine")
    (folder / "mine" / "scenarios.toml").write_text(
        '[late]\ntitle = "@late"\nchanges = [{ add = "vehicles.two.lead", by = 1 }, '
        '{ forbid = "deals.licence" }]\n'
    )
    options = ("--workers", "1", "--store", "kept")
    said = compare("./mine", "late", *options, "--csv", "tables", "--json", "all.json")
    assert said.code == 0
    assert "- Volume over the horizon falls by 200 cars (1.6 %)." in said.out
    assert "Why late differs" in said.out
    assert said.out.endswith("Written to all.json\n\nWritten to tables\n")
    files = sorted(path.name for path in (folder / "tables").iterdir())
    assert files == ["causes.csv", "decisions.csv", "kpis.csv", "limits.csv", "sales.csv"]
    with (folder / "tables" / "limits.csv").open(newline="") as file:
        titles = {row["title"] for row in csv.DictReader(file)}
    assert "'=cmd() (importer)" in titles
    data = json.loads((folder / "all.json").read_text())
    assert "=cmd() (importer)" in {row["title"] for row in data["limits"]}
    assert data["scenarios"][0]["title"] == "@late"
    volume = next(row for row in data["kpis"] if row["figure"] == "volume")
    assert volume["difference"] == -200
    shares = [row["share"] for row in data["causes"] if row["figure"] == "volume"]
    assert sum(shares) == pytest.approx(-200, abs=1e-6)
    kept = sorted((folder / "kept").iterdir())
    again = compare("./mine", "late", *options)
    assert again.out == said.out.split("\nWritten to")[0]
    assert sorted((folder / "kept").iterdir()) == kept


def test_runs_side_by_side(folder: Path) -> None:
    """Folders of runs are compared as they are, the first being the base; nothing is solved."""
    case = load_case("tiny")
    save_run(solve(case), folder / "base")
    save_run(solve(case.with_changes({"vehicles.two.lead": 3})), folder / "late")
    said = compare("base", "late")
    assert (said.code, said.err) == (0, "")
    assert "- Volume over the horizon falls by 200 cars (1.6 %)." in said.out
    assert "Why" not in said.out
    same = compare("base", "base")
    assert "base again" in same.out
    assert "- No difference." in same.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("tiny",),
            "no scenario is named to compare the case with. Allowed: a scenario (late_two,",
        ),
        (("tiny", "late_tow"), "there is no scenario 'late_tow'"),
        (("late_tow",), "there is no scenario 'late_tow'"),
        (("./nowhere", "late_two"), "no such folder"),
        (("tiny", "markets.home.colour=1"), "markets.home.colour"),
        (("tiny", "late_two", "--gap", "2"), "--gap"),
        (("tiny", "late_two", "--workers", "0"), "--workers"),
        (("tiny", "late_two", "--store", "x", "--no-store"), "--no-store"),
        (("tiny", "a\0b"), "a\\x00b"),
        (("tiny", "finance.opening_cash=\x1b[2J"), "\\x1b[2J"),
        (("tiny", ""), "a name is blank"),
    ],
)
def test_bad_input_is_told_and_nothing_is_made(
    folder: Path, words: tuple[str, ...], told: str
) -> None:
    """Each slip is exit code 2 with its place and no traceback, before anything is solved."""
    said = compare(*words)
    assert said.code == 2
    assert told in said.err
    assert said.out == ""
    assert list(folder.iterdir()) == []


def test_runs_and_scenarios_do_not_mix(folder: Path) -> None:
    """A run beside a scenario, or alone, has nothing to be compared with."""
    save_run(solve(load_case("tiny")), folder / "run")
    mixed, alone = compare("run", "late_two"), compare("run")
    assert (mixed.code, alone.code) == (2, 2)
    assert "late_two: it is no run folder, and others are" in mixed.err
    assert "there is nothing to compare it with" in alone.err


def test_what_is_there_is_not_written_over(folder: Path) -> None:
    """A file in the way of --json is refused before any solving."""
    (folder / "all.json").write_text("mine")
    said = compare("tiny", "late_two", "--json", "all.json")
    assert said.code == 2
    assert "all.json is there already" in said.err
    assert (folder / "all.json").read_text() == "mine"


def test_a_base_case_without_a_plan_is_exit_code_3() -> None:
    """There is nothing to compare with, which is proven."""
    case = load_case("tiny").with_changes({"target.volume": 9000, "target.required": True})
    save_case(case, Path("hard"))
    said = compare("hard", "finance.opening_cash=31", "--no-store", "--workers", "1")
    assert said.code == 3
    assert "The base case has nothing to compare with: proven that no plan exists." in said.out
