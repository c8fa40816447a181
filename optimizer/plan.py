"""The plan as users meet it: frames, a summary, and the record behind them.

pandas is imported only when a frame is asked for, plotly when a chart is. Not here:
making or checking a plan.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from models.plan import PlanRecord, Totals

if TYPE_CHECKING:
    import pandas as pd

    from models.case import Case
    from optimizer.reporting.plots import Plots


class Plan:
    """An audited plan.

    Every table of the `record` is a frame here: ``decisions``, ``sales``,
    ``flows``, ``volumes``, ``limits``, ``cash_items``, ``cash``, ``deals`` and
    ``windows``, with the columns of the record types in `models.plan` (volumes
    in cars per period, money in ``money_unit`` of ``currency``). `plot` has its
    charts. ``case`` is the case that it is a plan of, as the plan of an outcome has it.
    """

    def __init__(self, record: PlanRecord, case: Case | None = None) -> None:
        self.record = record
        self.case = case

    def _frame(self, table: str) -> pd.DataFrame:
        import pandas as pd

        rows = getattr(self.record, table)
        kind = type(self.record).model_fields[table].annotation
        columns = list(kind.__args__[0].model_fields)  # type: ignore[union-attr]
        return pd.DataFrame([row.model_dump() for row in rows], columns=columns)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Commitments started or in place: id, kind, start, effective, cost, why allowed."""
        return self._frame("decisions")

    @cached_property
    def sales(self) -> pd.DataFrame:
        """Own cars by market, entry mode, vehicle and period."""
        return self._frame("sales")

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Cars by site, vehicle, market and period."""
        return self._frame("flows")

    @cached_property
    def production(self) -> pd.DataFrame:
        """Cars by site, vehicle and period."""
        keys = ["site", "vehicle", "period"]
        made = self.flows.groupby(keys, sort=False)[["units"]].sum()
        return made.reset_index()

    @cached_property
    def volumes(self) -> pd.DataFrame:
        """Own, partners' and counted cars by period."""
        return self._frame("volumes")

    @cached_property
    def limits(self) -> pd.DataFrame:
        """What is used of each limit against what is available."""
        return self._frame("limits")

    @cached_property
    def cash_items(self) -> pd.DataFrame:
        """Items of the cash flow by period, money."""
        return self._frame("cash_items")

    @cached_property
    def cash(self) -> pd.DataFrame:
        """Cash at the end of each period, money."""
        return self._frame("cash")

    @cached_property
    def deals(self) -> pd.DataFrame:
        """What each deal brings by period."""
        return self._frame("deals")

    @cached_property
    def windows(self) -> pd.DataFrame:
        """Volume of each window in which the target may be reached."""
        return self._frame("windows")

    @property
    def plot(self) -> Plots:
        """Charts: ``plan.plot.volume()``, ``.gantt()``, ``.cash()`` and so on.

        Each is a plotly figure that shows itself in a notebook. Raises `ValueError`
        for a plan that does not know its case: charts take names and limits from there.
        """
        from optimizer.reporting.plots import Plots

        if self.case is None:
            raise ValueError(
                "this plan does not know its case, so it has no charts; "
                "take the plan of an outcome, or make it as Plan(record, case)"
            )
        return Plots(self.case, self.record)

    @property
    def totals(self) -> Totals:
        """Volume, NPV, spending, funding and lowest cash."""
        return self.record.totals

    def to_dict(self) -> dict[str, Any]:
        """The record as plain data, as written to ``plan.json``."""
        return self.record.model_dump(mode="json")

    def __eq__(self, other: object) -> bool:
        return self.record == other.record if isinstance(other, Plan) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.record)

    def __repr__(self) -> str:
        chosen = sum(not row.in_place for row in self.record.decisions)
        return (
            f"<Plan of {self.record.case}: {self.totals.volume:,.0f} cars, "
            f"{chosen} decisions, NPV {self.totals.npv:,.1f}>"
        )

    def _repr_html_(self) -> str:
        from html import escape

        frame = self.decisions
        chosen = frame[[not held for held in frame["in_place"]]]
        html: str = chosen.drop(columns="in_place").to_html(index=False, escape=True)
        return f"<p>{escape(repr(self))}</p>{html}"
