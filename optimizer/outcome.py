"""What `optimizer.solve` hands back: status, plan, goals, timings, provenance."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field

from models.base import Frozen
from models.case import Case
from models.outcome import STATUS_WORDS, GoalResult, Status
from models.plan import PlanRecord
from optimizer.plan import Plan
from optimizer.settings import Settings


class OutcomeRecord(Frozen):
    """An outcome as plain data that can be stored or sent, without its case and settings."""

    status: Status
    note: str = ""
    goals: tuple[GoalResult, ...] = ()
    plan: PlanRecord | None = None
    seconds: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The answer to one planning question.

    ``status`` is "optimal" (proven on every goal to within the gap), "feasible"
    (a plan; the proof is open), "infeasible" (proven twice that no plan exists)
    or "unknown" (stopped before any plan). ``plan`` is there with the first two
    and has passed its audit. ``seconds`` tells where the time went by phase (and
    is no part of the answer: outcomes that differ in it alone are equal), ``note``
    what a reader of the status should know.
    """

    case: Case
    settings: Settings
    status: Status
    plan: Plan | None = None
    goals: tuple[GoalResult, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
    note: str = ""

    def __post_init__(self) -> None:
        """A plan knows the case that it is a plan of, so that its charts have names."""
        if self.plan is not None and self.plan.case is not self.case:
            object.__setattr__(self, "plan", Plan(self.plan.record, self.case))

    @property
    def proven(self) -> bool:
        """Every goal is proven to within the gap asked for."""
        return self.status == "optimal"

    def goal(self, kind: str) -> GoalResult:
        """The result of one goal; raises `KeyError` when it is not among the goals."""
        for result in self.goals:
            if result.kind == kind:
                return result
        raise KeyError(kind)

    @property
    def record(self) -> OutcomeRecord:
        """The outcome as plain data, but for its case and settings."""
        return OutcomeRecord(
            status=self.status,
            note=self.note,
            goals=self.goals,
            plan=self.plan.record if self.plan else None,
            seconds=self.seconds,
        )

    @classmethod
    def of(cls, case: Case, settings: Settings, record: OutcomeRecord) -> Outcome:
        """The outcome of a case that a record tells of; its plan is not audited here."""
        plan = record.plan and record.plan.model_copy(update={"case": case.name})
        return cls(
            case,
            settings,
            record.status,
            plan=Plan(plan) if plan else None,
            goals=record.goals,
            seconds=record.seconds,
            note=record.note,
        )

    def __repr__(self) -> str:
        return f"<Outcome of {self.case.name}: {STATUS_WORDS[self.status]}>"

    def _repr_html_(self) -> str:
        from html import escape

        from optimizer.reporting.text import headline

        plan = self.plan._repr_html_() if self.plan else ""
        lines = "".join(f"<p>{escape(line)}</p>" for line in headline(self))
        return lines + plan
