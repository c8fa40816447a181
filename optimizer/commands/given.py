"""What commands are given: options and the case they speak of, read and checked.

Not here: what commands print (see `optimizer.commands.shown`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from models.case import Case
    from models.cells import CellError
    from models.problem import Problem
    from optimizer.outcome import Outcome
    from optimizer.settings import Settings

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help="A folder or workbook, or the name of a shipped case.")
]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="CARS", help="Cars a year to reach.")
]
DeadlineOption = Annotated[
    str | None,
    typer.Option("--deadline", metavar="PERIOD", help="Last period in which a year may end."),
]
ChangesOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a number of the case; repeat."),
]
ScenarioOption = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="A scenario of the case; several as a + b."),
]
RequiredOption = Annotated[
    bool, typer.Option("--require-target", help="Reaching the target is a condition.")
]
GapOption = Annotated[
    str, typer.Option("--gap", metavar="SHARE", help="Prove each goal to this part of its value.")
]
SolveLimitOption = Annotated[
    str | None, typer.Option("--time-limit", metavar="SECONDS", help="Seconds for each solve.")
]


def settings_from(given: Mapping[str, str | None]) -> Settings:
    """Settings from the text of options; one `CaseError` for all that is wrong with them."""
    from pydantic import ValidationError

    from models.cells import CellError, refusals
    from models.problem import CaseError
    from optimizer.settings import Settings

    values: dict[str, object] = {}
    reasons: dict[str, CellError] = {}
    for name, text in given.items():
        if text is not None:
            try:
                values[name] = number(text, Settings.model_fields[name])
            except CellError as error:
                reasons[name] = error
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        reasons.update(refusals(error, Settings))
    if reasons:
        raise CaseError([of_option(name, reason) for name, reason in reasons.items()])
    return settings


def number(text: str, info: FieldInfo) -> object:
    """The value of an option, read as a cell of a table is; blank is refused."""
    from models.cells import CellError, allowed_text, parse

    if not text.strip():
        raise CellError("it is blank", allowed_text(info))
    return parse(text, info)


def of_option(name: str, reason: CellError) -> Problem:
    """What an option refuses, as a problem that names the option."""
    from models.problem import Problem

    option = "--" + name.replace("_", "-")
    return Problem(option, found=reason.found, allowed=reason.allowed, cure=reason.cure)


def case_from(
    name: str,
    scenario: str | None,
    target: str | None,
    deadline: str | None,
    changes: list[str],
    required: bool,
) -> Case:
    """The case with the command line's changes."""
    from models.cells import CellError
    from models.problem import CaseError
    from models.target import Target
    from optimizer.tables import load_case

    given = _changes(changes)
    volume = None
    if target is not None:
        try:
            volume = number(target, Target.model_fields["volume"])
        except CellError as error:
            raise CaseError([of_option("target", error)]) from None
    case = load_case(folder_from("CASE", name))
    if scenario is not None:
        case = _in_scenario(case, name, scenario)
    if given:
        case = case.with_changes(given)
    if target is None and deadline is None and not required:
        return case
    try:
        return case.with_target(volume, deadline, required or None)  # type: ignore[arg-type]
    except CaseError as error:
        raise CaseError([_placed(problem) for problem in error.problems]) from None


def _in_scenario(case: Case, name: str, expression: str) -> Case:
    """The case as a scenario of its file changes it; what changes nothing is said."""
    from models.scenario import apply
    from optimizer.scenarios import load_scenarios

    applied = apply(case, load_scenarios(folder_from("CASE", name)).combined(expression))
    for warning in applied.warnings:
        typer.echo(f"note: {warning}", err=True)
    return applied.case


def _placed(problem: Problem) -> Problem:
    """A problem of the target, named by the option that stated it."""
    options = {"volume": "--target", "deadline": "--deadline"}
    if problem.where == "target" and problem.column in options:
        return replace(problem, where=options[problem.column], column="")
    return problem


def _changes(changes: list[str]) -> dict[str, str]:
    """Path and value of each --set. A name may hold =, so the last one parts them."""
    form = "PATH=VALUE, such as markets.germany.max_share=0.01"
    return pairs_from("--set", changes, form, "this path is set twice")


def pairs_from(option: str, texts: list[str], form: str, twice: str) -> dict[str, str]:
    """Path and what is given for it, of each time that an option stands."""
    from models.problem import CaseError, Problem

    given: dict[str, str] = {}
    problems = []
    for text in texts:
        path, sign, value = text.rpartition("=")
        path = path.strip()
        if not sign or not path:
            found = "no path stands before the =" if sign else "there is no ="
            problems.append(Problem(f"{option} {text}", found=found, allowed=form))
        elif path in given:
            problems.append(Problem(f"{option} {text}", found=twice))
        given[path] = value
    if problems:
        raise CaseError(problems)
    return given


def run_from(name: str, given: Mapping[str, object], taken: str) -> Outcome | None:
    """The outcome of a run folder as it was written; None where the name is none of a run.

    ``given`` are options by their words that would change it, ``taken`` what is done with it.
    Raises `CaseError` for those that are there.
    """
    from models.problem import CaseError, Problem
    from optimizer.runs import MANIFEST, load_run

    folder = folder_from("RUN|CASE", name)
    if not (folder / MANIFEST).is_file():
        return None
    found = f"it stands beside a run, which is {taken} as it is"
    problems = [Problem(word, found=found) for word, there in given.items() if there]
    if problems:
        raise CaseError(problems)
    return load_run(folder)


def folder_from(where: str, text: str) -> Path:
    """A folder that was named; a blank name is a slip and not the folder one is in."""
    from models.problem import CaseError, Problem

    if not text.strip() or "\0" in text:
        raise CaseError([Problem(where, found="no folder can have this name")])
    return Path(text)


def share_from(option: str, text: str) -> float:
    """A share of 1 from text such as ``1%`` or ``0.01``, 0 to 1."""
    from models.problem import CaseError, Problem

    digits = text.strip()
    percent = digits.endswith("%")
    try:
        share = float(digits.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        allowed = "a share such as 1% or 0.01, from 0 to 1"
        raise CaseError([Problem(option, found=f"{text!r} is no share", allowed=allowed)])
    return share
