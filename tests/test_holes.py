"""Holes: when they begin and end, what they take from a window, what the store is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.changes import LinkChanged
from callcenter.floor.records import Hole
from callcenter.holes import Holes


def cut(*times: tuple[float, float | None]) -> Holes:
    holes = Holes("main")
    for began, ended in times:
        holes.link_changed(LinkChanged(began, "", False, "link lost"))
        if ended is not None:
            holes.link_changed(LinkChanged(ended, "", True, ""))
    return holes


def test_a_hole_lasts_from_the_loss_of_the_link_to_the_snapshot_after_it() -> None:
    holes = cut((100.0, 130.0), (200.0, None))
    assert holes.all == [Hole("main", 100.0, 130.0, "link lost"), Hole("main", 200.0, None, "link lost")]
    assert holes.open == holes.all[-1]


def test_the_blind_seconds_of_a_window_are_those_within_it() -> None:
    holes = cut((100.0, 130.0), (200.0, None))
    assert holes.blind_s(0.0, 90.0) == 0.0
    assert holes.blind_s(110.0, 120.0) == 10.0
    assert holes.blind_s(120.0, 150.0) == 10.0
    assert holes.blind_s(0.0, 210.0) == 40.0
    assert holes.within(130.0, 200.0) == []
    assert holes.within(129.0, 201.0) == holes.all


def test_what_ends_while_nobody_looks_is_told_to_the_store_once_each_time() -> None:
    holes = cut((100.0, 130.0))
    assert holes.take_changed() == [Hole("main", 100.0, None, "link lost"), Hole("main", 100.0, 130.0, "link lost")]
    assert holes.take_changed() == []
    holes.repaired(holes.all[0])
    holes.repaired(holes.all[0])
    assert holes.take_changed() == [Hole("main", 100.0, 130.0, "link lost", True)]


def test_an_earlier_process_that_died_blind_leaves_its_hole_open() -> None:
    holes = Holes("main", [Hole("main", 50.0, None, "link lost")])
    holes.begin(60.0, "callcenter was not running")
    holes.close(70.0)
    assert holes.all == [Hole("main", 50.0, 70.0, "link lost")]


def test_a_hole_never_begins_before_the_last_one_ended_nor_ends_before_it_began() -> None:
    holes = cut((100.0, 130.0))
    holes.begin(120.0, "again")
    holes.close(110.0)
    assert holes.all[-1] == Hole("main", 130.0, 130.0, "again")


@given(st.lists(st.floats(0, 1000), max_size=20), st.floats(0, 1000), st.floats(0, 1000))
def test_blind_time_is_what_counting_milliseconds_says(times: list[float], a: float, b: float) -> None:
    times = sorted(round(t) for t in times)
    start, end = sorted((round(a), round(b)))
    pairs = list(zip(times[::2], times[1::2], strict=False))
    counted = sum(any(began <= second < ended for began, ended in pairs) for second in range(start, end))
    assert cut(*pairs).blind_s(start, end) == counted


def test_a_hole_is_the_same_one_for_the_store_after_the_clock_was_set() -> None:
    holes = cut((100.0, 130.0), (200.0, None))
    holes.take_changed()
    holes.shift(3600.0)
    holes.repaired(holes.all[0])
    holes.close(3850.0)
    assert holes.all == [Hole("main", 3700.0, 3730.0, "link lost", True), Hole("main", 3800.0, 3850.0, "link lost")]
    assert holes.take_changed() == [
        Hole("main", 100.0, 130.0, "link lost", True), Hole("main", 200.0, 250.0, "link lost"),
    ]  # fmt: skip


def test_a_hole_after_the_clock_was_set_back_has_its_length() -> None:
    holes = cut((100.0, 4000.0))
    holes.begin(500.0, "callcenter was not running")
    holes.close(530.0)
    assert holes.within(520.0, 521.0)[-1] == Hole("main", 500.0, 530.0, "callcenter was not running")
    assert holes.open is None
