"""When a business day begins, on days that the clocks make 23 or 25 hours long."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from callcenter.figures import business_day

BERLIN, TEHRAN = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tehran")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("zone", "starts", "at", "begun"), [
    # Berlin is +01:00 before and +02:00 after 2026-03-29 01:00 UTC: that day has 23 hours.
    (BERLIN, "00:00", "2026-03-28T23:00", "2026-03-28T23:00"),
    (BERLIN, "00:00", "2026-03-29T21:59:59", "2026-03-28T23:00"),
    (BERLIN, "00:00", "2026-03-29T22:00", "2026-03-29T22:00"),
    (BERLIN, "02:30", "2026-03-29T00:59:59", "2026-03-28T01:30"),
    (BERLIN, "02:30", "2026-03-29T01:30", "2026-03-29T01:30"),  # 02:30 is skipped: it is 03:30
    (BERLIN, "06:00", "2026-03-29T03:59:59", "2026-03-28T05:00"),
    (BERLIN, "06:00", "2026-03-29T04:00", "2026-03-29T04:00"),
    # +02:00 before and +01:00 after 2026-10-25 01:00 UTC: 25 hours, and 02:00 to 03:00 comes twice.
    (BERLIN, "00:00", "2026-10-25T22:59:59", "2026-10-24T22:00"),
    (BERLIN, "00:00", "2026-10-25T23:00", "2026-10-25T23:00"),
    (BERLIN, "02:30", "2026-10-25T00:29:59", "2026-10-24T00:30"),
    (BERLIN, "02:30", "2026-10-25T00:30", "2026-10-25T00:30"),
    (BERLIN, "02:30", "2026-10-25T01:10", "2026-10-25T00:30"),  # 02:10 the second time: the day has begun
    # Tehran is +03:30; until 2022 its clocks went to +04:30 at midnight, so that 2021-03-22 began at 01:00.
    (TEHRAN, "00:00", "2026-03-29T20:29:59", "2026-03-28T20:30"),
    (TEHRAN, "08:00", "2026-10-25T04:30", "2026-10-25T04:30"),
    (TEHRAN, "00:00", "2021-03-21T20:29:59", "2021-03-20T20:30"),
    (TEHRAN, "00:00", "2021-03-21T20:30", "2021-03-21T20:30"),
    (TEHRAN, "00:00", "2021-03-22T19:29:59", "2021-03-21T20:30"),
])  # fmt: skip
def test_the_day_begins_at_its_local_time(zone: tzinfo, starts: str, at: str, begun: str) -> None:
    found = business_day(utc(at), zone, starts)
    assert datetime.fromtimestamp(found, UTC) == datetime.fromtimestamp(utc(begun), UTC)


@pytest.mark.parametrize(("midnight", "hours"), [("2026-03-28T23:00", 23), ("2026-10-24T22:00", 25)])
def test_a_day_in_berlin_has_23_or_25_hours(midnight: str, hours: int) -> None:
    starts = {business_day(utc(midnight) + minute * 60, BERLIN, "00:00") for minute in range(hours * 60)}
    assert starts == {utc(midnight)}
    assert business_day(utc(midnight) + hours * 3600, BERLIN, "00:00") == utc(midnight) + hours * 3600


def test_a_day_never_begins_after_the_moment_that_it_holds() -> None:
    for zone in (BERLIN, TEHRAN):
        for starts in ("00:00", "02:30", "23:45"):
            for hour in range(0, 24 * 366, 5):
                at = utc("2021-01-01T00:10") + hour * 3600
                assert 0 <= at - business_day(at, zone, starts) < 25 * 3600
