"""The samples of the daemon itself, from its Health, the newest board and the counters. Pure.

What is not known has no sample: an age of nothing is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.floor.records import Hole
from callcenter.floor.wallboard import Wallboard
from callcenter.holes import Holes
from callcenter.metrics.counters import Counters
from callcenter.metrics.exposition import Samples
from callcenter.metrics.health import RULES, Health, alarms


def of_daemon(h: Health, board: Wallboard, counters: Counters) -> dict[str, Samples]:
    """Metric → (labels, value) …, for each row of the table's part about the daemon."""
    c = "callcenter_"
    return {
        c + "ami_blind_seconds_total": _one(counters.blind_s(board.now.at)),
        c + "ami_reconnects_total": _one(counters.reconnects),
        c + "ami_lag_seconds": _one(h.lag_s),
        c + "pbx_clock_offset_seconds": _one(h.clock_offset_s),
        c + "inbox_pending": _one(h.inbox),
        c + "holes": _holes(board),
        c + "window_blind_seconds": _blind(board, [hole for hole in board.holes if not hole.repaired]),
        c + "window_agents_blind_seconds": _blind(board, board.holes),
        c + "queue_log_difference": (((queue,), n) for queue, n in h.queue_log_differences.items()),
        c + "queue_log_lag_seconds": _one(h.queue_log_lag_s),
        c + "store_pending": _one(h.store_pending),
        c + "store_failed": _one(bool(h.store_failure)),
        c + "store_write_seconds": iter([(("_count",), h.store_writes), (("_sum",), h.store_write_seconds)]),
        c + "store_dropped_journal_total": _one(h.store_dropped_journal),
        c + "store_refused_rows_total": _one(h.store_refused_rows),
        c + "backup_last_success_timestamp_seconds": _one(h.backup_at),
        c + "store_backup_age_seconds": _one(h.backup_age_s),
        c + "store_backup_failures_total": _one(h.backup_failures),
        c + "mqtt_up": _one(h.mqtt_up),
        **{c + f"mqtt_{name}_total": _one(None if h.mqtt_up is None else count) for name, count in (
            ("published", h.mqtt_published), ("logins", h.mqtt_logins), ("dropped_calls", h.mqtt_dropped_calls))},
        c + "alarm": _alarms(h),
    }


def _one(value: float | None) -> Samples:
    if value is not None:
        yield (), value


def _holes(board: Wallboard) -> Samples:
    for repaired in (False, True):
        yield (str(repaired).lower(),), sum(hole.repaired is repaired for hole in board.holes)


def _blind(board: Wallboard, holes: Iterable[Hole]) -> Samples:
    for window, began in board.began.items():
        yield (window,), Holes("", holes).blind_s(began, board.now.at)


def _alarms(h: Health) -> Samples:
    raised = {alarm.kind for alarm in alarms(h)}
    for rule in RULES:
        yield (rule.kind,), rule.kind in raised
