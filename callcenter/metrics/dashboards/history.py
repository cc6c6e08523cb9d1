"""The dashboard of weeks: first-call resolution and every figure of the last 7 and 28 days, hours as recorded. Pure
values.

Agents' word, surveys, the IVR, quality and callbacks are told by nothing yet: they have no panel.
"""

from __future__ import annotations

from callcenter.metrics.dashboards.figures import DAYS, by_queue, by_window, over_time
from callcenter.metrics.dashboards.shared import ANY_BAD, MISSED, UNJUDGED, target
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Section, of_queue, site, words
from kpi.table import CALL_FIGURES, VISIT_FIGURES

TOLD = ("first_call_resolution", "fcr_repeat", "fcr_provisional_share", "repeat_call_rate")
"""Figures of whole calls that have a source: who called again. A new source adds a row here."""
OF_CALLS = tuple(figure for figure in CALL_FIGURES if figure.name in TOLD)
OF_WEEKS = tuple(figure for figure in VISIT_FIGURES if figure.name != "service_level_live")

WHOLE_DAYS = words("Whole days before today, computed each hour.", "روزهای کامل پیش از امروز، هر ساعت محاسبه می‌شود.")
PROVISIONAL = words(
    "Calls of the last seven days are provisional: the caller may call again yet. Their share is told beside.",
    "تماس‌های هفت روز اخیر هنوز قطعی نیست: شاید تماس‌گیرنده باز تماس بگیرد. سهم آن‌ها در کنار آمده است.",
)

FCR = Section(words("First-call resolution", "حل در تماس اول"), (
    Panel(Kind.STAT, words("First-call resolution, 28 days", "حل در تماس اول، ۲۸ روز"), PROVISIONAL,
          (Query(site("callcenter_first_call_resolution_ratio", window="28d"), words("all", "همه"), steps=UNJUDGED),
           Query(f"sum({of_queue('callcenter_queue_first_call_resolution_ratio', window='28d')} < bool "
                 f"on (instance, queue) group_left () {target('first_call_resolution', 'low')})", MISSED, "none",
                 ANY_BAD)), "percentunit", 6, 6, 1),
    Panel(Kind.STAT, words("Share still provisional, 28 days", "سهم هنوز قطعی‌نشده، ۲۸ روز"), PROVISIONAL,
          (Query(site("callcenter_fcr_provisional_share_ratio", window="28d")),), "percentunit", 6, 6, 1),
    Panel(Kind.STAT, words("No repeat call, 28 days", "بدون تماس تکراری، ۲۸ روز"),
          words("Settled calls without a further call within seven days.",
                "تماس‌های قطعی‌شده بدون تماس دیگر در هفت روز."),
          (Query(site("callcenter_fcr_repeat_ratio", window="28d")),), "percentunit", 6, 6, 1),
    Panel(Kind.STAT, words("Repeat-call rate, 7 days", "نرخ تماس تکراری، ۷ روز"),
          words("Calls of customers who had called in the week before.",
                "تماس کسانی که در هفتهٔ پیش از آن تماس گرفته بودند."),
          (Query(site("callcenter_repeat_call_rate_ratio", window="7d")),), "percentunit", 6, 6, 1),
    by_window(OF_CALLS, words("All queues together", "همهٔ صف‌ها با هم"), PROVISIONAL, DAYS, 5),
    by_queue(OF_CALLS, words("By queue, 28 days", "به تفکیک صف، ۲۸ روز"), PROVISIONAL, "28d", 8),
    *(over_time(figure, DAYS, width=12, repeat=True) for figure in OF_CALLS if figure.target is not None),
))  # fmt: skip

WEEKS = Section(words("Weeks", "هفته‌ها"), (
    by_queue(OF_WEEKS, words("Last 7 days", "۷ روز گذشته"), WHOLE_DAYS, "7d", 8),
    by_queue(OF_WEEKS, words("Last 28 days", "۲۸ روز گذشته"), WHOLE_DAYS, "28d", 8),
))  # fmt: skip

HOURS = Section(words("Hours, as Prometheus recorded them", "ساعت‌ها، آن‌گونه که پرومتئوس ثبت کرده"), (
    Panel(Kind.LINES, words("Calls of the hour before", "تماس‌های یک ساعت پیش از آن"),
          words("From the counters, by rules that record them: they reach back as far as Prometheus keeps.",
                "از شمارنده‌ها، با قاعده‌های ثبت: تا جایی که پرومتئوس نگه می‌دارد."),
          (Query(f"sum({of_queue('callcenter:queue_offered:increase1h')})", words("offered", "ورودی")),
           Query(f"sum({of_queue('callcenter:queue_answered:increase1h')})", words("answered", "پاسخ‌داده‌شده")),
           Query(f"sum({of_queue('callcenter:queue_abandoned:increase1h')})", words("abandoned", "رهاشده"))),
          width=24, height=9, decimals=0),
    Panel(Kind.LINES, words("Answered within 20 s", "پاسخ در ۲۰ ثانیه"),
          words("Of all that were offered in the hour before, short abandons too.",
                "از همهٔ ورودی‌های یک ساعت پیش، رهاشدن‌های کوتاه هم."),
          (Query(of_queue("callcenter:queue_answered_within_20s:ratio1h"), "{{queue}}"),), "percentunit", 12, 9,
          most=1.0),
    Panel(Kind.LINES, words("Nine of ten waited less", "نه نفر از ده نفر کمتر منتظر ماندند"),
          words("Of those answered in the hour before.", "از پاسخ‌داده‌شدگان یک ساعت پیش."),
          (Query(of_queue("callcenter:queue_wait_answered_seconds:p90_1h"), "{{queue}}"),), "s", 12, 9),
))  # fmt: skip

HISTORY = Dashboard(
    "history", words("Call centre: history and FCR", "مرکز تماس: تاریخچه و حل در تماس اول"),
    words("First-call resolution and the figures of the last weeks; each hour as Prometheus recorded it.",
          "حل در تماس اول و شاخص‌های هفته‌های گذشته؛ هر ساعت آن‌گونه که پرومتئوس ثبت کرده."),
    (FCR, WEEKS, HOURS), Queues.SOME, "now-7d", "5m",
)  # fmt: skip
