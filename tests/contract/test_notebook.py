"""The example notebook, run from its first cell to its last as a user would."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
FIGURE = "application/vnd.plotly.v1+json"


# The client's own sockets are closed by its garbage collection.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_example_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs; charts are shown as figures, and what is printed is right."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(Path(__file__).with_name("charts.ipynb"), as_version=4)  # type: ignore[no-untyped-call]
    context = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=context).execute()
    outputs: list[list[Any]] = [c.outputs for c in notebook.cells if c.cell_type == "code"]
    shown = [[part.get("data", {}) for part in parts] for parts in outputs]
    assert "proven best" in shown[0][0]["text/html"]
    for cell in (1, 2, 3, 4):
        assert any(FIGURE in data for data in shown[cell])
    (volume,) = (data[FIGURE] for data in shown[1] if FIGURE in data)
    assert [trace["name"] for trace in volume["data"]] == ["One", "Two"]
    # With 5 more the north and the shift are affordable in 2024Q1 (see the tiny case), so
    # that 2024Q2 has 150 cars more.
    assert outputs[4][0]["text"] == "150 more cars\n"
    assert (tmp_path / "report.html").is_file()
    assert shown[5][0]["text/plain"] == "'report.html'"
