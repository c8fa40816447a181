"""Runs one command and writes what it used: a small process between measurer and measured.

The system counts the memory of whoever starts a process towards the peak of that process,
so a command is started from here and not from a large one. Called by
`tests.bench.measuring.run_command` as ``launcher.py REPORT LIMIT COMMAND ...``, with
the file of the report and the seconds after which the command and all it started are
killed (0: never). POSIX only; standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from typing import Any


def main(report: str, limit: float, command: list[str]) -> int:
    """Run the command to its end or limit, and write the report."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(command)
    # Both sides set the group, whichever is first, so that it is there for a kill.
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    killed: list[str] = []

    def kill(number: int, _frame: Any) -> None:
        killed.append(signal.Signals(number).name)
        _kill_group(child)

    for name in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(name, kill)
    if limit:
        signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    _kill_group(child)  # what it left behind
    result = {
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        # Linux counts in kilobytes, macOS in bytes.
        "peak_mb": used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
        "code": os.waitstatus_to_exitcode(status),
        "killed": "SIGALRM" in killed,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(result, file)
    return 0


def _become(command: list[str]) -> None:
    """Turn this process into the command; never returns."""
    try:
        os.setpgid(0, 0)
        os.execvp(command[0], command)
    except BaseException as error:
        os.write(2, f"{command[0]} could not be started: {error}\n".encode())
    finally:
        os._exit(127)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
