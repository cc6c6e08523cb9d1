"""How the board, calls and tickets look outside: plain dicts with RFC 3339 times and seconds as numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import lru_cache, partial
from typing import Any

import msgspec

from callcenter import numbers
from callcenter.alerts import alerts
from callcenter.config import Config, Site
from callcenter.crm.ticket import Ticket
from callcenter.figures import business_day
from callcenter.floor.records import AgentState, Hole, as_api, with_times
from callcenter.floor.records import rfc3339 as _rfc3339
from callcenter.floor.wallboard import AgentNow, Alarm, FloorNow, QueueNow, Wallboard
from callcenter.holes import Holes
from callcenter.report.past import Past
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
        "alarms": [alarm(a, site.zone) for a in shown.alarms],
        "alerts": [msgspec.to_builtins(alert) for alert in alerts(shown)],
        "seen": {window: seen_in_short(shown, window, site) for window in shown.figures},
        "queues": [queue(q, now, shown.targets.get(q.name, {}), site.zone) for q in now.queues],
        "agents": [agent(a, now, site.zone) for a in now.agents],
        "figures": {w: {name: figures(f) for name, f in per.items()} for w, per in shown.figures.items()},
    }


def queue(q: QueueNow, now: FloorNow, targets: Mapping[str, Any], zone: tzinfo) -> Plain:
    return {
        "name": q.name,
        "waiting": q.waiting,
        "oldest_at": _time(q.oldest_at, zone),
        "longest_wait_s": None if q.oldest_at is None else round(now.lasts_s(q.oldest_at), 3),
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
        "since_s": round(now.lasts_s(a.since), 3),
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
        "seen": seen(shown, window, since, site.zone),
        "queues": {name: figures(f) for name, f in per_queue.items() if name and only in (None, name)},
        "all": figures(per_queue.get("", {})),
    }


def past_kpis(shown: Wallboard, window: str, past: Past, only: str | None, site: Site) -> Plain:
    """The same of a window of past days."""
    began, ended = past.range
    return {
        "window": window,
        "from": rfc3339(began, site.zone),
        "to": rfc3339(ended, site.zone),
        "seen": {
            "link": shown.now.link,
            "link_since": rfc3339(shown.now.link_since, site.zone),
            "blind_s": round(past.unknown_s, 3),
            "holes": [],
            "repaired": past.repaired,
            "unknown": past.unknown,
            "imported": past.imported,
        },
        "queues": {name: f for name, f in past.figures.items() if name and only in (None, name)},
        "all": past.figures[""],
    }


def seen(shown: Wallboard, window: str, since: float, zone: tzinfo) -> Plain:
    """How much of the window was seen; ``blind_s`` counts the repaired holes too."""
    now, holes = shown.now, Holes("", shown.holes)
    return {
        "link": now.link,
        "link_since": rfc3339(now.link_since, zone),
        "blind_s": round(holes.blind_s(since, now.at), 3),
        "holes": [hole(h, zone) for h in holes.within(since, math.inf)],
    } | _not_seen(shown, window)


def seen_in_short(shown: Wallboard, window: str, site: Site) -> Plain:
    """The same for a page: the holes that nothing repaired, else those that queue_log did."""
    at, zone = shown.now.at, site.zone
    since = window_began(window, at, site)
    touching = Holes("", shown.holes).within(since, math.inf)
    unrepaired = [h for h in touching if not h.repaired]
    told = unrepaired or touching
    return {
        "state": "partial" if unrepaired else "repaired" if touching else "whole",
        "blind_s": round(Holes("", told).blind_s(since, at), 3),
        "holes": len(told),
        "since": rfc3339(max(since, told[0].from_), zone) if told else None,
        "until": _time(told[-1].to, zone) if told else None,
    } | _not_seen(shown, window)


def _not_seen(shown: Wallboard, window: str) -> Plain:
    """The visits of all queues whose outcome we did not see ourselves."""
    of_all = shown.figures.get(window, {}).get("", {})
    return {key: int(of_all.get(key) or 0) for key in ("repaired", "unknown")}


def hole(h: Hole, zone: tzinfo) -> Plain:
    return {"from": rfc3339(h.from_, zone), "to": _time(h.to, zone), "reason": h.reason, "repaired": h.repaired}


def alarm(a: Alarm, zone: tzinfo) -> Plain:
    return {"kind": a.kind, "detail": a.detail, "since": _time(a.since or None, zone), "ready": a.ready}


def readiness(alarms: Iterable[Alarm], zone: tzinfo) -> Plain:
    """Ready or not, and each alarm as a line for an operator."""
    told: dict[bool, list[str]] = {False: [], True: []}
    for a in alarms:
        told[a.ready].append(a.detail + (f" (since {rfc3339(a.since, zone)})" if a.since else ""))
    return {"ready": not told[False], "reasons": told[False], "warnings": told[True]}


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
