"""Goals: counted volume, the windows of the target, what each goal measures, and its bound.

Symbols: ``volume[t]`` counted volume of a period; ``reached[w]`` 1 when window
``w`` (named by its last period) is bound to reach the target; ``measure[g]`` what
goal ``g`` counts. Nothing is chosen here; the order of goals is followed by
``optimizer.solving``.
"""

from __future__ import annotations

from typing import Any

from pyomo.core import Binary, Block, Constraint, NonNegativeReals, Var

from models.case import Case
from models.checks import target_windows
from models.target import LEAST, Goal
from optimizer.formulation.linear import Linear, at_most, total
from optimizer.formulation.money import cash_at_end
from optimizer.formulation.quantities import Quantities

#: Part of the target that counts as reaching it: less than a solver's tolerance
#: on the volume of a year can add up to.
REACHED = 1 - 1e-7
#: A bound may be missed by the same part of it, and by this much in any case (cars or
#: money): what one solve reached must be a bound that the next can keep, though solvers
#: round, and amounts that all but cancel do so more than their sum shows.
ROUNDING = 5e-6


def formulate(block: Block, quantities: Quantities) -> None:
    """Add volume, target windows and the sums that goals measure."""
    case = quantities.case
    block.volume = {
        t: total([block.own_sales[t], block.counted_partner[t]]) for t in quantities.periods
    }
    block.windows = target_windows(case)
    block.reached = Var(list(block.windows), within=Binary)
    block.window_reaches_target = Constraint(list(block.windows), rule=window_reaches_target)
    block.target_is_required = Constraint(rule=target_is_required)
    if any(goal.kind == "peak_funding" for goal in case.goals_in_order):
        block.funding = Var(within=NonNegativeReals)
        block.funding_covers_cash = Constraint(list(quantities.periods), rule=funding_covers_cash)
    block.goal_no_worse_than_bound = Constraint(bounded(case), rule=goal_no_worse_than_bound)


def bounded(case: Case) -> list[str]:
    """The kinds of goals that have a bound."""
    return [goal.kind for goal in case.goals if goal.no_worse_than is not None]


def window_volume(block: Block, periods: tuple[int, ...]) -> Linear:
    """Counted volume of some periods."""
    volume = Linear()
    for t in periods:
        volume.add(block.volume[t])
    return volume


def window_reaches_target(block: Block, last: int) -> Any:
    """A window bound to reach the target does: ``U reached[w] <= sum volume`` (cars)."""
    wanted = Linear().term(block.quantities.case.target.volume * REACHED, block.reached[last])
    return at_most(wanted, window_volume(block, block.windows[last]))


def target_is_required(block: Block) -> Any:
    """A required target is reached in some window: ``sum_w reached[w] >= 1`` (1)."""
    target = block.quantities.case.target
    if target is None or not target.required:
        return Constraint.Skip
    reached = Linear()
    for last in block.windows:
        reached.term(1.0, block.reached[last])
    return at_most(Linear(1.0), reached)


def funding_covers_cash(block: Block, t: int) -> Any:
    """Funding covers every fall of cash below its opening: ``F >= opening - cash[t]`` (money)."""
    opening = block.quantities.case.finance.opening_cash
    fall = Linear(opening).add(cash_at_end(block, t), -1.0)
    return at_most(fall, Linear().term(1.0, block.funding))


def goal_no_worse_than_bound(block: Block, kind: str) -> Any:
    """A goal keeps its bound, whatever the order of goals (cars or money).

    ``measure[g] >= bound``; of spending and peak funding ``measure[g] <= bound``.
    """
    goal = next(goal for goal in block.quantities.case.goals if goal.kind == kind)
    worst = goal.no_worse_than
    assert worst is not None  # see `bounded`
    give = max((1 - REACHED) * abs(worst), ROUNDING)
    if kind in LEAST:
        return at_most(measure(block, goal), Linear(worst + give))
    return at_most(Linear(worst - give), measure(block, goal))


def measure(block: Block, goal: Goal) -> Linear:
    """What a goal measures (all but ``target_date``): cars or money."""
    count, per_year = len(block.quantities.periods), block.quantities.per_year
    if goal.kind == "volume":
        return window_volume(block, tuple(range(count)))
    if goal.kind == "last_year_volume":
        return window_volume(block, tuple(range(max(0, count - per_year), count)))
    if goal.kind == "volume_at":
        last = block.quantities.case.horizon.index(goal.period or "")
        return window_volume(block, tuple(range(max(0, last - per_year + 1), last + 1)))
    if goal.kind == "spending":
        return Linear().add(block.spending)
    if goal.kind == "peak_funding":
        return Linear().term(1.0, block.funding)
    return Linear().add(block.npv)
