"""The dashboard of today against the forecast: calls that came, agents required and staffed. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.shared import ABSENT, ANSWERS, or_absent, seen
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Section, of_queue, site, words

OFFERED = of_queue("callcenter_queue_window_visits", window="today", outcome="offered")
FORECAST = of_queue("callcenter_queue_forecast_calls")
NO_FORECAST = {ABSENT: (words("no forecast", "پیش‌بینی نیست"), "text")}

STAFF = Section(words("Agents", "کارشناسان"), (
    Panel(Kind.STAT, words("Agents missing now", "کمبود کارشناس اکنون"),
          words("Agents required - agents staffed: above 0 too few. Nothing where no forecast was made before the day "
                "began.", "کارشناسان لازم منهای کارشناسان حاضر: بالای صفر یعنی کمبود. پیش از آغاز روز پیش‌بینی نشده "
                "باشد، چیزی نیست."),
          (Query(seen(of_queue("callcenter_queue_staffing_gap_agents")), "{{queue}}"),), width=18, height=5, decimals=0,
          steps=((None, "green"), (0.5, "red")), least=None),
    Panel(Kind.STAT, words("Age of the forecast", "عمر پیش‌بینی"),
          words("Since the forecast of today was made; it is made once a day.",
                "از زمان ساخت پیش‌بینی امروز؛ روزی یک بار ساخته می‌شود."),
          (Query(or_absent(f"time() - {site('callcenter_forecast_made_timestamp_seconds')}", ANSWERS)),), "s", 6, 5,
          steps=((None, "green"), (172800.0, "yellow")), mapped=NO_FORECAST),
    Panel(Kind.LINES, words("Agents required and staffed", "کارشناسان لازم و حاضر"),
          words("Required: Erlang C at the queue's service level, occupancy capped, without shrinkage. The filled band "
                "is the gap between the two.",
                "لازم: ارلانگ C برای سطح خدمت صف، با سقف اشتغال و بدون ضریب غیبت. نوار پر، فاصلهٔ میان آن دو است."),
          (Query(seen(of_queue("callcenter_queue_agents_staffed")), words("staffed", "حاضر")),
           Query(of_queue("callcenter_queue_agents_required"), words("required", "لازم"), dashed="orange",
                 fill="orange")), width=12, height=9, decimals=1, repeat=True),
))  # fmt: skip

CALLS = Section(words("Calls", "تماس‌ها"), (
    Panel(Kind.LINES, words("Calls today, come and forecast", "تماس‌های امروز، آمده و پیش‌بینی‌شده"),
          words("From the beginning of the business day until now.", "از آغاز روز کاری تا اکنون."),
          (Query(OFFERED, words("offered", "ورودی")), Query(FORECAST, words("forecast", "پیش‌بینی"), dashed="orange")),
          width=12, height=9, decimals=0, repeat=True),
    Panel(Kind.LINES, words("Calls of a quarter of an hour", "تماس‌های یک ربع ساعت"),
          words("Come in the last 15 minutes; forecast for the quarter under way.",
                "آمده در ۱۵ دقیقهٔ گذشته؛ پیش‌بینی برای ربع جاری."),
          (Query(f"increase({of_queue('callcenter_queue_entered_total')}[15m])",
                 words("entered in the last 15 min", "ورود در ۱۵ دقیقهٔ گذشته")),
           Query(of_queue("callcenter_queue_forecast_calls_interval"),
                 words("forecast of this quarter", "پیش‌بینی این ربع"), dashed="orange")),
          width=12, height=9, decimals=0, repeat=True),
    Panel(Kind.LINES, words("Come, as a share of the forecast", "آمده، نسبت به پیش‌بینی"),
          words("1 is as forecast; the green area is within the field's 5 %.",
                "۱ یعنی برابر پیش‌بینی؛ ناحیهٔ سبز در محدودهٔ ۵ درصد رایج است."),
          (Query(f"{OFFERED} / on (instance, queue) group_left () ({FORECAST} > 0)", "{{queue}}"),), "percentunit", 24,
          9, steps=((None, "orange"), (0.95, "green"), (1.05, "orange")), bands=True),
))  # fmt: skip

FORECASTS = Dashboard(
    "forecast", words("Call centre: today against forecast", "مرکز تماس: امروز در برابر پیش‌بینی"),
    words("Calls that came and agents that are there, against what was forecast before the day began.",
          "تماس‌های آمده و کارشناسان حاضر، در برابر آنچه پیش از آغاز روز پیش‌بینی شده بود."),
    (STAFF, CALLS), Queues.SOME, "now-12h", "30s",
)  # fmt: skip
