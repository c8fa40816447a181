"""Sweeps that are killed, and sweeps that meet in one store, end as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups and signals of POSIX")


def started(folder: Path, count: int, out: str, workers: int = 2) -> subprocess.Popen[bytes]:
    """A sweep of so many cases, in a process group of its own; its store is in the folder."""
    values = f"finance.opening_cash=20:{20 + (count - 1) * 0.25}:0.25"
    words = ["sweep", "tiny", "--vary", values, "--workers", str(workers), "--out", out]
    return subprocess.Popen(
        [sys.executable, "-c", "from optimizer.cli import main; main()", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def entries(folder: Path) -> dict[str, tuple[int, int]]:
    """The kept solves and the lesson, each with what changes when it is written again."""
    found = {}
    for path in (folder / ".evplan/store").glob("*.gz"):
        stat = path.stat()
        found[path.name] = (stat.st_ino, stat.st_mtime_ns)
    return found


def partial(folder: Path) -> bool:
    """A write is under way."""
    return any((folder / ".evplan/store").glob(".*.part"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def wait_for(process: subprocess.Popen[bytes], what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and not what():
        assert time.monotonic() < end


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Processes that a process has started."""
    tasks = Path(f"/proc/{process.pid}/task")
    try:
        return [
            int(child)
            for task in tasks.iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def killed_and_resumed(folder: Path, count: int, kills: int, seed: int) -> None:
    """Kill a sweep so many times, each time a few solves further, and let it end.

    Every second kill waits for a write to be under way; every third also kills a single
    worker before. What was finished must never be written again.
    """
    chance = random.Random(seed)
    whole, broken = folder / "whole", folder / "broken"
    whole.mkdir()
    broken.mkdir()
    assert started(whole, count, "out").wait(PATIENCE) == 0
    finished: dict[str, tuple[int, int]] = {}
    caught_writing = 0
    for number in range(kills):
        process = started(broken, count, "out")
        further = len(finished) + chance.randint(0, max(1, (count - len(finished)) // (kills + 1)))
        wait_for(process, lambda most=further: len(entries(broken)) >= most)  # type: ignore[misc]
        time.sleep(chance.random() * 0.1)
        if number % 3 == 2:
            for worker in workers_of(process)[:1]:
                os.kill(worker, signal.SIGKILL)
            time.sleep(chance.random())
        if number % 2:
            wait_for(process, lambda: partial(broken))
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was killed before its end"
        caught_writing += partial(broken)
        now = entries(broken)
        assert finished.items() <= now.items()
        finished = now
    assert 0 < len(finished) < count
    assert caught_writing or kills < 10
    assert started(broken, count, "out").wait(PATIENCE) == 0
    assert finished.items() <= entries(broken).items()
    assert contents(broken / "out") == contents(whole / "out")
    assert not partial(broken)


def test_a_sweep_killed_three_times_ends_the_same(tmp_path: Path) -> None:
    """24 solves killed with SIGKILL, workers and all: nothing is lost, no byte differs."""
    killed_and_resumed(tmp_path, count=24, kills=3, seed=1)


@pytest.mark.slow
def test_a_sweep_of_200_killed_twenty_times_ends_the_same(tmp_path: Path) -> None:
    """The same with 200 solves and twenty kills, in solves and in writes."""
    killed_and_resumed(tmp_path, count=200, kills=20, seed=2)


def test_two_sweeps_at_once_share_a_store(tmp_path: Path) -> None:
    """Two of the same and one that overlaps, all at once: each ends as if alone."""
    together, alone = tmp_path / "together", tmp_path / "alone"
    together.mkdir()
    alone.mkdir()
    sweeps = {"one": 12, "two": 12, "three": 8}
    running = [started(together, count, out, workers=1) for out, count in sweeps.items()]
    assert [process.wait(PATIENCE) for process in running] == [0, 0, 0]
    assert started(alone, 12, "one").wait(PATIENCE) == 0
    assert started(alone, 8, "three").wait(PATIENCE) == 0
    assert contents(together / "one") == contents(together / "two") == contents(alone / "one")
    assert contents(together / "three") == contents(alone / "three")
    kept = entries(together)
    assert len(kept) == len(entries(alone)) == 14, "12 cases, that of the file and its lesson"
    assert sum(name.endswith(".lesson.gz") for name in kept) == 1
    assert not partial(together)
