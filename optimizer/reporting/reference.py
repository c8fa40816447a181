"""The reference of tables and settings, written from the declared columns.

``data/README.md`` holds it between two markers; run this module to refresh it::

    python -m optimizer.reporting.reference

Not here: what the numbers do (the sections around it say that).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.base import UNITS, Row
from models.case import PARTS, TABLES
from models.cells import cell_text, kind_of, range_text, words_of
from models.commitment import Commitment
from models.settings import Settings

BEGIN, END = "<!-- tables -->", "<!-- /tables -->"
_NAMES = {float: "number", int: "whole number", bool: "yes or no", tuple: "names, a\\|b"}


def tables_reference() -> str:
    """Every table, column and setting as Markdown, from its declaration."""
    return "\n".join(
        [
            "## Tables",
            "",
            "Each table is a CSV file of its name: commas, a point for decimals, UTF-8. Key",
            "columns are marked with a star; together they may stand once. Every table may have",
            "a column `note`, which is not used. Names may not hold `. | * ? [ ]`.",
            "",
            *_units(),
            *_commitment_columns(),
            *(line for kind in TABLES.values() for line in _table(kind)),
            "## Settings",
            "",
            "`case.toml` holds these above its first section:",
            "",
            *_columns(Settings, list(Settings.model_fields)),
            *(line for name, kind in PARTS.items() for line in _section(name, kind)),
        ]
    ).rstrip()


def _units() -> list[str]:
    return [
        "| unit | meaning |",
        "|---|---|",
        *(f"| {unit} | {meaning} |" for unit, meaning in UNITS.items()),
        "",
    ]


def _commitment_columns() -> list[str]:
    names = [name for name in Commitment.model_fields if name != "note"]
    tables = ", ".join(f"`{name}`" for name, kind in TABLES.items() if issubclass(kind, Commitment))
    return [
        "### Columns of every commitment",
        "",
        f"{tables} have these beside their own.",
        "",
        *_columns(Commitment, names),
    ]


def _table(kind: type[Row]) -> list[str]:
    shared = set(Commitment.model_fields) if issubclass(kind, Commitment) else {"note"}
    own = [name for name in kind.model_fields if name not in shared]
    own.sort(key=lambda name: kind.keys.index(name) if name in kind.keys else len(kind.keys))
    kinds = [
        "A commitment." if issubclass(kind, Commitment) else "",
        "Dated." if kind.dated else "",
    ]
    return [
        f"### {kind.table}",
        "",
        " ".join(words for words in (sentence(kind), *kinds) if words),
        "",
        *_columns(kind, own, kind.keys),
    ]


def _section(name: str, kind: type[BaseModel]) -> list[str]:
    head = "[[goals]]" if name == "goals" else f"[{name}]"
    names = list(kind.model_fields)
    return [f"### {head}", "", sentence(kind), "", *_columns(kind, names)]


def sentence(kind: type[BaseModel]) -> str:
    """The first paragraph of a record's docstring, in one line."""
    first = (kind.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")


def _columns(kind: type[BaseModel], names: list[str], keys: tuple[str, ...] = ()) -> list[str]:
    rows = [_column(name, kind.model_fields[name], name in keys) for name in names]
    return [
        "| column | unit | default | values | meaning |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _column(name: str, info: FieldInfo, key: bool) -> str:
    facts = dict(info.json_schema_extra or {})  # type: ignore[arg-type]
    default = "required" if info.is_required() else cell_text(info.default) or "blank"
    cells = [
        f"`{name}`" + (" \\*" if key else ""),
        str(facts.get("unit", "")),
        default,
        _values(info, str(facts.get("refers", "")), str(facts.get("period", "")), key),
        (info.description or "").replace("|", "\\|"),
    ]
    return "| " + " | ".join(cells) + " |"


def _values(info: FieldInfo, refers: str, period: str, key: bool) -> str:
    """What a column takes: words, a name of another table, a period, or a range."""
    if refers:
        one = "id of a commitment" if refers == "commitments" else f"row of `{refers}`"
        return f"{one}, or several as a\\|b" if kind_of(info) is tuple else one
    if words_of(info):
        return ", ".join(f"`{word}`" for word in words_of(info))
    if period:
        return {"inside": "period of the horizon", "when": "period or year"}.get(period, "period")
    text = "name" if key else "text"
    return f"{_NAMES.get(kind_of(info), text)} {range_text(info)}".strip()


def refreshed(text: str) -> str:
    """A page with the reference between its markers, which are added where there are none."""
    block = f"{BEGIN}\n{tables_reference()}\n{END}\n"
    if BEGIN in text and END in text:
        before, rest = text.split(BEGIN, 1)
        return before + block + rest.split(END, 1)[1].removeprefix("\n")
    return text.rstrip("\n") + "\n\n" + block


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[2] / "data" / "README.md"
    page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")
