"""Changes: what a scenario makes otherwise, one entry at a time, as people write them.

    { scale = "lanes.*.germany.freight", by = 1.3, from = "2024Q3", until = "2025Q4" }

An entry has one operation, whose value is the path or paths that it works on, and what
the operation needs beside it. An entry is the unit in which differences between plans
are put down to causes, so paths that change together for one reason are listed in one.
Not here: carrying a change out (see `models.edits`).
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from models.base import Period, Written
from models.cells import CellError, shown
from models.horizon import MOST_PERIODS

Operation = Literal["set", "scale", "add", "shift", "remove", "forbid", "force"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
#: What each operation needs or may have beside its paths.
ARGUMENTS: dict[Operation, str] = {
    "set": "to",
    "scale": "by",
    "add": "by",
    "shift": "by",
    "force": "at",
}
#: Operations on numbers that may be limited to some periods.
RANGED: tuple[Operation, ...] = ("set", "scale", "add")
#: Operations whose paths name whole rows and end before the column.
ON_ROWS: tuple[Operation, ...] = ("remove", "forbid", "force")
#: Paths of a change that are shown where there is no room for all.
_SHOWN = 2


def one_or_more(value: Any) -> Any:
    """A list as it is written: a single word needs no brackets."""
    return (value,) if isinstance(value, str) else value


def _sound_paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    if not all(paths):
        raise CellError("a path is blank", "table.key.column, such as markets.germany.max_share")
    return paths


def _sound_value(value: Any) -> Any:
    words = isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value)
    plain = isinstance(value, (bool, int, str)) or (isinstance(value, float) and isfinite(value))
    if not (value is None or plain or words):
        raise CellError(
            f"{shown(value)} is no value", "a number, text, true or false, or a list of names"
        )
    return value


Paths = Annotated[tuple[str, ...], BeforeValidator(one_or_more), AfterValidator(_sound_paths)]
Value = bool | int | float | str | tuple[str, ...]


class Change(Written):
    """One entry of a scenario: an operation, its paths, and how much.

    ``set`` cells ``to`` a value (blank text: the default); ``scale`` numbers ``by`` a
    factor; ``add`` to numbers ``by`` an amount; ``shift`` dates ``by`` periods; ``remove``
    rows and what hangs on them; ``forbid`` commitments; ``force`` commitments, if wanted to
    start ``at`` a period. ``from`` and ``until`` (first and last period; in Python
    ``from_``) limit the first three to part of a dated table's time.

    Raises a `ValidationError` of pydantic's for an entry that makes no sense.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, loc_by_alias=False)

    set: Paths = Field((), description="cells that get the value to")
    scale: Paths = Field((), description="numbers to be multiplied by the factor by")
    add: Paths = Field((), description="numbers to which the amount by is added")
    shift: Paths = Field((), description="dates that move by so many periods")
    remove: Paths = Field((), description="rows that go, with all that hangs on them")
    forbid: Paths = Field((), description="commitments that never start")
    force: Paths = Field((), description="commitments that must start")
    to: Annotated[Value | None, BeforeValidator(_sound_value)] = Field(
        None, description="new value; blank text: the default"
    )
    by: Annotated[float | None, Field(strict=True)] = Field(
        None, description="factor, amount or number of periods"
    )
    at: Period | None = Field(None, description="the only period in which it may start")
    from_: Period | None = Field(
        None, alias="from", description="first period in which it acts; blank: from the start"
    )
    until: Period | None = Field(
        None, description="last period in which it acts; blank: to the end"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        fault = self._fault()
        if fault:
            raise fault
        return self

    def _fault(self) -> CellError | None:
        named = [name for name in OPERATIONS if getattr(self, name)]
        if len(named) != 1:
            found = f"the operations {' and '.join(named)}" if named else "no operation"
            return CellError(found, f"one of {', '.join(OPERATIONS)}", "Write an entry for each")
        return self._wrong_argument(named[0]) or self._wrong_amount(named[0])

    def _wrong_argument(self, operation: Operation) -> CellError | None:
        needed = ARGUMENTS.get(operation, "")
        for name in ("to", "by", "at"):
            given = getattr(self, name) is not None
            if given and name != needed:
                users = [word for word, argument in ARGUMENTS.items() if argument == name]
                return CellError(
                    f"{name} beside {operation}",
                    f"{name} only with {', '.join(users)}",
                    f"Write {needed} instead" if needed else f"Leave {name} out",
                )
            if not given and name == needed and name != "at":
                return CellError(f"{operation} without {name}", f"{operation} and {name}")
        if operation not in RANGED and (self.from_ is not None or self.until is not None):
            name = "from" if self.from_ is not None else "until"
            return CellError(f"{name} beside {operation}", f"{name} only with {', '.join(RANGED)}")
        return None

    def _wrong_amount(self, operation: Operation) -> CellError | None:
        if operation != "shift" or self.by is None:
            return None
        if self.by.is_integer() and abs(self.by) <= MOST_PERIODS:
            return None
        allowed = f"a whole number of periods from -{MOST_PERIODS} to {MOST_PERIODS}"
        return CellError(f"shift by {shown(self.by)}", allowed)

    @property
    def operation(self) -> Operation:
        """What is done."""
        return next(name for name in OPERATIONS if getattr(self, name))

    @property
    def paths(self) -> tuple[str, ...]:
        """What it is done to."""
        paths: tuple[str, ...] = getattr(self, self.operation)
        return paths

    def __str__(self) -> str:
        """The change in words, such as ``scale lanes.*.germany.freight by 1.3``."""
        paths = ", ".join(self.paths[:_SHOWN])
        if len(self.paths) > _SHOWN:
            paths += f" and {len(self.paths) - _SHOWN} more"
        name = ARGUMENTS.get(self.operation, "")
        value = getattr(self, name) if name else None
        words = [self.operation, paths]
        if value is not None:
            text = "|".join(value) if isinstance(value, tuple) else shown(value).strip("'")
            words += [name, text or "blank"]
        for word, label in (("from", self.from_), ("until", self.until)):
            words += [word, label] if label is not None else []
        return " ".join(words)
