"""What the audit finds, and how exact it is.

Not here: what is checked (see the modules beside this one).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from models.case import Case

#: A limit may be passed by this part of its size: solvers keep rows to about 1e-7 of
#: their scale and plans round cars to 6 decimals, so anything larger is no rounding.
LIMIT_RELATIVE = 1e-6
#: and by this much in any case, where limit and use are small: many rounded cars add up.
LIMIT_ABSOLUTE = 1e-5
#: A stated figure may differ from its recomputation by this part of it: sums of up to
#: a million terms in another order agree far better than that.
FIGURE_RELATIVE = 1e-6
#: and by this much in any case, where large amounts cancel to a figure near 0.
FIGURE_ABSOLUTE = 2e-5
#: Balances may also be off by this part of all money that ever came in or went out:
#: that is what rounding of double precision makes of a sum of that size.
TURNOVER_RELATIVE = 1e-12
#: Cars by which a stored sale and its flow together may miss the optimisation model's
#: own: half a millionth each. The cash floor allows for their price.
CAR_ROUNDING = 1e-6
#: A window reaches the target when it lacks at most this part of it.
TARGET_RELATIVE = 1e-6
#: The bound of a goal may be missed by `LIMIT_RELATIVE` of it, and by this much in any
#: case (cars or money): a bound may be what another plan reached, stored with its rounding.
BOUND_ABSOLUTE = 2 * LIMIT_ABSOLUTE
#: Amounts of a cash item up to this are noise of cancelling sums and have no row.
LEAST_AMOUNT = 1e-9

#: Rules that say a figure of the plan is wrong, rather than the plan itself.
FIGURE_RULES = ("goal value", "missing row", "repeated row", "unknown row", "stated figure")

_UNIT_WORDS = {1.0: "", 1e3: "thousand ", 1e6: "million ", 1e9: "billion "}


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks, or one figure that it states wrongly.

    ``where`` is a commitment's id, the name of a limit, or the row of a table;
    ``period`` is blank where none is meant. ``size`` says in ``unit`` by how much
    the rule is broken; it is above 0 unless what is wrong has no size.
    """

    rule: str
    where: str
    period: str
    found: float | str
    allowed: float | str
    size: float
    unit: str

    def rank(self) -> tuple[bool, float, str, str, str]:
        """Sorts broken rules before wrong figures, and the relatively largest first."""
        numbers = [abs(x) for x in (self.found, self.allowed) if isinstance(x, int | float)]
        relative = self.size / max([1.0, *numbers])
        relative = relative if isfinite(relative) else float("inf")
        return (self.rule in FIGURE_RULES, -relative, self.rule, self.where, self.period)

    def __str__(self) -> str:
        when = f" in {self.period}" if self.period else ""
        sentence = (
            f"{self.rule[:1].upper()}{self.rule[1:]}, {self.where}{when}: "
            f"found {_shown(self.found)}, allowed {_shown(self.allowed)}"
        )
        unit = f" {self.unit}" if self.unit else ""
        return f"{sentence}, off by {_shown(self.size)}{unit}."


def _shown(value: float | str) -> str:
    """A number with separators and enough digits to see a small violation."""
    return value if isinstance(value, str) else f"{value:,.10g}"


def exceeds(used: float, available: float, rounding: float = 0.0) -> bool:
    """Whether a limit is broken; a use that is not a finite number breaks every limit."""
    scale = max(abs(used), abs(available), 1.0)
    within = used <= available + max(LIMIT_RELATIVE * scale, LIMIT_ABSOLUTE, rounding)
    return not (within and isfinite(used))


def differs(stated: float, true: float, rounding: float = 0.0) -> bool:
    """Whether a stated figure is wrong; one that is not a number always is."""
    allowed = max(FIGURE_RELATIVE * abs(true), FIGURE_ABSOLUTE, rounding)
    return not abs(stated - true) <= allowed


def money_name(case: Case) -> str:
    """The case's unit of money in words, such as million CNY."""
    words = _UNIT_WORDS.get(case.money_unit)
    if words is None:
        return f"times {case.money_unit:g} {case.currency or 'money'}"
    return f"{words}{case.currency or 'money'}"
