"""Cases as workbooks: nothing is lost on the way in or out, and what users do by hand loads.

Workbooks "by hand" are built with openpyxl as a user would fill them: plain cells, no
styles, in whatever types a spreadsheet makes of what is typed.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from models.case import TABLES, Case, make_case
from models.change import Change
from models.horizon import Horizon
from models.market import Market
from models.problem import CaseError
from models.scenario import Scenario
from models.scenarios import Scenarios
from models.source import Source
from optimizer.scenarios import load_scenarios, scenarios_text
from optimizer.tables import load_case, save_case
from optimizer.workbooks.cases import write_case
from optimizer.workbooks.converting import convert
from tests.oracle.tiny_cases import tiny_case
from tests.unit.test_tables import FAULTS, VALID, cases, write_folder

#: Texts that spreadsheets like to take for something else.
ODD = (
    "=cmd()",
    "+1",
    "-x",
    "@SUM(A1)",
    "007",
    "1e5",
    "2024-01",
    "3/4",
    "TRUE",
    "no",
    "#N/A",
    "[cars/year]",
    "_x0041_",
    "_x005F_",
    "x005F_",
    "<b>&amp;</b>",
    "a\n  b\tc",
    "Ω𝄞 \u200f",
    "\ufffe",
    "x" * 10_000,
)


def told(case: str | Path) -> list[str]:
    """What loading complains of."""
    with pytest.raises(CaseError) as caught:
        load_case(case)
    return [str(problem) for problem in caught.value.problems]


# Round trips ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tiny", "leapmotor-2023"])
def test_a_shipped_case_goes_both_ways_without_loss(tmp_path: Path, name: str) -> None:
    """Folder, workbook, folder, workbook: equal cases and scenarios, and the same bytes."""
    case, scenarios = load_case(name), load_scenarios(name)
    first, folder, second = (tmp_path / part for part in ("a.xlsx", "folder", "b.xlsx"))
    convert(name, first)
    assert load_case(first) == case
    assert load_scenarios(first).written == scenarios.written
    convert(first, folder)
    assert load_case(folder) == case
    assert load_scenarios(folder).written == scenarios.written
    convert(folder, second)
    assert first.read_bytes() == second.read_bytes()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_any_case_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    """Odd names, odd texts and every digit of numbers survive in cells too."""
    path = tmp_path_factory.mktemp("case") / "case.xlsx"
    save_case(case, path)
    assert load_case(path) == case


@pytest.mark.parametrize("seed", [1, 5, 7, 9])
def test_cases_that_use_every_table_read_back_equal(tmp_path: Path, seed: int) -> None:
    """The random cases of the brute force: months, halves, numbered periods, all tables."""
    case = tiny_case(seed)
    save_case(case, tmp_path / "case.xlsx")
    assert load_case(tmp_path / "case.xlsx") == case


def odd_case() -> Case:
    """A case whose texts and numbers are all of the kind that gets lost."""
    numbers = (0.1 + 0.2, 1 / 3, 5e-324, 123456789.12345679, 1e-7, 0.30000000000000004)
    return make_case(
        {
            "name": "001",
            "title": "=1+1",
            "horizon": Horizon(first="2024Q1", last="2025Q4"),
            "markets": [
                Market(market=f"m{n}", title=text, note=text, sales_cost=number)
                for n, (text, number) in enumerate(zip(ODD, numbers * 9, strict=False))
            ],
            "sources": [
                Source(cells="markets.m1.sales_cost", basis="reported", source="x", date="2024-01")
            ],
        }
    )


def test_text_stays_text_and_numbers_keep_every_digit(tmp_path: Path) -> None:
    """Formulas, dates, leading zeros, escapes, 10,000 characters, the 17th digit."""
    save_case(odd_case(), tmp_path / "odd.xlsx")
    assert load_case(tmp_path / "odd.xlsx") == odd_case()
    save_case(load_case(tmp_path / "odd.xlsx"), tmp_path / "folder")
    assert load_case(tmp_path / "folder") == odd_case()


def test_no_cell_of_a_case_is_a_formula(tmp_path: Path) -> None:
    """Whatever a name begins with, the file holds no formula at all."""
    save_case(odd_case(), tmp_path / "odd.xlsx")
    with zipfile.ZipFile(tmp_path / "odd.xlsx") as file:
        sheets = [file.read(name) for name in file.namelist() if "worksheets/sheet" in name]
    assert sheets
    assert not any(b"<f>" in data or b"<f " in data for data in sheets)


def test_a_second_reader_sees_the_same_values(tmp_path: Path) -> None:
    """Another library reads the same texts and numbers from the same cells."""
    case = odd_case()
    save_case(case, tmp_path / "odd.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "odd.xlsx"))
    rows = book.get_sheet_by_name("markets").to_python()
    names = rows[1]
    assert len(rows[2:]) == len(case.markets)
    seen = [
        (row[names.index("market")], row[names.index("title")], row[names.index("sales_cost")])
        for row in rows[2:]
    ]
    # U+FFFE has no place in XML; the other reader does not know how Excel writes it.
    stated = [(row.market, row.title, row.sales_cost) for row in case.markets]
    assert [row for row in seen if row[1] != "_xFFFE_"] == [
        row for row in stated if row[1] != "\ufffe"
    ]


def test_the_same_case_has_the_same_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No date of writing is left in the file."""

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Later:
            return cls(2099, 1, 1, tzinfo=tz)

    case = load_case("tiny")
    save_case(case, tmp_path / "a.xlsx")
    monkeypatch.setattr("openpyxl.writer.excel.datetime.datetime", Later)
    save_case(case, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_text_that_no_cell_can_hold_is_refused(tmp_path: Path) -> None:
    """500 groups of 80 letters are 40,499 characters with their bars; Excel takes 32,767."""
    case = load_case("tiny")
    groups = tuple(f"{n:080}" for n in range(500))
    deal = case.deals[0].model_copy(update={"exclusive_group": groups})
    with pytest.raises(CaseError, match=r"sheet deals, cell K3: text of 40499 characters"):
        save_case(case.replace(deals=(deal,)), tmp_path / "long.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_has_the_ending_that_excel_expects(tmp_path: Path) -> None:
    """Excel refuses a file without macros that is called .xlsm; folders in between are made."""
    case = load_case("tiny")
    with pytest.raises(CaseError, match=r"a workbook would be called \.xlsm"):
        save_case(case, tmp_path / "case.xlsm")
    save_case(case, tmp_path / "new" / "case.XLSX")
    assert load_case(tmp_path / "new" / "case.XLSX") == case
    shutil.copy(tmp_path / "new" / "case.XLSX", tmp_path / "macros.xlsm")
    assert load_case(tmp_path / "macros.xlsm") == case


# Scenarios -----------------------------------------------------------------------------

PATHS = st.sampled_from(["markets.*.title", "a b.c", "=x.y", '["a"]', "x\ny", '"q"'])
VALUES = (
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*ODD, "", "[1]", '"', '["a"]', '"a" # b', "'x'", "[", '"""a"""'])
    | st.lists(st.sampled_from(["a", "b c", ""]), max_size=3).map(tuple)
)
CHANGES = st.one_of(
    st.builds(Change, set=st.lists(PATHS, min_size=1, max_size=3).map(tuple), to=VALUES),
    st.builds(
        Change,
        scale=PATHS,
        by=st.floats(-1e6, 1e6),
        from_=st.sampled_from([None, "2024Q1", "2024-01", "2024"]),
        until=st.sampled_from([None, "2025Q1"]),
    ),
    st.builds(Change, shift=PATHS, by=st.integers(-600, 600).map(float)),
    st.builds(Change, force=PATHS, at=st.sampled_from([None, "2024Q3"])),
    st.builds(Change, remove=st.lists(PATHS, min_size=1, max_size=2).map(tuple)),
)


def scenarios_of(changes: list[list[Change]], text: str) -> Scenarios:
    """Scenarios of these changes, all but the first extending that one."""
    return Scenarios(
        tuple(
            Scenario(
                name=f"s{n}",
                title=text,
                reason=text,
                extends=("s0",) if n else (),
                changes=tuple(some),
            )
            for n, some in enumerate(changes)
        )
    )


def check_both_ways(folder: Path, scenarios: Scenarios) -> None:
    """Scenarios survive in cells and in a file, with the kinds of their values.

    A cell knows one kind of number: 2.0 comes back as 2 from there.
    """
    write_case(load_case("tiny"), folder / "case.xlsx", scenarios)
    (folder / "scenarios.toml").write_text(scenarios_text(scenarios), encoding="utf-8")
    kinds: list[tuple[str, Callable[[Any], type]]] = [
        ("case.xlsx", lambda value: float if type(value) is int else type(value)),
        ("scenarios.toml", type),
    ]
    for name, kind in kinds:
        read = load_scenarios(folder / name).written
        assert read == scenarios.written
        assert [[kind(c.to) for c in s.changes] for s in read] == [
            [kind(c.to) for c in s.changes] for s in scenarios.written
        ]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.lists(CHANGES, min_size=1, max_size=5), min_size=1, max_size=5),
    text=st.sampled_from(["", "plain", *ODD[:-1]]),
)
def test_any_scenario_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, changes: list[list[Change]], text: str
) -> None:
    """Operations, amounts, periods and their order."""
    check_both_ways(tmp_path_factory.mktemp("case"), scenarios_of(changes, text))


def test_every_kind_of_value_reads_back_as_what_it_was(tmp_path: Path) -> None:
    """Truth, numbers, text that looks like any of them or like a list, blanks, lists."""
    values: list[Any] = [True, False, 0, -7, 10**15, 0.1 + 0.2, 1e300, "", "1", "yes", *ODD]
    values += [0.0, -0.0, 7.0, 1e15]
    values += ["[1]", '"', '["a"]', '"a" # b', "'x'", "[", '"""a"""', (), ("a",), ("a", "b c")]
    paths = ["markets.*.title", "=x.y", '["a"]', '"q"', "x\ny", "[x"]
    changes = [Change(set=(paths[n % len(paths)], "a.b.c"), to=v) for n, v in enumerate(values)]
    changes += [Change(remove=(path,)) for path in paths]
    check_both_ways(tmp_path, scenarios_of([changes], "=1"))


# By hand ---------------------------------------------------------------------------------


def by_hand(folder: Path, path: Path) -> Path:
    """A workbook as a user would type it: names of columns and cells as text, nothing else."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "settings"
    sheet.append(["section", "setting", "value"])
    data = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    goals = data.pop("goals", [])
    for section, values in data.items():
        pairs = values.items() if isinstance(values, dict) else [(section, values)]
        for name, value in pairs:
            sheet.append([section if isinstance(values, dict) else "case", name, value])
    if goals:
        columns = list(dict.fromkeys(name for goal in goals for name in goal))
        rows = [[goal.get(name) for name in columns] for goal in goals]
        for row in ([*columns], *rows):
            (book["goals"] if "goals" in book.sheetnames else book.create_sheet("goals")).append(
                row
            )
    for file in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(file.stem)
        for number, row in enumerate(csv.reader(io.StringIO(file.read_text("utf-8"))), start=1):
            for column, text in enumerate(row, start=1):
                if text:
                    sheet.cell(number, column, text).data_type = "s"
    book.save(path)
    return path


def changed(path: Path, *changes: Callable[[openpyxl.Workbook], object]) -> Path:
    """A workbook after changes by hand."""
    book = openpyxl.load_workbook(path)
    for change in changes:
        change(book)
    book.save(path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny case as evplan writes it."""
    path = tmp_path_factory.mktemp("made") / "tiny.xlsx"
    convert("tiny", path)
    return path


@pytest.fixture
def plan(made: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copy(made, tmp_path / "plan.xlsx"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small case typed by hand."""
    return by_hand(write_folder(tmp_path / "small", {}), tmp_path / "small.xlsx")


def test_a_workbook_typed_by_hand_is_the_case_of_the_folder(small: Path, tmp_path: Path) -> None:
    """Plain sheets with names in the first row are enough; all cells may be text."""
    assert load_case(small) == load_case(tmp_path / "small")


def test_what_another_writer_makes_of_it_is_the_same_case(plan: Path) -> None:
    """A library that writes shared strings and its own styles changes no value."""
    changed(plan)
    assert load_case(plan) == load_case("tiny")
    assert load_scenarios(plan).written == load_scenarios("tiny").written


def test_what_users_do_by_hand_is_taken_as_meant(plan: Path) -> None:
    """Types, blank rows, hidden rows, per cent, dates of months, sheets of one's own."""

    def work(book: openpyxl.Workbook) -> None:
        book["sites"]["C3"] = "5000"  # a number as text
        book["markets"].insert_rows(4)  # a blank row in between
        book["markets"]["A40"] = "  "  # and a cell that only looks blank
        book["markets"].row_dimensions[3].hidden = True
        book["settings"]["C2"] = "Tiny by hand"
        book.create_sheet("Sheet1")
        book.create_sheet("_mine")["A1"] = "anything"
        book["lanes"].title = "x"  # the library takes Lanes for a second lanes
        book["x"].title = "Lanes"
        book["settings"].move_range("A2:F8", rows=40)  # the order of settings is free

    columns = [cell.value for cell in openpyxl.load_workbook(plan)["sites"][2]]
    assert columns[2] == "origin"
    letter = "ABCDEFG"[columns.index("capacity_per_year")]

    def capacity(book: openpyxl.Workbook) -> None:
        book["sites"]["C3"] = None
        book["sites"][f"{letter}3"] = "5000"

    changed(plan, work, capacity)
    assert load_case(plan) == load_case("tiny").replace(name="Tiny by hand")


def test_months_that_became_dates_are_months_again(tmp_path: Path) -> None:
    """A spreadsheet makes 1 January of 2024-01 as soon as it is typed."""
    toml = VALID["case.toml"].replace("quarter", "month")
    toml = toml.replace("2024Q1", "2024-01").replace("2025Q4", "2025-12")
    toml = toml.replace("volume = 5000", 'volume = 5000\ndeadline = "2025-12"')
    tables = {"registrations.csv": VALID["registrations.csv"].replace("Q1", "-01")}
    tables["launches.csv"] = VALID["launches.csv"].replace("2024Q2,2025Q2", "2024-04,2025-06")
    folder = write_folder(tmp_path / "months", {"case.toml": toml, **tables})
    path = by_hand(folder, tmp_path / "months.xlsx")

    def typed(book: openpyxl.Workbook) -> None:
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if re.fullmatch(r"20\d\d-\d\d", str(cell.value)):
                        cell.value = datetime.datetime(*map(int, str(cell.value).split("-")), 1)

    changed(path, typed)
    assert load_case(path) == load_case(folder)


def with_part(path: Path, part: str, old: bytes, new: bytes) -> None:
    """Change one part of the file in place."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)


def part_of(path: Path, sheet: str) -> str:
    """The part of the file that holds a sheet."""
    return f"xl/worksheets/sheet{openpyxl.load_workbook(path).sheetnames.index(sheet) + 1}.xml"


def test_the_value_of_a_formula_is_taken(small: Path) -> None:
    """What the spreadsheet computed last counts; text and numbers alike."""
    changed(small, lambda book: book["markets"].__setitem__("B2", "=1/4"))
    old, new = b"<f>1/4</f><v />", b"<f>1/4</f><v>0.25</v>"
    part = part_of(small, "markets")
    with zipfile.ZipFile(small) as file:
        old = old if old in file.read(part) else b"<f>1/4</f><v></v>"
    with_part(small, part, old, new)
    assert load_case(small).markets[0].max_share == 0.25


def test_a_formula_without_a_value_is_told(small: Path) -> None:
    """Without a value there is nothing to plan with, and a guess would be worse."""
    changed(small, lambda book: book["markets"].__setitem__("B2", "=1/4"))
    assert told(small) == [
        "sheet markets, cell B2 (max_share): the formula has no value yet. Allowed: a value. "
        "Let Excel or LibreOffice compute and save it, or write the value."
    ]


FAULTY: list[tuple[str, Callable[[openpyxl.Workbook], Any], list[str]]] = [
    (
        "error",
        lambda book: setattr(book["markets"]["B2"], "value", "#DIV/0!"),
        [
            "sheet markets, cell B2 (max_share): the cell holds the error #DIV/0!. Allowed: a value. Mend its formula."
        ],
    ),
    (
        "date in a number",
        lambda book: setattr(book["markets"]["B2"], "value", datetime.datetime(2024, 5, 1)),
        [
            "sheet markets, cell B2 (max_share): '2024-05-01' is not a number. Allowed: a number from 0 to 1. Write digits alone, with a point for decimals."
        ],
    ),
    (
        "truth in a number",
        lambda book: setattr(book["markets"]["B2"], "value", True),
        [
            "sheet markets, cell B2 (max_share): 'TRUE' is not a number. Allowed: a number from 0 to 1. Write digits alone, with a point for decimals."
        ],
    ),
    (
        "merged cells",
        lambda book: book["ramps"].merge_cells("A2:A3"),
        [
            "sheet ramps, cell A2: the cell is merged with others, of which only the first holds a value. Allowed: a value in each. Unmerge them and fill each.",
            "sheet ramps, cell A3 (ramp): the cell is blank. Allowed: text. Fill in: id of the ramp.",
        ],
    ),
    (
        "unknown sheet",
        lambda book: setattr(book["deals"], "title", "deal"),
        [
            "sheet deal: no table has this name. Allowed: {sheets}. Did you mean deals or deal_supply?",
            "sheet precedences, cell B2 (after): there is no commitment 'deals.licence'. Allowed: entries.east.own, entries.east.partner, launches.v1.east, launches.v1.west, platforms.p1, vehicles.v1.",
        ],
    ),
    (
        "sheet of one's own",
        lambda book: book.create_sheet("Xyzzy").append(["mine"]),
        [
            "sheet Xyzzy: no table has this name. Allowed: {sheets}. Rename it, to _xyzzy if it is only for yourself.",
        ],
    ),
    (
        "column without a name",
        lambda book: setattr(book["markets"]["G3"], "value", "?"),
        [
            "sheet markets, row 1: column G holds cells and has no name. Allowed: a name at the top of each column. Name or clear it."
        ],
    ),
    (
        "reference",
        lambda book: setattr(book["launches"]["B3"], "value", "eats"),
        [
            "sheet launches, cell B3 (market): there is no row of markets 'eats'. Allowed: east, west. Did you mean east or west?"
        ],
    ),
    (
        "setting",
        lambda book: [
            setattr(book["settings"]["C7"], "value", "2024Q9"),
            setattr(book["settings"]["B2"], "value", "naem"),
            book["settings"].append(["finance", "cash_floor", "x"]),
            book["settings"].append(["case", "currency", "USD"]),
            book["settings"].append(["case", None, "USD"]),
            book["settings"].append(["goals", "kind", "npv"]),
        ],
        [
            "sheet settings, cell C2 (naem): no setting has this name. Allowed: {settings}. Did you mean name or finance?",
            "sheet settings, cell C7 (horizon.last): '2024Q9' is not a quarter. Allowed: labels such as 2024Q1. Write it so, or state another step.",
            "sheet settings, cell C10 (finance.cash_floor): 'x' is not a number. Allowed: a number from -1000000000000 to 1000000000000. Write digits alone, with a point for decimals.",
            "sheet settings, cell B11 (currency): the setting stands twice. Allowed: each setting once. Remove one.",
            "sheet settings, cell C12: a value without the name of its setting. Allowed: both of them.",
            "sheet settings, cell B13 (goals.kind): goals are no settings. Allowed: goals on a sheet goals, a row each.",
        ],
    ),
    (
        "goal",
        lambda book: setattr(book["goals"]["A3"], "value", "profit"),
        ["sheet goals, cell A3 (goals.kind): 'profit' is not known. Allowed: {goals}."],
    ),
    (
        "no settings",
        lambda book: book.remove(book["settings"]),
        [
            "small.xlsx: the workbook has no sheet settings, so it is no case. evplan init NAME.xlsx makes a workbook to start from."
        ],
    ),
    (
        "no columns of settings",
        lambda book: setattr(book["settings"]["C1"], "value", "worth"),
        [
            "sheet settings, row 1: there is no row with the names of columns. Allowed: the columns section, setting and value."
        ],
    ),
]


@pytest.mark.parametrize(
    ("change", "expected"), [pytest.param(*row[1:], id=row[0]) for row in FAULTY]
)
def test_a_fault_names_sheet_and_cell(
    small: Path, change: Callable[[openpyxl.Workbook], Any], expected: list[str]
) -> None:
    """Each fault is told once, with sheet, cell and cure."""
    from models.settings import Settings
    from models.target import GoalKind

    words = {
        "sheets": ", ".join(["settings", "goals", *TABLES, "scenarios"]),
        "settings": ", ".join([*Settings.model_fields, "horizon", "finance", "target", "goals"]),
        "goals": ", ".join(GoalKind.__args__),  # type: ignore[attr-defined]
    }
    changed(small, change)
    assert told(small) == [
        re.sub(r"\{(\w+)\}", lambda match: words[match[1]], line) for line in expected
    ]


#: Faults of files, which no sheet can have.
OF_FILES = re.compile(
    r"control character|without a name|semicolons|tabs|line|cells|quote|file|header only|UTF|latin|byte order|"
    r"TOML|settings|types|words|section|horizon|target|deadline|goal|spreadsheet|columns? without"
)
SHARED = [row for row in FAULTS if not OF_FILES.search(row[0]) and "case.toml" not in row[1]]


@pytest.mark.parametrize(
    ("changes", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SHARED]
)
def test_a_fault_is_told_of_a_workbook_as_of_a_folder(
    tmp_path: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    """The same cells bring the same words: only the place is another."""
    folder = write_folder(tmp_path / "case", changes)
    path = by_hand(folder, tmp_path / "case.xlsx")
    with pytest.raises(CaseError) as of_folder:
        load_case(folder)
    with pytest.raises(CaseError) as of_workbook:
        load_case(path)

    def words(error: CaseError) -> list[tuple[str, ...]]:
        found = ((p.column, p.found, p.allowed, p.cure) for p in error.problems)
        return sorted(line for line in found if not re.search(r"\.csv|sheet ", " ".join(line)))

    assert words(of_workbook.value) == words(of_folder.value)
    assert len(expected) == len(of_workbook.value.problems)
    for problem in of_workbook.value.problems:
        assert problem.where.startswith("sheet ")


def test_most_faults_are_shared() -> None:
    """The list above is not empty by a slip of its pattern."""
    assert len(SHARED) > 25


def test_a_sheet_without_rows_is_a_table_left_out(plan: Path) -> None:
    """Every table has a sheet to be filled; those without rows limit nothing."""
    book = openpyxl.load_workbook(plan)
    assert set(TABLES) <= set(book.sheetnames)
    assert load_case(plan).budgets == ()
    changed(plan, lambda book: book["budgets"].append(["all", "total", None, 40]))
    assert load_case(plan).budgets[0].amount == 40


SCENARIO_FAULTS: list[tuple[list[Any], str]] = [
    (["s", "T", "", "", "scale", "a.b.c"], "sheet scenarios, row 20, s: scale without by."),
    (["s", "T", "", "", "scale", "a.b.c", None, "x"], "sheet scenarios, cell H20 (by): 'x' is not"),
    (["s", "T", "", "", "", "a.b.c"], "sheet scenarios, cell E20 (change): no operation."),
    (["s", "T", "", "", "sclae", "a.b.c"], "sheet scenarios, row 20, s: 'sclae' in a change."),
    (["s", "T", "", "nobody"], "sheet scenarios, row 20, s: extends: there is no scenario"),
    (["s", "T"], "sheet scenarios, row 20, s: it changes nothing."),
]


@pytest.mark.parametrize(("row", "expected"), SCENARIO_FAULTS, ids=lambda value: str(value)[:30])
def test_a_fault_of_a_scenario_names_its_row(plan: Path, row: list[Any], expected: str) -> None:
    """Rows of the sheet take the place of lines of the file."""

    def write(book: openpyxl.Workbook) -> None:
        for column, value in enumerate(row, start=1):
            book["scenarios"].cell(20, column, value)

    changed(plan, write)
    with pytest.raises(CaseError) as caught:
        load_scenarios(plan)
    assert any(str(problem).startswith(expected) for problem in caught.value.problems)


# Wrong files -----------------------------------------------------------------------------


def packed(**parts: bytes) -> bytes:
    """A zip file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
WRONG: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("csv", b"market,title\nwest,West\n", "it is no workbook, whatever its name says"),
    ("xls", OLD, "it is a workbook of Excel 97 to 2003"),
    ("password", OLD + "EncryptedPackage".encode("utf-16-le"), "it is protected by a password"),
    ("zip", packed(readme=b"x"), "it holds no workbook"),
    ("ods", packed(content_xml=b"<x/>"), "it is a document of LibreOffice"),
    ("cut zip", packed(readme=b"x")[:-10], "the workbook is damaged: File is not a zip file"),
]


@pytest.mark.parametrize(("data", "found"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_a_file_that_is_no_workbook_is_told(tmp_path: Path, data: bytes, found: str) -> None:
    """Whatever has the name of a workbook, one problem says what it is."""
    path = tmp_path / "case.xlsx"
    path.write_bytes(data)
    (line,) = told(path)
    assert line.startswith(f"case.xlsx: {found}")


def test_a_zip_bomb_is_not_unpacked(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading ends at a limit, whatever the file says of its size."""
    monkeypatch.setattr("optimizer.workbooks.opening.MOST_UNPACKED", 1_000_000)
    blanks = b"<sheetData>" + b" " * 5_000_000
    with_part(plan, part_of(plan, "markets"), b"<sheetData>", blanks)
    assert plan.stat().st_size > 0
    assert told(plan) == [
        "plan.xlsx: unpacked it has more than 1000000 bytes, too many to read. "
        "Allowed: a workbook (.xlsx)."
    ]


def test_entities_are_refused(plan: Path) -> None:
    """A document type could blow up a short text; no spreadsheet writes one."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><worksheet'
    with_part(plan, part_of(plan, "markets"), b"<worksheet", bomb)
    assert told(plan)[0].startswith("plan.xlsx: it holds a document type")


def test_no_change_of_bytes_raises_anything_but_a_case_error(made: Path, tmp_path: Path) -> None:
    """A damaged file is a case or a list of problems, wherever it is damaged."""
    raw = made.read_bytes()
    path = tmp_path / "case.xlsx"
    step = len(raw) // 60
    outcomes = set()
    for start in range(0, len(raw), step):
        path.write_bytes(raw[:start] + b"\xff\0<" + raw[start + 3 :])
        try:
            load_case(path)
            outcomes.add("case")
        except CaseError:
            outcomes.add("problems")
    assert outcomes == {"case", "problems"}  # some bytes are of comments, which are not read


def mangled(xml: bytes) -> Iterator[bytes]:
    """A part with some of its words made senseless."""
    for word in (b"r=", b't="inlineStr"', b"<v>", b's="', b"<is>", b"<row", b"sheetData"):
        yield xml.replace(word, word.upper())
    yield xml.replace(b' r="', b' r="-')
    yield re.sub(rb' s="\d+"', b' s="x"', xml)
    yield re.sub(rb"<v>[^<]*</v>", b"<v>1e999</v>", xml)
    yield re.sub(rb't="inlineStr"', b't="s"', xml)


def test_senseless_parts_raise_nothing_but_a_case_error(made: Path, tmp_path: Path) -> None:
    """XML that no spreadsheet writes is refused or read, never a traceback."""
    part = part_of(made, "sites")
    with zipfile.ZipFile(made) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for number, xml in enumerate(mangled(parts[part])):
        path = tmp_path / f"{number}.xlsx"
        with zipfile.ZipFile(path, "w") as file:
            for name, data in {**parts, part: xml}.items():
                file.writestr(name, data)
        with suppress(CaseError):
            assert load_case(path).name == "tiny"


# What a reader sees ------------------------------------------------------------------------


def test_headers_carry_units_notes_and_choices(made: Path) -> None:
    """Names with meaning and unit as a note, frozen and filtered; lists for words and names."""
    book = openpyxl.load_workbook(made)
    sheet = book["launches"]
    names = {cell.value: cell for cell in sheet[2]}
    assert sheet.freeze_panes == "C3"
    assert sheet.auto_filter.ref.startswith("A2:")
    share = names["peak_share"]
    assert sheet.cell(1, share.column).value == "[share]"
    assert "Takes: a number from 0 to 1." in share.comment.text
    assert sheet.cell(3, share.column).number_format == "0.0##%"
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    letter = names["market"].column_letter
    assert "markets!$A$3" in rules[f"{letter}3:{letter}5000"].formula1
    letter = names["status"].column_letter
    assert rules[f"{letter}3:{letter}5000"].formula1 == '"optional,mandatory,forbidden,in_place"'
    costs = {cell.value: sheet.cell(1, cell.column).value for cell in sheet[2]}
    assert costs["cost"] == "[EUR million]"


def test_names_for_drop_downs_stand_in_the_first_column(made: Path) -> None:
    """A drop-down reads the first column of a table with one key, which is that key."""
    book = openpyxl.load_workbook(made)
    for name, kind in TABLES.items():
        assert [cell.value for cell in book[name][2]][: len(kind.keys)] == list(kind.keys)
        assert book[name]["A1"].value is None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_saves_the_same_case(made: Path, tmp_path: Path) -> None:
    """Opened and saved by LibreOffice, the workbook is the same case with the same scenarios."""
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(tmp_path / "out"),
            str(made),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    again = tmp_path / "out" / "tiny.xlsx"
    assert load_case(again) == load_case("tiny")
    assert load_scenarios(again).written == load_scenarios("tiny").written
