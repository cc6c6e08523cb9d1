"""The dashboard of the daemon's own health: link, events, store, queue_log, broker. Pure values."""

from __future__ import annotations

from callcenter.metrics.dashboards.shared import ABSENT, ANSWERS, ANY_BAD, or_absent
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Section, site, words

UP = {"0": (words("down", "قطع"), "red"), "1": (words("up", "برقرار"), "green")}
ALARM = {"0": (words("quiet", "آرام"), "green"), "1": (words("alarm", "هشدار"), "red")}
FAILS = {"0": (words("writes", "می‌نویسد"), "green"), "1": (words("fails", "نمی‌تواند"), "red")}
NO_BROKER = {ABSENT: (words("no broker", "کارگزاری نیست"), "text")}
NO_BACKUP = {ABSENT: (words("none yet", "هنوز نیست"), "orange")}
NO_LOG = {ABSENT: (words("not compared", "مقایسه نمی‌شود"), "text")}
NONE = words("", "")

NOW = Section(words("Now", "اکنون"), (
    Panel(Kind.STAT, words("Scraped", "خوانده می‌شود"),
          words("Whether Prometheus reaches the daemon.", "آیا پرومتئوس به برنامه می‌رسد."),
          (Query(site("up", job="callcenter")),), width=3, height=4, mapped=UP),
    Panel(Kind.STAT, words("Manager link", "پیوند مدیریتی"),
          words("Up, and its snapshot applied.", "برقرار، و تصویر آغازین آن به کار رفته."),
          (Query(site("callcenter_link_up"), "{{pbx}}"),), width=3, height=4, mapped=UP),
    Panel(Kind.STAT, words("Store", "پایگاه داده"),
          words("While writes fail everything is kept in memory.", "تا وقتی نوشتن ممکن نیست همه‌چیز در حافظه می‌ماند."),
          (Query(site("callcenter_store_failed")),), width=3, height=4, mapped=FAILS),
    Panel(Kind.STAT, words("MQTT", "MQTT"), words("Logged in to the broker.", "ورود به کارگزار."),
          (Query(or_absent(site("callcenter_mqtt_up"), ANSWERS)),), width=3, height=4, mapped=UP | NO_BROKER),
    Panel(Kind.STAT, words("Age of the last good backup", "عمر آخرین پشتیبان سالم"), NONE,
          (Query(or_absent(site("callcenter_store_backup_age_seconds"), ANSWERS)),), "s", 4, 4, mapped=NO_BACKUP),
    Panel(Kind.STAT, words("Last good backup", "آخرین پشتیبان سالم"), NONE,
          (Query(or_absent("1000 * " + site("callcenter_backup_last_success_timestamp_seconds"), ANSWERS)),),
          "dateTimeAsIso", 5, 4, mapped=NO_BACKUP, least=None),
    Panel(Kind.NAME, words("Version", "نسخه"), NONE, (Query(site("callcenter_build_info"), "{{version}}"),), width=3,
          height=4),
    Panel(Kind.TIMELINE, words("Alarms", "هشدارها"),
          words("Each kind of alarm; /readyz says why.", "هر نوع هشدار؛ ‎/readyz‎ می‌گوید چرا."),
          (Query(site("callcenter_alarm"), "{{kind}}"),), width=24, height=10, mapped=ALARM),
))  # fmt: skip

LINK = Section(words("What comes from the PBX", "آنچه از مرکز تلفن می‌آید"), (
    Panel(Kind.LINES, words("Events and calls", "رویدادها و تماس‌ها"), words("A second.", "در ثانیه."),
          (Query(f"rate({site('callcenter_ami_events_total')}[$__rate_interval])", words("events", "رویدادها")),
           Query(f"rate({site('callcenter_calls_started_total')}[$__rate_interval])", words("calls", "تماس‌ها"))),
          width=8),
    Panel(Kind.LINES, words("How late", "دیرکرد"),
          words("How late the newest events came, and how far the PBX's clock is ahead of ours. Alert above 5 s.",
                "دیرکرد تازه‌ترین رویدادها، و جلوبودن ساعت مرکز تلفن. بالای ۵ ثانیه هشدار می‌دهد."),
          (Query(site("callcenter_ami_lag_seconds"), words("late", "دیرکرد")),
           Query(site("callcenter_pbx_clock_offset_seconds"), words("clock ahead", "جلوبودن ساعت"))),
          "s", 8, steps=((None, "green"), (5.0, "red")), bands=True, least=None),
    Panel(Kind.LINES, words("Read and not applied yet", "خوانده و هنوز به‌کارنرفته"), NONE,
          (Query(site("callcenter_inbox_pending"), words("segments", "بخش‌ها")),), width=8),
    Panel(Kind.LINES, words("Link lost", "قطع پیوند"), words("In the last hour.", "در ساعت گذشته."),
          (Query(f"increase({site('callcenter_link_lost_total')}[1h])", words("lost", "قطع")),
           Query(f"increase({site('callcenter_ami_reconnects_total')}[1h])", words("came back", "برقراری دوباره"))),
          width=8),
    Panel(Kind.LINES, words("Without sight", "بدون دید"),
          words("Seconds of the last hour; and of each window, in calls and in what agents did.",
                "ثانیه‌های ساعت گذشته؛ و از هر بازه، برای تماس‌ها و کار کارشناسان."),
          (Query(f"increase({site('callcenter_ami_blind_seconds_total')}[1h])", words("last hour", "ساعت گذشته")),
           Query(site("callcenter_window_blind_seconds"), "{{window}}"),
           Query(site("callcenter_window_agents_blind_seconds", window="today"),
                 words("today, agents", "امروز، کارشناسان"))), "s", 8),
    Panel(Kind.LINES, words("Holes", "حفره‌ها"),
          words("Times without sight that touch the day or the last hour.", "زمان‌های بدون دید در امروز یا ساعت گذشته."),
          (Query(site("callcenter_holes", repaired="false"), words("open", "باز")),
           Query(site("callcenter_holes", repaired="true"), words("repaired", "تکمیل‌شده"))), width=8),
    Panel(Kind.STACKED, words("Impossible events", "رویدادهای ناممکن"),
          words("In the last hour, by kind: anything but 0 is worth a look at the log.",
                "در ساعت گذشته، به تفکیک نوع: هر عددی جز صفر سزاوار نگاهی به گزارش است."),
          (Query(f"increase({site('callcenter_drift_total')}[1h])", "{{kind}}"),), width=12),
    Panel(Kind.STACKED, words("Messages not taken", "پیام‌های کنارگذاشته"), words("In the last hour.", "در ساعت گذشته."),
          (Query(f"increase({site('callcenter_ami_dropped_total')}[1h])", "{{reason}}"),), width=12),
))  # fmt: skip

STORE = Section(words("Store and queue_log", "پایگاه داده و queue_log"), (
    Panel(Kind.LINES, words("Changes to be written", "تغییرهای نانوشته"),
          words("Alert above 1000.", "بالای ۱۰۰۰ هشدار می‌دهد."),
          (Query(site("callcenter_store_pending"), words("pending", "نانوشته")),), width=8,
          steps=((None, "green"), (1000.0, "red")), bands=True),
    Panel(Kind.LINES, words("Time of a write", "زمان هر نوشتن"), words("Mean.", "میانگین."),
          (Query(f"rate({site('callcenter_store_write_seconds_sum')}[5m]) / "
                 f"(rate({site('callcenter_store_write_seconds_count')}[5m]) > 0)", words("mean", "میانگین")),),
          "s", 8),
    Panel(Kind.STAT, words("Given up since the start", "ازدست‌رفته از آغاز"),
          words("Lines of timelines, rows that the store would never take, backups in vain.",
                "سطرهای گاه‌شمار، ردیف‌های پذیرفته‌نشده، پشتیبان‌های ناموفق."),
          (Query(site("callcenter_store_dropped_journal_total"), words("lines", "سطر")),
           Query(site("callcenter_store_refused_rows_total"), words("rows", "ردیف")),
           Query(site("callcenter_store_backup_failures_total"), words("backups", "پشتیبان"))), width=8, steps=ANY_BAD),
    Panel(Kind.STAT, words("Difference from queue_log", "تفاوت با queue_log"),
          words("Visits in the last interval compared; anything but 0 is an alarm.",
                "ورودها در آخرین بازهٔ مقایسه‌شده؛ هر عددی جز صفر هشدار است."),
          (Query(or_absent(site("callcenter_queue_log_difference"), site("callcenter_queue_waiting"),
                           "instance, queue"), "{{queue}}"),), width=8,
          steps=((None, "red"), (0.0, "green"), (1.0, "red")), mapped=NO_LOG, least=None),
    Panel(Kind.LINES, words("queue_log read", "خواندن queue_log"),
          words("Seconds since it was last read to its end.", "ثانیه از آخرین خواندن تا پایان."),
          (Query(site("callcenter_queue_log_lag_seconds"), words("age", "عمر")),), "s", 8),
    Panel(Kind.LINES, words("Visits told by queue_log", "ورودهایی که queue_log گفت"),
          words("Their outcome was taken from it, in the last hour.", "سرانجام آن‌ها از آن گرفته شد، در ساعت گذشته."),
          (Query(f"sum by (queue) (increase({site('callcenter_queue_log_repaired_visits_total')}[1h]))",
                 "{{queue}}"),), width=8),
))  # fmt: skip

BROKER = Section(words("MQTT", "MQTT"), (
    Panel(Kind.LINES, words("Messages acknowledged", "پیام‌های تأییدشده"), words("A second.", "در ثانیه."),
          (Query(f"rate({site('callcenter_mqtt_published_total')}[$__rate_interval])", words("messages", "پیام‌ها")),)),
    Panel(Kind.STAT, words("Since the start", "از آغاز"),
          words("Logins, and calls whose newest state was given up while the broker was away.",
                "ورودها، و تماس‌هایی که تازه‌ترین وضعیتشان در نبود کارگزار کنار گذاشته شد."),
          (Query(or_absent(site("callcenter_mqtt_logins_total"), ANSWERS), words("logins", "ورود")),
           Query(or_absent(site("callcenter_mqtt_dropped_calls_total"), ANSWERS),
                 words("calls given up", "تماس ازدست‌رفته"))), mapped=NO_BROKER),
))  # fmt: skip

DAEMON = Dashboard(
    "daemon", words("Call centre: the daemon's own health", "مرکز تماس: سلامت خود برنامه"),
    words("Whether what the other dashboards show can be trusted: link, events, store, queue_log, broker.",
          "آیا به آنچه داشبوردهای دیگر نشان می‌دهند می‌توان اعتماد کرد: پیوند، رویدادها، پایگاه داده، "
          "queue_log، کارگزار."),
    (NOW, LINK, STORE, BROKER), Queues.NONE, "now-6h", "10s",
)  # fmt: skip
