"""What of a difference between plans is an effect, and what the solver cannot tell apart.

A goal is solved until its best value and the bound that no plan passes are a gap apart; the
true best lies between them. Two cases differ in a goal for certain only where these
intervals do not meet. A difference inside them is *noise*: another run, as rightly proven,
may show it the other way round.

Later goals need more. Their bound holds for plans that keep what the earlier goals reached
in *this* run, less their tolerance, and a hair more or less of the first goal can be worth
much of the second: some hundred cars of volume, well inside the gap, were seen to be worth
1 % of the net present value. So for a later goal:

- where earlier goals are proven to the last car (best and bound are the same), the interval
  is that of the first goal, `found`;
- otherwise the end on the bad side is open, unless the plan keeps what even the best
  thinkable run would have kept of the earlier goals, and the end on the good side is open
  where an earlier goal may itself be worse than it was found (`true`);
- two plans can be compared without all this where the one that passes the other's bound in
  the later goal also keeps what the other had to keep of every earlier goal. Then its case
  is better for certain *given* that much is kept: asked for the same volume, it has the
  higher net present value. That says more than the two plans, and less than *proven*, since
  the best volume of either case is known only within the gap.

What is left of a later goal is *unproven*: a true figure of the two plans, which hangs on
what each happened to keep. Figures that are no goals are those of the *plan* found: other
plans, equally good, may have others, and no proof speaks of them.

What is proven is that the best that can be reached differs, in the direction shown. With a
tolerance a plan may stay below its best; `Finding.least` and ``most`` are about the best.
Not here: the figures themselves (see `optimizer.studies.kpis`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from models.outcome import GoalResult
from models.target import Goal
from optimizer.outcome import Outcome
from optimizer.studies.kpis import Kpi

Mark = Literal["same", "proven", "given", "noise", "unproven", "plan"]
#: What each mark says of a difference.
MARK_WORDS: dict[str, str] = {
    "same": "no difference",
    "proven": "what can be reached is proven to differ in this direction",
    "given": "proven for plans that keep as much of the goals before",
    "noise": "the proofs cannot tell it from nothing; not an effect",
    "unproven": "true of these plans; it hangs on what each keeps of the goals before",
    "plan": "true of these plans; others, as good, may differ",
}
#: Differences smaller than this part of the figures come from rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Interval:
    """Where a number lies, ends included; None is an open end."""

    low: float | None
    high: float | None

    def times(self, factor: float) -> Interval:
        """The interval of a multiple."""
        ends = [None if end is None else factor * end for end in (self.low, self.high)]
        return Interval(*(ends if factor >= 0 else ends[::-1]))

    def plus(self, other: Interval) -> Interval:
        """The interval of a sum."""
        return Interval(_sum(self.low, other.low), _sum(self.high, other.high))

    def side(self, slack: float) -> int:
        """1 or -1 where it lies wholly above or below 0 by more than ``slack``, else 0."""
        if self.low is not None and self.low > slack:
            return 1
        return -1 if self.high is not None and self.high < -slack else 0


@dataclass(frozen=True)
class Finding:
    """A difference, or a part of one, with what is known about it.

    ``least`` and ``most``: between them lies the true difference of what can be reached
    (with the mark ``given``: by plans that keep as much of the goals before); None where no
    proof speaks of it.
    """

    value: float | None
    mark: Mark
    least: float | None = None
    most: float | None = None


def _sum(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def same(a: float, b: float) -> bool:
    """The two differ by rounding alone."""
    return abs(a - b) <= ROUNDING * max(1.0, abs(a), abs(b))


def difference(base: Outcome, other: Outcome, before: Kpi, after: Kpi) -> Finding:
    """What a figure of ``other`` is more than that of ``base``, and what of it is proven."""
    if before.value is None or after.value is None:
        return Finding(None, "plan")
    finding = combination([(-1.0, base, before), (1.0, other, after)])
    if finding.mark != "unproven":
        return finding
    rises = after.value > before.value
    pair = ((other, after), (base, before))
    margin = _margin(*(pair if rises == (after.sense == "more") else pair[::-1]))
    if margin is None:
        return finding
    ends = (margin, None) if rises else (None, -margin)
    return Finding(finding.value, "given", *ends)


def combination(terms: Iterable[tuple[float, Outcome, Kpi]]) -> Finding:
    """A sum of one figure of several outcomes, each times a factor, and what of it is proven."""
    terms = [term for term in terms if term[0]]
    if any(figure.value is None for _, _, figure in terms):
        return Finding(None, "plan")
    values = [factor * (figure.value or 0.0) for factor, _, figure in terms]
    value = sum(values)
    slack = ROUNDING * max([1.0, *(abs(v) for v in values)])
    if abs(value) <= slack:
        return Finding(0.0 if not terms else value, "same")
    known = [(factor, _known(outcome, figure)) for factor, outcome, figure in terms]
    if any(pair is None for _, pair in known):
        return Finding(value, "plan")
    zero = Interval(0.0, 0.0)
    found = true = zero
    for factor, pair in known:
        assert pair is not None
        found = found.plus(pair.found.times(factor))
        true = true.plus(pair.true.times(factor))
    mark: Mark = "unproven" if found.side(slack) else "noise"
    if true.side(slack) * value > 0:
        mark = "proven"
    return Finding(value, mark, true.low, true.high)


# What one outcome knows of its goals ----------------------------------------------


@dataclass(frozen=True)
class _Known:
    """Where the best of a goal lies.

    ``found`` given what this run kept of the earlier goals, ``true`` whatever a run keeps.
    """

    found: Interval
    true: Interval


def _known(outcome: Outcome, figure: Kpi) -> _Known | None:
    """What is known of a figure that is a goal; None where it is none."""
    results = {result.kind: result for result in outcome.goals}
    # Of the goals before: they are known to the last car; what they are bounded by holds
    # for every run; the plan keeps what any run could have asked of them.
    exact = bounded = kept = True
    for goal in outcome.case.goals_in_order:
        result = results.get(goal.kind)
        if result is None:
            return None
        reliable = exact or (bounded and kept)
        if goal.kind == figure.goal:
            found = _interval(outcome, figure, result, _best(result), True, True)
            bad = _best(result) if exact else result.value
            return _Known(found, _interval(outcome, figure, result, bad, reliable, bounded))
        # The true best is no worse than what was found.
        sure = exact or (reliable and _is_best(result))
        kept = kept and bounded and _keeps_toughest(outcome, goal, result)
        exact = exact and _is_exact(result)
        bounded = bounded and sure
    return None


def _interval(
    outcome: Outcome, figure: Kpi, result: GoalResult, bad: float, has_bad: bool, has_good: bool
) -> Interval:
    """A figure between ``bad``, which is reached, and its bound; ends that hold alone."""
    if figure.unit == "period":
        return _dates(outcome, result, has_bad, has_good)
    if result.kind == "target_date" and result.period:
        return Interval(0.0, 0.0 if has_bad else None)
    ends = (bad if has_bad else None, result.bound if has_good else None)
    if result.kind == "target_date":
        target = outcome.case.target
        assert target is not None  # a case with this goal has a target
        high, low = (None if end is None else max(0.0, target.volume - end) for end in ends)
        return Interval(low or 0.0, high)
    return Interval(*(ends if result.sense == "max" else ends[::-1]))


def _dates(outcome: Outcome, result: GoalResult, has_bad: bool, has_good: bool) -> Interval:
    """Where the earliest target date lies, as running numbers of periods.

    After the horizon is one number, however much later.
    """
    horizon = outcome.case.horizon
    never = horizon.ordinal(horizon.last) + 1
    if result.period is None and has_good and not _may_reach(outcome, result):
        return Interval(never, never)
    windows = outcome.plan.record.windows if outcome.plan else ()
    first = horizon.ordinal(windows[0].last if windows else horizon.first)
    low = horizon.ordinal(result.bound_period) if has_good and result.bound_period else first
    high = horizon.ordinal(result.period) if result.period and has_bad else never
    # A proven date is the earliest one; the plan may be later where it has a tolerance.
    return Interval(low, low if result.proven and has_bad and has_good else max(low, high))


def _may_reach(outcome: Outcome, result: GoalResult) -> bool:
    """A target that the plan misses is not proven to be out of reach."""
    target = outcome.case.target
    return target is None or result.bound is None or result.bound >= target.volume * (1 - ROUNDING)


def _sign(result: GoalResult) -> int:
    return -1 if result.sense == "min" else 1


def _best(result: GoalResult) -> float:
    """The best that was found of a goal."""
    return max(result.best, result.value) if _sign(result) > 0 else min(result.best, result.value)


def _is_best(result: GoalResult) -> bool:
    """The plan has gained no less of a goal than was found for it."""
    if result.kind == "target_date" and result.period:
        return result.period == result.bound_period
    return same(result.value, _best(result))


def _is_exact(result: GoalResult) -> bool:
    """Nothing is left between the best and its bound."""
    if result.kind == "target_date" and result.period:
        return result.proven
    return result.bound is not None and same(_best(result), result.bound)


def _keeps_toughest(outcome: Outcome, goal: Goal, result: GoalResult) -> bool:
    """The plan keeps what even the best thinkable run would have asked of this goal."""
    if goal.kind == "target_date" and result.period:
        if not result.bound_period:
            return False
        horizon = outcome.case.horizon
        late = horizon.index(result.period) - horizon.index(result.bound_period)
        return late <= goal.tolerance_periods
    if result.bound is None or (goal.kind == "target_date" and _may_reach(outcome, result)):
        return False
    return _keeps(result, result.bound - _sign(result) * goal.tolerance * abs(result.bound))


def _keeps(result: GoalResult, level: float) -> bool:
    """The plan reaches a level of a goal, but for rounding."""
    return _sign(result) * (result.value - level) >= -2 * ROUNDING * max(1.0, abs(level))


# Two outcomes ----------------------------------------------------------------------


def _margin(better: tuple[Outcome, Kpi], worse: tuple[Outcome, Kpi]) -> float | None:
    """By how much the first passes the bound of the second, keeping what that had to keep.

    None where it does not, or where the two are judged by other goals.
    """
    (ahead, figure), (behind, _) = better, worse
    if figure.goal in ("", "target_date") or not _judged_alike(ahead, behind, figure.goal):
        return None
    for goal in behind.case.goals_in_order:
        mine, theirs = ahead.goal(goal.kind), behind.goal(goal.kind)
        if goal.kind != figure.goal:
            if not _keeps_as_much(ahead, mine, behind, theirs):
                return None
        elif theirs.bound is not None:
            margin = _sign(mine) * (mine.value - theirs.bound)
            slack = ROUNDING * max(1.0, abs(mine.value), abs(theirs.bound))
            return margin if margin > slack else None
        else:
            return None
    return None


def _judged_alike(a: Outcome, b: Outcome, kind: str) -> bool:
    """The two have the same goals up to one, the same target, and results for all of these."""

    def judged(outcome: Outcome) -> list[object]:
        kinds = [(goal.kind, goal.period) for goal in outcome.case.goals_in_order]
        last = next((n for n, (name, _) in enumerate(kinds) if name == kind), len(kinds))
        dated = any(name == "target_date" for name, _ in kinds[:last])
        return [*kinds[: last + 1], outcome.case.target if dated else None]

    def told(outcome: Outcome) -> bool:
        return [r.kind for r in outcome.goals] == [g.kind for g in outcome.case.goals_in_order]

    return told(a) and told(b) and judged(a) == judged(b)


def _keeps_as_much(ahead: Outcome, mine: GoalResult, behind: Outcome, theirs: GoalResult) -> bool:
    """The plan ahead keeps what the one behind had to keep of a goal."""
    if mine.kind != "target_date":
        return theirs.kept is not None and _keeps(mine, theirs.kept)
    if theirs.period is None:
        level = theirs.kept if theirs.kept is not None else theirs.value
        return mine.period is not None or _keeps(mine, level)
    if mine.period is None:
        return False
    return ahead.case.horizon.ordinal(mine.period) <= behind.case.horizon.ordinal(theirs.period)
