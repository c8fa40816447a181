"""Other solvers on a model file: SCIP, CBC, CP-SAT, and HiGHS with its default options.

Each peer reads and solves the file in a process of its own, which is killed when it does
not keep its limit; CP-SAT's never loads HiGHS, since the two do not live in one process.
What a peer says of its answer is not believed: value and rows are worked out again from
the file (see `tests.bench.mps`). A peer that is not installed is a result, not an error.

The file has one objective and minimises. CP-SAT knows whole numbers alone: it rounds
continuous columns to a grid, so what it proves is not about the file, and is not taken
for a bound.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Status = Literal[
    "optimal",  # proven to the gap
    "feasible",  # an answer, not proven before the limit
    "rounded",  # an answer to a problem with rounded columns
    "infeasible",  # says that there is no answer
    "none",  # no answer before the limit
    "wrong",  # its answer breaks a row, a bound or a whole column
    "refused",  # does not take the file
    "failed",  # ended with an error
    "killed",  # did not keep its limit
    "missing",  # not installed
]
#: Part of a row's size by which an answer may break it; solvers promise as much.
TOLERANCE = 1e-6
#: A process may take this much longer than its limit to end: seconds, and a part of it.
PATIENCE, PATIENCE_PART = 10.0, 0.1
#: Points between two whole numbers to which CP-SAT rounds continuous columns.
CP_SAT_GRID = 1000
CBC_PLACES = {
    ("Linux", "x86_64"): "linux/i64/cbc",
    ("Linux", "aarch64"): "linux/arm64/cbc",
    ("Darwin", "x86_64"): "osx/i64/cbc",
    ("Darwin", "arm64"): "osx/i64/cbc",
}


@dataclass(frozen=True)
class PeerResult:
    """What a peer found in a file.

    ``value`` is the objective of its answer as worked out here, ``bound`` what it says
    no answer passes. ``seconds`` are for reading and solving inside its process,
    ``wall`` from the start of the process to its end, ``seconds_to_first`` (of
    ``seconds``) until its first answer, ``peak_mb`` the memory of its process in MB;
    None where it is not known. ``note`` says what else a reader should know.
    """

    peer: str
    status: Status
    value: float | None = None
    bound: float | None = None
    seconds: float | None = None
    wall: float | None = None
    seconds_to_first: float | None = None
    peak_mb: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Peer:
    """One solver; ``needs`` is the package that brings it."""

    name: str
    needs: str

    def available(self) -> bool:
        """Whether it is installed."""
        if self.name == "cbc":
            return _cbc_binary() is not None
        return find_spec(self.needs) is not None

    def solve(self, path: str | Path, gap: float, seconds: float, threads: int = 1) -> PeerResult:
        """Solve a file to a gap, within so many seconds of reading and solving.

        Raises `ValueError` for a file that cannot be read here, whatever the peer.
        """
        from tests.bench.measuring import run_command

        if not self.available():
            return PeerResult(self.name, "missing", note=f"{self.needs} is not installed")
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            settings = [str(gap), str(seconds), str(threads)]
            file = str(Path(path).resolve())
            command = [sys.executable, "-P", __file__, self.name, file, *settings, str(report)]
            limit = seconds + max(PATIENCE, PATIENCE_PART * seconds)
            run = run_command(command, limit=limit, folder=folder)
            if run.killed:
                note = f"it did not end within {limit:.0f} s and was killed"
                return PeerResult(
                    self.name, "killed", wall=run.seconds, peak_mb=run.peak_mb, note=note
                )
            if run.code != 0 or not report.exists():
                lines = (run.err or run.out).strip().splitlines() or [f"code {run.code}"]
                return PeerResult(self.name, "failed", wall=run.seconds, note=lines[-1][:300])
            said = json.loads(report.read_text(encoding="utf-8"))
        return _checked(self.name, path, said, run.seconds, run.peak_mb)


PEERS: tuple[Peer, ...] = (
    Peer("highs", "highspy"),
    Peer("scip", "pyscipopt"),
    Peer("cbc", "pulp"),
    Peer("cp-sat", "ortools"),
)


def _checked(
    name: str, path: str | Path, said: dict[str, Any], wall: float, peak_mb: float
) -> PeerResult:
    """What a peer said, with its answer worked out from the file."""
    from tests.bench.mps import read_mps

    program = read_mps(path)
    status, bound, notes = said["status"], said["bound"], [said["note"]]
    value = None
    if said["columns"] is not None:
        value = program.value(said["columns"])
        broken, where = program.worst(said["columns"])
        if broken > TOLERANCE:
            status = "wrong"
            notes.append(f"its answer breaks {where} by {broken:.2g}")
        if said["value"] is not None and bound is not None:
            # Readers differ in the sign of the constant of the objective, or leave it out.
            constant = value - said["value"]
            if abs(constant) > 1e-6 * max(1.0, abs(value)):
                bound += constant
                notes.append(f"it counts its objective {constant:+.6g} from the file's")
    if name == "cp-sat" and program.continuous and value is not None:
        status = "wrong" if status == "wrong" else "rounded"
        notes.append(f"{program.continuous} continuous columns were rounded to a grid")
        if bound is not None:
            notes.append(f"its bound {bound:.6g} is of the rounded problem")
        bound = None
    return PeerResult(
        peer=name,
        status=status,
        value=value,
        bound=bound,
        seconds=said["seconds"],
        wall=wall,
        seconds_to_first=said["first"],
        peak_mb=peak_mb,
        note="; ".join(note for note in notes if note),
    )


# In the process of the peer -----------------------------------------------------------
# Nothing below is called where the peers are compared; each imports its solver itself.


@dataclass
class _Task:
    path: str
    gap: float
    seconds: float
    threads: int
    began: float

    @property
    def left(self) -> float:
        return max(0.01, self.seconds - self.spent)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began


def _said(
    status: Status,
    columns: dict[str, float] | None = None,
    value: float | None = None,
    bound: float | None = None,
    first: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """A report; ``value`` and ``bound`` as the solver counts them."""
    known = bound if bound is not None and abs(bound) < 1e19 else None
    return {
        "status": status,
        "columns": columns,
        "value": value,
        "bound": known,
        "first": first,
        "note": note,
    }


def _highs(task: _Task) -> dict[str, Any]:
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", task.threads)
    if highs.readModel(task.path) == highspy.HighsStatus.kError:
        return _said("refused", note="it cannot read the file")
    highs.setOptionValue("mip_rel_gap", task.gap)
    highs.setOptionValue("time_limit", task.left)
    first: list[float] = []
    highs.cbMipImprovingSolution += lambda _: first.append(task.spent) if not first else None
    highs.run()
    kinds, status, info = highspy.HighsModelStatus, highs.getModelStatus(), highs.getInfo()
    bound = info.mip_dual_bound if highs.getLp().integrality_ else info.objective_function_value
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return _said("infeasible")
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return _said("none", bound=bound if status == kinds.kTimeLimit else None)
    columns = dict(zip(highs.getLp().col_names_, highs.getSolution().col_value, strict=True))
    return _said(
        "optimal" if status == kinds.kOptimal else "feasible",
        columns,
        info.objective_function_value,
        bound,
        first[0] if first else None,
    )


def _scip(task: _Task) -> dict[str, Any]:
    import pyscipopt

    found = pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND

    first: list[float] = []

    class First(pyscipopt.Eventhdlr):
        """Notes when the first answer was found."""

        def eventinit(self) -> None:
            self.model.catchEvent(found, self)

        def eventexit(self) -> None:
            self.model.dropEvent(found, self)

        def eventexec(self, _event: Any) -> None:
            if not first:
                first.append(task.spent)

    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(task.path)
    handler = First()
    model.includeEventhdlr(handler, "first", "notes when the first answer was found")
    model.setParam("limits/gap", task.gap)
    model.setParam("limits/time", task.left)
    model.optimize()
    note = "" if task.threads == 1 else "it used one thread"
    status = model.getStatus()
    if status == "infeasible":
        return _said("infeasible", note=note)
    if not model.getNSols():
        return _said("none", bound=model.getDualbound(), note=note)
    best = model.getBestSol()
    return _said(
        "optimal" if status in ("optimal", "gaplimit") else "feasible",
        {variable.name: model.getSolVal(best, variable) for variable in model.getVars()},
        model.getObjVal(),
        model.getDualbound(),
        first[0] if first else None,
        note,
    )


def _cbc_binary() -> Path | None:
    """The program in the wheel of pulp; None where there is none for this machine."""
    spec = find_spec("pulp")
    place = CBC_PLACES.get((platform.system(), platform.machine()))
    if spec is None or place is None or not spec.submodule_search_locations:
        return None
    binary = Path(spec.submodule_search_locations[0]) / "solverdir" / "cbc" / place
    return binary if binary.exists() and os.access(binary, os.X_OK) else None


def _cbc(task: _Task) -> dict[str, Any]:
    answer = Path("answer.txt")
    command = [str(_cbc_binary()), task.path, "-timeMode", "elapsed", "-ratioGap", str(task.gap)]
    command += ["-seconds", str(task.left), "-threads", str(task.threads)]
    command = command if task.threads > 1 else command[:-2]
    began = task.spent
    run = subprocess.run(
        [*command, "-solve", "-solution", str(answer)], capture_output=True, text=True, check=False
    )
    log = run.stdout
    if "errors on input" in log:
        return _said("refused", note="it cannot read the file without errors")
    if run.returncode != 0 or not answer.exists():
        return _said("failed", note=(log + run.stderr).strip()[-300:])
    head, *lines = answer.read_text(encoding="utf-8").splitlines()
    bound = _number(r"^Lower bound:\s+(\S+)", log)
    if "nfeasible" in head:
        return _said("infeasible")
    if "no integer solution" in head:
        return _said("none", bound=bound)
    words = [line.replace("**", "").split() for line in lines]
    optimal, value = head.startswith("Optimal"), _number(r"objective value\s+(\S+)", head)
    first = _number(r"Integer solution of .*\((\S+) seconds\)", log)
    return _said(
        "optimal" if optimal else "feasible",
        {name: float(number) for _, name, number, *_ in words},
        value,
        value if bound is None and optimal else bound,
        None if first is None else began + first,
    )


def _number(pattern: str, log: str) -> float | None:
    found = re.search(pattern, log, re.MULTILINE)
    return float(found[1]) if found else None


def _cp_sat(task: _Task) -> dict[str, Any]:
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()
    if not model.import_from_mps_file(task.path):
        return _said("refused", note="it cannot read the file")
    solver = model_builder.Solver("sat")
    # On the grid of whole numbers, its own choice, rows that keep a goal cannot be met.
    grid = f"mip_var_scaling: {CP_SAT_GRID}"
    parameters = f"num_workers: {task.threads}, relative_gap_limit: {task.gap}, {grid}"
    solver.set_solver_specific_parameters(parameters)
    solver.set_time_limit_in_seconds(task.left)
    solver.enable_output(True)
    began = task.spent
    with open("log.txt", "w+b") as log:  # it writes past Python's own output
        os.dup2(log.fileno(), 1)
        status, kinds = solver.solve(model), model_builder.SolveStatus
    first = _number(r"^#1\s+(\S+)s", Path("log.txt").read_text(encoding="utf-8"))
    if status == kinds.INFEASIBLE:
        return _said("infeasible", note="of the rounded problem")
    if status in (kinds.MODEL_INVALID, kinds.INVALID_SOLVER_PARAMETERS, kinds.ABNORMAL):
        return _said("refused", note=f"{status.name}: {solver.status_string}")
    if status not in (kinds.OPTIMAL, kinds.FEASIBLE):
        return _said("none", note=status.name)
    return _said(
        "optimal" if status == kinds.OPTIMAL else "feasible",
        {variable.name: solver.value(variable) for variable in model.get_variables()},
        solver.objective_value,
        solver.best_objective_bound,
        None if first is None else began + first,
    )


WORKERS: dict[str, Callable[[_Task], dict[str, Any]]] = {
    "highs": _highs,
    "scip": _scip,
    "cbc": _cbc,
    "cp-sat": _cp_sat,
}


def _work(name: str, path: str, gap: str, seconds: str, threads: str, report: str) -> None:
    task = _Task(path, float(gap), float(seconds), int(threads), time.monotonic())
    said = WORKERS[name](task)
    said["seconds"] = task.spent
    Path(report).write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    _work(*sys.argv[1:])
