"""Calls with and without a queue: direction, conversations, transfers, who ended them, calls that become one."""

from __future__ import annotations

import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    NUMBER,
    PHONE,
    Events,
    Scene,
    abandon,
    answers,
    asks_end,
    channel,
    completes,
    connects,
    dials_in,
    enters,
    gone,
    joins,
    leaves,
    left,
    member,
    rings,
    scene,
    talked,
    talking,
    ticks,
    up,
)

from callcenter.floor import events as e
from callcenter.floor.calls import older
from callcenter.floor.changes import CallAnswered, CallEnded, CallMerged, CallStarted, HoldChanged, Transferred
from callcenter.floor.floor import Floor

Direction = tuple[str, str, str]


def together(at: float, one: str, two: str, bridge: str = "b", call: str = CALLER) -> Events:
    return enters(at, one, bridge, call), enters(at, two, bridge, call)


def conversations(told: Scene, call: str = CALLER) -> list[tuple[str, float, float | None, str | None]]:
    """(interface, from, to, ended by)"""
    return [(c.interface, c.from_, c.to, c.ended_by) for c in told.record(call).conversations]


CALLS: dict[str, tuple[Events, Direction]] = {
    "from outside to an extension": (
        [dials_in(0), channel(1, PHONE, ANNA), together(5, CALLER, PHONE)], ("in", NUMBER, "800")),
    "from an extension to the outside": (
        [e.LegCreated(0, CALLER, CALLER, f"{ANNA}-1", 4, "1001", "Anna", NUMBER, "internal"),
         e.LegCreated(1, PHONE, CALLER, "PJSIP/trunk-2", 0, "", "", "", ""), together(5, CALLER, PHONE)],
        ("out", "1001", NUMBER)),
    "from extension to extension": (
        [e.LegCreated(0, CALLER, CALLER, f"{ANNA}-1", 4, "1001", "Anna", "1002", "internal"),
         channel(1, PHONE, BEN), together(5, CALLER, PHONE)], ("internal", "1001", "1002")),
    "click to dial": (
        [channel(0, CALLER, ANNA), up(2, CALLER),
         e.LegCreated(3, PHONE, CALLER, "PJSIP/trunk-2", 0, NUMBER, "", "", ""), together(5, CALLER, PHONE)],
        ("out", "1001", NUMBER)),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLS)
def test_a_call_without_a_queue_has_a_direction_one_conversation_and_no_visit(what: str) -> None:
    events, direction = CALLS[what]
    told = scene(events, asks_end(30, PHONE), leaves(30, PHONE, "b"), gone(30, PHONE), gone(30.1))
    record = told.record()
    assert (record.direction, record.number, record.called) == direction
    assert (record.visits, record.answered_at, record.ended_at) == ((), 5, 30.1)
    assert [(c.from_, c.to) for c in record.conversations] == [(5, 30)]
    assert [len(told.said(kind)) for kind in (CallStarted, CallAnswered, CallEnded)] == [1, 1, 1]


def test_trunks_of_the_configuration_say_what_is_outside() -> None:
    told = Scene(Floor(trunks=("PJSIP/2000",))).play(
        e.LegCreated(0, CALLER, CALLER, "PJSIP/2000-1", 4, "77", "", "800", "x"), gone(1))  # fmt: skip
    assert told.record().direction == "in"


ENDS: dict[str, tuple[Events, str]] = {
    "caller": ([asks_end(30), leaves(30, CALLER, "b"), leaves(30, PHONE, "b"), gone(30), gone(30, PHONE)], "caller"),
    "agent": ([asks_end(30, PHONE), leaves(30, PHONE, "b"), gone(30, PHONE), asks_end(30), gone(30)], "agent"),
    "nobody": ([leaves(30, PHONE, "b"), gone(30, PHONE), gone(30)], "pbx"),
}


@pytest.mark.parametrize("who", ENDS)
def test_a_direct_call_is_ended_by_the_side_that_asked_first(who: str) -> None:
    events, ended_by = ENDS[who]
    told = scene(dials_in(0), channel(1, PHONE, ANNA), together(5, CALLER, PHONE), events)
    assert told.record().ended_by == ended_by


def test_who_gives_up_before_the_answer_is_the_caller() -> None:
    told = scene(dials_in(0), channel(1, PHONE, ANNA), asks_end(4), gone(4, PHONE), gone(4, cause=127))
    assert (told.record().ended_by, told.record().hangup_cause, told.record().conversations) == ("caller", 127, ())


def test_hold_is_taken_out_of_the_conversation_and_left_in_the_visit() -> None:
    told = scene(talking(), e.Unheld(7, PHONE, CALLER), e.Held(20, PHONE, CALLER), asks_end(30), completes(30))
    (talk,) = told.record().conversations
    assert (talk.talk_s, talk.hold_s) == (14, 10)
    assert (told.visit().talk_s, told.visit().hold_s) == (24, 10)
    assert [c.held for c in told.said(HoldChanged)] == [True]


def test_after_a_blind_transfer_the_second_conversation_is_of_the_other_agent() -> None:
    told = scene(talking(), e.BlindTransferred(30, PHONE, CALLER, CALLER, "1002", True), completes(30, "transfer"),
                 gone(30, PHONE), channel(31, "100.3", BEN), together(35, CALLER, "100.3"), asks_end(50, "100.3"),
                 leaves(50, "100.3", "b"), gone(50, "100.3"), gone(50))  # fmt: skip
    assert conversations(told) == [(ANNA, 6, 30, "transfer"), (BEN, 35, 50, "agent")]
    assert [(t.kind, t.from_, t.to, t.at) for t in told.record().transfers] == [("blind", ANNA, "1002", 30)]
    assert (told.visit().transferred, told.visit().ended_by, told.visit().talk_s) == (True, "transfer", 24)


def test_a_transfer_that_failed_is_none() -> None:
    told = scene(talking(), e.BlindTransferred(30, PHONE, CALLER, CALLER, "1002", False), asks_end(40), completes(40))
    assert told.said(Transferred) == []
    assert conversations(told) == [(ANNA, 6, 40, "caller")]


CONSULTS: Events = (
    talking(), channel(20, "200.1", ANNA, "200.1", state=4), channel(21, "200.2", BEN, "200.1"),
    together(25, "200.1", "200.2", "b2", "200.1"),
)  # fmt: skip


def test_after_an_attended_transfer_the_calls_are_one_and_the_second_conversation_starts_at_the_transfer() -> None:
    told = scene(CONSULTS, e.AttendedTransferred(30, PHONE, CALLER, "200.1", "200.1", CALLER, "200.2", True),
                 completes(30, "transfer"), leaves(30, "200.1", "b2", "200.1"), enters(30, CALLER, "b2"),
                 gone(30, PHONE), gone(30, "200.1", "200.1"), ticks(35), asks_end(50),
                 leaves(50, CALLER, "b2"), gone(50), gone(50, "200.2"))  # fmt: skip
    assert conversations(told) == [(ANNA, 6, 30, "transfer"), (BEN, 30, 50, "caller")]
    assert [(c.interface, c.to) for c in told.record("200.1").conversations if c.interface == BEN] == [(BEN, 30)]
    assert told.record("200.1").ended_by == "transfer"
    assert [t.kind for t in told.record().transfers] == ["attended"]
    assert told.left_open() == {}


def test_calls_that_meet_in_a_bridge_become_the_older_one() -> None:
    told = scene(dials_in(0), dials_in(5, "200.1"), together(6, CALLER, "200.1"))
    assert [(c.call, c.into) for c in told.said(CallMerged)] == [("main-0-200.1", "main-0-100.1")]
    assert set(told.floor.calls) == {CALLER}
    told.play(enters(7, "200.1", "b", "200.1"))  # an event of before the meeting: it does not part them
    assert len(told.floor.calls) == 1
    assert told.play(gone(9, "200.1"), gone(9)).left_open() == {}


def test_a_call_that_was_merged_twice_is_still_known_by_its_first_name() -> None:
    told = scene(dials_in(0), dials_in(5, "200.1"), dials_in(6, "300.1"), together(7, "300.1", "200.1", "b3"),
                 together(8, CALLER, "200.1", "b1"), enters(8, "300.1", "b1"))  # fmt: skip
    told.play(channel(9, "300.2", ANNA, "300.1"))
    assert (set(told.floor.calls), len(told.said(CallStarted))) == ({CALLER}, 3)
    assert told.play([gone(20, leg) for leg in (CALLER, "200.1", "300.1", "300.2")]).left_open() == {}


def test_a_waiting_visit_goes_with_its_caller_into_the_older_call() -> None:
    told = scene(channel(0, "90.1", BEN, "90.1", state=4), channel(0, "100.9", BEN, CALLER), dials_in(1), joins(2),
                 e.LegState(3, CALLER, "90.1", "", 6, ""), asks_end(9, call="90.1"),
                 abandon(9, call="90.1"))  # fmt: skip
    assert [v.outcome for v in told.record("90.1").visits] == ["abandoned"]
    assert told.record(CALLER).visits == ()


def test_a_conversation_through_a_local_channel_is_of_the_phone_behind_it_and_survives_its_removal() -> None:
    one, two, phone, who = "100.2", "100.3", "100.4", "Local/1001@agents"
    told = scene(member(-1, who, state_interface=ANNA), dials_in(0), joins(1),
                 channel(2, one, who), channel(2, two, who), e.LegsJoined(2, one, two, CALLER, "", ""),
                 e.AgentCalled(2, CALLER, CALLER, "sales", one, who, "1001"),
                 e.DialBegan(2, CALLER, CALLER, one, CALLER, "", ""), channel(2, phone, ANNA),
                 e.DialBegan(2, two, CALLER, phone, CALLER, "", ""), up(6, phone), together(6, two, phone, "b2"),
                 answers(6, one, who), leaves(7, one, f"b-{CALLER}"), leaves(7, CALLER, f"b-{CALLER}"),
                 enters(7.1, CALLER, "b2"), leaves(7.1, two, "b2"), gone(7.2, one), gone(7.2, two), ticks(9),
                 asks_end(60, phone), completes(60, "agent", one, who), gone(60, phone), gone(60))  # fmt: skip
    assert conversations(told) == [(who, 6, 60, "agent")]
    assert (told.visit().talk_s, told.left_open()) == (54, {})


def test_a_third_party_that_hangs_up_leaves_the_other_two_talking() -> None:
    third = channel(20, "100.3", BEN), enters(21, "100.3", f"b-{CALLER}"), gone(25, "100.3")
    told = scene(talking(), third, ticks(30), asks_end(60), completes(60))
    assert conversations(told) == [(ANNA, 6, 60, "caller"), (BEN, 21, 25, None)]


def test_a_bridge_told_before_agent_connect_is_one_conversation_of_the_queue() -> None:
    told = scene(member(0), dials_in(0), joins(1), rings(2), together(6, CALLER, PHONE), left(6), connects(6.1),
                 completes(36))  # fmt: skip
    assert [(c.queue, c.from_, c.to) for c in told.record().conversations] == [("sales", 6, 36)]


def test_a_leg_told_after_the_last_hangup_opens_the_same_call_again_and_loses_nothing() -> None:
    """Events are in order for one channel only."""
    told = scene(talked(0, 65), channel(65.1, "100.9", BEN), gone(65.2, "100.9"))
    assert [c.call for c in told.said(CallStarted)] == [f"main-0-{CALLER}"]
    assert (len(told.record().visits), told.record().ended_at) == (1, 65.2)
    assert told.left_open() == {}


OLDER = [("100.1", "100.2"), ("99.9", "100.1"), ("pbx-100.1", "pbx-101.0"), ("100.9", "100.10")]


@pytest.mark.parametrize(("first", "second"), OLDER)
def test_the_older_linkedid_is_told_by_time_and_then_by_sequence(first: str, second: str) -> None:
    assert older(first, second)
    assert not older(second, first)
