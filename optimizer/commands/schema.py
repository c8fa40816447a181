"""``evplan schema``: what editors need to know of the files of a case."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.commands.shown import friendly, say


def schema(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="case (all of it), settings (case.toml) or scenarios."),
    ] = "case",
) -> None:
    """Print the JSON Schema of a case, of case.toml or of scenarios.toml."""
    with friendly():
        import json

        from models.paths import nearest
        from models.problem import CaseError, Problem
        from optimizer.schema import NAMES, json_schema

        known = {one: one for one in NAMES}
        if name not in known:
            problem = Problem(
                "NAME",
                found=f"there is no schema {name[:60]!r}",
                allowed=", ".join(NAMES),
                cure=nearest(name, NAMES),
            )
            raise CaseError([problem])
        say(json.dumps(json_schema(known[name]), indent=2, ensure_ascii=False))
