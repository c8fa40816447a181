"""The outcome in words: headline, goals, decisions, and what limits the plan.

Everything is plain text built from records. Colours and tables are the command
line's; prices of limits come from re-solves, not from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.cells import cell_len

from models.case import Case
from models.outcome import STATUS_WORDS, GoalResult
from models.plan import Decision, PlanRecord
from models.target import LEAST, Goal
from optimizer.outcome import Outcome

#: A limit binds when this part of it is used: closer than a reader would tell.
BINDING = 1 - 1e-4

_GOAL_WORDS = {
    "target_date": "earliest target date",
    "volume": "volume over the horizon",
    "npv": "net present value",
    "last_year_volume": "volume of the last year",
    "volume_at": "volume of the year to",
    "spending": "spending on commitments",
    "peak_funding": "peak funding",
}
_KINDS = {"entries": "entry", "launches": "launch"}
_MORE_TIME = "Give it more time with --time-limit, or leave the limit out."
#: What is said of one limit that binds, and of several in the same periods.
_LIMIT_WORDS = {
    "site": ("{} builds all it can", "{} build all they can"),
    "component": ("all capacity of {} is used", "all capacity of {} is used"),
    "resource": ("{} is fully occupied", "{} are fully occupied"),
    "budget": ("the budget {} is spent", "the budgets {} are spent"),
    "network": ("the network {} sells all it can", "the networks {} sell all they can"),
    "segment": ("the largest share of {} is reached", "the largest shares of {} are reached"),
}


#: Columns of `goal_rows` and `decision_rows`; those that end in > are flush right.
GOAL_COLUMNS = ("Goal", "Reached>", "Bound>", "Gap>", "Proof")
DECISION_COLUMNS = ("Start", "Effective", "Kind", "What", "Cost>")


def one_line(text: str) -> str:
    """Text as one line that a terminal shows as it is: titles may hold anything."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def aligned(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as lines of text, as wide as its cells and without trailing blanks."""
    table = [[column.rstrip(">") for column in columns]]
    table += [[one_line(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[n]) for row in table) for n in range(len(columns))]

    def padded(cell: str, n: int) -> str:
        blanks = " " * (widths[n] - cell_len(cell))
        return blanks + cell if columns[n].endswith(">") else cell + blanks

    return ["  ".join(padded(cell, n) for n, cell in enumerate(row)).rstrip() for row in table]


def cars(value: float) -> str:
    """Cars, as people write them."""
    return f"{round(value) + 0:,}"


def amount(case: Case, value: float) -> str:
    """Money with its unit."""
    return money_of(case, money_number(value))


def money_of(case: Case, digits: str) -> str:
    """A number that is money, with its unit."""
    return f"{case.currency} {digits} {_multiple(case)}".strip()


def money_number(value: float) -> str:
    """Money without its unit, as people write it."""
    digits = 0 if abs(value) >= 1000 else 1
    rounded = round(value, digits)
    return f"{rounded:,.{digits}f}" if rounded else "0"


def money_unit(case: Case) -> str:
    """The unit of money, such as CNY million; of a case without a currency, what is known."""
    return f"{case.currency} {_multiple(case)}".strip() or "money"


def _multiple(case: Case) -> str:
    """How many units of the currency make one unit of money, in words."""
    words = {1.0: "", 1e3: "thousand", 1e6: "million", 1e9: "billion"}
    return words.get(case.money_unit, f"x {case.money_unit:g}")


def percent(value: float) -> str:
    """A share in per cent, with as many digits as it needs."""
    if value == 0:
        return "0 %"
    if abs(value) < 1e-6:
        return "< 0.0001 %"
    return f"{Decimal(f'{100 * value:.2g}'):f} %" if abs(value) < 0.1 else f"{100 * value:.1f} %"


def headline(outcome: Outcome) -> list[str]:
    """What a reader must know first, one sentence a line."""
    note = [_sentence(outcome.note)] if outcome.note else []
    if outcome.plan is None:
        cure = _conditions(outcome.case) if outcome.status == "infeasible" else _MORE_TIME
        return [_sentence(STATUS_WORDS[outcome.status]), *note, cure]
    case, record = outcome.case, outcome.plan.record
    return [
        *_target_lines(outcome, record),
        f"Volume: {_by_year(case, record)}.",
        *_cash_lines(case, record),
        _proof_line(outcome),
        *note,
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _conditions(case: Case) -> str:
    """Where to look when nothing satisfies a case: all that it asks for without choice."""
    found = []
    if case.target is not None and case.target.required:
        found.append(f"the target of {cars(case.target.volume)} cars, which is required")
    mandatory = [row.id for row in case.commitments.values() if row.status == "mandatory"]
    if mandatory:
        more = f" and {len(mandatory) - 3} more" if len(mandatory) > 3 else ""
        found.append(f"what is mandatory ({', '.join(mandatory[:3])}{more})")
    if case.finance.cash_floor is not None:
        found.append(f"the cash floor of {amount(case, case.finance.cash_floor)}")
    found += [
        f"the condition on the {_words_of(goal)} ({_condition(case, goal)})"
        for goal in _bounded(case)
    ]
    found.append("what is in place and what it costs and occupies")
    return f"The case asks for these without choice, one of them must give: {'; '.join(found)}."


def _target_lines(outcome: Outcome, record: PlanRecord) -> list[str]:
    target = outcome.case.target
    if target is None or not record.windows:
        return []
    kind = "calendar year" if target.window == "calendar_year" else "year in a row"
    wanted = f"The target of {cars(target.volume)} cars in a {kind}"
    by = f" by {target.deadline}" if target.deadline else ""
    goal = next((goal for goal in outcome.goals if goal.kind == "target_date"), None)
    reached = next((window for window in record.windows if window.reached), None)
    if reached:
        line = f"{wanted} is reached in {reached.last} with {cars(reached.volume)} cars"
        if goal and goal.proven and goal.period == goal.bound_period:
            line += "; no plan reaches it earlier"
        elif goal and goal.bound_period and goal.bound_period != goal.period:
            line += f"; {goal.bound_period} is not ruled out"
        return [line + "."]
    best = max(record.windows, key=lambda window: window.volume)
    short = target.volume - best.volume
    line = (
        f"{wanted}{by} is missed by {cars(short)} cars ({percent(short / target.volume)}): "
        f"the year to {best.last} comes closest with {cars(best.volume)} cars"
    )
    if goal is None:
        return [line + "."]
    if goal.bound is None:
        line += "; it is not ruled out"
    elif goal.bound >= target.volume:
        line += f"; it is not ruled out (bound {cars(goal.bound)} cars)"
    else:
        line += f"; no plan has a year above {cars(goal.bound)} cars"
    return [line + "."]


def _by_year(case: Case, record: PlanRecord) -> str:
    parts = []
    for year, periods in case.horizon.years.items():
        volume = sum(record.volumes[t].counted for t in periods)
        whole = len(periods) == case.horizon.per_year
        labels = [record.periods[t] for t in periods]
        span = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
        parts.append((year if whole else span, volume))
    if len(parts) > 12:
        return (
            f"{cars(sum(volume for _, volume in parts))} cars from {parts[0][0]} to {parts[-1][0]}"
        )
    text = ", ".join(f"{cars(volume)} in {name}" for name, volume in parts)
    counted = sum(row.counted - row.own for row in record.volumes)
    return text + (f" (of these {cars(counted)} partners' cars)" if counted > 0.5 else "")


def _cash_lines(case: Case, record: PlanRecord) -> list[str]:
    if not record.cash_items and not case.finance.opening_cash:
        return []
    least = min(record.cash, key=lambda row: row.cash)
    floor = case.finance.cash_floor
    line = f"Cash is lowest at the end of {least.period} with {amount(case, least.cash)}"
    line += f" (floor {amount(case, floor)})" if floor is not None else " (no floor)"
    value = record.totals
    after = (
        f"of which {amount(case, value.terminal_value)} lie after {record.periods[-1]}"
        if case.finance.terminal_years
        else f"what lies after {record.periods[-1]} is not valued"
    )
    return [line + ".", f"Net present value {amount(case, value.npv)}; {after}."]


def _proof_line(outcome: Outcome) -> str:
    if outcome.status == "optimal" and outcome.settings.gap == 0:
        return "Every goal is proven best."
    if outcome.status == "optimal":
        return f"Every goal is proven best to within {percent(outcome.settings.gap)}."
    open_goals = [_GOAL_WORDS[goal.kind] for goal in outcome.goals if not goal.proven]
    return f"The proof is open for: {', '.join(open_goals)}."


def goal_rows(outcome: Outcome) -> list[tuple[str, str, str, str, str]]:
    """Goal, value, bound, gap, proven: one row a goal."""
    return [
        (
            _goal_name(outcome.case, goal) + _aside(outcome.case, goal.kind),
            _shown(outcome.case, goal, goal.value),
            _bound(outcome.case, goal),
            "" if goal.gap is None or goal.period else percent(goal.gap),
            "proven" if goal.proven else "open",
        )
        for goal in outcome.goals
    ]


def given_up(outcome: Outcome) -> list[str]:
    """What goals gave up of their best for later ones, as their tolerance allows."""
    return [
        f"Of the {_goal_name(outcome.case, goal)}, {_shown(outcome.case, goal, goal.best)} "
        "can be reached; the rest is given up for later goals."
        for goal in outcome.goals
        if not goal.period and abs(goal.best - goal.value) > 1e-5 * max(1.0, abs(goal.best))
    ]


def _goal_name(case: Case, goal: GoalResult) -> str:
    if goal.kind == "target_date" and goal.period is None:
        return "largest year (the target is missed)"
    return _words_of(next(one for one in case.goals_in_order if one.kind == goal.kind))


def _words_of(goal: Goal) -> str:
    return f"{_GOAL_WORDS[goal.kind]} {goal.period or ''}".rstrip()


def _aside(case: Case, kind: str) -> str:
    """The condition on a goal, in brackets; nothing where it has none."""
    return next((f" ({_condition(case, goal)})" for goal in _bounded(case, kind)), "")


def _bounded(case: Case, *kinds: str) -> list[Goal]:
    """Goals that are conditions as well, of these kinds or of all."""
    found = [goal for goal in case.goals if goal.no_worse_than is not None]
    return [goal for goal in found if not kinds or goal.kind in kinds]


def _condition(case: Case, goal: Goal) -> str:
    """What a goal must be in every plan: at least 5,000 cars, at most EUR 8.0 million."""
    worst = goal.no_worse_than or 0.0
    least = "at most" if goal.kind in LEAST else "at least"
    money = goal.kind in ("npv", "spending", "peak_funding")
    return f"{least} {amount(case, worst) if money else f'{cars(worst)} cars'}"


def _barely_kept(case: Case, record: PlanRecord) -> list[str]:
    """The goals that are as bad as the case lets them be, in words."""
    lines = []
    for goal in _bounded(case):
        value = _value(case, record, goal)
        worst = goal.no_worse_than or 0.0
        if abs(value - worst) <= (1 - BINDING) * max(1.0, abs(worst)):
            end = "high" if goal.kind in LEAST else "low"
            words = _words_of(goal)
            lines.append(f"the {words} is as {end} as it may be: {_condition(case, goal)}")
    return lines


def _value(case: Case, record: PlanRecord, goal: Goal) -> float:
    """What a plan has of what a goal counts, cars or money."""
    if goal.kind == "volume_at":
        last = case.horizon.index(goal.period or "")
        first = max(0, last - case.horizon.per_year + 1)
        return sum(row.counted for row in record.volumes[first : last + 1])
    return float(getattr(record.totals, goal.kind))


def _shown(case: Case, goal: GoalResult, value: float) -> str:
    if goal.period:
        return goal.period
    return amount(case, value) if goal.unit == "money" else f"{cars(value)} cars"


def _bound(case: Case, goal: GoalResult) -> str:
    if goal.period:
        return goal.bound_period or ""
    return "none" if goal.bound is None else _shown(case, goal, goal.bound)


def title_of(case: Case, id: str) -> str:
    """A commitment's name for people: its title, or its id in words."""
    row = case.commitments[id]
    if row.title:
        return row.title
    titles = _titles(case)
    parts = id.split(".")[1:]
    if row.table == "launches":
        vehicle, market = parts
        return f"{titles.get(f'vehicles.{vehicle}') or vehicle} in {titles.get(f'markets.{market}') or market}"
    if row.table == "entries":
        market, mode = parts
        return f"{titles.get(f'markets.{market}') or market}: {mode}"
    return " ".join(parts)


def decisions_in_time(record: PlanRecord) -> list[Decision]:
    """What the plan starts, by start period and then in the order of the case."""
    order = {label: t for t, label in enumerate(record.periods)}
    chosen = [row for row in record.decisions if not row.in_place]
    return sorted(chosen, key=lambda row: order.get(row.start or "", -1))


def decision_rows(case: Case, record: PlanRecord) -> list[tuple[str, str, str, str, str]]:
    """Start, effective, kind, what, cost: one row for each commitment started."""
    return [
        (
            row.start or "",
            row.effective or "",
            _KINDS.get(row.kind, row.kind.removesuffix("s")),
            title_of(case, row.commitment),
            amount(case, row.cost) if row.cost else "",
        )
        for row in decisions_in_time(record)
    ]


def limits_in_words(case: Case, record: PlanRecord) -> list[str]:
    """What binds in the plan, most periods first, each with when."""
    order = {label: t for t, label in enumerate(record.periods)}
    binding: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in record.limits:
        if row.kind != "demand" and row.available > 0 and row.used >= BINDING * row.available:
            binding[row.kind, row.name].append(row.period)
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (kind, name), periods in binding.items():
        alike[kind, tuple(periods)].append(limit_name(case, kind, name))
    lines: list[tuple[int, str]] = []
    for (kind, when), names in alike.items():
        words = _LIMIT_WORDS[kind][len(names) > 1].format(_listed(names))
        lines.append((len(when), f"{words}: {when_words(order, when)}"))
    floor = case.finance.cash_floor
    if floor is not None:
        slack = 1e-4 * max(1.0, abs(floor), max(abs(row.cash) for row in record.cash))
        low = [row.period for row in record.cash if row.cash <= floor + slack]
        if low:
            lines.append(
                (
                    len(low),
                    f"cash is at its floor of {amount(case, floor)}: {when_words(order, low)}",
                )
            )
    lines += [(len(order), words) for words in _barely_kept(case, record)]
    lines.sort(key=lambda line: -line[0])
    demand = [row for row in record.limits if row.kind == "demand" and row.available > 0]
    sold_out = [row for row in demand if row.used >= BINDING * row.available]
    if demand:
        lines.append(
            (
                0,
                f"launched cars sell all that is demanded of them in {len(sold_out)} of {len(demand)} periods, counted by car and market",
            )
        )
    return [line for _, line in lines] or ["nothing: no limit is used up"]


def limit_name(case: Case, kind: str, name: str) -> str:
    """A limit's name for people."""
    titles = _titles(case)
    if kind == "network":
        market, mode = name.split(".", 1)
        return f"{titles.get(f'markets.{market}') or market} ({mode})"
    if kind == "segment":
        market, segment = name.split(".", 1)
        return f"{segment} in {titles.get(f'markets.{market}') or market}"
    return titles.get(f"{kind}s.{name}") or name


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _titles(case: Case) -> dict[str, str]:
    """Titles by path of what has one."""
    tables = ("markets", "vehicles", "sites", "components")
    return {row.path: getattr(row, "title", "") for table in tables for row in case.rows(table)}


def when_words(order: dict[str, int], periods: Iterable[str]) -> str:
    """Periods with neighbours joined: 2024Q1 to 2024Q3, 2025Q1."""
    runs: list[list[str]] = []
    for period in periods:
        if runs and period in order and order[period] == order.get(runs[-1][-1], -9) + 1:
            runs[-1].append(period)
        else:
            runs.append([period])
    if runs == [["total"]]:  # of a budget
        return "over the whole horizon"
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
