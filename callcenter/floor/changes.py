"""What the Floor says when something became true: small immutable facts, each with its time. Pure values.

Sinks (store, figures, wallboard, desk, metrics) live on these; none of them ever sees the Floor. ``call`` is the
public id of the call, '' where a Change belongs to no call.
"""

from __future__ import annotations

import msgspec

from callcenter.floor.records import AgentState, Attempt, Conversation, Span, Transfer, Visit


class Change(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="change"):
    at: float
    call: str


class CallStarted(Change, frozen=True, gc=False):
    number: str
    called: str


class CallAnswered(Change, frozen=True, gc=False):
    pass


class CallEnded(Change, frozen=True, gc=False):
    ended_by: str
    cause: int | None


class CallMerged(Change, frozen=True, gc=False):
    """The legs of this call went over into another one (attended transfer)."""

    into: str


class VisitEntered(Change, frozen=True, gc=False):
    """``key`` identifies the visit within the process: figures keep their row by it."""

    key: int
    queue: str
    position: int


class VisitRevived(Change, frozen=True, gc=False):
    """A visit that an earlier process saw begin is under way here, as number ``key``: it waits, or is answered."""

    key: int
    visit: Visit


class VisitEnded(Change, frozen=True, gc=False):
    """The visit's outcome is decided (answered included)."""

    key: int
    visit: Visit


class VisitCompleted(Change, frozen=True, gc=False):
    """An answered visit's conversation is over; ``visit`` has talk, hold, the transfer and who ended it."""

    key: int
    visit: Visit


class VisitTransferred(Change, frozen=True, gc=False):
    """A visit whose end was told already turned out to be a transfer; ``visit`` says so now."""

    key: int
    visit: Visit


class VisitRepaired(Change, frozen=True):
    """The PBX's queue_log told more of a visit than we saw: ``before`` is how it was kept, None when not at all.

    ``key``: the visit's number where this process knows it, else 0.
    """

    before: Visit | None
    visit: Visit
    key: int = 0


class AttemptStarted(Change, frozen=True, gc=False):
    key: int
    queue: str
    agent: str
    interface: str


class AttemptEnded(Change, frozen=True, gc=False):
    key: int
    queue: str
    attempt: Attempt


class ConversationStarted(Change, frozen=True, gc=False):
    conversation: Conversation


class ConversationEnded(Change, frozen=True, gc=False):
    conversation: Conversation


class HoldChanged(Change, frozen=True, gc=False):
    interface: str
    held: bool


class Transferred(Change, frozen=True, gc=False):
    transfer: Transfer


class WrapUpEnded(Change, frozen=True, gc=False):
    """After-call work of visit ``key`` took ``wrap_up_s``."""

    key: int
    queue: str
    agent: str
    wrap_up_s: float


class AgentChanged(Change, frozen=True, gc=False):
    """An agent went into another state. ``ended`` is the span that is over (None at first sight)."""

    agent: str
    name: str
    state: AgentState
    reason: str
    queue: str | None
    ended: Span | None


class MemberChanged(Change, frozen=True, gc=False):
    """An agent joined, left or was paused in one queue."""

    agent: str
    queue: str
    member: bool
    paused: bool
    reason: str


class LinkChanged(Change, frozen=True, gc=False):
    """``at``: since when nothing is seen, or from when on everything is seen again."""

    up: bool
    reason: str


class TimeShifted(Change, frozen=True, gc=False):
    """The PBX's clock was set by ``by_s`` seconds: all that is kept of the running day moves along with it."""

    by_s: float


class CallShifted(Change, frozen=True, gc=False):
    """The PBX's clock was set by ``by_s`` while the call was up: what goes on in it began so much later by it."""

    by_s: float


class PbxRestarted(Change, frozen=True, gc=False):
    booted_at: float


class Drift(Change, frozen=True, gc=False):
    """An impossible (state, event) pair: Asterisk is the authority, a snapshot follows."""

    kind: str
    detail: str
