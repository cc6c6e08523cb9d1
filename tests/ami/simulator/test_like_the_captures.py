"""The simulator's messages beside those of a real Asterisk 22: same headers, same order."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

BEHAVIOURS, LOAD, EVERYTHING = "ast22-behaviours.ami.gz", "ast22-load.ami.gz", "ast22-everything.ami.gz"
CAPTURED = (BEHAVIOURS, LOAD, EVERYTHING)
STORY = json.loads((Path(__file__).parents[2] / "captures/ast22-everything.story.json").read_text())
"""What the scripted phones of that capture did, call by call."""


def shape(message):
    return tuple(name for name, _ in message)


@pytest.fixture(scope="module")
def shapes(captured):
    """Event → the header lists that real messages of it have."""
    found = defaultdict(set)
    for name in CAPTURED:
        for message in captured(name):
            if message[0][0] == "Event":
                found[message[0][1]].add(shape(message))
    return found


def test_every_message_has_exactly_the_headers_of_a_captured_one_in_their_order(busy, shapes):
    seen = set()
    for message in busy.messages:
        if message[0][0] == "Event":
            headers = shape(message)
            if dict(message).get("UserEvent") == "IVR":
                headers = (*headers[:-2], "Uid", "Choice")
            assert headers in shapes[message[0][1]], message
            seen.add(message[0][1])
    assert len(seen) >= 35, sorted(seen)


def test_the_class_of_every_event_is_that_of_a_captured_one(busy, captured):
    real = {m[0][1]: dict(m).get("Privilege") for name in CAPTURED for m in captured(name) if m[0][0] == "Event"}
    for event in busy.events:
        if event["Event"] in real:
            assert event.get("Privilege") == real[event["Event"]], event


def test_a_list_reply_begins_and_ends_as_the_captured_one(busy, captured):
    def reply(messages):
        at = next(n for n, m in enumerate(messages) if ("EventList", "start") in m)
        end = next(n for n, m in enumerate(messages) if m[0] == ("Event", "QueueStatusComplete"))
        return messages[at], messages[end], end - at - 1

    ours, theirs = reply(busy.messages), reply(captured(BEHAVIOURS))
    assert shape(ours[0]) == shape(theirs[0]) and shape(ours[1]) == shape(theirs[1])
    assert int(dict(ours[1])["ListItems"]) == ours[2]
    assert int(dict(theirs[1])["ListItems"]) == theirs[2]


def test_the_stream_opens_as_a_captured_one(busy, captured):
    ours, theirs = busy.messages, captured(BEHAVIOURS)
    for n in range(4):
        assert shape(ours[n]) == shape(theirs[n])
    assert ours[0][0] == theirs[0][0], "the banner and the login's answer share a message"


# ---- orders -----------------------------------------------------------------------------------------------------

UNORDERED = {"NewConnectedLine", "DialState", "NewCallerid", "VarSet", "Newexten", "CEL", "Cdr", "TestEvent",
             "RTCPSent", "RTCPReceived", "DTMFEnd"}
"""What Asterisk sends from other threads: their place among the others varies from call to call in the captures."""


PARTS = ("", "Dest", "Transferer", "OrigTransferer", "SecondTransferer")


def role(channel):
    if channel.startswith("Local/"):
        return "local" + channel[-1]
    return "trunk" if "/trunk-" in channel else "agent"


def steps(events, call, legs_of):
    """What each channel of a call goes through: a set of (part in the event, role, steps).

    Asterisk promises no order but that of one channel, and of what one thread says; so a channel's own events and
    those in which it is dialled, or transfers, are looked at apart, and so is AgentComplete, which app_queue sends when
    it hears of the end (in the captures before or after the channels' own last events). That every member of a
    ringall queue is called for the same caller counts once.
    """
    by_leg = defaultdict(list)
    for e in legs_of(events, call):
        name = e["Event"]
        if name in UNORDERED:
            continue
        if name == "AgentComplete":
            by_leg[name, e["Reason"], e["DestUniqueid"]].append(name)
            continue
        detail = e.get("DialStatus") or e.get("ChannelState" if name in ("Newchannel", "Newstate") else "Cause", "")
        for part in PARTS:
            if e.get(f"{part}Uniqueid"):
                by_leg[part, role(e[f"{part}Channel"]), e[f"{part}Uniqueid"]].append(f"{name} {detail}".strip())
    return {(part, who, tuple(dict.fromkeys(said))) for (part, who, _), said in by_leg.items()}


def started(events):
    """The Linkedids of the calls in which a channel called us."""
    return {e["Linkedid"] for e in events if e["Event"] == "Newchannel" and e["Uniqueid"] == e["Linkedid"]}


def call_of(real, who):
    """The Linkedid of the captured call of this caller, or with this behaviour in the capture's story."""
    told = [c for c in STORY["calls"] if c["behaviour"] == who]
    number = (told[0]["caller"] if len(told[0]["caller"]) > 4 else told[0]["number"]) if told else who
    return next(e["Linkedid"] for e in real if e["Event"] == "Newchannel" and number in (e["CallerIDNum"], e["Exten"]))


ONE_WAY = {"agent_ends": 0.0}
AGENT_ENDS = {"agent_ends": 1.0}
SCENES = [
    # scene, capture, the captured caller or behaviour, our habits, our queues' strategy
    ("answered, the caller hangs up", BEHAVIOURS, "09125550000", ONE_WAY, "leastrecent"),
    ("answered, the agent hangs up", EVERYTHING, "agent hangs up", AGENT_ENDS, "leastrecent"),
    ("blind transfer", BEHAVIOURS, "09125550003", ONE_WAY | {"blind": 1.0}, "leastrecent"),
    ("attended transfer", EVERYTHING, "attended transfer", ONE_WAY | {"attended": 1.0}, "leastrecent"),
    ("Local member, the caller hangs up", BEHAVIOURS, "09125550007", ONE_WAY, "rrmemory"),
    ("Local member, the agent hangs up", EVERYTHING, "Local member hangs up", AGENT_ENDS, "rrmemory"),
    ("all are rung, one answers", BEHAVIOURS, "09125550002", ONE_WAY, "ringall"),
    ("all are rung, the caller leaves", EVERYTHING, "all ring, the caller leaves",
     {"patience_s": 5.0, "ring_s": 90.0}, "ringall"),
    ("busy, then another one answers", EVERYTHING, "second agent answers, the first is busy",
     ONE_WAY | {"busy": 0.4}, "leastrecent"),
    ("silent, then another one answers", EVERYTHING, "second agent answers, the first does not",
     ONE_WAY | {"ring_out": 0.4}, "leastrecent"),
    ("leaves by key", EVERYTHING, "leaves by key", {"key_exit": 1.0, "ring_s": 500.0}, "leastrecent"),
    ("the caller hangs up while on hold", EVERYTHING, "caller hangs up while on hold",
     ONE_WAY | {"hold": 1.0}, "leastrecent"),
    ("direct call", EVERYTHING, "direct call, answered", ONE_WAY | {"direct": 1.0}, ""),
    ("direct call, the agent hangs up", EVERYTHING, "direct call, agent hangs up", AGENT_ENDS | {"direct": 1.0}, ""),
    ("direct call, given up", EVERYTHING, "direct call, the caller gives up", {"direct": 1.0}, ""),
    ("direct call, nobody answers", EVERYTHING, "direct call, nobody answers", {"direct": 1.0, "ring_out": 0.5}, ""),
    ("direct call, busy", EVERYTHING, "direct call, busy", {"direct": 1.0, "busy": 1.0}, ""),
    ("outgoing", EVERYTHING, "outgoing, answered", ONE_WAY | {"outgoing": 1.0}, ""),
    ("outgoing, the other side hangs up", EVERYTHING, "outgoing, the other side hangs up",
     AGENT_ENDS | {"outgoing": 1.0}, ""),
    ("outgoing, given up", EVERYTHING, "outgoing, given up", {"outgoing": 1.0}, ""),
    ("outgoing, busy", EVERYTHING, "outgoing, busy", {"outgoing": 1.0}, ""),
    ("IVR only", EVERYTHING, "IVR only", {"ivr": 1.0}, ""),
]


@pytest.mark.parametrize(("scene", "capture", "number", "habits", "strategy"), SCENES, ids=[s[0] for s in SCENES])
def test_each_channel_goes_through_the_steps_of_the_captured_one(
    centre, captured, legs_of, scene, capture, number, habits, strategy,
):
    real = [dict(m) for m in captured(capture) if m[0][0] == "Event"]
    expected = steps(real, call_of(real, number), legs_of)
    queue = {"strategy": strategy, "max_wait_s": 900} if strategy else {}
    ours = centre(80, 30, 4, habits=habits, queue=queue, seed=5, calls_per_hour=60)
    found = [steps(ours.events, call, legs_of) for call in started(ours.events)]
    nearest = min(found, key=lambda one: len(expected ^ one))
    assert nearest == expected, scene


QUEUE_STEPS = {
    "QueueCallerJoin", "AgentCalled", "AgentRingNoAnswer", "QueueCallerAbandon", "QueueCallerLeave", "AgentConnect",
    "AgentComplete", "HangupRequest",
}


def queue_steps(events, call, legs_of):
    caller = call
    return [
        e["Event"] for e in legs_of(events, call)
        if e["Event"] in QUEUE_STEPS and (e["Event"] != "HangupRequest" or e["Uniqueid"] == caller)
    ]


def test_a_caller_who_gives_up_is_told_of_in_the_captured_order(centre, captured, legs_of):
    real = [dict(m) for m in captured(BEHAVIOURS) if m[0][0] == "Event"]
    ours = centre(80, 4, 1, habits={"patience_s": 8.0, "ring_s": 60.0}, seed=5, calls_per_hour=300)
    expected = queue_steps(real, "1795298491.61", legs_of)[-3:]
    given_up = [c for e in ours.named("QueueCallerAbandon") for c in [e["Uniqueid"]]]
    assert len(given_up) > 20
    for call in given_up:
        assert queue_steps(ours.events, call, legs_of)[-3:] == expected == [
            "HangupRequest", "QueueCallerAbandon", "QueueCallerLeave"]


def test_a_timeout_overflows_in_the_captured_order(centre, captured, legs_of):
    real = [dict(m) for m in captured(LOAD) if m[0][0] == "Event"]
    wanted = ["AgentCalled", "AgentRingNoAnswer", "QueueCallerAbandon", "QueueCallerLeave", "QueueCallerJoin"]
    seen = queue_steps(real, "1795298574.197", legs_of)
    assert seen[1:6] == wanted
    queue = {"max_wait_s": 20, "ring_s": 30.0}
    ours = centre(60, 6, 2, habits={"ring_out": 1.0}, queue=queue, seed=5, calls_per_hour=40)
    found = [queue_steps(ours.events, c, legs_of) for c in started(ours.events)]
    assert any(one[1:6] == wanted for one in found)
