"""Every way in which evplan says no; all of them are `EvplanError` or `CaseError`.

`CaseError` (an input that cannot be used, with all its problems) lives beside
the records it speaks of and is named here so that users find it in one place.
"""

from __future__ import annotations

from models.problem import CaseError, Problem


class EvplanError(Exception):
    """Something that the user can act on; the message says what and how."""


class AuditError(EvplanError):
    """A plan that fails its audit: a defect of evplan or a file that was changed.

    ``violations`` lists what was found, worst first.
    """

    def __init__(self, violations: tuple[object, ...]) -> None:
        self.violations = violations
        shown = "\n".join(f"  {violation}" for violation in violations[:20])
        more = len(violations) - 20
        super().__init__(
            f"the plan fails its audit with {len(violations)} violation(s):\n{shown}"
            + (f"\n  and {more} more" if more > 0 else "")
        )


class SolverError(EvplanError):
    """The solver failed in a way that leaves no answer."""


__all__ = ["AuditError", "CaseError", "EvplanError", "Problem", "SolverError"]
