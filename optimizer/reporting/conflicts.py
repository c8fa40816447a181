"""Why a case has no plan, in the words of its own rules.

Not here: finding it out (see `optimizer.studies.conflict`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from models.case import Case
from optimizer.reporting.finding_words import row_title
from optimizer.reporting.text import amount, cars, money_of, one_line, percent, title_of

if TYPE_CHECKING:
    from models.finance import Budget
    from optimizer.studies.conflict import Conflict, LeastChange
    from optimizer.studies.rules import Rule

_PER = {"period": "in a period", "year": "in a year", "total": "in all"}
#: Units of numbers that change, as they are said.
_UNITS = {"units more": "more"}
#: Corrections that are shown.
MOST_SHOWN = 5
#: Rules of one kind that are shown one by one.
MOST_LISTED = 6


def rule_words(case: Case, rule: Rule) -> str:
    """A rule as a sentence without its full stop."""
    return one_line(_WORDS[rule.kind](case, rule))


def _title(case: Case, id: str) -> str:
    return title_of(case, id) if id in case.commitments else id


def _commitment(words: str) -> Callable[[Case, Rule], str]:
    def said(case: Case, rule: Rule) -> str:
        id, column = rule.path.rsplit(".", 1)
        row = case.commitments[id]
        return words.format(_title(case, id), getattr(row, column)) + f" ({rule.path})"

    return said


def _precedence(case: Case, rule: Rule) -> str:
    row = next(row for row in case.precedences if row.path == rule.path)
    after = " or ".join(_title(case, id) for id in row.after)
    event = "has started" if row.counted_from == "start" else "is effective"
    lag = f", with a lag of {row.lag} periods" if row.lag else ""
    return f"{_title(case, row.commitment)} waits until {after} {event}{lag}"


def _group(case: Case, rule: Rule) -> str:
    name = rule.path.split(".", 1)[1]
    limit = {row.group: row.at_most for row in case.exclusive_groups}.get(name, 1)
    members = [id for id, row in case.commitments.items() if name in row.exclusive_group]
    listed = ", ".join(_title(case, id) for id in members[:4])
    more = f" and {len(members) - 4} more" if len(members) > 4 else ""
    return f"of the group {name} at most {limit} is ever started ({listed}{more})"


def _exclusivity(case: Case, rule: Rule) -> str:
    row = next(row for row in case.exclusivities if row.path == rule.path)
    ends = ", and sales through it end" if row.ends_sales else ""
    deal = _title(case, f"deals.{row.deal}")
    return f"once {deal} is effective, {_title(case, row.commitment)} cannot start{ends}"


def _resource(case: Case, rule: Rule) -> str:
    name = rule.path.split(".", 1)[1]
    there = [row.available for row in case.resources if row.resource == name]
    span = f"{min(there):,.10g}" + (f" to {max(there):,.10g}" if max(there) > min(there) else "")
    return f"no more of {name} is occupied than there is ({span})"


def _budget(case: Case, rule: Rule) -> str:
    row = _budget_of(case, rule)
    return f"no more than {amount(case, row.amount)} is spent on {_spent_on(row)}"


def _budget_of(case: Case, rule: Rule) -> Budget:
    return next(row for row in case.budgets if row.path == rule.path)


def _spent_on(budget: Budget) -> str:
    what = "all commitments" if budget.category == "all" else budget.category
    return f"{what} in {budget.when}" if budget.when else f"{what} {_PER[budget.scope]}"


def _cash_floor(case: Case, _rule: Rule) -> str:
    return f"cash never falls below {amount(case, case.finance.cash_floor or 0.0)}"


def _target(case: Case, _rule: Rule) -> str:
    target = case.target
    assert target is not None
    kind = "a calendar year" if target.window == "calendar_year" else "a year in a row"
    by = target.deadline or case.horizon.last
    return (
        f"{cars(target.volume)} cars are sold in {kind} that ends by {by} (the target is required)"
    )


def _goal_bound(case: Case, rule: Rule) -> str:
    kind = rule.path.split(".")[1]
    goal = next(goal for goal in case.goals if goal.kind == kind)
    return f"the goal {kind} is no worse than {goal.no_worse_than or 0.0:,.10g}"


def _capacity(case: Case, rule: Rule) -> str:
    return f"{_row(case, rule)} gives no more than its capacity and that of its expansions"


def _row(case: Case, rule: Rule) -> str:
    return row_title(case, rule.path)


def _network(case: Case, rule: Rule) -> str:
    row = next(row for row in case.entries if row.path == rule.path)
    most = cars(row.throughput_per_year or 0.0)
    return f"{_title(case, row.id)} sells no more than {most} cars a year"


def _ceiling(case: Case, rule: Rule) -> str:
    table = rule.path.split(".", 1)[0]
    row = next(row for row in case.rows(table) if row.path == rule.path)
    share = percent(getattr(row, "max_share"))  # noqa: B009  either kind has it
    titles = {market.market: market.title or market.market for market in case.markets}
    market = titles[row.key[0]]
    where = f"{row.key[1]} in {market}" if table == "segments" else f"each segment in {market}"
    return f"own cars have no more than {share} of {where}"


_WORDS: dict[str, Callable[[Case, Rule], str]] = {
    "mandatory": _commitment("{} must start"),
    "forbidden": _commitment("{} never starts"),
    "earliest": _commitment("{} starts no sooner than {}"),
    "latest": _commitment("{} starts no later than {}"),
    "precedence": _precedence,
    "group": _group,
    "exclusivity": _exclusivity,
    "resource": _resource,
    "budget": _budget,
    "cash_floor": _cash_floor,
    "target": _target,
    "goal_bound": _goal_bound,
    "site": _capacity,
    "component": _capacity,
    "network": _network,
    "ceiling": _ceiling,
}


_KINDS = {
    "mandatory": "what must start",
    "forbidden": "what never starts",
    "earliest": "what starts no sooner than a period",
    "latest": "what starts no later than a period",
    "precedence": "what waits for something else",
    "group": "of what only a few may be started",
    "exclusivity": "what a deal shuts out",
    "resource": "how much of a resource there is",
    "budget": "what may be spent",
    "cash_floor": "how far cash may fall",
    "target": "the target",
    "goal_bound": "what goals must reach",
    "site": "the capacity of sites",
    "component": "the capacity for components",
    "network": "what networks of entries can sell",
    "ceiling": "the largest shares of markets and segments",
}


def conflict_lines(found: Conflict) -> Iterator[str]:
    """All of it, as sentences to read aloud."""
    case = found.case
    if found.possible:
        yield "The case has a plan: nothing contradicts."
        return
    if found.possible is None:
        yield "Whether the case has a plan is not known: stopped before that was proven."
        return
    yield (
        f"No plan exists. Of the {found.rules} rules of the case these cannot hold together"
        + (", though some of them may not be needed for that:" if found.among else ":")
    )
    if found.among:
        yield from _rule_lines(case, found.among)
    for number, row in enumerate(found.contradictions, 1):
        yield ""
        many = len(row.rules) > 1
        proof = "proven: no fewer rules contradict each other" if number == 1 else "proven"
        yield (
            f"{number}. {len(row.rules)} rules ({proof if row.proven else 'not proven smallest'})"
            if (many)
            else "1 rule, against what the case takes as given (demand, prices, leads, what is in place)"
        )
        yield from _rule_lines(case, row.rules)
        if len(row.plans) == len(row.rules) and many:
            yield "   Without any one of them the others hold together: a plan was found for each."
    if found.complete:
        yield ""
        yield "There is no other: every contradiction holds the rules of one of these."


def _rule_lines(case: Case, rules_together: Sequence[Rule]) -> Iterator[str]:
    """A line for each rule; for those of a kind together where they are many."""
    of_kind: dict[str, list[Rule]] = {}
    for rule in rules_together:
        of_kind.setdefault(rule.kind, []).append(rule)
    for kind, rules in of_kind.items():
        if len(rules) > MOST_LISTED:
            listed = ", ".join(rule.path for rule in rules[:MOST_LISTED])
            yield f"   - {len(rules)} rules: {_KINDS[kind]} ({listed} and others)"
        else:
            yield from (f"   - {rule_words(case, rule)}" for rule in rules)


def correction_lines(found: Conflict) -> Iterator[str]:
    """What would have to go, smallest first."""
    for row in found.corrections[:MOST_SHOWN]:
        words = "; and ".join(rule_words(found.case, rule) for rule in row.rules)
        yield f"- {words}" + ("" if row.proven else " (perhaps not all of it)")
    more = len(found.corrections) - MOST_SHOWN
    if more > 0:
        yield f"- or {more} other sets of rules"


def change_lines(found: Conflict) -> Iterator[str]:
    """The least change of single numbers."""
    for row in found.changes:
        line = f"- {one_line(_CHANGED[row.rule.kind](found.case, row))}"
        if row.too_little != row.now:
            line += f"; with {_number(found.case, row, row.too_little)} "
            line += "no plan exists" if row.proven else "none was found"
        yield line


def _instead(
    words: str, what: Callable[[Case, Rule], str] = lambda _case, _rule: ""
) -> Callable[[Case, LeastChange], str]:
    """Words for a number that changes, of ``what`` it is the number."""

    def said(case: Case, row: LeastChange) -> str:
        enough, now = (_number(case, row, value) for value in (row.enough, row.now))
        return words.format(what=what(case, row.rule), enough=enough, now=now)

    return said


def _starting(case: Case, rule: Rule) -> str:
    return _title(case, rule.path.rsplit(".", 1)[0])


_CHANGED: dict[str, Callable[[Case, LeastChange], str]] = {
    "target": _instead("a target of {enough} instead of {now}"),
    "cash_floor": _instead("a cash floor of {enough} instead of {now}"),
    "budget": _instead(
        "{enough} to spend on {what} instead of {now}",
        lambda case, rule: _spent_on(_budget_of(case, rule)),
    ),
    "resource": _instead(
        "{enough} {what} in each period", lambda _case, rule: rule.path.split(".", 1)[1]
    ),
    "site": _instead("a capacity of {what} of {enough} instead of {now}", _row),
    "component": _instead("a capacity of {what} of {enough} instead of {now}", _row),
    "earliest": _instead("{what} allowed to start in {enough} instead of {now}", _starting),
    "latest": _instead("{what} allowed to start as late as {enough} instead of {now}", _starting),
}


def _number(case: Case, row: LeastChange, value: float | str) -> str:
    """A number of a rule with its unit, to its last digit: a rounded one may not be enough."""
    if isinstance(value, str):
        return value
    digits = f"{value:,.12g}"
    if row.unit == "money":
        return money_of(case, digits)
    return f"{digits} {_UNITS.get(row.unit, row.unit)}"
