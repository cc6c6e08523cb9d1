"""Which conversations of a call are those of a visit to a queue. Pure."""

from __future__ import annotations

import math

from callcenter.floor.records import Conversation, Visit

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
