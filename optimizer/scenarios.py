"""The scenarios of a case from its file ``scenarios.toml`` or its workbook, and as such a file.

    [freight_up]
    title = "Sea freight 30 % dearer"
    changes = [{ scale = "lanes.jinhua.*.freight", by = 1.3 }]

Everything wrong in a file is reported at once, with scenario and line. Whether the paths
name something is a question to a case (`Scenarios.check`). Not here: what scenarios and
changes are (`models.scenario`, `models.change`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import tomli_w
from pydantic import BaseModel, ValidationError

from models.cells import CellError, refusal, shown, typed
from models.change import Change
from models.paths import nearest
from models.problem import CaseError, Problem
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer.catalogue import CASE_FILE, SCENARIO_FILE, find_case
from optimizer.tables import SettingLines, read_toml

#: What a scenario may state, beside the name that heads it.
_SETTINGS = tuple(name for name in Scenario.model_fields if name != "name")
_ENTRY = 'entries such as { add = "vehicles.c10.lead", by = 1 }'


def load_scenarios(case: str | Path) -> Scenarios:
    """The scenarios of a case, by its name, its folder, or the path of their own file.

    A case that has no such file has no scenarios. Raises `CaseError` with everything that
    is wrong in the file; the case itself is not read.
    """
    path = Path(case)
    if path.suffix != ".toml" or path.name == CASE_FILE:
        found = find_case(case)
        if not found.is_dir():
            from optimizer.workbooks.scenarios import read_scenarios

            sheet = read_scenarios(found)
            return _Reader(sheet.where, sheet, sheet.problems).scenarios(sheet.data)
        path = found / SCENARIO_FILE
        if not path.exists():
            return Scenarios(file=SCENARIO_FILE)
    text, data = read_toml(path)
    return _Reader(path.name, _TomlPlaces(text)).scenarios(data)


def scenarios_text(scenarios: Scenarios) -> str:
    """Scenarios as the text of a file that `load_scenarios` reads back equal."""
    return "\n".join(_section_text(scenario) for scenario in scenarios.written)


def _section_text(scenario: Scenario) -> str:
    """One scenario, each of its changes on a line."""
    stated = {name: getattr(scenario, name) for name in ("title", "reason", "extends")}
    section = {name: value for name, value in stated.items() if value}
    text = tomli_w.dumps({scenario.name: section}) if section else f"[{scenario.name}]\n"
    if scenario.changes:
        lines = "".join(f"    {_inline(entry_of(change))},\n" for change in scenario.changes)
        text += f"changes = [\n{lines}]\n"
    return text


def _inline(entry: Mapping[str, Any]) -> str:
    parts = (tomli_w.dumps({name: value}).splitlines() for name, value in entry.items())
    return f"{{ {', '.join(' '.join(line.strip() for line in lines) for lines in parts)} }}"


def entry_of(change: Change) -> dict[str, Any]:
    """A change as it is written: its operation with the paths, and what stands beside it."""
    paths = change.paths
    beside = {"to": change.to, "by": change.by, "at": change.at}
    beside |= {"from": change.from_, "until": change.until}
    entry: dict[str, Any] = {change.operation: paths[0] if len(paths) == 1 else paths}
    entry |= {name: value for name, value in beside.items() if value is not None}
    if change.by is not None and change.by.is_integer():
        entry["by"] = int(change.by)
    return entry


class Places(Protocol):
    """Where scenarios, their settings and their changes stand."""

    def line(self, name: str, key: str = "") -> int:
        """The line of a scenario, or of one of its settings."""

    def entries(self, name: str) -> list[int]:
        """The lines of a scenario's changes."""


class _TomlPlaces:
    """Places in the text of a TOML file."""

    def __init__(self, text: str) -> None:
        self._settings = SettingLines(text)
        self._entries = _entry_lines(text)

    def line(self, name: str, key: str = "") -> int:
        words = re.sub(r"[\"' ]", "", name)
        return self._settings.line(words if key else "", key or words)

    def entries(self, name: str) -> list[int]:
        return self._entries.get(name, [])


class _Reader:
    """Reads one file or sheet, collecting problems on the way."""

    def __init__(self, file: str, places: Places, problems: Iterable[Problem] = ()) -> None:
        self.file = file
        self.places = places
        self.problems = list(problems)

    def scenarios(self, data: Mapping[str, Any]) -> Scenarios:
        written = [self._scenario(name, section) for name, section in data.items()]
        lines = {name: self._lines(name, section) for name, section in data.items()}
        try:
            scenarios = Scenarios(tuple(found for found in written if found), self.file, lines)
        except CaseError as error:
            raise CaseError([*self.problems, *error.problems]) from None
        if self.problems:
            raise CaseError(self.problems)
        return scenarios

    def _say(self, name: str, line: int, reason: CellError) -> None:
        self.problems.append(
            Problem(self.file, line, name, reason.found, reason.allowed, reason.cure)
        )

    def _lines(self, name: str, section: Any) -> tuple[int, ...]:
        """The line of a scenario and of each of its changes."""
        head = self.places.line(name) or self.places.line(f"{name}.changes")
        number = len(section.get("changes", ())) if isinstance(section, dict) else 0
        found = self.places.entries(name)
        return (head, *(found if len(found) == number else [head] * number))

    def _scenario(self, name: str, section: Any) -> Scenario | None:
        """A scenario with what is sound in it; none where its name is not."""
        if not isinstance(section, dict):
            reason = CellError(f"{shown(section)} is not a section", f"[{name}] and what it states")
            self._say(name, self.places.line(name), reason)
            return None
        for key in section:
            if key not in _SETTINGS:
                cure = nearest(key, _SETTINGS)
                reason = CellError("no setting has this name", ", ".join(_SETTINGS), cure)
                self._say(f"{name}.{key}", self.places.line(name, key), reason)
        changes = self._changes(name, section)
        values = {key: section[key] for key in _SETTINGS if key in section and key != "changes"}
        faults = set[str]()
        try:
            return Scenario(name=name, changes=changes, **values)
        except ValidationError as error:
            for key, reason in _faults(error, Scenario):
                faults.add(key)
                place = name if key == "name" else f"{name}.{key}"
                self._say(place, self.places.line(name, key), reason)
        if "name" in faults:
            return None
        sound = {key: value for key, value in values.items() if key not in faults}
        return Scenario(name=name, changes=changes, **sound)

    def _changes(self, name: str, section: Mapping[str, Any]) -> tuple[Change, ...]:
        """The sound changes of a scenario."""
        entries = section.get("changes", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            reason = CellError(f"{shown(entries)} is no list of changes", f"[{_ENTRY}]")
            self._say(f"{name}.changes", self.places.line(name, "changes"), reason)
            return ()
        if not entries and not section.get("extends"):
            reason = CellError("it changes nothing", f"changes, or extends: {_ENTRY}")
            self._say(name, self.places.line(name), reason)
        lines = self._lines(name, section)
        made = (self._change(name, line, e) for line, e in zip(lines[1:], entries, strict=True))
        return tuple(change for change in made if change)

    def _change(self, name: str, line: int, entry: Mapping[str, Any]) -> Change | None:
        known = [info.alias or key for key, info in Change.model_fields.items()]
        unknown = [key for key in entry if key not in known]
        for key in unknown:
            reason = CellError(f"{key!r} in a change", ", ".join(known), nearest(key, known))
            self._say(name, line, reason)
        if unknown:
            return None
        try:
            if "by" in entry:
                typed(entry["by"], Change.model_fields["by"])
            return Change.model_validate(entry)
        except ValidationError as error:
            for key, reason in _faults(error, Change):
                found = f"{key.rstrip('_')}: {reason.found}" if key else reason.found
                self._say(name, line, CellError(found, reason.allowed, reason.cure))
        except CellError as error:
            self._say(name, line, CellError(f"by: {error.found}", error.allowed, error.cure))
        return None


def _faults(error: ValidationError, kind: type[BaseModel]) -> Iterator[tuple[str, CellError]]:
    """What a record refused: the setting, blank where several do not fit, and why."""
    for detail in error.errors(include_url=False):
        own = (detail.get("ctx") or {}).get("error")
        name = str(detail["loc"][0]) if detail["loc"] else ""
        yield name, own if isinstance(own, CellError) else refusal(detail, name, kind)


def _entry_lines(text: str) -> dict[str, list[int]]:
    """Lines on which the changes of each scenario begin."""
    found: dict[str, list[int]] = defaultdict(list)
    name, depth = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        line = re.sub(r'"(\\.|[^"\\])*"|\'[^\']*\'', lambda m: m[0].replace("#", ""), line)
        line = line.split("#")[0]
        bare = re.sub(r'"(\\.|[^"\\])*"|\'[^\']*\'', "", line)
        header = re.match(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*$", line) if not depth else None
        if header:
            name = re.sub(r"[\"' ]", "", header[1])
            if name.endswith(".changes"):
                found[name.removesuffix(".changes")].append(number)
        elif depth or re.match(r"\s*changes\s*=\s*\[", bare):
            found[name] += [number] * bare.count("{")
            depth += bare.count("[") - bare.count("]")
    return found
