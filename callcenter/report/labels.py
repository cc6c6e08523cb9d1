"""What the counts and sums are called, and what each is; the figures' own are in :mod:`kpi.table`. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """``label`` by language (en, fa, ar); ``definition``: one sentence."""

    label: dict[str, str]
    definition: str


def _told(en: str, fa: str, ar: str, definition: str) -> Told:
    return Told({"en": en, "fa": fa, "ar": ar}, definition)


FROM_QUEUE_LOG = _told(
    "From queue_log only", "تنها از queue_log", "من queue_log فقط",
    "Answered visits that only queue_log tells of: their hold and after-call work are not known and count as 0.",
)

TOLD: dict[str, Told] = {
    "offered": _told(
        "Offered", "تماس‌های ورودی به صف", "المكالمات الواردة إلى الطابور",
        "Visits that entered the queue within the period, all but the refused."),
    "answered": _told(
        "Answered", "تماس‌های پاسخ‌داده‌شده", "المكالمات المجابة",
        "Visits that were connected to an agent (CONNECT in queue_log)."),
    "abandoned": _told(
        "Abandoned", "تماس‌های رهاشده", "المكالمات المتروكة",
        "Visits whose caller hung up while waiting (ABANDON in queue_log), short ones included."),
    "short_abandoned": _told(
        "Short abandons", "رهاشده‌های کوتاه", "المتروكة خلال وقت قصير",
        "Abandoned visits that waited less than the queue's short-abandon threshold."),
    "timed_out": _told(
        "Timed out", "پایان مهلت انتظار", "انتهت مهلة الانتظار",
        "Visits that the dialplan took on after the queue's time limit (EXITWITHTIMEOUT in queue_log)."),
    "exited": _told(
        "Left by key", "خروج از صف با کلید", "خرجت من الطابور بمفتاح",
        "Visits whose caller left by a key, or that the queue let go on (EXITWITHKEY in queue_log)."),
    "left_empty": _told(
        "Left an empty queue", "خروج از صف بدون کارشناس", "خرجت لخلو الطابور من الموظفين",
        "Visits that ended because no agents were left (EXITEMPTY in queue_log)."),
    "withdrawn": _told(
        "Withdrawn", "بیرون‌کشیده‌شده از صف", "سُحبت من الطابور",
        "Visits that an operator took out of the queue (WITHDRAW in queue_log)."),
    "refused_full": _told(
        "Refused: queue full", "پذیرفته‌نشده: صف پر", "مرفوضة: الطابور ممتلئ",
        "Calls that were not let in because the queue was full (QUEUESTATUS FULL)."),
    "refused_empty": _told(
        "Refused: no agents", "پذیرفته‌نشده: نبود کارشناس", "مرفوضة: لا موظفين",
        "Calls that were not let in because no agents were there (QUEUESTATUS JOINEMPTY, JOINUNAVAIL)."),
    "pbx_lost": _told(
        "Lost by the PBX", "ازدست‌رفته با خرابی مرکز تلفن", "فُقدت بتوقف المقسم",
        "Visits that ended because Asterisk died or was restarted."),
    "unknown": _told(
        "End unknown", "پایان نامعلوم", "نهايتها غير معروفة",
        "Visits that ended while nothing was seen, and that queue_log does not tell of either."),
    "waiting": _told(
        "Still waiting", "هنوز در انتظار", "ما زالت في الانتظار",
        "Visits whose caller was still waiting when the report was made."),
    "attempts": _told(
        "Ring attempts", "دفعات زنگ برای کارشناس", "محاولات الرنين للموظفين",
        "Rings of agents that are over: by queue in the period in which the visit entered, by agent in that in which "
        "the ring began."),
    "ring_no_answer": _told(
        "Rings without answer", "زنگ‌های بی‌پاسخ", "الرنين بلا رد",
        "Ring attempts that ended without an answer (RINGNOANSWER in queue_log)."),
    "transferred": _told(
        "Transferred", "منتقل‌شده", "المكالمات المحوّلة",
        "Answered visits whose caller was transferred on."),
    "wait_answered_s": _told(
        "Wait of answered", "مجموع انتظار پاسخ‌داده‌شده‌ها", "مجموع انتظار المجابة",
        "Sum of the waits of answered visits."),
    "wait_abandoned_s": _told(
        "Wait of abandoned", "مجموع انتظار رهاشده‌ها", "مجموع انتظار المتروكة",
        "Sum of the waits of abandoned visits, short ones included."),
    "talk_s": _told(
        "Connected time", "مجموع زمان اتصال", "مجموع زمن الاتصال",
        "Sum of the connected time of answered visits, hold included (as queue_log has it)."),
    "hold_s": _told(
        "Hold time", "مجموع زمان نگه‌داشتن", "مجموع زمن التعليق",
        "Sum of the time that callers were on hold, a part of the connected time."),
    "wrap_up_s": _told(
        "Wrap-up time", "مجموع کار پس از تماس", "مجموع زمن ما بعد المكالمة",
        "Sum of the after-call work of answered visits."),
}  # fmt: skip
"""By the names of ``kpi.table.COUNTS`` and ``SUMS_S``."""
