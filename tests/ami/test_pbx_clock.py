"""How far the PBX's clock is ahead of ours: drift is followed, a leap is told once, what is vague is not believed."""

from __future__ import annotations

import time

import pytest

from callcenter import clock as our_clock
from callcenter.ami.pbx_clock import PbxClock

HOUR = 3600.0


def asked(clock: PbxClock, ours: float, ahead: float, took: float = 0.002) -> None:
    clock.told(ours + took / 2 + ahead, ours, ours + took)


def knowing(ahead: float = 7.0) -> PbxClock:
    clock = PbxClock(2.0)
    asked(clock, 1000.0, ahead)
    return clock


def test_the_first_word_is_no_step_however_far_the_clocks_are_apart() -> None:
    clock = knowing(-5 * HOUR)
    assert (round(clock.offset, 3), clock.take_step()) == (-5 * HOUR, 0)


def test_an_event_before_the_first_ping_is_no_step() -> None:
    clock = PbxClock(2.0)
    clock.heard(5000.0, 1000.0)
    assert (clock.offset, clock.take_step()) == (4000, 0)


def test_drift_is_followed() -> None:
    clock = knowing()
    for n in range(1, 1000):
        asked(clock, 1000.0 + 5 * n, 7.0 + 0.01 * n)
        assert clock.take_step() == 0
    assert clock.offset == pytest.approx(7 + 9.99)


def test_a_step_forward_is_told_by_the_first_event_and_told_once() -> None:
    clock = knowing()
    clock.heard(1010.0 + 7 + HOUR, 1010.0)
    assert clock.take_step() == pytest.approx(HOUR)
    asked(clock, 1015.0, 7 + HOUR)
    assert clock.take_step() == 0
    assert clock.offset == pytest.approx(7 + HOUR)


@pytest.mark.parametrize(("late_s", "missing_s"), [(0.0, HOUR), (2.0, HOUR), (14.0, HOUR), (16.0, 0.0), (300.0, 0.0)])
def test_what_was_on_its_way_while_the_clock_was_set_forward_tells_the_time_of_before(
    late_s: float, missing_s: float
) -> None:
    clock = knowing()
    assert clock.missing(1005.0, 1000.0) == 0
    asked(clock, 1010.0, 7 + HOUR)
    assert clock.missing(1011.0 + 7 - late_s, 1011.0) == pytest.approx(missing_s)
    assert clock.missing(1011.0 + 7 + HOUR - late_s, 1011.0) == 0, "it was sent behind the step"
    assert clock.missing(1026.0 + 7 - late_s, 1026.0) == 0, "nothing is on its way for so long"


def test_what_had_come_and_waited_when_a_ping_told_the_step_tells_the_time_of_before() -> None:
    clock = knowing()
    asked(clock, 1010.0, 7 + HOUR)
    assert clock.missing(1009.9 + 7, 1009.9) == pytest.approx(HOUR)
    assert clock.missing(1009.9 + 7 + HOUR, 1009.9) == 0, "it was sent behind the step"


@pytest.mark.parametrize("step_s", [-HOUR, 29.0])
def test_of_a_step_back_or_a_short_one_nothing_is_moved(step_s: float) -> None:
    clock = knowing()
    asked(clock, 1010.0, 7 + step_s)
    assert (clock.take_step(), clock.missing(1011.0 + 7, 1011.0)) == (pytest.approx(step_s), 0)


@pytest.mark.parametrize("step_s", [HOUR, -HOUR])
def test_what_was_told_before_the_clock_was_set_is_by_the_clock_of_now_a_step_away(step_s: float) -> None:
    clock = knowing()
    assert clock.by_now(1009.0 + 7, 1009.0) == 1009.0 + 7
    asked(clock, 1010.0, 7 + step_s)
    assert clock.by_now(1009.0 + 7, 1009.0) == pytest.approx(1009.0 + 7 + step_s)
    assert clock.by_now(1009.0 + 7 + step_s, 1009.0) == 1009.0 + 7 + step_s, "it was told behind the step"
    assert clock.by_now(1011.0 + 7 + step_s, 1011.0) == 1011.0 + 7 + step_s


def test_a_step_back_is_told_by_a_ping() -> None:
    clock = knowing()
    clock.heard(1010.0 + 7 - HOUR, 1010.0)
    assert clock.take_step() == 0
    assert clock.late(1010.0 + 7 - HOUR, 1010.0)
    asked(clock, 1010.1, 7 - HOUR)
    assert clock.take_step() == pytest.approx(-HOUR)
    assert not clock.late(1010.2 + 7 - HOUR, 1010.2)


def test_events_that_are_minutes_late_are_no_step() -> None:
    clock = knowing()
    for late in range(600):
        clock.heard(1010.0 + 7 - late, 1010.0)
    asked(clock, 1011.0, 7.0)
    assert (clock.take_step(), clock.offset) == (0, pytest.approx(7))


def test_a_slow_answer_is_not_believed() -> None:
    """We were stopped, or the link was stuck: nobody knows when in between the PBX said it."""
    clock = knowing()
    clock.told(1030.0 + 7 - 29.0, 1000.0, 1030.0)
    assert (clock.take_step(), clock.offset) == (0, pytest.approx(7))


def test_steps_add_up_until_they_are_asked_for() -> None:
    clock = knowing()
    asked(clock, 1005.0, 7 + HOUR)
    asked(clock, 1010.0, 7 + HOUR / 2)
    assert clock.take_step() == pytest.approx(HOUR / 2)


def test_a_pbx_whose_time_runs_faster_never_steps() -> None:
    clock = PbxClock(0.0)
    for n in range(100):
        asked(clock, 1000.0 + 5 * n, 60.0 * n)
    assert (clock.take_step(), clock.late(0.0, 5000.0)) == (0, False)


def test_a_machine_that_was_suspended_takes_its_sleep_for_no_step_of_the_pbxs_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CLOCK_MONOTONIC stands still meanwhile."""
    real, slept_s = time.clock_gettime, {time.CLOCK_BOOTTIME: 0.0}
    monkeypatch.setattr(time, "clock_gettime", lambda which: real(which) + slept_s.get(which, 0.0))
    pbx, before = PbxClock(2.0), our_clock.now()
    asked(pbx, before, 7.0)
    slept_s[time.CLOCK_BOOTTIME] = 60.0
    pbx.heard(before + 67.0, our_clock.now())
    assert pbx.take_step() == 0
    assert our_clock.now() - before == pytest.approx(60.0, abs=1.0)


def test_what_is_no_pace_of_the_clock_is_known_after_a_step() -> None:
    """A moment of before a step, by the clock of after it: what it was ahead without its steps, and all of them."""
    clock = PbxClock(5.0)
    clock.told(1_000.0, 1_000.0, 1_000.0)
    clock.told(1_001.5, 1_001.0, 1_001.0)
    then = clock.offset - clock.stepped_s
    clock.told(4_602.0, 1_001.5, 1_001.5)
    assert (then, clock.stepped_s, clock.offset - clock.stepped_s) == (0.5, 3_600.0, 0.5)
