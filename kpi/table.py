"""The table of figures: what the API, the metrics and the pages show. Pure values.

A new figure is one function and one row here. ``name`` is public (the API's key, the metric's name).

``FIGURES`` is what a live window can compute, and what API, metrics and pages show today. ``CALL_FIGURES`` (of whole
calls: they need customers, dispositions, surveys, an IVR), ``PLANNING_FIGURES`` (of forecasts) and ``STAFF_FIGURES``
(of two plain arrays) are for reports; a row moves nowhere when live windows learn to compute them, ``FIGURES`` grows.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec

from kpi import agents, conversations, planning, resolution, visits
from kpi.calls import CallSums
from kpi.columns import Floats, Integers
from kpi.sums import ForecastSums, TimeSums, VisitSums

P = ParamSpec("P")


class Better(enum.StrEnum):
    """Which way is good. BETWEEN: too high is as bad as too low."""

    HIGHER = "higher"
    LOWER = "lower"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Figure(Generic[P]):
    """``of`` computes it from the sums it needs, or from two plain arrays. ``unit`` is "ratio", "s" or "agents".

    ``target``: what the field aims at, from and to (the same number twice where it is no range); None where it has
    no target of its own. ``label`` by language: en, fa, ar.
    """

    name: str
    of: Callable[P, Floats]
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

CALL_FIGURES: tuple[Figure[CallSums], ...] = (
    Figure("first_call_resolution", resolution.first_call_resolution, "ratio", Better.HIGHER, (0.70, 0.75),
           _label("First-call resolution", "حل در تماس اول", "الحل من المكالمة الأولى")),
    Figure("fcr_repeat", resolution.fcr_repeat, "ratio", Better.HIGHER, None,
           _label("First-call resolution: no repeat call", "حل در تماس اول: بدون تماس تکراری",
                  "الحل من المكالمة الأولى: بلا مكالمة متكررة")),
    Figure("fcr_agent", resolution.fcr_agent, "ratio", Better.HIGHER, None,
           _label("First-call resolution: agent's word", "حل در تماس اول: به گفتهٔ کارشناس",
                  "الحل من المكالمة الأولى: بحسب الموظف")),
    Figure("fcr_survey", resolution.fcr_survey, "ratio", Better.HIGHER, None,
           _label("First-call resolution: caller's word", "حل در تماس اول: به گفتهٔ مشتری",
                  "الحل من المكالمة الأولى: بحسب العميل")),
    Figure("fcr_provisional_share", resolution.fcr_provisional_share, "ratio", Better.LOWER, None,
           _label("First-call resolution: share still provisional", "حل در تماس اول: سهم هنوز قطعی‌نشده",
                  "الحل من المكالمة الأولى: الحصة غير النهائية")),
    Figure("repeat_call_rate", resolution.repeat_call_rate, "ratio", Better.LOWER, None,
           _label("Repeat-call rate", "نرخ تماس تکراری", "معدل المكالمات المتكررة")),
    Figure("self_service_rate", resolution.self_service_rate, "ratio", Better.HIGHER, None,
           _label("Self-service rate", "نرخ خودخدمتی", "معدل الخدمة الذاتية")),
    Figure("self_service_rate_net", resolution.self_service_rate_net, "ratio", Better.HIGHER, None,
           _label("Self-service rate, net of calls again", "نرخ خالص خودخدمتی", "معدل الخدمة الذاتية الصافي")),
    Figure("customer_satisfaction", resolution.customer_satisfaction, "ratio", Better.HIGHER, (0.90, 0.90),
           _label("Customer satisfaction", "رضایت مشتری", "رضا العملاء")),
    Figure("survey_response_rate", resolution.survey_response_rate, "ratio", Better.HIGHER, None,
           _label("Survey response rate", "نرخ پاسخ به نظرسنجی", "معدل الاستجابة للاستبيان")),
    Figure("quality_score", resolution.quality_score, "ratio", Better.HIGHER, None,
           _label("Quality score", "امتیاز کیفیت", "درجة الجودة")),
    Figure("callback_completion_rate", resolution.callback_completion_rate, "ratio", Better.HIGHER, None,
           _label("Callback completion rate", "نرخ انجام تماس‌های برگشتی", "معدل إنجاز معاودة الاتصال")),
)

PLANNING_FIGURES: tuple[Figure[ForecastSums], ...] = (
    Figure("forecast_error", planning.forecast_error, "ratio", Better.LOWER, (0.05, 0.05),
           _label("Forecast error", "خطای پیش‌بینی", "خطأ التنبؤ")),
    Figure("forecast_bias", planning.forecast_bias, "ratio", Better.BETWEEN, (-0.05, 0.05),
           _label("Forecast bias", "اریبی پیش‌بینی", "انحياز التنبؤ")),
)

STAFF_FIGURES: tuple[Figure[Integers, Floats], ...] = (
    Figure("staffing_gap", planning.staffing_gap, "agents", Better.BETWEEN, (0.0, 0.0),
           _label("Staffing gap", "شکاف تأمین نیرو", "فجوة أعداد الموظفين")),
    Figure("attrition", agents.attrition, "ratio", Better.LOWER, (0.15, 0.15),
           _label("Attrition", "نرخ ترک خدمت", "معدل تسرب الموظفين")),
)

COUNTS: tuple[str, ...] = (
    "offered", "answered", "abandoned", "short_abandoned", "timed_out", "exited", "left_empty", "withdrawn",
    "refused_full", "refused_empty", "pbx_lost", "unknown", "waiting", "attempts", "ring_no_answer", "transferred",
)
"""The counts that are published beside the figures: fields of VisitSums, integers."""

SUMS_S: tuple[str, ...] = ("wait_answered_s", "wait_abandoned_s", "talk_s", "hold_s", "wrap_up_s")
"""The sums that are published beside the figures: fields of VisitSums, in seconds (hold is part of talk)."""
