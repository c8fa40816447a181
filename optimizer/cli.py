"""The command line: its commands and how it ends.

Each command is a module of `optimizer.commands`. Exit codes: 0 a plan (or what was
asked for); 2 bad input or usage; 3 proven that no plan exists; 4 stopped by a limit
before any plan; 1 anything else. Heavy modules are imported by the command that needs
them, so that help is instant.
"""

from __future__ import annotations

import io
import os
import sys

import typer

from optimizer.commands.alternatives import alternatives
from optimizer.commands.cases import cases, check, init
from optimizer.commands.compare import compare
from optimizer.commands.conflict import conflict
from optimizer.commands.convert import convert
from optimizer.commands.explain import explain
from optimizer.commands.frontier import frontier
from optimizer.commands.reach import reach
from optimizer.commands.report import report
from optimizer.commands.runs import show
from optimizer.commands.schema import schema
from optimizer.commands.shown import EXIT_ERROR
from optimizer.commands.solving import solve
from optimizer.commands.sweep import sweep

app = typer.Typer(
    name="evplan",
    help="Plans when to enter which market, launch which car, sign which deal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    solve,
    explain,
    reach,
    conflict,
    alternatives,
    frontier,
    compare,
    sweep,
    check,
    init,
    convert,
    schema,
    cases,
    show,
    report,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that it cannot show are no failure
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="evplan")
    except SystemExit as end:
        solver = sys.modules.get("optimizer.highs")
        if solver is None or not solver.left_behind():
            raise
        # A solver that did not stop in time still runs, and would abort a normal exit.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else EXIT_ERROR)
