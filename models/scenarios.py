"""The scenarios of a case: found by name, extending each other, added to each other.

A scenario comes after those that it extends, in the order in which it names them, and
``a + b`` is ``a`` and then ``b``; one that is met twice on the way is applied once, where
it is met first. Not here: what a scenario does to a case (`models.scenario`), reading a
file (`optimizer.scenarios`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from models.case import Case
from models.cells import CellError
from models.change import Change
from models.paths import nearest
from models.problem import CaseError, Problem
from models.scenario import Scenario, names_in, run, said


@dataclass(frozen=True)
class Scenarios:
    """The scenarios of a case by name, as written.

    ``file`` and ``lines`` (of a scenario and then of each of its changes) tell where they
    stand. Raises `CaseError` for a name that stands twice, one that is not there to be
    extended, and scenarios that extend each other in a circle.
    """

    written: tuple[Scenario, ...] = ()
    file: str = ""
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [*self._doubled(), *self._unknown()]
        problems = problems or list(self._circles())
        if problems:
            raise CaseError(problems)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in the order written."""
        return tuple(scenario.name for scenario in self.written)

    def combined(self, expression: str) -> Scenario:
        """The scenario of a name, or of several as ``a + b``, with all that it extends.

        Raises `CaseError` for a name that is not there, with the nearest ones.
        """
        try:
            names = names_in(expression)
        except CellError as error:
            reason = Problem(expression, 0, "", error.found, error.allowed, error.cure)
            raise CaseError([reason]) from None
        problems = [self._no_scenario(name, expression) for name in names if name not in self.names]
        if problems:
            raise CaseError(problems)
        meant = [self._named(name) for name in dict.fromkeys(names)]
        return Scenario(
            name=" + ".join(names),
            title=" + ".join(scenario.title or scenario.name for scenario in meant),
            reason="\n".join(scenario.reason for scenario in meant if scenario.reason),
            changes=tuple(change for _, _, change in self._changes(names)),
        )

    def owners(self, expression: str) -> tuple[Scenario, ...]:
        """Of each change of `combined`, in their order, the scenario that it was written in."""
        self.combined(expression)
        return tuple(self._named(name) for name, _, _ in self._changes(names_in(expression)))

    def check(self, case: Case) -> tuple[Problem, ...]:
        """Apply each scenario to the case; returns the warnings.

        Raises `CaseError` with everything that is wrong in any of them.
        """
        faults: list[Problem] = []
        warnings: list[Problem] = []
        for scenario in self.written:
            changes = list(self._changes([scenario.name]))
            made = run(case, (change for _, _, change in changes))
            for number, fault in made.faults:
                owner, place = changes[number][:2] if number is not None else (scenario.name, None)
                faults.append(self._placed(owner, place, said(fault), fault))
            for number, fault in made.idle:
                owner, place = changes[number][:2]
                warnings.append(self._placed(owner, place, said(fault), fault))
        if faults:
            raise CaseError(faults)
        return tuple(dict.fromkeys(warnings))

    def _changes(self, names: Iterable[str]) -> Iterator[tuple[str, int, Change]]:
        """Changes in the order in which they apply, each with its scenario and number in it."""
        met: set[str] = set()

        def walk(name: str) -> Iterator[tuple[str, int, Change]]:
            if name in met:
                return
            met.add(name)
            scenario = self._named(name)
            for other in scenario.extends:
                yield from walk(other)
            yield from ((name, n, change) for n, change in enumerate(scenario.changes))

        for name in names:
            yield from walk(name)

    def _named(self, name: str) -> Scenario:
        return next(scenario for scenario in self.written if scenario.name == name)

    def _placed(self, name: str, number: int | None, found: str, problem: Problem) -> Problem:
        """A problem with the scenario, and where there is one the file and line."""
        lines = self.lines.get(name, ())
        place = 0 if number is None else number + 1
        line = lines[place] if place < len(lines) else 0
        if not self.file:
            column = "" if number is None else f"change {place}"
            return replace(problem, where=name, line=0, column=column, found=found)
        return replace(problem, where=self.file, line=line, column=name, found=found)

    # What is wrong with the scenarios themselves ------------------------------

    def _no_scenario(self, name: str, where: str) -> Problem:
        return Problem(
            where,
            found=f"there is no scenario {name!r}",
            allowed=", ".join(self.names) or "none, as the case has no scenarios",
            cure=nearest(name, self.names),
        )

    def _doubled(self) -> Iterator[Problem]:
        for place, scenario in enumerate(self.written):
            problem = Problem(scenario.name)
            if scenario.name in self.names[:place]:
                yield self._placed(scenario.name, None, "the name stands twice", problem)
            if "+" in scenario.name:
                found = "a name with +, which stands between names"
                yield self._placed(scenario.name, None, found, problem)

    def _unknown(self) -> Iterator[Problem]:
        for scenario in self.written:
            for name in scenario.extends:
                if name not in self.names:
                    problem = self._no_scenario(name, scenario.name)
                    yield self._placed(scenario.name, None, f"extends: {problem.found}", problem)

    def _circles(self) -> Iterator[Problem]:
        for scenario in self.written:
            trail = self._circle(scenario.name)
            if trail:
                found = f"it extends itself: {' extends '.join(trail)}"
                cure = "Leave one of these out"
                yield self._placed(scenario.name, None, found, Problem("", cure=cure))

    def _circle(self, name: str) -> list[str]:
        """A way from a scenario back to itself over what each extends; empty if there is none."""
        came_from: dict[str, str] = {}
        waiting = [name]
        while waiting:
            here = waiting.pop(0)
            for other in self._named(here).extends:
                if other == name:
                    trail = [name, here]
                    while trail[-1] != name:
                        trail.append(came_from[trail[-1]])
                    return trail[::-1]
                if other not in came_from:
                    came_from[other] = here
                    waiting.append(other)
        return []
