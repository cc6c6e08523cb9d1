"""What a later list finds: changes that no event told are mended, and counted by their kind."""

from __future__ import annotations

import msgspec
import pytest
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    Scene,
    abandon,
    dials_in,
    gone,
    joins,
    left,
    lists,
    member,
    rings,
    snapshot,
    talking,
    ticks,
    waits,
)

from callcenter.floor import events as e
from callcenter.floor.changes import AgentChanged, LinkChanged, MemberChanged
from callcenter.floor.doubts import KINDS
from callcenter.floor.floor import Floor

BRIDGE = f"b-{CALLER}"


def row(at: float, who: str = ANNA, **facts: object) -> e.Event:
    """The member in a list."""
    return msgspec.structs.replace(member(at, who, **facts), snapshot=True)  # type: ignore[arg-type]


def known(*events: e.Event | Events) -> Scene:
    """A link that is up, whose first list named Anna and Ben."""
    return Scene().play(e.LinkUp(-20), snapshot(-20, row(-20), row(-20, BEN)), *events)


TALK = (lists(30, CALLER, 30, bridge=BRIDGE, state=4), lists(30, PHONE, 28, endpoint=ANNA, bridge=BRIDGE))
FOUND: dict[str, tuple[Events, Events, dict[str, int]]] = {
    "a member vanished": ((), snapshot(30, row(30)), {"silent_member": 1}),
    "a member was swapped": (
        (), snapshot(30, row(30), row(30, "PJSIP/1003")), {"silent_member": 2},
    ),
    "a pause": ((), snapshot(30, row(30), row(30, BEN, paused=True, reason="tea")), {"silent_pause": 1}),
    "another reason": (
        (member(0, BEN, paused=True, reason="tea"),),
        snapshot(30, row(30), row(30, BEN, paused=True, reason="lunch")), {"silent_pause": 1},
    ),
    "a phone that is gone": ((), snapshot(30, row(30), row(30, BEN, device=5)), {"silent_device": 1}),
    "a channel": ((), snapshot(30, row(30), row(30, BEN), lists(30, "90.1", 50, call="90.1")), {"missed_leg": 1}),
    "a wait": (
        (dials_in(0),), snapshot(30, row(30), row(30, BEN), waits(30, 25.0), lists(30, CALLER, 30, state=4)),
        {"missed_wait": 1},
    ),
    "the end of a channel": ((talking(),), snapshot(30, row(30), row(30, BEN), TALK[0]), {"lost_leg": 1}),
    "the end of a wait": (
        (dials_in(0), joins(1)), snapshot(30, row(30), row(30, BEN), lists(30, CALLER, 30, state=4)),
        {"lost_wait": 1},
    ),
    "a bridge": (
        (talking(),),
        snapshot(30, row(30), row(30, BEN), lists(30, CALLER, 30, bridge="b-2", state=4),
                 lists(30, PHONE, 28, endpoint=ANNA, bridge="b-2")), {"missed_bridge": 1},
    ),
    "nothing": ((talking(),), snapshot(30, row(30), row(30, BEN), *TALK), {}),
}  # fmt: skip


@pytest.mark.parametrize("what", FOUND)
def test_what_no_event_told_is_found_and_counted(what: str) -> None:
    before, listed, drifts = FOUND[what]
    told = known(before)
    told.play(listed, ticks(31))
    assert told.floor.drifts == {}, "an event may still explain it"
    told.play(ticks(34))
    assert told.floor.drifts == drifts
    assert set(drifts) <= KINDS
    again = len(told.changes)
    told.play(listed, ticks(60))
    assert told.changes[again:] == [], "what was found once is known"


def test_a_reload_that_blanks_reason_and_login_changes_neither() -> None:
    on = msgspec.structs.replace(member(0, BEN, paused=True, reason="tea"), login_at=77.0)
    told = known(on)
    before = list(told.changes)
    told.play(snapshot(30, row(30), row(30, BEN, paused=True)), ticks(40))
    assert (told.changes, told.floor.drifts) == (before, {})
    ben = told.floor.agents.all[BEN]
    assert (ben.state, ben.reason, ben.members["sales"].login_at) == ("paused", "tea", 77.0)


def test_an_event_explains_what_a_list_told_before_it() -> None:
    told = known()
    told.play(snapshot(30, row(30), row(30, BEN, paused=True, reason="tea")), ticks(31))
    assert told.said(MemberChanged)[-1].paused is False
    told.play(member(30.2, BEN, paused=True, reason="tea"), ticks(40))
    assert told.floor.drifts == {}
    assert [c.at for c in told.said(AgentChanged) if c.state == "paused"] == [30.2]


def test_a_leave_that_comes_late_acquits_the_wait_to_its_end() -> None:
    """The list lacks the caller; its Leave comes within the patience, its AgentConnect behind it."""
    told = known(dials_in(0), joins(1), rings(2))
    ringing = lists(30, PHONE, 28, endpoint=ANNA, state=5)
    told.play(snapshot(30, row(30), row(30, BEN), lists(30, CALLER, 30, state=4), ringing), ticks(31))
    told.play(e.CallerLeft(29.9, CALLER, CALLER, "sales"), ticks(33, 34))
    told.play(e.AgentConnected(30.0, CALLER, CALLER, "sales", PHONE, ANNA, "1001", 0.0, 0.0))
    assert (told.visit().outcome, told.floor.drifts) == ("answered", {})


def test_the_first_list_after_a_login_is_no_drift() -> None:
    told = known(e.LinkDown(10, "cut"), e.LinkUp(20), snapshot(20, row(20, "PJSIP/1003")), ticks(25))
    assert told.floor.drifts == {}
    assert [a.interface for a in told.floor.agents.all.values() if a.members] == ["PJSIP/1003"]


def test_doubts_end_with_the_link() -> None:
    told = known(snapshot(30, row(30)), e.LinkDown(31, "cut"), ticks(40))
    assert (told.floor.drifts, told.floor.doubts) == ({}, {})


def test_a_hangup_of_a_channel_that_nobody_knew_keeps_an_older_list_from_bringing_it() -> None:
    told = Scene().play(e.LinkUp(10), gone(10.1, "90.1", "90.1"), snapshot(10, lists(10, "90.1", 50, call="90.1")))
    assert told.floor.calls == {}


# ---- when a hole begins ---------------------------------------------------------------------------------------


def test_a_hole_begins_when_we_last_knew_not_when_we_noticed() -> None:
    told = known(talking(), e.LinkDown(42, "nothing heard", since=30.0))
    assert [(c.up, c.at) for c in told.said(LinkChanged)][-1] == (False, 30)
    assert told.floor.now(43).link_since == 30


def test_a_hole_that_was_not_over_does_not_begin_again() -> None:
    told = known(e.LinkDown(42, "cut", since=30.0), e.LinkUp(50), e.LinkDown(51, "cut", since=50.5))
    assert [c.at for c in told.said(LinkChanged) if not c.up] == [30]
    assert told.floor.link_since == 30


@pytest.mark.parametrize("boot", [0, 1000])
def test_calls_of_a_pbx_that_died_end_when_we_last_knew(boot: int) -> None:
    """``boot`` 0: of a user without the class system, whom CoreStatus tells of the restart."""
    told = Scene(Floor(boot=boot))
    told.play(e.LinkUp(5000), snapshot(5000), talking(5001), dials_in(5002, "200.1"),
              joins(5003, leg="200.1", call="200.1"))  # fmt: skip
    told.play(e.LinkDown(5030, "silent", since=5020.0), e.LinkUp(5040), dials_in(5040.2, "300.1"),
              e.Booted(5041, 10), snapshot(5041, lists(5041, "300.1", 1, call="300.1", state=4)), ticks(5060))
    ends = {record.linkedid: (record.ended_at, record.ended_by) for record in told.records()}
    assert ends == {CALLER: (5020, "pbx_lost"), "200.1": (5020, "pbx_lost"), "300.1": (None, None)}
    assert (told.visit().talk_s, told.floor.drifts) == (13, {})


@pytest.mark.parametrize("uptime_s", [0, 95, 4000])
@pytest.mark.parametrize("had", [True, False])
def test_a_boot_that_is_told_on_a_link_that_stayed_up_changes_nothing(had: bool, uptime_s: float) -> None:
    """A restart cuts the session. ``had``: the login's own was heard, else it is of a user without the class system."""
    told = Scene(Floor(boot=1000)).play(e.LinkDown(5000, "cut", since=4990), e.LinkUp(5001))
    told.play(e.Booted(5001, 4001) if had else (), snapshot(5001), talking(5002), dials_in(5003, "200.1"))
    before, boot = len(told.changes), told.floor.boot
    told.play(e.Booted(5090, uptime_s))
    assert [getattr(c, "kind", c) for c in told.changes[before:]] == ["impossible_boot"]
    assert ({r.ended_by for r in told.records()}, told.floor.boot) == ({None}, boot)


def test_a_second_boot_of_one_login_changes_nothing() -> None:
    told = Scene(Floor(boot=1000)).play(e.LinkDown(5000, "cut", since=4990), e.Booted(5001, 4001), e.LinkUp(5001))
    told.play(talking(5002), e.Booted(5003, 0), ticks(5005))
    assert ({r.ended_by for r in told.records()}, told.floor.boot) == ({None}, 1000)


def test_a_shutdown_that_hangs_up_on_everybody_is_a_loss_of_the_pbx() -> None:
    told = known(dials_in(0), joins(1), e.HangupAsked(5, CALLER, CALLER, 4, True), abandon(5), left(5), gone(5))
    assert (told.record().ended_by, told.visit().outcome) == ("pbx_lost", "abandoned")
