"""What it would take to reach a target: the lightest moves of what a case declares movable.

Each question is whether the case with its levers moved reaches its target (see
`optimizer.studies.target`): by an audited plan, or proven not to, or left open by a time
limit. What holds with some steps is taken to hold with more: for certain where the
moved columns give room to every plan there was (`models.levers.can_only_help`), else as an
assumption, which is tried lever by lever and told.

Not here: how the lightest combinations are sought (see `optimizer.studies.lightest`), and
the words for it (see `optimizer.reporting.reaching`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.lever import Lever
from models.levers import can_only_help, moved, problems_of
from models.paths import nearest
from models.problem import CaseError, Problem
from optimizer.highs import Stop
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.settings import Settings
from optimizer.solving import Prepared
from optimizer.studies.ahead import Ahead, Unanswered, first_unanswered, outcome_of
from optimizer.studies.lightest import Asked, Steps, grown, lightest, weight_of, within
from optimizer.studies.target import TargetQuestion, Verdict, least_of, only_target, verdict_of
from optimizer.studies.watching import Interrupted, Watch

if TYPE_CHECKING:
    import pandas as pd

#: Part of a volume that rounding may take from it.
SAME = 1 - 1e-6
#: How often plans are looked for where a figure is shown: of what a lever does alone the
#: bound tells more than the plan.
MOST_LOOKS = 1000
#: Part of the target that a first combination must have, so that nothing hangs on one car.
SPARE = 1 + 1e-5
#: Most steps of a lever that are tried one by one where more of it may hurt.
MOST_SCANNED = 12

#: Columns of the tables of a `Reach`; volumes in cars a year.
ALONE = (
    "lever", "title", "steps", "most_steps", "amount", "most_amount", "operation", "unit",
    "weight", "proven", "at_most", "volume_at_most", "bound_at_most",
)  # fmt: skip
COMBINED = (
    "rank", "lever", "title", "steps", "most_steps", "amount", "operation", "unit", "weight",
    "weight_of_all", "reached", "proven",
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One question and its answer: these steps (by lever, those above 0).

    ``volume`` is that of the plan's largest window so far (in cars), None without a plan;
    ``bound`` is what no plan passes, None where none exists or the target is reached.
    ``period`` is when the target is reached.
    """

    steps: Mapping[str, int]
    verdict: Verdict
    volume: float | None = None
    bound: float | None = None
    period: str | None = None
    plan: Plan | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Alone:
    """What a lever does alone: the fewest ``steps`` that reach the target, None where all
    of them do not. ``at_most`` is the trial with all its steps, ``trial`` that with the
    fewest; ``proven`` tells whether one step less is proven too little."""

    lever: Lever
    steps: int | None
    trial: Trial | None
    at_most: Trial
    proven: bool


@dataclass(frozen=True)
class Combination:
    """Steps that reach the target, none of which can be left out.

    ``proven``: nothing lighter reaches it (that does without a lever of each combination
    before), and with one step less of any lever it is out of reach.
    """

    steps: Mapping[str, int]
    weight: float
    trial: Trial
    proven: bool


@dataclass(frozen=True)
class Reach:
    """What it would take; what was not finished is None or missing.

    ``case`` has the target asked for; ``today`` is the trial without any lever, ``most``
    that with all levers at their most. ``complete``: there are no further combinations.
    ``finished``: it was not interrupted. ``assumed`` are levers of which more is only
    taken never to hurt, ``hurting`` those of them for which that was seen to be wrong.
    ``best`` is the lightest combination solved with all goals of the case.
    """

    case: Case
    levers: tuple[Lever, ...]
    settings: Settings
    today: Trial | None = None
    most: Trial | None = None
    alone: tuple[Alone, ...] = ()
    combinations: tuple[Combination, ...] = ()
    complete: bool = False
    finished: bool = False
    assumed: tuple[str, ...] = ()
    hurting: tuple[str, ...] = ()
    best: Outcome | None = None
    trials: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def target(self) -> float:
        """Cars in the window that is asked for."""
        assert self.case.target is not None
        return self.case.target.volume

    def moved(self, steps: Mapping[str, int]) -> Case:
        """The case, with its goals and this target, after such a move."""
        return moved(self.case, steps)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Frames: ``alone`` a row for each lever, ``combinations`` one for each lever of each."""
        import pandas as pd

        return {
            "alone": pd.DataFrame([_alone_row(row) for row in self.alone], columns=ALONE),
            "combinations": pd.DataFrame(
                [
                    _combined_row(number, row, lever)
                    for number, row in enumerate(self.combinations, 1)
                    for lever in self.levers
                    if lever.lever in row.steps
                ],
                columns=COMBINED,
            ),
        }

    def facts(self) -> dict[str, Any]:
        """What is no table, as plain data."""
        target = self.case.target
        assert target is not None
        return {
            "case": self.case.name,
            "target": target.volume,
            "deadline": target.deadline or self.case.horizon.last,
            "today": self.today and _trial_facts(self.today),
            "every_lever_at_its_most": self.most and _trial_facts(self.most),
            "complete": self.complete,
            "finished": self.finished,
            "assumed_never_to_hurt": list(self.assumed),
            "seen_to_hurt": list(self.hurting),
            "solves": self.trials,
        }


def _alone_row(row: Alone) -> tuple[Any, ...]:
    lever, most, steps = row.lever, row.at_most, row.steps
    return (
        lever.lever, lever.title, steps, lever.steps,
        None if steps is None else lever.amount(steps), lever.amount(lever.steps),
        lever.operation, lever.unit, None if steps is None else steps * lever.weight,
        row.proven, most.verdict, most.volume, most.bound,
    )  # fmt: skip


def _combined_row(number: int, row: Combination, lever: Lever) -> tuple[Any, ...]:
    steps = row.steps[lever.lever]
    return (
        number, lever.lever, lever.title, steps, lever.steps, lever.amount(steps),
        lever.operation, lever.unit, steps * lever.weight, row.weight, row.trial.period,
        row.proven,
    )  # fmt: skip


def _trial_facts(trial: Trial) -> dict[str, Any]:
    return {
        "verdict": trial.verdict,
        "reached_in": trial.period,
        "volume": trial.volume,
        "bound": trial.bound,
    }


def reach(
    case: Case,
    target: float | None = None,
    deadline: str | None = None,
    *,
    levers: Sequence[str] | None = None,
    most: int = 5,
    settings: Settings | None = None,
    time_limit: float | None = None,
    plan: bool = True,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
    stop: Stop | None = None,
) -> Reach:
    """The lightest moves of a case's levers with which a target is reached.

    ``target`` (cars a year) and ``deadline`` default to those of the case; ``levers``
    names those that may be moved (all). At most so many combinations are sought as
    ``most`` says. ``settings`` hold for each solve, its time limit too; ``time_limit`` is
    in seconds for all. With ``plan`` the lightest combination is solved with all goals at
    the end. ``workers`` are processes (None: one for each core), which work ahead of the
    question at hand; which combinations are found does not hang on how many there are, but
    of several plans that reach the target another one may be shown. ``progress`` is told in
    words what is being done. Ctrl-C, or ``stop.asked``, ends it with what is known by then.

    Raises `CaseError` for a target, deadline or lever that cannot be.
    """
    asked = case.with_target(target, deadline, required=False)
    asked = asked.replace(levers=_chosen(case, levers))
    problems = problems_of(asked)
    if problems:
        raise CaseError(problems)
    with Watch(time_limit, stop) as watch:
        study = _Study(asked, settings or Settings(), most, watch, workers, progress)
        try:
            study.run()
            if plan:
                study.solve_best(case)
            finished = True
        except Interrupted:
            finished = False
    return study.result(finished)


def _chosen(case: Case, names: Sequence[str] | None) -> tuple[Lever, ...]:
    if names is None:
        return case.levers
    known = {row.lever: row for row in case.levers}
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        allowed = ", ".join(known) or "none: the case has no table levers"
        raise CaseError(
            [
                Problem("levers", 0, name, "there is no such lever", allowed, nearest(name, known))
                for name in unknown
            ]
        )
    return tuple(row for row in case.levers if row.lever in set(names))


#: Steps, and how often plans are looked for.
_Key = tuple[Steps, int]


class _Study:
    """One study at work: what was tried, and what came of it."""

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
        self.levers = case.levers
        assert case.target is not None
        self.wanted = case.target.volume
        self.base = only_target(case)
        self.most: Steps = tuple(row.steps for row in self.levers)
        self.nothing: Steps = (0,) * len(self.levers)
        self.tried: dict[Steps, Trial] = {}
        #: What was known not to suffice when the lightest combinations began to be sought.
        self.ruled_out: list[Steps] | None = None
        self.alone: list[Alone] = []
        self.combinations: list[Combination] = []
        self.complete = False
        self.best: Outcome | None = None
        self.assumed = tuple(r.lever for r in self.levers if not can_only_help(case, r))
        self.hurting: set[str] = set()
        self.began = time.monotonic()

    def run(self) -> None:
        """Today, all levers, each alone, and then together."""
        self.tell("what is reached today")
        if self.trial(self.nothing, looks=MOST_LOOKS).verdict == "reached" or not self.levers:
            self.complete = True
            return
        self.tell("what is reached with every lever at its most")
        everything = self.trial(self.most, looks=1)
        for number, lever in enumerate(self.levers):
            self.tell(f"{lever.name} alone")
            self.alone.append(self._alone(number))
        if everything.verdict == "missed" and not self.hurting:
            self.complete = True
            return
        self._together()

    def solve_best(self, case: Case) -> None:
        """Solve the lightest combination with all goals of the case."""
        if not self.combinations:
            return
        self.ahead.dismiss()  # the processors are free for it
        first = self.combinations[0]
        self.tell("the plan of the lightest combination, with all goals")
        required = case.target is not None and case.target.required
        whole = moved(self.case, first.steps).with_target(required=required)
        outcome = self.watch.solve(Prepared(whole, self.settings), whole, first.trial.plan)
        self.best = outcome if outcome.plan is not None else None

    def result(self, finished: bool) -> Reach:
        """What is known."""
        return Reach(
            case=self.case,
            levers=self.levers,
            settings=self.settings,
            today=self.tried.get(self.nothing),
            most=self.tried.get(self.most) if self.levers else None,
            alone=tuple(self.alone),
            combinations=tuple(self.combinations) or self._any(),
            complete=self.complete,
            finished=finished,
            assumed=self.assumed,
            hurting=tuple(row.lever for row in self.levers if row.lever in self.hurting),
            best=self.best,
            trials=len(self.tried),
            seconds=time.monotonic() - self.began,
        )

    # One lever --------------------------------------------------------------------

    def _alone(self, number: int) -> Alone:
        """The fewest steps of one lever that reach the target; of one that may hurt, each
        number of steps is tried."""
        lever = self.levers[number]
        scanned = lever.lever in self.assumed and lever.steps <= MOST_SCANNED
        at_most = self.trial(self._only(number, lever.steps), looks=1)
        if scanned:
            trials = [self.trial(self._only(number, n)) for n in range(lever.steps + 1)]
            self._note_hurting(lever, trials)
            fewest = next((n for n, t in enumerate(trials) if t.verdict == "reached"), None)
            if fewest is None:
                return Alone(lever, None, None, at_most, all(t.verdict == "missed" for t in trials))
            before = trials[:fewest]
            return Alone(
                lever, fewest, trials[fewest], at_most, all(t.verdict == "missed" for t in before)
            )
        if at_most.verdict != "reached":
            return Alone(lever, None, None, at_most, at_most.verdict == "missed")
        low, high = 0, lever.steps
        while high - low > 1:
            middle = (low + high) // 2
            if self.trial(self._only(number, middle)).verdict == "reached":
                high = middle
            else:
                low = middle
        before = [self.trial(self._only(number, low))]
        trial = self.trial(self._only(number, high))
        return Alone(lever, high, trial, at_most, before[0].verdict == "missed")

    def _only(self, number: int, count: int) -> Steps:
        return tuple(count if n == number else 0 for n in range(len(self.levers)))

    def _note_hurting(self, lever: Lever, trials: Sequence[Trial]) -> None:
        """A lever hurts where with more of it no plan has the volume that one had with less."""
        highest = 0.0
        for trial in trials:
            bound = trial.bound if trial.verdict == "missed" and trial.bound is not None else None
            gone = trial.verdict == "missed" and trial.volume is None and trial.bound is None
            if highest > 0 and (gone or (bound is not None and bound < highest * SAME)):
                self.hurting.add(lever.lever)
            least = self.wanted if trial.verdict == "reached" else trial.volume or 0.0
            highest = max(highest, least)

    # Several ------------------------------------------------------------------------

    def _together(self) -> None:
        weights = [row.weight for row in self.levers]
        levers = range(len(self.levers))
        self.tell("some combination")
        self._reduce(sorted(levers, key=self._gain))
        self.tell("which levers cannot be done without")
        for number in levers:
            # Nothing with fewer of it reaches the target, so what misses here rules out much.
            _with_fewest(self.most, number, lambda less: not self._misses(less))
        self.tell("the lightest combinations")
        if self.ruled_out is None:
            self.ruled_out = [s for s, trial in self.tried.items() if trial.verdict == "missed"]
        # What misses is grown by light levers first: what then must be added is heavy.
        order = sorted(levers, key=lambda number: (weights[number], self._gain(number)))
        for found in lightest(
            self.most, weights, lambda now: self._asked(now, order), self.ruled_out
        ):
            trial = self.trial(found.steps)
            least = self._least(found.steps)
            proven = found.proven and least and not self._contradicted()
            self.combinations.append(
                Combination(trial.steps, weight_of(found.steps, weights), trial, proven)
            )
            self.tell(f"combination {len(self.combinations)} found")
            if len(self.combinations) >= self.sought:
                return
        self.complete = True

    def _reduce(self, order: Sequence[int]) -> None:
        """From all steps down to some of which none can be left out: a first combination.

        At first with cars to spare: where just the target is reached, all that is sold hangs
        on one limit, and whether anything else can be left out is proven at great length.
        """
        if self.trial(self.most).verdict != "reached":
            return
        steps = self.most
        for least in (SPARE * self.wanted, 0.0):
            for number in order:
                steps = _with_fewest(steps, number, partial(self._has, volume=least))

    def _has(self, steps: Steps, volume: float) -> bool:
        trial = self.trial(steps)
        return trial.verdict == "reached" and (trial.volume or 0.0) >= volume

    def _any(self) -> tuple[Combination, ...]:
        """The lightest that is known, where the search for it ended before it was proven."""
        reached = [steps for steps, trial in self.tried.items() if trial.verdict == "reached"]
        if self.complete or len(self.alone) < len(self.levers) or not reached:
            return ()
        weights = [row.weight for row in self.levers]
        steps = min(reached, key=lambda steps: weight_of(steps, weights))
        trial = self.tried[steps]
        return (Combination(trial.steps, weight_of(steps, weights), trial, False),)

    def _gain(self, number: int) -> tuple[bool, float]:
        """What a lever brings alone: those that bring little are likely not to be missed."""
        trial = self.alone[number].at_most
        return (trial.verdict == "reached", trial.volume or 0.0)

    def _asked(self, steps: Steps, order: Sequence[int]) -> Asked:
        trial = self.trial(steps)
        if trial.verdict == "reached":
            return Asked(True, steps)
        if trial.verdict == "open":
            return Asked(None, steps)
        return Asked(False, grown(steps, self.most, order, self._misses))

    def _misses(self, steps: Steps) -> bool:
        """Whether the target is proven out of reach; what is known of more or less is used."""
        for known, trial in self.tried.items():
            if trial.verdict == "missed" and within(steps, known):
                return True
            if trial.verdict == "reached" and within(known, steps):
                return False
        return self.trial(steps).verdict == "missed"

    def _least(self, steps: Steps) -> bool:
        """Whether with one step less of any lever the target is proven out of reach.

        Where more of a lever might hurt, that is tried and not concluded.
        """
        for number, count in enumerate(steps):
            if not count:
                continue
            less = (*steps[:number], count - 1, *steps[number + 1 :])
            if self.assumed and self.trial(less).verdict != "missed":
                return False
            if not self._misses(less):
                return False
        return True

    def _contradicted(self) -> bool:
        """Whether somewhere less reached the target and more was proven not to."""
        for steps, trial in self.tried.items():
            for more, other in self.tried.items():
                if trial.verdict == "reached" and other.verdict == "missed" and within(steps, more):
                    self.hurting |= {
                        row.lever
                        for row, a, b in zip(self.levers, steps, more, strict=True)
                        if a < b and row.lever in self.assumed
                    }
        return bool(self.hurting)

    # One question ---------------------------------------------------------------------

    def trial(self, steps: Steps, looks: int = 0) -> Trial:
        """Whether the target is reached with these steps.

        Where it is not, how near it comes is told after so many ``looks`` for plans.
        """
        done = self.tried.get(steps)
        if done is not None:
            return done
        start = self._start(steps)
        question = TargetQuestion(
            moved(self.base, self._named(steps)),
            start.record if start is not None else None,
            looks=looks,
            known=self._reached_with_less(steps) if looks else 0.0,
        )
        outcome = self._answer((steps, looks), question)
        trial = self.tried[steps] = self._trial(steps, outcome)
        return trial

    def _answer(self, key: _Key, question: TargetQuestion) -> Outcome:
        return self.ahead.ask(key, question, self._likely)

    def _likely(self, waiting: Mapping[_Key, Outcome | None]) -> tuple[_Key, TargetQuestion] | None:
        """What is asked next if the questions that wait for their answer end as expected."""
        told = {steps: outcome for (steps, _), outcome in waiting.items()}
        return first_unanswered(_Scout(self, told).run)

    def _named(self, steps: Steps) -> dict[str, int]:
        return {row.lever: n for row, n in zip(self.levers, steps, strict=True) if n}

    def _reached_with_less(self, steps: Steps) -> float:
        """The most cars of a known plan that is one here too, for certain."""
        sure = [row.lever not in self.assumed for row in self.levers]
        volumes = [
            trial.volume or 0.0
            for less, trial in self.tried.items()
            if all(a == b or (a < b and s) for a, b, s in zip(less, steps, sure, strict=True))
        ]
        return SAME * max(volumes, default=0.0)

    def _start(self, steps: Steps) -> Plan | None:
        """The known plan that is most likely to do: the best with no more steps, else of any."""
        plans = [
            (within(known, steps), trial.volume or 0.0, trial.plan)
            for known, trial in self.tried.items()
            if trial.plan
        ]
        return max(plans, key=lambda item: item[:2])[2] if plans else None

    def _trial(self, steps: Steps, outcome: Outcome) -> Trial:
        names, verdict = self._named(steps), verdict_of(outcome, least_of(self.wanted))
        if not outcome.goals:
            return Trial(names, verdict)
        goal, plan = outcome.goal("target_date"), outcome.plan
        if plan is None:
            return Trial(names, verdict, None, goal.bound)
        if verdict == "reached":
            return Trial(names, verdict, goal.value, None, goal.period, plan)
        return Trial(names, verdict, goal.value, goal.bound, None, plan)


class _Scout(_Study):
    """A study that goes over the ground of another one and on from there, up to its first question.

    What the other does not know yet is taken to be as it is ``told`` or, where nobody knows
    it, to end as it is likely to.
    """

    def __init__(self, study: _Study, told: Mapping[Steps, Outcome | None]) -> None:
        vars(self).update(vars(study))
        self.tell = lambda _: None
        self.tried, self.hurting = dict(study.tried), set()
        self.alone, self.combinations = [], []
        self.tried.update(
            {
                steps: self._trial(steps, outcome) if outcome else self._expected(steps)
                for steps, outcome in told.items()
            }
        )

    def _answer(self, key: _Key, question: TargetQuestion) -> Outcome:
        raise Unanswered(key, question)

    def _expected(self, steps: Steps) -> Trial:
        """What the trials so far let expect of one more, as `_likely_reached` reads them."""
        done = [(steps, t.verdict) for steps, t in self.tried.items() if t.verdict != "open"]
        if _likely_reached(steps, self.most, done):
            return Trial(self._named(steps), "reached", math.inf)
        return Trial(self._named(steps), "missed", 0.0)


def _likely_reached(
    steps: Steps, most: Steps, done: Sequence[tuple[Steps, Verdict]], rounds: int = 200
) -> bool:
    """Whether a line through the trials that are done, on which no lever does harm, lies
    above 0 at these steps (least squares by projected gradients)."""
    if not any(verdict == "reached" for _, verdict in done):
        return False
    largest = np.maximum(most, 1)
    rows = np.array([(*np.divide(moved, largest), -1.0) for moved, _ in done])
    signs = np.array([1.0 if verdict == "reached" else -1.0 for _, verdict in done])
    hessian = rows.T @ rows + 0.1 * np.eye(rows.shape[1])
    along, step = rows.T @ signs, 1.0 / np.linalg.norm(hessian, 2)
    weights = np.zeros(rows.shape[1])
    for _ in range(rounds):
        weights = np.maximum(weights - step * (hessian @ weights - along), 0.0)
    return bool((*np.divide(steps, largest), -1.0) @ weights > 0)


def _with_fewest(steps: Steps, number: int, enough: Callable[[Steps], bool]) -> Steps:
    """These steps, which are enough, with the fewest of one lever that still are."""

    def with_only(count: int) -> Steps:
        return (*steps[:number], count, *steps[number + 1 :])

    low, high = -1, steps[number]
    while high - low > 1:
        middle = (low + high) // 2 if low >= 0 else 0  # to do without it is tried first
        if enough(with_only(middle)):
            high = middle
        else:
            low = middle
    return with_only(high)
