"""A question: a case, the plan from which its search begins, and what was learned before.

Its answer is a function of exactly these, of the settings and of the code and
libraries at work, and `Question.key` is a hash of all that. So answers can be stored,
worked out in any order and in any process, and are still the same. Whatever else a
search is to know some day comes in here: as a part of the question, of
`Question.answer` and of `Question.key`.

Not here: keeping answers (see `optimizer.studies.store`), asking many questions (see
`optimizer.studies.many`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from models import case as cases
from models.case import PARTS, TABLES, Case
from models.plan import PlanRecord
from optimizer.fingerprint import fingerprint
from optimizer.outcome import Outcome
from optimizer.settings import Settings

if TYPE_CHECKING:
    from optimizer.highs import Progress, Stop
    from optimizer.searching import Knowledge

#: Columns and settings that no plan depends on.
SHOWN = frozenset({"name", "title", "note", "partner", "price_basis"})
#: Part of the time left that a goal may take where others follow: a plan whose proof a limit
#: cuts short is then at least a good one by the other goals too.
SHARE = 2 / 3


@dataclass(frozen=True)
class Lesson:
    """What the solve of a case left for those of what-ifs.

    The solve of ``case`` was without help, cut short by nothing, and proven; so with the same
    settings the knowledge is told by the case, whose digest is ``learned_from``.
    """

    knowledge: Knowledge
    case: Case
    learned_from: str

    @property
    def plain(self) -> dict[str, Any]:
        """The knowledge as JSON holds it exactly."""
        from optimizer.searching.plain import plain

        return plain(self.knowledge)

    @classmethod
    def of(cls, question: Question, data: object) -> Self:
        """The lesson of a question that taught plain data; raises `ValueError` for other data."""
        from optimizer.searching.plain import from_plain

        return cls(from_plain(data), question.case, question.case_digest)


@dataclass(frozen=True)
class Question:
    """A case to be solved, a known plan (of a case much like it) to begin with, and a lesson.

    With ``teaches`` the lesson of its own solve is wanted beside the answer, which is the
    same without. Such a question begins with nothing.
    """

    case: Case
    start: PlanRecord | None = None
    lesson: Lesson | None = field(default=None, compare=False)
    teaches: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.teaches and (self.start is not None or self.lesson is not None):
            raise ValueError("a question that is to teach begins with nothing")

    def answer(self, settings: Settings) -> Outcome:
        """The best plan of the case; raises as `optimizer.solve` does.

        Where the model of the case that the lesson is of can become this one, it does: only
        in a model of the same shape is all that was learned of use.
        """
        from optimizer.solving import Prepared  # loads the model and the solver
        from optimizer.world import can_become

        known, base = None, self.case
        if self.lesson is not None:
            known = self.lesson.knowledge
            base = self.lesson.case if can_become(self.lesson.case, self.case) else base
        prepared = Prepared(base, settings, known=known)
        return prepared.solve(self.case, start=self.start, share=SHARE)

    def taught(
        self,
        settings: Settings,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: Stop | None = None,
    ) -> tuple[Outcome, Lesson | None]:
        """The answer of a question that teaches, and its lesson; raises as `answer` does.

        There is a lesson where every goal is proven: whatever a limit or somebody cut
        short hangs on more than the question.
        """
        from optimizer.solving import Prepared

        prepared = Prepared(self.case, settings)
        outcome = prepared.solve(progress=progress, stop=stop)
        if not outcome.proven or prepared.known is None:
            return outcome, None
        return outcome, Lesson(prepared.known, self.case, self.case_digest)

    @cached_property
    def case_digest(self) -> str:
        """Hash of all of the case that its plans depend on."""
        return case_digest(self.case)

    def key(self, settings: Settings) -> str:
        """The name of the answer: a hash of all that it depends on.

        The time limit is no part of it: an answer that the limit did not cut short
        is the same under any other.
        """
        begun = None if self.start is None else _starts(self.start)
        how = settings.model_dump(mode="json", exclude={"time_limit"})
        learned = [self.lesson.learned_from] if self.lesson else []
        return digest([self.case_digest, begun, how, fingerprint(), *learned])


def case_digest(case: Case) -> str:
    """Hash of all of a case that its plans depend on: not of titles, notes, levers and sources."""
    settings = case.model_dump(mode="json", exclude={*SHOWN, *TABLES, "goals", "target", *PARTS})
    sections = {
        "horizon": case.horizon.model_dump(mode="json"),
        "finance": case.finance.model_dump(mode="json"),
        "target": case.target and case.target.model_dump(mode="json"),
        "goals": _rows(case.goals_in_order),
    }
    tables = {name: _rows(case.rows(name)) for name in TABLES if name not in cases.ASIDE}
    return digest([settings, sections, tables])


def _rows(rows: Iterable[Any]) -> list[Any]:
    return [row.model_dump(mode="json", exclude=SHOWN) for row in rows]


def _starts(plan: PlanRecord) -> list[list[str | None]]:
    """What of a known plan a search begins with: its starts."""
    return sorted([row.commitment, row.start] for row in plan.decisions if not row.in_place)


def digest(data: Any) -> str:
    """Hash of plain data; floats count to their last digit."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
