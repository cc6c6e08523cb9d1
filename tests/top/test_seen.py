"""Whether ``callcenter top`` shows a board of now: by the board's own time, not by whether somebody answers."""

from __future__ import annotations

from typing import Any

from callcenter.top.seen import DAY_S, STANDS_STILL_S, Seen
from callcenter.top.view import Trust

AT = 1_794_824_531.25
LATE_S = 7.0


def board(second: int = 11) -> dict[str, Any]:
    return {"at": f"2026-11-16T13:52:{second:02}.250+03:30"}


def seen() -> Seen:
    return Seen(board(), 0.1, 100.0, 100.0)


def trust(one: Seen, at: float, wall: float = AT) -> Trust:
    return one.trust(at, wall, LATE_S)


def test_a_board_whose_time_goes_on_is_of_now() -> None:
    one = seen()
    for n in range(1, 60):
        one = one.answered(board(n % 60), 0.1, 100.0 + n)
        assert trust(one, 100.0 + n) is Trust.NOW


def test_a_board_whose_time_stands_still_is_old_though_somebody_answers() -> None:
    one = seen()
    for n in range(1, 35):
        one = one.answered(board(), 0.1, 100.0 + n)
        assert trust(one, 100.0 + n) is Trust.NOW
    one = one.answered(board(), 0.1, 100.0 + STANDS_STILL_S)
    assert trust(one, 100.0 + STANDS_STILL_S) is Trust.OLD
    assert trust(one.answered(board(32), 0.1, 136.0), 136.0) is Trust.NOW, "it goes on again"


def test_between_two_looks_that_are_far_apart_nothing_is_old() -> None:
    one = seen().answered(board(59), 0.1, 160.0)
    assert one.trust(219.0, AT, 60.0 + LATE_S) is Trust.NOW


def test_a_board_of_another_day_is_old_at_first_sight() -> None:
    assert trust(seen(), 100.0, AT + DAY_S + 1) is Trust.OLD
    assert trust(seen(), 100.0, AT + DAY_S - 1) is Trust.NOW, "clocks differ"
    assert trust(seen(), 100.0, AT - 2 * DAY_S) is Trust.NOW, "a simulated PBX runs ahead"


def test_no_answer_and_an_answer_that_never_ends_are_the_same() -> None:
    one = seen()
    assert trust(one.unanswered(), 101.0) is Trust.SILENT
    assert trust(one, 100.0 + LATE_S + 0.1) is Trust.SILENT
    assert trust(one.unanswered().answered(board(32), None, 120.0), 120.0) is Trust.NOW
