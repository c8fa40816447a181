"""The first plan is a serial schedule that keeps resources and rules."""

from __future__ import annotations

from models.case import Case
from models.commitment import Precedence, Project, Resource, ResourceUse
from models.horizon import Horizon
from optimizer.formulation.build import build
from optimizer.starting import earliest_schedule


def _case(available: float) -> Case:
    """Three projects of 2 periods; c waits for a; each takes one crew."""
    names = ("a", "b", "c")
    return Case(
        horizon=Horizon(step="period", first="1", last="8"),
        projects=tuple(Project(project=name, lead=2, status="mandatory") for name in names),
        precedences=(Precedence(commitment="projects.c", after=("projects.a",)),),
        resources=(Resource(resource="crew", available=available),),
        resource_use=tuple(
            ResourceUse(commitment=f"projects.{name}", resource="crew", preparing=1)
            for name in names
        ),
    )


def test_one_crew_works_one_after_another() -> None:
    """With one crew the three projects of 2 periods start 2 periods apart, c after a."""
    starts = earliest_schedule(build(_case(1)).world)
    assert sorted(starts.values()) == [0, 2, 4]
    assert starts["projects.c"] >= starts["projects.a"] + 2


def test_two_crews_work_side_by_side() -> None:
    """With two crews a and b start at once and c when a is done."""
    starts = earliest_schedule(build(_case(2)).world)
    assert starts == {"projects.a": 0, "projects.b": 0, "projects.c": 2}


def test_without_a_crew_nothing_starts() -> None:
    """What does not fit a resource is left out, and what waits for it too."""
    assert earliest_schedule(build(_case(0)).world) == {}


def test_a_known_plan_is_kept_and_what_cannot_be_so_soon_is_late() -> None:
    """a is due one period later than planned: c waits for it, b stays where it is.

    The one crew is with b in periods 0 and 1, with a from 2 on and with c from 4 on.
    """
    known = {"projects.b": 0, "projects.a": 1, "projects.c": 3}
    starts = earliest_schedule(build(_case(1)).world, known)
    assert starts == {"projects.b": 0, "projects.a": 2, "projects.c": 4}


def test_what_a_known_plan_leaves_out_stays_out_unless_it_must_start() -> None:
    """c is optional and left out; b is mandatory and goes to the first free periods."""
    case = _case(1)
    optional = case.projects[2].model_copy(update={"status": "optional"})
    case = case.replace(projects=(*case.projects[:2], optional))
    starts = earliest_schedule(build(case).world, {"projects.a": 1})
    assert starts == {"projects.a": 2, "projects.b": 0}
    assert earliest_schedule(build(case).world, {"projects.a": 1, "projects.b": 3}) == {
        "projects.a": 1,
        "projects.b": 3,
    }
