"""The history as arrays: by hand, and against a plain loop over the zone's own clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from synthetic import BERLIN, TEHRAN, Visit, columns

from callcenter.forecast.series import INTERVAL_S, intervals_of, series_of, whole_days
from callcenter.history.columns import Source
from kpi import Outcome

NAN = float("nan")


def at(text: str, zone: ZoneInfo = TEHRAN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(("first", "zone", "hours"), [
    (date(2026, 3, 28), BERLIN, [24, 23, 24]), (date(2026, 10, 24), BERLIN, [24, 25, 24]),
    (date(2026, 3, 20), TEHRAN, [24, 24, 24]),  # no summer time since 2022
    (date(2021, 3, 21), TEHRAN, [24, 23, 24]),  # then: at midnight, so that day has no 00:00
    (date(2021, 9, 20), TEHRAN, [24, 25, 24]), (date(2026, 4, 4), ZoneInfo("Australia/Lord_Howe"), [24, 24.5, 24]),
])  # fmt: skip
def test_days_are_as_long_as_the_clock_makes_them(first: date, zone: ZoneInfo, hours: list[float]) -> None:
    intervals = intervals_of(first, 3, zone)
    assert [4 * h for h in hours] == np.bincount(intervals.day).tolist()
    assert (np.diff(intervals.borders) == INTERVAL_S).all()
    for start, day, slot in zip(intervals.start, intervals.day, intervals.slot, strict=True):
        local = datetime.fromtimestamp(start, zone)
        assert (local.date(), local.hour * 4 + local.minute // 15) == (first + timedelta(days=int(day)), slot)
        assert local.minute % 15 == 0 and local.second == 0


def test_a_day_that_the_calendar_skips_has_no_interval() -> None:
    apia = intervals_of(date(2011, 12, 29), 3, ZoneInfo("Pacific/Apia"))
    assert np.bincount(apia.day).tolist() == [96, 0, 96] and (np.diff(apia.borders) == INTERVAL_S).all()
    assert np.isnan(apia.fold(np.ones(192))).sum(axis=1).tolist() == [0, 96, 0]


def test_an_hour_that_comes_twice_is_the_mean_and_one_that_is_skipped_is_empty() -> None:
    autumn, spring = intervals_of(date(2026, 10, 25), 1, BERLIN), intervals_of(date(2026, 3, 29), 1, BERLIN)
    folded = autumn.fold(np.arange(100.0)[None])[0, 0]
    # 02:00 is the 8th interval in summer time and the 12th in winter time; afterwards all is four later.
    assert folded[[7, 8, 11, 12, 95]].tolist() == [7, (8 + 12) / 2, (11 + 15) / 2, 16, 99]
    folded = spring.fold(np.arange(92.0)[None])[0, 0]
    np.testing.assert_array_equal(folded[[7, 8, 11, 12, 95]], [7, NAN, NAN, 8, 91])
    np.testing.assert_array_equal(autumn.unfold(np.arange(96.0)[None, None])[0, [8, 12, 99]], [8, 8, 95])


def test_a_pass_that_is_not_known_leaves_the_other() -> None:
    calls = np.arange(100.0)
    calls[8] = NAN
    assert intervals_of(date(2026, 10, 25), 1, BERLIN).fold(calls[None])[0, 0, 8] == 12


def test_only_whole_days_count() -> None:
    days = whole_days((at("2026-03-20 00:00"), at("2026-03-22 23:59")), TEHRAN).dates
    assert days == (date(2026, 3, 20), date(2026, 3, 21))
    assert whole_days((at("2026-03-20 00:01"), at("2026-03-21 23:59")), TEHRAN).dates == ()
    assert whole_days((at("2026-03-20 10:00"), at("2026-03-20 11:00")), TEHRAN).dates == ()


def test_visits_are_counted_where_they_entered() -> None:
    span = (at("2026-03-20 00:00"), at("2026-03-21 00:00"))
    answered, seen = Outcome.ANSWERED, Source.SEEN
    visits: list[Visit] = [
        (0, at("2026-03-20 08:00"), answered, 100, 20, seen), (0, at("2026-03-20 08:14:59"), answered, 50, 0, seen),
        (0, at("2026-03-20 08:15"), Outcome.ABANDONED, 0, 0, seen),
        (0, at("2026-03-20 08:16"), Outcome.REFUSED_FULL, 0, 0, seen),
        (0, at("2026-03-20 08:17"), answered, 0, 0, seen),  # its conversation is not known
        (1, at("2026-03-20 08:00"), Outcome.TIMED_OUT, 0, 0, seen),
        (1, at("2026-03-19 23:59"), answered, 9, 9, seen), (1, at("2026-03-21 00:00"), answered, 9, 9, seen),
    ]  # fmt: skip
    series = series_of(columns((span[0] - 60, span[1] + 60), visits), TEHRAN)
    assert series.intervals.dates == (date(2026, 3, 20),)
    assert series.offered[:, 32:34].tolist() == [[2, 2], [1, 0]]
    assert series.answered[:, 32:34].tolist() == [[2, 1], [0, 0]]
    assert series.handled[:, 32:34].tolist() == [[2, 0], [0, 0]]
    assert series.handle_s[:, 32:34].tolist() == [[170, 0], [0, 0]]
    assert series.offered.sum() == 5


def test_wrap_up_that_queue_log_does_not_tell_is_that_of_the_visits_seen() -> None:
    span = (at("2026-03-20 00:00"), at("2026-03-21 00:00"))
    rows = [(0, 30, Source.SEEN), (0, 50, Source.SEEN), (0, 0, Source.IMPORTED), (0, 0, Source.REPAIRED),
            (1, 0, Source.IMPORTED)]  # fmt: skip
    visits: list[Visit] = [(q, span[0], Outcome.ANSWERED, 100, wrap_up, source) for q, wrap_up, source in rows]
    series = series_of(columns(span, visits), TEHRAN)
    assert series.handle_s[:, 0].tolist() == [400 + 30 + 50 + 40 + 40, 100]
    assert series.wrap_up_known.tolist() == [True, False]


def test_what_is_not_known_from_end_to_end_is_not_zero() -> None:
    span = (at("2026-03-20 00:00"), at("2026-03-21 00:00"))
    known = ((span[0], span[0] + 1000), (span[0] + 1800, span[1]))
    series = series_of(columns(span, known=known), TEHRAN)
    np.testing.assert_array_equal(series.offered[0, :4], [0, NAN, 0, 0])
    assert np.isnan(series_of(columns(span, known=()), TEHRAN).offered).all()
    # What is not over yet is no whole day.
    assert series_of(columns(span, until=span[1] - 1), TEHRAN).intervals.dates == ()


def test_before_cuts_at_the_days_beginning() -> None:
    span = (at("2026-10-24 00:00", BERLIN), at("2026-10-27 00:00", BERLIN))
    series = series_of(columns(span), BERLIN)
    cut = series.before(date(2026, 10, 26))
    assert cut.intervals.range == (span[0], at("2026-10-26 00:00", BERLIN))
    assert cut.offered.shape == (2, 196)
    assert series.before(date(2026, 1, 1)).intervals.dates == ()
    assert series.before(date(2027, 1, 1)).intervals.range == series.intervals.range
