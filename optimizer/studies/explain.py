"""Why a plan is as it is: what its limits cost, and the price of every decision.

Every number comes from an audited re-solve of a changed case, compared goal by goal (see
`optimizer.studies.gains`). What is asked stands in `optimizer.studies.limits` and
`optimizer.studies.prices`. Questions go out in rounds, the most important first:

1. limits, decisions forbidden, and options forced in, with all goals but the last, whose
   proof takes longest;
2. delays of the decisions that are worth something, period by period until the loss is
   that of forbidding them;
3. both again with all goals where the first ones cannot tell the plans apart.

Answers are handed on as they come, and what is there when somebody stops is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from models.case import Case
from models.paths import nearest
from models.problem import CaseError, Problem
from optimizer.outcome import Outcome
from optimizer.settings import Settings
from optimizer.studies import limits as limiting
from optimizer.studies import prices as pricing
from optimizer.studies.explanation import Explanation, LimitGain, Price, Staircase, rank
from optimizer.studies.gains import gains
from optimizer.studies.inquiry import Answers, Asked, Finding, Inquiry, Progress, alone, taught
from optimizer.studies.question import Lesson
from optimizer.studies.steps import Limit, limit_named

if TYPE_CHECKING:
    from optimizer.highs import Stop

Part = Literal["limits", "prices"]
#: Goals that are sought: all but the last one, that one too where it is needed, or all.
Depth = Literal["first", "needed", "all"]
#: Cases with no more undecided commitments than this are solved so quickly that all goals
#: can be sought everywhere.
FEW = 40
#: Periods of delay that are priced unless asked otherwise.
DELAYS = 2


def explain(
    outcome: Outcome,
    *,
    parts: Iterable[Part] = ("limits", "prices"),
    only: Iterable[str] = (),
    kinds: Iterable[str] = pricing.USUAL,
    steps: Mapping[str, float] | None = None,
    delays: int = DELAYS,
    depth: Depth | None = None,
    time_limit: float | None = None,
    lesson: Lesson | None = None,
    answers: Answers | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Explanation:
    """What the limits of a plan cost, and the price of its decisions.

    ``only`` keeps limits and commitments whose path begins with one of these words, of
    whatever kind; ``kinds`` are the tables of commitments that are priced otherwise.
    ``steps`` are steps of limits by their path or kind, ``delays`` the most periods of
    delay. ``depth`` tells which goals are sought (see the module); None: `usual_depth`. ``time_limit`` is for
    each re-solve, in seconds; what it cuts short has wider limits (`Gain.least`,
    `Gain.most`). ``lesson`` is what the solve of the case taught
    (`optimizer.studies.inquiry.taught`): in large cases questions are answered several
    times as quickly with it, so that it is solved for that where nothing is given. ``progress`` is called with each finding. ``answers`` asks elsewhere
    than in this process, with settings as `settings_for` gives them.

    When ``stop.asked`` is set or Ctrl-C pressed, what is there is handed back, and ``left``
    says how many questions have no answer. Raises `CaseError` for words that name nothing,
    `ValueError` for an outcome without a plan.
    """
    if outcome.plan is None:
        raise ValueError("there is no plan to explain")
    depth = depth or usual_depth(outcome.case)
    words, parts = tuple(only), tuple(parts)
    limits = _chosen_limits(outcome, parts, words, steps)
    taken, options = _chosen_decisions(outcome, parts, words, tuple(kinds))
    met = [(one.path, one.kind) for one in limits] + [(id, "") for id in taken]
    met += [(one.commitment, "") for one in options]
    unmet = [word for word in words if not any(_named([word], *one) for one in met)]
    if unmet:
        _refuse(outcome, unmet)
    ask_alone = [one for one in options if not one.needs or words]
    if answers is None and lesson is None and usual_depth(outcome.case) != "all":
        _, lesson = taught(outcome.case, outcome.settings, stop=stop)
    asking = answers or alone(outcome.case, settings_for(outcome, time_limit), stop)
    work = Inquiry(outcome, asking, progress or (lambda *_: None), lesson=lesson)

    short = outcome.case if depth == "all" else without_last_goal(outcome.case)
    forced = [one.commitment for one in ask_alone]
    done = _both(work, short, limits, taken, forced, delays)
    if done and depth == "needed" and short is not outcome.case:
        same = {key for key, one in work.found.items() if one.told == "same"}
        _both(
            work,
            outcome.case,
            [one for one in limits if ("limit", one.path, one.step) in same],
            [id for id in taken if ("forbid", id, 0) in same],
            [id for id in forced if ("force", id, 0) in same],
            delays,
        )
    found = list(work.found.values())
    place = {id: number for number, id in enumerate([*taken, *forced])}
    priced = [one for one in found if isinstance(one, Price)]
    return Explanation(
        outcome,
        tuple(sorted((one for one in found if isinstance(one, LimitGain)), key=rank)),
        tuple(sorted(priced, key=lambda one: (place[one.commitment], one.periods))),
        tuple(one for one in options if one not in ask_alone),
        work.left,
    )


def staircase(
    outcome: Outcome,
    path: str,
    steps: Sequence[float],
    *,
    depth: Depth | None = None,
    time_limit: float | None = None,
    lesson: Lesson | None = None,
    answers: Answers | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Staircase:
    """What a limit brings step by step, each against the case as it is.

    ``path`` names a limit, or any number of the case (see `optimizer.studies.limits`);
    ``steps`` are how much looser it gets. All else is as in `explain`.
    """
    if outcome.plan is None:
        raise ValueError("there is no plan to explain")
    depth = depth or usual_depth(outcome.case)
    limit = limit_named(outcome.case, path)
    known = {one.path: one for one in limiting.limits_of_plan(outcome)}
    limit = known.get(limit.path, limit)
    if answers is None and lesson is None and usual_depth(outcome.case) != "all":
        _, lesson = taught(outcome.case, outcome.settings, stop=stop)
    asking = answers or alone(outcome.case, settings_for(outcome, time_limit), stop)
    work = Inquiry(outcome, asking, progress or (lambda *_: None), lesson=lesson)
    case = outcome.case if depth == "all" else without_last_goal(outcome.case)
    sizes = [by for by in dict.fromkeys(steps) if by]
    if work.ask([work.limit(case, limit, by) for by in sizes]) and depth == "needed":
        same = [by for by in sizes if work.found["limit", limit.path, by].told == "same"]
        work.ask([work.limit(outcome.case, limit, by) for by in same])
    found = [one for one in work.found.values() if isinstance(one, LimitGain)]
    if 0 in steps:
        found.append(LimitGain(limit, 0.0, outcome.status, gains(outcome, outcome)))
    return Staircase(outcome, limit, tuple(sorted(found, key=lambda one: one.by)), work.left)


def usual_depth(case: Case) -> Depth:
    """All goals in a small case; in others the last one only where it is needed."""
    undecided = sum(row.status in ("optional", "mandatory") for row in case.commitments.values())
    return "all" if undecided <= FEW else "needed"


def settings_for(outcome: Outcome, time_limit: float | None) -> Settings:
    """Settings of the re-solves: those of the plan, with another time limit."""
    return outcome.settings.model_copy(update={"time_limit": time_limit})


def without_last_goal(case: Case) -> Case:
    """The case without its last goal, if it has several and that one is no condition too."""
    *goals, last = case.goals_in_order
    return case.replace(goals=tuple(goals)) if goals and last.no_worse_than is None else case


# Rounds --------------------------------------------------------------------------------


def _both(
    work: Inquiry,
    case: Case,
    limits: Sequence[Limit],
    taken: Sequence[str],
    forced: Sequence[str],
    delays: int,
) -> bool:
    """All of these, and then the delays of what is worth something; False when stopped."""
    wanted: list[Asked | Finding | None] = []
    wanted += [work.limit(case, limit, limit.step) for limit in limits]
    wanted += [work.decision(case, "forbid", id) for id in taken]
    wanted += [work.decision(case, "force", id) for id in forced]
    if not work.ask([one for one in wanted if one is not None]):
        return False
    waiting = [id for id in taken if _told(work, id) != "same"]
    for periods in range(1, delays + 1):
        late = [work.decision(case, "delay", id, periods) for id in waiting]
        if not work.ask([one for one in late if one is not None]):
            return False
        waiting = [id for id in waiting if not _as_bad(work, id, periods)]
    return True


def _told(work: Inquiry, id: str) -> str:
    one = work.found.get(("forbid", id, 0))
    return one.told if one else "same"


def _as_bad(work: Inquiry, id: str, periods: int) -> bool:
    """A delay loses as much as forbidding, as far as the gaps tell, or cannot be asked."""
    delay, forbidden = work.found.get(("delay", id, periods)), work.found["forbid", id, 0]
    if delay is None or not delay.gains or not forbidden.gains:
        return delay is None or delay.status == forbidden.status == "infeasible"
    pairs = zip(delay.gains, forbidden.gains, strict=False)
    return all(abs(one.value - other.value) <= max(one.blur, 1e-9) for one, other in pairs)


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


def _refuse(outcome: Outcome, words: Iterable[str]) -> None:
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
