"""The audit: every plan is recomputed from its case before anyone sees it.

From the decisions, sales and flows alone `recompute` works out every other
figure of a plan, and `audit` lists each rule that the plan breaks and each
figure that it states wrongly, with the size. The meaning of every rule is that
of ``data/README.md``. Nothing here is shared with the optimisation model: no
code, no derived table, no solver. Not here: whether a plan is the best one.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.case import Case
from models.outcome import GoalResult
from models.plan import PlanRecord
from optimizer.auditing.course import Course
from optimizer.auditing.figures import wrong_figures, wrong_goals
from optimizer.auditing.limits import broken_limits
from optimizer.auditing.recomputation import recompute, record_of
from optimizer.auditing.starts import broken_starts
from optimizer.auditing.violation import Violation
from optimizer.auditing.volumes import broken_volumes

__all__ = ["Violation", "audit", "recompute"]


def audit(case: Case, plan: PlanRecord, goals: Sequence[GoalResult] = ()) -> tuple[Violation, ...]:
    """Every violation of the plan, worst first; empty when the plan is sound.

    Broken rules come before wrongly stated figures, each by how large the
    violation is against what is found and allowed. The order of rows within a
    table of the plan is not judged.
    """
    course = Course(case, plan.decisions, plan.sales, plan.flows)
    truth = record_of(course)
    violations = [
        *broken_starts(course, plan.decisions),
        *broken_volumes(course, plan.sales, plan.flows),
        *broken_limits(course, truth),
        *wrong_figures(plan, truth),
        *wrong_goals(course, truth, goals),
    ]
    return tuple(sorted(violations, key=Violation.rank))
