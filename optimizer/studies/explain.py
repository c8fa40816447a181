"""Why a plan is as it is: what its limits cost, and the price of every decision.

Every number comes from an audited re-solve of a changed case, compared goal by goal (see
`optimizer.studies.gains`). What is asked stands in `optimizer.studies.limits` and
`optimizer.studies.prices`. Questions go out in rounds, the most important first: limits,
decisions forbidden, options forced in, and then delays of those decisions whose loss is
not nought, period by period until the loss is that of forbidding them. Answers are handed
on as they come, and what is there when somebody stops is kept.

Words and tables for people are in `optimizer.reporting.explaining`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from models.case import Case
from models.outcome import Status
from models.plan import PlanRecord
from models.problem import CaseError, Problem
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies import limits as limiting
from optimizer.studies import prices as pricing
from optimizer.studies.differences import LimitChange, chosen, limit_changes
from optimizer.studies.gains import Gain, Relation, Told, gains, told
from optimizer.studies.limits import Limit
from optimizer.studies.many import Answer, Unfinished
from optimizer.studies.question import Question

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.highs import Stop

#: Answers questions as they are found; see `optimizer.studies.many.Asking.answers`.
Answers = Callable[[Sequence[Question]], Iterator[Answer]]
Part = Literal["limits", "prices"]
Move = Literal["forbid", "delay", "force"]
Verdict = Literal["always", "never", "edge", "open"]
#: Periods of delay that are priced unless asked otherwise.
DELAYS = 2


@dataclass(frozen=True)
class LimitGain:
    """What the next step of a limit brings.

    ``by`` is how much the limit is looser. ``status`` is that of the re-solve; without a
    plan ``gains`` are blank. ``fault`` tells why there is no answer.
    """

    limit: Limit
    by: float
    status: Status
    gains: tuple[Gain, ...] = ()
    fault: str = ""

    @property
    def told(self) -> Told:
        """What all goals in their order say of the step."""
        return "open" if not self.gains else told(self.gains)


@dataclass(frozen=True)
class Price:
    """What the plan loses when one decision is taken out of its hands.

    ``move``: it is forbidden, may not start until ``periods`` later than planned, or is
    forced in. ``rules`` tells where the rules of the case alone leave no plan. ``came`` and
    ``went`` are the other commitments that the new plan starts and no longer starts;
    ``limits`` those that bind now and did not in the plan.
    """

    commitment: str
    move: Move
    periods: int
    status: Status
    gains: tuple[Gain, ...] = ()
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    rules: str = ""
    fault: str = ""

    @property
    def told(self) -> Told:
        """What all goals in their order say; without any plan it is worse for certain."""
        if self.status == "infeasible":
            return "worse"
        return "open" if not self.gains else told(self.gains)

    @property
    def verdict(self) -> Verdict:
        """Always or never worth it, on the edge, or open.

        ``always``: leaving the decision out, or late, loses for certain. ``never``: the
        option loses for certain. ``edge``: the gaps cannot tell. ``open``: a proof was not
        finished.
        """
        if self.told == "worse":
            return "never" if self.move == "force" else "always"
        return "edge" if self.told == "same" else "open"


@dataclass(frozen=True)
class Explanation:
    """Limits and prices of a plan, as far as they were worked out.

    ``limit_gains`` are ranked, most gain first; ``priced`` are in the order of importance.
    ``together`` are options that share the fate of others and were not asked. ``left`` is
    the number of questions without an answer, because somebody stopped.
    """

    outcome: Outcome
    limit_gains: tuple[LimitGain, ...] = ()
    priced: tuple[Price, ...] = ()
    together: tuple[pricing.Option, ...] = ()
    left: int = 0

    @property
    def limits(self) -> pd.DataFrame:
        """One row for each limit: its step, when it binds, the gain in each goal."""
        return _frame(self.outcome.case, [limit_row(one) for one in self.limit_gains])

    @property
    def prices(self) -> pd.DataFrame:
        """One row for each decision forbidden, delayed or forced, with the loss in each goal."""
        return _frame(self.outcome.case, [price_row(one) for one in self.priced])


@dataclass(frozen=True)
class Staircase:
    """What a limit brings step by step; ``steps`` begin with the case as it is."""

    outcome: Outcome
    limit: Limit
    steps: tuple[LimitGain, ...]
    left: int = 0

    @property
    def table(self) -> pd.DataFrame:
        """One row for each step, with the gain in each goal against the case as it is."""
        return _frame(self.outcome.case, [limit_row(one) for one in self.steps])


@dataclass(frozen=True)
class _Asked:
    """A question, and what its answer becomes."""

    question: Question
    made: Callable[[Outcome], LimitGain | Price]
    failed: Callable[[str], LimitGain | Price]


@dataclass
class _Round:
    """Everything asked so far and what came of it, for `explain` and `staircase`."""

    answers: Answers
    told: Callable[[LimitGain | Price, int, int], None]
    found: list[LimitGain | Price] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    left: int = 0

    def ask(self, asked: Sequence[_Asked]) -> bool:
        """Ask and note each answer as it comes; False when somebody stopped."""
        self.left += len(asked)
        try:
            for answer in self.answers([one.question for one in asked]):
                one = asked[answer.number]
                self.note(
                    one.failed(answer.fault) if answer.outcome is None else one.made(answer.outcome)
                )
        except Unfinished:
            return False
        return True

    def note(self, result: LimitGain | Price) -> None:
        self.found.append(result)
        self.left -= 1
        self.told(result, len(self.found), len(self.found) + self.left)


def explain(
    outcome: Outcome,
    *,
    parts: Iterable[Part] = ("limits", "prices"),
    only: Iterable[str] = (),
    kinds: Iterable[str] = pricing.USUAL,
    steps: Mapping[str, float] | None = None,
    delays: int = DELAYS,
    quick: bool = False,
    time_limit: float | None = None,
    answers: Answers | None = None,
    progress: Callable[[LimitGain | Price, int, int], None] | None = None,
    stop: Stop | None = None,
) -> Explanation:
    """What the limits of a plan cost, and the price of its decisions.

    ``only`` keeps limits and commitments whose path begins with one of these words, of
    whatever kind; ``kinds`` are the tables of commitments that are priced otherwise.
    ``steps`` are steps of limits by their path or kind, ``delays`` the most periods of
    delay. ``quick`` leaves out the last goal. ``time_limit`` is for each re-solve, in
    seconds; what it cuts short has wider limits (`Gain.least`, `Gain.most`). ``progress``
    is called with each result, their number so far, and how many are known of. ``answers``
    asks elsewhere than in this process, with settings as `settings_for` gives them.

    When ``stop.asked`` is set or Ctrl-C pressed, what is there is handed back, and ``left``
    says how many questions have no answer. Raises `CaseError` for words that name nothing,
    `ValueError` for an outcome without a plan.
    """
    if outcome.plan is None:
        raise ValueError("there is no plan to explain")
    first = without_last_goal(outcome) if quick else outcome
    words, parts = tuple(only), tuple(parts)
    limits = _chosen_limits(first, parts, words, steps)
    taken, options = _chosen_decisions(first, parts, words, tuple(kinds))
    if words and not limits and not taken and not options:
        _refuse(first, words)
    asking = answers or alone(first.case, settings_for(first, time_limit), stop)
    work = _Round(asking, progress or (lambda *_: None))
    record = first.plan.record if first.plan else None
    alone_options = [option for option in options if not option.needs or words]
    asked: list[_Asked | LimitGain | Price] = []
    asked += [_about_limit(first, limit, limit.step) for limit in limits]
    asked += [_about_decision(work, first, "forbid", id, record) for id in taken]
    asked += [
        _about_decision(work, first, "force", option.commitment, record) for option in alone_options
    ]
    if _ask(work, asked):
        _ask_delays(work, first, taken, delays)
    return Explanation(
        first,
        tuple(sorted((x for x in work.found if isinstance(x, LimitGain)), key=rank)),
        _in_order([x for x in work.found if isinstance(x, Price)], taken, alone_options),
        tuple(option for option in options if option not in alone_options),
        work.left,
    )


def staircase(
    outcome: Outcome,
    path: str,
    steps: Sequence[float],
    *,
    quick: bool = False,
    time_limit: float | None = None,
    answers: Answers | None = None,
    progress: Callable[[LimitGain | Price, int, int], None] | None = None,
    stop: Stop | None = None,
) -> Staircase:
    """What a limit brings step by step, each against the case as it is.

    ``path`` names a limit, or any number of the case (`optimizer.studies.limits.
    limit_named`); ``steps`` are how much looser it gets. All else is as in `explain`.
    """
    if outcome.plan is None:
        raise ValueError("there is no plan to explain")
    first = without_last_goal(outcome) if quick else outcome
    limit = limiting.limit_named(first.case, path)
    known = {one.path: one for one in limiting.limits_of_plan(first)}
    limit = known.get(limit.path, limit)
    asking = answers or alone(first.case, settings_for(first, time_limit), stop)
    work = _Round(asking, progress or (lambda *_: None))
    _ask(work, [_about_limit(first, limit, by) for by in dict.fromkeys(steps) if by])
    found = [one for one in work.found if isinstance(one, LimitGain)]
    if 0 in steps:
        found.append(LimitGain(limit, 0.0, first.status, gains(first, first)))
    return Staircase(first, limit, tuple(sorted(found, key=lambda one: one.by)), work.left)


# Asking --------------------------------------------------------------------------------


def settings_for(outcome: Outcome, time_limit: float | None) -> Settings:
    """Settings of the re-solves: those of the plan, with another time limit."""
    return outcome.settings.model_copy(update={"time_limit": time_limit})


def without_last_goal(outcome: Outcome) -> Outcome:
    """The outcome without its last goal, if it has several; the plan stays."""
    case = outcome.case
    goals = case.goals_in_order[:-1]
    if not goals:
        return outcome
    return replace(outcome, case=case.replace(goals=goals), goals=outcome.goals[:-1])


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
                prepared = prepared or Prepared(case, settings)
                fault, outcome = "", None
                try:
                    outcome = prepared.solve(question.case, start=question.start, stop=asked_to)
                except (AuditError, SolverError) as error:
                    fault = str(error)
                if asked_to.asked.is_set():  # cut short by hand: it says nothing
                    raise Unfinished(number, len(questions) - number, None)
                yield Answer(number, outcome, fault)

    return answers


def _ask(work: _Round, asked: Sequence[_Asked | LimitGain | Price]) -> bool:
    """Ask what has to be solved; what is known without goes first."""
    open_ones = [one for one in asked if isinstance(one, _Asked)]
    known = [one for one in asked if not isinstance(one, _Asked)]
    work.left += len(known)
    for one in known:
        work.note(one)
    return work.ask(open_ones)


def _about_limit(first: Outcome, limit: Limit, by: float) -> _Asked | LimitGain:
    try:
        case = limiting.loosened(first.case, limit, by)
    except CaseError as error:
        return LimitGain(limit, by, "unknown", fault=_why(error))
    relation: Relation = "looser" if limit.pure and by > 0 else ""

    def made(outcome: Outcome) -> LimitGain:
        return LimitGain(limit, by, outcome.status, gains(first, outcome, relation))

    def failed(fault: str) -> LimitGain:
        return LimitGain(limit, by, "unknown", fault=fault)

    start = first.plan.record if first.plan else None
    return _Asked(Question(case, start), made, failed)


def _about_decision(
    work: _Round, first: Outcome, move: Move, id: str, known: PlanRecord | None, periods: int = 0
) -> _Asked | Price:
    assert first.plan is not None
    record = first.plan.record
    blank = Price(id, move, periods, "unknown")
    start: PlanRecord | None
    try:
        if move == "force":
            case: Case | None = pricing.forced(first.case, id)
            start = pricing.including(first.case, record, id)
        elif move == "forbid":
            case = pricing.forbidden(first.case, id)
            start = pricing.without(first.case, record, [id])
        else:
            case = pricing.delayed(first.case, id, chosen(record)[id].start or "", periods)
            start = known
    except CaseError as error:
        return replace(blank, status="infeasible", rules=_why(error))
    assert case is not None

    def made(outcome: Outcome) -> Price:
        if move == "forbid":
            work.outcomes[id] = outcome
        return _price(first, replace(blank, status=outcome.status), outcome)

    return _Asked(Question(case, start), made, lambda fault: replace(blank, fault=fault))


def _price(first: Outcome, blank: Price, outcome: Outcome) -> Price:
    """A price with what its re-solve found."""
    if outcome.plan is None or first.plan is None:
        return blank
    before, after = chosen(first.plan.record), chosen(outcome.plan.record)
    return replace(
        blank,
        gains=gains(first, outcome, "tighter"),
        came=tuple(id for id in after if id not in before and id != blank.commitment),
        went=tuple(id for id in before if id not in after and id != blank.commitment),
        limits=tuple(
            change
            for change in limit_changes(first, outcome)
            if change.after and not change.before and change.kind != "demand"
        ),
    )


def _ask_delays(work: _Round, first: Outcome, taken: list[str], delays: int) -> None:
    """Delays of what is worth something, period by period until nothing more is lost."""
    forbidden = {
        one.commitment: one for one in work.found if isinstance(one, Price) and one.move == "forbid"
    }
    waiting = [id for id in taken if id in forbidden and forbidden[id].told != "same"]
    for periods in range(1, delays + 1):
        asked: list[_Asked | Price] = []
        for id in waiting:
            one = _delay(work, first, id, periods)
            if one is not None:
                asked.append(one)
        if not asked or not _ask(work, asked):
            return
        last = [
            one
            for one in work.found
            if isinstance(one, Price) and one.move == "delay" and one.periods == periods
        ]
        waiting = [one.commitment for one in last if not _as_bad(one, forbidden[one.commitment])]


def _delay(work: _Round, first: Outcome, id: str, periods: int) -> _Asked | Price | None:
    """A delay to be asked for; None where it is the same as forbidding."""
    assert first.plan is not None
    start = chosen(first.plan.record)[id].start or ""
    if pricing.delayed(first.case, id, start, periods) is None:
        return None
    without = work.outcomes.get(id)
    known = without.plan.record if without and without.plan else first.plan.record
    return _about_decision(work, first, "delay", id, known, periods)


def _as_bad(delay: Price, forbidden: Price) -> bool:
    """A delay loses as much as forbidding, as far as the gaps tell."""
    if delay.status == "infeasible" or not delay.gains or not forbidden.gains:
        return delay.status == forbidden.status == "infeasible"
    pairs = zip(delay.gains, forbidden.gains, strict=True)
    return all(abs(one.value - other.value) <= max(one.blur, 1e-9) for one, other in pairs)


def _why(error: CaseError) -> str:
    return "; ".join(problem.found for problem in error.problems)


# What is asked -------------------------------------------------------------------------


def _chosen_limits(
    outcome: Outcome,
    parts: tuple[Part, ...],
    words: tuple[str, ...],
    steps: Mapping[str, float] | None,
) -> tuple[Limit, ...]:
    if "limits" not in parts:
        return ()
    found = limiting.limits_of_plan(outcome, steps=steps)
    return tuple(one for one in found if not words or _named(words, one.path, one.kind))


def _chosen_decisions(
    outcome: Outcome, parts: tuple[Part, ...], words: tuple[str, ...], kinds: tuple[str, ...]
) -> tuple[list[str], list[pricing.Option]]:
    if "prices" not in parts:
        return [], []
    unknown = [kind for kind in kinds if kind not in pricing.IMPORTANCE]
    if unknown:
        allowed = ", ".join(pricing.IMPORTANCE)
        raise CaseError(
            [Problem("kinds", found=f"{kind!r} is no kind", allowed=allowed) for kind in unknown]
        )

    def wanted(id: str) -> bool:
        return _named(words, id, "") if words else id.split(".")[0] in kinds

    taken = [id for id in pricing.decisions_taken(outcome) if wanted(id)]
    return taken, [one for one in pricing.options_left(outcome) if wanted(one.commitment)]


def _named(words: Iterable[str], path: str, kind: str) -> bool:
    return any(word in (path, kind) or path.startswith(word + ".") for word in words)


def _refuse(outcome: Outcome, words: tuple[str, ...]) -> None:
    from models.paths import nearest

    known = [one.path for one in limiting.limits_of_plan(outcome)]
    known += [row.id for row in outcome.case.commitments.values()]
    raise CaseError(
        [
            Problem(
                "only",
                found=f"{word!r} names no limit of this plan and no decision or option",
                allowed="the beginning of a path, such as resources or vehicles.c10",
                cure=nearest(word, known),
            )
            for word in words
        ]
    )


# Order and rows ------------------------------------------------------------------------

_TOLD: dict[Told, int] = {"better": 0, "open": 1, "same": 2, "worse": 3}


def rank(one: LimitGain) -> tuple[float, ...]:
    """Most gain first, goal by goal; then what is open, without effect, and at a loss."""
    order: list[float] = [_TOLD[one.told]]
    for gain in one.gains:
        order.append(-gain.value if gain.told in ("better", "worse", "open") else 0.0)
    return tuple(order)


def _in_order(
    found: list[Price], taken: list[str], options: list[pricing.Option]
) -> tuple[Price, ...]:
    """Decisions in the order of importance, each with its delays, and then options."""
    place = {id: n for n, id in enumerate([*taken, *(one.commitment for one in options)])}
    return tuple(sorted(found, key=lambda one: (place[one.commitment], one.periods)))


def limit_row(one: LimitGain) -> dict[str, Any]:
    """A limit's gain as one flat row."""
    return {
        "limit": one.limit.path,
        "kind": one.limit.kind,
        "looser_by": one.by,
        "unit": one.limit.unit,
        "binds": "|".join(one.limit.periods),
        "most_used": one.limit.most_used,
        "status": one.status,
        "told": one.told,
        "fault": one.fault,
        **gain_columns(one.gains),
    }


def price_row(one: Price) -> dict[str, Any]:
    """A price as one flat row."""
    return {
        "commitment": one.commitment,
        "move": one.move,
        "periods": one.periods,
        "status": one.status,
        "verdict": one.verdict,
        "came": "|".join(one.came),
        "went": "|".join(one.went),
        "limits": "|".join(f"{change.kind}.{change.name}" for change in one.limits),
        "rules": one.rules,
        "fault": one.fault,
        **gain_columns(one.gains),
    }


def gain_columns(found: Iterable[Gain]) -> dict[str, Any]:
    """Columns of the gains by goal: value, least, most, unit, told, and dates where there are."""
    row: dict[str, Any] = {}
    for gain in found:
        row[f"{gain.kind}_gain"] = gain.value
        row[f"{gain.kind}_least"] = gain.least
        row[f"{gain.kind}_most"] = gain.most
        row[f"{gain.kind}_unit"] = gain.unit
        row[f"{gain.kind}_told"] = gain.told
        row[f"{gain.kind}_given"] = gain.given
        row[f"{gain.kind}_after"] = gain.after.period or gain.after.best
    return row


def _frame(case: Case, rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    kinds = [goal.kind for goal in case.goals_in_order]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        columns = [f"{kind}_gain" for kind in kinds]
    return pd.DataFrame(rows, columns=columns)
