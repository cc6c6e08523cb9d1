"""The table of metrics: one row each. Pure values; docs/metrics.md is made from it.

Base units, counters end in ``_total``, labels are bounded: never a phone number, never a customer.
"""

from __future__ import annotations

from dataclasses import dataclass

from kpi.table import CALL_FIGURES, FIGURES


@dataclass(frozen=True, slots=True)
class Row:
    """``type``: gauge, counter, summary or histogram. ``absent``: when there is no such series, '' if always there."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...] = ()
    absent: str = ""


PREFIX = "callcenter_"
UNITS = {"ratio": "ratio", "s": "seconds"}
NO_FIGURE_YET = "for live windows, and while the figure has no value; of 7d and 28d, whole days, each hour"
NO_FIGURE = "while the figure has no value (nothing to divide by)"

STATE: tuple[Row, ...] = (
    Row("callcenter_queue_waiting", "gauge", "Callers waiting in the queue now.", ("queue",)),
    Row("callcenter_queue_longest_wait_seconds", "gauge",
        "Wait so far of the caller who waits longest now; without the link, when it was lost.",
        ("queue",), "while nobody waits"),
    Row("callcenter_queue_talking", "gauge", "Callers of the queue who talk to an agent now.", ("queue",)),
    Row("callcenter_queue_agents", "gauge", "Agents of the queue by state.", ("queue", "state")),
    Row("callcenter_agent_state", "gauge", "1 for the state that the agent is in now.", ("agent", "name", "state"),
        "for every state but the present one"),
    Row("callcenter_calls_up", "gauge", "Calls that are up now."),
    Row("callcenter_link_up", "gauge", "1 while the manager link is up and its snapshot applied.", ("pbx",)),
    Row("callcenter_queue_service_level_threshold_seconds", "gauge", "T of the service level in force.", ("queue",)),
    Row("callcenter_queue_service_level_target_ratio", "gauge", "The service level aimed at.", ("queue",)),
    Row("callcenter_queue_target_low", "gauge",
        "What the queue's figure aims at, in the unit of the figure: from here, or this alone.", ("queue", "figure"),
        "for figures without a target"),
    Row("callcenter_queue_target_high", "gauge",
        "The same: up to here. Where less is better, worse than this is bad, and between the two near the target.",
        ("queue", "figure"), "for figures without a target"),
    Row("callcenter_build_info", "gauge", "1; the version of the daemon.", ("version",)),
)

SINCE_START: tuple[Row, ...] = (
    Row("callcenter_queue_entered_total", "counter", "Visits that entered the queue.", ("queue",)),
    Row("callcenter_queue_visits_total", "counter", "Visits whose outcome is decided.", ("queue", "outcome")),
    Row("callcenter_queue_wait_seconds", "histogram",
        "Wait of decided visits; outcome is answered, abandoned or other.", ("queue", "outcome")),
    Row("callcenter_queue_talk_seconds_total", "counter", "Connected time of completed visits, hold included.",
        ("queue",)),
    Row("callcenter_queue_transferred_total", "counter", "Completed visits whose caller was transferred.", ("queue",)),
    Row("callcenter_queue_ring_no_answer_total", "counter", "Rings that an agent did not answer.", ("queue",)),
    Row("callcenter_calls_started_total", "counter", "Calls that began."),
    Row("callcenter_drift_total", "counter", "Impossible events, by kind.", ("kind",)),
    Row("callcenter_link_lost_total", "counter", "Times the manager link went down."),
    Row("callcenter_ami_events_total", "counter", "Events received over the manager link."),
    Row("callcenter_ami_dropped_total", "counter", "Messages not taken, by reason.", ("reason",)),
    Row("callcenter_queue_log_repaired_visits_total", "counter",
        "Visits whose outcome was taken from queue_log; outcome is the true one.", ("queue", "outcome")),
)

NO_FORECAST = "while no forecast is kept that was made before the business day began"

PLANNING: tuple[Row, ...] = (
    Row("callcenter_queue_forecast_calls", "gauge",
        "Calls that were forecast from the beginning of the business day until now.", ("queue",), NO_FORECAST),
    Row("callcenter_queue_forecast_calls_interval", "gauge",
        "Calls that were forecast for the whole quarter of an hour under way.", ("queue",), NO_FORECAST),
    Row("callcenter_queue_agents_required", "gauge",
        "Agents on the phones that the forecast asks for now (Erlang C, occupancy capped, without shrinkage).",
        ("queue",), f"{NO_FORECAST}, and for a target of 100 %"),
    Row("callcenter_queue_agents_staffed", "gauge",
        "Agents on the phones now: not logged out, unreachable or paused; who is in several queues is shared out.",
        ("queue",)),
    Row("callcenter_queue_staffing_gap_agents", "gauge",
        "Agents required - agents staffed: above 0 too few.", ("queue",), "where it is not known what is required"),
    Row("callcenter_forecast_made_timestamp_seconds", "gauge", "When the forecast of today was made.", (), NO_FORECAST),
)

NO_BROKER = "where no broker is configured"

DAEMON: tuple[Row, ...] = (
    Row("callcenter_ami_blind_seconds_total", "counter",
        "Time in which nothing of the PBX was seen, since the link was first up; it grows while that lasts."),
    Row("callcenter_ami_reconnects_total", "counter", "Times the manager link came back after it was lost."),
    Row("callcenter_ami_lag_seconds", "gauge",
        "How late the newest events came, by the PBX's clock. Absent while the link is down."),
    Row("callcenter_pbx_clock_offset_seconds", "gauge",
        "How far the PBX's clock is ahead of ours. Absent until it has told its time."),
    Row("callcenter_inbox_pending", "gauge", "Segments of the manager link that are read and not applied yet."),
    Row("callcenter_holes", "gauge",
        "Times without sight that touch the business day or the last hour; repaired (true): queue_log told the rest.",
        ("repaired",)),
    Row("callcenter_window_blind_seconds", "gauge",
        "Seconds of the window in which nothing was seen and that queue_log did not repair: figures may lack calls.",
        ("window",)),
    Row("callcenter_window_agents_blind_seconds", "gauge",
        "The same with what queue_log did repair: it tells calls, not what agents did; occupancy and utilisation may "
        "be wrong by so much.", ("window",)),
    Row("callcenter_queue_log_difference", "gauge",
        "Visits by which our counts differ from queue_log in the last interval compared; anything but 0 is an alarm.",
        ("queue",), "for a queue without visits in the time compared, and while nothing is compared: where no "
        "queue_log is read, in the first minute, and some minutes after the link was lost"),
    Row("callcenter_queue_log_lag_seconds", "gauge", "Seconds since queue_log was last read to its end.", (),
        "where no queue_log is read"),
    Row("callcenter_store_pending", "gauge", "Changes that the store has yet to write."),
    Row("callcenter_store_failed", "gauge", "1 while writes fail: changes are kept in memory."),
    Row("callcenter_store_write_seconds", "summary", "Time that committed writes took."),
    Row("callcenter_store_dropped_journal_total", "counter",
        "Lines of the calls' timelines that were given up because the store failed for too long; no call is."),
    Row("callcenter_store_refused_rows_total", "counter", "Rows that the store would never take."),
    Row("callcenter_backup_last_success_timestamp_seconds", "gauge", "When the last good backup was made.", (),
        "until the first one"),
    Row("callcenter_store_backup_age_seconds", "gauge",
        "Age of the last good backup; more than twice store.backup_every_h is an alarm.", (), "until the first one"),
    Row("callcenter_store_backup_failures_total", "counter", "Backups that were tried in vain."),
    Row("callcenter_mqtt_up", "gauge", "1 while we are logged in to the broker.", (), NO_BROKER),
    Row("callcenter_mqtt_published_total", "counter", "Messages that the broker acknowledged.", (), NO_BROKER),
    Row("callcenter_mqtt_logins_total", "counter", "Times we logged in to the broker.", (), NO_BROKER),
    Row("callcenter_mqtt_dropped_calls_total", "counter",
        "Calls whose newest state was given up because the broker was away for too long.", (), NO_BROKER),
    Row("callcenter_alarm", "gauge", "1 while there is this alarm; /readyz says why.", ("kind",)),
)


def figure_metric(figure: str, unit: str, of_queue: bool) -> str:
    """``callcenter_queue_abandon_rate_ratio``, or ``callcenter_abandon_rate_ratio`` for all queues together.

    The longest wait *of a window* must not take the name of the longest wait of now.
    """
    name = "window_longest_wait" if figure == "longest_wait" else figure
    return f"{PREFIX}{'queue_' if of_queue else ''}{name}_{UNITS[unit]}"


WINDOWED: tuple[Row, ...] = (
    Row("callcenter_queue_window_visits", "gauge",
        "Visits that entered within the window: offered, or by outcome.", ("queue", "window", "outcome")),
    *(Row(figure_metric(f.name, f.unit, True), "gauge", f"{f.label['en']} of the queue within the window.",
          ("queue", "window"), NO_FIGURE) for f in FIGURES),
    *(Row(figure_metric(f.name, f.unit, False), "gauge", f"{f.label['en']} of all queues together within the window.",
          ("window",), NO_FIGURE) for f in FIGURES),
    *(Row(figure_metric(f.name, f.unit, True), "gauge", f"{f.label['en']} of the queue within the window.",
          ("queue", "window"), NO_FIGURE_YET) for f in CALL_FIGURES),
    *(Row(figure_metric(f.name, f.unit, False), "gauge", f"{f.label['en']} of all queues together within the window.",
          ("window",), NO_FIGURE_YET) for f in CALL_FIGURES),
)

METRICS: dict[str, Row] = {row.name: row for row in (*STATE, *SINCE_START, *PLANNING, *DAEMON, *WINDOWED)}
