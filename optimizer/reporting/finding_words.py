"""Limits, gains and losses in words: what is said of one finding of `optimizer.studies.explain`.

All words are one plain line, whatever titles hold. Not here: sections and tables (see
`optimizer.reporting.explaining`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.case import Case
from models.cells import cell_text
from optimizer.reporting import text
from optimizer.studies.explanation import LimitGain, Price

if TYPE_CHECKING:
    from optimizer.studies.gains import Gain
    from optimizer.studies.steps import Limit

_STEPS = {"half": "half-year", "period": "period"}


def step_words(case: Case, limit: Limit, by: float) -> str:
    """A limit that is looser by so much, as it is said after "with"."""
    table, *names = limit.path.split(".")
    column = names[-1]
    row = ".".join([table, *names[:-1]])
    size = number(by)
    if table in case.commitments or row in case.commitments:
        return _of_commitment(case, row, column, by)
    if row.startswith("launches.") and limit.kind == "demand":
        vehicle = name_of(case, f"vehicles.{names[0]}") if names[0] != "*" else "every car"
        where = "every market" if names[1] == "*" else row_title(case, f"markets.{names[1]}")
        return f"{number(100 * by)} % more demand for {vehicle} in {where}"
    if limit.path == "finance.opening_cash":
        return f"{text.amount(case, by)} more cash at the start"
    if limit.path == "finance.cash_floor":
        return f"a cash floor lower by {text.amount(case, by)}"
    if limit.kind == "resource" and table == "resources":
        return f"{size} more {names[0]} in every period"
    if limit.kind == "budget":
        scope = {"total": "in total", "year": "a year"}.get(names[1], f"a {period_word(case)}")
        when = f" in {names[2]}" if len(names) > 3 else f" {scope}"
        return f"{text.amount(case, by)} more in the budget {names[0]}{when}"
    if limit.kind in ("site", "component"):
        return f"{size} {limit.unit} more capacity of {row_title(case, row)}"
    if limit.kind == "segment":
        segment = f"{names[1]} in " if table == "segments" else "each segment of "
        points = number(100 * by)
        market = row_title(case, f"markets.{names[0]}")
        return f"a largest share in {segment}{market} higher by {points} percentage points"
    if limit.kind == "group":
        return f"{size} more of the group {names[0]}"
    return f"{limit.path} looser by {size}" + (f" {limit.unit}" if limit.unit else "")


def _of_commitment(case: Case, id: str, column: str, by: float) -> str:
    """A commitment that is sooner, quicker or larger."""
    title = name_of(case, id)
    if column == "earliest":
        return f"{title} allowed {periods_words(case, by)} earlier"
    if column == "effective":
        return f"{title} there {periods_words(case, by)} earlier"
    if column == "lead":
        return f"{title} ready {periods_words(case, by)} sooner after its start"
    if column == "throughput_per_year":
        market, mode = id.split(".")[1:]
        network = limit_name_of(case, "network", f"{market}.{mode}")
        return f"{number(by)} cars a year more through the network {network}"
    if column == "capacity_per_year":
        return f"{number(by)} a year more capacity from {title}"
    if column == "peak_share":
        return f"{number(100 * by)} % more demand for {title}"
    return f"{id}.{column} looser by {number(by)}"


def when_words(case: Case, limit: Limit) -> str:
    """When a limit binds, or how much of it is used at most."""
    if limit.kind in ("date", "lead"):
        return f"it starts in {limit.periods[0]}" if limit.kind == "lead" else limit.periods[0]
    if limit.periods:
        order = {label: t for t, label in enumerate(case.horizon.labels)}
        return f"binds {text.when_words(order, limit.periods)}"
    if limit.most_used is None:
        return "never used up"
    return f"never used up, {text.percent(limit.most_used)} at most"


# One finding ---------------------------------------------------------------------------


def finding_line(case: Case, one: LimitGain | Price) -> str:
    """One finding as a line, as it is told while the others are being worked out."""
    if isinstance(one, LimitGain):
        what = f"with {step_words(case, one.limit, one.by)}"
    else:
        title = name_of(case, one.commitment)
        late = periods_words(case, one.periods)
        what = {
            "forbid": f"without {title}",
            "force": f"with {title} forced in",
            "delay": f"{title} {late} later",
        }[one.move]
    return text.one_line(f"{what}: {_in_short(case, one)}")


def _in_short(case: Case, one: LimitGain | Price) -> str:
    if one.fault:
        return f"no answer ({one.fault})"
    if one.status == "infeasible":
        return "no plan exists"
    if one.status == "unknown":
        return "stopped before any plan was found"
    words = [gain_words(case, gain) for gain in one.gains if gain.told != "same"]
    return "; ".join(words) or "no difference that can be told"


def gain_words(case: Case, gain: Gain) -> str:
    """A gain or loss as people say it, with what of it is proven."""
    words = _change_words(case, gain)
    if gain.given and not gain.shown:
        return f"{words} (true of these plans, not proven)"
    if gain.told != "open":
        return words + _ends(gain)
    return f"{words} in the plan found, unproven{_ends(gain)}"


def _change_words(case: Case, gain: Gain) -> str:
    size, more = abs(gain.value), gain.value >= 0
    if gain.unit == "periods":
        if gain.after.period is None:
            return "the target is not reached"
        when = f"({gain.after.period})"
        if gain.before.period is None:
            return f"the target is reached {when}"
        word = "earlier" if more else "later"
        return f"the target is reached {periods_words(case, size)} {word} {when}"
    if gain.unit == "money":
        if gain.kind == "npv":
            return f"NPV {text.amount(case, size)} {'higher' if more else 'lower'}"
        name = gain.kind.replace("_", " ")
        return f"{name} {text.amount(case, size)} {'lower' if more else 'higher'}"
    where = {
        "volume": "over the horizon",
        "last_year_volume": "in the last year",
        "volume_at": "in the year asked for",
        "target_date": "in the largest year (the target is missed)",
    }[gain.kind]
    return f"{text.cars(size)} cars {'more' if more else 'fewer'} {where}"


def _ends(gain: Gain) -> str:
    """What is proven of a gain, where that is much wider than what was found."""
    if gain.unit == "periods" or gain.given:
        return ""
    least, most = gain.least, gain.most
    if least is not None and most is not None:
        if gain.sharp:
            return ""
        return f" (proven: {signed(gain, least)} to {signed(gain, most)})"
    if least is None and most is None:
        return " (nothing proven)"
    if most is None:
        return f" (proven: at least {signed(gain, least or 0.0)})"
    return f" (proven: at most {signed(gain, most)})"


def signed(gain: Gain, value: float) -> str:
    """A value of a gain without its unit, with its sign."""
    shown = text.money_number(value) if gain.unit == "money" else text.cars(value)
    return f"+{shown}" if value > 0 and shown != "0" else shown


# Small words ---------------------------------------------------------------------------


def number(value: float) -> str:
    """A number with thousands parted, and as many decimals as it has."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return cell_text(float(f"{value:.6g}"))


def period_word(case: Case) -> str:
    """What a period is called: quarter, month, year."""
    return _STEPS.get(case.horizon.step, case.horizon.step)


def periods_words(case: Case, count: float) -> str:
    """So many periods: one quarter, 2 quarters."""
    word = period_word(case)
    return f"one {word}" if count == 1 else f"{number(count)} {word}s"


def name_of(case: Case, id: str) -> str:
    """A commitment's name for people, as one plain line."""
    return text.one_line(text.title_of(case, id))


def limit_name_of(case: Case, kind: str, name: str) -> str:
    """A limit's name for people, as one plain line."""
    return text.one_line(text.limit_name(case, kind, name))


def row_title(case: Case, path: str) -> str:
    """The title of a row that has one, or its key, as one plain line."""
    table, _, key = path.partition(".")
    for row in case.rows(table):
        if row.path == path:
            return text.one_line(getattr(row, "title", "") or key.replace(".", " "))
    return key
