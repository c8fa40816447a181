"""What is wrong with an input, said so that its author can mend it.

A `Problem` names the place, what was found, what is allowed and the cure. All
problems of an input are collected and raised together as one `CaseError`.
Not here: finding problems (see `models.checks` and `optimizer.tables`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: What the place of a problem in a workbook begins with.
SHEET = "sheet "


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input.

    ``where`` is a file name, a sheet, or a path such as ``markets.germany``; ``line``
    is the line in that file or row of that sheet (0 when there is none); ``column`` the
    column or setting. ``found``, ``allowed`` and ``cure`` are short sentences. ``cell``
    names the cell of a sheet.
    """

    where: str
    line: int = 0
    column: str = ""
    found: str = ""
    allowed: str = ""
    cure: str = ""
    cell: str = ""
    table: str = field(default="", compare=False)
    row: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Place, what was found, what is allowed and the cure, in one line."""
        sentence = f"{self._place}: {self.found}."
        if self.allowed:
            sentence += f" Allowed: {self.allowed}."
        if self.cure:
            sentence += f" {self.cure}" + ("" if self.cure.endswith("?") else ".")
        # File names and cells may hold what would confuse a terminal or end the line.
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in sentence)

    @property
    def _place(self) -> str:
        place = self.where
        if self.cell:
            return f"{place}, cell {self.cell}" + (f" ({self.column})" if self.column else "")
        if self.line and self.where.startswith(SHEET):
            place += f", row {self.line}"
            return f"{place}, {self.column}" if self.column else place
        if self.line:
            place += f" line {self.line}"
        if self.column:
            word = "setting" if self.where.endswith(".toml") else "column"
            place += f", {word} {self.column}" if self.line else f", {self.column}"
        return place


class CaseError(ValueError):
    """A case that cannot be used; ``problems`` holds everything wrong with it."""

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
