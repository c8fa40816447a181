"""The page of a report: every number is the plan's, every name is text, nothing is fetched."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from optimizer import (
    Comparison,
    Explanation,
    Outcome,
    alternatives,
    compare,
    compare_outcomes,
    explain,
    frontier,
    load_case,
    load_run,
    load_scenarios,
    save_report,
    save_run,
    solve,
    sweep,
)
from optimizer.reporting.html import ReportError, report_page
from optimizer.reporting.html.writing import as_json
from optimizer.reporting.text import headline
from tests.contract.commands import Said, evplan
from tests.contract.hostile import NAMES, TITLES, hostile_case


class Page(HTMLParser):
    """What a page holds: tables by id, numbers with their text, scripts, links, ids, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tables: dict[str, list[list[str]]] = {}
        self.numbers: list[tuple[str, float, str]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.policy = ""
        self.text = ""
        self._table = self._cell = ""
        self._value: str | None = None
        self._open: list[str] = []
        self._script: dict[str, str | None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [given["id"]] if given.get("id") else []  # type: ignore[list-item]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag == "table":
            self._table = given["id"] or ""
            self.tables[self._table] = []
        elif tag == "tr":
            self.tables[self._table].append([])
        elif tag in ("th", "td"):
            self._cell = ""
        elif tag == "data":
            self._value = given["value"]
            self._cell = "" if not self._table else self._cell
        elif tag == "script":
            self._script = given
            self.scripts.append((given.get("type"), ""))

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
            return
        self._cell += data
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None
        elif tag == "data":
            self.numbers.append((self._table, float(self._value or "nan"), self._cell))
            self._cell, self._value = self._value or "", self._cell
        elif tag in ("th", "td"):
            self.tables[self._table][-1].append(self._cell)
        elif tag == "table":
            self._table = ""

    @property
    def data(self) -> dict[str, Any]:
        """The charts."""
        (text,) = (text for kind, text in self.scripts if kind == "application/json")
        charts: dict[str, Any] = json.loads(text)["charts"]
        return charts

    def rows(self, id: str) -> dict[str, list[float]]:
        """Numbers of a table by the heading of their row; blanks and words left out."""
        found = {}
        for heading, *cells in self.tables[id][1:]:
            found[heading] = [float(cell) for cell in cells if _is_number(cell)]
        return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return solve(load_case("tiny"))


@pytest.fixture(scope="module")
def run(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(outcome, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def page(run: Path) -> Page:
    return Page(report_page(load_run(run)))


@pytest.fixture(scope="module")
def plan(run: Path) -> dict[str, Any]:
    """The run's own file, read without any of our code."""
    found: dict[str, Any] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    return found


def sums(rows: list[dict[str, Any]], *keys: str, value: str = "units") -> dict[Any, float]:
    found: dict[Any, float] = defaultdict(float)
    for row in rows:
        found[tuple(row[key] for key in keys)] += row[value]
    return found


TITLED = {"one": "One", "two": "Two", "home": "Home", "south": "South", "north": "North"}


# Numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chart", "table", "key"),
    [
        ("chart-volume-car", "volume-by-car", "vehicle"),
        ("chart-volume-market", "volume-by-market", "market"),
    ],
)
def test_volume(chart: str, table: str, key: str, page: Page, plan: dict[str, Any]) -> None:
    """Chart and table hold the sales of plan.json by period, and the table its sums."""
    sold = sums(plan["sales"], key, "period")
    names = {row[key] for row in plan["sales"]}
    wanted = {TITLED[n]: [sold.get((n, p), 0.0) for p in plan["periods"]] for n in names}
    shown = {trace["name"]: trace["y"] for trace in page.data[chart]["data"]}
    assert shown == {name: pytest.approx(row) for name, row in wanted.items()}
    rows = page.rows(table)
    total = [row["counted"] for row in plan["volumes"]]
    assert rows.pop("Volume") == pytest.approx([*total, sum(total)])
    assert rows == {name: pytest.approx([*row, sum(row)]) for name, row in wanted.items()}


def test_years_and_target(page: Page, plan: dict[str, Any]) -> None:
    """The years of the target are the windows of plan.json."""
    found = [[row["volume"], row["target"]] for row in plan["windows"]]
    rows = page.tables["windows"][1:]
    assert [[float(cell) for cell in row[1:3]] for row in rows] == found
    assert [row[4] for row in rows] == ["below", "reached"]
    assert page.data["chart-target"]["data"][0]["x"] == [volume for volume, _ in found]


def test_decisions(page: Page, plan: dict[str, Any], outcome: Outcome) -> None:
    """Each commitment started is in the chart and, with its dates and cost, in the table."""
    chosen = {row["commitment"]: row for row in plan["decisions"] if not row["in_place"]}
    rows = page.tables["decisions"][1:]
    found = sorted((row[2], row[3], float(row[4])) for row in rows)
    assert found == sorted((r["start"], r["effective"], r["cost"]) for r in chosen.values())
    shown = {
        told[1]: base
        for trace in page.data["chart-gantt"]["data"][:2]
        for told, base in zip(trace["customdata"], trace["base"], strict=True)
        if trace["name"] == "Prepared"
    }
    starts = {id: plan["periods"].index(row["start"]) for id, row in chosen.items()}
    leads = {id: outcome.case.commitments[id].lead for id in chosen}
    assert shown == {id: start for id, start in starts.items() if leads[id]}
    held = [row for row in plan["decisions"] if row["in_place"]]
    assert len(page.tables["in-place"][1:]) == len(held)
    every = len(held) + len(chosen) + len(page.tables["left-out"][1:])
    assert every == len(outcome.case.commitments)


def test_markets(page: Page, plan: dict[str, Any]) -> None:
    """Ranked bars and table hold the sales by market, car and year."""
    sold = sums(plan["sales"], "market", "vehicle")
    for chart in ("chart-markets", "chart-markets-abroad"):
        labels = page.data[chart]["layout"]["yaxis"]["ticktext"]
        for trace in page.data[chart]["data"]:
            for label, units in zip(labels, trace["x"], strict=True):
                assert units == pytest.approx(sold.get((label.lower(), trace["name"].lower()), 0))
    years = sums([{**row, "year": row["period"][:4]} for row in plan["sales"]], "market", "year")
    total = sum(row["units"] for row in plan["sales"])
    for name, row in page.rows("markets-by-year").items():
        parts = [years.get((name.lower(), year), 0.0) for year in ("2024", "2025")]
        assert row == pytest.approx([*parts, sum(parts), sum(parts) / total])


def test_limits(page: Page, plan: dict[str, Any]) -> None:
    """Every cell of the map and every row of the tables of use is a row of plan.json."""
    uses = {(row["kind"], row["period"], row["used"], row["available"]) for row in plan["limits"]}
    nouns = {"site": "site", "people": "resource", "network": "network", "segment": "segment"}
    rows = [row for id in ("limits-used", "capacity", "resources") for row in page.tables[id][1:]]
    assert rows
    for row in rows:
        assert (nouns[row[1]], row[2], float(row[3]), float(row[4])) in uses
        assert float(row[5]) == pytest.approx(float(row[3]) / float(row[4]))
    chart = page.data["chart-limits"]["data"][0]
    table = {(row[0], row[1], row[2]): float(row[5]) for row in page.tables["limits-used"][1:]}
    labels = page.data["chart-limits"]["layout"]["yaxis"]["ticktext"]
    shown = {
        (label, period): part
        for label, parts in zip(labels, chart["z"], strict=True)
        for period, part in zip(plan["periods"], parts, strict=True)
        if part is not None
    }
    assert shown == {(f"{n} ({kind})", p): v for (n, kind, p), v in table.items()}
    bars = {
        (x, y)
        for trace in page.data["chart-capacity"]["data"]
        for x, y in zip(trace["x"], trace["y"], strict=True)
    }
    sites = [row for row in plan["limits"] if row["kind"] == "site"]
    assert bars == {(r["period"], r[part]) for r in sites for part in ("used", "available")}


def test_cash(page: Page, plan: dict[str, Any], outcome: Outcome) -> None:
    """Cash, its items and the waterfall of each year are those of plan.json."""
    cash = [row["cash"] for row in plan["cash"]]
    assert page.data["chart-cash"]["data"][0]["y"] == cash
    items = sums(plan["cash_items"], "item", "period", value="amount")
    names = list(dict.fromkeys(row["item"] for row in plan["cash_items"]))
    rows = page.rows("cash-by-period")
    assert rows.pop("cash before") == [outcome.case.finance.opening_cash, *cash[:-1]]
    assert rows.pop("cash after") == cash
    wanted = {n: [items.get((n, p), 0.0) for p in plan["periods"]] for n in names}
    assert rows == {n: pytest.approx([*row, sum(row)]) for n, row in wanted.items()}
    years = page.rows("cash-by-year")
    chart = page.data["chart-cash-items"]
    steps = [step["args"][0]["x"][0] for step in chart["layout"]["sliders"][0]["steps"]]
    for place, name in enumerate(chart["data"][0]["y"]):
        assert [step[place] for step in steps] == pytest.approx(
            [years[name][-1], *years[name][:-1]]
        )
        if name in wanted:
            halves = [sum(wanted[name][:4]), sum(wanted[name][4:])]
            assert years[name] == pytest.approx([*halves, sum(halves)])


def test_deals(page: Page, plan: dict[str, Any]) -> None:
    """Income and partners' cars are those of plan.json, by period and in all."""
    columns = ("partner_units", "counted_units", "payments", "royalty", "component_margin")
    rows = page.tables["deals-by-period"][1:]
    found = [(row[1], *map(float, row[2:7])) for row in rows]
    assert found == [(r["period"], *(r[column] for column in columns)) for r in plan["deals"]]
    (in_all,) = page.rows("deals-in-all").values()
    totals = [sum(row[column] for row in plan["deals"]) for column in columns]
    assert in_all == pytest.approx([*totals, sum(totals[2:])])
    (income,) = page.data["chart-deals"]["data"]
    assert income["y"] == pytest.approx([sum(r[c] for c in columns[2:]) for r in plan["deals"]])
    (cars,) = page.data["chart-partners"]["data"]
    assert sum(cars["y"]) == pytest.approx(totals[0])


def test_key_figures(page: Page, plan: dict[str, Any]) -> None:
    """The figures at the top are totals of plan.json."""
    totals = plan["totals"]
    abroad = sum(row["units"] for row in plan["sales"] if row["market"] != "home")
    wanted = [7000, totals["volume"], abroad, totals["npv"], totals["spending"]]
    top = [value for table, value, _ in page.numbers if not table]
    assert top == pytest.approx([*wanted, totals["least_cash"]])


def test_every_number_shown_is_its_value_rounded(page: Page) -> None:
    """What people read is the exact value with as many digits as are shown, in every table."""
    assert len(page.numbers) > 300
    for table, value, text in page.numbers:
        plain = text.replace(",", "")
        scale = 100 if plain.endswith("%") else 1
        number = plain.removesuffix("%").strip()
        digits = len(number.partition(".")[2])
        assert float(number) == pytest.approx(scale * value, abs=0.5001 * 10**-digits), table


def test_no_number_is_unchecked(page: Page) -> None:
    """Every table with numbers is one that a test above compares with plan.json."""
    checked = {"", "volume-by-car", "volume-by-market", "windows", "decisions", "left-out"}
    checked |= {"markets-by-year", "limits-used", "capacity", "resources", "cash-by-period"}
    checked |= {"cash-by-year", "deals-by-period", "deals-in-all"}
    assert {table for table, _, _ in page.numbers} == checked
    charts = {"volume-car", "volume-market", "volume-abroad", "target", "gantt", "markets"}
    charts |= {"markets-abroad", "limits", "capacity", "resources", "cash", "cash-items"}
    charts |= {"deals", "partners"}
    assert set(page.data) == {f"chart-{name}" for name in charts}


def test_headline_and_goals(page: Page, outcome: Outcome) -> None:
    """The page says what the command line says, goals with bound and proof."""
    text = page.text.replace("\u00a0", " ")
    for line in headline(outcome):
        assert line in text
    assert [row[0] for row in page.tables["goals-table"][1:]] == [
        "earliest target date",
        "volume over the horizon",
        "net present value",
    ]
    assert {row[4] for row in page.tables["goals-table"][1:]} == {"proven"}


# Sources ----------------------------------------------------------------------------


def test_sources_are_one_click_away() -> None:
    """A number's section links to the table of its sources, with the values of the case."""
    case = load_case("tiny")
    from models.source import Source

    sources = (
        Source(cells="launches.*.*.peak_share", basis="derived", source="a <i>count</i>", low=0.1),
        Source(cells="finance.opening_cash", basis="reported", source="annual report", date="2023"),
    )
    page = Page(report_page(solve(case.replace(sources=sources))))
    assert "#source-launches" in page.links
    assert "#source-finance" in page.links
    assert page.tables["source-finance"][1] == [
        "finance.opening_cash",
        "30 money",
        "reported",
        "annual report",
        "2023",
        "",
    ]
    assert page.tables["source-launches"][1][3] == "a <i>count</i>"
    shares = [row.peak_share for row in case.launches]
    span = f"{min(shares):g} to {max(shares):g} share ({len(shares)} cells)"
    assert page.tables["source-launches"][1][1] == span


def test_links_lead_somewhere_and_ids_are_unique(page: Page) -> None:
    """No id is used twice, and every link of the page has its place in it."""
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links)


# Safety ------------------------------------------------------------------------------


def test_nothing_is_fetched_and_only_own_scripts_run(page: Page) -> None:
    """No link leaves the page; the policy forbids the network and names two scripts by hash."""
    assert all(link.startswith("#") for link in page.links)
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in page.policy
    assert "connect-src" not in page.policy  # so none, as by default
    kinds = [kind for kind, _ in page.scripts]
    assert kinds == ["application/json", "application/gzip", None]
    program = page.scripts[-1][1]
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.policy


def test_the_page_is_small(page: Page) -> None:
    """The whole file is under 6 MB; most of it is the program that draws."""
    assert len(page.html.encode()) < 3_000_000


def test_names_are_text(tmp_path: Path) -> None:
    """Names that try to be markup, templates or formulas are in the page as they are."""
    plain, page = (
        Page(report_page(solve(case))) for case in (load_case("tiny"), hostile_case(tmp_path))
    )
    assert page.tags == plain.tags
    assert [kind for kind, _ in page.scripts] == [kind for kind, _ in plain.scripts]
    assert len(page.numbers) == len(plain.numbers)
    for name in (*NAMES.values(), *TITLES.values()):
        assert name in page.text
    text = next(text for kind, text in page.scripts if kind == "application/json")
    assert "<" not in text
    names = [trace["name"] for trace in page.data["chart-volume-market"]["data"]]
    assert names == ["home", "&lt;script&gt;alert(1)&lt;/script&gt;"]
    for chart in page.data.values():  # own markup in charts is line breaks and bold kinds
        found = set(re.findall(r"<[^>]*>", json.dumps(chart)))
        assert found <= {"<br>", "<b>", "</b>", "<extra>", "</extra>"}


def test_json_cannot_end_its_script() -> None:
    """No sign that HTML reads is left in the data, and it reads back equal."""
    data = {"</script><!--": ["<script>", "&amp;", "\u2028", 'quote"']}
    text = as_json(data)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == data
    with pytest.raises(ValueError, match="JSON"):
        as_json(float("nan"))


# Files -------------------------------------------------------------------------------


def test_the_same_run_gives_the_same_page(run: Path, tmp_path: Path) -> None:
    """Two pages of one run are equal byte by byte."""
    pages = [save_report(load_run(run), tmp_path / f"{n}.html").read_bytes() for n in (1, 2)]
    assert pages[0] == pages[1]


def test_never_over_another_file(outcome: Outcome, tmp_path: Path) -> None:
    """What is there is left alone unless it may be replaced; nothing is left behind."""
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(ReportError, match="is there already"):
        save_report(outcome, path)
    assert path.read_text() == "mine"
    with pytest.raises(ReportError, match="is not a folder"):
        save_report(outcome, tmp_path / "nowhere" / "report.html")
    with pytest.raises(ReportError, match="is there already"):
        save_report(outcome, tmp_path, replace=True)
    save_report(outcome, path, replace=True)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_an_outcome_without_a_plan(outcome: Outcome) -> None:
    """The page says that there is none, and holds no figure."""
    nothing = dataclasses.replace(outcome, plan=None, goals=(), status="infeasible")
    page = Page(report_page(nothing))
    assert "Proven that no plan exists." in page.text
    assert page.data == {}
    assert page.numbers == []


def test_several_runs(outcome: Outcome) -> None:
    """Runs stand side by side with their key figures, and each has its own part."""
    case = load_case("tiny").with_changes({"finance.opening_cash": 31})
    page = Page(report_page(compare_outcomes({"as it is": outcome, "<b>richer</b>": solve(case)})))
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links)
    assert {"r1-plan", "r2-plan"} <= set(page.ids)
    assert "<b>richer</b>" in page.text
    assert "r2-chart-cash" in page.data


# The command -------------------------------------------------------------------------


def said(*words: str) -> Said:
    return evplan("report", *words)


def test_command(run: Path, outcome: Outcome, tmp_path: Path) -> None:
    """The page goes beside the run, where it changes nothing of it, or where it is sent."""
    target = run.with_name("run.html")
    assert said(str(run)) == (0, f"Written to {target}\n", "")
    assert load_run(run) == outcome
    code, _, err = said(str(run))
    assert (code, err) == (2, f"{target} is there already; name a new file, or remove it first\n")
    assert said(str(run), "--replace")[0] == 0
    assert said(str(run), "--out", str(tmp_path / "a.html"))[0] == 0
    assert (tmp_path / "a.html").read_bytes() == target.read_bytes()
    twin = save_run(outcome, tmp_path / "twin")
    assert said(str(run), str(twin), "--out", str(tmp_path / "b.html"))[0] == 0
    assert "r2-plan" in Page((tmp_path / "b.html").read_text(encoding="utf-8")).ids


def test_command_refuses(tmp_path: Path) -> None:
    """No run, no name: a message that says so, and no file."""
    code, _, err = said(str(tmp_path / "no"))
    assert code == 2
    assert "is not a run folder" in err
    assert said(" ")[0] == 2
    assert said(str(tmp_path), "--out", "")[0] == 2
    assert list(tmp_path.iterdir()) == []


# Studies ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    case = load_case("tiny")
    names = ["late_two", "late_two + no_licence"]
    return compare(case, names, load_scenarios("tiny"), workers=1)


def test_comparison(comparison: Comparison) -> None:
    """Key figures, decisions, sales and shares are the rows of the comparison's own tables."""
    page = Page(report_page(comparison))
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links)
    kpis = comparison.kpis
    rows = {row[0]: row for row in page.tables["key-figures"][1:]}
    for _, kpi in kpis[kpis["scenario"] == "late_two"].iterrows():
        row = rows[kpi["title"]]
        if kpi["figure"] == "target_date":
            assert row[2:4] == [kpi["base_period"], kpi["period"]]
        else:
            assert [float(row[2]), float(row[3])] == [kpi["base"], kpi["value"]]
    assert len(rows) == len(set(kpis["title"]))
    decisions = page.tables["decisions-differing"][1:]
    assert len(decisions) == len(comparison.decisions)
    sold = [tuple(map(float, row[3:6])) for row in page.tables["sales-differing"][1:]]
    columns = ["base", "value", "difference"]
    assert sold == [tuple(row) for row in comparison.sales[columns].to_numpy().tolist()]
    shares = comparison.causes[comparison.causes["mark"] != "same"]
    told = [float(row[3]) for row in page.tables["cause-2-table"][1:] if row[3]]
    assert told == pytest.approx(list(shares["share"].dropna()))
    lines = {trace["name"]: trace["y"] for trace in page.data["chart-volumes"]["data"]}
    assert list(lines) == ["base", "late_two", "late_two + no_licence"]
    assert sum(lines["base"]) == pytest.approx(12_750)  # the tiny plan
    assert {"r1-chart-gantt", "r3-chart-cash"} <= set(page.data)


def test_tornado() -> None:
    """The ranges of a sweep are ranked by their swing, with the values of its own table."""
    from models.source import Source

    ranges = (("finance.opening_cash", 20, 40), ("vehicles.two.cost", 10, 30))
    sources = tuple(
        Source(cells=cells, basis="assumption", source="a guess", low=low, high=high)
        for cells, low, high in ranges
    )
    found = sweep(load_case("tiny").replace(sources=sources), tornado=True, workers=1)
    page = Page(report_page(found))
    rows = [row for row in page.tables["swings"][1:] if row[1] != "Target date"]
    frame = found.tornado[found.tornado["figure"] != "target_date"]
    assert [row[0] for row in rows] == list(frame["cells"])
    values = frame[["at_low", "base", "at_high", "swing"]].to_numpy().tolist()
    assert [[float(cell) for cell in row[6:10]] for row in rows] == values
    npv = frame[frame["figure"] == "npv"]
    chart = page.data["chart-tornado-npv"]
    assert chart["layout"]["yaxis"]["ticktext"] == list(npv["cells"])
    for trace, end in zip(chart["data"], ("at_low", "at_high"), strict=True):
        assert trace["x"] == pytest.approx(list(npv[end] - npv["base"]))
    assert "#source-finance" in page.links


def test_a_report_is_about_something() -> None:
    """Anything else than an outcome or a study is refused in words."""
    with pytest.raises(TypeError, match="a report is about an outcome, a comparison, a sweep"):
        report_page(3)  # type: ignore[arg-type]


@pytest.mark.usefixtures("folder")
def test_studies_write_pages_too() -> None:
    """``compare`` and ``sweep`` write the page of what they found, never over a file."""
    compared = ["compare", "tiny", "late_two", "--no-store", "--workers", "1", "--report", "a.html"]
    swept = ["sweep", "tiny", "--vary", "finance.opening_cash=30,31", "--no-store"]
    swept += ["--workers", "1", "--out", "made", "--report", "b.html"]
    for words, id in ((compared, "key-figures"), (swept, "results-table")):
        result = evplan(*words)
        assert result.code == 0, result.err
        assert words[-1] in result.out
        assert id in Page(Path(words[-1]).read_text(encoding="utf-8")).tables
        other = ["other" if word == "made" else word for word in words]
        again = evplan(*other)
        assert again.code == 2
        assert again.err.startswith(f"{words[-1]} is there already")
    assert not Path("other").exists()


# What stands behind a plan ------------------------------------------------------------


@pytest.fixture(scope="module")
def explained(outcome: Outcome) -> Explanation:
    return explain(outcome, delays=1)


def numbers(rows: list[list[str]], place: int) -> list[float | None]:
    """A column of numbers; None for a word."""
    return [float(row[place]) if _is_number(row[place]) else None for row in rows]


def in_place(value: float | None) -> float | None:
    """What frames hold for what is missing."""
    return None if value is None or value != value else value


def test_explanation(explained: Explanation) -> None:
    """Gains and prices in the page are those of the explanation's own tables, with their ends."""
    page = Page(report_page(explained))
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links)
    assert {"gains", "prices", "options", "chart-gantt"} <= set(page.ids)  # the plan's page, too
    for kind, title in (("volume", "Volume"), ("npv", "NPV")):
        for id, column, frame in (
            ("limit-gains", 3, explained.limits),
            ("price-table", 2, explained.prices.query("move != 'force'")),
            ("forced-table", 2, explained.prices.query("move == 'force'")),
        ):
            rows = [row for row in page.tables[id][1:] if row[column] == title]
            for place, name in ((2, "gain"), (3, "least"), (4, "most")):
                told = numbers(rows, column + place)
                own = [in_place(value) for value in frame[f"{kind}_{name}"]]
                assert sorted(told, key=str) == sorted(own, key=str)
    verdicts = {row[0]: row[-1] for row in page.tables["prices-told"][1:] if row[-1]}
    assert verdicts["Two"] == "always worth it"
    chart = page.data["chart-prices-volume"]["data"]
    labels = page.data["chart-prices-volume"]["layout"]["yaxis"]["ticktext"]
    # Without the new car 1,800 fewer, a quarter late 200 fewer: as brute force has it.
    assert [
        dict(zip(trace["y"], trace["x"], strict=True)).get(labels.index("Two")) for trace in chart
    ] == [-1800, None, -200]


def test_every_bar_says_what_is_in_the_tables(explained: Explanation) -> None:
    """Each bar's length is a number of the table below it, and so are the proven ends."""
    wide = [
        dataclasses.replace(
            one, gains=tuple(dataclasses.replace(g, most=g.value + 77) for g in one.gains)
        )
        for one in explained.limit_gains
    ]
    page = Page(report_page(dataclasses.replace(explained, limit_gains=tuple(wide))))
    lines = page.data["chart-gains-volume"]["data"][-1]
    assert lines["name"] == "proven to lie between"
    assert lines["x"][1] - lines["x"][0] == pytest.approx(77)  # tiny plans are proven to the last
    tables = {"gains": "limit-gains", "prices": "price-table", "forced": "forced-table"}
    seen = 0
    for id, chart in page.data.items():
        kind = id.removeprefix("chart-").split("-")[0]
        if kind not in tables:
            continue
        told = {
            float(cell) for row in page.tables[tables[kind]] for cell in row if _is_number(cell)
        }
        for trace in chart["data"]:
            for value in filter(None, trace["x"]):
                assert min(abs(value - one) for one in told) < 1e-6
                seen += 1
    assert seen > 30


def test_an_explanation_that_was_stopped(explained: Explanation) -> None:
    """What has no answer is said, and what was not asked has no section."""
    part = dataclasses.replace(
        explained, priced=(), limit_gains=explained.limit_gains[:1], together=(), left=7
    )
    page = Page(report_page(part))
    assert "7 questions have no answer" in page.text
    assert "prices" not in page.ids
    nothing = dataclasses.replace(
        explained.limit_gains[0], gains=(), status="unknown", fault="the <b>machine</b> failed"
    )
    page = Page(report_page(dataclasses.replace(part, limit_gains=(nothing,))))
    assert page.tables["limit-gains"][1][8] == "the <b>machine</b> failed"


def test_alternatives() -> None:
    """Verdicts, starts and worth of near-best plans are those of the study's own tables."""
    found = alternatives(load_case("tiny"), within=0.05, count=2)
    page = Page(report_page(found))
    assert len(page.ids) == len(set(page.ids))
    own = found.decisions
    rows = page.tables["verdicts"][1:]
    assert sorted(row[1] for row in rows) == sorted(own["verdict"])
    starts = {tuple(row[3:6]) for row in rows}
    assert starts == {tuple(row) for row in own[["best", "plan 2", "plan 3"]].to_numpy().tolist()}
    records = [found.best, *(near.outcome for near in found.plans)]
    totals = [one.plan.totals for one in records if one.plan is not None]
    worth = page.tables["plan-worth"][1:]
    assert numbers(worth, 1) == [one.volume for one in totals]
    assert numbers(worth, 2) == [one.npv for one in totals]
    assert numbers(worth, 5)[1:] == [near.apart for near in found.plans]
    assert len(page.tables["plan-changes"]) - 1 == len(found.changes)
    marks = page.data["chart-starts-differ"]["data"]
    assert [trace["name"] for trace in marks] == ["best", "plan 2", "plan 3"]
    taken = [start for start in own["plan 2"] if start]
    assert sorted(marks[1]["x"]) == sorted(taken)


def test_plans_that_were_not_sought_are_not_denied(outcome: Outcome) -> None:
    """That no other plan is as good is said only where one was sought to the end."""
    found = alternatives(outcome.case, within=0.05, count=0, best=outcome)
    denied = "No near-best plan decides otherwise"
    assert denied not in Page(report_page(found)).text
    assert denied in Page(report_page(dataclasses.replace(found, sought=1))).text
    cut = dataclasses.replace(found, sought=1, complete=False, note="it was interrupted")
    assert denied not in Page(report_page(cut)).text


def test_frontier() -> None:
    """The front's points, bounds and unexplored parts are in the page; it says it is partial."""
    found = frontier(load_case("tiny"), points=3)
    assert not found.complete
    page = Page(report_page(found))
    rows = page.tables["front-points"][1:]
    assert numbers(rows, 1) == list(found.table["volume"])
    assert numbers(rows, 2) == list(found.table["npv"])
    assert numbers(rows, 3) == list(found.table["volume_bound"])
    assert [row[4] for row in rows] == ["proven"] * 3
    (box,) = found.unexplored
    (row,) = page.tables["front-unexplored"][1:]
    assert [float(cell) for cell in row[1:]] == [*sorted(box.first), *sorted(box.second)]
    # The whole front has points at 10,800 and 10,950 cars (by enumeration): both lie in it.
    whole = frontier(load_case("tiny"))
    assert whole.complete
    assert whole.unexplored == ()
    missing = [point for point in whole.points if point.first in (10_800, 10_950)]
    assert len(missing) == 2
    for point in missing:
        assert min(box.first) <= point.first <= max(box.first)
        assert min(box.second) <= point.second <= max(box.second)
    assert "The front is partial" in page.text
    points = [trace for trace in page.data["chart-front"]["data"] if "text" in trace]
    assert [trace["name"] for trace in points] == ["proven"]
    assert points[0]["x"] == list(found.table["volume"])
    assert len(page.tables["front-changes"]) - 1 == len(found.changes)


def test_a_point_whose_proof_is_open() -> None:
    """It has an empty mark of its own, and a line as far as its bound."""
    found = frontier(load_case("tiny"), points=2)
    first, last = found.points
    worse = dataclasses.replace(last, proven=False, first_bound=last.first + 400)
    page = Page(report_page(dataclasses.replace(found, points=(first, worse))))
    traces = {trace["name"]: trace for trace in page.data["chart-front"]["data"]}
    assert traces["proof open"]["x"] == [last.first]
    assert traces["not ruled out"]["x"] == [last.first, last.first + 400, None]
    assert [row[4] for row in page.tables["front-points"][1:]] == ["proven", "open"]
    nothing = dataclasses.replace(found, points=(), note="no plan was found", unexplored=())
    assert "No point was found" in Page(report_page(nothing)).text


def test_names_are_text_in_studies_of_a_plan(tmp_path: Path) -> None:
    """Names that try to be markup are in the new pages as they are, in charts escaped."""
    case = hostile_case(tmp_path)
    best = solve(case)
    for found in (
        explain(best, delays=0),
        alternatives(case, within=0.05, count=1, best=best),
        frontier(case, points=2),
    ):
        page = Page(report_page(found))
        assert not {"i", "b", "img"} & page.tags
        assert len(page.scripts) == 3
        assert NAMES["licence"] in page.text
        assert NAMES["two"] in page.text
        for chart in page.data.values():
            tags = set(re.findall(r"<[^>]*>", json.dumps(chart)))
            assert tags <= {"<br>", "<b>", "</b>", "<extra>", "</extra>"}


@pytest.mark.parametrize(
    ("words", "id"),
    [
        (["explain", "tiny", "--no-store", "--workers", "1", "--limits"], "limit-gains"),
        (["alternatives", "tiny", "--count", "1"], "verdicts"),
        (["frontier", "tiny", "--points", "2"], "front-points"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_commands_write_pages(words: list[str], id: str) -> None:
    """``explain``, ``alternatives`` and ``frontier`` write pages, never over a file."""
    result = evplan(*words, "--report", "a.html")
    assert result.code == 0, result.err
    assert result.out.endswith("\nWritten to a.html\n")
    assert id in Page(Path("a.html").read_text(encoding="utf-8")).tables
    again = evplan(*words, "--report", "a.html")
    assert again.code == 2
    assert again.err.startswith("a.html is there already")


def test_no_page_of_a_staircase(tmp_path: Path) -> None:
    """It is refused in words before anything is solved."""
    words = ["explain", "tiny", "--staircase", "resources.engineers", "--range", "0:2:1"]
    target = tmp_path / "a.html"
    result = evplan(*words, "--report", str(target))
    assert result.code == 2
    assert "there is no page" in result.err
    assert not target.exists()
