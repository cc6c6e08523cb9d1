"""Dates and periods as a person reads them, against calendars on paper."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from report_tables import columns, made
from sample_report import TEHRAN

from callcenter.report.formats.dates import Calendar
from callcenter.report.site_calendar import SiteCalendar
from callcenter.report.values import Ask, Every

EN, FA, AR = Calendar("en", TEHRAN), Calendar("fa", TEHRAN), Calendar("ar", TEHRAN)


def at(*parts: int, zone: ZoneInfo = TEHRAN) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc,arg-type]


# Nowruz and other days, as the calendars printed in Iran have them.
@pytest.mark.parametrize(("day", "jalali"), [
    ((2026, 3, 21), "شنبه ۱ فروردین ۱۴۰۵"), ((2025, 3, 20), "پنجشنبه ۳۰ اسفند ۱۴۰۳"),
    ((2026, 11, 22), "یکشنبه ۱ آذر ۱۴۰۵"), ((1979, 2, 11), "یکشنبه ۲۲ بهمن ۱۳۵۷"),
])  # fmt: skip
def test_persian_dates_are_jalali(day: tuple[int, int, int], jalali: str) -> None:
    assert FA.weekday(datetime(*day).date(), year=True) == jalali


def test_a_range_of_whole_days_says_its_last_day_and_any_other_its_times() -> None:
    assert EN.range((at(2026, 11, 1), at(2026, 12, 1))) == "1 – 30 Nov 2026"
    assert EN.range((at(2026, 10, 30), at(2026, 11, 3))) == "30 Oct – 2 Nov 2026"
    assert EN.range((at(2026, 12, 30), at(2027, 1, 3))) == "30 Dec 2026 – 2 Jan 2027"
    assert EN.range((at(2026, 11, 1), at(2026, 11, 2))) == "1 Nov 2026"
    assert EN.range((at(2026, 11, 1, 8), at(2026, 11, 1, 9, 30))) == "1 Nov 2026 08:00 – 1 Nov 2026 09:30"
    assert FA.range((at(2026, 10, 23), at(2026, 11, 22))) == "۱ – ۳۰ آبان ۱۴۰۵"
    assert AR.range((at(2026, 11, 1), at(2026, 12, 1))) == "١ – ٣٠ نوفمبر ٢٠٢٦"


def test_a_period_is_named_by_what_it_is() -> None:
    november = at(2026, 11, 1), at(2026, 12, 1)
    assert EN.period(november, Every.MONTH) == "Nov 2026"
    assert FA.period(november, Every.MONTH) == "۱۰ آبان – ۹ آذر ۱۴۰۵"
    assert FA.period((at(2026, 10, 23), at(2026, 11, 22)), Every.MONTH) == "آبان ۱۴۰۵"
    assert EN.period((at(2026, 12, 1), at(2027, 1, 1)), Every.MONTH) == "Dec 2026"
    assert EN.period((at(2026, 11, 2), at(2026, 11, 9)), Every.WEEK) == "2 – 8 Nov 2026"
    assert EN.period((at(2026, 11, 2), at(2026, 11, 3)), Every.DAY) == "Mon 2 Nov"
    assert EN.period((at(2026, 11, 2, 14), at(2026, 11, 2, 15)), Every.HOUR) == "Mon 2 Nov 14:00–15:00"


def test_the_hour_that_comes_twice_says_which_it_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    two = at(2025, 10, 26, 1, zone=berlin) + 3600
    en, fa = Calendar("en", berlin), Calendar("fa", berlin)
    assert [en.period((two + h * 3600, two + (h + 1) * 3600), Every.HOUR) for h in (-1, 0, 1, 2)] == [
        "Sun 26 Oct 01:00–02:00 CEST", "Sun 26 Oct 02:00 CEST–02:00 CET", "Sun 26 Oct 02:00 CET–03:00",
        "Sun 26 Oct 03:00–04:00",
    ]  # fmt: skip
    assert fa.period((two, two + 3600), Every.HOUR) == "یکشنبه ۴ آبان ۰۲:۰۰ CEST\u200f–۰۲:۰۰ CET\u200f"
    spring = at(2026, 3, 29, 1, zone=berlin), at(2026, 3, 29, 3, zone=berlin)
    assert en.period(spring, Every.HOUR) == "Sun 29 Mar 01:00–03:00"


def test_a_day_that_was_cut_off_says_its_times_and_one_of_23_hours_does_not() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = at(2026, 3, 29, zone=berlin), at(2026, 3, 30, zone=berlin)
    assert Calendar("en", berlin).period(spring, Every.DAY) == "Sun 29 Mar"
    assert EN.period((at(2026, 11, 2, 9), at(2026, 11, 3)), Every.DAY) == "Mon 2 Nov 09:00–00:00"


@pytest.mark.parametrize(("since", "until", "every", "name"), [
    ((2026, 11, 1, 1), (2026, 11, 2), Every.DAY, "Sun 1 Nov 01:00–00:00"),
    ((2026, 11, 1, 13), (2026, 12, 1), Every.MONTH, "1 Nov 2026 13:00 – 1 Dec 2026 00:00"),
    ((2026, 11, 2), (2026, 11, 4, 14), Every.WEEK, "2 Nov 2026 00:00 – 4 Nov 2026 14:00"),
    ((2026, 11, 2), (2026, 11, 4), Every.WEEK, "2 – 3 Nov 2026"),
    ((2026, 11, 1), (2026, 11, 29), Every.MONTH, "1 – 28 Nov 2026"),
])  # fmt: skip
def test_a_period_that_was_cut_does_not_look_whole(
    since: tuple[int, ...], until: tuple[int, ...], every: Every, name: str
) -> None:
    assert EN.period((at(*since), at(*until)), every) == name


@pytest.mark.parametrize(("since", "until", "every", "name"), [
    ((2026, 10, 1, 6), (2026, 11, 1, 6), Every.MONTH, "Oct 2026"),
    ((2026, 11, 2, 6), (2026, 11, 9, 6), Every.WEEK, "2 – 8 Nov 2026"),
    ((2026, 11, 2, 6), (2026, 11, 3, 6), Every.DAY, "Mon 2 Nov"),
    ((2026, 11, 2), (2026, 11, 2, 6), Every.DAY, "Mon 2 Nov 00:00–06:00"),
    ((2026, 11, 2), (2026, 11, 3), Every.RANGE, "2 Nov 2026 00:00 – 3 Nov 2026 00:00"),
    ((2026, 11, 2, 6), (2026, 11, 3, 6), Every.RANGE, "2 Nov 2026 06:00 – 3 Nov 2026 06:00"),
])  # fmt: skip
def test_a_business_day_is_named_by_the_date_on_which_it_begins(
    since: tuple[int, ...], until: tuple[int, ...], every: Every, name: str
) -> None:
    assert Calendar("en", TEHRAN, "06:00").period((at(*since), at(*until)), every) == name


def test_a_month_of_persian_business_days_has_its_name() -> None:
    aban = at(2026, 10, 23, 6), at(2026, 11, 22, 6)
    assert Calendar("fa", TEHRAN, "06:00").period(aban, Every.MONTH) == "آبان ۱۴۰۵"


def test_a_report_takes_the_sites_own_days() -> None:
    day = at(2026, 11, 2, 6), at(2026, 11, 3, 6)
    assert made(columns(day), Ask(day), SiteCalendar(TEHRAN, "06:00")).day_starts == "06:00"
