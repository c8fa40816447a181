"""Cases with their decisions fixed: exactly these starts and no others.

Not here: changes of single decisions (see `models.change`: ``forbid`` and ``force``).
"""

from __future__ import annotations

from collections.abc import Mapping

from models.case import COMMITMENT_TABLES, Case
from models.commitment import Commitment


def with_starts(case: Case, starts: Mapping[str, str]) -> Case:
    """The case in which these commitments start in these periods, and no others ever do.

    ``starts`` maps ids to labels of periods; what is in place stays so. Its best plan
    sells as well as these decisions allow.
    """

    def fixed(row: Commitment) -> Commitment:
        if row.status == "in_place":
            return row
        start = starts.get(row.id)
        if start is None:
            return row.model_copy(update={"status": "forbidden"})
        return row.model_copy(update={"status": "mandatory", "earliest": start, "latest": start})

    return case.replace(
        **{
            table: tuple(fixed(row) for row in case.rows(table) if isinstance(row, Commitment))
            for table in COMMITMENT_TABLES
        }
    )
