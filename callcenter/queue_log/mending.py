"""One visit with what queue_log tells of it, and what follows for its conversation. Pure.

The log has whole seconds: where it and we tell the same within a second, ours stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from callcenter.floor.conversations import SAME_TALK_S, is_of, kept
from callcenter.floor.records import Attempt, CallRecord, Conversation, Outcome, Result, Transfer, Visit
from callcenter.queue_log.pairing import matched
from callcenter.queue_log.visits import LoggedVisit, Ring

SAME_S = 1.0
SAME_RING_S = 2.5
"""Both the end of a ring and its length are whole seconds where it was answered."""

Unseen = Callable[[float, float], bool]
"""Whether any of [start, end] lies in a hole."""
Interfaces = Mapping[str, str]
"""Member name → interface."""


class Mended(NamedTuple):
    """A visit as it was kept (None: not at all), as it is now, what the log has of it, and what was not seen.

    ``log`` and ``unseen`` are by the clock of the visit.
    """

    before: Visit | None
    after: Visit
    log: LoggedVisit
    unseen: Unseen

    @property
    def blind(self) -> bool:
        return blind(self.log, self.unseen)


def mended(before: Visit | None, log: LoggedVisit, unseen: Unseen, interfaces: Interfaces) -> Visit:
    if before is None:
        before = Visit(log.queue, log.entered_at, log.position)
    v = before
    if unseen(log.entered_at, log.entered_at):
        v = _entry(v, log)
    if v.outcome is Outcome.UNKNOWN or blind(log, unseen):
        v = _talk(_outcome(v, log, interfaces), log)
    v = _changed(v, attempts=_attempts(v, log, unseen, interfaces))
    return v if v == before else msgspec.structs.replace(v, repaired=True)


def blind(log: LoggedVisit, unseen: Unseen) -> bool:
    """Whether something of the visit was not seen: then we may have misread what came after, too."""
    return unseen(log.entered_at, math.inf if log.over_at is None else log.over_at)


def _changed(v: Visit, **fields: Any) -> Visit:
    return msgspec.structs.replace(v, **fields)


def _entry(v: Visit, log: LoggedVisit) -> Visit:
    """A snapshot tells how long somebody has been waiting, and the place in the queue as it is then."""
    v = _changed(v, position=log.position or v.position)
    if math.floor(v.entered_at) == log.entered_at:
        return v
    wait_s = None if v.left_at is None else max(0.0, v.left_at - log.entered_at)
    return _changed(v, entered_at=log.entered_at, wait_s=wait_s)


def _outcome(v: Visit, log: LoggedVisit, interfaces: Interfaces) -> Visit:
    if log.outcome is None:
        return _lost(v, log)
    same = v.outcome is log.outcome and v.wait_s is not None and abs(v.wait_s - log.wait_s) <= SAME_S
    if same:
        return v
    told = {"outcome": log.outcome, "wait_s": log.wait_s, "left_at": v.entered_at + log.wait_s}
    if log.outcome is Outcome.ANSWERED:
        told |= {"agent": log.agent, "interface": interfaces[log.agent]}
    return _changed(v, **told)


def _lost(v: Visit, log: LoggedVisit) -> Visit:
    """The PBX died while the caller waited, and nobody was left to log it."""
    if log.lost_at is None or v.outcome not in (None, Outcome.UNKNOWN):
        return v
    left_at = v.left_at or log.lost_at
    return _changed(v, outcome=Outcome.PBX_LOST, left_at=left_at, wait_s=max(0.0, left_at - v.entered_at))


def _talk(v: Visit, log: LoggedVisit) -> Visit:
    if v.outcome is not Outcome.ANSWERED or v.left_at is None:
        return v
    if log.completed_at is None:
        dead = log.lost_at is not None and v.talk_s is None
        return _changed(v, talk_s=0.0, hold_s=0.0, ended_by="pbx_lost") if dead else v
    same = (v.transferred, v.ended_by) == (log.transferred, log.ended_by)
    same = same and v.talk_s is not None and abs(v.talk_s - log.talk_s) <= SAME_S
    if same:
        return v
    hold_s = min(v.hold_s or 0.0, log.talk_s)
    return _changed(v, talk_s=log.talk_s, hold_s=hold_s, transferred=log.transferred, ended_by=log.ended_by)


# ---- attempts -------------------------------------------------------------------------------------------------


def _attempts(v: Visit, log: LoggedVisit, unseen: Unseen, interfaces: Interfaces) -> tuple[Attempt, ...]:
    """Ours, with those of the log that came to nothing in a hole, and the one that was answered in it."""
    rings = list(log.rings)
    if log.outcome is Outcome.ANSWERED and log.left_at is not None:
        rings.append(Ring(log.agent, log.left_at, log.ring_s, Result.ANSWERED, False))
    ours = list(v.attempts)
    near = [
        (gap + SAME_RING_S * _other_end(attempt, ring), n, m)
        for n, attempt in enumerate(ours)
        for m, ring in enumerate(rings)
        if attempt.agent == ring.agent and (gap := _gap(attempt, ring)) is not None
    ]
    known = {m: n for n, m in matched(near)}
    for m, ring in enumerate(rings):
        if not unseen(ring.began_at, ring.ended_at):
            continue
        if m not in known:
            ours.append(_attempt(ring, interfaces[ring.agent], v.entered_at))
        elif _says_more(ring, ours[known[m]]):
            fields = {"result": ring.result, "rang_s": ring.rang_s, "unanswered": ring.unanswered}
            ours[known[m]] = msgspec.structs.replace(ours[known[m]], **fields)
    return tuple(sorted(ours, key=lambda attempt: attempt.at))


def _gap(attempt: Attempt, ring: Ring) -> float | None:
    """How far apart they began; None when too far. A hole moves the end of one of ours, never its beginning.

    What is logged happened half a second later on the average.
    """
    began = abs(attempt.at - ring.began_at - 0.5)
    return began if began <= SAME_RING_S else None


def _other_end(attempt: Attempt, ring: Ring) -> bool:
    """Of two rings of one agent within a second, the one that ended alike is the same."""
    return attempt.result is not None and attempt.unanswered is not ring.unanswered


def _says_more(ring: Ring, ours: Attempt) -> bool:
    if ring.unanswered:
        return not ours.unanswered
    return ours.result is None or (ring.result is Result.ANSWERED and ours.result is not Result.ANSWERED)


def _attempt(ring: Ring, interface: str, entered_at: float) -> Attempt:
    began_at = max(entered_at, ring.began_at)
    return Attempt(ring.agent, interface, began_at, ring.rang_s, ring.result, ring.unanswered)


# ---- conversations and transfers ------------------------------------------------------------------------------


def conversations(record: CallRecord, parts: Iterable[Mended], visits: Iterable[Visit]) -> tuple[Conversation, ...]:
    """Those that are known stay in their order; those that are not come after them. ``visits`` as they are now."""
    talks = [record.conversations[n] for n in kept(record, visits)]
    for part in parts:
        v = part.after
        if v.outcome is not Outcome.ANSWERED or v.left_at is None:
            continue
        known = [(abs(talk.from_ - v.left_at), n) for n, talk in enumerate(talks) if is_of(talk, v)]
        if known:
            place = min(known)[1]
            talks[place] = _mended_talk(talks[place], part)
        elif v.talk_s is not None and part.blind:
            talks.append(_talk_of(v, record.number))
    return tuple(talks)


def within(talk: Conversation, ended_at: float | None) -> Conversation:
    """None goes on when its call is over."""
    if ended_at is None or (talk.to is not None and talk.to <= ended_at) or talk.from_ > ended_at:
        return talk
    talk_s = max(0.0, ended_at - talk.from_ - talk.hold_s)
    return msgspec.structs.replace(talk, to=ended_at, talk_s=talk_s)


def _mended_talk(talk: Conversation, part: Mended) -> Conversation:
    v = part.after
    began_at = v.left_at if v.left_at is not None and talk.from_ - v.left_at > SAME_S else talk.from_
    ended_at, ended_by, hold_s = talk.to, talk.ended_by, talk.hold_s
    if v.talk_s is not None and v.left_at is not None and part.blind:
        over_at = v.left_at + v.talk_s
        guessed = talk.to is None or talk.ended_by == "unknown" or part.unseen(talk.to, talk.to)
        if talk.to is None or (guessed and abs(talk.to - over_at) > SAME_S):
            ended_at, ended_by, hold_s = max(over_at, began_at), v.ended_by, min(talk.hold_s, v.talk_s)
    if (began_at, ended_at, v.queue) == (talk.from_, talk.to, talk.queue):
        return talk
    talk_s = None if ended_at is None else max(0.0, ended_at - began_at - hold_s)
    fields = {"from_": began_at, "to": ended_at, "talk_s": talk_s, "hold_s": hold_s, "ended_by": ended_by}
    return msgspec.structs.replace(talk, queue=v.queue, **fields)


def _talk_of(v: Visit, number: str) -> Conversation:
    assert v.left_at is not None and v.talk_s is not None
    return Conversation(
        v.interface or "", v.agent, number, v.queue, v.left_at, v.left_at + v.talk_s, v.talk_s, 0.0, v.ended_by
    )


def transfers(record: CallRecord, parts: Iterable[Mended]) -> tuple[Transfer, ...]:
    out = list(record.transfers)
    for part in parts:
        log, at = part.log, part.log.completed_at
        if not log.transfer or at is None or not part.blind:
            continue
        if not any(t.kind == log.transfer and abs(t.at - at) <= SAME_TALK_S for t in record.transfers):
            out.append(Transfer(log.transfer, part.after.interface or "", log.transfer_to, at))
    return tuple(out)
