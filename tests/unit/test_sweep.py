"""Sweeps: which cases they solve, what they say of them, and the files they write."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.case import Case
from models.problem import CaseError
from models.scenarios import Scenarios
from models.source import Source
from optimizer import EvplanError, Settings, Store, Sweep, load_case, save_case, solve, sweep
from optimizer.cli import app
from optimizer.reporting.sweeps import lines, save_sweep
from optimizer.runs import RunError
from optimizer.scenarios import load_scenarios
from optimizer.studies import designs
from optimizer.studies.designs import MOST_POINTS, Values, grid, listed, tornado
from optimizer.studies.sweep_record import RANKED

ROOT = Path(__file__).resolve().parents[2]
#: Ranges of the tiny case, made up: one that leaves no plan, two that matter, one that does not.
SOURCES = (
    ("finance.opening_cash", "value", 20, 40),
    ("launches.*.home.peak_share", "factor", 0.5, 1.2),
    ("finance.cash_floor", "value", 0, 10000),
    ("finance.terminal_years", "value", 0, 0),
    ("deals.licence.royalty", "value", 999, 1000),
)


@pytest.fixture(scope="module")
def tiny() -> Case:
    sources = [
        Source(cells=cells, basis="assumption", source="made up", range=kind, low=low, high=high)
        for cells, kind, low, high in SOURCES
    ]
    return load_case("tiny").replace(sources=tuple(sources))


@pytest.fixture(scope="module")
def scenarios() -> Scenarios:
    return load_scenarios("tiny")


@pytest.fixture(scope="module")
def made(tiny: Case) -> Sweep:
    """The tornado of the tiny case."""
    return sweep(tiny, tornado=True, workers=2)


# Which cases ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("20,30", ["20", "30"]),
        (" 20 , 20, 30 ", ["20", "30"]),
        ("20:40:10", ["20", "30", "40"]),
        ("20:45:10", ["20", "30", "40"]),
        ("40:20:-10", ["40", "30", "20"]),
        ("0.1:0.3:0.1", ["0.1", "0.2", "0.3"]),
        ("5:5:1", ["5"]),
        ("*0.5,2", ["*0.5", "*2"]),
        ("*0.9:1.1:0.1", ["*0.9", "*1", "*1.1"]),
        ("+-5,5", ["+-5", "+5"]),
    ],
)
def test_values_are_read_as_people_type_them(tiny: Case, text: str, values: list[str]) -> None:
    """Lists, ranges with both ends, factors and amounts, in decimal arithmetic."""
    design = grid(tiny, {"finance.opening_cash": text})
    assert [point.inputs for point in design.points] == [(value,) for value in values]
    for value, point in zip(values, design.points, strict=True):
        number = float(value.lstrip("*+"))
        expected = {"*": 30 * number, "+": 30 + number}.get(value[0], number)
        assert point.case.finance.opening_cash == pytest.approx(expected)


def test_a_grid_has_every_combination(tiny: Case) -> None:
    """Two paths with two and three values make six cases, the last path varying fastest."""
    vary: dict[str, Values] = {
        "finance.opening_cash": [20, 40.5],
        "deals.licence.status": ["optional", "forbidden"],
    }
    design = grid(tiny, vary)
    assert [point.inputs for point in design.points] == [
        ("20", "optional"),
        ("20", "forbidden"),
        ("40.5", "optional"),
        ("40.5", "forbidden"),
    ]
    assert design.points[3].case == tiny.with_changes(
        {"finance.opening_cash": 40.5, "deals.licence.status": "forbidden"}
    )


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("finance.opening", "1,2", "Did you mean opening_cash?"),
        ("finance.opening_cash", "", "a value is blank"),
        ("finance.opening_cash", "1,,2", "a value is blank"),
        ("finance.opening_cash", "a", "'a' is not a number"),
        ("finance.opening_cash", "*a", "'a' are not all numbers"),
        ("finance.opening_cash", "1:2", "'1:2' is no range"),
        ("finance.opening_cash", "1:2:x", "'1:2:x' is no range"),
        ("finance.opening_cash", "1:2:0", "never gets from its first to its last"),
        ("finance.opening_cash", "1:2:-1", "never gets from its first to its last"),
        ("finance.opening_cash", "nan:2:1", "never gets from its first to its last"),
        ("finance.opening_cash", "1:9e9:1", "too many values"),
        ("launches.*.home.peak_share", "*1,30", "peak_share: 3 is above 1"),
        ("entries.*.*.lead", "1,1.5", "1.5 is not a whole number"),
        ("finance.opening_cash", [], "there are no values"),
    ],
)
def test_what_is_wrong_with_values_is_said(tiny: Case, path: str, values: Any, words: str) -> None:
    """Every slip is a `CaseError` that names the path, before anything is solved."""
    with pytest.raises(CaseError) as error:
        grid(tiny, {path: values})
    assert words in str(error.value)
    assert all(problem.where.startswith(path) for problem in error.value.problems)


def test_a_grid_too_large_is_refused(tiny: Case) -> None:
    """More cases than anybody means are said before they are made."""
    vary = {"finance.opening_cash": "1:1000:1", "finance.terminal_years": "1:10:1"}
    with pytest.raises(CaseError, match=rf"1000 x 10 make 10,000 cases.*{MOST_POINTS:,}"):
        grid(tiny, vary)


def test_a_tornado_goes_to_both_ends_of_each_range(tiny: Case) -> None:
    """Values are set and factors applied; a range that changes nothing is told and left out."""
    design = tornado(tiny)
    assert [point.inputs for point in design.points[:4]] == [
        ("finance.opening_cash", "low", "20"),
        ("finance.opening_cash", "high", "40"),
        ("launches.*.home.peak_share", "low", "*0.5"),
        ("launches.*.home.peak_share", "high", "*1.2"),
    ]
    assert design.points[3].case == tiny.with_changes(
        {"launches.one.home.peak_share": 0.12, "launches.two.home.peak_share": 0.06}
    )
    assert design.notes == ("finance.terminal_years: its range changes nothing",)
    only = tornado(tiny, ["finance.op*", "deals.licence.royalty"])
    assert {point.inputs[0] for point in only.points} == {SOURCES[0][0], SOURCES[4][0]}


def test_a_range_leaves_blank_what_is_blank(tiny: Case) -> None:
    """A range of values is no value for a cell that has none, such as no floor for cash."""
    source = Source(cells="vehicles.*.lead", basis="assumption", source="made up", low=1, high=3)
    blank = Source(
        cells="entries.*.*.throughput_per_year",
        basis="assumption",
        source="made up",
        low=100,
        high=5000,
    )
    case = tiny.with_changes({"entries.north.own.throughput_per_year": ""})
    points = tornado(case.replace(sources=(source, blank))).points
    assert [row.throughput_per_year for row in points[3].case.entries] == [5000, None, 5000]
    assert [row.lead for row in points[0].case.vehicles] == [1, 1]


def test_ranges_that_cannot_be_used_are_said(tiny: Case) -> None:
    """No ranges, patterns that meet none, and a range beyond what its column takes."""
    with pytest.raises(CaseError, match="the case states no ranges"):
        tornado(load_case("tiny").replace(sources=()))
    with pytest.raises(CaseError, match=r"no range has such cells.*finance\.opening_cash"):
        tornado(tiny, ["finance.opening_cas"])
    wrong = Source(
        cells="launches.one.home.peak_share", basis="assumption", source="x", low=0.1, high=2
    )
    with pytest.raises(CaseError, match=r"at its high \(2\): .*2 is above 1.*--only"):
        tornado(tiny.replace(sources=(wrong,)))


def test_scenarios_are_solved_one_by_one(tiny: Case, scenarios: Scenarios) -> None:
    """Names and sums of names; a wrong name is said with the nearest."""
    design = listed(tiny, ["late_two", "late_two + no_licence"], scenarios)
    assert [point.inputs[0] for point in design.points] == ["late_two", "late_two + no_licence"]
    assert design.points[1].case.deals[0].status == "forbidden"
    with pytest.raises(CaseError, match="Did you mean late_two"):
        listed(tiny, ["late_too"], scenarios)
    with pytest.raises(CaseError, match="there are none"):
        listed(tiny, [], scenarios)


# What they say -------------------------------------------------------------------------


def test_results_are_those_of_separate_solves(tiny: Case) -> None:
    """Volume and target date of each case equal a cold solve of its own, to the gaps."""
    found = sweep(tiny, {"finance.opening_cash": "10:40:15"}, workers=2)
    frame = found.results
    assert list(frame["finance.opening_cash"]) == [10.0, 25.0, 40.0]
    for cash, volume, date in zip((10, 25, 40), frame["volume"], frame["target_date"], strict=True):
        alone = solve(tiny.with_changes({"finance.opening_cash": cash}))
        assert alone.plan is not None
        assert volume == pytest.approx(alone.plan.totals.volume, rel=2e-3)
        assert date == (alone.goal("target_date").period or "not reached")


def test_a_tornado_ranks_by_swing(tiny: Case, made: Sweep) -> None:
    """What leaves no plan comes first, then by the distance of largest and smallest value."""
    for name in RANKED:
        frame = made.tornado[made.tornado["figure"] == name]
        assert list(frame["rank"]) == [1, 2, 3, 4]
        assert frame["cells"].iloc[0] == "finance.cash_floor"
        assert frame["at_high"].isna().iloc[0]
        swings = list(frame["swing"])[1:]
        assert swings == sorted(swings, reverse=True)
    volume = made.tornado[made.tornado["figure"] == "volume"].set_index("cells")
    for cells, change in {
        "launches.*.home.peak_share": {
            "launches.one.home.peak_share": 0.05,
            "launches.two.home.peak_share": 0.025,
        },
        "finance.opening_cash": {"finance.opening_cash": 20},
    }.items():
        alone = solve(tiny.with_changes(change))
        assert alone.plan is not None
        assert volume.loc[cells, "at_low"] == pytest.approx(alone.plan.totals.volume, rel=2e-3)
    ends = volume.loc["launches.*.home.peak_share", ["at_low", "base", "at_high"]]
    assert volume.loc["launches.*.home.peak_share", "swing"] == pytest.approx(max(ends) - min(ends))


def test_an_end_that_changes_nothing_is_the_case_itself(tiny: Case, made: Sweep) -> None:
    """A royalty of 1,000 is what the case has: its end has the case's own figures, to the bit."""
    row = next(row for row in made.rows if row.inputs[:2] == ("deals.licence.royalty", "high"))
    assert row.figures == made.base.figures
    assert set(row.marks) == {"same"}


def test_a_case_without_a_plan_has_no_figures(made: Sweep) -> None:
    """Its status says so, and its figures are missing, never 0."""
    frame = made.results
    high = frame[(frame["cells"] == "finance.cash_floor") & (frame["end"] == "high")]
    assert list(high["status"]) == ["infeasible"]
    assert high[["volume", "npv", "target_date"]].isna().all(axis=None)


def test_a_tornado_is_told_in_words(made: Sweep) -> None:
    """A ranking for each figure, with its unit, and how many ranges do not matter."""
    text = "\n".join(lines(made))
    assert "What moves the target date, which is 2025Q4" in text
    assert "What moves the net present value (EUR million), which is 26.0" in text
    assert "no plan at an end" in text
    assert "1 of 9 cases: proven that no plan exists" in text
    assert "note: finance.terminal_years: its range changes nothing" in text


def test_only_a_tornado_has_a_tornado(tiny: Case) -> None:
    """Asking another sweep for it is an error that says how it is made; so are two kinds at once."""
    found = sweep(tiny, {"finance.opening_cash": [30]}, workers=1)
    with pytest.raises(EvplanError, match="tornado=True"):
        _ = found.tornado
    with pytest.raises(TypeError, match="one of"):
        sweep(tiny, {"finance.opening_cash": [30]}, tornado=True)
    with pytest.raises(TypeError, match="one of"):
        sweep(tiny)


# Files ------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_sweep_gives_the_same_bytes(tmp_path: Path, tiny: Case, made: Sweep) -> None:
    """Whatever the number of workers, whether solved or kept: every file, the manifest too."""
    store = Store(tmp_path / "store")
    again = sweep(tiny, tornado=True, workers=1, store=store)
    kept = sweep(tiny, tornado=True, workers=1, store=store)
    folders = [save_sweep(one, tmp_path / str(n)) for n, one in enumerate((made, again, kept))]
    assert contents(folders[0]) == contents(folders[1]) == contents(folders[2])
    assert {"sweep.csv", "tornado.csv", "sweep.json", "manifest.json", "case/case.toml"} <= set(
        contents(folders[0])
    )


def test_files_hold_what_the_frames_hold(tmp_path: Path, made: Sweep) -> None:
    """CSV with units in its head and the case itself first; JSON with titles and marks."""
    folder = save_sweep(made, tmp_path / "out")
    with (folder / "sweep.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 + len(made.results)
    assert rows[0]["cells"] == ""
    assert float(rows[0]["npv (EUR million)"]) == pytest.approx(26)
    assert rows[0]["target_date"] == "2025Q4"
    for row, value in zip(rows[1:], made.results["volume"], strict=True):
        assert row["volume (cars)"] == "" or float(row["volume (cars)"]) == value
    data = json.loads((folder / "sweep.json").read_text("utf-8"))
    assert data["money"] == "EUR million"
    assert data["base"]["figures"]["volume"]["value"] == pytest.approx(12750)
    assert [row["inputs"]["cells"] for row in data["rows"]] == list(made.results["cells"])
    assert len(data["tornado"]) == len(made.tornado)
    with pytest.raises(RunError, match="is there already"):
        save_sweep(made, folder)


# On the command line ---------------------------------------------------------------------------


def evplan(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), prog_name="evplan")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


TABLE = """\
Two export markets, one new car, one partner
finance.opening_cash  Target date  Volume over the horizon (cars)  Lowest cash (EUR million)  Net present value (EUR million)  Status
(as it is)                 2025Q4                          12,750                        1.0                             26.0  proven
-100                            -                               -                          -                                -  no plan exists
30                         2025Q4                          12,750                        1.0                             26.0  proven
1 of 3 cases: proven that no plan exists

Written to out
"""


def test_the_command_prints_keeps_and_writes(here: Path) -> None:
    """A table with the case itself first; solves are kept in the folder one is in."""
    words = ("sweep", "tiny", "--vary", "finance.opening_cash=-100,30", "--workers", "1")
    code, out, err = evplan(*words, "--out", "out")
    assert (code, out) == (0, TABLE)
    assert err.splitlines()[-1] == "2 of 2 solves"
    names = sorted(path.name.partition(".")[2] for path in (here / ".evplan/store").iterdir())
    assert names == ["json.gz", "json.gz", "lesson.gz"], "the lesson of the case itself too"
    code, out, err = evplan(*words, "--out", "again")
    assert (code, err) == (0, "1 of 2 solves, 1 of them kept\n2 of 2 solves, 2 of them kept\n")
    assert contents(here / "out") == contents(here / "again")


def test_a_damaged_entry_is_told_and_solved_again(here: Path) -> None:
    """The note names the file and what is wrong; the answer is the same."""
    words = ("sweep", "tiny", "--scenarios", "late_two", "--workers", "1", "--store", "kept")
    evplan(*words, "--out", "one")
    for path in (here / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    _, _, err = evplan(*words, "--out", "two")
    assert err.count("it is damaged or not whole; it was solved again") == 2
    assert contents(here / "one") == contents(here / "two")


def test_without_a_plan_the_exit_code_says_so(here: Path) -> None:
    """3 when it is proven that no case has a plan; --no-store keeps nothing."""
    words = ("--set=finance.cash_floor=10000", "--vary=finance.opening_cash=1,2", "--no-store")
    code, out, _ = evplan("sweep", "tiny", *words, "--workers", "1", "--out", "out")
    assert code == 3
    assert "3 of 3 cases: proven that no plan exists" in out
    assert [path.name for path in here.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "sweep: nothing says what varies. Allowed: one of --vary, --tornado, --scenarios."),
        (("--tornado", "--scenarios=all"), "sweep: --tornado and --scenarios are given."),
        (("--vary=x",), "--vary x: there is no =."),
        (("--vary==1",), "--vary =1: no path stands before the =."),
        (("--vary=a=1", "--vary=a=2"), "--vary a=2: this path is varied twice."),
        (("--vary=a=1", "--only=x"), "--only: it stands without --tornado."),
        (("--scenarios=nope",), "nope: there is no scenario 'nope'."),
        (("--scenarios=late_two,,bad_year",), "a name is blank."),
        (("--scenarios=all", "--workers=0"), "--workers: '0' is no number of workers."),
        (("--scenarios=all", "--workers=1", "--cluster=x"), "--workers: it stands beside"),
        (("--scenarios=all", "--no-store", "--store=x"), "--store: it stands beside --no-store."),
        (("--scenarios=all", "--store= "), "--store: no folder can have this name."),
        (("--scenarios=all", "--gap=2"), "--gap: 2 is above 1."),
        (("--scenarios=all", "--time-limit=0"), "--time-limit: 0 is not above 0."),
        (("--scenarios=all", "--out=/dev/null"), "/dev/null is there already"),
        (("--scenarios=all", "--store=/dev/null"), "/dev/null cannot be a store"),
    ],
)
def test_slips_are_said(here: Path, words: tuple[str, ...], said: str) -> None:
    """Each is one message with exit code 2, and nothing is left behind."""
    code, out, err = evplan("sweep", "tiny", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert not list(here.iterdir())


def test_names_are_shown_as_text(here: Path) -> None:
    """A case whose names hold markup and formulas breaks no line and no colour."""
    case = load_case("tiny")
    titled = case.replace(name="=cmd()", title="[bold]Sou\nth[/bold]")
    save_case(titled, here / "case")
    code, out, _ = evplan(
        "sweep", "case", "--vary", "finance.opening_cash=30", "--workers=1", "--no-store"
    )
    assert code == 0
    assert out.startswith("[bold]Sou th[/bold]\n")
    assert [path.name.split("-")[0] for path in (here / "runs").iterdir()] == ["_cmd__"]


def test_ctrl_c_keeps_what_is_finished(here: Path) -> None:
    """The whole group gets the signal, as from a terminal: exit code 4, and what is left."""
    command = [
        *(sys.executable, "-c", "from optimizer.cli import main; main()"),
        *("sweep", "tiny", "--vary", "finance.opening_cash=20:90:0.5", "--workers", "2"),
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        # A parent that runs in the background hands on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    store = here / ".evplan/store"
    wait_for(lambda: store.is_dir() and len(list(store.glob("*.json.gz"))) >= 3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, "")
    done = len(list(store.glob("*.json.gz")))
    said = f"stopped: {done} of 141 solves are finished and kept in .evplan/store, {141 - done} "
    assert said + "are left; the same again goes on from there" in err
    assert "Traceback" not in err
    assert not (here / "runs").exists()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_shipped_ranges_can_all_be_swept() -> None:
    """Both ends of every range of the shipped case make a sound case."""
    case = load_case("leapmotor-2023")
    ranged = [row for row in case.sources if row.low is not None and row.high is not None]
    design = tornado(case)
    assert len(design.points) == 2 * (len(ranged) - len(design.notes))
    assert len(design.notes) == 1, "the season of China has a range from 1 to 1"


def test_settings_reach_the_solver(tiny: Case) -> None:
    """The gap of a sweep is that of its outcomes: with a wide one bounds stay away from values."""
    found = sweep(tiny, {"finance.opening_cash": [25]}, settings=Settings(gap=0.5), workers=1)
    assert found.settings.gap == 0.5
    assert found.rows[0].status == "optimal"
    assert designs.FORM
