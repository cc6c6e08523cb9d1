"""The dashboard for the wall: what is now, and whether each queue is on its target. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.figures import LIVE, by_window
from callcenter.metrics.dashboards.shared import (
    AGENTS_BY_STATE,
    ANY_BAD,
    GAP,
    JUDGED,
    LONGEST,
    MISSED,
    UNJUDGED,
    WAIT,
    agents_in,
    level_gap,
    link,
    longest_wait,
    of_t,
    seen,
    target,
)
from callcenter.metrics.dashboards.values import (
    Dashboard,
    Kind,
    Panel,
    Query,
    Queues,
    Section,
    of_queue,
    site,
    words,
)
from kpi.table import FIGURES

ABANDON_TODAY = of_queue("callcenter_queue_abandon_rate_ratio", window="today")

NOW = Section(words("Now", "اکنون"), (
    link(3, 5),
    Panel(Kind.STAT, words("Waiting", "در انتظار"), words("Callers in the chosen queues.", "تماس‌های صف‌های انتخاب‌شده."),
          (Query(f"sum({seen(of_queue('callcenter_queue_waiting'))})"),), width=3, height=5, decimals=0),
    longest_wait(4),
    Panel(Kind.STAT, words("Calls up", "تماس‌های برقرار"),
          words("All calls of the PBX, also those of no queue.", "همهٔ تماس‌های مرکز تلفن، بیرون از صف‌ها هم."),
          (Query(seen(site("callcenter_calls_up"))),), width=3, height=5, decimals=0),
    Panel(Kind.STAT, words("Free agents", "کارشناسان آماده"),
          words("Available now, each once.", "آمادهٔ پاسخ، هر کارشناس یک بار."),
          (Query(agents_in("available")),), width=3, height=5, decimals=0, steps=((None, "red"), (1.0, "green"))),
    Panel(Kind.STAT, words("Abandon rate today", "نرخ رهاشدن امروز"),
          words("All queues together; and how many of the chosen ones are beyond their own target.",
                "همهٔ صف‌ها با هم؛ و شمار صف‌های انتخاب‌شده که از هدف خود گذشته‌اند."),
          (Query(site("callcenter_abandon_rate_ratio", window="today"), words("all", "همه"), steps=UNJUDGED),
           Query(f"sum({ABANDON_TODAY} > bool on (instance, queue) group_left () {target('abandon_rate', 'high')})",
                 MISSED, "none", ANY_BAD)), "percentunit", 4, 5, 1),
    Panel(Kind.STAT, words("Alarms", "هشدارها"),
          words("What is wrong with the daemon or what it lives on; /readyz says why.",
                "خرابی در برنامه یا آنچه به آن تکیه دارد؛ ‎/readyz‎ می‌گوید چرا."),
          (Query(f"sum({site('callcenter_alarm')})"),), width=4, height=5, decimals=0, steps=ANY_BAD),
))  # fmt: skip

QUEUES = Section(words("Queues", "صف‌ها"), (
    Panel(Kind.TABLE, words("Queues", "صف‌ها"),
          words("The gap is the service level of the last 30 minutes less the queue's own target: green on target, "
                "yellow down to ten points below. A wait is held to the queue's own T, abandons to its own target. An "
                "empty cell has no value: nobody waits, nothing to divide by, or the PBX is not seen.",
                "فاصله، سطح خدمت ۳۰ دقیقهٔ گذشته منهای هدف همان صف است: سبز در حد هدف، زرد تا ده واحد پایین‌تر. انتظار "
                "با T همان صف سنجیده می‌شود و رهاشدن با هدف همان صف. خانهٔ خالی یعنی عددی نیست: کسی منتظر نیست، تقسیم "
                "بر هیچ است، یا مرکز تلفن دیده نمی‌شود."),
          (Query(f"sum by (queue) ({seen(of_queue('callcenter_queue_waiting'))})",
                 words("Waiting", "در انتظار"), "none"),
           Query(f"max by (queue) ({seen(LONGEST)})", words("Longest wait", "طولانی‌ترین انتظار"), "s"),
           Query(f"max by (queue) ({seen(of_t(LONGEST))})", words("Of its T", "نسبت به T"), "percentunit", WAIT),
           Query(f"sum by (queue) ({seen(of_queue('callcenter_queue_talking'))})",
                 words("Talking", "در گفت‌وگو"), "none"),
           Query(f"sum by (queue) ({seen(of_queue('callcenter_queue_agents', state='available'))})",
                 words("Free agents", "کارشناسان آماده"), "none"),
           Query(f"max by (queue) ({of_queue('callcenter_queue_service_level_ratio', window='30m')})",
                 words("Service level, 30 min", "سطح خدمت، ۳۰ دقیقه"), "percentunit"),
           Query(f"max by (queue) ({of_queue('callcenter_queue_service_level_target_ratio')})",
                 words("Target", "هدف"), "percentunit"),
           Query(f"max by (queue) ({level_gap('30m')})", words("Gap", "فاصله"), "percentunit", GAP),
           Query(f"max by (queue) ({ABANDON_TODAY})", words("Abandon rate today", "نرخ رهاشدن امروز"), "percentunit"),
           Query("max by (queue) (" + " + on (instance, queue) ".join(
                     f"({ABANDON_TODAY} > bool on (instance, queue) group_left () {target('abandon_rate', end)})"
                     for end in ("low", "high")) + ")",
                 words("Against its target", "در برابر هدف صف"), "none", mapped=JUDGED),
           Query(f"sum by (queue) ({of_queue('callcenter_queue_window_visits', window='today', outcome='offered')})",
                 words("Offered today", "ورودی امروز"), "none")),
          width=24, height=10, least=None),
))  # fmt: skip

FATES = {
    "answered": words("Answered", "پاسخ‌داده‌شده"), "abandoned": words("Abandoned", "رهاشده"),
    "!~answered|abandoned|refused_.*": words("Other", "دیگر"), "~refused_.*": words("Refused", "نپذیرفته"),
}  # fmt: skip

COURSE = Section(words("Course of the day", "روند روز"), (
    Panel(Kind.LINES, words("Service level less its target", "سطح خدمت منهای هدف"),
          words("Of the last 30 minutes, by queue. 0 is the target of that queue: the green area is on target, the "
                "yellow one near it, the red one below.",
                "۳۰ دقیقهٔ گذشته، به تفکیک صف. صفر هدف همان صف است: ناحیهٔ سبز در حد هدف، زرد نزدیک آن، قرمز پایین‌تر."),
          (Query(level_gap("30m"), "{{queue}}"),), "percentunit", 12, 9, steps=GAP, bands=True, least=None),
    Panel(Kind.STACKED, words("Waiting by queue", "منتظران به تفکیک صف"), words("Callers now.", "تماس‌های اکنون."),
          (Query(seen(of_queue("callcenter_queue_waiting")), "{{queue}}"),), width=12, height=9, decimals=0),
    Panel(Kind.STACKED, words("What became of calls, an hour", "سرانجام تماس‌ها در ساعت"),
          words("From the counters, as calls an hour; refused ones are not offered. Other: timed out, left by key, no "
                "agents left, withdrawn, PBX died, unknown.",
                "از شمارنده‌ها، تماس در ساعت؛ نپذیرفته‌ها ورودی به شمار نمی‌آیند. دیگر: پایان مهلت، خروج با کلید، بدون "
                "کارشناس، برداشته‌شده، قطع مرکز تلفن، نامعلوم."),
          tuple(Query(f"3600 * sum(rate({of_queue('callcenter_queue_visits_total', outcome=outcome)}"
                      "[$__rate_interval]))", name) for outcome, name in FATES.items()),
          width=12, height=9, decimals=0),
    AGENTS_BY_STATE,
))  # fmt: skip

RATIOS = tuple(figure for figure in FIGURES if figure.unit == "ratio")
TIMES = tuple(figure for figure in FIGURES if figure.unit == "s")
TOGETHER = Section(words("All queues together", "همهٔ صف‌ها با هم"), (
    by_window(RATIOS, words("Shares", "نسبت‌ها"), words("A line a window.", "هر سطر یک بازه."), LIVE, 6),
    by_window(TIMES, words("Times", "زمان‌ها"), words("A line a window.", "هر سطر یک بازه."), LIVE, 6),
))  # fmt: skip

OVERVIEW = Dashboard(
    "overview", words("Call centre: overview", "مرکز تماس: نمای کلی"),
    words("For the wall: what is now, and whether each queue is on its target.",
          "برای دیوار: اکنون چه می‌گذرد و آیا هر صف در حد هدف خود است."),
    (NOW, QUEUES, COURSE, TOGETHER), Queues.SOME, "now-8h", "5s",
)  # fmt: skip
