"""The search for the best value of one sum over the plans of a model.

HiGHS proves; this package gives it less to prove and a plan to begin with:

1. the relaxation is tightened with what it violates of the pool (`search`);
2. plans are looked for along the relaxation (`looking`);
3. the windows of large decisions are narrowed: a start that would leave even the
   relaxation worse than the plan at hand is ruled out (`narrowing`);
4. HiGHS searches what is left.

What is learned on the way is left as plain data (`knowledge`), so that a what-if
begins with it. Every step is counted in nodes and rounds, never in seconds, so that
the same input gives the same plan. Not here: which sums, in which order (see
`optimizer.lexicographic`); the solver itself (see `optimizer.highs`).
"""

from optimizer.searching.knowledge import Knowledge
from optimizer.searching.search import Search

__all__ = ["Knowledge", "Search"]
