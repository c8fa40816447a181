"""A solve of the shipped case that is stopped keeps its best plan, whatever it is doing."""

from __future__ import annotations

import os
import signal

import pytest

from models.target import Goal
from optimizer import Prepared, Progress, Settings, load_case, solve
from optimizer.highs import Stop
from optimizer.studies.alternatives import starts_in
from optimizer.studies.fixing import with_starts


@pytest.mark.parametrize("reports", [1, 4])
def test_ctrl_c_keeps_the_plan_at_hand(reports: int) -> None:
    """Ctrl-C during the search gives an audited plan, not proven, and Ctrl-C is itself again."""
    before = signal.getsignal(signal.SIGINT)
    heard = []

    def interrupt(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == reports:
            os.kill(os.getpid(), signal.SIGINT)

    outcome = solve(load_case("leapmotor-2023"), progress=interrupt)
    assert len(heard) >= reports
    assert outcome.status == "feasible"
    assert outcome.plan is not None
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.0])
def test_a_limit_keeps_the_plan_at_hand(seconds: float) -> None:
    """Whatever step the limit falls into, there is an audited plan, and no proof of all goals."""
    outcome = Prepared(load_case("leapmotor-2023"), Settings(time_limit=seconds)).solve()
    assert outcome.status == "feasible"
    assert outcome.plan is not None
    assert not outcome.proven


def test_a_plan_cut_short_sells_what_its_decisions_allow() -> None:
    """Without any time for a search the volumes are still the best of the first schedule: those
    of a solve in which nothing but volumes is left to decide."""
    case = load_case("leapmotor-2023")
    outcome = Prepared(case, Settings(time_limit=1e-9)).solve()
    assert outcome.plan is not None
    decided = solve(with_starts(case, starts_in(outcome.plan.record)))
    assert decided.proven
    assert outcome.goal("volume").value == pytest.approx(decided.goal("volume").value, rel=2e-3)


def test_a_stop_between_windows_keeps_the_best_volume_told() -> None:
    """Asked for nothing but a target out of reach, and stopped while the largest window is
    sought: the plan handed back has what was last told of it, not what another window wants."""
    case = load_case("leapmotor-2023").with_target(700_000)
    heard, stop = [0.0], Stop()

    def listen(progress: Progress) -> None:
        heard.append(progress.best or 0.0)
        if len(heard) == 4:
            stop.asked.set()

    asked = case.replace(goals=(Goal(kind="target_date"),))
    outcome = Prepared(asked, Settings()).solve(progress=listen, stop=stop)
    assert max(heard) > 0
    assert outcome.goal("target_date").value >= max(heard) * (1 - 1e-6)
