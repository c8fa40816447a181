"""The optimiser on published problems, against their known optima."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from published import (
    Location,
    Scheduling,
    location_case,
    location_instances,
    scheduling_case,
    scheduling_instances,
)

from models.case import Case
from optimizer import Settings, load_case, save_case, solve

README = Path(__file__).parents[2] / "data" / "README.md"
#: Periods after the shortest makespan: room for the optimiser to be wrong in.
SPARE = 10


@pytest.mark.parametrize("instance", scheduling_instances(), ids=lambda found: found.name)
def test_shortest_schedule(instance: Scheduling) -> None:
    """The best volume is the horizon less the published shortest makespan."""
    case = scheduling_case(instance, instance.optimal_makespan + SPARE)
    outcome = solve(case, Settings(gap=1e-6))
    assert outcome.status == "optimal"
    # One car in each period after the last activity, and SPARE periods are left.
    assert outcome.goals[0].value == pytest.approx(SPARE, rel=1e-6)


@pytest.mark.parametrize("gap", [1e-7, 1e-3])
@pytest.mark.parametrize("instance", location_instances(), ids=lambda found: found.name)
def test_cheapest_sites(instance: Location, gap: float) -> None:
    """The best NPV is all demand at the price less the published least cost.

    Also with the default gap, a part of an NPV to which no cost is large: cases of
    few decisions are sought to their exact optimum.
    """
    outcome = solve(location_case(instance), Settings(gap=gap))
    assert outcome.status == "optimal"
    assert outcome.goals[0].value == pytest.approx(instance.best_npv, rel=1e-9)


def test_published_cases_survive_their_folder(tmp_path: Path) -> None:
    """Each instance, written as a folder, is read back equal."""
    cases = [
        *(scheduling_case(found, found.optimal_makespan) for found in scheduling_instances()),
        *(location_case(found) for found in location_instances()),
    ]
    assert len(cases) == 24  # twelve instances of each kind
    for case in cases:
        save_case(case, tmp_path / case.name)
        assert load_case(tmp_path / case.name) == case


def listed_case(heading: str, folder: Path) -> Case:
    """The case whose files the README lists under a heading."""
    section = README.read_text(encoding="utf-8").split(f"\n### {heading}\n")[1]
    section = re.split(r"\n##+ ", section)[0]
    files = re.findall(r"^`([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```$", section, re.M | re.S)
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    return load_case(folder)


def test_listed_schedule(tmp_path: Path) -> None:
    """The scheduling case that the README lists is complete and has its stated best."""
    case = listed_case("Project scheduling", tmp_path)
    assert len(case.projects) == 4
    # b needs both workers, so a (2), c (2) and b (3) follow each other; then d (1).
    # After 8 of 12 periods one car a period is sold: 4 cars.
    assert solve(case, Settings(gap=1e-6)).goals[0].value == pytest.approx(4)


def test_listed_location(tmp_path: Path) -> None:
    """The location case that the README lists is complete and has its stated best."""
    case = listed_case("Facility location", tmp_path)
    assert (len(case.sites), len(case.markets)) == (2, 3)
    # Margins: x 40 * 90 and y 20 * 80 from north (full at 60), y 10 * 75 and z 20 * 90
    # from south, less 1000 and 800 for opening: 7750 - 1800. One site alone reaches
    # 4850 (south, all demand) or 4200 (north, 60 cars).
    assert solve(case, Settings(gap=1e-6)).goals[0].value == pytest.approx(5950)
