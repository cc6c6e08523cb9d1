"""Short words for events, so that a test reads as what happens on a PBX. Times are seconds; the PBX booted at 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from callcenter.floor import events as e
from callcenter.floor.changes import Change
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Visit

CALLER, PHONE = "100.1", "100.2"
ANNA, BEN = "PJSIP/1001", "PJSIP/1002"
NUMBER = "09121234567"
OF_CALLS = (
    "calls", "by_id", "legs", "bridges", "tries", "connected", "loose", "lingering", "suspects", "aliases", "doubts",
)  # fmt: skip
Kind = TypeVar("Kind", bound=Change)
Events = Iterable["e.Event | Events"]


class Scene:
    """A Floor and all that it said."""

    def __init__(self, floor: Floor | None = None) -> None:
        self.floor = floor or Floor()
        self.changes: list[Change] = []

    def play(self, *events: e.Event | Events) -> Scene:
        for event in events:
            if isinstance(event, e.Event):
                self.changes += self.floor.apply(event)
            else:
                self.play(*event)
        return self

    def said(self, kind: type[Kind]) -> list[Kind]:
        return [change for change in self.changes if isinstance(change, kind)]

    def record(self, call: str = CALLER) -> CallRecord:
        (record,) = [r for r in self.records() if r.linkedid == call]
        return record

    def records(self) -> list[CallRecord]:
        return [*self.floor.finished.values(), *(call.record() for call in self.floor.by_id.values())]

    def visit(self) -> Visit:
        (visit,) = self.record().visits
        return visit

    def left_open(self) -> dict[str, object]:
        """What is still there of calls; empty when all is well after the last Hangup."""
        left: dict[str, object] = {name: found for name in OF_CALLS if (found := getattr(self.floor, name))}
        left |= {name: queue.waiting for name, queue in self.floor.queues.items() if queue.waiting}
        for agent in self.floor.agents.all.values():
            if agent.rings or agent.legs or agent.talks or agent.wrap:
                left[agent.interface] = (agent.rings, agent.legs, agent.talks, agent.wrap)
        return left


def scene(*events: e.Event | Events) -> Scene:
    return Scene().play(*events)


# ---- channels -------------------------------------------------------------------------------------------------


def dials_in(at: float, leg: str = CALLER, number: str = NUMBER, call: str = "") -> e.Event:
    """A call comes in from the outside."""
    return e.LegCreated(at, leg, call or leg, f"PJSIP/trunk-{leg}", 4, number, "Zahra", "800", "inbound")


def channel(at: float, leg: str, endpoint: str, call: str = CALLER, state: int = 0) -> e.Event:
    number = endpoint.rpartition("/")[2]
    return e.LegCreated(at, leg, call, f"{endpoint}-{leg}", state, number, "", "s", "internal")


def up(at: float, leg: str, call: str = CALLER, endpoint: str = ANNA) -> e.Event:
    return e.LegState(at, leg, call, f"{endpoint}-{leg}", 6, "")


def asks_end(at: float, leg: str = CALLER, call: str = CALLER, cause: int = 16) -> e.Event:
    return e.HangupAsked(at, leg, call, cause, False)


def gone(at: float, leg: str = CALLER, call: str = CALLER, cause: int = 16) -> e.Event:
    return e.LegGone(at, leg, call, "", cause)


def enters(at: float, leg: str, bridge: str = "b1", call: str = CALLER) -> e.Event:
    return e.BridgeEntered(at, leg, call, f"PJSIP/x-{leg}", bridge)


def leaves(at: float, leg: str, bridge: str = "b1", call: str = CALLER) -> e.Event:
    return e.BridgeLeft(at, leg, call, "", bridge)


# ---- queues ---------------------------------------------------------------------------------------------------


def joins(at: float, queue: str = "sales", leg: str = CALLER, call: str = CALLER) -> e.Event:
    return e.CallerJoined(at, leg, call, f"PJSIP/trunk-{leg}", queue, 1, NUMBER, "Zahra")


def left(at: float, queue: str = "sales", leg: str = CALLER, call: str = CALLER) -> e.Event:
    return e.CallerLeft(at, leg, call, queue)


def abandon(at: float, queue: str = "sales", leg: str = CALLER, call: str = CALLER) -> e.Event:
    """QueueCallerAbandon: by itself it does not say that the caller hung up."""
    return e.CallerAbandoned(at, leg, call, queue)


def status(at: float, value: str, queue: str = "", told: bool = False, leg: str = CALLER) -> e.Event:
    """VarSet QUEUESTATUS; ``told``: the dialplan's UserEvent."""
    return e.QueueResult(at, leg, CALLER, value, queue, told)


def rings(at: float, phone: str = PHONE, who: str = ANNA, queue: str = "sales", leg: str = CALLER) -> Events:
    return (
        channel(at, phone, who, call=leg),
        e.AgentCalled(at, leg, leg, queue, phone, who, who[-4:]),
        e.DialBegan(at, leg, leg, phone, leg, f"{who}-{phone}", who),
        e.LegState(at, phone, leg, f"{who}-{phone}", 5, ""),
    )


def no_answer(at: float, phone: str = PHONE, who: str = ANNA, ring_s: float = 5.0, state: str = "NOANSWER") -> Events:
    return (
        e.DialEnded(at, CALLER, CALLER, phone, state),
        e.AgentNotAnswered(at, CALLER, CALLER, "sales", phone, who, who[-4:], ring_s),
        gone(at, phone),
    )


def connects(at: float, phone: str = PHONE, who: str = ANNA, queue: str = "sales", leg: str = CALLER) -> e.Event:
    return e.AgentConnected(at, leg, leg, queue, phone, who, who[-4:], 0.0, 0.0)


def answers(at: float, phone: str = PHONE, who: str = ANNA, queue: str = "sales", leg: str = CALLER) -> Events:
    return (
        up(at, phone, leg, who),
        e.DialEnded(at, leg, leg, phone, "ANSWER"),
        left(at, queue, leg, leg),
        connects(at, phone, who, queue, leg),
        enters(at, phone, f"b-{leg}", leg),
        enters(at, leg, f"b-{leg}", leg),
    )


def completes(
    at: float, reason: str = "caller", phone: str = PHONE, who: str = ANNA, queue: str = "sales", leg: str = CALLER
) -> e.Event:
    return e.AgentCompleted(at, leg, leg, queue, phone, who, who[-4:], 0.0, 0.0, reason)


def talking(start: float = 0.0, queue: str = "sales") -> Events:
    """Dials in, waits 5 s from second 1, and is answered by Anna."""
    return dials_in(start), joins(start + 1, queue), rings(start + 2, queue=queue), answers(start + 6, queue=queue)


def talked(start: float = 0.0, end: float = 65.0, queue: str = "sales") -> Events:
    return talking(start, queue), asks_end(end), completes(end, queue=queue), gone(end, PHONE), gone(end)


# ---- members and link -----------------------------------------------------------------------------------------


def member(
    at: float, who: str = ANNA, queue: str = "sales", paused: bool = False, reason: str = "", wrap_up: float = 0.0,
    device: int = 1, state_interface: str = "", name: str = "",
) -> e.Event:  # fmt: skip
    name = name or who[-4:]
    return e.MemberSeen(at, queue, who, name, state_interface, device, paused, reason, 0, wrap_up, 0.0, False)


def waits(at: float, waited: float, leg: str = CALLER, queue: str = "sales") -> e.Event:
    """QueueEntry of a snapshot: it has no Linkedid."""
    return e.EntrySeen(at, queue, leg, f"PJSIP/trunk-{leg}", 1, waited, NUMBER, "Zahra")


def lists(
    at: float, leg: str, age: float, call: str = CALLER, endpoint: str = "PJSIP/trunk", bridge: str = "", state: int = 6
) -> e.Event:
    """CoreShowChannel of a snapshot."""
    number = NUMBER if "trunk" in endpoint else endpoint[-4:]
    return e.LegSeen(at, leg, call, f"{endpoint}-{leg}", state, number, "", "800", "inbound", bridge, age)


def snapshot(at: float, *listed: e.Event | Events) -> Events:
    """Asked for at ``at``; every list ends half a second later."""
    members = [x for x in listed if isinstance(x, e.MemberSeen | e.EntrySeen)]
    legs = [x for x in listed if isinstance(x, e.LegSeen)]
    return (e.SnapshotBegan(at), members, e.QueuesListed(at + 0.5), legs, e.LegsListed(at + 0.5))


def ticks(*seconds: float) -> Events:
    return [e.Tick(at) for at in seconds]
