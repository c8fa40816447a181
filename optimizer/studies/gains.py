"""What one outcome gains on another, goal by goal, and how much of that is proven.

Every goal has a best value found and a bound that no plan passes, so the true best of
each outcome lies between the two, and the true gain between the differences of the far
ends (`Gain.least`, `Gain.most`). Only what is on one side of 0 in both ends is a gain or
a loss; the rest is the same within the gaps, or open where a proof was not finished.

A later goal is sought among the plans that keep what the earlier goals reached. Where
two outcomes keep different things (`Gain.given`), its difference is one of the two plans
and proven only by the rule of `optimizer.studies.noise`. Beyond that rule, what is known
of the two cases is used here: a limit that is loosened forbids no plan, and a decision
that is forbidden or forced allows none. Not here: which cases are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from models.case import Case
from models.outcome import GoalResult
from models.target import GoalKind
from optimizer.outcome import Outcome
from optimizer.studies.kpis import key_figure
from optimizer.studies.noise import difference

#: How the plans of the changed case lie to those of the first: all of them are plans of
#: it too ("tighter"), the other way round ("looser"), or neither ("").
Relation = Literal["tighter", "looser", ""]
Told = Literal["better", "worse", "same", "open"]
#: Part of a value that is the solver's tolerance and no difference.
ROUNDING = 1e-5


@dataclass(frozen=True)
class Gain:
    """What a changed case gains in one goal; above 0 it is better, whatever the goal's sense.

    ``unit`` is ``periods`` (earlier), ``cars`` or ``money``. ``value`` is the difference
    of the best values found, ``least`` and ``most`` are proven limits of the true one
    (None: not limited on that side). ``before`` and ``after`` are the goal's results.
    ``blur`` is the largest difference that the gaps asked for may hide. ``given``: the
    outcomes keep different values of an earlier goal; then ``least`` and ``most`` hold given
    what each keeps, and ``shown`` tells whether the difference is proven all the same.
    ``beyond``: one side does not reach the target at all, and the difference is to the
    first period after the last that counts, so a least one.
    """

    kind: GoalKind
    unit: Literal["periods", "cars", "money"]
    value: float
    least: float | None
    most: float | None
    before: GoalResult
    after: GoalResult
    blur: float = 0.0
    given: bool = False
    shown: bool = False
    beyond: bool = False

    @property
    def exact(self) -> bool:
        """The true gain is known but for rounding."""
        if self.given or self.least is None or self.most is None:
            return False
        return self.most - self.least <= 2 * ROUNDING * _size(self.before, self.after)

    @property
    def sharp(self) -> bool:
        """What is proven of it is hardly wider than what a reader would tell: a tenth of it."""
        if self.least is None or self.most is None:
            return False
        return self.most - self.least <= 0.1 * abs(self.value)

    @property
    def told(self) -> Told:
        """Better or worse for certain, the same within the gaps, or open."""
        if self.given:
            return "open" if not self.shown else "better" if self.value > 0 else "worse"
        edge = 0.5 if self.unit == "periods" else ROUNDING * _size(self.before, self.after)
        if self.least is not None and self.least > edge:
            return "better"
        if self.most is not None and self.most < -edge:
            return "worse"
        if self.least is None or self.most is None:
            return "open"
        within = max(edge, self.blur)
        return "same" if -within <= self.least and self.most <= within else "open"


def gains(first: Outcome, changed: Outcome, relation: Relation = "") -> tuple[Gain, ...]:
    """The gains of a changed case in each goal; none where either has no plan.

    ``relation`` is what is known beforehand: with it, a plan or bound of one outcome
    also holds for the other. The changed case may lack the last goals. Raises
    `ValueError` when the goals differ otherwise.
    """
    if first.plan is None or changed.plan is None:
        return ()
    kinds = [goal.kind for goal in changed.goals]
    if kinds != [goal.kind for goal in first.goals][: len(kinds)]:
        raise ValueError("the outcomes have different goals")
    found: list[Gain] = []
    alike, taken_over = True, False
    for before, after in zip(first.goals, changed.goals, strict=False):
        known = relation if alike else ""
        taken_over = taken_over or _worse_than_known(first.case, known, before, after)
        if taken_over and known == "looser":
            after = _with_plan_of(after, before)
        elif taken_over and known == "tighter":
            before = _with_plan_of(before, after)
        gain = _gain(first.case, before, after, known)
        blur = 0.0 if gain.unit == "periods" else _blur(first, before) + _blur(changed, after)
        shown = not alike and _shown(first, changed, before.kind, gain.value)
        found.append(replace(gain, blur=blur, given=not alike, shown=shown))
        alike = alike and _keep_the_same(before, after)
    return tuple(found)


def _worse_than_known(
    case: Case, relation: Relation, before: GoalResult, after: GoalResult
) -> bool:
    """A search that was cut short found less than the other outcome's plan, which holds too."""
    if not relation:
        return False
    known, found = (before, after) if relation == "looser" else (after, before)
    if known.kind == "target_date" and (known.period or found.period):
        if known.period is None or found.period is None:
            return known.period is not None
        return case.horizon.index(known.period) < case.horizon.index(found.period)
    sign = 1.0 if known.sense == "max" else -1.0
    return sign * (known.best - found.best) > ROUNDING * _size(known, found)


def _with_plan_of(goal: GoalResult, known: GoalResult) -> GoalResult:
    """A goal's result with a better plan that is known; its bound still holds."""
    names = ("value", "best", "kept", "period", "shortfall")
    values = {name: getattr(known, name) for name in names}
    sure = goal.bound_period is not None and goal.bound_period == known.period
    return goal.model_copy(update={**values, "proven": goal.proven or sure})


def deciding(found: Iterable[Gain]) -> Gain | None:
    """The first goal in which the outcomes differ for certain, or whose proof is open.

    None where they cannot be told apart: every goal is the same within the gaps, or a
    later one differs only given what each keeps of the goals before.
    """
    return next((g for g in found if g.told != "same" and not (g.given and not g.shown)), None)


def told(found: Iterable[Gain]) -> Told:
    """What all goals in their order say of the changed case."""
    gain = deciding(found)
    return "same" if gain is None else gain.told


def _shown(first: Outcome, changed: Outcome, kind: GoalKind, value: float) -> bool:
    """Whether a difference in a later goal is proven for all that the goals before differ."""
    before, after = key_figure(first, kind), key_figure(changed, kind)
    finding = difference(first, changed, before, after)
    if finding.mark not in ("proven", "given") or finding.value is None:
        return False
    rises = finding.value > 0 if after.sense == "more" else finding.value < 0
    return rises == (value > 0)


def _gain(case: Case, before: GoalResult, after: GoalResult, relation: Relation) -> Gain:
    dated = before.kind == "target_date" and (before.period or after.period)
    unit: Literal["periods", "cars", "money"] = "money" if before.unit == "money" else "cars"
    one, other = _values(before), _values(after)
    if dated:
        unit, one, other = "periods", _dates(case, before), _dates(case, after)
    # Both in a sense in which more is better: (best found, bound).
    if relation == "tighter":
        one, other = (max(one[0], other[0]), one[1]), (other[0], _lower(one[1], other[1]))
    elif relation == "looser":
        one, other = (one[0], _lower(one[1], other[1])), (max(one[0], other[0]), other[1])
    least = None if one[1] is None else other[0] - one[1]
    most = None if other[1] is None else other[1] - one[0]
    beyond = bool(dated) and (before.period is None or after.period is None)
    if beyond and least is not None and after.period is None:
        least = None  # after the horizon: nobody knows how long
    if beyond and before.period is None:
        most = None
    return Gain(before.kind, unit, other[0] - one[0], least, most, before, after, beyond=beyond)


def _exactly(end: float | None, before: GoalResult, after: GoalResult) -> float | None:
    """A difference without the last digits of the numbers that it is of."""
    return 0.0 if end is not None and abs(end) <= 1e-12 * _size(before, after) else end


def _lower(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _values(goal: GoalResult) -> tuple[float, float | None]:
    """Best and bound where more is better."""
    sign = 1.0 if goal.sense == "max" else -1.0
    return sign * goal.best, None if goal.bound is None else sign * goal.bound


def _dates(case: Case, goal: GoalResult) -> tuple[float, float | None]:
    """Minus the period found and minus the earliest not ruled out; never is after the last."""
    index, target = case.horizon.index, case.target
    never = case.horizon.count
    if target is not None and target.deadline is not None:
        never = index(target.deadline) + 1
    earliest = index(goal.bound_period) if goal.bound_period else never if goal.proven else 0
    period = never if goal.period is None else index(goal.period)
    # A plan may be later than the best by the goal's tolerance.
    best = earliest if goal.proven else period
    return -float(best), -float(earliest)


def _blur(outcome: Outcome, goal: GoalResult) -> float:
    return outcome.settings.gap * max(abs(goal.best), 1.0) + ROUNDING * _size(goal, goal)


def _size(one: GoalResult, other: GoalResult) -> float:
    return max(1.0, abs(one.best), abs(other.best))


def _keep_the_same(before: GoalResult, after: GoalResult) -> bool:
    """Whether later goals are sought among the same plans, as far as this goal goes."""
    if before.kind == "target_date" and (before.period or after.period):
        if before.proven and after.proven:
            return before.bound_period == after.bound_period
        return before.period == after.period
    one, other = before.kept, after.kept
    if one is None or other is None:
        return one == other
    return abs(one - other) <= ROUNDING * max(1.0, abs(one), abs(other))
