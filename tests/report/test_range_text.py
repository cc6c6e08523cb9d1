"""What a user types for a range, in Tehran at noon of Sunday 22 November 2026 (1 Azar 1405)."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from report_tables import utc

from callcenter.errors import InputError
from callcenter.report.range_text import parse_range
from callcenter.report.site_calendar import Months, SiteCalendar

TEHRAN, BERLIN = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/Berlin")
SITE = SiteCalendar(TEHRAN, "00:00", week_starts=5, months=Months.JALALI)
NOW = utc("2026-11-22T08:30")


def local(range_: tuple[float, float], zone: ZoneInfo = TEHRAN) -> str:
    return " to ".join(f"{datetime.fromtimestamp(at, zone):%m-%d %H:%M}" for at in range_)


@pytest.mark.parametrize(("since", "until", "found"), [
    ("2026-11-01", None, "11-01 00:00 to 11-02 00:00"),
    ("1405-08-10", None, "11-01 00:00 to 11-02 00:00"),
    ("۱۴۰۵-۰۸-۱۰", "٢٠٢٦-١١-٠٢", "11-01 00:00 to 11-03 00:00"),
    ("2026-11-01", "2026-11-30", "11-01 00:00 to 12-01 00:00"),
    ("2026-11-01T08:00", "2026-11-01T16:15:00", "11-01 08:00 to 11-01 16:15"),
    ("1405-08-10 08:00", None, "11-01 08:00 to 11-22 12:00"),
    ("2026-11-01T08:00Z", "2026-11-01t10:00:00.000+01:00", "11-01 11:30 to 11-01 12:30"),
    ("today", None, "11-22 00:00 to 11-22 12:00"),
    ("yesterday", None, "11-21 00:00 to 11-22 00:00"),
    ("this-week", None, "11-21 00:00 to 11-22 12:00"),
    ("Last-Week", None, "11-14 00:00 to 11-21 00:00"),
    ("this-month", None, "11-22 00:00 to 11-22 12:00"),
    ("last-month", None, "10-23 00:00 to 11-22 00:00"),
    ("last-month", "yesterday", "10-23 00:00 to 11-22 00:00"),
    (" 7d ", None, "11-15 12:00 to 11-22 12:00"), ("24h", None, "11-21 12:00 to 11-22 12:00"),
    ("7d", "3d", "11-15 12:00 to 11-19 12:00"), ("2026-11-20", " ۲۴h", "11-20 00:00 to 11-21 12:00"),
    ("4w", "today", "10-25 12:00 to 11-22 12:00"),
])  # fmt: skip
def test_a_range_is_read(since: str, until: str | None, found: str) -> None:
    assert local(parse_range(since, until, NOW, SITE)) == found


@pytest.mark.parametrize(("since", "found"), [
    ("2026-10-25", "10-25 06:00 to 10-26 06:00"), ("today", "11-21 06:00 to 11-22 05:59"),
    ("yesterday", "11-20 06:00 to 11-21 06:00"), ("last-week", "11-09 06:00 to 11-16 06:00"),
    ("last-month", "10-01 06:00 to 11-01 06:00"),
    ("2026-10-25T02:30", "10-25 02:30 to 11-22 05:59"),
])  # fmt: skip
def test_a_day_begins_when_the_business_day_does(since: str, found: str) -> None:
    now = utc("2026-11-22T04:59")
    assert local(parse_range(since, None, now, SiteCalendar(BERLIN, "06:00")), BERLIN) == found


def test_a_moment_that_comes_twice_is_the_first_and_one_that_is_skipped_is_read_by_the_offset_before() -> None:
    site = SiteCalendar(BERLIN)
    assert parse_range("2026-10-25T02:30", None, NOW, site)[0] == utc("2026-10-25T00:30")
    assert parse_range("2026-03-29T02:30", None, NOW, site)[0] == utc("2026-03-29T01:30")


@pytest.mark.parametrize(("since", "until", "said"), [
    ("tomorrowish", None, "'tomorrowish' is no date, time or range; known are: 2026-11-01, "),
    ("", None, "'' is no date, time or range"),
    ("2026-02-30", None, "'2026-02-30' is no date or time ("),
    ("1404-12-30", None, "'1404-12-30' is no date or time (day must be in 1..29); known are: 2026-11-01, "),
    ("1404-13-01", None, "'1404-13-01' is no date or time (month must be in 1..12); known are: 2026-11-01, "),
    ("2026-11-01TT08:00", None, "'2026-11-01TT08:00' is no date, time or range"),
    ("²026-11-01", None, "'²026-11-01' is no date, time or range"),
    ("3d", "7d", "from '3d' until '7d' is no range"),
    ("2026-11-01T25:00", None, "'2026-11-01T25:00' is no date or time ("),
    ("2026-11-01", "2026-11-99", "'2026-11-99' is no date or time ("),
    ("99999d", None, "'99999d' is not within the years 1970 to 2199"),
    ("9999-12-31", None, "'9999-12-31' is no date or time ("),
    ("2200-01-01", None, "'2200-01-01' is not within the years 1970 to 2199"),
    ("0000-01-01", None, "'0000-01-01' is no date or time ("),
    ("2026-11-02", "2026-11-01",
     "from '2026-11-02' until '2026-11-01' is no range: it begins at 2026-11-02T00:00+03:30, ends at 2026-11-02T00:00"),
    ("2026-11-23T08:00", None, "'2026-11-23T08:00' is no range: it begins at 2026-11-23T08:00+03:30, ends at"),
])  # fmt: skip
def test_what_is_wrong_is_named(since: str, until: str | None, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        parse_range(since, until, NOW, SITE)
