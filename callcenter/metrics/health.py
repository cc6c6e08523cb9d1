"""How the daemon itself is: one value that readiness, metrics and the wallboard's alarms are told from. Pure.

What fails is one line that says why, '' while nothing does. Times are the PBX's, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from callcenter.floor.wallboard import Alarm

STUCK_S = 30.0
"""A consumer that has been at one item for so long, or boards that do not come for so long, will not go on."""

FULL = ("disk is full", "No space left")
"""How SQLite (SQLITE_FULL) and the system (ENOSPC) say it."""


class Health(msgspec.Struct, frozen=True):
    """``link_since``: since when it is so; while the link is down, since when nothing is seen.

    ``lag_s``: None while there is no link; ``clock_offset_s``: None until the PBX has told its time.
    ``consumer_at_s``: how long the consumer has been at the item that it applies now, 0 while it waits for one.
    ``board_age_s``: the newest board's age by our steady clock. ``queue_log_differences``: queue → visits by which
    our counts differ from queue_log's in the last interval that was compared. ``backup_old_s``: the age from which on
    the last good backup is too old. ``mqtt_up``: None where no broker is configured.
    """

    link: bool = True
    link_since: float | None = None
    link_failure: str = ""
    actions_failure: str = ""
    refused: str = ""
    synced: bool = True
    lag_s: float | None = None
    clock_offset_s: float | None = None
    inbox: int = 0
    consumer_at_s: float = 0.0
    board_age_s: float = 0.0
    store_failure: str = ""
    store_failed_since: float | None = None
    store_damaged: str = ""
    store_pending: int = 0
    store_writes: int = 0
    store_write_seconds: float = 0.0
    store_dropped_journal: int = 0
    store_refused_rows: int = 0
    queue_log_failure: str = ""
    queue_log_lag_s: float | None = None
    queue_log_differences: dict[str, int] = {}
    backup_failure: str = ""
    backup_failures: int = 0
    backup_at: float | None = None
    backup_age_s: float | None = None
    backup_old_s: float = 0.0
    mqtt_up: bool | None = None
    mqtt_failure: str = ""
    mqtt_published: int = 0
    mqtt_logins: int = 0
    mqtt_dropped_calls: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """``said`` is what the alarm says, '' while there is none; ``ready``: the daemon does its work all the same."""

    kind: str
    ready: bool
    said: Callable[[Health], str]
    since: Callable[[Health], float | None] = lambda health: None


def _link(h: Health) -> str:
    return "" if h.link else f"ami: {h.link_failure or 'no link'}"


def _snapshot(h: Health) -> str:
    return "ami: the snapshot is not applied yet" if h.link and not h.synced else ""


def _store(h: Health) -> str:
    return "" if _is_full(h) else _failing(h)


def _disk_full(h: Health) -> str:
    return _failing(h) if _is_full(h) else ""


def _failing(h: Health) -> str:
    return f"store: {h.store_failure}; {h.store_pending} changes wait in memory" if h.store_failure else ""


def _is_full(h: Health) -> bool:
    return any(word in h.store_failure for word in FULL)


def _refused(h: Health) -> str:
    open_ends = "CoreShowChannels" in h.refused
    follows = "; a call that ends while the link is down stays open for ever" if open_ends else ""
    return _named("ami: not allowed", h.refused) + follows


def _difference(h: Health) -> str:
    differing = [f"{queue} ({n})" for queue, n in sorted(h.queue_log_differences.items()) if n]
    return f"queue_log: differs in {', '.join(differing)}" if differing else ""


def _old_backup(h: Health) -> str:
    old = h.backup_age_s is not None and h.backup_age_s > h.backup_old_s
    return f"backup: the last good one is {(h.backup_age_s or 0.0) / 3600:.1f} h old" if old else ""


def _named(name: str, failure: str) -> str:
    return f"{name}: {failure}" if failure else ""


RULES: tuple[Rule, ...] = (
    Rule("link", False, _link, lambda h: h.link_since),
    Rule("snapshot", False, _snapshot, lambda h: h.link_since),
    Rule("damaged", False, lambda h: _named("store", h.store_damaged)),
    Rule("store", False, _store, lambda h: h.store_failed_since),
    Rule("disk_full", False, _disk_full, lambda h: h.store_failed_since),
    Rule("actions", True, lambda h: _named("ami: nothing can be asked", h.actions_failure)),
    Rule("refused", False, _refused),
    Rule("difference", True, _difference),
    Rule("queue_log", True, lambda h: _named("queue_log", h.queue_log_failure)),
    Rule("backup", True, lambda h: _named("backup", h.backup_failure)),
    Rule("old_backup", True, _old_backup),
    Rule("mqtt", True, lambda h: _named("mqtt", h.mqtt_failure)),
)
"""The alarms, the gravest first."""


def alarms(health: Health) -> list[Alarm]:
    """What is wrong now, the gravest first."""
    return [Alarm(r.kind, said, r.since(health), r.ready) for r in RULES if (said := r.said(health))]


def stuck(health: Health) -> str:
    """Why the process does not live though it runs; '' when it does."""
    if health.consumer_at_s > STUCK_S:
        return f"consumer: at one item for {health.consumer_at_s:.0f} s, {health.inbox} wait"
    return f"boards: none for {health.board_age_s:.0f} s" if health.board_age_s > STUCK_S else ""
