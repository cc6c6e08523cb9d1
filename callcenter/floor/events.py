"""What can happen on a PBX, as the Floor understands it. Pure values, one class a happening.

An Event is made from exactly one AMI message by :mod:`callcenter.floor.translate`, or by the link itself
(:class:`LinkDown`, :class:`Tick`). Every Event carries ``at``, seconds since the epoch: the PBX's own ``Timestamp``
where it sent one, else the time of arrival. ``leg`` is a channel's Uniqueid, ``call`` its Linkedid; both may be ''
where Asterisk left them out (2-3 % of AgentComplete lack one side).

msgspec structs are used instead of frozen dataclasses because an Event is made for every wanted message:
construction is about eight times faster, and they encode themselves for the journal.
"""

from __future__ import annotations

import msgspec

from callcenter.floor.records import CallRecord, Visit


class Event(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="event"):
    """Something that happened at ``at`` (seconds since the epoch)."""

    at: float


class OnLeg(Event, frozen=True, gc=False):
    """Something that happened to one channel."""

    leg: str
    call: str


# ---- channels -------------------------------------------------------------------------------------------------


class LegCreated(OnLeg, frozen=True, gc=False):
    """Newchannel. ``state`` is AST_STATE: 0 down, 4 ring (it calls us), 5 ringing (we call it), 6 up."""

    channel: str
    state: int
    number: str
    name: str
    exten: str
    context: str


class LegState(OnLeg, frozen=True, gc=False):
    """Newstate. ``number`` is known late for an outgoing call."""

    channel: str
    state: int
    number: str


class LegNamed(OnLeg, frozen=True, gc=False):
    """NewCallerid: the channel's caller number or name changed."""

    number: str
    name: str


class HangupAsked(OnLeg, frozen=True, gc=False):
    """HangupRequest or SoftHangupRequest: this side asked for the end. ``soft``: Asterisk itself asked."""

    cause: int
    soft: bool


class LegGone(OnLeg, frozen=True, gc=False):
    """Hangup: the channel is no more. ``cause`` is the Q.850 cause."""

    channel: str
    cause: int


class LegsJoined(Event, frozen=True, gc=False):
    """LocalBridge: the two halves of one Local channel."""

    one: str
    two: str
    call: str
    channel_one: str
    channel_two: str


class BridgeEntered(OnLeg, frozen=True, gc=False):
    channel: str
    bridge: str


class BridgeLeft(OnLeg, frozen=True, gc=False):
    channel: str
    bridge: str


class DialBegan(OnLeg, frozen=True, gc=False):
    """DialBegin. ``leg`` is the dialling side ('' for an Originate), ``dest`` the dialled one."""

    dest: str
    dest_call: str
    dest_channel: str
    dial_string: str


class DialEnded(OnLeg, frozen=True, gc=False):
    """DialEnd. ``status``: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL …"""

    dest: str
    status: str


class Held(OnLeg, frozen=True, gc=False):
    """Hold: this channel put the other side on hold."""


class Unheld(OnLeg, frozen=True, gc=False):
    pass


class BlindTransferred(OnLeg, frozen=True, gc=False):
    """BlindTransfer. ``leg`` is the transferer, ``transferee`` the one sent away ('' when several were bridged)."""

    transferee: str
    extension: str
    success: bool


class AttendedTransferred(OnLeg, frozen=True, gc=False):
    """AttendedTransfer. ``leg`` is the transferer's first channel (towards the caller), ``second`` its consultation."""

    second: str
    second_call: str
    transferee: str
    target: str
    success: bool


# ---- queues ---------------------------------------------------------------------------------------------------


class QueueTried(OnLeg, frozen=True, gc=False):
    """Newexten with Application Queue: the dialplan is about to enter ``queue`` (needs the dialplan class)."""

    queue: str


class CallerJoined(OnLeg, frozen=True, gc=False):
    """QueueCallerJoin."""

    channel: str
    queue: str
    position: int
    number: str
    name: str


class CallerLeft(OnLeg, frozen=True, gc=False):
    """QueueCallerLeave: sent on every exit, before AgentConnect."""

    queue: str


class CallerAbandoned(OnLeg, frozen=True, gc=False):
    """QueueCallerAbandon: NOT "the caller hung up"; also a timeout, an empty queue, a withdrawal."""

    queue: str


class QueueResult(OnLeg, frozen=True, gc=False):
    """Why Queue() ended: ``VarSet QUEUESTATUS``, or the dialplan's ``UserEvent(QueueDone,…)`` (``told`` is true)."""

    status: str
    queue: str
    told: bool


class AgentCalled(OnLeg, frozen=True, gc=False):
    queue: str
    dest: str
    interface: str
    member: str


class AgentNotAnswered(OnLeg, frozen=True, gc=False):
    """AgentRingNoAnswer. ``ring_s`` is in seconds here (Asterisk sends milliseconds)."""

    queue: str
    dest: str
    interface: str
    member: str
    ring_s: float


class AgentConnected(OnLeg, frozen=True, gc=False):
    queue: str
    dest: str
    interface: str
    member: str
    hold_s: float
    ring_s: float


class AgentCompleted(OnLeg, frozen=True, gc=False):
    """AgentComplete: ``reason`` is caller, agent or transfer. ``leg`` or ``dest`` may be ''."""

    queue: str
    dest: str
    interface: str
    member: str
    hold_s: float
    talk_s: float
    reason: str


class AgentDumped(OnLeg, frozen=True, gc=False):
    """AgentDump: the agent hung up during the announcement, before the connect."""

    queue: str
    dest: str
    interface: str
    member: str


# ---- members --------------------------------------------------------------------------------------------------


class MemberSeen(Event, frozen=True, gc=False):
    """The whole member record: QueueMemberAdded/Pause/Penalty/Ringinuse/Status, or QueueMember of a snapshot.

    ``device`` is AST_DEVICE: 1 not in use, 2 in use, 4 invalid, 5 unavailable, 6 ringing, 8 on hold.
    """

    queue: str
    interface: str
    name: str
    state_interface: str
    device: int
    paused: bool
    reason: str
    penalty: int
    wrap_up_s: float
    login_at: float
    snapshot: bool


class MemberGone(Event, frozen=True, gc=False):
    """QueueMemberRemoved."""

    queue: str
    interface: str


# ---- snapshot and link ----------------------------------------------------------------------------------------


class QueueSeen(Event, frozen=True, gc=False):
    """QueueParams of a snapshot."""

    queue: str
    strategy: str
    service_level_s: float


class EntrySeen(Event, frozen=True, gc=False):
    """QueueEntry of a snapshot: someone waits. ``waited_s`` so far. It has no Linkedid."""

    queue: str
    leg: str
    channel: str
    position: int
    waited_s: float
    number: str
    name: str


class LegSeen(OnLeg, frozen=True, gc=False):
    """CoreShowChannel of a snapshot. ``age_s``: since its creation; ``bridge`` is '' outside bridges."""

    channel: str
    state: int
    number: str
    name: str
    exten: str
    context: str
    bridge: str
    age_s: float


class SnapshotAsked(Event, frozen=True, gc=False):
    """A snapshot's first request is sent: whatever is created from here on need not be in it.

    ``ahead_s``: how far the PBX's clock was ahead of ours then, but for the times that it was set: of a PBX whose clock
    goes at another pace nobody could tell later what time it was.
    """

    ahead_s: float = 0.0


class SnapshotBegan(Event, frozen=True, gc=False):
    """The rows of a snapshot follow. ``at``: when it was asked for, unless SnapshotAsked has told."""


class QueuesListed(Event, frozen=True, gc=False):
    """QueueStatusComplete: a member or a waiting caller that the list did not name is gone."""


class LegsListed(Event, frozen=True, gc=False):
    """CoreShowChannelsComplete: a channel that the list did not name is gone (unless there was no list)."""

    complete: bool = True


class Booted(Event, frozen=True, gc=False):
    """FullyBooted, sent after each login. ``uptime_s`` tells a reconnect from a restart."""

    uptime_s: float


class ShutDown(Event, frozen=True, gc=False):
    """Shutdown: Asterisk is going away."""


class LinkUp(Event, frozen=True, gc=False):
    pass


class LinkDown(Event, frozen=True, gc=False):
    """``since``: up to which moment of the PBX we know what happened (0: up to now); the hole begins there."""

    reason: str
    since: float = 0.0


class ClockStepped(Event, frozen=True, gc=False):
    """The PBX's clock was set by ``by_s`` seconds (forward > 0): what is under way began so much later by it."""

    by_s: float


class VisitsLogged(Event, frozen=True):
    """What the PBX's queue_log tells of a call that is up, or has just ended; ``call`` is a Linkedid.

    ``record``: the call with that; ``visits``: those that changed by it, as (before or None, after).
    """

    call: str
    record: CallRecord
    visits: tuple[tuple[Visit | None, Visit], ...]


class Tick(Event, frozen=True, gc=False):
    """Time passes: what ends by time alone (wrap-up) ends now."""
