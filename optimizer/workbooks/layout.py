"""How a case lies in a workbook: which sheets there are, and how their rows are told apart.

What writes and what reads a workbook share these names and nothing else.
"""

from __future__ import annotations

#: Sheet with what the workbook is, for people; it is not read.
CONTENTS = "contents"
#: Settings of every section but the goals, a row each.
SETTINGS = "settings"
#: The goals in their order, a row each.
GOALS = "goals"
#: The changes of the scenarios, a row each.
SCENARIOS = "scenarios"
#: Sheets whose names begin so are not read.
PASSED_OVER = "_"
#: Names for the drop-downs of other sheets.
LISTS = f"{PASSED_OVER}lists"
#: What the settings outside of any section stand under.
TOP = "case"
#: Columns of the settings' sheet that are read.
SECTION, SETTING, VALUE = "section", "setting", "value"


def is_hint(text: str) -> bool:
    """Whether a cell above the column names is a unit or a remark, such as [cars/year]."""
    return text.startswith("[") and text.endswith("]")
