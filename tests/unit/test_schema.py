"""The JSON Schemas accept what is shipped and refuse planted faults, as evplan does."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from models.case import TABLES
from optimizer.catalogue import shipped_cases
from optimizer.schema import NAMES, SchemaName, json_schema
from optimizer.tables import load_case
from tests.oracle.tiny_cases import tiny_case


def plain(name: str) -> dict[str, Any]:
    """A case as plain data: its settings as written, tables as lists of rows."""
    data = toml(name, "case.toml")
    case = load_case(name)
    for table in TABLES:
        rows = [row.model_dump(mode="json", exclude_defaults=True) for row in case.rows(table)]
        data |= {table: rows} if rows else {}
    return data


def toml(name: str, file: str) -> dict[str, Any]:
    return tomllib.loads((shipped_cases()[name] / file).read_text(encoding="utf-8"))


def faults(name: SchemaName, data: Any) -> list[str]:
    """What a validator finds."""
    validator = Draft202012Validator(json_schema(name))
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: SchemaName) -> None:
    """Each is a schema of draft 2020-12, with a meaning for every field."""
    schema = json_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    nameless = [
        field
        for part in schema["$defs"].values()
        for field, shape in part.get("properties", {}).items()
        if not shape.get("description")
    ]
    assert nameless == []


@pytest.mark.parametrize("case", ["tiny", "leapmotor-2023"])
def test_what_is_shipped_is_accepted(case: str) -> None:
    """case.toml, the whole case as plain data, and its scenarios."""
    assert faults("settings", toml(case, "case.toml")) == []
    assert faults("case", plain(case)) == []
    assert faults("scenarios", toml(case, "scenarios.toml")) == []


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_cases_that_use_every_table_are_accepted(seed: int) -> None:
    """The random cases of the brute force as plain data."""
    data = tiny_case(seed).model_dump(mode="json", exclude_none=True)
    assert faults("case", data) == []


def with_value(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Data with one value set, or removed where it is None."""
    *parents, last = path.split("/")
    place: Any = data
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("curency", "EUR"),
        ("money_unit", 0),
        ("money_unit", "1"),
        ("horizon", None),
        ("horizon/step", "week"),
        ("horizon/first", None),
        ("horizon/last", 2025.5),
        ("finance/opening_cash", True),
        ("finance/discount_rate_per_year", -1),
        ("target/volume", None),
        ("target/required", "yes"),
        ("markets/0/market", "a.b"),
        ("markets/0/market", ""),
        ("markets/0/max_share", 1.5),
        ("markets/0/colour", "red"),
        ("launches/0/lead", 1.5),
        ("launches/0/status", "Optional"),
        ("launches/0/vehicle", None),
        ("registrations/0/units_per_year", None),
    ],
)
def test_a_planted_fault_is_refused(path: str, value: Any) -> None:
    """Wrong names, words, types and numbers out of range are one fault each."""
    assert faults("case", plain("tiny")) == []
    assert len(faults("case", with_value(plain("tiny"), path, value))) == 1


def test_tables_are_no_settings() -> None:
    """case.toml holds no tables; evplan refuses them there too."""
    assert len(faults("settings", plain("tiny"))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"scale": "a.b.c"},
        {"scale": "a.b.c", "by": "1.3"},
        {"scale": "a.b.c", "by": 1, "to": 2},
        {"scale": "a.b.c", "add": "a.b.c", "by": 1},
        {"sclae": "a.b.c", "by": 1},
        {"shift": "a.b.c", "by": 1.5},
        {"forbid": "a.b", "from": "2024Q1"},
        {"remove": []},
    ],
    ids=str,
)
def test_a_change_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    """Each needs one operation and what goes with it."""
    assert faults("scenarios", {"s": {"changes": [{"forbid": "deals.x"}]}}) == []
    assert faults("scenarios", {"s": {"changes": [change]}})


def test_a_scenario_of_its_own() -> None:
    """Names, settings and a scenario that changes nothing."""
    assert faults("scenarios", {"a b": {"changes": [{"forbid": "x"}]}})
    assert faults("scenarios", {"a": {"changes": [{"forbid": "x"}], "titel": "x"}})
    assert faults("scenarios", {"a": {"title": "x"}})
    assert faults("scenarios", {"a": {"extends": "b"}}) == []


def test_units_and_references_are_told() -> None:
    """What an editor shows: meaning, unit, and the table of a name."""
    launches = json_schema("case")["$defs"]["Launch"]["properties"]
    assert launches["peak_share"]["description"].endswith(
        "Unit: share (a part of 1: 0.12 is 12 per cent)."
    )
    assert launches["vehicle"]["description"].endswith("A row of vehicles.")


def test_another_name_is_an_error() -> None:
    """A schema that is not there is not guessed."""
    with pytest.raises(ValueError, match="there is no schema 'cases'"):
        json_schema("cases")  # type: ignore[arg-type]
