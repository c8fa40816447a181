"""The one package that talks to HiGHS.

A `Session` holds the matrix of one model in two live solvers: the mixed-integer
program and its relaxation. Nothing here knows what a row or column means.
"""

from optimizer.highs.instance import Columns, Sense
from optimizer.highs.program import Answer
from optimizer.highs.relaxation import Basis, Relaxation, Relaxed, missed
from optimizer.highs.running import (
    Limit,
    Progress,
    Stop,
    ctrl_c_asks,
    left_behind,
    relative_gap,
)
from optimizer.highs.session import Session
from optimizer.highs.witness import Name, Rows, Witness

__all__ = [
    "Answer",
    "Basis",
    "Columns",
    "Limit",
    "Name",
    "Progress",
    "Relaxation",
    "Relaxed",
    "Rows",
    "Sense",
    "Session",
    "Stop",
    "Witness",
    "ctrl_c_asks",
    "left_behind",
    "missed",
    "relative_gap",
]
