"""The fingerprint of what makes answers: code, libraries and machine.

Two answers to one question are the same when these are. Not here: what a question is
(see `optimizer.studies.question`).
"""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from pathlib import Path

from optimizer.runs import versions

#: Packages and modules in which no answer is made: they read, show, or ask.
APART = frozenset(
    {
        "catalogue",
        "cli",
        "commands",
        "data",
        "reporting",
        "runs",
        "scenarios",
        "studies",
        "tables",
        "workbooks",
    }
)


@cache
def fingerprint() -> dict[str, str]:
    """Versions of the code, libraries and machine that make an answer."""
    return {**versions(), "machine": f"{sys.platform} {platform.machine()}", "code": _code()}


def _code() -> str:
    """Hash of the source of all modules that make an answer.

    The version of evplan alone would not tell two states of a checkout apart.
    """
    optimizer = Path(__file__).parent
    asking = optimizer / "studies" / "question.py"  # it says how an answer is made
    files = [asking, *optimizer.with_name("models").rglob("*.py")]
    for path in optimizer.iterdir():
        if path.stem not in APART:
            files += path.rglob("*.py") if path.is_dir() else [path]
    sha = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix == ".py"):
        name = path.relative_to(optimizer.parent).as_posix()
        sha.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return sha.hexdigest()
