"""A page as one HTML file that needs nothing else: text, styles, scripts and data within.

Names are escaped by the template engine, numbers of charts are JSON in which no sign can
end the script element. The page's own policy lets only the two scripts run that were
written into it, and lets nothing be fetched. The program that draws charts is packed (a
third of its size) and unpacked by the page; the policy knows its unpacked text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from importlib.resources import files
from typing import Any

from optimizer.reporting.html.parts import Part
from optimizer.reporting.plots.style import DARK


def page(title: str, parts: Sequence[Part], summary: Part | None = None) -> str:
    """The page: a summary of several parts if there is one, then each part."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    engine = Environment(
        loader=PackageLoader("optimizer.reporting", "html"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    engine.filters["unbroken"] = _unbroken
    every = [*([summary] if summary else []), *parts]
    charts = {chart.id: chart.data for part in every for chart in part.charts}
    plotly, script = _plotly(), _shipped("report.js")
    text: str = engine.get_template("report.html.j2").render(
        title=title,
        parts=parts,
        summary=summary,
        version=_version(),
        policy=_policy(plotly, script),
        css=Markup(_shipped("report.css")),
        data=Markup(as_json({"charts": charts, "dark": DARK})),
        plotly=Markup(_packed(plotly)),
        script=Markup(script),
    )
    return text


def as_json(data: Any) -> str:
    """JSON that can stand in a script element: no sign in it can end that or open a comment."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _unbroken(text: str) -> str:
    """A heading in which no number is parted from its unit by the end of a line."""
    text = re.sub(r"\b([A-Z]{3}) (?=-?\d)", "\\1\u00a0", text)
    text = re.sub(r"(?<=\d) of (?=\d)", "\u00a0of\u00a0", text)
    return re.sub(r"(?<=\d) (?=(?:million|thousand|billion|cars|%)(?!\w))", "\u00a0", text)


def _policy(*scripts: str) -> str:
    """What the page may do: run these scripts, style itself, draw; nothing else."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _plotly() -> str:
    """The program that draws charts, as it comes with plotly."""
    from plotly.offline import get_plotlyjs

    program: str = get_plotlyjs()
    return program.replace("\r\n", "\n")  # as a page would read it


@cache
def _packed(program: str) -> str:
    """The program packed, the same each time, in letters that may stand in a page."""
    return base64.b64encode(gzip.compress(program.encode(), mtime=0)).decode()


@cache
def _shipped(name: str) -> str:
    return files("optimizer.reporting.html").joinpath(name).read_text(encoding="utf-8")


def _version() -> str:
    try:
        return version_of("evplan")
    except PackageNotFoundError:
        return "from source"


__all__ = ["as_json", "page"]
