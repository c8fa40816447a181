"""Charts of a plan: ``plan.plot.volume()`` and its like, as plotly figures.

Every chart is made from the audited record of the plan and its case. Names show as the text
that they are. plotly is imported when the first chart is asked for.

Not here: the page that shows them all (see `optimizer.reporting.html`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from models.case import Case
from models.plan import PlanRecord
from optimizer.reporting.view import View

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Plots:
    """The charts of one plan; each method returns a new `plotly.graph_objects.Figure`."""

    def __init__(self, case: Case, record: PlanRecord) -> None:
        self.view = View(case, record)

    def volume(
        self, by: Literal["vehicle", "market"] = "vehicle", *, abroad: bool = False
    ) -> go.Figure:
        """Cars a period, stacked by vehicle or by market, with the pace of the target.

        With ``abroad`` the home market is left out. Raises `ValueError` for another ``by``.
        """
        from optimizer.reporting.plots.volume import volume

        return volume(self.view, by, abroad=abroad)

    def target(self) -> go.Figure:
        """Counted cars of each year that the target speaks of, against the target."""
        from optimizer.reporting.plots.volume import target

        return target(self.view)

    def gantt(self) -> go.Figure:
        """All commitments over time: when they are prepared, when they are in effect."""
        from optimizer.reporting.plots.schedule import gantt

        return gantt(self.view)

    def capacity(self) -> go.Figure:
        """What is used of each site and component by period, below what is there."""
        from optimizer.reporting.plots.use import use

        return use(self.view, list(self.view.limits_of("site", "component")))

    def resources(self) -> go.Figure:
        """What is occupied of each resource by period, below what is there."""
        from optimizer.reporting.plots.use import use

        return use(self.view, list(self.view.limits_of("resource")))

    def budgets(self) -> go.Figure:
        """What is spent of each budget, money."""
        from optimizer.reporting.plots.use import budgets

        return budgets(self.view)

    def limits(self) -> go.Figure:
        """The used part of each limit by period, those that bind longest first."""
        from optimizer.reporting.plots.use import limits

        return limits(self.view)

    def cash(self) -> go.Figure:
        """Cash at the end of each period with its floor, money."""
        from optimizer.reporting.plots.money import cash

        return cash(self.view)

    def cash_items(self) -> go.Figure:
        """What takes cash from its beginning to its end, by item, money."""
        from optimizer.reporting.plots.money import cash_items

        return cash_items(self.view)

    def markets(self, *, abroad: bool = False) -> go.Figure:
        """Own cars by market, most first; with ``abroad`` without the home market."""
        from optimizer.reporting.plots.markets import markets

        return markets(self.view, abroad=abroad)

    def deals(self) -> go.Figure:
        """What deals bring and cost by period, money."""
        from optimizer.reporting.plots.deals import deals

        return deals(self.view)

    def partners(self) -> go.Figure:
        """Partners' cars by period and deal."""
        from optimizer.reporting.plots.deals import partners

        return partners(self.view)

    def __repr__(self) -> str:
        names = [name for name in dir(type(self)) if not name.startswith("_")]
        return f"<charts of the plan of {self.view.case.name}: {', '.join(names)}>"
