"""The first list after a login, and what events told while it was on its way; the restart that is told late."""

from __future__ import annotations

import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    Scene,
    answers,
    completes,
    connects,
    dials_in,
    enters,
    gone,
    joins,
    left,
    lists,
    member,
    rings,
    scene,
    snapshot,
    talking,
    ticks,
    waits,
)

from callcenter.floor import events as e
from callcenter.floor.floor import Floor

OTHER = "90.3"


def waiting(told: Scene) -> dict[str, int]:
    return {queue.name: len(queue.waiting) for queue in told.floor.queues.values() if queue.waiting}


# ---- a list on its way ----------------------------------------------------------------------------------------


def test_who_was_answered_while_the_first_list_came_does_not_wait() -> None:
    """Nobody saw the caller come; all events from before the end of the list are applied before its rows."""
    told = scene(member(90), e.LinkUp(100), left(100.2, leg=OTHER, call=OTHER),
                 connects(100.2, leg=OTHER), enters(100.3, OTHER, "b", OTHER),
                 snapshot(100, member(100), waits(100.1, 40.0, leg=OTHER),
                          lists(100.4, OTHER, 45, call=OTHER)))  # fmt: skip
    assert waiting(told) == {}
    told.play(ticks(110), gone(120, OTHER, OTHER))
    assert (told.left_open(), told.floor.drifts) == ({}, {})


def test_who_went_to_another_queue_while_the_first_list_came_waits_there_only() -> None:
    """Queues are asked for one by one: both lists name the caller."""
    told = scene(e.LinkUp(100), left(100.2, leg=OTHER, call=OTHER), joins(100.3, "support", OTHER, OTHER),
                 snapshot(100, waits(100.1, 40.0, leg=OTHER), waits(100.4, 0.0, leg=OTHER, queue="support"),
                          lists(100.4, OTHER, 45, call=OTHER, state=4)), ticks(110))  # fmt: skip
    assert waiting(told) == {"support": 1}
    assert [v.queue for v in told.record(OTHER).visits] == ["support"]


def test_a_ring_that_ended_in_the_hole_lasted_until_its_end_at_most() -> None:
    """The caller waits on and is answered by another much later."""
    told = scene(e.LinkUp(-20), snapshot(-20), dials_in(0), joins(1), rings(2), e.LinkDown(10, "cut"), e.LinkUp(60),
                 snapshot(60, waits(60, 59.0), lists(60, CALLER, 60, state=4)), ticks(63),
                 rings(300, "100.9", BEN), answers(305, "100.9", BEN),
                 completes(310, phone="100.9", who=BEN))  # fmt: skip
    first, second = told.visit().attempts
    assert (first.result, second.result) == ("cancelled", "answered")
    assert first.rang_s is not None and first.rang_s <= 61


def test_a_list_that_took_long_in_a_big_centre_brings_nothing_back() -> None:
    ended = [(dials_in(at, f"{n}.1"), gone(at, f"{n}.1", f"{n}.1")) for n in range(5000) for at in [100 + n / 100]]
    rows = [lists(101, f"{n}.1", 5, call=f"{n}.1") for n in range(100)]
    told = scene(e.LinkUp(90), ended, snapshot(100, *rows))
    assert told.floor.calls == {}


def test_a_caller_of_whom_channel_and_wait_are_doubted_at_once_ends_once() -> None:
    """The list lacked the channel; then the link was lost before anything said how the wait ended."""
    told = scene(e.LinkUp(-20), snapshot(-20), dials_in(0), joins(1), left(28), snapshot(30), e.LinkDown(31, "cut"),
                 ticks(34))  # fmt: skip
    assert (told.visit().outcome, told.record().ended_by, told.left_open()) == ("unknown", "unknown", {})


# ---- the restart that is told late ----------------------------------------------------------------------------


def restarted(since: float, *between: e.Event | Events) -> Scene:
    """A PBX of 1000 that was seen until ``since`` and is another one since 5035."""
    return Scene(Floor()).play(
        e.LinkUp(5000), e.Booted(5000, 4000), snapshot(5000), talking(5001), e.LinkDown(5030, "cut", since=since),
        e.LinkUp(5040), *between,
    )  # fmt: skip


def test_a_boot_that_is_told_after_the_first_list_ends_no_call_of_the_new_pbx() -> None:
    """Asterisk lets one in before all of it is loaded, and says so when it is."""
    told = restarted(5020, dials_in(5041, "300.1"), joins(5042, leg="300.1", call="300.1"),
                     snapshot(5045, waits(5045, 3, leg="300.1"), lists(5045, "300.1", 4, call="300.1", state=4)),
                     e.Booted(5046, 11), ticks(5050))  # fmt: skip
    ends = {r.linkedid: r.ended_by for r in told.records()}
    assert ends == {CALLER: "pbx_lost", "300.1": None}
    assert waiting(told) == {"sales": 1}
    assert told.record().ended_at == 5020


def test_calls_of_the_second_in_which_the_pbx_died_are_lost_though_the_new_one_booted_in_the_same() -> None:
    """FullyBooted tells whole seconds."""
    told = scene(e.LinkUp(-20), e.Booted(-20, 4000), snapshot(-20), dials_in(99.4), joins(99.5),
                 e.LinkDown(99.6, "cut", since=99.5), e.LinkUp(101), e.Booted(101, 2), snapshot(101.5))  # fmt: skip
    assert (told.record().ended_by, told.visit().outcome, told.left_open()) == ("pbx_lost", "pbx_lost", {})
    assert (told.record().ended_at, told.visit().wait_s) == (99.5, 0)


@pytest.mark.parametrize("since", [5000.9, 5020.0])
def test_a_call_whose_event_was_newer_than_the_last_of_all_is_lost_like_the_others(since: float) -> None:
    """Timestamp goes backwards now and then: the last event's may be older than that of a call's beginning."""
    told = restarted(since, e.Booted(5041, 6), snapshot(5041), ticks(5045))
    assert told.record().ended_by == "pbx_lost"


def test_after_a_restart_a_channel_may_have_the_name_of_one_from_before() -> None:
    """The clock was set back: Uniqueids are made of it."""
    told = restarted(5020, e.Booted(5041, 6), dials_in(5042))
    assert [r.ended_by for r in told.records()] == ["pbx_lost", None]
    assert told.floor.legs[CALLER].created_at == 5042
    assert PHONE not in told.floor.legs
    assert ANNA in told.floor.agents.all
