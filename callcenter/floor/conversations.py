"""Which conversations of a call are those of a visit to a queue. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from callcenter.floor.records import CallRecord, Conversation, Outcome, Visit

SAME_TALK_S = 3.0
LOG_CUTS_S = 2.0
"""What queue_log told of a visit ended up to so much later: its beginning and its length are whole seconds."""


def is_of(talk: Conversation, v: Visit) -> bool:
    """One that only a snapshot showed began, for us, with the snapshot, and outside of any queue."""
    if talk.interface != v.interface or v.left_at is None:
        return False
    until = math.inf if v.talk_s is None else v.left_at + v.talk_s + LOG_CUTS_S
    shown = talk.queue is None and v.left_at - SAME_TALK_S <= talk.from_ <= until
    return shown or (talk.queue == v.queue and abs(talk.from_ - v.left_at) <= SAME_TALK_S)


def kept(record: CallRecord, visits: Iterable[Visit]) -> list[int]:
    """The places of the conversations that are one of their own. ``visits``: as queue_log has mended them.

    Where a hole hid a part of one, or that a Local channel went out of it, we have it twice: outside of any queue, too.
    The one that lasts longest stays.
    """
    talks, doubled = record.conversations, set[int]()
    for v in visits if record.seen != "whole" else ():
        if v.outcome is Outcome.ANSWERED and v.left_at is not None:
            own = [n for n, talk in enumerate(talks) if is_of(talk, v)]
            queued = sorted((abs(talks[n].from_ - v.left_at), n) for n in own if talks[n].queue is not None)
            own = [n for n in own if talks[n].queue is None] + [n for _, n in queued[:1]]
            longest = max(own, key=lambda n: _until(talks[n]), default=-1)
            doubled |= {n for n in own if n != longest and talks[n].to is not None}
    return [n for n in range(len(talks)) if n not in doubled]


def _until(talk: Conversation) -> float:
    return math.inf if talk.to is None else talk.to
