"""What must hold between the rows of a case: the list of all checks.

Each check takes a case, and which rows of which table could not be read
(``broken``), so that one slip is not reported twice. The checks themselves are
in `models.check_rows`, `models.check_time` and `models.check_rules`. Not here:
what a single cell may hold (declared with the column).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import check_rows, check_rules, check_time
from models.check_kit import Broken, Check
from models.check_time import target_windows
from models.problem import Problem

if TYPE_CHECKING:
    from models.case import Case

#: Checks that need no calendar.
TIMELESS: tuple[Check, ...] = (
    check_rows.references,
    check_rows.registrations_stated,
    check_rows.prices_stated,
    check_rows.supply_stated,
    check_rows.duties_stated,
    check_rows.expansions_have_one_place,
    check_rows.one_home,
    check_rows.sources,
    check_rows.levers,
    check_rules.precedences,
    check_rules.exclusive_groups,
    check_rules.exclusivities,
    check_rules.diversions,
    check_rules.in_place,
    check_rules.categories,
    check_time.ramps,
)
#: Checks that need a sound one.
TIMED: tuple[Check, ...] = (
    check_rows.duplicates,
    check_rules.cycles,
    check_time.periods,
    check_time.windows,
    check_time.dated,
    check_time.seasons,
    check_time.budgets,
    check_time.target,
    check_time.goals,
)


def problems_of(case: Case, broken: Broken | None = None) -> list[Problem]:
    """Everything that is wrong between the parts of a case.

    A case that is only partly read may lack its horizon; what needs no calendar
    is checked all the same.
    """
    horizon = getattr(case, "horizon", None)
    problems = list(check_time.horizon(horizon)) if horizon else []
    checks = TIMELESS + TIMED if horizon and not problems else TIMELESS
    for check in checks:
        problems.extend(check(case, broken or {}))
    return problems


__all__ = ["problems_of", "target_windows"]
