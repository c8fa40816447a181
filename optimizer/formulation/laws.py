"""Every law of the model, and the page that lists them.

``python -m optimizer.formulation.laws`` writes ``optimizer/README.md``. Not
here: the laws themselves (in the module of their family).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from optimizer.formulation import (
    commitments,
    demand,
    difference,
    goals,
    licensing,
    money,
    supply,
)

Law = Callable[..., Any]

#: Laws by family, in the order in which families build on each other.
LAWS: dict[str, tuple[Law, ...]] = {
    "commitments": (
        commitments.started_stays_started,
        commitments.mandatory_can_start,
        commitments.waits_for_predecessor,
        commitments.group_within_limit,
        commitments.exclusivity_rules_out_start,
        commitments.resource_within_available,
    ),
    "demand": (
        demand.sales_within_demand,
        demand.diverted_demand_is_lost,
        demand.segment_within_share,
        demand.sales_within_network,
        demand.sales_need_entry,
        demand.exclusivity_ends_sales,
    ),
    "supply": (
        supply.sales_are_delivered,
        supply.site_within_capacity,
        supply.component_within_capacity,
    ),
    "money": (money.cash_never_below_floor, money.budget_never_exceeded),
    "goals": (
        goals.window_reaches_target,
        goals.target_is_required,
        goals.funding_covers_cash,
        goals.goal_no_worse_than_bound,
    ),
}
_FAMILIES = {
    "commitments": commitments,
    "demand": demand,
    "licensing": licensing,
    "supply": supply,
    "money": money,
    "goals": goals,
    "difference": difference,
}
_HEAD = """\
# The mathematics

The model of a case, law by law. What every table and number means stands in
[data/README.md](../data/README.md); this page is written by
`python -m optimizer.formulation.laws` from the laws' own docstrings. The unit of
each law stands in brackets. Index order is entity, market, period.

Beside the laws, rows that they imply but their relaxation does not are added where
a relaxation violates them: sales need their entry, a new site must open, and sets of
commitments too heavy for a resource are not prepared at once (cover inequalities); and
for bounds alone, what a car sells by the start of its launch or of its entry is limited
by what the other lets through.
Starts that can have no effect within the horizon are cut off. All of this leaves the
best plans as they are.
"""


def reference() -> str:
    """The page with every family and law."""
    parts = [_HEAD]
    for family, module in _FAMILIES.items():
        parts.append(f"## {family.capitalize()}\n\n{_text(module.__doc__)}\n")
        for law in LAWS.get(family, ()):
            parts.append(f"**{law.__name__.replace('_', ' ')}.** {_text(law.__doc__)}\n")
    return "\n".join(parts)


def _text(docstring: str | None) -> str:
    lines = [line.strip() for line in (docstring or "").strip().splitlines()]
    return "\n".join(lines).replace("``", "`")


if __name__ == "__main__":
    page = Path(__file__).resolve().parent.parent / "README.md"
    page.write_text(reference(), encoding="utf-8")
