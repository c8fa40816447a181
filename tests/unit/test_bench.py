"""The pieces of the benchmark: generated cases, the textbook model, peers, measuring."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from models.case import ASIDE, COMMITMENT_TABLES, Case
from models.target import Goal
from optimizer import Settings, load_case, solve
from tests.bench.generate import SIZES, generated
from tests.bench.measuring import (
    Comparison,
    Spread,
    alternated,
    cpu_of,
    repeated,
    run_command,
    seconds_of,
)
from tests.bench.mps import read_mps
from tests.bench.peers import PEERS, Peer, PeerResult
from tests.bench.textbook import TextbookResult, solve_textbook
from tests.bench.textbook_model import COVERED, NotCoveredError, TextbookModel
from tests.oracle.tiny_cases import tiny_case

#: Part of a value by which two ways to solve a case may differ: their gap and rounding.
SAME = 1e-4
#: Every third of the tiny cases, which takes some seconds, and one in which no window
#: reaches the target and the last window has seven times the volume of the first.
TINY_SEEDS = [*range(0, 300, 3), 98]


# Generated cases ----------------------------------------------------------------------


@pytest.mark.parametrize("name", SIZES)
def test_generated_case_has_its_size(name: str) -> None:
    """Markets, cars, quarters, deals and sites are those stated, for several seeds."""
    size = SIZES[name]
    for seed in range(3 if name != "XL" else 1):
        case = generated(name, seed)
        found = [len(case.markets), len(case.vehicles), case.horizon.count]
        found += [len(case.deals), len(case.sites), len(case.platforms)]
        assert found == [
            *(size.markets, size.cars, size.quarters),
            *(size.deals, size.sites, size.platforms),
        ]


def test_large_case_is_the_one_that_was_asked_for() -> None:
    """L: 40 markets, 25 cars, 40 quarters, 12 deals, 12 sites, and launches for some
    400 of the 1,000 pairs of car and market."""
    size = SIZES["L"]
    assert (size.markets, size.cars, size.quarters, size.deals, size.sites) == (40, 25, 40, 12, 12)
    counts = [len(generated("L", seed).launches) for seed in range(5)]
    assert min(counts) >= 350
    assert max(counts) <= 450


def test_same_seed_gives_the_same_generated_case() -> None:
    """A size and a seed stand for one case, another seed for another one."""
    assert generated("S", 3) == generated("S", 3)
    assert generated("S", 3) != generated("S", 4)


def test_unknown_size_is_refused_with_the_known_ones() -> None:
    """A size that is not there is an error that names those that are."""
    with pytest.raises(ValueError, match="'XXL' is no size of a generated case; use S, M, L, XL"):
        generated("XXL", 0)


def test_generated_case_holds_what_the_shipped_case_holds() -> None:
    """M uses every table of the shipped case that plans depend on, and every kind of deal row."""
    shipped, made = load_case("leapmotor-2023"), generated("M", 0)
    tables = [name for name in COVERED if shipped.rows(name) and name not in ASIDE]
    # Limits of groups are one each, which needs no table.
    assert [name for name in tables if not made.rows(name)] == ["exclusive_groups"]
    assert any(row.ends_sales for row in made.exclusivities)
    assert {row.kind for row in made.deal_payments} == {"fee", "equity"}
    assert [goal.kind for goal in made.goals] == [goal.kind for goal in shipped.goals]


def without_starts(case: Case) -> Case:
    """The case in which nothing that is undecided may start."""
    return case.replace(
        **{
            table: tuple(
                row.model_copy(update={"status": "forbidden"}) if row.status == "optional" else row
                for row in case.rows(table)
            )
            for table in COMMITMENT_TABLES
        },
        goals=(Goal(kind="volume"),),
    )


@pytest.mark.parametrize(("size", "seed"), [("S", 0), ("M", 0), ("M", 1), ("L", 0), ("XL", 0)])
def test_generated_case_has_a_plan(size: str, seed: int) -> None:
    """Starting nothing keeps every rule, cash above its floor included."""
    assert solve(without_starts(generated(size, seed))).status == "optimal"


def test_limits_bind_in_the_best_plan_of_a_generated_case() -> None:
    """In the best plan of S plants are full, and the target is near what can be reached."""
    case = generated("S", 13)
    outcome = solve(case)
    assert outcome.plan is not None
    limits = outcome.plan.limits
    full = limits[limits["used"] >= 0.999 * limits["available"]]
    assert "site" in set(full["kind"])
    assert case.target is not None
    largest = max(window.volume for window in outcome.plan.record.windows)
    # Within a fifth: neither passed at once nor out of any reach.
    assert largest == pytest.approx(case.target.volume, rel=0.2)


# The textbook model -------------------------------------------------------------------


def differences(case: Case, found: TextbookResult, gap: float) -> list[str]:
    """Where the textbook model and the optimiser disagree, in words."""
    outcome = solve(case, Settings(gap=gap))
    status = {"optimal": "proven"}.get(outcome.status, outcome.status)
    if found.status != status:
        return [f"{found.status} instead of {status}"]
    words = []
    for goal, other in zip(outcome.goals, found.goals, strict=False):
        if goal.period is not None or other.period is not None:
            # The plan of the optimiser may be late by what the goal allows.
            if other.period != goal.bound_period or goal.period is None:
                words.append(f"{goal.kind}: {other.period} instead of {goal.bound_period}")
        elif other.value != pytest.approx(goal.best, rel=SAME, abs=SAME):
            words.append(f"{goal.kind}: {other.value} instead of {goal.best}")
    return words if len(outcome.goals) == len(found.goals) else [*words, "goals are missing"]


@pytest.mark.parametrize("seed", TINY_SEEDS)
def test_textbook_finds_what_the_optimiser_finds(seed: int) -> None:
    """Status, date and the value of every goal in order are the optimiser's, on a case
    of a few commitments that may use any table and column but bounds of goals."""
    case = tiny_case(seed)
    free = tuple(goal.model_copy(update={"no_worse_than": None}) for goal in case.goals)
    case = case.replace(goals=free)
    assert differences(case, solve_textbook(case, 1e-6, 60), 1e-6) == []


def test_textbook_refuses_bounds_of_goals() -> None:
    """A condition that the textbook model lacks is no case for it: it would be left out."""
    case = load_case("tiny").with_changes({"goals.npv.no_worse_than": 20})
    with pytest.raises(ValueError, match="bounds of goals"):
        solve_textbook(case, 1e-6, 60)


def test_textbook_solves_the_case_worked_out_by_hand() -> None:
    """The values are those of data/tiny/README.md: 12,750 cars and an NPV of 26."""
    found = solve_textbook(load_case("tiny"), 1e-6, 60)
    date, volume, npv = found.goals
    assert (found.status, date.period, date.bound_period) == ("proven", "2025Q4", "2025Q4")
    assert volume.value == pytest.approx(12750)
    assert npv.value == pytest.approx(26)
    assert all(goal.proven for goal in found.goals)
    # Each car of the last year counts in the best window: 7,000 of them.
    assert found.at_hand == pytest.approx({"target_date": 7000, "volume": 12750, "npv": 26})


def test_textbook_agrees_on_a_generated_case() -> None:
    """On a generated case the two ways reach the same, to a gap of a hundred-thousandth."""
    case = generated("S", 13)
    assert differences(case, solve_textbook(case, 1e-5, 120), 1e-5) == []


def test_textbook_covers_the_shipped_case() -> None:
    """Every table of the shipped case is taken, and each of its commitments that is open
    has a binary for each period of its window."""
    case = load_case("leapmotor-2023")
    model = TextbookModel(case)
    index, last = case.horizon.index, case.horizon.count - 1
    window = sum(
        (index(row.latest) if row.latest else last)
        - (index(row.earliest) if row.earliest else 0)
        + 1
        for row in case.commitments.values()
        if row.status == "optional"
    )
    # Beside these, one binary for each calendar year that may reach the target.
    assert len(model.rows.whole) == window + len(model.windows)


def test_textbook_refuses_what_it_does_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that the model does not have is an error that names it, not left out."""
    monkeypatch.setattr("tests.bench.textbook_model.COVERED", COVERED - {"lanes", "sites"})
    with pytest.raises(NotCoveredError, match="tiny: the textbook model does not have the table"):
        solve_textbook(load_case("tiny"), 1e-3, 10)


def test_textbook_stops_at_its_limit() -> None:
    """Without time there is no plan, and the result says so with the size of the model."""
    found = solve_textbook(load_case("tiny"), 1e-3, 1e-9)
    assert (found.status, found.goals, found.at_hand) == ("unknown", (), {})
    assert found.columns > found.whole > 0


def test_textbook_tells_that_no_plan_exists() -> None:
    """A required target out of reach leaves no plan, which is told from being stopped."""
    case = load_case("tiny").with_target(volume=9000, required=True)
    assert solve_textbook(case, 1e-3, 60).status == "infeasible"


def test_textbook_reports_progress() -> None:
    """The listener hears of goals of the case, with a best that never passes the bound."""
    heard: list[tuple[str, float | None, float | None]] = []
    case = generated("S", 13)
    solve_textbook(case, 1e-3, 2, lambda goal, _, best, bound: heard.append((goal, best, bound)))
    assert {goal for goal, _, _ in heard} <= {goal.kind for goal in case.goals}
    both = [(best, bound) for _, best, bound in heard if best is not None and bound is not None]
    assert both
    assert all(best <= bound + SAME * abs(bound) for best, bound in both)


# Model files ----------------------------------------------------------------------------


def written(path: Path, least: float = 3.5) -> Path:
    """A file written by HiGHS: least 3 x + 2 y - 10 z + 7 with x + y >= 3.5, y <= 2.5
    and 1 <= x - 4 z <= 5 over whole x, z from 0 to 4 and y above 0. Instead of 3.5
    another ``least`` may stand."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    for cost, upper in ((3.0, 4.0), (2.0, 2.5), (-10.0, 4.0)):
        highs.addCol(cost, 0.0, upper, 0, np.empty(0, np.int32), np.empty(0))
    for column in (0, 2):
        highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    highs.addRow(least, np.inf, 2, np.array([0, 1], np.int32), np.ones(2))
    highs.addRow(1.0, 5.0, 2, np.array([0, 2], np.int32), np.array([1.0, -4.0]))
    highs.changeObjectiveOffset(7.0)
    highs.writeModel(str(path))
    return path


def test_model_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Constant, costs, ranges, bounds and whole columns are those of the program."""
    program = read_mps(written(tmp_path / "a.mps"))
    assert program.offset == 7
    assert list(program.cost.values()) == [3, 2, -10]
    assert [*program.low.values()] == [3.5, 1]
    assert [*program.high.values()] == [np.inf, 5]
    assert [*program.upper.values()] == [4, 2.5, 4]
    assert (len(program.whole), program.continuous) == (2, 1)


def test_answer_is_checked_against_rows_bounds_and_whole_columns(tmp_path: Path) -> None:
    """The largest violation is found with its place, and none in a good answer."""
    program = read_mps(written(tmp_path / "a.mps"))
    x, y, _ = program.lower
    good = {x: 1.0, y: 2.5}
    assert program.worst(good)[0] == 0
    # 3 + 5 + 7 = 15.
    assert program.value(good) == 15
    # x + y is 3.3, 0.2 short of 3.5.
    assert program.worst({x: 1.0, y: 2.3}) == (pytest.approx(0.2 / 3.5), "row r0")
    # y is 1 above its 2.5.
    assert program.worst({x: 1.0, y: 3.5}) == (pytest.approx(1 / 2.5), f"column {y}")
    assert program.worst({x: 1.5, y: 2.5}) == (pytest.approx(0.5), f"whole column {x}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("OBJSENSE\n    MAX\nENDATA\n", "line 2: 'MAX': it maximises"),
        ("ROWS\n N obj\n", "the end is missing"),
        ("ROWS\n N obj\nSOS\nENDATA\n", "line 3: 'SOS': no section is called so"),
        (
            "ROWS\n N obj\nCOLUMNS\n M1 'MARKER' 'INTORG'\n x obj 1\nENDATA\n",
            "the whole column x has no bound",
        ),
    ],
)
def test_model_file_that_solvers_read_differently_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    """What cannot be compared is an error with place and reason."""
    path = tmp_path / "a.mps"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_mps(path)


# Peers ------------------------------------------------------------------------------------


def solved(name: str, path: Path) -> PeerResult:
    """What a peer finds; the test is skipped where it is not installed."""
    peer = next(peer for peer in PEERS if peer.name == name)
    if not peer.available():
        pytest.skip(f"{name} is not installed")
    return peer.solve(path, 1e-6, 60)


@pytest.mark.parametrize("name", ["highs", "scip", "cbc"])
def test_peer_finds_the_optimum_and_its_bound(name: str, tmp_path: Path) -> None:
    """x = 5 - is too much, so z = 0, x = 1 and y = 2.5: 3 + 5 + 7 = 15, constant included."""
    result = solved(name, written(tmp_path / "a.mps"))
    assert (result.status, result.peer) == ("optimal", name)
    # With z = 1 x would have to be 5 or more, above its bound of 4.
    assert result.value == pytest.approx(15)
    assert result.bound == pytest.approx(15)
    assert result.seconds is not None
    assert result.wall is not None
    assert result.wall >= result.seconds > 0


def test_cp_sat_is_told_apart_where_columns_are_rounded(tmp_path: Path) -> None:
    """Its answer to a file with a continuous column is no optimum, and its bound none."""
    result = solved("cp-sat", written(tmp_path / "a.mps"))
    assert result.status in ("rounded", "refused", "none")
    assert result.bound is None
    if result.value is not None:
        # No answer is better than the optimum.
        assert result.value >= 15 - 1e-6
        assert "1 continuous columns were rounded" in result.note


@pytest.mark.parametrize("name", ["highs", "scip", "cbc", "cp-sat"])
def test_peer_says_that_there_is_no_answer(name: str, tmp_path: Path) -> None:
    """x and y are 6.5 at most: where they must be 7, the status is infeasible, without a
    value."""
    path = written(tmp_path / "a.mps", least=7.0)
    result = solved(name, path)
    assert (result.status, result.value) == ("infeasible", None)


def test_peer_that_is_not_installed_is_a_result() -> None:
    """It is reported as missing, with what would bring it."""
    peer = Peer("none", "no_such_package")
    assert not peer.available()
    result = peer.solve("nowhere.mps", 1e-3, 1)
    assert (result.status, result.note) == ("missing", "no_such_package is not installed")


def test_peer_that_fails_is_a_result(tmp_path: Path) -> None:
    """A peer whose process ends with an error is reported with its last words."""
    peer = replace(PEERS[0], name="unheard_of")
    result = peer.solve(written(tmp_path / "a.mps"), 1e-3, 10)
    assert (result.status, result.note) == ("failed", "KeyError: 'unheard_of'")


def test_wrong_answer_is_not_believed(tmp_path: Path) -> None:
    """An answer that breaks a row is marked, whatever the peer says of it."""
    from tests.bench.peers import _checked

    path = written(tmp_path / "a.mps")
    x, y, _ = read_mps(path).lower
    said: dict[str, Any] = {"status": "optimal", "bound": 6.0, "first": None, "seconds": 1.0}
    said |= {"columns": {x: 1.0, y: 1.0}, "value": 5.0, "note": ""}
    result = _checked("scip", path, said, 1.0, 1.0)
    assert result.status == "wrong"
    # x + y is 2, 1.5 short of 3.5.
    assert "breaks row r0 by 0.43" in result.note
    # 3 + 2 + 7 against the 5 that it says: it leaves out the constant, as its bound does.
    assert (result.value, result.bound) == (12, 13)


def test_cp_sat_process_never_loads_highs(tmp_path: Path) -> None:
    """The two cannot live in one process: the peers' module loads neither by itself."""
    script = "import sys, tests.bench.peers; print({'highspy', 'ortools'} & set(sys.modules))"
    run = run_command([sys.executable, "-c", script], folder=Path(__file__).parents[2])
    assert run.out.strip() == "set()"


# Measuring --------------------------------------------------------------------------------


def test_spread_tells_median_range_and_quartiles() -> None:
    """Of 5, 1, 4, 2, 3 the middle is 3, a quarter lies below 2 and a quarter above 4."""
    spread = Spread((5.0, 1.0, 4.0, 2.0, 3.0))
    assert (spread.median, spread.low, spread.high) == (3, 1, 5)
    assert spread.quartiles == (2, 4)
    assert spread.text() == "3 (1 to 5, 5 runs)"
    assert Spread((2.0,)).quartiles == (2, 2)
    assert Spread((2.0,)).text() == "2 (2 to 2, 1 run)"


def test_spread_of_nothing_is_refused() -> None:
    """Nothing measured is an error, not a number."""
    with pytest.raises(ValueError, match="nothing was measured"):
        repeated(lambda: 1.0, 0)


def test_repeated_leaves_out_the_warm_up() -> None:
    """Of five values the first two are for warming up."""
    values = iter([9.0, 8.0, 3.0, 2.0, 1.0])
    assert repeated(lambda: next(values), 3, warm=2).values == (3, 2, 1)


def test_comparison_takes_turns_and_ratios_by_pairs() -> None:
    """A B A B: a slow moment that slows both of a pair leaves their ratio alone."""
    asked: list[str] = []

    def measure(name: str, values: list[float]) -> Any:
        left = iter(values)

        def ask() -> float:
            asked.append(name)
            return next(left)

        return ask

    result = alternated(measure("a", [2, 20, 2]), measure("b", [1, 10, 1]), 2, warm=1)
    assert asked == ["a", "b"] * 3
    assert result.ratio.values == (2, 2)
    # The ratio of medians would be that of 11 and 5.5 with no sign of how sure it is.
    assert Comparison(Spread((1.0, 3.0)), Spread((1.0, 1.0))).ratio.high == 3


def test_measures_of_a_call_ask_it_once_each_time() -> None:
    """Each value is one call's, and is no less than nothing."""
    calls: list[int] = []
    measured = [*repeated(seconds_of(lambda: calls.append(1)), 3).values]
    measured += repeated(cpu_of(lambda: calls.append(1)), 2).values
    assert len(calls) == 5
    assert min(measured) >= 0


def test_command_is_told_with_what_it_said_and_its_code() -> None:
    """Output, errors and exit code are the command's own."""
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    run = run_command([sys.executable, "-c", script])
    assert (run.out, run.err, run.code, run.killed) == ("out\n", "err\n", 3, False)
    assert run.seconds > 0


def test_memory_of_a_command_is_its_own() -> None:
    """A child that takes 200 MB is seen, and this large process does not count as its child."""
    here = np.ones(50_000_000)  # 400 MB in this process while a small child runs
    small = run_command([sys.executable, "-S", "-c", "pass"])
    large = run_command([sys.executable, "-S", "-c", "x = b'1' * 200_000_000"])
    assert here.nbytes == 400_000_000
    # A bare interpreter takes some 10 MB.
    assert small.peak_mb < 100
    assert 200 <= large.peak_mb < 300


def test_processor_time_counts_what_a_command_waited_for() -> None:
    """A child that lets a child of its own count has spent that child's time."""
    count = "sum(range(10_000_000))"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', '{count}'])"
    bare = run_command([sys.executable, "-S", "-c", "pass"])
    assert run_command([sys.executable, "-c", inner]).cpu > 2 * bare.cpu


def test_command_is_killed_at_its_limit_with_all_that_it_started() -> None:
    """A command that sleeps for an hour ends, and so does the child that holds its output."""
    inner = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(3600)'])"
    run = run_command([sys.executable, "-c", inner], limit=0.5)
    # The output is read to its end, so this line is reached only when both are gone.
    assert (run.killed, run.code) == (True, -9)


def test_command_that_is_not_there_is_told() -> None:
    """A command that cannot be started has the shell's code and a reason."""
    run = run_command(["no-such-command"])
    assert (run.code, run.killed) == (127, False)
    assert "no-such-command could not be started" in run.err
