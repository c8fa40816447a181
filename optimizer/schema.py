"""JSON Schemas of what people write: a case as plain data, ``case.toml``, ``scenarios.toml``.

Made from the records, so that an editor offers names and words, shows meaning and unit,
and marks what is out of range. What holds between rows is left to ``evplan check``.
Drafts of the year 2020. Not here: reading any of these files.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel

from models.base import RESERVED, UNITS, Row
from models.case import PARTS, TABLES, Case
from models.cells import kind_of
from models.change import ARGUMENTS, OPERATIONS, RANGED, Change
from models.scenario import Scenario
from models.settings import Settings

SchemaName = Literal["case", "settings", "scenarios"]
NAMES: tuple[SchemaName, ...] = get_args(SchemaName)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TITLES = {
    "case": "A case of evplan: settings, and tables as lists of rows",
    "settings": "case.toml of evplan: the settings of a case",
    "scenarios": "scenarios.toml of evplan: named changes to a case",
}
#: A name in a table: what `models.base` takes for one.
_NAME = {
    "minLength": 1,
    "maxLength": 80,
    "pattern": f"^[^{''.join(chr(92) + c for c in RESERVED)}]*$",
}


def json_schema(name: SchemaName = "case") -> dict[str, Any]:
    """The schema of a whole case (``case``), of ``case.toml`` (``settings``) or of
    ``scenarios.toml`` (``scenarios``), as plain data.

    Raises `ValueError` for another name.
    """
    if name not in NAMES:
        raise ValueError(f"there is no schema {name!r}; there are {', '.join(NAMES)}")
    made = _scenarios() if name == "scenarios" else _case(with_tables=name == "case")
    return {"$schema": _DRAFT, "title": _TITLES[name], **made}


# A case -----------------------------------------------------------------------------


def _case(with_tables: bool) -> dict[str, Any]:
    schema = Case.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    kinds: dict[str, type[BaseModel]] = {**PARTS, **(TABLES if with_tables else {})}
    for kind in kinds.values():
        _mend(definitions[kind.__name__]["properties"], kind)
    properties = {name: schema["properties"][name] for name in (*Settings.model_fields, *kinds)}
    _mend(properties, Settings)
    for name in kinds:
        one = {"$ref": f"#/$defs/{kinds[name].__name__}"}
        listed = name == "goals" or name in TABLES
        properties[name] = {"type": "array", "items": one} if listed else one
        properties[name]["description"] = definitions[kinds[name].__name__].get("description", "")
    return {
        "type": "object",
        "properties": properties,
        "required": ["horizon"],
        "additionalProperties": False,
        "$defs": {kind.__name__: definitions[kind.__name__] for kind in kinds.values()},
    }


def _mend(properties: dict[str, Any], kind: type[BaseModel]) -> None:
    """Say of each field what pydantic cannot: unit, references, and what else it takes."""
    for name, info in kind.model_fields.items():
        shape = properties[name]
        facts = {key: shape.pop(key, "") for key in ("unit", "refers", "period")}
        shape.pop("title", None)
        shape["description"] = _description(info.description or "", facts)
        # A blank is written by leaving the field out.
        shapes = [one for one in shape.pop("anyOf", []) if one.get("type") != "null"]
        if shapes:
            shape.update(shapes[0])
            if shape.get("default", "") is None:
                del shape["default"]
        kept = kind_of(info)
        if kept is tuple:
            shape.pop("items", None)
            listed = {"type": "array", "items": {"type": "string"}}
            shape["anyOf"] = [{"type": "string"}, listed]
            shape.pop("type", None)
        elif kept is str and issubclass(kind, Row) and name in kind.keys and _is_name(info):
            shape.update(_NAME)
        if kept is str and _takes_numbers(info):
            shape["type"] = ["string", "integer"]


def _description(meaning: str, facts: dict[str, str]) -> str:
    """Meaning and unit, and the table that a name is from."""
    words = f"{meaning[:1].upper()}{meaning[1:]}."
    unit, refers = facts["unit"], facts["refers"]
    if unit in UNITS:
        words += f" Unit: {unit} ({UNITS[unit]})."
    if refers:
        words += " Id of a commitment." if refers == "commitments" else f" A row of {refers}."
    return words


def _validators(info: Any) -> list[str]:
    """Names of the functions that a text goes through, also where it may be left out."""
    rules = list(info.metadata)
    for part in get_args(info.annotation):
        rules += getattr(part, "__metadata__", ())
    return [getattr(getattr(rule, "func", None), "__name__", "") for rule in rules]


def _is_name(info: Any) -> bool:
    return "_name" in _validators(info)


def _takes_numbers(info: Any) -> bool:
    """Names and periods may be written as whole numbers, such as 2024."""
    return "_text" in _validators(info)


# Scenarios ---------------------------------------------------------------------------


def _scenarios() -> dict[str, Any]:
    schema = Scenario.model_json_schema(by_alias=True)
    fields: dict[str, Any] = schema["properties"]
    fields.pop("name")
    words = {"type": "string", "minLength": 1}
    some = {"anyOf": [words, {"type": "array", "items": words, "minItems": 1}]}
    fields["extends"] = {**fields["extends"], **some}
    fields["extends"].pop("type", None)
    fields["extends"].pop("items", None)
    fields["changes"] = {
        "type": "array",
        "items": {"$ref": "#/$defs/Change"},
        "description": fields["changes"]["description"],
    }
    for shape in fields.values():
        shape.pop("title", None)
        shape.pop("default", None)
    scenario = {
        "type": "object",
        "description": "A world that is not the case's, as changes to it.",
        "properties": fields,
        "additionalProperties": False,
        "anyOf": [{"required": ["changes"]}, {"required": ["extends"]}],
    }
    return {
        "type": "object",
        "propertyNames": {"pattern": r"^[\w-]{1,80}$"},
        "additionalProperties": scenario,
        "$defs": {"Change": {"anyOf": [_change(name, some) for name in OPERATIONS]}},
    }


def _change(operation: str, some: dict[str, Any]) -> dict[str, Any]:
    """One operation with what it needs and may have beside it."""
    fields = {info.alias or name: info for name, info in Change.model_fields.items()}

    def described(name: str, shape: dict[str, Any]) -> dict[str, Any]:
        return {**shape, "description": f"{(fields[name].description or '').capitalize()}."}

    period = {"type": ["string", "integer"]}
    plain = {"type": ["string", "number", "boolean"]}
    shapes: dict[str, dict[str, Any]] = {
        "to": {"anyOf": [plain, {"type": "array", "items": {"type": "string"}}]},
        "by": {"type": "integer" if operation == "shift" else "number"},
        "at": period,
    }
    properties = {operation: described(operation, some)}
    needed = {name: argument for name, argument in ARGUMENTS.items() if name == operation}
    for argument in needed.values():
        properties[argument] = described(argument, shapes[argument])
    if operation in RANGED:
        properties |= {name: described(name, period) for name in ("from", "until")}
    return {
        "type": "object",
        "properties": properties,
        "required": [operation, *(word for word in needed.values() if word != "at")],
        "additionalProperties": False,
    }
