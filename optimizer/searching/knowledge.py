"""What a solve leaves for the next one: plain data, to be kept, sent and used again.

Nothing here is taken on trust. Rows are those of the next case's own pool, and each
claim is checked with the next case's numbers before it is used; what no longer holds
is asked again. Frozen once it is made, so that a what-if is told by the case, the
knowledge and the plan to begin with, whatever was solved in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.highs import Basis, Witness
from optimizer.matrix import Floats


@dataclass(frozen=True)
class Claim:
    """No plan that passes the cutoff has a column at other than a value; a witness may show it.

    Since what has started stays started, the same holds for later columns of the decision
    where the value is 1, and for earlier ones where it is 0.
    """

    column: int
    value: float
    witness: Witness | None


@dataclass(frozen=True)
class Topic:
    """What was learned in the search for one sum.

    ``claims`` in the order in which they were made, each with those before it;
    ``basis`` that of the tightened relaxation, ``decisions`` the yes-or-no columns of the
    best plan, and ``promise`` what part of its value the relaxation promised more, before
    anything was narrowed.
    """

    basis: Basis
    decisions: NDArray[np.int8]
    claims: tuple[Claim, ...]
    promise: float


@dataclass(frozen=True)
class Knowledge:
    """What one solve learned, by topic; ``rows`` are those of the pool that it needed.

    Can be pickled, and holds no part of a solver. Of use where the model has the same
    ``shape``: as many columns, rows and rows in the pool.
    """

    shape: tuple[int, int, int]
    rows: tuple[int, ...]
    topics: Mapping[str, Topic]


@dataclass
class Learned:
    """What is being learned in a solve."""

    rows: set[int] = field(default_factory=set)
    claims: dict[str, list[Claim]] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)

    def learn(self, topic: str, basis: Basis, decisions: Floats, promise: float) -> None:
        """Learn how a search ended."""
        claims = tuple(self.claims.get(topic, ()))
        yes = np.round(decisions).astype(np.int8)
        self.topics[topic] = Topic(basis, yes, claims, promise)

    def frozen(self, shape: tuple[int, int, int]) -> Knowledge:
        """What was learned so far, of a model of a shape."""
        return Knowledge(shape, tuple(sorted(self.rows)), dict(self.topics))
