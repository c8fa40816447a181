"""A case whose names try to be more than text, for whatever shows names."""

from __future__ import annotations

import csv
from pathlib import Path

from optimizer import Case, load_case
from optimizer.catalogue import find_case

#: Names of the tiny case and what takes their place.
NAMES = {
    "south": "<script>alert(1)</script>",
    "north": "{{x}} %% %{y}",
    "two": "=cmd()",
    "importer": "</script>",
    "licence": "<b>bold</b> & $a$",
}
#: The same for titles.
TITLES = {
    "One": '<a href="javascript:alert(2)">a link</a>',
    "Plant": "<!-- <img src=x onerror=alert(3)>",
}


def hostile_case(folder: Path) -> Case:
    """The tiny case under hostile names; its numbers are unchanged."""
    made = folder / "hostile"
    made.mkdir()
    for path in find_case("tiny").iterdir():
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = [[_renamed(cell) for cell in row] for row in csv.reader(file)]
            with (made / path.name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
        elif path.name == "case.toml":
            (made / path.name).write_text(
                path.read_text().replace("Two export markets", "<i>Two</i> export markets")
            )
    case = load_case(made)
    vehicles = tuple(
        row.model_copy(update={"title": TITLES["One"]}) if row.vehicle == "one" else row
        for row in case.vehicles
    )
    sites = tuple(row.model_copy(update={"title": TITLES["Plant"]}) for row in case.sites)
    return case.replace(
        vehicles=tuple(
            row.model_copy(update={"title": ""}) if row.vehicle == NAMES["two"] else row
            for row in vehicles
        ),
        markets=tuple(row.model_copy(update={"title": ""}) for row in case.markets),
        deals=tuple(row.model_copy(update={"title": ""}) for row in case.deals),
        sites=sites,
    )


def _renamed(cell: str) -> str:
    return "|".join(
        ".".join(NAMES.get(part, part) for part in one.split(".")) for one in cell.split("|")
    )
