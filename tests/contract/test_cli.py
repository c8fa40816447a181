"""The command line as its users meet it: answers, messages word for word, exit codes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.finance import Budget
from optimizer import AuditError, Goal, Outcome, load_case, save_case, solve
from optimizer.catalogue import find_case
from tests.contract.commands import IMPOSSIBLE, Said, evplan

pytestmark = pytest.mark.usefixtures("folder")

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("highspy", "numpy", "pandas", "pyomo")


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


def really(*words: str, **settings: str) -> Said:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "from optimizer.cli import main; main()", *words],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What it answers -------------------------------------------------------------------

TINY = """\
Two export markets, one new car, one partner
The target of 6,000 cars in a calendar year is reached in 2025Q4 with 7,000 cars; \
no plan reaches it earlier.
Volume: 5,750 in 2024, 7,000 in 2025.
Cash is lowest at the end of 2024Q2 with EUR 1.0 million (floor EUR 0 million).
Net present value EUR 26.0 million; what lies after 2025Q4 is not valued.
Every goal is proven best to within 0.1 %.

Goals in their order
Goal                              Reached             Bound  Gap  Proof
earliest target date               2025Q4            2025Q4       proven
volume over the horizon       12,750 cars       12,750 cars  0 %  proven
net present value        EUR 26.0 million  EUR 26.0 million  0 %  proven
"""
LIMITS = """
What limits the plan
- the network South (importer) sells all it can: 2024Q2 to 2025Q4
- Plant builds all it can: 2024Q2 to 2025Q4
- launched cars sell all that is demanded of them in 14 of 21 periods, \
counted by car and market
"""


def test_solve_says_what_a_reader_must_know() -> None:
    """Headline, goals and limits of the tiny case stand as words; nothing goes to stderr.

    The numbers: the plant makes 5,000 a year and 2,000 more from the second shift on.
    """
    said = really("solve", "tiny", "--out", "run")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(TINY)
    assert said.out.endswith(LIMITS + "\nWritten to run\n")
    assert "2024Q2  2024Q3     expansion  Second shift             EUR 10.0 million\n" in said.out
    assert not [line for line in said.out.splitlines() if line != line.rstrip()]


def test_show_repeats_what_solve_said() -> None:
    """A run that is shown says the same, but for where it was written."""
    said = evplan("solve", "tiny", "--out", "run")
    assert evplan("show", "run").out == said.out.replace("\nWritten to run\n", "")


def test_without_out_each_run_has_a_folder_of_its_own(folder: Path) -> None:
    """Two runs without --out lie side by side in runs/, named after the case."""
    for _ in range(2):
        assert evplan("solve", "tiny").code == 0
    assert len(files(folder / "runs")) == 2
    assert all(name.startswith("tiny-") for name in files(folder / "runs"))


def test_twice_the_same(folder: Path) -> None:
    """Two runs of a case have the same bytes in every file but the manifest."""
    digests = []
    for name in ("one", "two"):
        evplan("solve", "tiny", "--out", name)
        run = folder / name
        digests.append(
            {
                path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in run.rglob("*")
                if path.is_file() and path.name != "manifest.json"
            }
        )
    assert digests[0] == digests[1]
    assert {"plan.json", "settings.json", "case/case.toml", "tables/sales.csv"} <= set(digests[0])


def test_options_change_the_case_that_is_solved() -> None:
    """Target, deadline and --set are in the case of the run, settings in its settings."""
    words = "--target 5000 --deadline 2024Q4 --set finance.opening_cash=50 --gap 0 --threads 2"
    assert evplan("solve", "tiny", "--out", "run", *words.split()).code == 0
    case = load_case("run/case")
    assert case.target is not None
    assert (case.target.volume, case.target.deadline) == (5000, "2024Q4")
    assert case.finance.opening_cash == 50
    settings = json.loads(Path("run/settings.json").read_text(encoding="utf-8"))
    assert settings == {"gap": 0.0, "time_limit": None, "threads": 2, "seed": 0}


def test_missed_target() -> None:
    """A target out of reach is a plan (0) that says by how much it falls short.

    7,000 cars are all that the plant makes with its second shift: 1,000 short of 8,000.
    """
    said = evplan("solve", "tiny", "--target", "8000")
    assert said.code == 0
    assert (
        "The target of 8,000 cars in a calendar year is missed by 1,000 cars (12.5 %): "
        "the year to 2025Q4 comes closest with 7,000 cars; no plan has a year above 7,000 cars.\n"
    ) in said.out


def test_a_limit_with_a_plan_in_hand_is_a_plan(
    outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped with a plan: exit code 0, and the proof is called open."""
    goals = (
        *outcome.goals[:1],
        outcome.goals[1].model_copy(update={"proven": False, "bound": None, "gap": None}),
        *outcome.goals[2:],
    )
    stopped = dataclasses.replace(outcome, status="feasible", goals=goals)
    monkeypatch.setattr("optimizer.solving.solve", lambda *_args, **_names: stopped)
    said = evplan("solve", "tiny", "--out", "run")
    assert said.code == 0
    assert "The proof is open for: volume over the horizon.\n" in said.out
    assert "volume over the horizon       12,750 cars              none       open\n" in said.out
    assert evplan("show", "run").code == 0


def test_a_limit_leaves_the_plan_at_hand() -> None:
    """No time at all for a sound case: a plan (0) whose proof is called open."""
    said = evplan("solve", "tiny", "--time-limit", "1e-9")
    assert said.code == 0
    assert "it is not ruled out.\n" in said.out
    assert "The proof is open for: earliest target date, " in said.out


def test_proven_that_there_is_no_plan(folder: Path) -> None:
    """Exit code 3 when a condition cannot hold; it says where to look and writes nothing."""
    said = evplan("solve", "tiny", "--require-target", "--target", "9000000")
    assert said == Said(
        3,
        "Two export markets, one new car, one partner\n"
        "Proven that no plan exists.\n"
        "The case asks for these without choice, one of them must give: the target of 9,000,000 "
        "cars, which is required; the cash floor of EUR 0 million; what is in place and what it "
        "costs and occupies.\n"
        "Which rules contradict each other, and what must give: evplan conflict, with the same "
        "case and options.\n",
        "",
    )
    assert files(folder) == []


def test_mandatory_commitments_that_cannot_start() -> None:
    """Exit code 3 when 13 engineers are needed where there are 10; the two are named."""
    said = evplan("solve", "tiny", *IMPOSSIBLE)
    assert said.code == 3
    assert "what is mandatory (vehicles.two, deals.licence)" in said.out


def test_stopped_before_any_plan(folder: Path) -> None:
    """Exit code 4 when the limit comes first, with the cure.

    The impossible case is taken because others have the plan to do nothing at once.
    """
    said = really("solve", "tiny", *IMPOSSIBLE, "--time-limit", "1e-9")
    assert said == Said(
        4,
        "Two export markets, one new car, one partner\n"
        "Stopped by a limit before any plan was found.\n"
        "Give it more time with --time-limit, or leave the limit out.\n",
        "",
    )
    assert files(folder) == []


def test_other_commands() -> None:
    """init makes a case that check finds sound; cases lists what is shipped."""
    assert evplan("init", "mine") == Said(0, "Made mine from tiny. Next: evplan check mine\n", "")
    assert evplan("check", "mine") == Said(
        0,
        "Two export markets, one new car, one partner: sound. 37 rows, 11 commitments, "
        "8 periods from 2024Q1 to 2025Q4.\n",
        "",
    )
    assert evplan("cases") == Said(
        0,
        "leapmotor-2023  Leapmotor, as seen late in 2023\n"
        "tiny            Two export markets, one new car, one partner\n",
        "",
    )


# What it refuses ---------------------------------------------------------------------

_SET = "Allowed: PATH=VALUE, such as markets.germany.max_share=0.01."
_NUMBER = "Write digits alone, with a point for decimals."
_CASE = "Allowed: a folder with a case.toml, a workbook (.xlsx), or one of leapmotor-2023, tiny."
REFUSED = {
    ("--gap", "2"): "--gap: 2 is above 1. Allowed: a number from 0 to 1.",
    ("--gap", ""): "--gap: it is blank. Allowed: a number from 0 to 1.",
    ("--time-limit", "0"): (
        "--time-limit: 0 is not above 0. Allowed: a number above 0 to 10000000."
    ),
    ("--threads", "0"): "--threads: 0 is below 1. Allowed: a whole number from 1 to 64.",
    ("--threads", "1.5"): (
        "--threads: 1.5 is not a whole number. Allowed: a whole number from 1 to 64."
    ),
    ("--target", "abc"): (
        "--target: 'abc' is not a number. Allowed: a number above 0 to 1000000000. " + _NUMBER
    ),
    ("--target", "500,000"): (
        "--target: '500,000' is not a number. Allowed: a number above 0 to 1000000000. "
        "Leave out the separators of thousands."
    ),
    ("--target", "-5"): "--target: -5 is not above 0. Allowed: a number above 0 to 1000000000.",
    ("--deadline", "2030Q9"): (
        "--deadline: '2030Q9' is not a period of the horizon. Allowed: 2024Q1 to 2025Q4."
    ),
    ("--deadline", "2024Q2"): (
        "--deadline: no calendar year lies wholly between 2024Q1 and 2024Q2. Allowed: a horizon "
        "and a deadline that hold at least one whole year. Use a later deadline, a longer horizon "
        "or the window rolling_year."
    ),
    ("--set", "foo"): f"--set foo: there is no =. {_SET}",
    ("--set", "=3"): f"--set =3: no path stands before the =. {_SET}",
    ("--set", "markets.x.max_share=0.1"): (
        "markets.x.max_share: markets has no row 'x'. Allowed: markets.market.column."
    ),
    ("--set", "finance.opening_cash=x"): (
        "finance, opening_cash: 'x' is not a number. "
        "Allowed: a number from -1000000000000 to 1000000000000. " + _NUMBER
    ),
    ("--out", ""): "--out: no folder can have this name.",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_options_that_are_refused(words: tuple[str, str], folder: Path) -> None:
    """A wrong option: exit code 2, one problem in these words, nothing written."""
    said = evplan("solve", "tiny", *words)
    assert said == Said(2, "", f"1 problem:\n{REFUSED[words]}\n")
    assert files(folder) == []


def test_all_wrong_options_at_once() -> None:
    """Several wrong settings are told together."""
    said = evplan("solve", "tiny", "--gap", "2", "--time-limit", "x", "--threads", "0")
    assert said.code == 2
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "3 problems",
        "--gap",
        "--threads",
        "--time-limit",
    ]


def test_a_path_set_twice() -> None:
    """Of two values for one path neither is taken silently."""
    said = evplan("solve", "tiny", "--set", "title=a", "--set", "title=b")
    assert said == Said(2, "", "1 problem:\n--set title=b: this path is set twice.\n")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["solve", "tinny"],
            "tinny: there is no such folder, and no shipped case of that name. "
            f"{_CASE} Did you mean tiny?",
        ),
        (
            ["check", "file"],
            f"file: it is a file, neither a folder nor a workbook. {_CASE} "
            "evplan init DIR makes a folder to start from.",
        ),
        (
            ["init", "file"],
            "file: it is there already. Allowed: a folder that is new or empty. Name another one.",
        ),
        (["init", ""], "DIR: no folder can have this name."),
        (["show", ""], "RUN: no folder can have this name."),
        (["check", ""], "CASE: no folder can have this name."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_places_that_are_refused(words: list[str], problem: str) -> None:
    """A place that is no case or cannot become one: exit code 2, in these words."""
    Path("file").write_text("mine")
    assert evplan(*words) == Said(2, "", f"1 problem:\n{problem}\n")
    assert Path("file").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["bogus"], "Error: No such command 'bogus'."),
        (["solve", "--foo"], "Error: No such option: --foo"),
        (["check"], "Error: Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(words: list[str], error: str) -> None:
    """Wrong usage: exit code 2, the usage and one error."""
    said = evplan(*words)
    assert said.code == 2
    assert said.err.startswith("Usage: evplan")
    assert error in said.err


def test_everything_wrong_with_a_case_is_told() -> None:
    """check tells of two files at once, with lines: exit code 2."""
    evplan("init", "mine")
    for name, good, bad in (("markets", "South,no", "South,maybe"), ("sites", "5000", "many")):
        table = Path("mine") / f"{name}.csv"
        table.write_text(table.read_text().replace(good, bad))
    said = evplan("check", "mine")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "2 problems:\n"
        "markets.csv line 4, column home: 'maybe' is neither yes nor no. Allowed: yes or no.\n"
        "sites.csv line 2, column capacity_per_year: 'many' is not a number. "
        f"Allowed: a number from 0 to 1000000000. {_NUMBER}\n"
    )


def test_out_that_is_there_already() -> None:
    """A run is never written over what is there, not even an empty folder; told before solving."""
    Path("run").mkdir()
    said = evplan("solve", "tiny", "--out", "run")
    assert said == Said(
        2,
        "",
        "run is there already; a run is never written over another one: name a new folder\n",
    )
    assert files(Path("run")) == []


def test_out_below_a_file() -> None:
    """A folder that cannot be made is told before solving: exit code 2."""
    Path("file").write_text("")
    said = evplan("solve", "tiny", "--out", "file/run")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("file/run cannot be written: ")
    assert said.err.endswith("/file is not a folder\n")


def test_a_write_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails at the last step: exit code 1, the plan is shown, no folder is left."""

    def fails(*_names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fails)
    said = evplan("solve", "tiny", "--out", "deep/down/run")
    assert said.code == 1
    assert said.out.startswith(TINY)
    assert said.err == "deep/down/run cannot be written: No space left on device\n"
    assert files(folder) == []


def test_init_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case folder is made whole or not at all: exit code 1 and no traceback."""

    def fails(*_names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fails)
    assert evplan("init", "mine") == Said(1, "", "No space left on device\n")
    assert files(folder) == []


# Runs that were changed -----------------------------------------------------------------


def test_show_of_a_plan_that_was_edited() -> None:
    """A plan with a car more than was sold fails its audit: exit code 1, with the violation."""
    evplan("solve", "tiny", "--out", "run")
    plan = Path("run/plan.json")
    record = json.loads(plan.read_text())
    record["sales"][0]["units"] += 1
    plan.write_text(json.dumps(record))
    said = evplan("show", "run")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("the plan fails its audit with ")


@pytest.mark.parametrize("name", ["plan.json", "settings.json"])
def test_show_of_a_run_that_lacks_a_file(name: str) -> None:
    """A file that was deleted is named: exit code 1."""
    evplan("solve", "tiny", "--out", "run")
    (Path("run") / name).unlink()
    assert evplan("show", "run") == Said(
        1, "", f"run cannot be read: {name}: No such file or directory\n"
    )


def test_show_of_what_is_no_run() -> None:
    """A folder without a manifest, or none at all, is the user's slip: exit code 2."""
    Path("empty").mkdir()
    for name in ("empty", "nowhere"):
        words = f"{name} is not a run folder: it has no manifest.json\n"
        assert evplan("show", name) == Said(2, "", words)


# Strange names, narrow pipes, quick help ---------------------------------------------------


def test_limits_of_the_same_periods_share_a_line() -> None:
    """Two budgets spent in the same year are told together, by their names."""
    case = load_case("tiny")
    budgets = [
        Budget(category=name, scope="total", amount=cost)
        # What the best plan of the tiny case spends on each: two launches of 1, one entry of 6.
        for name, cost in (("launches", 2.0), ("entries", 6.0))
    ]
    save_case(case.replace(budgets=tuple(budgets)), "mine")
    said = evplan("solve", "mine")
    assert "- the budgets launches and entries are spent: over the whole horizon\n" in said.out


def test_what_a_goal_gives_up_is_told() -> None:
    """With half of the volume to give away, the best volume stands beside the plan's."""
    case = load_case("tiny")
    goals = (Goal(kind="volume", tolerance=0.5), Goal(kind="spending"))
    save_case(case.replace(goals=goals, target=None), "mine")
    said = evplan("solve", "mine")
    assert (
        "\nOf the volume over the horizon, 12,750 cars can be reached; "
        "the rest is given up for later goals.\n"
    ) in said.out


def test_a_condition_on_a_goal_is_told_and_that_it_binds() -> None:
    """The best plan has an NPV of 26: a condition of 20 does not bind, one of 26 does."""
    said = evplan("solve", "tiny", "--set", "goals.npv.no_worse_than=20", "--out", "loose")
    assert "\nnet present value (at least EUR 20.0 million)  EUR 26.0 million" in said.out
    assert "as low as it may be" not in said.out
    said = evplan("solve", "tiny", "--set", "goals.npv.no_worse_than=26", "--out", "tight")
    line = "- the net present value is as low as it may be: at least EUR 26.0 million\n"
    assert line in said.out
    assert evplan("show", "tight").out == said.out.replace("\nWritten to tight\n", "")


def test_a_condition_that_no_plan_keeps_is_among_what_must_give() -> None:
    """12,750 cars are the most that can be sold."""
    said = evplan("solve", "tiny", "--set", "goals.volume.no_worse_than=12751")
    assert said.code == 3
    assert "; the condition on the volume over the horizon (at least 12,751 cars); " in said.out


def test_conditions_of_every_kind_have_their_words() -> None:
    """Spending has a most; the volume of a year is told with its last period."""
    case = load_case("tiny")
    goals = (
        Goal(kind="volume_at", period="2024Q4", no_worse_than=5000),
        Goal(kind="spending", no_worse_than=30),
        Goal(kind="peak_funding", no_worse_than=50),
    )
    save_case(case.replace(goals=goals), "mine")
    said = evplan("solve", "mine")
    for words in (
        "volume of the year to 2024Q4 (at least 5,000 cars)",
        "spending on commitments (at most EUR 30.0 million)",
        "peak funding (at most EUR 50.0 million)",
    ):
        assert f"\n{words}  " in said.out


def test_a_run_is_written_even_if_nobody_reads(folder: Path) -> None:
    """The run is whole although the reader of the output has gone."""
    code = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    code += "; from optimizer.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "solve", "tiny", "--out", "run"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert evplan("show", "run").code == 0


def test_strange_names_are_shown_as_text() -> None:
    """Markup, formulas and escape sequences in names are text, in tables and headings."""
    case = load_case("tiny").with_changes(
        {
            "title": "[red]x[/red] <script>",
            "vehicles.two.title": "=cmd()",
            "deals.licence.title": "a\nb\tc\u202e",
        }
    )
    save_case(case, "mine")
    said = evplan("solve", "mine", "--out", "run")
    assert said.code == 0
    assert said.out.startswith("[red]x[/red] <script>\n")
    assert "  =cmd()  " in said.out
    assert "  a b c\\u202e\n" in said.out


def test_long_lines_are_neither_wrapped_nor_cut() -> None:
    """A title of 300 letters stays whole in one line of the table, however narrow the pipe."""
    case = load_case("tiny").with_changes({"vehicles.two.title": "w" * 300})
    save_case(case, "mine")
    said = really("solve", "mine", COLUMNS="40")
    assert said.code == 0
    whole = [line for line in said.out.splitlines() if "w" * 300 in line]
    assert [line for line in whole if line.endswith("  EUR 20.0 million")]


def test_letters_that_a_pipe_cannot_show() -> None:
    """Output in ASCII writes other letters as escapes instead of failing."""
    case = load_case("tiny").with_changes({"title": "\u0160koda"})
    save_case(case, "mine")
    said = really("check", "mine", PYTHONIOENCODING="ascii")
    assert said.code == 0
    assert said.out.startswith("\\u0160koda: sound.")


@pytest.mark.parametrize("words", [["--help"], ["solve", "--help"], ["bogus"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Help is there at once: neither solver nor frames are imported for it."""
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted(set({HEAVY}) & set(sys.modules))))\n"
        "from optimizer.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert "Usage: evplan" in done.stdout + done.stderr
    assert done.stdout.endswith("[]\n")


def test_defects_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that fails its audit is exit code 1; a defect keeps its traceback."""

    def fails_audit(*_args: object, **_names: object) -> None:
        raise AuditError(("cash is short",))

    def breaks(*_args: object, **_names: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("optimizer.solving.solve", fails_audit)
    said = evplan("solve", "tiny")
    assert said == Said(1, "", "the plan fails its audit with 1 violation(s):\n  cash is short\n")
    monkeypatch.setattr("optimizer.solving.solve", breaks)
    with pytest.raises(ZeroDivisionError):
        evplan("solve", "tiny")


def test_shipped_cases_are_found_by_name() -> None:
    """A folder of the same name in the way is taken, as paths come before names."""
    assert evplan("init", "tiny").code == 0
    assert find_case("tiny") == Path("tiny")


def test_a_scenario_is_solved_as_its_changes_are() -> None:
    """A scenario by name is the same plan as its change made by --set; a late car costs volume.

    With Two at home only from 2024Q4 on, the money buys the north and the shift first:
    1,000 in 2024Q1, home, south and north 1,000 + 250 + 150 in the next two quarters, and
    all that the plant makes, 1,750, in the last: 5,550.
    """
    named = evplan("solve", "tiny", "--scenario", "late_two + no_licence", "--out", "named")
    changes = ("--set", "vehicles.two.lead=3", "--set", "deals.licence.status=forbidden")
    changed = evplan("solve", "tiny", *changes, "--out", "changed")
    assert (named.code, named.err) == (0, "")
    assert named.out.replace("to named", "to changed") == changed.out
    assert "Volume: 5,550 in 2024, 7,000 in 2025." in named.out


def test_an_unknown_scenario_is_named_with_those_there() -> None:
    """A name that the file does not have is bad input; the names that it has are told."""
    said = evplan("solve", "tiny", "--scenario", "late_tow")
    assert said.code == 2
    assert "there is no scenario 'late_tow'" in said.err
    assert "late_two" in said.err
