"""Checks of decisions: what may start, when, and after what.

Rules on starts do not bind what is in place. Not here: what a commitment
occupies or costs (see `optimizer.auditing.limits`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from models.plan import Decision
from optimizer.auditing.course import Course, Timing, read_period
from optimizer.auditing.violation import Violation


def broken_starts(course: Course, decisions: Sequence[Decision]) -> Iterator[Violation]:
    """Every rule on starts that the decisions break."""
    for decision in decisions:
        yield from _decision(course, decision)
    yield from _repeated(decisions)
    yield from _missing(course, decisions)
    for id, timing in course.timings.items():
        if not timing.in_place:
            yield from _window(course, id, timing)
            yield from _grounds(course, id, timing)
    yield from _exclusive_groups(course)
    yield from _exclusivities(course)


def _decision(course: Course, decision: Decision) -> Iterator[Violation]:
    id = decision.commitment
    row = course.case.commitments.get(id)
    if row is None:
        yield Violation("known commitment", id, "", id, "an id of the case", 1.0, "decisions")
        return
    if decision.in_place != (row.status == "in_place"):
        found = "in place" if decision.in_place else "decided"
        yield Violation("status", id, "", found, row.status.replace("_", " "), 1.0, "decisions")
    if row.status == "forbidden":
        yield Violation("status", id, decision.start or "", "started", "forbidden", 1.0, "starts")
    if row.status == "in_place":
        return  # its dates come from the case and are compared as stated figures
    start = read_period(course.case, decision.start)
    if start is None:
        yield Violation(
            "window", id, "", f"start {decision.start or 'blank'}", "a period", 1.0, "decisions"
        )
        return
    effective = read_period(course.case, decision.effective)
    wanted = start + row.lead
    if effective != wanted:
        off = row.lead if effective is None else abs(effective - wanted)
        yield Violation(
            "lead",
            id,
            decision.start or "",
            f"effective {decision.effective or 'blank'}",
            f"effective {course.case.horizon.label(wanted)}",
            float(off),
            "periods",
        )


def _repeated(decisions: Sequence[Decision]) -> Iterator[Violation]:
    for id, times in Counter(decision.commitment for decision in decisions).items():
        if times > 1:
            yield Violation("started once", id, "", times, 1, times - 1.0, "starts")


def _missing(course: Course, decisions: Sequence[Decision]) -> Iterator[Violation]:
    listed = {decision.commitment for decision in decisions}
    for id, row in course.case.commitments.items():
        if row.status in ("mandatory", "in_place") and id not in listed:
            wanted = "in place" if row.status == "in_place" else "a start (mandatory)"
            yield Violation("status", id, "", "not in the plan", wanted, 1.0, "decisions")


def _window(course: Course, id: str, timing: Timing) -> Iterator[Violation]:
    row, horizon = timing.row, course.case.horizon
    earliest = 0 if row.earliest is None else horizon.index(row.earliest)
    latest = course.count - 1 if row.latest is None else horizon.index(row.latest)
    off = max(earliest - timing.start, timing.start - latest)
    if off > 0:
        start = horizon.label(timing.start)
        allowed = f"{horizon.label(earliest)} to {horizon.label(latest)}"
        yield Violation("window", id, start, start, allowed, float(off), "periods")


def _grounds(course: Course, id: str, timing: Timing) -> Iterator[Violation]:
    start = course.case.horizon.label(timing.start)
    for ground in course.grounds(id):
        if ground.holding(timing.start):
            continue
        wanted = " or ".join(ground.wanted)
        if ground.ready:
            soonest = min(ground.ready.values())
            allowed = f"{course.case.horizon.label(soonest)} or later, after {wanted}"
            off = soonest - timing.start
        else:
            allowed = f"only with {wanted}, which the plan lacks"
            off = course.count
        yield Violation(ground.rule, id, start, f"start {start}", allowed, float(off), "periods")


def _exclusive_groups(course: Course) -> Iterator[Violation]:
    """At most so many of a group, one unless it is stated; what is in place counts."""
    at_most = {row.group: row.at_most for row in course.case.exclusive_groups}
    members: dict[str, list[Timing]] = {}
    for timing in course.timings.values():
        for group in dict.fromkeys(timing.row.exclusive_group):
            members.setdefault(group, []).append(timing)
    for group, timings in members.items():
        allowed = at_most.get(group, 1)
        if len(timings) > allowed:
            off = float(len(timings) - allowed)
            yield Violation("exclusive group", group, "", len(timings), allowed, off, "starts")


def _exclusivities(course: Course) -> Iterator[Violation]:
    horizon = course.case.horizon
    for rule in course.case.exclusivities:
        deal = course.timings.get(f"deals.{rule.deal}")
        other = course.timings.get(rule.commitment)
        if deal is None or other is None or other.in_place:
            continue
        if other.start >= deal.effective:
            start = horizon.label(other.start)
            since = horizon.label(max(deal.effective, 0))
            yield Violation(
                "exclusivity",
                rule.commitment,
                start,
                f"start {start}",
                f"no start from {since} on, by deals.{rule.deal}",
                float(other.start - max(deal.effective, 0) + 1),
                "periods",
            )
