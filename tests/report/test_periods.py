"""Periods on days that the clocks make 23 or 25 hours long, in zones of half hours, by both calendars."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate
from report_tables import utc

from callcenter.errors import InputError
from callcenter.figures import business_day
from callcenter.report.periods import MOST_CELLS, borders, check_cells, period_of, periods
from callcenter.report.site_calendar import Months, SiteCalendar
from callcenter.report.values import Every

ZONES = {name: ZoneInfo(name) for name in (
    "UTC", "Europe/Berlin", "Asia/Tehran", "Asia/Kathmandu", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia",
)}  # fmt: skip
BERLIN, TEHRAN, CAIRO = ZONES["Europe/Berlin"], ZONES["Asia/Tehran"], ZONES["Africa/Cairo"]
KATHMANDU, LORD_HOWE, APIA = ZONES["Asia/Kathmandu"], ZONES["Australia/Lord_Howe"], ZONES["Pacific/Apia"]


@pytest.mark.parametrize(("zone", "day", "hours"), [
    ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("Europe/Berlin", "2026-11-01", 24),
    # At midnight Tehran went from 24:00 to 01:00 and, in autumn, back to 23:00 of the same day; none since 2023.
    ("Asia/Tehran", "2021-03-22", 23), ("Asia/Tehran", "2021-09-21", 25), ("Asia/Tehran", "2026-03-22", 24),
    # Cairo: on the last Friday of April 00:00 is 01:00, on the last Thursday of October 24:00 is 23:00.
    ("Africa/Cairo", "2023-04-28", 23), ("Africa/Cairo", "2023-10-26", 25), ("Asia/Kathmandu", "2026-03-29", 24),
    ("Australia/Lord_Howe", "2026-10-04", 23.5), ("Australia/Lord_Howe", "2026-04-05", 24.5),
])  # fmt: skip
def test_a_day_has_the_hours_that_the_clocks_give_it(zone: str, day: str, hours: float) -> None:
    around = utc(day) - 2 * 86_400, utc(day) + 3 * 86_400
    found = borders(around, Every.DAY, SiteCalendar(ZONES[zone]))
    lengths = {str(datetime.fromtimestamp(a, ZONES[zone]).date()): (b - a) / 3600 for a, b in periods(found)[1:-1]}
    assert lengths[day] == hours
    assert sum(length == 24 for length in lengths.values()) == len(lengths) - (hours != 24)


@pytest.mark.parametrize(("zone", "every", "start", "end", "found"), [
    # 02:00 comes twice in Berlin; the first and the last hour are cut.
    (BERLIN, Every.HOUR, "2026-10-24T23:20", "2026-10-25T02:10",
     ["2026-10-25 01:20+02:00", "2026-10-25 02:00+02:00", "2026-10-25 02:00+01:00", "2026-10-25 03:00+01:00"]),
    (BERLIN, Every.HOUR, "2026-03-29T00:00", "2026-03-29T02:00", ["2026-03-29 01:00+01:00", "2026-03-29 03:00+02:00"]),
    (TEHRAN, Every.HOUR, "2021-03-21T19:30", "2021-03-21T21:30", ["2021-03-21 23:00+03:30", "2021-03-22 01:00+04:30"]),
    (TEHRAN, Every.INTERVAL, "2026-11-01T00:00", "2026-11-01T00:31",
     ["2026-11-01 03:30+03:30", "2026-11-01 03:45+03:30", "2026-11-01 04:00+03:30"]),
    (KATHMANDU, Every.HOUR, "2026-11-01T00:00", "2026-11-01T02:00",
     ["2026-11-01 05:45+05:45", "2026-11-01 06:00+05:45", "2026-11-01 07:00+05:45"]),
    # 02:00 is 02:30: the half hour before it and the one after it are not one hour.
    (LORD_HOWE, Every.HOUR, "2026-10-03T14:30", "2026-10-03T16:30",
     ["2026-10-04 01:00+10:30", "2026-10-04 02:30+11:00", "2026-10-04 03:00+11:00"]),
    (CAIRO, Every.DAY, "2023-10-25T21:00", "2023-10-27T22:00", ["2023-10-26 00:00+03:00", "2023-10-27 00:00+02:00"]),
    (BERLIN, Every.RANGE, "2026-10-24T23:20", "2026-10-26T00:00", ["2026-10-25 01:20+02:00"]),
    (BERLIN, Every.WEEK, "2026-10-24T22:00", "2026-11-03T00:00",
     ["2026-10-25 00:00+02:00", "2026-10-26 00:00+01:00", "2026-11-02 00:00+01:00"]),
    (BERLIN, Every.MONTH, "2026-09-30T00:00", "2026-11-02T00:00",
     ["2026-09-30 02:00+02:00", "2026-10-01 00:00+02:00", "2026-11-01 00:00+01:00"]),
])  # fmt: skip
def test_periods_begin_by_the_local_clock(zone: tzinfo, every: Every, start: str, end: str, found: list[str]) -> None:
    begins = [str(datetime.fromtimestamp(a, zone))[:16] + str(datetime.fromtimestamp(a, zone))[-6:]
              for a, _ in periods(borders((utc(start), utc(end)), every, SiteCalendar(zone)))]  # fmt: skip
    assert begins == found


def test_a_week_of_tehran_begins_on_saturday_and_a_month_on_the_first_of_the_jalali_calendar() -> None:
    calendar = SiteCalendar(TEHRAN, "06:00", week_starts=5, months=Months.JALALI)
    range_ = utc("2026-10-20T00:00"), utc("2026-11-23T00:00")
    weeks, months = (borders(range_, every, calendar)[1:-1] for every in (Every.WEEK, Every.MONTH))
    local = [str(datetime.fromtimestamp(at, TEHRAN).replace(tzinfo=None)) for at in weeks]
    assert local == [f"2026-{d} 06:00:00" for d in ("10-24", "10-31", "11-07", "11-14", "11-21")]
    # 1 Aban and 1 Azar 1405, as any Persian calendar has them.
    assert [str(datetime.fromtimestamp(at, TEHRAN).date()) for at in months] == ["2026-10-23", "2026-11-22"]


def test_a_day_of_apia_that_never_was_is_no_period() -> None:
    """Samoa went from 29 to 31 December 2011."""
    found = borders((utc("2011-12-29T10:00"), utc("2012-01-01T10:00")), Every.DAY, SiteCalendar(APIA))
    assert [str(datetime.fromtimestamp(at, APIA).date()) for at in found] == [
        "2011-12-29", "2011-12-31", "2012-01-01", "2012-01-02"]  # fmt: skip


def by_clock(at: float, every: Every, calendar: SiteCalendar) -> Any:
    """What tells two periods apart, read from the local clock of a moment alone."""
    local, minutes = datetime.fromtimestamp(at, calendar.zone), 15 if every is Every.INTERVAL else 60
    if every in (Every.INTERVAL, Every.HOUR):
        return local.date(), local.hour, local.minute // minutes, local.utcoffset()
    day = datetime.fromtimestamp(business_day(at, calendar.zone, calendar.day_starts), calendar.zone).date()
    if every is Every.WEEK:
        return (day + timedelta(days=-calendar.week_starts)).isocalendar()[:2]
    if every is Every.MONTH and calendar.months is Months.JALALI:
        return JalaliDate(day).year, JalaliDate(day).month
    return (day.year, day.month) if every is Every.MONTH else day


MOMENTS = st.one_of(
    st.floats(utc("2020-01-01"), utc("2027-01-01")),
    # Where clocks are set: Berlin, Tehran, Cairo, Lord Howe.
    st.builds(float.__add__, st.sampled_from(list(map(utc, (
        "2026-03-29T01:00", "2026-10-25T01:00", "2021-03-21T20:30", "2021-09-21T19:30", "2023-04-27T22:00",
        "2023-10-26T21:00", "2026-10-03T15:30", "2026-04-04T15:00")))),
        st.integers(-200_000, 200_000).map(float)),
)  # fmt: skip
CALENDARS = st.builds(
    SiteCalendar, st.sampled_from([z for name, z in ZONES.items() if name != "Pacific/Apia"]),
    st.sampled_from(["00:00", "06:00", "02:15", "22:45"]), st.integers(0, 6), st.sampled_from(Months),
)  # fmt: skip


@given(MOMENTS, st.floats(1, 4e6), st.sampled_from([e for e in Every if e is not Every.RANGE]), CALENDARS, st.data())
def test_two_moments_are_of_one_period_when_the_local_clock_says_so(
    start: float, seconds: float, every: Every, calendar: SiteCalendar, data: st.DataObject
) -> None:
    range_ = start, start + seconds
    found = borders(range_, every, calendar)
    assert (found[0], found[-1]) == range_
    assert (np.diff(found) > 0).all()
    near = st.builds(lambda at, off: min(max(at + off, start), np.nextafter(range_[1], 0)),
                     st.sampled_from(found.tolist()), st.sampled_from([-1.0, 0.0, 1.0, 1799.0]))  # fmt: skip
    moments = sorted(data.draw(st.lists(st.one_of(st.floats(*range_, exclude_max=True), near), min_size=2, max_size=8)))
    numbers = period_of(np.array(moments), found)
    for (a, b), (m, n) in zip(pairwise(moments), pairwise(numbers), strict=True):
        assert found[m] <= a < found[m + 1]
        assert (m == n) == (by_clock(a, every, calendar) == by_clock(b, every, calendar))


def test_a_moment_outside_of_the_range_is_of_no_period() -> None:
    found = period_of(np.array([-1.0, 0.0, 9.0, 10.0, 19.99, 20.0, np.nan, np.inf]), np.array([0.0, 10.0, 20.0]))
    assert found.tolist() == [-1, 0, 0, 1, 1, -1, -1, -1]


@pytest.mark.parametrize(("range_", "every", "said"), [
    ((0.0, 900.0 * (MOST_CELLS + 1)), Every.INTERVAL, "200,001 cells (200,001 periods), 200,000 are allowed: ask for"),
    ((0.0, 6e9), Every.HOUR, "1,666,666 cells (1,666,666 periods)"),
    ((10.0, 10.0), Every.DAY, "the range is empty"), ((0.0, np.inf), Every.RANGE, "the range is empty"),
])  # fmt: skip
def test_a_range_of_too_many_periods_or_none_is_refused(range_: tuple[float, float], every: Every, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        borders(range_, every, SiteCalendar(BERLIN))


def test_too_many_names_are_refused() -> None:
    check_cells(10_000, 20)
    with pytest.raises(InputError, match=re.escape("210,000 cells (10,000 periods × 21 names), 200,000 are allowed")):
        check_cells(10_000, 21)
