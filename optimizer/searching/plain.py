"""Knowledge as plain data that JSON holds exactly, and back.

Numbers of arrays are base64 of little-endian bytes, each array with a type fixed here, so
that what is read can be nothing but numbers. What is read is not trusted: every number
that points at something must point into a model of the shape stated. Whether the claims
hold is checked where they are used (see `optimizer.searching.narrowing`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.highs import Basis, Witness
from optimizer.highs.witness import Name
from optimizer.searching.knowledge import Claim, Knowledge, Topic

#: Statuses of a column or row in a basis: 0 up to this.
MOST_STATUS = 4


def plain(knowledge: Knowledge) -> dict[str, Any]:
    """Knowledge as dictionaries, lists, texts and numbers."""
    return {
        "shape": list(knowledge.shape),
        "rows": list(knowledge.rows),
        "topics": {name: _plain_topic(topic) for name, topic in knowledge.topics.items()},
    }


def from_plain(data: Any) -> Knowledge:
    """The knowledge that `plain` was given; raises `ValueError` for what it did not make."""
    try:
        columns, rows, pool = shape = tuple(_whole(size, 2**31) for size in data["shape"])
        needed = tuple(_whole(row, pool) for row in data["rows"])
        topics = {str(name): _topic(topic, columns, rows) for name, topic in data["topics"].items()}
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"it is no knowledge: {type(error).__name__}") from None
    return Knowledge((shape[0], shape[1], shape[2]), needed, topics)


# Parts -----------------------------------------------------------------------------


def _plain_basis(basis: Basis) -> dict[str, Any]:
    return {
        "columns": _text(basis.columns, "<i1"),
        "rows": _text(basis.rows, "<i1"),
        "named": [[list(name), status] for name, status in basis.named],
    }


def _basis(data: Any, columns: int, rows: int) -> Basis:
    named = tuple(
        (_name(name, rows), _whole(kind, MOST_STATUS + 1)) for name, kind in data["named"]
    )
    return Basis(_statuses(data["columns"], columns), _statuses(data["rows"], rows), named)


def _plain_topic(topic: Topic) -> dict[str, Any]:
    return {
        **_plain_basis(topic.basis),
        "decisions": _text(topic.decisions, "<i1"),
        "claims": [_plain_claim(claim) for claim in topic.claims],
        "promise": _text([topic.promise], "<f8"),
    }


def _topic(data: Any, columns: int, rows: int) -> Topic:
    basis = _basis(data, columns, rows)
    decisions = _array(data["decisions"], "<i1", np.int8)
    if len(decisions) > columns:
        raise ValueError("it decides on more columns than there are")
    claims = tuple(_claim(claim, columns, rows) for claim in data["claims"])
    (promise,) = _array(data["promise"], "<f8", np.float64).tolist()
    return Topic(basis, decisions, claims, promise)


def _plain_claim(claim: Claim) -> list[Any]:
    witness = claim.witness
    told = None
    if witness is not None:
        told = {
            "rows": _text(witness.rows, "<i4"),
            "multipliers": _text(witness.multipliers, "<f8"),
            "kept": [list(name) for name, _ in witness.kept],
            "weights": _text([weight for _, weight in witness.kept], "<f8"),
            "objective": witness.objective,
        }
    return [claim.column, claim.value, told]


def _claim(data: Any, columns: int, rows: int) -> Claim:
    column, value, told = data
    if type(value) not in (int, float) or not np.isfinite(value):
        raise ValueError("a claim is of no number")
    return Claim(_whole(column, columns), value, None if told is None else _witness(told, rows))


def _witness(data: Any, rows: int) -> Witness:
    numbers = _array(data["rows"], "<i4", np.int32)
    multipliers = _array(data["multipliers"], "<f8", np.float64)
    weights = _array(data["weights"], "<f8", np.float64)
    names = [_name(name, rows) for name in data["kept"]]
    if len(numbers) != len(multipliers) or len(names) != len(weights):
        raise ValueError("rows and multipliers are not as many")
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < rows:
        raise ValueError("a witness names a row that is not there")
    if not (np.isfinite(multipliers).all() and np.isfinite(weights).all()):
        raise ValueError("a multiplier is no number")
    if type(data["objective"]) is not bool:
        raise ValueError("it is neither true nor false whether a witness has an objective")
    kept = tuple(zip(names, weights.tolist(), strict=True))
    return Witness(numbers, multipliers, kept, data["objective"])


def _name(data: Any, rows: int) -> Name:
    kind, of = data
    if type(kind) is not str or type(of) not in (int, str):
        raise ValueError("the name of a row is none")
    return kind, _whole(of, rows) if kind == "row" else of


def _statuses(text: Any, count: int) -> NDArray[np.int8]:
    statuses: NDArray[np.int8] = _array(text, "<i1", np.int8)
    if len(statuses) != count:
        raise ValueError("a basis is of another model")
    if count and not 0 <= statuses.min() <= statuses.max() <= MOST_STATUS:
        raise ValueError("a basis has a status that is none")
    return statuses


def _whole(number: Any, end: int) -> int:
    """A whole number from 0 up to, and without, an end."""
    if type(number) is not int or not 0 <= number < end:
        raise ValueError(f"{number!r:.40} is no number from 0 to {end - 1}")
    return number


# Arrays ----------------------------------------------------------------------------


def _text(numbers: NDArray[Any] | Iterable[float], kind: str) -> str:
    return base64.b64encode(np.asarray(numbers, dtype=kind).tobytes()).decode("ascii")


def _array(text: Any, kind: str, native: type[Any]) -> NDArray[Any]:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("an array is damaged") from None
    return np.frombuffer(data, dtype=kind).astype(native)
