"""How the board, calls and tickets look outside: plain dicts with RFC 3339 times and seconds as numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import tzinfo
from functools import lru_cache, partial
from typing import Any

import msgspec

from callcenter import numbers
from callcenter.config import Config, Site
from callcenter.crm.ticket import Ticket
from callcenter.figures import business_day
from callcenter.floor.records import AgentState, as_api, with_times
from callcenter.floor.records import rfc3339 as _rfc3339
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard
from callcenter.store.values import JournalRow, StoredCall

WINDOW_SECONDS: dict[str, float | None] = {"today": None, "15m": 900.0, "30m": 1800.0, "60m": 3600.0}
"""The live windows; None: since the business day began."""

Plain = dict[str, Any]

rfc3339 = lru_cache(maxsize=16_384)(_rfc3339)
"""Most times of a board were in the one before: since when an agent is in its state, since when a caller waits."""


def board(shown: Wallboard, site: Site) -> Plain:
    """The whole wallboard, as the stream sends it."""
    now = shown.now
    return {
        "seq": shown.seq,
        "site": {"name": site.name, "timezone": site.timezone},
        "at": rfc3339(now.at, site.zone),
        "pbx": now.pbx,
        "link": now.link,
        "link_since": rfc3339(now.link_since, site.zone),
        "calls": now.calls,
        "drift": sum(now.drift.values()),
        "queues": [queue(q, now, shown.targets.get(q.name, {}), site.zone) for q in now.queues],
        "agents": [agent(a, now, site.zone) for a in now.agents],
        "figures": {w: {name: figures(f) for name, f in per.items()} for w, per in shown.figures.items()},
    }


def queue(q: QueueNow, now: FloorNow, targets: Mapping[str, float], zone: tzinfo) -> Plain:
    return {
        "name": q.name,
        "waiting": q.waiting,
        "oldest_at": _time(q.oldest_at, zone),
        "longest_wait_s": None if q.oldest_at is None else round(max(0.0, now.at - q.oldest_at), 3),
        "talking": q.talking,
        "agents": {state: q.agents.get(state, 0) for state in AgentState},
        "targets": dict(targets),
    }


def agent(a: AgentNow, now: FloorNow, zone: tzinfo) -> Plain:
    return {
        "interface": a.interface,
        "name": a.name,
        "state": a.state,
        "since": rfc3339(a.since, zone),
        "since_s": round(max(0.0, now.at - a.since), 3),
        "reason": a.reason,
        "queue": a.queue,
        "call": a.call,
        "queues": a.queues,
        "paused_in": a.paused_in,
    }


def figures(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Figures with null for what has no value: an empty denominator is neither 0 nor 100 %."""
    return {name: _finite(value) for name, value in values.items()}


def kpis(shown: Wallboard, window: str, only: str | None, site: Site) -> Plain:
    """The figures of one window, of one queue or of each. ``all`` is always over all queues."""
    per_queue = shown.figures.get(window, {})
    until = shown.now.at
    since = window_began(window, until, site)
    return {
        "window": window,
        "from": rfc3339(since, site.zone),
        "to": rfc3339(until, site.zone),
        "seen": seen(shown.now, since, site.zone),
        "queues": {name: figures(f) for name, f in per_queue.items() if name and only in (None, name)},
        "all": figures(per_queue.get("", {})),
    }


def seen(now: FloorNow, since: float, zone: tzinfo) -> Plain:
    """How much of the window was seen. ``blind_s``: seconds of it without a link, null when that is not known.

    The board knows one change of the link. A link that came up inside the window says nothing of the time before it.
    """
    blind = max(0.0, now.at - max(now.link_since, since)) if not now.link else 0.0 if now.link_since <= since else None
    return {"link": now.link, "link_since": rfc3339(now.link_since, zone), "blind_s": blind}


def window_began(window: str, until: float, site: Site) -> float:
    """When ``window``, ending at ``until``, began (seconds since the epoch). Raises KeyError for an unknown one."""
    length = WINDOW_SECONDS[window]
    return business_day(until, site.zone, site.day_starts) if length is None else until - length


def call(stored: StoredCall, config: Config) -> Plain:
    return as_api(stored.record, config.site.zone, partial(numbers.e164, country=config.site.country), stored.ticket)


def journal_row(row: JournalRow, zone: tzinfo) -> Plain:
    data = {k: v for k, v in row.data.items() if k not in ("event", "change")}
    at = rfc3339(row.at, zone)
    return {"at": at, "call": row.call, "source": row.source, "name": row.name, "data": with_times(data, zone)}


def ticket(t: Ticket, zone: tzinfo) -> Plain:
    plain: Plain = msgspec.to_builtins(t)
    return plain | {key: _time(plain[key], zone) for key in ("opened_at", "updated_at", "closed_at")}


def _time(at: float | None, zone: tzinfo) -> str | None:
    return None if at is None else rfc3339(at, zone)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
