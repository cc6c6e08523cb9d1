"""Channels: who hears whom, and that nothing brings a gone one back."""

from __future__ import annotations

import pytest
from scene import CALLER, PHONE, dials_in, enters, gone, joins, lists, member, rings, scene, talked, ticks, waits

from callcenter.floor import events as e
from callcenter.floor.calls import Call
from callcenter.floor.floor import ENDED_KEPT, GONE_KEPT
from callcenter.floor.legs import Bridges, Leg, dialled_when_seen, endpoint_of, enter, leave, parties

ON_GONE = {
    "Newchannel": dials_in(70),
    "Newstate": e.LegState(70, CALLER, CALLER, "PJSIP/trunk-1", 6, ""),
    "NewCallerid": e.LegNamed(70, CALLER, CALLER, "1", "x"),
    "HangupRequest": e.HangupAsked(70, CALLER, CALLER, 16, True),
    "Hangup": gone(70),
    "LocalBridge": e.LegsJoined(70, CALLER, PHONE, CALLER, "", ""),
    "BridgeEnter": enters(70, CALLER),
    "BridgeLeave": e.BridgeLeft(70, CALLER, CALLER, "", "b1"),
    "DialBegin": e.DialBegan(70, CALLER, CALLER, PHONE, CALLER, "", ""),
    "DialEnd": e.DialEnded(70, CALLER, CALLER, PHONE, "CANCEL"),
    "Hold": e.Held(70, PHONE, CALLER),
    "Unhold": e.Unheld(70, PHONE, CALLER),
    "BlindTransfer": e.BlindTransferred(70, PHONE, CALLER, CALLER, "1", True),
    "AttendedTransfer": e.AttendedTransferred(70, PHONE, CALLER, CALLER, CALLER, CALLER, CALLER, True),
    "Newexten": e.QueueTried(70, CALLER, CALLER, "sales"),
    "QueueCallerJoin": joins(70),
    "VarSet": e.QueueResult(70, CALLER, CALLER, "FULL", "", False),
    "QueueEntry": waits(70, 69.0),
    "CoreShowChannel": lists(70, CALLER, 70),
}


@pytest.mark.parametrize("what", ON_GONE)
def test_a_gone_channel_is_not_brought_back_by(what: str) -> None:
    told = scene(talked(0, 65))
    record = told.record()
    told.play(ON_GONE[what], ticks(80, 90))
    assert (told.record(), told.left_open(), told.floor.drifts) == (record, {}, {})


@pytest.mark.parametrize("what", ["Newstate", "BridgeEnter", "QueueCallerJoin", "CoreShowChannel"])
def test_a_channel_whose_creation_nobody_saw_makes_a_partial_call(what: str) -> None:
    told = scene(ON_GONE[what])
    assert told.record().seen == "partial"
    assert told.play(gone(71)).left_open() == {}


def test_a_channel_created_twice_is_one() -> None:
    told = scene(dials_in(0), dials_in(1))
    assert (len(told.floor.legs), told.record().started_at) == (1, 0)


def test_what_has_no_channel_is_passed_over() -> None:
    told = scene(e.LegCreated(0, "", "", "", 0, "", "", "", ""), e.LegState(0, "", "", "", 6, ""),
                 e.BridgeEntered(0, "", "", "", "b"), e.DialBegan(0, "", "", "", "", "", ""))  # fmt: skip
    assert (told.changes, told.left_open()) == ([], {})


def test_the_memory_of_gone_channels_and_ended_calls_is_bounded() -> None:
    told = scene([(dials_in(n, f"{n}.1"), gone(n, f"{n}.1", f"{n}.1")) for n in range(1, GONE_KEPT + 10)])
    assert (len(told.floor.recently_gone), len(told.floor.ended)) == (GONE_KEPT, ENDED_KEPT)


def test_a_ring_without_channels_names_is_told_apart_by_interface() -> None:
    """AgentCalled may lack the agent's channel."""
    calls = [e.AgentCalled(2, CALLER, CALLER, "sales", "", who, "") for who in ("PJSIP/1", "PJSIP/2")]
    told = scene(dials_in(0), joins(1), calls, e.AgentNotAnswered(7, CALLER, CALLER, "sales", "", "PJSIP/2", "", 5.0))
    assert [(a.interface, a.result) for a in told.visit().attempts] == [("PJSIP/1", None), ("PJSIP/2", "no_answer")]


def test_a_phone_that_stops_ringing_without_a_word_is_free_again() -> None:
    told = scene(member(0), dials_in(0), joins(1), rings(2), gone(5, PHONE))
    assert told.floor.now(6).agents[0].state == "available"


ENDPOINTS = {
    "PJSIP/1001-0000000d": "PJSIP/1001",
    "PJSIP/my-trunk-0000000d": "PJSIP/my-trunk",
    "Local/1005@agents-00000000;1": "Local/1005@agents",
    "odd": "odd",
    "": "",
}


@pytest.mark.parametrize("channel", ENDPOINTS)
def test_an_endpoint_is_a_channel_without_its_number(channel: str) -> None:
    assert endpoint_of(channel) == ENDPOINTS[channel]


DIALLED = [(4, "1.1", "1.1", False), (5, "1.2", "1.1", True), (5, "1.1", "1.1", True), (6, "1.1", "1.1", False),
           (6, "1.2", "1.1", True), (6, "1.1", "", False), (0, "1.1", "1.1", True)]  # fmt: skip


@pytest.mark.parametrize(("state", "uid", "linkedid", "dialled"), DIALLED)
def test_of_channels_seen_up_the_first_of_the_call_is_the_caller(
    state: int, uid: str, linkedid: str, dialled: bool
) -> None:
    assert dialled_when_seen(state, uid, linkedid) is dialled


def leg(uid: str, channel: str) -> Leg:
    return Leg(uid, channel, Call("id", "main", "1.1", 0.0), 6, "", "", 0.0)


def test_phones_hear_each_other_through_local_channels() -> None:
    caller, phone = leg("1", "PJSIP/t-1"), leg("4", "SIP/9-4")
    one, two = leg("2", "Local/x-2;1"), leg("3", "Local/x-2;2")
    one.twin, two.twin = two, one
    bridges: Bridges = {}
    for who, bridge in ((caller, "a"), (one, "a"), (two, "b"), (phone, "b")):
        enter(bridges, who, bridge)
        enter(bridges, who, bridge)
    assert {who.uid for who in parties(bridges, "a")} == {who.uid for who in parties(bridges, "b")} == {"1", "4"}
    leave(bridges, phone)
    leave(bridges, phone)
    assert [who.uid for who in parties(bridges, "a")] == ["1"]
    for who in (caller, one, two):
        leave(bridges, who)
    assert bridges == {}
