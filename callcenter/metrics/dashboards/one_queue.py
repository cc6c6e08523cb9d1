"""The dashboard of one queue: now, each figure against the queue's own target, and what became of its callers. Pure
values."""

from __future__ import annotations

from callcenter.metrics.dashboards.figures import over_time
from callcenter.metrics.dashboards.shared import GAP, level_gap, link, longest_wait, seen
from callcenter.metrics.dashboards.states import OUTCOMES, STATES
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Section, of_queue, site, words
from kpi.table import FIGURES

BUCKETS = of_queue("callcenter_queue_wait_seconds_bucket", outcome="answered")

NOW = Section(words("Now", "اکنون"), (
    link(3, 5),
    Panel(Kind.STAT, words("Waiting", "در انتظار"), words("Callers now.", "تماس‌های اکنون."),
          (Query(seen(of_queue("callcenter_queue_waiting"))),), width=3, height=5, decimals=0),
    longest_wait(3),
    Panel(Kind.STAT, words("Talking", "در گفت‌وگو"), words("Callers with an agent now.", "تماس‌های در حال گفت‌وگو."),
          (Query(seen(of_queue("callcenter_queue_talking"))),), width=3, height=5, decimals=0),
    Panel(Kind.STAT, words("Service level less target", "سطح خدمت منهای هدف"),
          words("Of the last 30 minutes, in percent points.", "۳۰ دقیقهٔ گذشته، به واحد درصد."),
          (Query(level_gap("30m")),), "percentunit", 3, 5, 1, GAP, least=None),
    Panel(Kind.STAT, words("Aim", "هدف"),
          words("Answered within T seconds, and the share that is aimed at.", "پاسخ در T ثانیه، و نسبتی که هدف است."),
          (Query(of_queue("callcenter_queue_service_level_threshold_seconds"), words("T, seconds", "T به ثانیه")),
           Query("100 * " + of_queue("callcenter_queue_service_level_target_ratio"), words("aim, %", "هدف، ٪"))),
          width=4, height=5),
    Panel(Kind.GAUGES, words("Agents", "کارشناسان"),
          words("Of this queue by state.", "کارشناسان این صف به تفکیک وضعیت."),
          tuple(Query(seen(of_queue("callcenter_queue_agents", state=state.value)), name)
                for state, (name, _) in STATES.items()), width=5, height=8, decimals=0),
))  # fmt: skip

VISITS = Section(words("Callers", "تماس‌گیران"), (
    Panel(Kind.GAUGES, words("Today", "امروز"), words("Visits that entered today.", "ورودهای امروز."),
          (Query(of_queue("callcenter_queue_window_visits", window="today", outcome="offered"),
                 words("Offered", "ورودی")),
           *(Query(of_queue("callcenter_queue_window_visits", window="today", outcome=outcome.value), name)
             for outcome, (name, _) in OUTCOMES.items())), width=8, height=10, decimals=0),
    Panel(Kind.STACKED, words("What became of calls, an hour", "سرانجام تماس‌ها در ساعت"),
          words("From the counters, as calls an hour.", "از شمارنده‌ها، تماس در ساعت."),
          tuple(Query(f"3600 * rate({of_queue('callcenter_queue_visits_total', outcome=outcome.value)}"
                      "[$__rate_interval])", name) for outcome, (name, _) in OUTCOMES.items()), width=16, height=10,
          decimals=0),
    Panel(Kind.HEATMAP, words("Wait until an answer", "انتظار تا پاسخ"),
          words("How many waited how long, by the buckets of the histogram.", "چند نفر چه اندازه منتظر ماندند."),
          (Query(f"sum by (le) (increase({BUCKETS}[$__rate_interval]))", "{{le}}"),), "s", 12, 9, least=None),
    Panel(Kind.LINES, words("Wait of the slowest", "انتظار کندترین‌ها"),
          words("Half, and nine of ten, of the answered waited less; between two buckets it is estimated.",
                "نیمی، و نه نفر از ده نفر، کمتر از این منتظر ماندند؛ میان دو دسته برآورد است."),
          (Query(f"histogram_quantile(0.5, sum by (le) (increase({BUCKETS}[15m])))", words("half", "نیمی")),
           Query(f"histogram_quantile(0.9, sum by (le) (increase({BUCKETS}[15m])))",
                 words("nine of ten", "نه نفر از ده نفر"))), "s", 12, 9),
    Panel(Kind.LINES, words("Conversations under way", "گفت‌وگوهای هم‌زمان"),
          words("Connected time a second: the mean number of completed conversations at a time.",
                "زمان گفت‌وگو در ثانیه: میانگین گفت‌وگوهای پایان‌یافتهٔ هم‌زمان."),
          (Query(f"rate({of_queue('callcenter_queue_talk_seconds_total')}[15m])", words("mean", "میانگین")),),
          width=8, height=8),
    Panel(Kind.LINES, words("Rings without an answer, transfers", "زنگ بی‌پاسخ، انتقال"),
          words("An hour, from the counters.", "در ساعت، از شمارنده‌ها."),
          (Query(f"3600 * rate({of_queue('callcenter_queue_ring_no_answer_total')}[15m])",
                 words("rings without an answer", "زنگ بی‌پاسخ")),
           Query(f"3600 * rate({of_queue('callcenter_queue_transferred_total')}[15m])",
                 words("transferred", "انتقال‌یافته"))), width=8, height=8),
    Panel(Kind.LINES, words("Not seen", "دیده‌نشده"),
          words("Seconds of the window without sight: its figures may lack calls. Where queue_log repaired it, what "
                "agents did is not known.",
                "ثانیه‌هایی از بازه که دیده نشد: شاید تماس‌هایی کم باشد. آنچه queue_log تکمیل کرد: کار "
                "کارشناسان در آن دانسته نیست."),
          (Query(site("callcenter_window_blind_seconds", window="today"), words("calls", "تماس‌ها")),
           Query(site("callcenter_window_agents_blind_seconds", window="today"), words("agents", "کارشناسان"))),
          "s", 8, 8),
))  # fmt: skip

EACH = Section(words("Each figure against its target", "هر شاخص در برابر هدف"), tuple(map(over_time, FIGURES)))

QUEUE = Dashboard(
    "queue", words("Call centre: one queue", "مرکز تماس: یک صف"),
    words("One queue: now, each figure against the queue's own target, what became of its callers.",
          "یک صف: اکنون، هر شاخص در برابر هدف همین صف، و سرانجام تماس‌ها."),
    (NOW, EACH, VISITS), Queues.ONE, "now-12h", "10s",
)  # fmt: skip
