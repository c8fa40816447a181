"""Questions about a plan's limits and decisions, and what becomes of their answers.

Answers are noted as they come, so that what is there when somebody stops is kept. Not
here: which questions are asked (see `optimizer.studies.explain`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from models.case import Case
from models.plan import PlanRecord
from models.problem import CaseError
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies import prices as pricing
from optimizer.studies.differences import chosen, limit_changes
from optimizer.studies.explanation import LimitGain, Move, Price
from optimizer.studies.gains import Relation, gains
from optimizer.studies.many import Answer, Unfinished
from optimizer.studies.question import SHARE, Lesson, Question
from optimizer.studies.steps import Limit, loosened

if TYPE_CHECKING:
    from optimizer.highs import Progress as SolverProgress
    from optimizer.highs import Stop
    from optimizer.studies.store import Store

Finding = LimitGain | Price
#: Answers questions as they are found; see `optimizer.studies.many.Asking.answers`.
Answers = Callable[[Sequence[Question]], Iterator[Answer]]
#: Is told of each finding, the number of answers so far, and how many are known of.
Progress = Callable[[Finding, int, int], None]


@dataclass(frozen=True)
class Asked:
    """A question, and what its answer or the lack of one becomes."""

    question: Question
    made: Callable[[Outcome], Finding]
    failed: Callable[[str], Finding]


@dataclass
class Inquiry:
    """Questions about one plan; ``found`` is what came of them.

    ``outcome`` is that of the plan, with all its goals (the cases that are changed may lack
    the last one), ``lesson`` what its solve taught, for all others.
    """

    outcome: Outcome
    answers: Answers
    told: Progress
    found: dict[tuple[object, ...], Finding] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    lesson: Lesson | None = None
    answered: int = 0
    left: int = 0

    def ask(self, wanted: Sequence[Asked | Finding]) -> bool:
        """Note what is known without asking, ask the rest; False when somebody stopped."""
        asked = [one for one in wanted if isinstance(one, Asked)]
        self.left += len(wanted)
        for one in wanted:
            if not isinstance(one, Asked):
                self._note(one)
        try:
            for answer in self.answers([one.question for one in asked]):
                one = asked[answer.number]
                known = answer.outcome
                self._note(one.failed(answer.fault) if known is None else one.made(known))
        except Unfinished:
            return False
        return True

    def _note(self, finding: Finding) -> None:
        self.found[finding.key] = finding
        self.left -= 1
        self.answered += 1
        self.told(finding, self.answered, self.answered + self.left)

    # What is asked --------------------------------------------------------------------

    def limit(self, case: Case, limit: Limit, by: float) -> Asked | LimitGain:
        """What a limit brings that is looser by so much."""
        try:
            changed = loosened(case, limit, by)
        except CaseError as error:
            return LimitGain(limit, by, "unknown", fault=_why(error))
        relation: Relation = "looser" if limit.pure and by > 0 else ""

        def made(outcome: Outcome) -> LimitGain:
            found = gains(self.outcome, outcome, relation)
            return LimitGain(limit, by, outcome.status, found)

        def failed(fault: str) -> LimitGain:
            return LimitGain(limit, by, "unknown", fault=fault)

        return Asked(Question(changed, self._record, self.lesson), made, failed)

    def decision(self, case: Case, move: Move, id: str, periods: int = 0) -> Asked | Price | None:
        """What is lost when a decision is forbidden, late, or forced in.

        None for a delay beyond its window: that is the same as forbidding it.
        """
        blank = Price(id, move, periods, "unknown")
        record = self._record
        changed: Case | None
        try:
            if move == "force":
                changed, start = pricing.forced(case, id), pricing.including(case, record, id)
            elif move == "forbid":
                changed, start = pricing.forbidden(case, id), pricing.without(case, record, [id])
            else:
                planned = chosen(record)[id].start or ""
                changed = pricing.delayed(case, id, planned, periods)
                other = self.outcomes.get(id)
                start = other.plan.record if other and other.plan else record
        except CaseError as error:
            return replace(blank, fault=_why(error))
        if changed is None:
            return None

        def made(outcome: Outcome) -> Price:
            if move == "forbid":
                self.outcomes[id] = outcome
            return self._price(replace(blank, status=outcome.status), outcome)

        return Asked(
            Question(changed, start, self.lesson), made, lambda fault: replace(blank, fault=fault)
        )

    @property
    def _record(self) -> PlanRecord:
        assert self.outcome.plan is not None
        return self.outcome.plan.record

    def _price(self, blank: Price, outcome: Outcome) -> Price:
        """A price with what its re-solve found."""
        if outcome.plan is None:
            return blank
        first, id = self.outcome, blank.commitment
        before, after = chosen(self._record), chosen(outcome.plan.record)
        free = first.case.commitments[id].status == "optional"
        relation: Relation = "tighter" if free or blank.move == "delay" else ""
        return replace(
            blank,
            gains=gains(first, outcome, relation),
            came=tuple(other for other in after if other not in before and other != id),
            went=tuple(other for other in before if other not in after and other != id),
            limits=tuple(
                change
                for change in limit_changes(first, outcome)
                if change.after and not change.before and change.kind != "demand"
            ),
        )


def _why(error: CaseError) -> str:
    return "; ".join(problem.found for problem in error.problems)


def alone(case: Case, settings: Settings, stop: Stop | None = None) -> Answers:
    """Answers found in this process, one after the other, from one prepared problem."""

    def answers(questions: Sequence[Question]) -> Iterator[Answer]:
        from optimizer.errors import AuditError, SolverError
        from optimizer.highs import Stop, ctrl_c_asks
        from optimizer.solving import Prepared

        asked_to = stop or Stop()
        prepared: Prepared | None = None
        with ctrl_c_asks(asked_to):
            for number, question in enumerate(questions):
                if asked_to.asked.is_set():
                    raise Unfinished(number, len(questions) - number, None)
                if prepared is None:
                    known = question.lesson.knowledge if question.lesson else None
                    prepared = Prepared(case, settings, known=known)
                fault, outcome = "", None
                try:
                    outcome = prepared.solve(
                        question.case, start=question.start, share=SHARE, stop=asked_to
                    )
                except (AuditError, SolverError) as error:
                    fault = str(error)
                if asked_to.asked.is_set():  # cut short by hand: it says nothing
                    raise Unfinished(number, len(questions) - number, None)
                yield Answer(number, outcome, fault)

    return answers


def taught(
    case: Case,
    settings: Settings,
    *,
    store: Store | None = None,
    progress: Callable[[SolverProgress], None] | None = None,
    stop: Stop | None = None,
) -> tuple[Outcome, Lesson | None]:
    """The outcome of a case, and what its solve teaches; nothing where it was stopped.

    Both are kept in the store, if there is one. The settings' time limit does not hold
    here: what is learned must not hang on it. Raises as `optimizer.solve` does, and
    `StoreError`.
    """
    question, settings = _teaching(case, settings)
    if store is not None:
        store.prepare()  # a store that cannot be one is told before hours of search
    outcome, lesson = question.taught(settings, progress=progress, stop=stop)
    if store is not None and outcome.status in ("optimal", "infeasible"):
        store.put(question, outcome, lesson)
    return outcome, lesson


def taught_before(
    case: Case, settings: Settings, store: Store
) -> tuple[Outcome, Lesson | None] | None:
    """What `taught` would hand back, as far as a store has it; None where it must be solved."""
    outcome, lesson = store.taught(*_teaching(case, settings))
    if outcome is None or (outcome.proven and lesson is None):
        return None
    return outcome, lesson


def _teaching(case: Case, settings: Settings) -> tuple[Question, Settings]:
    free = settings.model_copy(update={"time_limit": None})
    return Question(case, teaches=True), free
