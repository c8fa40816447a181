"""Commands as their users give them, answered in this process."""

from __future__ import annotations

from typing import NamedTuple

from typer.testing import CliRunner

from optimizer.cli import app

#: Two commitments of tiny that must start in the first quarter and need 8 + 5 of 10 engineers.
IMPOSSIBLE = [
    f"--set={commitment}.{setting}"
    for commitment in ("vehicles.two", "deals.licence")
    for setting in ("status=mandatory", "latest=2024Q1")
]


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


def evplan(*words: str) -> Said:
    """Exit code, output and errors of a command; what it did not expect is raised here."""
    result = CliRunner().invoke(app, list(words), prog_name="evplan")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)
