"""The linters, the types and the rules of who may import whom, run as tests.

None of them is skipped: a tool that is not installed is a failure too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    # import-linter has no module of its own to run.
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str) -> None:
    """The tool ends well on the whole tree; what it found is the message."""
    done = subprocess.run(
        [sys.executable, *TOOLS[tool]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_imports_would_find_something(tmp_path: Path) -> None:
    """The way in which it is called here does fail on a contract that is broken."""
    (tmp_path / "upper").mkdir()
    (tmp_path / "lower").mkdir()
    (tmp_path / "upper" / "__init__.py").write_text("")
    (tmp_path / "lower" / "__init__.py").write_text("import upper\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["upper", "lower"]\n'
        '[[tool.importlinter.contracts]]\nname = "layers"\ntype = "forbidden"\n'
        'source_modules = ["lower"]\nforbidden_modules = ["upper"]\n'
    )
    done = subprocess.run(
        [sys.executable, *TOOLS["lint-imports"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "layers BROKEN" in done.stdout
