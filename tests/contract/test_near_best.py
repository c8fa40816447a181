"""``evplan alternatives`` and ``evplan frontier`` as their users meet them, on the tiny case."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.commands import evplan

pytestmark = pytest.mark.usefixtures("folder")


ROOT = Path(__file__).resolve().parents[2]


def test_alternatives_says_what_all_near_best_plans_share() -> None:
    """Verdicts add up, and a decision of each verdict stands where it belongs.

    With 5 % less allowed the licence stays, as its fee is what pays for the rest, and the
    north is never worth its entry (data/tiny/README.md).
    """
    code, out, err = evplan("alternatives", "tiny", "--within", "5%", "--count", "1")
    assert code == 0
    assert err.startswith("solving the case first\n")
    assert "every other goal within 5 % of its best value" in out
    found = re.search(r"Of (\d+) decisions that are open, (\d+) in every .*, (\d+) in none", out)
    assert found is not None
    total, always, never = map(int, found.groups())
    assert total == always + never == 9
    assert re.search(r"^deal Licence of the platform +always", out, re.MULTILINE)
    assert re.search(r"^Never: .*launch One in North", out, re.MULTILINE)


def test_a_run_is_taken_as_it_is(folder: Path) -> None:
    """A run folder is the best plan, and options that would change it are refused."""
    assert evplan("solve", "tiny", "--out", "run")[0] == 0
    code, out, err = evplan("alternatives", "run", "--count", "0")
    assert code == 0
    assert "solving" not in err
    assert "best        12,750" in out
    code, out, err = evplan("alternatives", "run", "--set", "finance.opening_cash=40")
    assert code == 2
    assert "--set: it stands beside a run" in err


def test_tables_are_written_whole(folder: Path) -> None:
    """CSV and JSON hold what the screen shows; what is there is never written over."""
    words = ["alternatives", "tiny", "--within", "0.05", "--count", "2", "--csv", "atlas"]
    assert evplan(*words, "--json", "atlas.json")[0] == 0
    with (folder / "atlas" / "decisions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    data = json.loads((folder / "atlas.json").read_text(encoding="utf-8"))
    assert [row["commitment"] for row in rows] == [row["commitment"] for row in data["decisions"]]
    assert len(data["plans"]) == 2
    code, _, err = evplan(*words)
    assert code == 2
    assert "atlas is there already" in err


def test_without_a_plan_there_is_nothing_near_it() -> None:
    """Exit code 3 where no plan exists: cash can never stay above a floor over all of it."""
    code, out, _ = evplan("alternatives", "tiny", "--set", "finance.cash_floor=1000000")
    assert code == 3
    assert "Proven that no plan exists." in out
    code, out, _ = evplan("frontier", "tiny", "--set", "finance.cash_floor=1000000")
    assert code == 3
    assert "it is proven that no plan of the case exists" in out


def test_frontier_goes_from_one_end_to_the_other(folder: Path) -> None:
    """Points fall in the first measure as the second gets better, and the front is complete.

    The ends are the best volume, 12,750 cars, and no funding at all.
    """
    words = ["frontier", "tiny", "--between", "volume", "--and", "cash", "--json", "front.json"]
    code, out, _ = evplan(*words)
    assert code == 0
    assert "The front is complete" in out
    data = json.loads((folder / "front.json").read_text(encoding="utf-8"))
    volumes = [row["volume"] for row in data["points"]]
    funding = [row["cash"] for row in data["points"]]
    assert volumes == sorted(volumes, reverse=True)
    assert funding == sorted(funding, reverse=True)
    assert volumes[0] == pytest.approx(12750)
    assert funding[-1] == pytest.approx(0, abs=1e-4)
    assert all(row["proven"] for row in data["points"])


def test_a_front_says_how_complete_it_is() -> None:
    """By default some of the range may be left; with resolution 0 nothing but the gap."""
    words = ["frontier", "tiny", "--between", "volume", "--and", "npv"]
    told = "no plan is better than these in both by more than"
    _, coarse, _ = evplan(*words, "--resolution", "40%")
    assert re.search(rf"{told} \d+\.\d % of the range", coarse)
    _, exact, _ = evplan(*words, "--resolution", "0")
    assert f"{told} the gap of 0.1 %" in exact


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--and", "size"], "'size' is no measure. Allowed: volume, last_year_volume, npv"),
        (["--between", "npv"], "npv is weighed against itself"),
        (["--resolution", "5"], "--resolution: '5' is no share"),
        (["--resolution", "100%"], "a resolution from 0 to below 1"),
        (["--gap", "x"], "--gap"),
    ],
)
def test_what_makes_no_frontier_is_refused(words: list[str], said: str) -> None:
    """Exit code 2, and the message says what is allowed."""
    code, out, err = evplan("frontier", "tiny", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_ctrl_c_keeps_the_points_found() -> None:
    """Stopped after some points: they are shown, and the front says that it is partial."""
    if sys.platform == "win32":
        pytest.skip("there is no SIGINT to send")
    words = "frontier tiny --between volume --and cash --resolution 0.1% --points 500"
    # A test run in the background of a shell ignores Ctrl-C, and so would the command.
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{start}; from optimizer.cli import main; main()", *words.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as program:
        assert program.stderr is not None
        for line in program.stderr:  # two points are there, and more are sought
            if line.startswith("3 points"):
                break
        time.sleep(0.05)
        program.send_signal(signal.SIGINT)
        try:
            out, _ = program.communicate(timeout=60)
        finally:
            program.kill()
    assert program.returncode == 0
    assert "The front is partial: it was interrupted" in out
    assert re.search(r"^1 +12,750 ", out, re.MULTILINE)
