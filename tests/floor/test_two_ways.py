"""Lists and events come over two sessions: a list taken at any moment, delivered at any later one, changes nothing.

The truth is a small world that is kept by its own rules, not by the Floor's: who is a member, which channels are up in
which bridge, who waits.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scene import (
    ANNA,
    BEN,
    CALLER,
    PHONE,
    Events,
    Scene,
    abandon,
    asks_end,
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
    ticks,
    up,
)

from callcenter.floor import events as e
from callcenter.floor.changes import Change, Drift
from callcenter.floor.floor import Floor

START = 50_000.0
SECOND, THIRD = "110.1", "130.1"
BRIDGE = "b-1"


def flat(*events: Any) -> list[e.Event]:
    return [x for event in events for x in ([event] if isinstance(event, e.Event) else flat(*event))]


def spread(*events: Any) -> list[e.Event]:
    """No two things happen at once: a list may be taken between any two."""
    told = flat(*events)
    return [msgspec.structs.replace(event, at=START + event.at + 0.01 * n) for n, event in enumerate(told)]


def answered(at: float, leg: str, phone: str, who: str, bridge: str) -> Events:
    return (
        up(at, phone, leg, who), e.DialEnded(at, leg, leg, phone, "ANSWER"), left(at, leg=leg, call=leg),
        connects(at, phone, who, leg=leg), up(at, leg, leg, "PJSIP/trunk"),
        enters(at, phone, bridge, leg), enters(at, leg, bridge, leg),
    )  # fmt: skip


STORY = spread(
    member(0), member(0, BEN), dials_in(3), joins(3.2), rings(5), answered(9, CALLER, PHONE, ANNA, BRIDGE),
    member(10, BEN, paused=True, reason="lunch"), dials_in(12, SECOND), joins(12.3, leg=SECOND, call=SECOND),
    e.MemberGone(14, "sales", BEN), asks_end(15, SECOND, SECOND), abandon(15, leg=SECOND, call=SECOND),
    left(15, leg=SECOND, call=SECOND), gone(15, SECOND, SECOND), member(18, BEN), dials_in(20, THIRD),
    joins(20.1, leg=THIRD, call=THIRD), rings(20.2, "130.2", BEN, leg=THIRD),
    answered(20.6, THIRD, "130.2", BEN, "b-3"), leaves(24, PHONE, BRIDGE), leaves(24, CALLER, BRIDGE),
    enters(24.1, PHONE, "b-2"), enters(24.1, CALLER, "b-2"), asks_end(27), completes(27), gone(27, PHONE), gone(27),
    member(29, paused=True), completes(30, "agent", "130.2", BEN, leg=THIRD), leaves(30, "130.2", "b-3", THIRD),
    leaves(30, THIRD, "b-3", THIRD), gone(30, "130.2", THIRD), gone(30, THIRD, THIRD), member(33),
)  # fmt: skip
END = STORY[-1].at


class World:
    """What Asterisk itself knows after the first ``count`` events."""

    def __init__(self, count: int) -> None:
        self.members: dict[tuple[str, str], e.MemberSeen] = {}
        self.legs: dict[str, e.LegCreated] = {}
        self.state: dict[str, int] = {}
        self.bridge: dict[str, str] = {}
        self.waiting: dict[str, e.CallerJoined] = {}
        for event in STORY[:count]:
            self.hear(event)

    def hear(self, event: e.Event) -> None:
        match event:
            case e.MemberSeen():
                self.members[event.queue, event.interface] = event
            case e.MemberGone():
                del self.members[event.queue, event.interface]
            case e.LegCreated():
                self.legs[event.leg], self.state[event.leg], self.bridge[event.leg] = event, event.state, ""
            case e.LegState():
                self.state[event.leg] = event.state
            case e.BridgeEntered():
                self.bridge[event.leg] = event.bridge
            case e.BridgeLeft():
                self.bridge[event.leg] = ""
            case e.LegGone():
                del self.legs[event.leg]
            case e.CallerJoined():
                self.waiting[event.leg] = event
            case e.CallerLeft():
                self.waiting.pop(event.leg, None)

    def listed(self, asked: float, at: float) -> list[e.Event]:
        """The rows of QueueStatus and CoreShowChannels: times in whole seconds, as Asterisk gives them."""
        queues: list[e.Event] = [msgspec.structs.replace(m, at=at, snapshot=True) for m in self.members.values()]
        queues += [
            e.EntrySeen(at, w.queue, w.leg, w.channel, 1, float(int(at - w.at)), w.number, w.name)
            for w in self.waiting.values()
        ]
        legs = [
            e.LegSeen(at, leg.leg, leg.call, leg.channel, self.state[leg.leg], leg.number, leg.name, leg.exten,
                      leg.context, self.bridge[leg.leg], float(int(at - leg.at)))
            for leg in self.legs.values()
        ]  # fmt: skip
        return [e.SnapshotBegan(asked), *queues, e.QueuesListed(at), *legs, e.LegsListed(at)]


def began() -> Scene:
    return Scene(Floor()).play(
        e.LinkUp(START - 20), e.SnapshotBegan(START - 20), e.QueuesListed(START - 19.9), e.LegsListed(START - 19.9)
    )


def finished(scene: Scene) -> Scene:
    return scene.play(ticks(*(END + n for n in range(1, 20))))


def essence(changes: list[Change]) -> list[Change]:
    return [change for change in changes if not isinstance(change, Drift)]


PLAIN = finished(began().play(STORY))


def told(order: list[tuple[float, int, list[e.Event]]]) -> Scene:
    scene = began()
    for _, _, events in sorted(order, key=lambda one: one[:2]):
        scene.play(events)
    return finished(scene)


MOMENTS = st.floats(0.0, END - START + 2)
SNAPSHOTS = st.lists(st.tuples(MOMENTS, st.floats(0.0, 0.9), st.floats(0.0, 4.0)), min_size=1, max_size=6)


def test_the_story_alone_ends_with_nothing_left() -> None:
    assert (PLAIN.left_open(), PLAIN.floor.drifts) == ({}, {})
    outcomes = {r.linkedid: [v.outcome for v in r.visits] for r in PLAIN.records()}
    assert outcomes == {CALLER: ["answered"], SECOND: ["abandoned"], THIRD: ["answered"]}


@settings(deadline=None, max_examples=400)
@given(SNAPSHOTS)
@example([(9.3, 0.0, 1.5)])
def test_lists_that_come_behind_the_events_change_nothing(snapshots: list[tuple[float, float, float]]) -> None:
    """Each is asked for, taken a moment later, and delivered later still: its rows are older than many events."""
    order: list[tuple[float, int, list[e.Event]]] = [(event.at, 0, [event]) for event in STORY]
    for asked, after, late in snapshots:
        taken = START + asked + after
        world = World(sum(event.at <= taken for event in STORY))
        order.append((taken + late, 1, world.listed(START + asked, taken)))
    scene = told(order)
    assert scene.floor.drifts == {}
    assert scene.changes == PLAIN.changes
    assert scene.records() == PLAIN.records()


@settings(deadline=None, max_examples=400)
@given(SNAPSHOTS, st.floats(0.0, 1.8))
def test_lists_that_come_before_late_events_change_nothing(
    snapshots: list[tuple[float, float, float]], lag: float
) -> None:
    """The events are delivered late, so the rows are newer than some that are still to come."""
    order: list[tuple[float, int, list[e.Event]]] = [(event.at + lag, 0, [event]) for event in STORY]
    for asked, after, _ in snapshots:
        taken = START + asked + after
        world = World(sum(event.at <= taken for event in STORY))
        order.append((taken, 1, world.listed(START + asked, taken)))
    scene = told(order)
    assert scene.floor.drifts == {}
    assert scene.changes == PLAIN.changes
    assert scene.records() == PLAIN.records()


@settings(deadline=None, max_examples=200)
@given(SNAPSHOTS, st.integers(0, len(STORY) - 1))
def test_an_event_that_never_came_is_found_by_a_later_list(
    snapshots: list[tuple[float, float, float]], lost: int
) -> None:
    """Whatever is lost: after the next quiet list the Floor knows what Asterisk knows."""
    order: list[tuple[float, int, list[e.Event]]] = [(ev.at, 0, [ev]) for n, ev in enumerate(STORY) if n != lost]
    for asked, after, _ in [*snapshots, (END - START + 10, 0.0, 0.0)]:
        taken = START + asked + after
        world = World(sum(event.at <= taken for event in STORY))
        order.append((taken, 1, world.listed(START + asked, taken)))
    scene = told(order)
    truth = World(len(STORY))
    members = {(q, a.interface): m.paused for a in scene.floor.agents.all.values() for q, m in a.members.items()}
    assert members == {key: record.paused for key, record in truth.members.items()}
    assert scene.left_open() == {}
