"""From a board, and from a call, to messages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from callcenter import __version__, shown
from callcenter.config import Site
from callcenter.floor.records import CallRecord, Visit, rfc3339
from callcenter.floor.wallboard import Wallboard
from callcenter.mqtt.table import AGENT, ALL, CALL, KPI, QUEUE, STATUS, topic
from callcenter.numbers import no_number

OFFLINE = msgspec.json.encode({"status": "offline"})
"""Of the Last Will, which knows no time."""


FROM_PBX = ("interface", "name", "reason", "queue", "queues", "paused_in")
"""What people and the PBX name."""
OURS = ("started_at",)
"""Its digits are no phone number."""


class Message(NamedTuple):
    """``topic``: the whole of it. ``told``: what it says, whatever the time and its number; it is published when that
    is not what was said."""

    topic: str
    told: bytes
    payload: bytes


def now(board: Wallboard, site: Site, root: str, started_at: float) -> Iterator[Message]:
    """How it is: of the daemon, of each queue, of each agent."""
    stamp = _stamp(board, site)
    yield _message(topic(root, STATUS), stamp, _bare(_status(board, site, started_at)))
    for q in board.now.queues:
        told = shown.queue(q, board.now, board.targets.get(q.name, {}), site.zone)
        yield _message(topic(root, QUEUE, no_number(q.name)), stamp, told | {"name": no_number(q.name)})
    for a in board.now.agents:
        told = shown.agent(a, board.now, site.zone)
        told |= _bare({name: told[name] for name in FROM_PBX})
        del told["since_s"]  # it would be another one each second
        yield _message(topic(root, AGENT, told["interface"]), stamp, told)


def kpis(board: Wallboard, site: Site, root: str) -> Iterator[Message]:
    """The figures of each queue and of all, of each window."""
    stamp = _stamp(board, site)
    seen = {window: shown.seen_in_short(board, window, site) for window in board.figures}
    names = dict.fromkeys(name for per in board.figures.values() for name in per)
    for name in names:
        windows = {w: shown.figures(per[name]) for w, per in board.figures.items() if name in per}
        of = {"queue": no_number(name)} if name else {}
        where = topic(root, KPI, no_number(name)) if name else topic(root, ALL)
        yield _message(where, stamp, of | {"windows": windows, "seen": seen})


def call(
    record: CallRecord, board: Wallboard, site: Site, root: str, e164: Callable[[str], str | None] | None
) -> tuple[str, bytes]:
    """Topic and payload. ``e164``: with the customer's number and name; None: without them."""
    zone = site.zone

    def time(at: float | None) -> str | None:
        return None if at is None else rfc3339(at, zone)

    def visit(v: Visit) -> dict[str, Any]:
        return {
            "queue": no_number(v.queue), "entered_at": time(v.entered_at), "wait_s": _short(v.wait_s),
            "outcome": v.outcome, "agent": None if v.agent is None else no_number(v.agent),
            "talk_s": _short(v.talk_s), "transferred": v.transferred,
        }  # fmt: skip

    told: dict[str, Any] = {
        "id": record.id, "direction": record.direction, "started_at": time(record.started_at),
        "answered_at": time(record.answered_at), "ended_at": time(record.ended_at), "ended_by": record.ended_by,
        "visits": [visit(v) for v in record.visits],
    }  # fmt: skip
    if e164 is not None:
        caller = {"number": record.number, "e164": e164(record.number), "name": record.name}
        told |= {"caller": caller, "called": record.called}
    return topic(root, CALL, record.id), msgspec.json.encode(_stamp(board, site) | told)


def offline(board: Wallboard, site: Site) -> bytes:
    """Said by ourselves, when we end."""
    return msgspec.json.encode({"status": "offline"} | _stamp(board, site))


def _status(board: Wallboard, site: Site, started_at: float) -> dict[str, Any]:
    ready = shown.readiness(board.alarms, site.zone)
    return {
        "status": "online", "version": __version__, "started_at": rfc3339(started_at, site.zone),
        "link": board.now.link, **ready,
    }  # fmt: skip


def _bare(told: Any) -> Any:
    """Without phone numbers in any text of it."""
    if isinstance(told, str):
        return no_number(told)
    if isinstance(told, dict):
        return {name: value if name in OURS else _bare(value) for name, value in told.items()}
    return [_bare(one) for one in told] if isinstance(told, list | tuple) else told


def _stamp(board: Wallboard, site: Site) -> dict[str, Any]:
    return {"seq": board.seq, "at": shown.rfc3339(board.now.at, site.zone)}


def _short(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _message(where: str, stamp: dict[str, Any], told: dict[str, Any]) -> Message:
    return Message(where, msgspec.json.encode(told), msgspec.json.encode(stamp | told))

