"""The whole model of a case: every family of laws written onto one block."""

from __future__ import annotations

from pyomo.common.gc_manager import PauseGC
from pyomo.core import Block, ConcreteModel

from models.case import Case
from optimizer.formulation import commitments, demand, goals, licensing, money, supply
from optimizer.formulation.quantities import Quantities


def build(case: Case) -> ConcreteModel:
    """The model of a case, with the world's block in ``model.world``."""
    model = ConcreteModel()
    with PauseGC():
        model.world = Block()
        formulate(model.world, Quantities(case))
    return model


def formulate(block: Block, quantities: Quantities) -> None:
    """Write every family onto a block, in the order in which they build on each other."""
    for family in (commitments, demand, licensing, supply, money, goals):
        family.formulate(block, quantities)
