"""The atlas of near-best plans: how differently nearly the same can be reached.

A plan is near-best when it reaches the target as early as the best plan does (or some
window as much of it) and each further goal to within a part of its best value, all at
once (`near_best`). Of these plans some are shown, each as different as possible in its
decisions from all before, with the best volumes that its decisions allow. And for each
decision it is told whether all of these plans take it, none does, or some: "always" and
"never" are proven over all plans, "optional" by two audited plans, and what a limit left
unproven is "open".

Starts that can have no effect within the horizon are no decisions here: a plan is never
better for one. Not here: finding the best plan (see `optimizer.solving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from models.case import Case
from models.plan import PlanRecord
from models.target import LEAST, Goal
from optimizer.errors import EvplanError
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies.differences import DecisionChange, decision_changes
from optimizer.studies.fixing import with_starts

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.furthest import Differences, Differing
    from optimizer.highs import Progress, Stop
    from optimizer.studies.watching import Watch
    from optimizer.studies.worker import Reply

VerdictWord = Literal["always", "never", "optional", "open"]
#: Fewer decisions than this at once are sought one by one.
FEW = 4
#: Each of these has this part of the time for a question.
ONE_BY_ONE = 0.25
#: After so many of them it is told how many are left.
TOLD = 10
#: Plans shown beside the best one, unless asked for otherwise.
COUNT = 4


@dataclass(frozen=True)
class NearPlan:
    """One near-best plan.

    ``changes`` is what it decides otherwise than the best plan. ``apart`` is the
    difference to the nearest plan shown before it, ``bound`` what no near-best plan can
    pass (None: not proven): decisions taken or left, and half a decision for a start that
    moves from one end of the horizon to the other.
    """

    outcome: Outcome
    changes: tuple[DecisionChange, ...]
    apart: float
    bound: float | None


@dataclass(frozen=True)
class Verdict:
    """Whether the near-best plans take a decision.

    ``starts`` are the periods in which it starts in the plans found.
    """

    commitment: str
    verdict: VerdictWord
    starts: tuple[str, ...]


@dataclass(frozen=True)
class Alternatives:
    """Near-best plans of a case, and what all of them share.

    ``plans`` come in the order in which they were found. ``complete`` is False when a
    limit or an interruption ended the search; ``note`` says at what. ``sought`` is the most
    plans that were asked for: where a complete search has fewer, no further plan differs.
    """

    best: Outcome
    within: float
    plans: tuple[NearPlan, ...]
    verdicts: tuple[Verdict, ...]
    complete: bool = True
    note: str = ""
    sought: int = COUNT

    @cached_property
    def changes(self) -> pd.DataFrame:
        """A row for each decision of a plan that differs from the best plan's."""
        import pandas as pd

        rows = [
            {"plan": number, **asdict(change)}
            for number, near in enumerate(self.plans, 2)
            for change in near.changes
        ]
        return pd.DataFrame(rows, columns=["plan", *(f.name for f in fields(DecisionChange))])

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """A row per decision: its verdict, and its start in each plan (blank: not taken)."""
        import pandas as pd

        records = [self.best.plan, *(near.outcome.plan for near in self.plans)]
        starts = [starts_in(plan.record) for plan in records if plan is not None]
        names = ["best", *(f"plan {number}" for number in range(2, len(starts) + 1))]
        rows = [
            {
                "commitment": verdict.commitment,
                "verdict": verdict.verdict,
                **{
                    name: start.get(verdict.commitment, "")
                    for name, start in zip(names, starts, strict=True)
                },
            }
            for verdict in self.verdicts
        ]
        return pd.DataFrame(rows, columns=["commitment", "verdict", *names])


def near_best(case: Case, best: Outcome, within: float) -> Case:
    """The case whose plans are those that are nearly as good as the best one.

    Every goal becomes a condition: the target is reached no later than by the best plan
    (or, out of reach, some window has all but ``within`` of the best one's volume), and
    every other goal is worse than its best value by at most this part of it. Raises
    `EvplanError` when there is no plan to be near to.
    """
    if best.plan is None:
        raise EvplanError("there is no plan, and so none that is nearly as good")
    target, conditions = case.target, []
    for goal, result in zip(case.goals_in_order, best.goals, strict=True):
        if goal.kind != "target_date":
            give = within * abs(result.best)
            worst = result.best + give if goal.kind in LEAST else result.best - give
            # What the plan itself has is near enough: it gave up tolerances for later goals.
            pick = max if goal.kind in LEAST else min
            worst = pick(worst, result.value)
            if goal.no_worse_than is not None:
                worst = -pick(-worst, -goal.no_worse_than)
            conditions.append(goal.model_copy(update={"no_worse_than": worst, "tolerance": 0.0}))
        elif target is not None and result.period is not None:
            target = target.model_copy(update={"deadline": result.period, "required": True})
        elif target is not None:
            volume = (1 - within) * result.value
            target = target.model_copy(update={"volume": volume, "required": True})
    # A goal more, as a case without goals has those that are usual.
    goals = tuple(conditions) or (Goal(kind="volume"),)
    return case.replace(target=target, goals=goals)


def starts_in(record: PlanRecord) -> dict[str, str]:
    """What a plan decides to start, and when: ids and labels of periods."""
    return {row.commitment: row.start or "" for row in record.decisions if not row.in_place}


def alternatives(
    case: Case,
    *,
    within: float = 0.01,
    count: int = COUNT,
    settings: Settings | None = None,
    best: Outcome | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    told: Callable[[str], None] | None = None,
    stop: Stop | None = None,
) -> Alternatives:
    """Near-best plans as different as possible, and what all near-best plans share.

    ``within`` is the part of its best value that each goal may lose, ``count`` the
    most plans to show beside the best one, ``best`` the case's outcome if it is known.
    ``settings.time_limit`` holds for each question asked; decisions that are asked for one by
    one are shared out among ``workers`` (processes; None: one for each core). ``told`` is
    told, in words, how far it is. Raises `EvplanError` when the
    case has no plan; an interruption ends it with what was found.
    """
    from optimizer.solving import solve
    from optimizer.studies.watching import Watch

    settings, told = settings or Settings(), told or (lambda _words: None)
    with Watch(stop=stop) as watch:
        best = best or solve(case, settings, progress=progress, stop=watch.stop)
        near = near_best(case, best, within)
        atlas = _Atlas(case, near, best, settings, progress, watch, workers, told)
        plans = list(atlas.different(count))
        verdicts = atlas.verdicts()
    return Alternatives(
        best,
        within,
        tuple(plans),
        verdicts,
        complete=not atlas.cut_short,
        note=atlas.note,
        sought=count,
    )


@dataclass(frozen=True)
class _Otherwise:
    """Whether some plan of a case decides on one commitment otherwise than a known plan."""

    case: Case
    known: PlanRecord
    id: str

    def answer(self, settings: Settings, watch: Watch | None = None) -> Differing | None:
        """Such a plan, or the proof that there is none; None where a limit came first.

        Raises `Interrupted` when the watch is over.
        """
        from optimizer.furthest import Differences
        from optimizer.studies.watching import Interrupted, Watch

        if watch is None:
            with Watch() as own:
                return self.answer(settings, own)
        question = Differences(self.case, [self.known], settings, stop=watch.stop)
        found = question.otherwise([self.id])
        if watch.over:
            raise Interrupted
        return found


def _differing(_question: object, _settings: Settings, reply: Reply) -> Differing | None:
    """The answer to such a question in a worker's reply."""
    from optimizer.furthest import Differing

    return None if reply.found is None else Differing(**reply.found)


@dataclass
class _Atlas:
    """The search; ``records`` are the audited near-best plans found so far."""

    case: Case
    near: Case
    best: Outcome
    settings: Settings
    progress: Callable[[Progress], None] | None
    watch: Watch
    workers: int | None
    told: Callable[[str], None]
    records: list[PlanRecord] = field(default_factory=list)
    cut_short: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        assert self.best.plan is not None  # `near_best` has seen to it
        self.records.append(self.best.plan.record)

    def different(self, count: int) -> Iterator[NearPlan]:
        """Plans, each as far as possible from all before."""
        from optimizer.furthest import Differences

        # Two decisions that only move never count as much as one taken or left.
        moved = 0.5 / max(1, len(self.case.horizon.labels))
        for _ in range(count):
            if self._stopped("when plans were sought that differ"):
                return
            question = Differences(
                self.near, self.records, self.settings, moved=moved, stop=self.watch.stop
            )
            found = question.furthest(self.progress)
            if found is None or found.apart < moved / 2:
                proven = found is not None and found.bound is not None and found.bound < moved
                if not proven and not self._stopped("when plans were sought that differ"):
                    self.cut_short = True
                    self.note = "that no further plan differs is not proven"
                return
            outcome = self._with(found)
            if outcome is not None:
                self.told(f"{len(self.records)} plans, the last {found.apart:.1f} decisions apart")
                yield self._shown(outcome, found)

    def _with(self, found: Differing) -> Outcome | None:
        """The best plan with these decisions, audited; it is one of the records then."""
        from optimizer.solving import solve

        # Settled decisions leave a linear program: no limit but a stop is needed.
        settings = self.settings.model_copy(update={"time_limit": None})
        outcome = solve(with_starts(self.near, found.starts), settings, stop=self.watch.stop)
        if outcome.plan is None:
            return None
        self.records.append(outcome.plan.record)
        return outcome

    def _shown(self, outcome: Outcome, found: Differing) -> NearPlan:
        return NearPlan(outcome, decision_changes(self.best, outcome), found.apart, found.bound)

    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for every decision that the rules leave open, in the order of the case."""
        question = self._question(self.settings)
        undecided, proven = question.undecided, set[str]()
        self._all_at_once(question, undecided, proven)
        for id in self._same(undecided):
            if id not in proven and not self.watch.over and question.never_otherwise(id):
                proven.add(id)
        self._one_by_one(undecided, proven)
        return tuple(self._verdict(id, id in proven) for id in undecided)

    def _question(self, settings: Settings) -> Differences:
        from optimizer.furthest import Differences

        return Differences(self.near, self.records[:1], settings, stop=self.watch.stop)

    def _same(self, ids: list[str]) -> list[str]:
        """Those that all plans found so far decide alike."""
        taken = [starts_in(record) for record in self.records]
        return [id for id in ids if len({id in starts for starts in taken}) == 1]

    def _all_at_once(self, question: Differences, ids: list[str], proven: set[str]) -> None:
        """Seek plans that decide as many as possible otherwise, as long as that settles much."""
        while rest := self._same(ids):
            if self._stopped("when it was asked which decisions all plans share"):
                return
            found = question.otherwise(rest, self.progress)
            if found is None:
                return
            if found.none_differs:
                proven.update(rest)
                return
            self.told(f"{len(rest)} of {len(ids)} decisions are alike in all plans so far")
            few = found.apart < FEW
            if found.apart < 0.5 or self._with(found) is None or few:
                return

    def _one_by_one(self, ids: list[str], proven: set[str]) -> None:
        """Ask for each that is left alone, with a part of the time for each."""
        from optimizer.studies.ahead import Ahead
        from optimizer.studies.watching import Interrupted

        limit = self.settings.time_limit
        update = {"time_limit": None if limit is None else limit * ONE_BY_ONE}
        each = self.settings.model_copy(update=update)
        ahead: Ahead[str, Differing | None] = Ahead(self.watch, each, self.workers, _differing)
        waiting = [id for id in ids if id not in proven]

        def following(among: Mapping[str, Differing | None]) -> tuple[str, _Otherwise] | None:
            same = set(self._same(ids))
            id = next((id for id in waiting if id in same and id not in among), None)
            return None if id is None else (id, self._otherwise(id))

        self.told(f"{len(set(self._same(ids)) - proven)} decisions are asked for one by one")
        while waiting:
            id = waiting.pop(0)
            if id not in self._same(ids):
                continue
            if len(waiting) % TOLD == 0:
                self.told(f"{len(waiting)} decisions are left after this one")
            try:
                found = ahead.ask(id, self._otherwise(id), following)
            except Interrupted:
                self._stopped("when it was asked which decisions all plans share")
                return
            if found is not None and found.none_differs:
                proven.add(id)
            elif found is None or found.apart < 0.5 or self._with(found) is None:
                self.cut_short = True
                self.note = self.note or "the time limit for a question came before some proofs"

    def _otherwise(self, id: str) -> _Otherwise:
        return _Otherwise(self.near, self.records[0], id)

    def _stopped(self, when: str) -> bool:
        if not self.watch.over:
            return False
        self.cut_short = True
        self.note = self.note or f"it was interrupted {when}"
        return True

    def _verdict(self, id: str, proven: bool) -> Verdict:
        found = [starts_in(record) for record in self.records]
        starts = sorted({plan[id] for plan in found if id in plan}, key=self._place)
        taken = sum(id in plan for plan in found)
        word: VerdictWord = "open"
        if 0 < taken < len(found):
            word = "optional"
        elif proven:
            word = "always" if taken else "never"
        return Verdict(id, word, tuple(starts))

    def _place(self, label: str) -> int:
        return self.case.horizon.index(label)
