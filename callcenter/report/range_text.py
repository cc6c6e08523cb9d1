"""What a user types for a range of time. Pure; now is an argument.

``day``      2026-11-01, ۱۴۰۵-۰۸-۱۰: the whole business day (years below 1600 are Jalali)
``moment``   2026-11-01T08:00 by the site's clock, 2026-11-01T08:00:00+03:30, 2026-11-01T04:30Z
``name``     today, yesterday, this-week, last-week, this-month, last-month
``ago``      7d, 24h, 4w: so many times 24 hours, hours or weeks up to now

Each names a span of time; today, this-week and this-month end now, a moment has no length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from persiantools.jdatetime import JalaliDate

from callcenter.errors import InputError
from callcenter.history.columns import Range
from callcenter.report.site_calendar import SiteCalendar

FIRST, LAST = 0.0, datetime.fromisoformat("2200-01-01T00:00Z").timestamp()
GREGORIAN_FROM = 1600
EXAMPLES = "2026-11-01, 1405-08-10, 2026-11-01T08:00, 2026-11-01T08:00:00+03:30"

DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d.+))?")
AGO = re.compile(r"(\d{1,5})([HDW])")
AGO_S = {"H": 3_600.0, "D": 86_400.0, "W": 7 * 86_400.0}


def parse_range(since: str, until: str | None, now: float, calendar: SiteCalendar) -> Range:
    """From where the span that ``since`` names begins to where that of ``until`` ends, seconds since the epoch.

    So both days of "2026-11-01" and "2026-11-30" are within. An ``ago`` that it ends at is that moment: from 7d until
    3d are four days. Without ``until`` it is the span of ``since`` itself, or
    from that moment until now. Digits may be Persian or Arabic. A moment that the clocks skip is read by the offset
    before; of one that comes twice the first counts. InputError names the text that is wrong, or says what is empty
    or not within the years 1970 to 2199.
    """
    start, end = _span(since, now, calendar)
    if until is not None:
        begun, end = _span(until, now, calendar)
        end = begun if AGO.fullmatch(_plain(until)) else end
    elif start == end:
        end = now
    if start >= end:
        what = f"from {since!r} until {until!r}" if until is not None else repr(since)
        raise InputError(f"{what} is no range: it begins at {_shown(start, calendar)}, ends at {_shown(end, calendar)}")
    return start, end


def _span(text: str, now: float, calendar: SiteCalendar) -> Range:
    try:
        span = _read(_plain(text), now, calendar)
    except (ValueError, OverflowError) as error:
        why = error.args[0]  # of a Jalali date the number that is wrong comes behind
        raise InputError(f"{text!r} is no date or time ({why}); known are: {EXAMPLES}") from None
    if span is None:
        known = ", ".join([EXAMPLES, *(name.lower() for name in NAMED), "7d, 24h, 4w"])
        raise InputError(f"{text!r} is no date, time or range; known are: {known}")
    if not FIRST <= span[0] <= span[1] <= LAST:
        raise InputError(f"{text!r} is not within the years 1970 to 2199")
    return span


def _plain(text: str) -> str:
    return "".join(str(unicodedata.decimal(c, c)) for c in text.strip()).upper()


def _read(text: str, now: float, calendar: SiteCalendar) -> Range | None:
    """ValueError for what has the form but not the sense; None for any other text."""
    if text in NAMED:
        return NAMED[text](calendar, now, calendar.day_of(now))
    if match := AGO.fullmatch(text):
        return now - int(match[1]) * AGO_S[match[2]], now
    if match := DAY.fullmatch(text):
        day = _date(*map(int, match.group(1, 2, 3)))
        return _days(calendar, day, day + timedelta(days=1)) if match[4] is None else _moment(day, match[4], calendar)
    return None


def _date(year: int, month: int, day: int) -> date:
    return date(year, month, day) if year >= GREGORIAN_FROM else JalaliDate(year, month, day).to_gregorian()


def _moment(day: date, clock: str, calendar: SiteCalendar) -> Range:
    local = time.fromisoformat(clock)
    at = datetime.combine(day, local, local.tzinfo or calendar.zone).timestamp()
    return at, at


def _days(calendar: SiteCalendar, first: date, after: date) -> Range:
    return calendar.day_start(first), calendar.day_start(after)


def _before(calendar: SiteCalendar, first_of: Callable[[date], date], day: date) -> Range:
    """The period before the one that holds ``day``."""
    this = first_of(day)
    return _days(calendar, first_of(this - timedelta(days=1)), this)


NAMED: dict[str, Callable[[SiteCalendar, float, date], Range]] = {
    "TODAY": lambda calendar, now, day: (calendar.day_start(day), now),
    "YESTERDAY": lambda calendar, _, day: _days(calendar, day - timedelta(days=1), day),
    "THIS-WEEK": lambda calendar, now, day: (calendar.day_start(calendar.week_of(day)), now),
    "LAST-WEEK": lambda calendar, _, day: _before(calendar, calendar.week_of, day),
    "THIS-MONTH": lambda calendar, now, day: (calendar.day_start(calendar.month_of(day)), now),
    "LAST-MONTH": lambda calendar, _, day: _before(calendar, calendar.month_of, day),
}


def _shown(at: float, calendar: SiteCalendar) -> str:
    return datetime.fromtimestamp(at, calendar.zone).isoformat(timespec="minutes")
