"""How far a plan is from known ones: for plans as different as possible.

Symbols: ``Y[c,t]`` of `commitments`; a known plan ``k`` says for every commitment in
which period it starts, if at all. A decision that one plan takes and the other does not
counts 1, one that both take counts ``moved`` for each period between its starts.
Written onto a world only where it is asked for; no part of a case's own model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pyomo.core import Block, Constraint, NonNegativeReals, Var

from optimizer.formulation.linear import Linear, at_most

#: A plan as the period in which each commitment starts; those never started are left out.
Starts = Mapping[str, int]


def formulate(
    block: Block, known: Sequence[Starts], only: Collection[str] | None = None, moved: float = 0.0
) -> None:
    """Add ``apart``, which is at most the difference to each known plan."""
    block.differences = [difference(block, starts, only, moved) for starts in known]
    block.apart = Var(within=NonNegativeReals)
    block.apart_from_every_known_plan = Constraint(
        range(len(known)), rule=apart_from_every_known_plan
    )


def apart_from_every_known_plan(block: Block, number: int) -> Any:
    """The plan is that far from each known one: ``apart <= sum_c d[c,k]`` (1)."""
    return at_most(Linear().term(1.0, block.apart), block.differences[number])


def difference(
    block: Block, starts: Starts, only: Collection[str] | None = None, moved: float = 0.0
) -> Linear:
    """The difference to a known plan, over all undecided commitments or ``only`` some.

    Of ``c`` started in ``s``: ``1 - Y[c,T-1] + moved * (periods between the starts)``,
    which by-time binaries say without a product: before ``s`` each 1 is a period too early,
    from ``s`` on each 0 of a commitment that does start is one too late.
    """
    total = Linear()
    for id, step in block.steps.items():
        if not step.variables or (only is not None and id not in only):
            continue
        ever = step.variables[-1]
        start = starts.get(id)
        if start is None:
            total.term(1.0, ever)
            continue
        late = sum(t >= start for t in range(step.earliest, step.latest + 1))
        total.plus(1.0).term(moved * late - 1.0, ever)
        if moved:
            for t, variable in enumerate(step.variables, start=step.earliest):
                total.term(moved if t < start else -moved, variable)
    return total
