"""``python -m tests.bench``: how quick evplan is, against what people would use instead.

Every part measures things in one session and prints ratios with their spread;
``--write`` puts the table into README.md beside this file. It ends with code 1
when a peer's proven optimum disagrees with ours. Needs the extra ``bench`` for
the peers; what is not installed is left out and said so.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import highspy
import numpy as np
import typer

from models.case import Case
from models.target import GoalKind
from optimizer import Outcome, Prepared, Settings
from optimizer.formulation.goals import LEAST, measure, window_volume
from optimizer.studies.question import Question
from optimizer.studies.worker import job
from optimizer.world import World
from tests.bench.cases import CASES, wide_case
from tests.bench.measuring import Spread, run_command, seconds_of
from tests.bench.peers import PEERS, PeerResult
from tests.bench.steps import LONGEST, ON, STEPS, measured
from tests.bench.textbook import solve_textbook

README = Path(__file__).with_name("README.md")
MARKS = ("<!-- table -->", "<!-- end of table -->")
#: Longest run of a peer, in seconds.
PEER_LIMIT = 45.0
#: What-ifs of the shipped case: one number each. The first makes the plan known impossible.
WHAT_IFS = {
    "opening cash 500 million lower": {"finance.opening_cash": 10500.0},
    "a target of 510,000": {"target.volume": 510_000},
    "a duty of 30 % in Germany": {"duties.CN.germany.rate": 0.3},
    "the T03 400 yuan dearer to build": {"production.jinhua.t03.variable_cost": 56500.0},
    "NPV discounted at 10 %": {"finance.discount_rate_per_year": 0.10},
    "50 engineers more": {"resources.engineers.available": 2900.0},
    "research 10 million dearer a year": {
        "overheads.research_and_development.amount_per_year": 1010
    },
}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass
class Table:
    """Rows of the table: what was measured, the result, the bar and what it rests on."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)

    def add(self, what: str, result: str, bar: str = "") -> None:
        """Add a row and print it."""
        self.rows.append((what, result, bar))
        print(f"{what}: {result}" + (f"   [bar: {bar}]" if bar else ""), flush=True)

    def keep(self, old: str) -> None:
        """Keep the rows of an earlier table that were not measured this time, before the new."""
        lines = [line.strip("| ").split(" | ") for line in old.splitlines() if line[:2] == "| "]
        rows = [(line[0], line[1], line[2] if len(line) > 2 else "") for line in lines[1:]]
        new = {row[0] for row in self.rows}
        self.rows = [row for row in rows if row[0] not in new] + self.rows

    def text(self) -> str:
        """The rows in markdown."""
        lines = ["| what | measured | bar |", "|---|---|---|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in self.rows)])


def spread(values: list[float], of: str = "run") -> str:
    """Median and range."""
    return Spread(tuple(values)).text(of=of)


def command(*words: str) -> list[str]:
    """The evplan command that was installed beside this Python."""
    return [str(Path(sys.executable).with_name("evplan")), *words]


# Parts -------------------------------------------------------------------------------


def start_up(table: Table, repeat: int) -> None:
    """Help, loading, building and handing over."""
    times = [run_command(command("--help")).seconds for _ in range(repeat)]
    table.add("`evplan --help`, s", spread(times), "0.3")
    for name in ("shipped", "L"):
        loaded = seconds_of(CASES[name])
        load = [loaded() for _ in range(repeat)]
        case = CASES[name]()
        worlds = [World(case, Settings()).take_seconds() for _ in range(repeat)]
        parts = ", ".join(
            f"{phase} {spread([w[phase] for w in worlds])}" for phase in ("build", "hand over")
        )
        table.add(f"{name}: s", f"load or generate {spread(load)}, {parts}")


def shipped(table: Table, repeat: int, gap: float, bar: str) -> None:
    """The shipped case from the command line."""
    walls, shares, peaks = [], [], []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            run = run_command(command("solve", "--gap", str(gap), "--out", str(out)))
            manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        goals = sum(
            seconds
            for phase, seconds in manifest["seconds"].items()
            if phase in ("first plan", "target_date", "volume", "npv")
        )
        assert manifest["status"] == "optimal", manifest["status"]
        walls.append(run.seconds)
        shares.append(run.seconds - 1.3 * goals)
        peaks.append(run.peak_mb)
    table.add(f"shipped case, command line, every goal to {gap:.2%}, s", spread(walls), bar)
    table.add(
        f"the same to {gap:.2%}: wall time less 1.3 times the goals' own, s",
        f"{spread(shares)}; at most {max(peaks):.0f} MB",
        "3",
    )


def first_plan(table: Table, repeat: int) -> None:
    """How good the plan is that a solve hands back after two seconds, by seed."""
    case, lacks, totals = CASES["shipped"](), [], []
    best = Prepared(case).solve().goal("volume").best
    for seed in range(repeat):
        outcome = Prepared(case, Settings(seed=seed, time_limit=2.0)).solve()
        lacks.append(100.0 * (1.0 - outcome.goal("volume").value / best))
        totals.append(outcome.seconds["total"])
    table.add(
        "shipped: the plan after 2 s of solving lacks of the best volume, %, by seed",
        f"{spread(lacks)}; with volumes made exact and audited after {spread(totals)} s",
        "2",
    )


def what_if(table: Table, repeat: int) -> None:
    """One number changed and solved again as in a comparison, each against its own cold run."""
    case, settings = CASES["shipped"](), Settings()
    base, lesson = Question(case, teaches=True).taught(settings)
    assert base.plan is not None
    assert lesson is not None
    walls, of_wall, of_processor = [], [], []
    for name, changes in list(WHAT_IFS.items())[: max(repeat, 3)]:
        changed = case.with_changes(changes)
        # As it comes to a worker: what it costs to send what is known is part of it.
        sent = job(Question(changed, base.plan.record, lesson), settings)
        warm, wall, processor = _timed(lambda sent=sent: pickle.loads(sent)[0].answer(settings))
        cold, cold_wall, cold_processor = _timed(lambda c=changed: Question(c).answer(settings))
        walls.append(wall)
        of_wall.append(wall / cold_wall)
        of_processor.append(processor / cold_processor)
        print(
            f"  {name}: {wall:.1f} s, cold {cold_wall:.1f} s; "
            f"processor {processor:.1f} s, cold {cold_processor:.1f} s",
            flush=True,
        )
        _agree(table, f"what-if {name}", cold, warm.goals)
    table.add("shipped: a what-if, s", spread(walls), "3")
    table.add("shipped: a what-if, part of its own cold run", spread(of_wall), "0.33, then 0.2")
    table.add("shipped: the same in processor time", spread(of_processor), "0.33, then 0.2")


def _timed(solved: Callable[[], Outcome]) -> tuple[Outcome, float, float]:
    """An outcome, and the seconds that it took by the clock and of the processor."""
    began, busy = time.monotonic(), time.process_time()
    outcome = solved()
    return outcome, time.monotonic() - began, time.process_time() - busy


def textbook(table: Table, names: list[str], repeat: int) -> None:
    """The textbook formulation on the same data, stopped at ten times our time."""
    for name in names:
        case, ratios, stopped = CASES[name](), [], 0
        for _ in range(repeat):
            ours, mine = _solved(case)
            limit = max(10.0 * mine, 5.0)
            theirs = solve_textbook(case, 1e-3, limit)
            ratios.append(theirs.seconds["total"] / mine)
            stopped += theirs.status != "proven"
            if theirs.status == "proven":
                _agree(table, f"textbook on {name}", ours, theirs.goals)
        note = f", stopped at ten times in {stopped} of {repeat}" if stopped else ""
        table.add(f"{name}: textbook formulation to 0.1 %, times ours", spread(ratios) + note, "10")


def _solved(case: Case) -> tuple[Outcome, float]:
    began = time.monotonic()
    outcome = Prepared(case).solve()
    return outcome, time.monotonic() - began


def _agree(table: Table, what: str, ours: Outcome, theirs: object) -> None:
    """Note where a date or the first value after it differs by more than both proofs allow.

    What a later goal can reach hangs on how much of the earlier one each plan keeps,
    within its tolerance, so that two right answers may differ there.
    """
    for goal in theirs:  # type: ignore[attr-defined]
        mine = ours.goal(goal.kind)
        if goal.period != mine.period:
            table.disagreements.append(f"{what}, {goal.kind}: {goal.period} or {mine.period}")
        if goal.period is not None:
            continue
        best = getattr(goal, "best", getattr(goal, "value", None))
        if abs(best - mine.best) > 0.003 * max(abs(mine.best), 1.0):
            table.disagreements.append(f"{what}, {goal.kind}: {best} against {mine.best}")
        return


@dataclass(frozen=True)
class Match:
    """A peer's answer for one goal beside ours: its value in our unit, and the seconds of both."""

    kind: GoalKind
    found: PeerResult
    value: float | None
    ours: float
    best: float

    @property
    def off(self) -> float:
        """How far its value is from ours, as a part of it."""
        return abs((self.value or 0.0) - self.best) / max(abs(self.best), 1.0)

    @property
    def disagrees(self) -> bool:
        """Whether its proof and ours cannot both hold. CP-SAT rounds and proves nothing."""
        if self.found.status == "infeasible":
            return self.found.peer != "cp-sat"
        return self.found.status == "optimal" and self.off > 0.003


def peers(table: Table, names: list[str], repeat: int, limit: float) -> None:
    """Other solvers on our exported model, one file a goal, end to end."""
    for name in names:
        case = CASES[name]()
        rounds = [list(_matches(case, limit)) for _ in range(repeat)]
        matches = [match for matches in rounds for match in matches]
        for kind in dict.fromkeys(match.kind for match in matches):
            for peer in PEERS:
                of = [m for m in matches if m.kind == kind and m.found.peer == peer.name]
                what = f"{name}, goal {kind}: {peer.name} on the exported model"
                table.add(what, _told_of(of))
                if any(match.disagrees for match in of):
                    table.disagreements.append(what)
        for peer in PEERS:
            times, done = [], True
            for one in rounds:
                of = [m for m in one if m.found.peer == peer.name and m.found.seconds]
                done = done and all(m.found.status == "optimal" for m in of)
                if of:
                    times.append(sum(m.found.seconds or 0.0 for m in of) / sum(m.ours for m in of))
            if times:
                note = "" if done else f", not done with each: {limit:.0f} s a file"
                table.add(f"{name}, all files: {peer.name}, times ours", spread(times) + note, "1")


def _matches(case: Case, limit: float) -> Iterator[Match]:
    """The answers of all peers, goal by goal, beside one solve of ours."""
    outcome, _ = _solved(case)
    for kind, sense, path, unit in _exported(case, outcome):
        for peer in PEERS:
            found = peer.solve(path, 1e-3, limit)
            value = None if found.value is None else found.value * unit
            if value is not None and sense == "max":
                value = -value  # files minimise
            yield Match(kind, found, value, outcome.seconds[kind], outcome.goal(kind).best)


def _told_of(matches: list[Match]) -> str:
    """What came of one peer and goal in all runs."""
    told = " / ".join(dict.fromkeys(match.found.status for match in matches))
    times = [m.found.seconds / m.ours for m in matches if m.found.seconds is not None]
    if times:
        told += f", {spread(times)} times ours"
    off = [m.off for m in matches if m.found.status in ("optimal", "feasible")]
    return told + (f", at most {max(off):.2%} from our value" if off else "")


def steps(table: Table) -> None:
    """Each step left out, on cases that lie apart: times as long as with it, case by case.

    A case is solved with all steps before and after, as the machine may get slower.
    """
    ratios: dict[str, dict[str, float]] = {step: {} for step in STEPS}
    stopped: dict[str, list[str]] = {step: [] for step in STEPS}
    for on in ON:
        before = measured("", on)
        without = {step: measured(step, on) for step in STEPS}
        whole = (before.seconds + measured("", on).seconds) / 2
        print(f"  {on}: {whole:.1f} s" + ("" if before.proven else ", stopped"), flush=True)
        for step, one in without.items():
            ratios[step][on] = one.seconds / whole
            if before.proven and not one.proven:
                stopped[step].append(on)
    for step, found in ratios.items():
        note = f"; stopped at {LONGEST:.0f} s: {', '.join(stopped[step])}" if stopped[step] else ""
        told = "; ".join(f"{on}: {ratio:.2f}" for on, ratio in found.items())
        table.add(
            f"without {step}, processor time, times that with it",
            f"{spread(list(found.values()), 'case')}{note} ({told})",
        )


def _exported(case: Case, outcome: Outcome) -> Iterator[tuple[GoalKind, str, Path, float]]:
    """A file for each goal but the target date, which keeps what the goals before it reached."""
    world = World(case, Settings())
    with tempfile.TemporaryDirectory() as folder:
        for goal in case.goals_in_order:
            result = outcome.goal(goal.kind)
            if goal.kind == "target_date":
                if result.period is not None and case.target is not None:
                    last = case.horizon.index(result.period)
                    reach = world.vector(window_volume(world.block, world.block.windows[last]))
                    world.session.keep(reach, case.target.volume, np.inf)
                continue
            sense = "min" if goal.kind in LEAST else "max"
            vector = world.vector(measure(world.block, goal))
            path = Path(folder) / f"{goal.kind}.mps"
            world.session.write(str(path), vector, sense)  # type: ignore[arg-type]
            yield goal.kind, sense, path, world.session.unit
            kept = -np.inf if result.kept is None else result.kept
            world.session.keep(vector, *((kept, np.inf) if sense == "max" else (-np.inf, -kept)))


def hand_over(table: Table, repeat: int) -> None:
    """Building and handing over against the same matrix built with bare highspy."""
    for cells in (25_000, 250_000):
        times, memory, columns = [], [], 0
        for _ in range(repeat):
            ours, bare = (
                run_command([sys.executable, "-m", "tests.bench", "one", way, str(cells)])
                for way in ("ours", "bare")
            )
            mine, theirs = json.loads(ours.out), json.loads(bare.out)
            times.append(mine["seconds"] / theirs["seconds"])
            memory.append((ours.peak_mb) / bare.peak_mb)
            columns = mine["columns"]
            print(f"  {columns} columns: {mine['seconds']:.1f} s, {ours.peak_mb:.0f} MB")
        table.add(
            f"{columns:,} columns: build and hand over, times bare highspy", spread(times), "2"
        )
        table.add(f"{columns:,} columns: peak memory, times bare highspy", spread(memory), "3")


@app.command("one", hidden=True)
def one(way: str, cells: int) -> None:
    """Build one wide model and print how long that took (a process of its own each)."""
    case = wide_case(cells)
    if way == "ours":
        began = time.monotonic()
        world = World(case, Settings())
        taken, columns = time.monotonic() - began, len(world.matrix.variables)
    else:
        taken, columns = _bare(case)
    print(json.dumps({"seconds": taken, "columns": columns}))


def _bare(case: Case) -> tuple[float, int]:
    """The same columns and rows written with highspy's own modelling, row by row."""
    began = time.monotonic()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    count, horizon = 0, case.horizon.count
    registrations = {
        row.market: row.units_per_year / case.horizon.per_year for row in case.registrations
    }
    shares = {row.market: row.max_share for row in case.markets}
    sold: dict[tuple[str, int], list[object]] = {}
    for launch in case.launches:
        demand = launch.peak_share * registrations[launch.market]
        before = None
        for t in range(horizon):
            started = highs.addBinary()
            sales = highs.addVariable(0.0, demand)
            count += 2
            if before is not None:
                highs.addConstr(before <= started)
            highs.addConstr(sales <= demand * started)
            sold.setdefault((launch.market, t), []).append(sales)
            before = started
    for (market, _), parts in sold.items():
        highs.addConstr(highs.qsum(parts) <= shares[market] * registrations[market])
    return time.monotonic() - began, count


def large(table: Table, name: str, repeat: int, gap: float, limit: float) -> None:
    """A generated case of a size to a gap, within a limit, in a process of its own."""
    seconds, peaks, told = [], [], dict[str, None]()
    for _ in range(repeat):
        run = run_command(
            [sys.executable, "-m", "tests.bench", "solve-one", name, str(gap), str(limit)]
        )
        if run.code:
            told[run.err.strip().splitlines()[-1]] = None
            continue
        said = json.loads(run.out.strip().splitlines()[-1])
        gaps = ", ".join(f"{kind} {gap}" for kind, gap in said["gaps"].items())
        told[f"{said['status']}; gaps: {gaps}"] = None
        seconds.append(said["seconds"])
        peaks.append(run.peak_mb)
        print(f"  {name}: {said['seconds']:.0f} s, {run.peak_mb:.0f} MB", flush=True)
    measured = f" in {spread(seconds)} s, at most {max(peaks):.0f} MB" if seconds else ""
    table.add(
        f"size {name} to {gap:.0%} within {limit:.0f} s",
        " / ".join(told) + measured,
        "300 s, 4,096 MB" if name == "L" else "",
    )


@app.command("solve-one", hidden=True)
def solve_one(name: str, gap: float, limit: float) -> None:
    """Solve one case and print what came of it."""
    outcome = Prepared(CASES[name](), Settings(gap=gap, time_limit=limit)).solve()
    gaps = {
        goal.kind: goal.period or ("open" if goal.gap is None else f"{goal.gap:.2%}")
        for goal in outcome.goals
    }
    seconds = outcome.seconds["total"]
    print(json.dumps({"status": outcome.status, "seconds": seconds, "gaps": gaps}))


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    parts: Annotated[str, typer.Option(help="Parts to measure, by comma; all by default.")] = "",
    repeat: Annotated[int, typer.Option(help="Runs of each; the median is shown.")] = 5,
    write: Annotated[bool, typer.Option(help="Write the table into README.md.")] = False,
) -> None:
    """Measure, print, and fail when a peer's proven optimum disagrees."""
    if context.invoked_subcommand is not None:
        return
    table = Table()
    known: dict[str, Callable[[], None]] = {
        "start": lambda: start_up(table, repeat),
        "shipped": lambda: shipped(table, repeat, 1e-3, "10"),
        "fine": lambda: shipped(table, repeat, 1e-4, "60"),
        "first": lambda: first_plan(table, repeat),
        "what-if": lambda: what_if(table, repeat),
        "textbook": lambda: textbook(table, ["S", "shipped"], repeat),
        "peers": lambda: peers(table, ["shipped"], repeat, PEER_LIMIT),
        "steps": lambda: steps(table),
        "hand-over": lambda: hand_over(table, repeat),
        "L": lambda: large(table, "L", repeat, 0.01, 300.0),
    }
    for part in parts.split(",") if parts else known:
        if part not in known:
            raise typer.BadParameter(f"{part} is none of {', '.join(known)}")
        known[part]()
    if write:
        text = README.read_text(encoding="utf-8")
        before, rest = text.split(MARKS[0])
        old, after = rest.split(MARKS[1])
        table.keep(old)
        README.write_text(
            f"{before}{MARKS[0]}\n{table.text()}\n{MARKS[1]}{after}", encoding="utf-8"
        )
    for words in table.disagreements:
        print(f"DISAGREES: {words}", file=sys.stderr)
    raise typer.Exit(1 if table.disagreements else 0)


if __name__ == "__main__":
    app()
