"""Witnesses never show more than the relaxation allows, whatever their multipliers."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import SEEDS, tiny_case

from optimizer import Settings
from optimizer.formulation.goals import measure
from optimizer.highs import Limit, Sense, Witness
from optimizer.matrix import Vector
from optimizer.world import World

#: Part of a bound that the solver's own tolerances can make.
TOLERANCE = 1e-6


def opened(seed: int) -> World:
    """A tiny case as a world; a changed one, with rows in the place of others, when it can be."""
    case = tiny_case(seed)
    world = World(case, Settings())
    world.become(case.with_changes({"finance.opening_cash": case.finance.opening_cash + 1}))
    return world


@pytest.mark.parametrize("seed", SEEDS[:40])
def test_witness_shows_what_the_solver_showed_and_never_more(seed: int) -> None:
    """What was ruled out is shown again by arithmetic; with any other multipliers the
    bound is never better than the relaxation's optimum, which holds for all plans."""
    world = opened(seed)
    session, rng = world.session, np.random.default_rng(seed)
    for goal in world.case.goals_in_order:
        if goal.kind == "target_date":
            continue
        vector = world.vector(measure(world.block, goal))
        _ask(world, vector, "max", -1.0, rng)
        _ask(world, vector, "min", 1.0, rng)
    assert len(session.whole) > 0


def _ask(world: World, vector: Vector, sense: Sense, sign: float, rng: np.random.Generator) -> None:
    session = world.session
    relaxed = session.relaxed(vector, sense, Limit())
    if relaxed.value is None:
        return
    session.remember()
    rows = session.rows()
    # No plan is better than the relaxation's optimum by a good part: any question is ruled out.
    cutoff = relaxed.value - sign * 0.1 * max(abs(relaxed.value), 1.0)
    for column in session.whole[:4].tolist():
        for value in (0.0, 1.0):
            low, high = session.lower[column], session.upper[column]
            if not low <= value <= high:
                continue
            assert session.rules_out(column, value, cutoff, Limit())
            witness = session.witness
            at = np.array([column], dtype=np.int32)
            session.bound(at, np.array([value]), np.array([value]))
            exact = session.relaxed(vector, sense, Limit())
            truth = np.inf if exact.value is None else sign * exact.value
            session.bound(at, np.array([low]), np.array([high]))
            session.relaxed(vector, sense, Limit())
            if witness is None:
                continue
            margin = TOLERANCE * max(abs(relaxed.value), 1.0)
            shown = rows.least(vector, sign, witness, column, value)
            assert shown >= sign * cutoff - margin
            assert shown <= truth + margin
            for _ in range(5):
                factors = rng.normal(1.0, 1.0, len(witness.multipliers))
                other = Witness(witness.rows, witness.multipliers * factors, witness.kept)
                assert rows.least(vector, sign, other, column, value) <= truth + margin
