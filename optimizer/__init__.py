"""evplan: when to enter which market, launch which car and sign which deal.

    from optimizer import load_case, solve

    case = load_case("leapmotor-2023")
    outcome = solve(case)
    print(outcome.plan.decisions)

Names are imported when first used, so that importing this package is instant.
"""

from __future__ import annotations

import importlib
import os.path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.case import Case
    from models.change import Change
    from models.outcome import GoalResult
    from models.plan import PlanRecord
    from models.scenario import Scenario
    from models.target import Goal, Target
    from optimizer.auditing import audit
    from optimizer.catalogue import shipped_cases
    from optimizer.errors import AuditError, CaseError, EvplanError, Problem, SolverError
    from optimizer.highs import Progress
    from optimizer.outcome import Outcome
    from optimizer.plan import Plan
    from optimizer.reporting.html import save_report
    from optimizer.runs import load_run, save_run
    from optimizer.scenarios import load_scenarios
    from optimizer.schema import json_schema
    from optimizer.settings import Settings
    from optimizer.solving import Prepared, solve
    from optimizer.studies.alternatives import Alternatives, alternatives
    from optimizer.studies.compare import Comparison, compare, compare_outcomes
    from optimizer.studies.conflict import Conflict, conflict
    from optimizer.studies.explain import explain, staircase
    from optimizer.studies.explanation import Explanation, Staircase
    from optimizer.studies.frontier import Frontier, frontier
    from optimizer.studies.reach import Reach, reach
    from optimizer.studies.store import Store
    from optimizer.studies.sweep import sweep
    from optimizer.studies.sweep_record import Sweep
    from optimizer.tables import load_case, save_case
    from optimizer.workbooks.converting import convert
    from optimizer.workbooks.results import save_workbook


def _check_models() -> None:
    """Stop when someone else's ``models`` lies before ours on Python's path.

    The name is a common one, and without this the first import inside it would
    fail in a way that tells nobody why.
    """
    import models

    ours = os.path.join(os.path.dirname(os.path.dirname(__file__)), "models")
    found = models.__file__ or next(iter(models.__path__), "a package without a file")
    if not os.path.isdir(ours) or os.path.realpath(os.path.dirname(found)) != os.path.realpath(
        ours
    ):
        raise ImportError(
            f"evplan's own package 'models' is hidden by another one: {found}. "
            "Rename or move that one, or start Python from another folder"
        )


_check_models()

#: Public names and the modules they live in.
_HOMES = {
    "Alternatives": "optimizer.studies.alternatives",
    "AuditError": "optimizer.errors",
    "Case": "models.case",
    "CaseError": "optimizer.errors",
    "Change": "models.change",
    "Comparison": "optimizer.studies.compare",
    "Conflict": "optimizer.studies.conflict",
    "EvplanError": "optimizer.errors",
    "Explanation": "optimizer.studies.explanation",
    "Frontier": "optimizer.studies.frontier",
    "Goal": "models.target",
    "GoalResult": "models.outcome",
    "Outcome": "optimizer.outcome",
    "Plan": "optimizer.plan",
    "PlanRecord": "models.plan",
    "Prepared": "optimizer.solving",
    "Problem": "optimizer.errors",
    "Progress": "optimizer.highs",
    "Reach": "optimizer.studies.reach",
    "Scenario": "models.scenario",
    "Settings": "optimizer.settings",
    "SolverError": "optimizer.errors",
    "Staircase": "optimizer.studies.explanation",
    "Store": "optimizer.studies.store",
    "Sweep": "optimizer.studies.sweep_record",
    "Target": "models.target",
    "alternatives": "optimizer.studies.alternatives",
    "audit": "optimizer.auditing",
    "compare": "optimizer.studies.compare",
    "compare_outcomes": "optimizer.studies.compare",
    "conflict": "optimizer.studies.conflict",
    "convert": "optimizer.workbooks.converting",
    "json_schema": "optimizer.schema",
    "explain": "optimizer.studies.explain",
    "frontier": "optimizer.studies.frontier",
    "load_case": "optimizer.tables",
    "load_run": "optimizer.runs",
    "load_scenarios": "optimizer.scenarios",
    "reach": "optimizer.studies.reach",
    "save_case": "optimizer.tables",
    "save_report": "optimizer.reporting.html",
    "save_run": "optimizer.runs",
    "save_workbook": "optimizer.workbooks.results",
    "shipped_cases": "optimizer.catalogue",
    "solve": "optimizer.solving",
    "staircase": "optimizer.studies.explain",
    "sweep": "optimizer.studies.sweep",
}

__all__ = [
    "Alternatives",
    "AuditError",
    "Case",
    "CaseError",
    "Change",
    "Comparison",
    "Conflict",
    "EvplanError",
    "Explanation",
    "Frontier",
    "Goal",
    "GoalResult",
    "Outcome",
    "Plan",
    "PlanRecord",
    "Prepared",
    "Problem",
    "Progress",
    "Reach",
    "Scenario",
    "Settings",
    "SolverError",
    "Staircase",
    "Store",
    "Sweep",
    "Target",
    "alternatives",
    "audit",
    "compare",
    "compare_outcomes",
    "conflict",
    "convert",
    "explain",
    "frontier",
    "json_schema",
    "load_case",
    "load_run",
    "load_scenarios",
    "reach",
    "save_case",
    "save_report",
    "save_run",
    "save_workbook",
    "shipped_cases",
    "solve",
    "staircase",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'optimizer' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
