"""``evplan explain`` as its users meet it: answers, files, refusals, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from optimizer import load_case, save_run, solve
from optimizer.studies.many import Answer, Asking, Unfinished
from optimizer.studies.question import Question
from tests.contract.commands import Said, evplan


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions are answered in this process: workers are tested with `solve_all`."""
    from optimizer.studies import inquiry

    def answers(asking: Asking, questions: Sequence[Question], later: int = 0) -> Iterator[Answer]:
        found = inquiry.alone(questions[0].case, asking.settings)(questions) if questions else ()
        yield from found

    monkeypatch.setattr(Asking, "answers", answers)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("runs") / "run"
    save_run(solve(load_case("tiny")), folder)
    return str(folder)


def explain(*words: str) -> Said:
    return evplan("explain", *words, "--no-store")


LIMITS = """\
Two export markets, one new car, one partner

What limits the plan: the gain of the next step of each limit
With 200 cars a year more capacity of Plant: 250 cars more over the horizon.

Limits that cost something, or may
With                                    Target date  Volume, cars  NPV, EUR million  Binds
200 cars a year more capacity of Plant         same          +250                 -  2024Q2 to 2025Q4
-: not sought, as the goals before tell already

No effect that can be told at the next step
- 1 more engineers in every period (never used up, 80.0 % at most)
"""


def test_limits_of_a_run(run: str, tmp_path: Path) -> None:
    """The next 200 cars a year at the plant are 50 a quarter: in five of them they are sold.

    People who plan read it on standard output; findings as they come are on standard error.
    """
    words = ["--limits", "--only", "sites", "--only", "resources", "--goals", "first"]
    code, out, err = explain(run, *words)
    assert (code, out) == (0, LIMITS)
    assert "with 1 more engineers in every period: no difference" in err


def test_prices_as_files(run: str, tmp_path: Path) -> None:
    """--json and --csv hold one row for each decision and move, as the screen does."""
    words = ["--prices", "--only", "deals", "--delays", "1"]
    files = ["--json", str(tmp_path / "e.json"), "--csv", str(tmp_path / "tables")]
    code, out, _ = explain(run, *words, *files)
    assert code == 0
    assert "Without Licence of the platform: NPV EUR 10.0 million lower." in out
    rows = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))["prices"]
    frame = pd.read_csv(tmp_path / "tables" / "prices.csv")
    assert [(row["commitment"], row["move"], row["periods"]) for row in rows] == [
        ("deals.licence", "forbid", 0),
        ("deals.licence", "delay", 1),
    ]
    assert list(frame["npv_gain"]) == pytest.approx([-10, -1])


def test_a_staircase(run: str, tmp_path: Path) -> None:
    """From 13 engineers on the licence fits beside the new car; 11 and 12 change nothing."""
    code, out, _ = explain(run, "--staircase", "resources.engineers", "--range", "0:3:1")
    assert code == 0
    assert out.endswith("The answer changes with: 3 more engineers in every period.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "nothing"], "names no limit of this plan and no decision or option"),
        (["--only", "deals", "--only", "resources.eng"], "'resources.eng' names no limit"),
        (["--kinds", "boats"], "'boats' is no kind"),
        (["--step", "resources"], "--step resources: it is no limit with a size"),
        (["--step", "resources=-1"], "above 0"),
        (["--step", "nothing=1"], "names no limit of this plan"),
        (["--staircase", "resources.engineers"], "--staircase: it stands without --range"),
        (["--range", "0:1:1"], "--range: it stands without --staircase"),
        (["--staircase", "resources.engineers", "--range", "0:x"], "is no range"),
        (["--staircase", "resources.nobody", "--range", "0:1:1"], "has no row 'nobody'"),
        (["--set", "finance.opening_cash=1"], "--set: it stands beside a run"),
        (["--time-limit", "0"], "--time-limit"),
        (["--workers", "0"], "is no number of workers"),
    ],
)
def test_slips_are_told(run: str, tmp_path: Path, words: list[str], said: str) -> None:
    """Exit code 2, what is wrong in one line, nothing on standard output."""
    code, out, err = explain(run, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_case_without_a_plan(tmp_path: Path) -> None:
    """There is nothing to explain: exit code 3, and the proof is told."""
    code, out, _ = explain("tiny", "--set", "target.required=true", "--target", "9000000")
    assert code == 3
    assert "roven that no plan exists" in out


def test_what_a_case_teaches_is_kept(tmp_path: Path) -> None:
    """The first time a case is solved, and kept with its lesson; the second time it is not."""
    words = ["explain", "tiny", "--only", "deals", "--store", str(tmp_path / "kept")]
    first, again = (evplan(*words) for _ in range(2))
    assert (first.code, again.code) == (0, 0)
    assert "solving the case first" in first.err
    assert "solving the case" not in again.err
    assert again.out == first.out
    assert len(list((tmp_path / "kept").glob("*.lesson.gz"))) == 1


def test_ctrl_c_keeps_what_is_there(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after two answers: both are printed and written, exit code 4 and how to go on."""
    whole = Asking.answers

    def two(asking: Asking, questions: Sequence[Question], later: int = 0) -> Iterator[Answer]:
        for number, answer in enumerate(whole(asking, questions, later)):
            if number == 2:
                raise Unfinished(2, len(questions) - 2, None)
            yield answer

    monkeypatch.setattr(Asking, "answers", two)
    code, out, err = explain(run, "--csv", str(tmp_path / "tables"))
    assert code == 4
    assert "questions have no answer yet" in err
    assert "EUR 0.2 million more cash at the start" in out
    assert len(pd.read_csv(tmp_path / "tables" / "limits.csv")) == 2
