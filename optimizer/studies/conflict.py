"""Why a case has no plan: smallest sets of its own rules that contradict each other.

Which rules go together is asked by solves of the case without all others, with every
decision whole: a plan, audited, shows that they do; the proof, by two routes, that none
exists shows that they do not. A plan shows more than was asked: every rule that it happens
to keep goes with them too, which the audit tells. So few solves are needed. A first
contradiction, of which no rule can be left out, is found by leaving out halves (Junker's
QuickXplain, 2004): of the kinds of rules, then of the rules of those kinds that are needed.
Whenever it is stopped, the fewest rules that are known to contradict each other are told.
Then the smallest contradictions are found exactly (`optimizer.studies.lightest`), which
can take much longer.

On the way come corrections: rules of which the case could do without so that a plan
exists, none of which can stay. Of those that are a single number, the least change that
makes a plan possible is sought by halving.

Not here: what rules there are (see `optimizer.studies.rules`), and the words for it (see
`optimizer.reporting.conflicts`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.case import Case
from models.plan import PlanRecord
from models.target import Goal
from optimizer.auditing import audit, recompute
from optimizer.highs import Stop
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.settings import Settings
from optimizer.solving import Prepared
from optimizer.studies.ahead import Ahead, Unanswered, first_unanswered, outcome_of
from optimizer.studies.lightest import Asked, Steps, grown, lightest
from optimizer.studies.loosening import Dial, dial_of
from optimizer.studies.rules import Rule, rules_of, without
from optimizer.studies.target import TargetQuestion, least_of, only_target, verdict_of
from optimizer.studies.watching import Interrupted, Watch

if TYPE_CHECKING:
    import pandas as pd

#: Kinds of rules in which the first contradiction is sought, those that say most first.
TELLING = (
    "target", "goal_bound", "mandatory", "cash_floor", "budget", "resource", "site",
    "component", "ceiling", "network", "earliest", "latest", "forbidden", "group",
    "exclusivity", "precedence",
)  # fmt: skip
#: What the audit calls a violation of each kind.
IN_THE_AUDIT = {
    "mandatory": ("status",), "forbidden": ("status",),
    "earliest": ("window",), "latest": ("window",),
    "precedence": ("precedence",), "group": ("exclusive group",),
    "exclusivity": ("exclusivity", "open entry"),
    "resource": ("resource limit",), "budget": ("budget",), "cash_floor": ("cash floor",),
    "target": ("required target",), "goal_bound": ("bound of a goal",),
    "site": ("site capacity",), "component": ("component capacity",),
    "network": ("network limit",), "ceiling": ("segment limit",),
}  # fmt: skip
#: Columns of the tables of a `Conflict`.
AMONG = ("kind", "rule")
RULED = ("rank", "kind", "rule", "proven")
CHANGED = ("rule", "now", "enough", "too_little", "unit", "proven")


@dataclass(frozen=True)
class Contradiction:
    """Rules that no plan keeps together, though it keeps all but any one of them.

    ``proven`` tells whether there is none of fewer rules (that does without one of the
    rules of each contradiction before); ``plans`` holds for each rule a plan that keeps
    all the others.
    """

    rules: tuple[Rule, ...]
    proven: bool
    plans: tuple[Plan, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Correction:
    """Rules without which the case has a plan; every one of them must go, if it is proven."""

    rules: tuple[Rule, ...]
    proven: bool
    plan: Plan = field(compare=False, repr=False)


@dataclass(frozen=True)
class LeastChange:
    """The number of one rule with which a plan exists; with ``too_little``, none does.

    ``proven`` is False where a limit stopped the proof of the latter.
    """

    rule: Rule
    now: float | str
    enough: float | str
    too_little: float | str
    unit: str
    proven: bool
    plan: Plan = field(compare=False, repr=False)


@dataclass(frozen=True)
class Conflict:
    """Why a case has no plan, as far as it was found out.

    ``possible`` is True when it has one, None when that is not known. ``among`` are the
    fewest rules that are known to contradict each other, where it is not known whether all
    of them are needed: without ``contradictions``. ``finished`` is False when the study was
    interrupted.
    """

    case: Case
    rules: int
    possible: bool | None = None
    among: tuple[Rule, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    corrections: tuple[Correction, ...] = ()
    changes: tuple[LeastChange, ...] = ()
    complete: bool = False
    finished: bool = False
    solves: int = 0
    seconds: float = field(default=0.0, compare=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Frames: ``among`` with a row for each rule, ``contradictions`` and ``corrections``
        with one for each rule of each, ``changes`` with the least change of each number."""
        import pandas as pd

        among = [(rule.kind, rule.path) for rule in self.among]
        return {
            "among": pd.DataFrame(among, columns=AMONG),
            "contradictions": pd.DataFrame(_ruled(self.contradictions), columns=RULED),
            "corrections": pd.DataFrame(_ruled(self.corrections), columns=RULED),
            "changes": pd.DataFrame(
                [
                    (row.rule.path, row.now, row.enough, row.too_little, row.unit, row.proven)
                    for row in self.changes
                ],
                columns=CHANGED,
            ),
        }

    def facts(self) -> dict[str, Any]:
        """What is no table, as plain data."""
        return {
            "case": self.case.name,
            "possible": self.possible,
            "rules": self.rules,
            "complete": self.complete,
            "finished": self.finished,
            "solves": self.solves,
        }


def _ruled(
    found: Sequence[Contradiction | Correction],
) -> list[tuple[int, str, str, bool]]:
    return [
        (number, rule.kind, rule.path, row.proven)
        for number, row in enumerate(found, 1)
        for rule in row.rules
    ]


def conflict(
    case: Case,
    *,
    most: int = 3,
    settings: Settings | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
    stop: Stop | None = None,
) -> Conflict:
    """Why a case has no plan: at most so many contradictions, the smallest first.

    ``settings`` hold for each solve, its time limit too; ``time_limit`` is in seconds for
    all. ``workers`` are processes (None: one for each core), which work ahead of the question at
    hand; ``progress`` is told in words what is being done. Ctrl-C, or ``stop.asked``, ends it
    with what is known by then.
    """
    settings = settings or Settings()
    with Watch(time_limit, stop) as watch:
        study = _Study(case, settings, most, watch, workers, progress)
        try:
            study.run()
            finished = True
        except Interrupted:
            finished = False
    return study.result(finished)


@dataclass(frozen=True)
class _AnyPlan:
    """Whether a case has a plan: the first that is found answers it."""

    case: Case
    start: PlanRecord | None = None

    def answer(self, settings: Settings, watch: Watch | None = None) -> Outcome:
        """The outcome as soon as there is a plan; raises as `Watch.solve` does."""
        if watch is None:
            with Watch() as own:
                return self.answer(settings, own)
        whatever = settings.model_copy(update={"gap": 1.0})
        prepared = Prepared(self.case, whatever)
        return watch.solve(prepared, self.case, self.start, lambda told: told.best is not None)


_Question = TargetQuestion | _AnyPlan
#: Rules that are to go together, or a rule and how far it is turned.
_Key = frozenset[int] | tuple[Rule, float]


def _question(case: Case, start: PlanRecord | None) -> _Question:
    """Whether a case has a plan, in the form that is answered soonest."""
    if case.target is not None and case.target.required:
        return TargetQuestion(only_target(case), start)
    bounded = tuple(goal for goal in case.goals if goal.no_worse_than is not None)
    asked = case.replace(goals=bounded or (Goal(kind="spending"),))
    # A plan that starts nothing keeps most rules: if that is one, no other is as telling.
    return _AnyPlan(asked, recompute(asked, (), (), ()))


def _possible(case: Case, outcome: Outcome) -> bool | None:
    """Whether a case has a plan, as the outcome of its question says; None where it does not."""
    if case.target is not None and any(goal.kind == "target_date" for goal in outcome.goals):
        verdict = verdict_of(outcome, least_of(case.target.volume))
        return {"reached": True, "missed": False, "open": None}[verdict]
    if outcome.plan is not None:
        return True
    return False if outcome.status == "infeasible" else None


class _Study:
    """One study at work: what was asked, and what came of it."""

    def __init__(
        self,
        case: Case,
        settings: Settings,
        most: int,
        watch: Watch,
        workers: int | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.case, self.settings, self.sought, self.watch = case, settings, most, watch
        self.tell = tell or (lambda _: None)
        self.ahead: Ahead[_Key, Outcome] = Ahead(watch, settings, workers, outcome_of)
        self.rules = rules_of(case)
        self.all = frozenset(range(len(self.rules)))
        #: Rules (by number) that a plan keeps, with the plan; and rules that none keeps.
        self.kept: list[tuple[frozenset[int], Plan]] = []
        self.broken: list[frozenset[int]] = []
        self.possible: bool | None = None
        self.contradictions: list[Contradiction] = []
        self.corrections: list[Correction] = []
        self.changes: list[LeastChange] = []
        self.complete = False
        self.solves = 0
        self.began = time.monotonic()

    def result(self, finished: bool) -> Conflict:
        """What is known."""
        return Conflict(
            case=self.case,
            rules=len(self.rules),
            possible=self.possible,
            among=self._among(),
            contradictions=tuple(self.contradictions),
            corrections=tuple(
                sorted(self.corrections, key=lambda row: (len(row.rules), not row.proven))
            ),
            changes=tuple(self.changes),
            complete=self.complete,
            finished=finished,
            solves=self.solves,
            seconds=time.monotonic() - self.began,
        )

    def run(self) -> None:
        """Is there a plan? If not, the smallest contradictions, and the least changes."""
        self.tell("whether a plan exists")
        self.possible = self.go_together(self.all)
        if self.possible is not False:
            return
        self.tell("which kinds of rules contradict each other")
        kinds = self._irreducible(frozenset(), True, self._kinds())
        # One rule that is a kind of its own, such as the target, is needed: how far must it give?
        self._change([number for kind in kinds if len(kind) == 1 for number in kind])
        rules = [frozenset({number}) for kind in kinds for number in sorted(kind)]
        self.tell(f"which of {len(rules)} rules of {len(kinds)} kinds contradict each other")
        first = sorted(frozenset().union(*self._irreducible(frozenset(), True, rules)))
        self.contradictions = [self._contradiction(first, False)]
        self._change(first)
        self.tell("a contradiction found; whether there is a smaller one")
        one = (1,) * len(self.rules)
        smallest: list[Contradiction] = []
        for found in lightest(one, [1.0] * len(one), self._asked):
            numbers = sorted(_numbers(found.steps))
            smallest.append(self._contradiction(numbers, found.proven))
            self.contradictions = smallest
            if len(smallest) == 1:
                self._change(numbers)
            self.tell(f"contradiction {len(smallest)} found")
            if len(smallest) >= self.sought:
                return
        self.complete = True

    def _kinds(self) -> list[frozenset[int]]:
        """The rules of each kind together, those that say most first."""
        numbers: dict[str, set[int]] = {kind: set() for kind in TELLING}
        for number, rule in enumerate(self.rules):
            numbers[rule.kind].add(number)
        return [frozenset(kind) for kind in numbers.values() if kind]

    def _irreducible(
        self, held: frozenset[int], grew: bool, parts: Sequence[frozenset[int]]
    ) -> list[frozenset[int]]:
        """The parts of some rules without any of which those held contradict no longer.

        ``grew`` tells whether rules were added to those held. What is not known to
        contradict each other is taken to go together.
        """
        if grew and self.go_together(held) is False:
            return []
        if len(parts) <= 1:
            return list(parts)
        half = len(parts) // 2
        some, others = parts[:half], parts[half:]
        needed = self._irreducible(held.union(*some), True, others)
        return [*self._irreducible(held.union(*needed), bool(needed), some), *needed]

    def _among(self) -> tuple[Rule, ...]:
        """The fewest rules that are known to contradict each other, before it is known which."""
        if self.contradictions or not self.broken:
            return ()
        fewest = min(self.broken, key=len)
        return tuple(self.rules[number] for number in sorted(fewest))

    # Which rules go together ----------------------------------------------------------

    def _asked(self, steps: Steps) -> Asked:
        """Do these rules contradict each other? Else as many as go together with them."""
        chosen = _numbers(steps)
        together = self.go_together(chosen)
        if together is None:
            return Asked(None, steps)
        if not together:
            return Asked(True, steps)
        kept, plan, proven = self._most_with(chosen)
        gone = tuple(self.rules[number] for number in sorted(self.all - kept))
        if all(gone != row.rules for row in self.corrections):
            self.corrections.append(Correction(gone, proven, plan))
            self.tell(f"without {_some(gone)} a plan exists")
        return Asked(False, tuple(int(number in kept) for number in sorted(self.all)))

    def _most_with(self, chosen: frozenset[int]) -> tuple[frozenset[int], Plan, bool]:
        """Rules that go together with these, so many that none can be added; and whether
        that is proven for each that is left out."""
        kept = max((kept for kept, _ in self.kept if chosen <= kept), key=len)
        order = sorted(self.all)

        def fit(steps: Steps) -> bool:
            return bool(self.go_together(_numbers(steps)))

        steps = tuple(int(number in kept) for number in order)
        kept = _numbers(grown(steps, (1,) * len(order), order, fit))
        plan = next(plan for more, plan in self.kept if kept <= more)
        left = (number for number in order if number not in kept)
        proven = all(self.go_together(kept | {number}) is False for number in left)
        return kept, plan, proven

    def go_together(self, chosen: frozenset[int]) -> bool | None:
        """Whether some plan keeps all of these rules; None where that is not known."""
        if any(chosen <= kept for kept, _ in self.kept):
            return True
        if any(broken <= chosen for broken in self.broken):
            return False
        case = self._with_only(chosen)
        possible, plan = self.possible_plan(chosen, case, self._nearest(chosen))
        if plan is not None:
            self.kept.append((self._kept_by(plan.record, chosen), plan))
        elif possible is False:
            self.broken.append(chosen)
        return possible

    def _nearest(self, chosen: frozenset[int]) -> Plan | None:
        """The known plan that breaks fewest of these rules, to begin with."""
        return min(self.kept, key=lambda row: len(chosen - row[0]), default=(None, None))[1]

    def possible_plan(
        self, key: _Key, case: Case, start: Plan | None = None
    ) -> tuple[bool | None, Plan | None]:
        """Whether a case has a plan, and one: the first that is found."""
        self.solves += 1
        question = _question(case, start.record if start is not None else None)
        outcome = self._answer(key, question)
        possible = _possible(question.case, outcome)
        return possible, outcome.plan if possible else None

    def _answer(self, key: _Key, question: _Question) -> Outcome:
        return self.ahead.ask(key, question, self._likely)

    def _likely(self, waiting: Mapping[_Key, Outcome | None]) -> tuple[_Key, _Question] | None:
        """What is asked next if the questions that wait for their answer end as expected."""
        return first_unanswered(_Scout(self, waiting).run)

    def _with_only(self, chosen: Iterable[int]) -> Case:
        stay = frozenset(chosen)
        return without(self.case, (self.rules[n] for n in sorted(self.all - stay)))

    def _kept_by(self, record: PlanRecord, chosen: frozenset[int]) -> frozenset[int]:
        """These rules and others that a plan keeps too, as its audit says."""
        kept = set(chosen)

        def add(more: Sequence[int]) -> None:
            """Add these but for what the audit blames; where it blames none, by halves."""
            if not more:
                return
            if self.watch.over:
                raise Interrupted
            case = self._with_only(kept | set(more))
            whole = recompute(case, record.decisions, record.sales, record.flows)
            said = {(violation.rule, violation.where) for violation in audit(case, whole)}
            sound = [number for number in more if not _blamed(self.rules[number], said)]
            if not said:
                kept.update(more)
            elif len(sound) < len(more):
                add(sound)
            elif len(more) > 1:
                half = len(more) // 2
                add(more[:half])
                add(more[half:])

        add(sorted(self.all - kept))
        return frozenset(kept)

    def _contradiction(self, numbers: Sequence[int], proven: bool) -> Contradiction:
        """A contradiction with, for each rule, a plan that keeps all the others."""
        plans = []
        for number in numbers:
            others = frozenset(numbers) - {number}
            if not self.go_together(others):
                proven = False
                continue
            plans.append(next(plan for kept, plan in self.kept if others <= kept))
        return Contradiction(tuple(self.rules[n] for n in numbers), proven, tuple(plans))

    # The least change of a number -------------------------------------------------------

    def _change(self, numbers: Sequence[int]) -> None:
        """For each rule of a contradiction that is a number: the least change that helps."""
        known = {row.rule for row in self.changes}
        for number in numbers:
            dial = dial_of(self.case, self.rules[number])
            if dial is None or self.rules[number] in known:
                continue
            others = self.all - {number}
            self.tell(f"how far {self.rules[number].path} must give")
            if not self.go_together(others):
                continue  # something else must give as well
            plan = next(plan for kept, plan in self.kept if others <= kept)
            least = self._least(self.rules[number], dial, plan)
            if least.enough:  # a target of no cars is none
                self.changes.append(least)

    def _least(self, rule: Rule, dial: Dial, plan: Plan) -> LeastChange:
        """By one solve where a goal seeks the number, else by halving."""
        return self._sought(rule, dial) or self._halved(rule, dial, plan)

    def _sought(self, rule: Rule, dial: Dial) -> LeastChange | None:
        """The best number that a goal finds without the rule; None where none was found."""
        if dial.goal is None:
            return None
        kept = tuple(goal for goal in self.case.goals if goal.no_worse_than is not None)
        if dial.goal.kind in {goal.kind for goal in kept}:
            return None
        case = without(self.case, [rule]).replace(goals=(dial.goal, *kept))
        self.solves += 1
        outcome = self.watch.solve(Prepared(case, self.settings), case)
        if outcome.plan is None:
            return None
        goal, now = outcome.goals[0], dial.shown(0.0)
        if goal.bound is None or isinstance(now, str):
            return None
        opening = self.case.finance.opening_cash
        best = (goal.best, goal.bound)
        reached, bound = best if goal.sense == "max" else (opening - best[0], opening - best[1])
        enough, too_little = dial.bracket(reached, bound)
        if too_little > now:
            return None
        return LeastChange(rule, now, enough, too_little, dial.unit, True, outcome.plan)

    def _halved(self, rule: Rule, dial: Dial, plan: Plan) -> LeastChange:
        """By halving between what the case says and what a plan is known to need."""
        low, high, proven = 0.0, dial.needed(plan.record), True

        def ask(turn: float) -> None:
            nonlocal low, high, proven, plan
            possible, better = self.possible_plan((rule, turn), dial.loosened(turn))
            if better is not None:
                high, plan = min(turn, dial.needed(better.record)), better
            else:
                proven = proven and possible is False
                low = turn

        while not dial.near(low, high):
            ask(dial.between(low, high))
        last = dial.round_one(low, high)
        if last is not None:
            ask(last)
        enough, too_little = dial.numbers(low, high)
        return LeastChange(rule, dial.shown(0.0), enough, too_little, dial.unit, proven, plan)


class _Scout(_Study):
    """A study that goes over the ground of another one and on from there, up to its first question.

    What the other does not know yet is taken to be as it is ``told`` or, where nobody knows
    it, that rules go together: most that are asked about do, until few of them are left.
    How far a number must give is passed by.
    """

    def __init__(self, study: _Study, told: Mapping[_Key, Outcome | None]) -> None:
        vars(self).update(vars(study))
        self.tell = lambda _: None
        self.kept, self.broken = list(study.kept), list(study.broken)
        self.contradictions, self.corrections = [], []
        for key, outcome in told.items():
            if isinstance(key, frozenset):
                possible = True if outcome is None else _possible(study.case, outcome)
                plan = self._nearest(key) if outcome is None else outcome.plan
                if possible and plan is not None:
                    self.kept.append((key, plan))
                elif possible is False:
                    self.broken.append(key)

    def _answer(self, key: _Key, question: _Question) -> Outcome:
        raise Unanswered(key, question)

    def _change(self, numbers: Sequence[int]) -> None:
        pass


def _numbers(steps: Steps) -> frozenset[int]:
    """The rules that are chosen."""
    return frozenset(number for number, step in enumerate(steps) if step)


def _blamed(rule: Rule, said: Iterable[tuple[str, str]]) -> bool:
    """Whether a violation (the rule in words of the audit, and where) seems to be of this rule."""
    for broken, where in said:
        at = where.replace(" ", ".")
        here = at in rule.path or rule.path.endswith("." + at.partition(".")[0])
        if here and broken in IN_THE_AUDIT[rule.kind]:
            return True
    return False


def _some(rules: Sequence[Rule]) -> str:
    names = [rule.path for rule in rules]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
