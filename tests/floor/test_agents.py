"""Agents: one state at a time, whatever number of queues; after-call work; pause; phones behind Local channels."""

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
    asks_end,
    channel,
    completes,
    dials_in,
    enters,
    gone,
    joins,
    leaves,
    lists,
    member,
    no_answer,
    rings,
    scene,
    snapshot,
    talked,
    talking,
    ticks,
    up,
)

from callcenter.floor import events as e
from callcenter.floor.agents import is_phone, phones_of
from callcenter.floor.changes import AgentChanged, MemberChanged, WrapUpEnded
from callcenter.floor.floor import Floor
from callcenter.floor.records import Span


def states(told: Scene, who: str = ANNA) -> list[tuple[str, float, float, str | None]]:
    """(state, from, to, queue) of each span that is over."""
    return [(s.state, s.from_, s.to, s.queue) for s in spans(told, who)]


def spans(told: Scene, who: str = ANNA) -> list[Span]:
    return [c.ended for c in told.said(AgentChanged) if c.agent == who and c.ended]


def state_now(told: Scene, at: float = 1000, who: str = ANNA) -> str:
    (agent,) = [a for a in told.floor.now(at).agents if a.interface == who]
    return agent.state


def test_a_queue_call_makes_ringing_talking_and_wrap_up_spans_of_its_queue() -> None:
    told = scene(member(-10, wrap_up=20), talked(0, 65), ticks(84, 86))
    assert states(told) == [
        ("available", -10, 2, None), ("ringing", 2, 6, "sales"), ("talking", 6, 65, "sales"),
        ("wrap_up", 65, 85, "sales"),
    ]  # fmt: skip
    assert [(c.wrap_up_s, c.queue, c.at) for c in told.said(WrapUpEnded)] == [(20, "sales", 85)]
    assert told.visit().wrap_up_s == 20


WRAP_UP_ENDS: dict[str, tuple[Events, float, str]] = {
    "its time": (ticks(86), 20, "available"),
    "its time, without a tick, at the next event": ([member(200, BEN)], 20, "available"),
    "a pause": ([member(70, paused=True, reason="tea", wrap_up=20)], 5, "paused"),
    "the logout": ([e.MemberGone(72, "sales", ANNA)], 7, "logged_out"),
    "a new conversation": (
        [dials_in(66, "300.1"), joins(67, leg="300.1", call="300.1"), rings(70, "300.2", leg="300.1"),
         answers(72, "300.2", leg="300.1")], 5, "talking"),
    "its own outgoing call": (
        [channel(75, "400.1", ANNA, "400.1", state=4), channel(76, "400.2", "PJSIP/trunk", "400.1"),
         enters(80, "400.1", "b4", "400.1"), enters(80, "400.2", "b4", "400.1")], 10, "talking"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRAP_UP_ENDS)
def test_wrap_up_is_ended_by(how: str) -> None:
    events, seconds, state = WRAP_UP_ENDS[how]
    told = scene(member(-10, wrap_up=20), talked(0, 65), events)
    assert [c.wrap_up_s for c in told.said(WrapUpEnded)] == [seconds]
    assert told.record().visits[0].wrap_up_s == seconds
    assert state_now(told) == state


def test_a_ring_that_nobody_answers_interrupts_the_wrap_up_but_does_not_end_it() -> None:
    ring = (dials_in(69, "300.1"), joins(69, leg="300.1", call="300.1"), rings(70, "300.2", leg="300.1"),
            e.AgentNotAnswered(75, "300.1", "300.1", "sales", "300.2", ANNA, "1001", 5.0),
            gone(75, "300.2"))  # fmt: skip
    told = scene(member(-10, wrap_up=20), talked(0, 65), ring, ticks(90))
    assert states(told)[3:] == [
        ("wrap_up", 65, 70, "sales"), ("ringing", 70, 75, "sales"), ("wrap_up", 75, 85, "sales")]  # fmt: skip
    assert told.record().visits[0].wrap_up_s == 15


def test_a_wrap_up_that_is_under_way_when_the_link_is_lost_is_the_last_that_is_known_until_it_is_back() -> None:
    there = e.LinkUp(-20), e.SnapshotBegan(-20), member(-20, wrap_up=20), e.QueuesListed(-19.5), e.LegsListed(-19.5)
    told = scene(there, talked(0, 65), e.LinkDown(80, "cut", 70.0), ticks(90, 600))
    now = told.floor.now(600)
    assert (now.agents[0].state, now.lasts_s(now.agents[0].since), told.said(WrapUpEnded)) == ("wrap_up", 5.0, [])
    told.play(e.LinkUp(610), ticks(611), snapshot(612, member(612, wrap_up=20)), ticks(614))
    assert states(told)[-1] == ("wrap_up", 65, 85, "sales")
    assert (state_now(told), [c.wrap_up_s for c in told.said(WrapUpEnded)]) == ("available", [20])


FOUND_DOING: dict[str, Events] = {
    "talking": snapshot(601, member(601, wrap_up=20, device=2), lists(601, "500.1", 30, "500.1", bridge="b9"),
                        lists(601, "500.2", 28, "500.1", ANNA, bridge="b9")),
    "ringing": snapshot(601, member(601, wrap_up=20, device=6), lists(601, "500.2", 2, "500.1", ANNA, state=5)),
    "paused": snapshot(601, member(601, wrap_up=20, paused=True, reason="tea")),
    "unreachable": snapshot(601, member(601, wrap_up=20, device=5)),
    "logged_out": snapshot(601, member(601, BEN)),
}  # fmt: skip


@pytest.mark.parametrize("state", FOUND_DOING)
def test_what_an_agent_does_when_the_link_is_back_does_not_begin_with_the_end_of_a_wrap_up_before(state: str) -> None:
    told = scene(e.LinkUp(-20), snapshot(-20, member(-20, wrap_up=20)), talked(0, 65), e.LinkDown(80, "cut", 70.0),
                 ticks(90, 300), e.LinkUp(600), FOUND_DOING[state], ticks(604))  # fmt: skip
    (anna,) = [agent for agent in told.floor.now(604).agents if agent.interface == ANNA]
    assert (anna.state, anna.since >= 601) == (state, True)
    assert [one[:2] for one in states(told)[-2:]] == [("wrap_up", 65), ("available", 85)]


def test_who_is_paused_already_when_the_call_ends_has_no_wrap_up() -> None:
    told = scene(member(-10, wrap_up=20), talking(0), member(30, paused=True, reason="tea"),
                 completes(64), gone(64, PHONE), gone(64), ticks(100))  # fmt: skip
    assert states(told)[-1] == ("talking", 6, 64, "sales")
    assert state_now(told) == "paused"


def test_wrap_up_runs_from_the_end_of_the_conversation_even_when_agent_complete_is_late() -> None:
    told = scene(member(-10, wrap_up=20), dials_in(0), joins(1), rings(2), answers(6),
                 gone(60, PHONE), gone(60), completes(63), ticks(90))  # fmt: skip
    assert states(told)[-1] == ("wrap_up", 63, 80, "sales")


def test_without_wrap_up_time_of_the_member_the_queues_own_counts() -> None:
    told = Scene(Floor(wrap_up=lambda queue: 7.0 if queue == "sales" else 0.0))
    told.play(member(-10), talked(0, 65), ticks(80))
    assert states(told)[-1] == ("wrap_up", 65, 72, "sales")


def test_a_pause_in_one_queue_of_two_leaves_the_agent_available() -> None:
    told = scene(member(0), member(0, queue="support"), member(5, paused=True, reason="tea"))
    assert state_now(told) == "available"
    (agent,) = told.floor.now(6).agents
    assert (agent.queues, agent.paused_in) == (("sales", "support"), ("sales",))
    assert [(c.queue, c.paused, c.reason) for c in told.said(MemberChanged)][-1] == ("sales", True, "tea")


def test_a_pause_in_all_queues_is_a_pause_with_its_reason() -> None:
    told = scene(member(0), member(0, queue="support"), member(5, paused=True, reason="tea"),
                 member(5.1, queue="support", paused=True), member(60, reason="tea"))  # fmt: skip
    assert [(s.state, s.reason, s.from_, s.to) for s in spans(told)] == [
        ("available", "", 0, 5.1), ("paused", "tea", 5.1, 60)]  # fmt: skip


def test_a_reason_that_stands_there_while_nobody_is_paused_is_no_pause() -> None:
    """PausedReason may be set while Paused is 0 (18.21, 20.6, 22.0)."""
    told = scene(member(0, reason="tea"))
    assert state_now(told) == "available"
    assert [(c.paused, c.reason) for c in told.said(MemberChanged)] == [(False, "")]


def test_another_reason_is_another_span() -> None:
    told = scene(member(0, paused=True, reason="tea"), member(10, paused=True, reason="lunch"), member(30))
    assert [(s.reason, s.from_, s.to) for s in spans(told)] == [("tea", 0, 10), ("lunch", 10, 30)]


def test_a_member_record_told_again_says_nothing_new() -> None:
    told = scene(member(0))
    before = len(told.changes)
    assert len(told.play(member(1), member(2)).changes) == before


@pytest.mark.parametrize(("device", "state"), [(1, "available"), (2, "available"), (4, "unreachable"),
                                               (5, "unreachable"), (8, "available")])  # fmt: skip
def test_a_device_that_is_away_makes_the_agent_unreachable(device: int, state: str) -> None:
    assert state_now(scene(member(0, device=device))) == state


def test_who_leaves_one_of_two_queues_while_talking_goes_on_talking() -> None:
    told = scene(member(-10, wrap_up=20), member(-10, queue="support"), talking(0),
                 e.MemberGone(30, "sales", ANNA))  # fmt: skip
    assert state_now(told) == "talking"
    told.play(completes(64), gone(64, PHONE), gone(64), ticks(100))
    assert state_now(told) == "available"
    assert told.play(e.MemberGone(101, "support", ANNA)).floor.now(101).agents[0].state == "logged_out"


def test_a_ring_that_is_not_answered_ends_and_the_next_agent_rings() -> None:
    told = scene(member(0), member(0, BEN), dials_in(1), joins(1), rings(2), no_answer(7), rings(8, "100.3", BEN))
    assert states(told) == [("available", 0, 2, None), ("ringing", 2, 7, "sales")]
    assert state_now(told, who=BEN) == "ringing"


def test_an_own_outgoing_call_makes_the_agent_busy_without_a_queue() -> None:
    told = scene(member(0), channel(10, "400.1", ANNA, "400.1", state=4), up(15, "400.1", "400.1"),
                 gone(40, "400.1", "400.1"))  # fmt: skip
    assert states(told) == [("available", 0, 10, None), ("talking", 10, 40, None)]


def test_an_internal_call_makes_both_agents_busy() -> None:
    told = scene(member(0), member(0, BEN), channel(10, "400.1", ANNA, "400.1", state=4),
                 channel(11, "400.2", BEN, "400.1"), up(15, "400.2", "400.1", BEN), enters(15, "400.1", "b", "400.1"),
                 enters(15, "400.2", "b", "400.1"), leaves(40, "400.1", "b", "400.1"), gone(40, "400.2", "400.1"),
                 gone(40, "400.1", "400.1"))  # fmt: skip
    assert states(told) == [("available", 0, 10, None), ("talking", 10, 40, None)]
    assert states(told, BEN) == [("available", 0, 11, None), ("ringing", 11, 15, None), ("talking", 15, 40, None)]


def test_hold_is_a_state_of_its_own() -> None:
    told = scene(member(-10), talking(0), e.Held(20, PHONE, CALLER), e.Held(25, PHONE, CALLER),
                 e.Unheld(30, PHONE, CALLER), e.Unheld(31, PHONE, CALLER), asks_end(65), completes(65))  # fmt: skip
    assert states(told)[2:] == [("talking", 6, 20, "sales"), ("holding", 20, 30, "sales"), ("talking", 30, 65, "sales")]
    assert (told.visit().talk_s, told.visit().hold_s) == (59, 10)


def test_who_logs_in_by_phone_while_a_call_is_up_is_busy_until_it_ends() -> None:
    """A feature code adds the member over the very channel that dialled it."""
    told = scene(channel(0, "400.1", ANNA, "400.1", state=4), member(3), gone(9, "400.1", "400.1"))
    assert states(told) == [("talking", 3, 9, None)]
    assert (state_now(told), told.left_open()) == ("available", {})


def test_a_member_whose_phone_changes_during_a_call_keeps_nothing_of_it() -> None:
    told = scene(member(0, "Local/1001@agents", state_interface="PJSIP/1001"), talking(1),
                 member(30, "Local/1001@agents", state_interface="PJSIP/1009"), completes(60),
                 gone(60, PHONE), gone(60), ticks(70))  # fmt: skip
    assert told.left_open() == {}


def test_a_name_belongs_to_its_interface_and_may_change() -> None:
    told = scene(member(0, name="Anna"), member(1, BEN, name="Ben"))
    told.play(member(2, name="Anna Maria"), member(3, BEN, name="Anna"))
    assert [(a.interface, a.name) for a in told.floor.now(3).agents] == [(ANNA, "Anna Maria"), (BEN, "Anna")]


PHONES = {
    ("PJSIP/1001", ""): ["PJSIP/1001"],
    ("PJSIP/1001", "PJSIP/1001"): ["PJSIP/1001"],
    ("Local/5001@from-queue/n", "hint:5001@ext-local"): ["PJSIP/5001", "SIP/5001", "IAX2/5001", "DAHDI/5001"],
    ("Local/5001@from-queue/n", "PJSIP/77"): ["PJSIP/77"],
    ("Local/5001@from-queue", "Local/5001@from-queue"): ["PJSIP/5001", "SIP/5001", "IAX2/5001", "DAHDI/5001"],
    ("Local/5001@from-queue", "Custom:DND5001"): ["PJSIP/5001", "SIP/5001", "IAX2/5001", "DAHDI/5001"],
    ("Local/@", ""): [],
}


@pytest.mark.parametrize("member_of", PHONES)
def test_the_phone_of_a_member_is_known_by_interface_or_hint(member_of: tuple[str, str]) -> None:
    assert phones_of(*member_of) == PHONES[member_of]


@pytest.mark.parametrize(("endpoint", "phone"), [("PJSIP/1010", True), ("SIP/123456", False), ("PJSIP/trunk", False),
                                                 ("1010", False), ("", False)])  # fmt: skip
def test_an_endpoint_named_like_an_extension_is_a_phone(endpoint: str, phone: bool) -> None:
    assert is_phone(endpoint, 5) is phone
