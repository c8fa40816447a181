"""What is known of a plan's limits and decisions: records, their verdicts, and frames.

Not here: how it is found out (see `optimizer.studies.explain`), words for people (see
`optimizer.reporting.explaining`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from models.case import Case
from models.outcome import Status
from optimizer.outcome import Outcome
from optimizer.studies.differences import LimitChange
from optimizer.studies.gains import Gain, Told, told
from optimizer.studies.prices import Option
from optimizer.studies.steps import Limit

if TYPE_CHECKING:
    import pandas as pd

Move = Literal["forbid", "delay", "force"]
Verdict = Literal["always", "never", "edge", "open"]


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
    def key(self) -> tuple[object, ...]:
        """What was asked."""
        return ("limit", self.limit.path, self.by)

    @property
    def told(self) -> Told:
        """What all goals in their order say of the step."""
        return "open" if not self.gains else told(self.gains)


@dataclass(frozen=True)
class Price:
    """What the plan loses when one decision is taken out of its hands.

    ``move``: it is forbidden, may not start until ``periods`` later than planned, or is
    forced in. ``came`` and
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
    fault: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What was asked."""
        return (self.move, self.commitment, self.periods)

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
        option loses for certain, or what is mandatory does. ``edge``: the gaps cannot
        tell. ``open``: a proof was not finished.
        """
        if self.told in ("worse", "better"):
            return "never" if (self.told == "better") != (self.move == "force") else "always"
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
    together: tuple[Option, ...] = ()
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


# Order and rows ------------------------------------------------------------------------

_TOLD: dict[Told, int] = {"better": 0, "open": 1, "same": 2, "worse": 3}


def rank(one: LimitGain) -> tuple[float, ...]:
    """Most gain first, goal by goal; then what is open, without effect, and at a loss."""
    order: list[float] = [_TOLD[one.told]]
    for gain in one.gains:
        order.append(-gain.value if gain.told in ("better", "worse", "open") else 0.0)
    return tuple(order)


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
