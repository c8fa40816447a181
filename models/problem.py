"""What is wrong with an input, said so that its author can mend it.

A `Problem` names the place, what was found, what is allowed and the cure. All
problems of an input are collected and raised together as one `CaseError`.
Not here: finding problems (see `models.checks` and `optimizer.tables`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input.

    ``where`` is a file name or a path such as ``markets.germany``; ``line`` is
    the line in that file (0 when there is none); ``column`` the column or
    setting. ``found``, ``allowed`` and ``cure`` are short sentences.
    """

    where: str
    line: int = 0
    column: str = ""
    found: str = ""
    allowed: str = ""
    cure: str = ""
    table: str = field(default="", compare=False)
    row: int | None = field(default=None, compare=False)

    def at(self, where: str, line: int) -> Problem:
        """The same problem, placed in a file and line."""
        return replace(self, where=where, line=line)

    def __str__(self) -> str:
        """Place, what was found, what is allowed and the cure, in one line."""
        place = self.where
        if self.line:
            place += f" line {self.line}"
        if self.column:
            word = "setting" if self.where.endswith(".toml") else "column"
            place += f", {word} {self.column}" if self.line else f", {self.column}"
        sentence = f"{place}: {self.found}."
        if self.allowed:
            sentence += f" Allowed: {self.allowed}."
        if self.cure:
            sentence += f" {self.cure}" + ("" if self.cure.endswith("?") else ".")
        # File names and cells may hold what would confuse a terminal or end the line.
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in sentence)


class CaseError(ValueError):
    """A case that cannot be used; ``problems`` holds everything wrong with it."""

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
