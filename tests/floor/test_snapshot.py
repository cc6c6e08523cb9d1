"""Holes and restarts: what a snapshot tells becomes the same Events, told as often as one likes."""

from __future__ import annotations

import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    Scene,
    abandon,
    answers,
    asks_end,
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
    talked,
    talking,
    ticks,
    up,
    waits,
)

from callcenter.floor import events as e
from callcenter.floor.changes import (
    CallEnded,
    CallMerged,
    CallStarted,
    ConversationEnded,
    ConversationStarted,
    Drift,
    LinkChanged,
    MemberChanged,
    PbxRestarted,
    VisitEntered,
)
from callcenter.floor.floor import Floor

BRIDGE = f"b-{CALLER}"


def hole(start: float, end: float, *listed: e.Event | Events) -> Events:
    """The link is lost at ``start``, is there again at ``end``, and a snapshot tells what is ``listed``."""
    return e.LinkDown(start, "cut"), e.LinkUp(end), snapshot(end, *listed), ticks(end + 1, end + 3)


def linked(*events: e.Event | Events) -> Scene:
    """A link with an empty snapshot behind it."""
    return scene(e.LinkUp(-20), snapshot(-20), *events)


def test_a_call_that_ended_in_the_hole_ends_as_unknown_and_partial() -> None:
    told = linked(dials_in(0), joins(1), hole(10, 60))
    assert (told.visit().outcome, told.record().ended_by, told.record().seen) == ("unknown", "unknown", "partial")
    assert (told.record().ended_at, told.visit().wait_s) == (10, 9)
    assert (told.floor.drifts, told.left_open()) == ({}, {})


def test_a_conversation_that_ended_in_the_hole_counts_as_long_as_it_was_seen() -> None:
    told = linked(talking(), hole(20, 60), ticks(70))
    assert (told.visit().outcome, told.visit().talk_s, told.record().ended_by) == ("answered", 14, "unknown")
    assert told.left_open() == {}


def test_an_agent_gone_in_the_hole_ends_its_visit_though_the_caller_is_still_there() -> None:
    told = linked(talking(), hole(20, 60, lists(60, CALLER, 60)))
    (talk,) = told.record().conversations
    assert (talk.to, told.visit().talk_s) == (20, 14)
    assert told.floor.now(63).queues[0].talking == 0
    assert told.play(completes(64), gone(65)).left_open() == {}
    assert (told.record().ended_by, told.floor.drifts) == ("pbx", {})


def test_a_conversation_that_goes_on_through_the_hole_keeps_its_start_and_is_one() -> None:
    told = linked(talking(), hole(20, 60, lists(60, CALLER, 60, bridge=BRIDGE),
                                  lists(60, PHONE, 58, endpoint=ANNA, bridge=BRIDGE)))  # fmt: skip
    told.play(completes(66), gone(66, PHONE), gone(66))
    (talk,) = told.record().conversations
    assert (talk.from_, talk.to, told.visit().talk_s, told.record().seen) == (6, 66, 60, "partial")
    assert len(told.said(ConversationStarted)) == len(told.said(ConversationEnded)) == 1
    assert len(told.said(CallStarted)) == len(told.said(CallEnded)) == 1
    assert told.floor.drifts == {}


def test_who_still_waits_after_the_hole_waits_since_the_beginning() -> None:
    told = linked(dials_in(0), joins(1), hole(20, 60, waits(60, 59.0), lists(60, CALLER, 60)), rings(70), answers(76))
    assert (told.visit().entered_at, told.visit().wait_s) == (1, 75)
    assert len(told.said(VisitEntered)) == 1


def test_a_call_whose_end_was_seen_did_not_end_in_the_hole_with_a_phone_of_it() -> None:
    """The phone that rang before it is missed seconds after the caller went: it had ended first."""
    told = linked(dials_in(0), joins(1), rings(2), e.LinkDown(10, "cut", 9.0), e.LinkUp(20),
                  snapshot(20, waits(20, 2.0, queue="vip"), lists(20, CALLER, 20)),
                  abandon(22, "vip"), left(22, "vip"), asks_end(22), gone(22), ticks(23, 24, 30))  # fmt: skip
    ended = told.record()
    assert (ended.ended_at, ended.ended_by) == (22, "caller")
    assert max(visit.left_at or 0 for visit in ended.visits) <= 22


@pytest.mark.parametrize("told_again", [CALLER, PHONE])
def test_of_a_call_that_ended_in_the_hole_nobody_knows_who_ended_it(told_again: str) -> None:
    """The link came back for a moment, in which one of its channels was told of: that one was seen longer."""
    told = linked(talking(0), e.LinkDown(20, "cut", 19.0), e.LinkUp(22), up(23, told_again),
                  e.LinkDown(25, "cut", 24.0), e.LinkUp(40), snapshot(41), ticks(42, 44))  # fmt: skip
    assert (told.record().ended_at, told.record().ended_by) == (23, "unknown")


def test_a_visit_whose_phone_ended_in_the_hole_is_as_long_as_its_conversation() -> None:
    """The agent's channel was gone just before the link was back, the caller's is seen to end just behind."""
    told = linked(talking(0), e.LinkDown(10, "cut", 9.0), e.LinkUp(20), snapshot(20), asks_end(20.1), gone(20.1),
                  ticks(23))  # fmt: skip
    (conversation,) = told.record().conversations
    assert (conversation.to, told.visit().talk_s) == (20.1, pytest.approx(14.1))


def test_who_left_the_queue_in_the_hole_but_is_still_up_has_an_unknown_visit_of_a_living_call() -> None:
    told = linked(dials_in(0), joins(1), hole(20, 60, lists(60, CALLER, 60)), asks_end(90), gone(90))
    assert (told.visit().outcome, told.record().ended_at, told.record().ended_by) == ("unknown", 90, "caller")
    assert told.floor.drifts == {}


def test_a_visit_left_undecided_by_the_hole_is_unknown_not_exited() -> None:
    told = linked(dials_in(0), joins(1), left(19), hole(20, 60, lists(60, CALLER, 60)), gone(90))
    assert told.visit().outcome == "unknown"


def test_a_first_snapshot_finds_callers_waiting_and_talking() -> None:
    """QueueEntry comes before its channel and has no Linkedid: the call is known by the list of channels only."""
    told = scene(e.LinkUp(100), snapshot(100, waits(100, 40.0, leg="90.3"), lists(100, "90.3", 45, call="90.1")))
    (started,) = told.said(CallStarted)
    assert started.call == "main-0-90.1"
    assert [v.entered_at for v in told.record("90.1").visits] == [60]
    assert told.record("90.1").started_at == 55
    assert (told.said(CallMerged), told.said(Drift), len(told.floor.calls)) == ([], [], 1)


def test_a_waiting_caller_is_of_the_call_that_its_first_event_names() -> None:
    """Its event comes between the two lists."""
    told = scene(e.LinkUp(100), e.SnapshotBegan(100), waits(100, 40.0, leg="90.3"), e.QueuesListed(100),
                 left(100, leg="90.3", call="90.1"), connects(100, leg="90.3"), e.LegsListed(100))  # fmt: skip
    (visit,) = told.record("90.1").visits
    assert (visit.outcome, visit.wait_s) == ("answered", 40)


def test_without_the_right_to_list_channels_a_waiting_caller_is_a_call_by_its_own_id() -> None:
    told = scene(e.LinkUp(100), e.SnapshotBegan(100), waits(100, 40.0), e.QueuesListed(100),
                 e.LegsListed(100, complete=False))  # fmt: skip
    assert told.visit().entered_at == 60
    told.play(left(110), gone(110))
    assert (told.left_open(), told.floor.drifts) == ({}, {})


def test_a_waiting_caller_that_the_list_of_channels_lacks_is_gone_and_no_call() -> None:
    told = scene(e.LinkUp(100), snapshot(100, waits(100, 40.0)), ticks(110))
    assert (told.records(), told.left_open()) == ([], {})


def test_a_first_snapshot_finds_a_conversation_of_an_inbound_call() -> None:
    listed = lists(100, CALLER, 60, bridge="b"), lists(100, PHONE, 55, endpoint=ANNA, bridge="b")
    told = scene(member(90), e.LinkUp(100), snapshot(100, member(100), *listed))
    (talk,) = told.record().conversations
    assert (talk.interface, talk.from_, told.record().direction, told.record().seen) == (ANNA, 100.5, "in", "partial")
    told.play(completes(120), gone(120, PHONE), gone(120))
    assert (told.floor.drifts, told.left_open()) == ({}, {})


def test_a_snapshot_without_a_hole_says_nothing_new() -> None:
    told = linked(member(-5), talking(), dials_in(7, "200.1"), joins(8, leg="200.1", call="200.1"))
    before = list(told.changes)
    again = snapshot(30, member(30), waits(30, 22.0, leg="200.1"), lists(30, CALLER, 30, bridge=BRIDGE, state=4),
                     lists(30, PHONE, 28, endpoint=ANNA, bridge=BRIDGE),
                     lists(30, "200.1", 23, call="200.1", state=4))  # fmt: skip
    told.play(again, ticks(35), again, ticks(50))
    assert told.changes == before
    assert told.record().seen == "whole"


LATE: dict[str, Events] = {
    "its abandon": [asks_end(29.9), abandon(30.6), left(30.6), gone(30.7)],
    "its answer": [left(30.6), connects(30.6), completes(31), gone(31)],
}


@pytest.mark.parametrize("what", LATE)
def test_what_happened_before_the_list_but_is_delivered_after_it_counts(what: str) -> None:
    told = linked(dials_in(0), joins(1), rings(2), snapshot(30), LATE[what], gone(31, PHONE), ticks(40))
    assert told.visit().outcome == {"its abandon": "abandoned", "its answer": "answered"}[what]
    assert (told.record().seen, told.floor.drifts, told.left_open()) == ("whole", {}, {})


def test_an_event_of_its_own_acquits_a_channel_that_the_list_lacks() -> None:
    told = linked(talking(), snapshot(30), enters(31, CALLER, BRIDGE), enters(31, PHONE, BRIDGE), ticks(40))
    assert told.floor.now(40).calls == 1


def test_what_is_younger_than_the_question_need_not_be_listed() -> None:
    told = linked(e.SnapshotBegan(30), dials_in(30.1), joins(30.2), member(30.2), e.QueuesListed(31),
                  e.LegsListed(31), ticks(40))  # fmt: skip
    assert (told.visit().outcome, told.floor.now(40).agents[0].queues) == (None, ("sales",))


def test_a_list_that_is_older_than_the_hangup_brings_nothing_back() -> None:
    told = linked(talked(0, 29), snapshot(30, waits(30, 28.0), lists(30, CALLER, 30, bridge=BRIDGE)), ticks(40))
    assert len(told.records()) == 1
    assert told.left_open() == {}


def test_an_entry_that_is_older_than_the_answer_is_the_same_visit() -> None:
    told = linked(talking(), snapshot(6.2, waits(6.2, 5.0)), completes(20), gone(20, PHONE), gone(20))
    assert len(told.record().visits) == 1


def test_a_bridge_left_in_the_hole_ends_the_conversation() -> None:
    told = linked(talking(), hole(20, 60, lists(60, CALLER, 60), lists(60, PHONE, 58, endpoint=ANNA)))
    assert [c.conversation.to for c in told.said(ConversationEnded)] == [20]


def test_members_that_the_list_lacks_are_gone() -> None:
    told = linked(member(0), member(0, BEN), hole(20, 60, member(60, BEN)))
    assert [(a.interface, a.state) for a in told.floor.now(61).agents] == [(ANNA, "logged_out"), (BEN, "available")]
    assert told.said(MemberChanged)[-1].member is False


def test_the_link_is_up_when_its_snapshot_is_applied_and_down_once_an_outage() -> None:
    told = linked(e.LinkDown(10, "cut"), e.LinkDown(20, "refused"), e.LinkUp(29))
    assert (told.floor.now(30).link, told.floor.now(30).link_since) == (False, 10)
    told.play(snapshot(30))
    assert (told.floor.now(31).link, told.floor.now(31).link_since) == (True, 30.5)
    assert [(c.up, c.at) for c in told.said(LinkChanged)] == [(True, -19.5), (False, 10), (True, 30.5)]


def test_a_restart_loses_every_call_and_an_answered_visit_keeps_its_outcome() -> None:
    told = Scene(Floor(boot=1000))
    told.play(e.LinkUp(5000), e.Booted(5000, 4000), snapshot(5000), talking(5001), dials_in(5002, "200.1"),
              joins(5003, leg="200.1", call="200.1"), e.LinkDown(5020, "cut"), e.LinkUp(5040), e.Booted(5040, 10),
              snapshot(5040), ticks(5060))  # fmt: skip
    assert [r.ended_by for r in told.records()] == ["pbx_lost", "pbx_lost"]
    assert (told.visit().outcome, told.visit().ended_by) == ("answered", "pbx_lost")
    assert [v.outcome for v in told.record("200.1").visits] == ["pbx_lost"]
    assert [c.booted_at for c in told.said(PbxRestarted)] == [5030]
    assert told.left_open() == {}
    assert told.play(dials_in(5070, "300.1")).record("300.1").id == f"main-{5030:x}-300.1"


SAME_BOOT = {"four seconds later": 4004.0, "by a clock that we have learnt to be 60 s ahead": 4000.0 - 60}


@pytest.mark.parametrize("how", SAME_BOOT)
def test_the_same_boot_is_no_restart(how: str) -> None:
    """FullyBooted has no Timestamp and its Uptime is in whole seconds."""
    told = Scene(Floor())
    told.play(e.LinkUp(5000), e.Booted(5000, 4000), snapshot(5000), talking(5001), e.LinkDown(5020, "cut"),
              e.LinkUp(5021), e.Booted(5021, SAME_BOOT[how] + 17))  # fmt: skip
    assert (told.said(PbxRestarted), told.floor.boot, told.floor.now(5021).calls) == ([], 1000, 1)


def test_a_restart_while_the_daemon_was_away_is_known_by_the_stored_boot() -> None:
    told = Scene(Floor(boot=1000)).play(e.LinkDown(9000, "not connected yet"), e.LinkUp(9001), e.Booted(9001, 5000))
    assert [c.booted_at for c in told.said(PbxRestarted)] == [4001]


def test_without_the_class_system_a_restart_ends_calls_as_unknown() -> None:
    """No FullyBooted is sent: the snapshot alone tells that the channels are no more."""
    told = linked(talking(), hole(20, 60), ticks(70))
    assert (told.record().id, told.record().ended_by) == (f"main-0-{CALLER}", "unknown")
    assert told.said(PbxRestarted) == []
