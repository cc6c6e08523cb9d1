"""CoreStatus tells when Asterisk started in a zone of its own."""

from __future__ import annotations

from callcenter.ami.starts import Starts

NOON = 1_795_262_400.0  # 12:00:00 UTC


def test_the_first_start_and_the_same_again_are_none() -> None:
    starts = Starts()
    assert starts.uptime("2026-11-21", "09:30:00", NOON) is None
    assert starts.uptime("2026-11-21", "09:30:00", NOON + 60) is None


def test_another_start_is_told_to_the_second_in_any_zone() -> None:
    for told in ("11:58:20", "15:28:20", "17:43:20"):
        starts = Starts()
        starts.uptime("2026-11-20", "09:30:00", NOON)
        assert starts.uptime("2026-11-21", told, NOON) == 100


def test_what_is_no_time_of_day_tells_nothing_and_is_forgotten() -> None:
    starts = Starts()
    for told in ("", "12:00", "12:xx:00"):
        assert starts.uptime("2026-11-21", told, NOON) is None
    assert starts.uptime("2026-11-21", "09:30:00", NOON) is None
