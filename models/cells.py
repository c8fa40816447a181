"""Cells: how text becomes the value of a column, and a value text again.

The one home of what a person may type: in a table, on a command line, in a
what-if. Also the words for values that a column refuses, so that no message
speaks of Python or pydantic. Not here: which columns there are (declared with
the records), where a cell stands (see `optimizer.tables`, `models.paths`).
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_NO_NUMBER = ("nan", "inf", "infinity", "na", "n/a", "null", "none", "-", "")
#: Characters of a value that a message shows.
_SHOWN = 60


class CellError(ValueError):
    """A value that its column does not take: what was found, is allowed, and the cure."""

    def __init__(self, found: str, allowed: str = "", cure: str = "") -> None:
        self.found, self.allowed, self.cure = found, allowed, cure
        super().__init__(found)


def kind_of(info: FieldInfo) -> Any:
    """What a column holds: bool, int, float, str, tuple, Literal or a record type."""
    return _plain(info.annotation)


def _plain(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _plain(next(part for part in get_args(annotation) if part is not type(None)))
    if hasattr(annotation, "__metadata__"):
        return _plain(get_args(annotation)[0])
    return origin if origin in (tuple, Literal) else annotation


def words_of(info: FieldInfo) -> tuple[str, ...]:
    """The words that a column chooses from; none where it takes any."""
    return get_args(info.annotation) if kind_of(info) is Literal else ()


def limits_of(info: FieldInfo) -> dict[str, float]:
    """The limits of a numeric column: ge, gt, le, lt."""
    return {
        name: getattr(rule, name)
        for rule in info.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(rule, name, None) is not None
    }


def _noun(kind: Any) -> str:
    nouns = {float: "a number", int: "a whole number", bool: "yes or no", tuple: "names, as a|b"}
    return nouns.get(kind, "text")


def range_text(info: FieldInfo) -> str:
    """The limits of a column, such as ``from 0 to 1``; nothing where it has none."""
    limits = {name: cell_text(float(value)) for name, value in limits_of(info).items()}
    low = limits.get("ge", limits.get("gt"))
    high = limits.get("le", limits.get("lt"))
    if low is None or high is None:
        return f"from {low}" if low is not None else f"up to {high}" if high is not None else ""
    above = f"above {low}" if "gt" in limits else f"from {low}"
    return f"{above} {'to' if 'le' in limits else 'to below'} {high}"


def allowed_text(info: FieldInfo) -> str:
    """What a column takes, in words."""
    kind = kind_of(info)
    if kind is Literal:
        return ", ".join(words_of(info))
    return f"{_noun(kind)} {range_text(info)}".strip()


# From text -------------------------------------------------------------------


def parse(text: str, info: FieldInfo) -> Any:
    """The value of a cell; blank gives the column's default.

    Raises `CellError` for text of the wrong form. Limits are left to the record.
    """
    text = text.strip()
    if not text:
        if info.is_required():
            raise CellError("the cell is blank", allowed_text(info), f"Fill in: {info.description}")
        return info.get_default(call_default_factory=True)
    kind = kind_of(info)
    if kind is bool:
        if text.lower() not in _YES:
            raise CellError(f"{shown(text)} is neither yes nor no", "yes or no")
        return _YES[text.lower()]
    if kind is tuple:
        return tuple(part.strip() for part in text.split("|") if part.strip())
    if kind in (int, float):
        return _number(text, info)
    return text


def _number(text: str, info: FieldInfo) -> float | int:
    allowed = allowed_text(info)
    if not _NUMBER.fullmatch(text):
        raise CellError(f"{shown(text)} is not a number", allowed, _cure(text, info))
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise CellError(f"{text[:_SHOWN]} is larger than any number here can be", allowed)
    if kind_of(info) is not int:
        return number
    if not number.is_integer():
        raise CellError(f"{text[:_SHOWN]} is not a whole number", allowed)
    return int(number)


def _cure(text: str, info: FieldInfo) -> str:
    """How to mend text that is not a number."""
    if text.endswith("%"):
        return "Write a percentage as a part of 1, such as 0.12 for 12%"
    if text.lower().lstrip("+-") in _NO_NUMBER:
        blank = f"Leave the cell blank for {cell_text(info.default) or info.description}"
        return "State a number" if info.is_required() else blank
    if re.fullmatch(r"[+-]?[0-9]{1,3}([,' \u00a0\u202f][0-9]{3})+(\.[0-9]*)?", text):
        return "Leave out the separators of thousands"
    if re.fullmatch(r"[+-]?[0-9]*,[0-9]+", text):
        return "Write decimals with a point"
    return "Write digits alone, with a point for decimals"


def taken(value: Any, info: FieldInfo) -> Any:
    """A value given for a column: text is read as a cell, ``None`` is a blank one."""
    if value is None:
        return parse("", info)
    if isinstance(value, str):
        return parse(value, info)
    return typed(value, info)


def typed(value: Any, info: FieldInfo) -> Any:
    """A value that brings its type with it, as in TOML; refuses a mix-up of types."""
    kind = kind_of(info)
    allowed = "true or false" if kind is bool else allowed_text(info)
    if kind in (int, float, bool) and isinstance(value, str):
        what = allowed if kind is bool else "it"
        raise CellError(f"{shown(value)} is text", allowed, f"Write {what} without quotes")
    if kind is bool and not isinstance(value, bool):
        raise CellError(f"{shown(value)} is neither true nor false", allowed)
    if kind in (int, float) and isinstance(value, bool):
        raise CellError(f"{shown(value)} is not {_noun(kind)}", allowed)
    return value


# To text -----------------------------------------------------------------------


def cell_text(value: Any) -> str:
    """A value as a cell that reads back equal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "|".join(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def shown(value: Any) -> str:
    """A value as messages show it: text in quotes, long values cut."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return cell_text(value)[:_SHOWN]
    if isinstance(value, Mapping):
        return "a section"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else str(value)[:_SHOWN]


# What a record refuses ---------------------------------------------------------


def refusals(error: ValidationError, kind: type[BaseModel]) -> Iterator[tuple[str, CellError]]:
    """What a record of this kind refused: column and reason, in words of its author."""
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        yield name, refusal(detail, name, kind)


def refusal(detail: Any, name: str, kind: type[BaseModel]) -> CellError:
    """One detail of pydantic's about a field of a record, in words of its author."""
    info = kind.model_fields.get(name)
    value, context = shown(detail.get("input")), detail.get("ctx") or {}
    if detail["type"] == "extra_forbidden" or info is None:
        return CellError("there is no such column", ", ".join(kind.model_fields))
    allowed = allowed_text(info)
    if detail["type"] == "missing":
        return CellError("it is missing", allowed, f"State it: {info.description}")
    for name, words in (("ge", "below"), ("gt", "not above"), ("le", "above"), ("lt", "not below")):
        if name in context:
            return CellError(f"{value} is {words} {cell_text(float(context[name]))}", allowed)
    if detail["type"] == "literal_error":
        return CellError(f"{value} is not known", allowed)
    if isinstance(context.get("error"), CellError):
        own: CellError = context["error"]
        return own
    if "max_length" in context or "min_length" in context:
        least, most = context.get("min_length"), context.get("max_length")
        length = f"at most {most}" if most else f"at least {least}"
        return CellError(f"{value} has the wrong length", f"{length} character(s)")
    return CellError(f"{value} is not {_noun(kind_of(info))}", allowed)
