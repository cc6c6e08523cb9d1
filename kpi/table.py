"""The table of figures: what the API, the metrics and the pages show. Pure values.

A new figure is one function and one row here. ``name`` is public (the API's key, the metric's name).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kpi import agents, conversations, visits
from kpi.columns import Floats
from kpi.sums import TimeSums, VisitSums

S = TypeVar("S", VisitSums, TimeSums)


class Better(enum.StrEnum):
    """Which way is good. BETWEEN: too high is as bad as too low."""

    HIGHER = "higher"
    LOWER = "lower"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Figure(Generic[S]):
    """``of`` computes it from the sums it needs. ``unit`` is "ratio" or "s".

    ``target``: what the field aims at, from and to (the same number twice where it is no range); None where it has
    no target of its own. ``label`` by language: en, fa, ar.
    """

    name: str
    of: Callable[[S], Floats]
    unit: str
    better: Better
    target: tuple[float, float] | None
    label: dict[str, str]


def _label(en: str, fa: str, ar: str) -> dict[str, str]:
    return {"en": en, "fa": fa, "ar": ar}


VISIT_FIGURES: tuple[Figure[VisitSums], ...] = (
    Figure("service_level", visits.service_level, "ratio", Better.HIGHER, (0.80, 0.80),
           _label("Service level", "سطح خدمت", "مستوى الخدمة")),
    Figure("service_level_answered", visits.service_level_answered, "ratio", Better.HIGHER, None,
           _label("Service level of answered calls", "سطح خدمت تماس‌های پاسخ‌داده‌شده", "مستوى خدمة المكالمات المجابة")),
    Figure("service_level_with_abandons", visits.service_level_with_abandons, "ratio", Better.HIGHER, None,
           _label("Service level with abandons", "سطح خدمت با تماس‌های رهاشده", "مستوى الخدمة مع المكالمات المتروكة")),
    Figure("service_level_live", visits.service_level_live, "ratio", Better.HIGHER, (0.80, 0.80),
           _label("Service level, live", "سطح خدمت لحظه‌ای", "مستوى الخدمة الآن")),
    Figure("abandon_rate", visits.abandon_rate, "ratio", Better.LOWER, (0.05, 0.08),
           _label("Abandon rate", "نرخ رهاشدن تماس", "معدل ترك المكالمات")),
    Figure("average_speed_of_answer", visits.average_speed_of_answer, "s", Better.LOWER, None,
           _label("Average speed of answer", "میانگین زمان پاسخ‌گویی", "متوسط سرعة الرد")),
    Figure("longest_wait", visits.longest_wait, "s", Better.LOWER, None,
           _label("Longest wait", "طولانی‌ترین انتظار", "أطول انتظار")),
    Figure("average_talk_time", conversations.average_talk_time, "s", Better.LOWER, (240.0, 240.0),
           _label("Average talk time", "میانگین زمان گفت‌وگو", "متوسط زمن التحدث")),
    Figure("average_hold_time", conversations.average_hold_time, "s", Better.LOWER, None,
           _label("Average hold time", "میانگین زمان نگه‌داشتن", "متوسط زمن التعليق")),
    Figure("average_wrap_up_time", conversations.average_wrap_up_time, "s", Better.LOWER, (360.0, 360.0),
           _label("Average wrap-up time", "میانگین کار پس از تماس", "متوسط زمن ما بعد المكالمة")),
    Figure("average_handle_time", conversations.average_handle_time, "s", Better.LOWER, None,
           _label("Average handle time", "میانگین زمان رسیدگی", "متوسط زمن المعالجة")),
    Figure("transfer_rate", conversations.transfer_rate, "ratio", Better.LOWER, None,
           _label("Transfer rate", "نرخ انتقال", "معدل التحويل")),
    Figure("ring_no_answer_rate", visits.ring_no_answer_rate, "ratio", Better.LOWER, None,
           _label("Ring-no-answer rate", "نرخ زنگ بی‌پاسخ", "معدل الرنين بلا رد")),
)

AGENT_FIGURES: tuple[Figure[TimeSums], ...] = (
    Figure("occupancy", agents.occupancy, "ratio", Better.BETWEEN, (0.85, 0.90),
           _label("Occupancy", "ضریب اشتغال", "نسبة الإشغال")),
    Figure("utilisation", agents.utilisation, "ratio", Better.HIGHER, None,
           _label("Utilisation", "ضریب بهره‌گیری", "نسبة الاستغلال")),
)

FIGURES: tuple[Figure[VisitSums] | Figure[TimeSums], ...] = (*VISIT_FIGURES, *AGENT_FIGURES)

COUNTS: tuple[str, ...] = (
    "offered", "answered", "abandoned", "short_abandoned", "timed_out", "exited", "left_empty", "withdrawn",
    "refused_full", "refused_empty", "pbx_lost", "unknown", "waiting", "attempts", "ring_no_answer", "transferred",
)
"""The counts that are published beside the figures: fields of VisitSums, integers."""

SUMS_S: tuple[str, ...] = ("wait_answered_s", "wait_abandoned_s", "talk_s", "hold_s", "wrap_up_s")
"""The sums that are published beside the figures: fields of VisitSums, in seconds (hold is part of talk)."""
