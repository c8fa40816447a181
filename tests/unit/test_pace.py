"""The guess at the rest of a search follows from how its gap has fallen."""

from __future__ import annotations

import pytest

from optimizer.highs.running import Pace


def test_a_gap_that_halves_every_five_seconds() -> None:
    """From 8 % to 2 % in 10 s are two halvings; one more brings 1 %, so 5 s are left."""
    pace = Pace()
    assert pace.remaining(0.0, 0.08, 0.01) is None
    assert pace.remaining(10.0, 0.02, 0.01) == pytest.approx(5.0)


def test_nothing_is_said_without_ground() -> None:
    """No bound yet, no fall yet, or no gap to reach: no guess."""
    pace = Pace()
    assert pace.remaining(1.0, None, 0.01) is None
    assert pace.remaining(2.0, 0.05, 0.01) is None
    assert pace.remaining(9.0, 0.05, 0.01) is None
    assert pace.remaining(9.0, 0.02, 0.0) is None


def test_a_gap_that_widens_starts_anew() -> None:
    """With a wider gap at 10 s the pace counts from there: 4 % to 2 % in 4 s, 4 s for the next half."""
    pace = Pace()
    pace.remaining(0.0, 0.03, 0.01)
    assert pace.remaining(10.0, 0.04, 0.01) is None
    assert pace.remaining(14.0, 0.02, 0.01) == pytest.approx(4.0)


def test_at_the_gap_nothing_is_left() -> None:
    """A gap within the one wanted leaves no time."""
    assert Pace().remaining(3.0, 0.005, 0.01) == 0.0
