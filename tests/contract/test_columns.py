"""Every column and setting is declared in full, and documented as declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.base import UNITS, Row
from models.case import PARTS, TABLES, Case
from models.cells import kind_of, limits_of
from models.commitment import Commitment
from models.settings import Settings
from optimizer.reporting.reference import refreshed, tables_reference

README = Path(__file__).resolve().parents[2] / "data" / "README.md"
REFRESH = "python -m optimizer.reporting.reference"
RECORDS: dict[str, type[BaseModel]] = {**TABLES, **PARTS, "case": Settings}
COLUMNS = [
    pytest.param(kind, name, info, id=f"{where}.{name}")
    for where, kind in RECORDS.items()
    for name, info in kind.model_fields.items()
]


def facts(info: FieldInfo) -> dict[str, str]:
    """What a column declares beside its type."""
    extra = info.json_schema_extra
    assert isinstance(extra, dict), "the column is not made by models.base.column"
    return {name: str(value) for name, value in extra.items()}


@pytest.mark.parametrize(("kind", "name", "info"), COLUMNS)
def test_a_column_has_a_meaning_and_a_number_has_unit_and_limits(
    kind: type[BaseModel], name: str, info: FieldInfo
) -> None:
    """A number without a unit would be read in the wrong one, without limits as any slip."""
    assert info.description
    assert info.description.strip(" .") == info.description
    unit = facts(info)["unit"]
    if kind_of(info) in (int, float):
        assert unit in UNITS
        assert {"ge", "gt"} & set(limits_of(info)), "no lower limit"
        assert {"le", "lt"} & set(limits_of(info)), "no upper limit"
    else:
        assert unit == ""


def test_each_unit_is_used() -> None:
    """The list of units is what columns have, nothing more."""
    used = {facts(info)["unit"] for kind in RECORDS.values() for info in kind.model_fields.values()}
    assert used - {""} == set(UNITS)


@pytest.mark.parametrize("kind", TABLES.values(), ids=TABLES)
def test_keys_and_references_exist(kind: type[Row]) -> None:
    """Keys are columns; what a column refers to is a table; a dated table has ``since`` last."""
    assert set() < set(kind.keys) <= set(kind.model_fields)
    for info in kind.model_fields.values():
        assert facts(info)["refers"] in {"", "commitments", *TABLES}
        assert facts(info)["period"] in {"", "inside", "any", "when"}
    assert kind.dated == ("since" in kind.model_fields) == (kind.keys[-1] == "since")


def test_each_part_of_a_case_is_a_setting_a_section_or_a_table() -> None:
    """Whatever a case holds can be read from its folder."""
    assert set(Case.model_fields) == {*Settings.model_fields, *PARTS, *TABLES}
    for name, kind in TABLES.items():
        assert kind.table == name


def documented() -> Iterator[str]:
    """Columns that the reference must name."""
    for kind in RECORDS.values():
        for name in kind.model_fields:
            if name != "note":
                yield name


def test_the_reference_names_every_column_and_table() -> None:
    """Nothing that is declared is missing from the reference."""
    text = tables_reference()
    for name in documented():
        assert f"| `{name}`" in text
    for name in TABLES:
        assert f"### {name}\n" in text
    assert text.count("A commitment.") == sum(issubclass(k, Commitment) for k in TABLES.values())


def test_the_page_of_the_cases_holds_the_reference() -> None:
    """The page says what the columns declare; refresh it after a change of either."""
    text = README.read_text(encoding="utf-8")
    assert refreshed(text) == text, f"data/README.md is not up to date; run: {REFRESH}"
