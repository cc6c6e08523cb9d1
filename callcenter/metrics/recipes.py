"""Figures of any window, by PromQL from the counters. Pure; docs/metrics.md shows them, a test runs them.

A window of the API counts the visits that *entered* within it, a counter those that were *decided* within it. So the
two agree of a time at whose ends nobody waited, as of the whole day of a daemon that started before the first call and
lost sight of nothing. What queue_log tells of a hole later counts in the windows; the counters keep what was seen, a
visit not at all or as unknown (its time is over, Prometheus would take it for now). Of how many visits that is so
``callcenter_queue_log_repaired_visits_total`` says, for how long nothing was seen
``callcenter_ami_blind_seconds_total``.

``short_abandon_s`` is told by no metric: where a queue has one of its own that is a bound of the buckets too, give it
as ``short_s`` and ask for that queue.
"""

from __future__ import annotations

from collections.abc import Callable

Of = Callable[[str], str]
"""What a counter is asked for: itself since the daemon's start, or what it grew by within a window."""


def since_start(counter: str) -> str:
    return counter


def within(window: str) -> Of:
    """Prometheus estimates what lies between the window's ends and the scrapes next to them."""
    return lambda counter: f"increase({counter}[{window}])"


OWN_T = (
    'label_replace(count_values by (instance, queue) ("le", callcenter_queue_service_level_threshold_seconds), '
    '"le", "$1.0", "le", "([0-9]+)")'
)
"""A series for each queue whose label ``le`` is the queue's own T, written as the buckets write their bounds."""


def recipes(of: Of, short_s: str = "5.0") -> dict[str, str]:
    """Name as in the API → PromQL, by queue; T is the queue's own. Of a queue whose T is no bound of the histogram's
    buckets what asks for T has no value.

    A caller who gave up after exactly ``short_s``, a bound too, is no short abandon in the API, and is one here: a
    bucket takes its bound in.
    """

    def summed(counter: str) -> str:
        return f"sum by (instance, queue) ({of(counter)})"

    def within_t(outcome: str) -> str:
        buckets = of(f'callcenter_queue_wait_seconds_bucket{{outcome="{outcome}"}}')
        return f"sum by (instance, queue) ({buckets} and on (instance, queue, le) {OWN_T})"

    answered = summed('callcenter_queue_visits_total{outcome="answered"}')
    abandoned = summed('callcenter_queue_visits_total{outcome="abandoned"}')
    offered = summed('callcenter_queue_visits_total{outcome!~"refused_.*"}')
    short = summed(f'callcenter_queue_wait_seconds_bucket{{outcome="abandoned",le="{short_s}"}}')
    in_time = within_t("answered")
    waits = summed('callcenter_queue_wait_seconds_sum{outcome="answered"}')
    transferred = summed("callcenter_queue_transferred_total")
    return {
        "offered": offered,
        "answered": answered,
        "abandoned": abandoned,
        "short_abandoned": short,
        "ring_no_answer": summed("callcenter_queue_ring_no_answer_total"),
        "transferred": transferred,
        "wait_answered_s": waits,
        "wait_abandoned_s": summed('callcenter_queue_wait_seconds_sum{outcome="abandoned"}'),
        "talk_s": summed("callcenter_queue_talk_seconds_total"),
        "service_level": f"{in_time} / ({offered} - {short})",
        "service_level_answered": f"{in_time} / {answered}",
        "service_level_with_abandons": f"({in_time} + {within_t('abandoned')}) / ({answered} + {abandoned})",
        "abandon_rate": f"({abandoned} - {short}) / ({offered} - {short})",
        "average_speed_of_answer": f"{waits} / {answered}",
        "transfer_rate": f"{transferred} / {answered}",
    }  # fmt: skip
