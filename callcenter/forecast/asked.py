"""What is asked of a forecast, as people write it: a day, a change of the agents. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo

from callcenter.errors import InputError
from callcenter.forecast.plan import range_of
from callcenter.forecast.staffing import Change
from callcenter.history.columns import Range

DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
YEARS = range(1970, 2200)
"""As reports have them. A calendar's very first and last days have no moments in every zone."""

_CHANGE = re.compile(r"(?P<queue>.+)=(?P<agents>[+-]\d{1,4})@(?P<since>\d\d:\d\d)-(?P<until>\d\d:\d\d)", re.DOTALL)


def day_of(text: str, today: date) -> date:
    """``2026-11-23``, or a word. Raises InputError."""
    if text in DAYS:
        return today + timedelta(days=DAYS[text])
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InputError(f"not a day like 2026-11-23, {', '.join(DAYS)}: {text!r}") from None
    if day.year not in YEARS:
        raise InputError(f"{text!r} is not within the years {YEARS[0]} to {YEARS[-1]}")
    return day


def change_of(text: str, day: date, zone: tzinfo) -> Change:
    """``support=+2@10:00-12:00``: queue, more or fewer agents, from when to when by the local clock of that day. Raises
    InputError."""
    found = _CHANGE.fullmatch(text)
    if found is None:
        raise InputError(f"not a change like support=+2@10:00-12:00: {text!r}")
    return Change(found["queue"], span_of(found["since"], found["until"], day, zone), int(found["agents"]))


def span_of(since: str, until: str, day: date, zone: tzinfo) -> Range:
    """From one local time of the day to another; "24:00" is its end. Raises InputError."""
    span = _moment(since, day, zone), _moment(until, day, zone)
    if span[0] >= span[1]:
        raise InputError(f"{since}-{until} ends before it begins: a change is within one day")
    return span


def _moment(text: str, day: date, zone: tzinfo) -> float:
    if text == "24:00":
        return range_of(day, zone)[1]
    try:
        return datetime.combine(day, time.fromisoformat(text), zone).timestamp()
    except ValueError:
        raise InputError(f"not a time of the day like 09:30: {text!r}") from None
