"""Rows that tighten the relaxation forbid no plan.

All rows of the pool are put into the model of a random tiny case at once, and sums drawn at
random are the same at their best with them and without. Brute force says that the model
without them is right.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from tiny_cases import SEEDS, tiny_case

from models.case import Case
from optimizer import Settings
from optimizer.highs import Limit
from optimizer.matrix import Vector
from optimizer.world import World

#: Sums sought in each case.
SUMS = 4


def worlds(case: Case) -> tuple[World, World]:
    """The case as it is, and with every row of the pool."""
    plain, tight = World(case, Settings()), World(case, Settings())
    for row, upper in enumerate(tight.pool.upper):
        tight.session.keep(tight.pool.vector(row), -np.inf, float(upper))
    return plain, tight


def drawn(world: World, rng: random.Random) -> Vector:
    """A sum that is worth more with some decisions and sales, and less with others."""
    whole, upper = world.matrix.integer, world.session.upper
    size = np.where(np.isfinite(upper) & (upper > 0), upper, 1.0)
    weight = np.array([rng.choice((-1.0, 0.0, 1.0, 3.0)) for _ in whole])
    weight[~whole & (weight < 0)] = 0.0  # what is sold is what rows limit
    weight = np.where(np.isfinite(upper), weight / size, 0.0)
    columns = np.flatnonzero(weight).astype(np.int32)
    return Vector(columns, weight[columns], 0.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_the_pool_forbid_no_plan(seed: int) -> None:
    rng = random.Random(seed)
    plain, tight = worlds(tiny_case(seed))
    for _ in range(SUMS):
        vector = drawn(plain, rng)
        answers = [
            world.session.optimise(vector, "max", Limit(), presolve=False)
            for world in (plain, tight)
        ]
        assert answers[0].status == answers[1].status
        if answers[0].value is not None:
            assert answers[1].value == pytest.approx(answers[0].value, rel=1e-5, abs=1e-5)
