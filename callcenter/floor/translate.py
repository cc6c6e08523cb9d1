"""One AMI message to one Event, or none. Pure and stateless: what needs two messages belongs to the Floor.

A table names a reader for each wanted event.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.framing import Message, header
from callcenter.ami.headers import caller, channel, clock_s, leg_call, moment, number, text, whole
from callcenter.floor import events as e


def _created(raw: bytes, at: float) -> e.Event:
    state = whole(raw, b"\r\nChannelState: ")
    exten, context = text(raw, b"\r\nExten: "), text(raw, b"\r\nContext: ")
    return e.LegCreated(at, *leg_call(raw), channel(raw), state, *caller(raw), exten, context)


def _state(raw: bytes, at: float) -> e.Event:
    state, number_of = whole(raw, b"\r\nChannelState: "), text(raw, b"\r\nCallerIDNum: ")
    return e.LegState(at, *leg_call(raw), channel(raw), state, number_of)


def _asked(raw: bytes, at: float) -> e.Event:
    return e.HangupAsked(at, *leg_call(raw), whole(raw, b"\r\nCause: "), raw.startswith(b"Event: Soft"))


def _gone(raw: bytes, at: float) -> e.Event:
    return e.LegGone(at, *leg_call(raw), channel(raw), whole(raw, b"\r\nCause: "))


def _local(raw: bytes, at: float) -> e.Event:
    return e.LegsJoined(
        at,
        text(raw, b"\r\nLocalOneUniqueid: "),
        text(raw, b"\r\nLocalTwoUniqueid: "),
        text(raw, b"\r\nLocalOneLinkedid: "),
        text(raw, b"\r\nLocalOneChannel: "),
        text(raw, b"\r\nLocalTwoChannel: "),
    )


def _entered(raw: bytes, at: float) -> e.Event:
    return e.BridgeEntered(at, *leg_call(raw), channel(raw), text(raw, b"\r\nBridgeUniqueid: "))


def _left(raw: bytes, at: float) -> e.Event:
    return e.BridgeLeft(at, *leg_call(raw), channel(raw), text(raw, b"\r\nBridgeUniqueid: "))


def _dial_began(raw: bytes, at: float) -> e.Event:
    dest, dest_call = text(raw, b"\r\nDestUniqueid: "), text(raw, b"\r\nDestLinkedid: ")
    return e.DialBegan(
        at, *leg_call(raw), dest, dest_call, text(raw, b"\r\nDestChannel: "), text(raw, b"\r\nDialString: ")
    )


def _dial_ended(raw: bytes, at: float) -> e.Event:
    return e.DialEnded(at, *leg_call(raw), text(raw, b"\r\nDestUniqueid: "), text(raw, b"\r\nDialStatus: "))


def _blind(raw: bytes, at: float) -> e.Event:
    return e.BlindTransferred(
        at,
        text(raw, b"\r\nTransfererUniqueid: "),
        text(raw, b"\r\nTransfererLinkedid: "),
        text(raw, b"\r\nTransfereeUniqueid: "),
        text(raw, b"\r\nExtension: "),
        header(raw, b"\r\nResult: ") == b"Success",
    )


def _attended(raw: bytes, at: float) -> e.Event:
    return e.AttendedTransferred(
        at,
        text(raw, b"\r\nOrigTransfererUniqueid: "),
        text(raw, b"\r\nOrigTransfererLinkedid: "),
        text(raw, b"\r\nSecondTransfererUniqueid: "),
        text(raw, b"\r\nSecondTransfererLinkedid: "),
        text(raw, b"\r\nTransfereeUniqueid: "),
        text(raw, b"\r\nTransferTargetUniqueid: "),
        header(raw, b"\r\nResult: ") == b"Success",
    )


def _queue(raw: bytes) -> str:
    return text(raw, b"\r\nQueue: ")


def _tried(raw: bytes, at: float) -> e.Event:
    return e.QueueTried(at, *leg_call(raw), text(raw, b"\r\nAppData: ").partition(",")[0])


def _joined(raw: bytes, at: float) -> e.Event:
    return e.CallerJoined(at, *leg_call(raw), channel(raw), _queue(raw), whole(raw, b"\r\nPosition: "), *caller(raw))


def _result(raw: bytes, at: float) -> e.Event | None:
    status = text(raw, b"\r\nValue: ")
    return e.QueueResult(at, *leg_call(raw), status, "", False) if status else None


def _user(raw: bytes, at: float) -> e.Event | None:
    """``UserEvent(QueueDone,Queue: …,Status: …)``: the same news without the dialplan class (see ``dialplans/``)."""
    status = text(raw, b"\r\nStatus: ")
    return e.QueueResult(at, *leg_call(raw), status, _queue(raw), True) if status else None


def _offer(raw: bytes) -> tuple[str, str, str, str, str, str]:
    """(leg, call, queue, dest, interface, member). The call is on either side: one may lack its channel."""
    leg, call = leg_call(raw)
    call = call or text(raw, b"\r\nDestLinkedid: ")
    dest = text(raw, b"\r\nDestUniqueid: ")
    tail = max(0, raw.find(b"\r\nDestUniqueid: "))
    queue, interface = text(raw, b"\r\nQueue: ", tail), text(raw, b"\r\nInterface: ", tail)
    return leg, call, queue, dest, interface, text(raw, b"\r\nMemberName: ", tail)


def _agent_called(raw: bytes, at: float) -> e.Event:
    return e.AgentCalled(at, *_offer(raw))


def _agent_not_answered(raw: bytes, at: float) -> e.Event:
    return e.AgentNotAnswered(at, *_offer(raw), number(raw, b"\r\nRingTime: ") / 1000)


def _agent_connected(raw: bytes, at: float) -> e.Event:
    return e.AgentConnected(at, *_offer(raw), number(raw, b"\r\nHoldTime: "), number(raw, b"\r\nRingTime: "))


def _agent_completed(raw: bytes, at: float) -> e.Event:
    hold, talk = number(raw, b"\r\nHoldTime: "), number(raw, b"\r\nTalkTime: ")
    return e.AgentCompleted(at, *_offer(raw), hold, talk, text(raw, b"\r\nReason: "))


def _agent_dumped(raw: bytes, at: float) -> e.Event:
    return e.AgentDumped(at, *_offer(raw))


def _member(raw: bytes, at: float) -> e.Event:
    listed = raw.startswith(b"Event: QueueMember\r\n")
    interface, name = (b"\r\nLocation: ", b"\r\nName: ") if listed else (b"\r\nInterface: ", b"\r\nMemberName: ")
    return e.MemberSeen(
        at,
        _queue(raw),
        text(raw, interface),
        text(raw, name),
        text(raw, b"\r\nStateInterface: "),
        whole(raw, b"\r\nStatus: "),
        header(raw, b"\r\nPaused: ") == b"1",
        text(raw, b"\r\nPausedReason: "),
        whole(raw, b"\r\nPenalty: "),
        number(raw, b"\r\nWrapuptime: "),
        number(raw, b"\r\nLoginTime: "),
        listed,
    )


def _member_gone(raw: bytes, at: float) -> e.Event:
    return e.MemberGone(at, _queue(raw), text(raw, b"\r\nInterface: "))


def _queue_seen(raw: bytes, at: float) -> e.Event:
    return e.QueueSeen(at, _queue(raw), text(raw, b"\r\nStrategy: "), number(raw, b"\r\nServiceLevel: "))


def _entry(raw: bytes, at: float) -> e.Event:
    leg = text(raw, b"\r\nUniqueid: ")
    waited = number(raw[raw.rfind(b"\r\nWait: ") :], b"\r\nWait: ")  # Asterisk's own stands behind the names
    return e.EntrySeen(at, _queue(raw), leg, channel(raw), whole(raw, b"\r\nPosition: "), waited, *caller(raw))


def _listed_leg(raw: bytes, at: float) -> e.Event:
    return e.LegSeen(
        at,
        *leg_call(raw),
        channel(raw),
        whole(raw, b"\r\nChannelState: "),
        *caller(raw),
        text(raw, b"\r\nExten: "),
        text(raw, b"\r\nContext: "),
        text(raw, b"\r\nBridgeId: "),
        clock_s(text(raw, b"\r\nDuration: ")),
    )


def _booted(raw: bytes, at: float) -> e.Event | None:
    """It comes after each login: one that does not say when is no news, least of all of a boot now."""
    uptime = text(raw, b"\r\nUptime: ")
    return e.Booted(at, float(uptime[:12])) if uptime.removeprefix("-").isdecimal() else None


def _on_leg(kind: type[e.OnLeg]) -> Callable[[bytes, float], e.Event]:
    return lambda raw, at: kind(at, *leg_call(raw))


Reader = Callable[[bytes, float], e.Event | None]

READERS: dict[bytes, Reader] = {
    b"Newchannel": _created,
    b"Newstate": _state,
    b"NewCallerid": lambda raw, at: e.LegNamed(at, *leg_call(raw), *caller(raw)),
    b"HangupRequest": _asked,
    b"SoftHangupRequest": _asked,
    b"Hangup": _gone,
    b"LocalBridge": _local,
    b"BridgeEnter": _entered,
    b"BridgeLeave": _left,
    b"DialBegin": _dial_began,
    b"DialEnd": _dial_ended,
    b"Hold": _on_leg(e.Held),
    b"Unhold": _on_leg(e.Unheld),
    b"BlindTransfer": _blind,
    b"AttendedTransfer": _attended,
    b"Newexten": _tried,
    b"VarSet": _result,
    b"UserEvent": _user,
    b"QueueCallerJoin": _joined,
    b"QueueCallerLeave": lambda raw, at: e.CallerLeft(at, *leg_call(raw), _queue(raw)),
    b"QueueCallerAbandon": lambda raw, at: e.CallerAbandoned(at, *leg_call(raw), _queue(raw)),
    b"AgentCalled": _agent_called,
    b"AgentRingNoAnswer": _agent_not_answered,
    b"AgentConnect": _agent_connected,
    b"AgentComplete": _agent_completed,
    b"AgentDump": _agent_dumped,
    b"QueueMemberAdded": _member,
    b"QueueMemberPause": _member,
    b"QueueMemberPenalty": _member,
    b"QueueMemberRinginuse": _member,
    b"QueueMemberStatus": _member,
    b"QueueMemberRemoved": _member_gone,
    b"QueueParams": _queue_seen,
    b"QueueMember": _member,
    b"QueueEntry": _entry,
    b"QueueStatusComplete": lambda raw, at: e.QueuesListed(at),
    b"CoreShowChannel": _listed_leg,
    b"CoreShowChannelsComplete": lambda raw, at: e.LegsListed(at),
    b"FullyBooted": _booted,
    b"Shutdown": lambda raw, at: e.ShutDown(at),
}

WANTED: dict[bytes, bytes] = dict.fromkeys(READERS, b"") | {
    b"VarSet": b"\r\nVariable: QUEUESTATUS\r\n",
    b"UserEvent": b"\r\nUserEvent: QueueDone\r\n",
    b"Newexten": b"\r\nApplication: Queue\r\n",
}
"""What a :class:`~callcenter.ami.framing.Framer` lets through: the event's name, and what it must contain."""


def translate(message: Message, arrival: float) -> e.Event | None:
    """The Event of a message, None for a response or for news that says nothing.

    ``arrival`` (seconds since the epoch) stands in where the PBX sends no ``Timestamp``.
    """
    reader = READERS.get(message.name)
    return reader(message.raw, moment(message.raw, arrival)) if reader else None
