"""What a report says beside its figures, by language. Pure. The labels of figures come with the report's columns."""

from __future__ import annotations

RTL = frozenset({"fa", "ar"})

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "report": "Report", "queue": "Queue", "agent": "Agent", "topic": "Topic", "site": "Site", "period": "Period",
        "all": "All",
        "whole": "Whole range", "range": "Range", "zone": "Time zone", "made": "Made", "by_period": "By period",
        "by_queue": "By queue", "by_agent": "By agent", "by_topic": "By topic", "by_site": "By site",
        "figure": "Figure", "target": "Target",
        "definition": "Definition", "definitions": "Definitions", "trust": "How much was seen",
        "thresholds": "Thresholds used", "threshold": "Answered within (T)", "short": "Short abandon under",
        "aim": "Service level aimed at", "all_queues": "All queues", "other_queues": "All other queues",
        "aim_is": "target {p}", "to": " to ",
        "within": "{p} within {s}",
        "provisional": "{p} still provisional", "good": "on target", "near": "near the target", "bad": "off target",
        "calls_title": "Calls by period", "level_title": "Service level by period",
        "calls_by_title": "Calls: {by}", "level_by_title": "Service level: {by}",
        "answered": "Answered", "abandoned": "Abandoned", "other": "Ended otherwise or open",
        "nothing": "Not seen, or not whole", "partly": "* Not seen, or not whole: calls may be missing.",
        "aims_differ": "The target differs by queue.", "time_axis": "Time",
        "steps": "One step is {n}.", "last_step": "The last one is {n}.", "interval_n": "{n} × 15 min",
        "hour_n": "{n} h", "day_n": "{n} days",
        "week_n": "{n} weeks", "month_n": "{n} months",
        "cut": "The first {n} of {m} rows. All of them, each period {by}, are in the CSV of this report.",
        "rest_csv": "Each period {by} is in the CSV of this report.",
        "names_cut": "The {n} with the most calls, of {m}.",
        "columns_cut": "{n} of {m} columns; the CSV has all.", "empty": "There is nothing in this range.",
        "seen_all": "Seen: {p} of the range.",
        "seen_part": "Seen: {p} of the range. {d} of it nobody saw: calls may be missing.",
        "not_over": "The range is not over: counted up to {t}.", "not_begun": "The range has not begun.",
        "repaired": "Visits known from the PBX's queue_log only: {n}. They have neither hold nor wrap-up: both count "
                    "as 0.",
        "imported": "Visits imported from queue_log: {n}. They have neither hold nor wrap-up: both count as 0.",
        "unknown": "Visits whose end nobody knows: {n}.",
        "provisional_long": "First-call resolution is still provisional for {p} of its calls.",
    },
    "fa": {
        "report": "گزارش", "queue": "صف", "agent": "کارشناس", "topic": "موضوع", "site": "سایت", "period": "دوره",
        "all": "همه",
        "whole": "کل بازه", "range": "بازه", "zone": "منطقهٔ زمانی", "made": "زمان تهیه",
        "by_period": "به تفکیک دوره",
        "by_queue": "به تفکیک صف", "by_agent": "به تفکیک کارشناس", "by_topic": "به تفکیک موضوع",
        "by_site": "به تفکیک سایت", "figure": "شاخص",
        "target": "هدف", "definition": "تعریف", "definitions": "تعریف‌ها", "trust": "چه مقدار دیده شده است",
        "thresholds": "آستانه‌های به‌کاررفته", "threshold": "پاسخ در مدت (T)", "short": "رهاشدن کوتاه، کمتر از",
        "aim": "هدف سطح خدمت", "all_queues": "همهٔ صف‌ها", "other_queues": "صف‌های دیگر", "aim_is": "هدف {p}",
        "to": " تا ", "within": "{p} در {s}",
        "provisional": "{p} هنوز قطعی نشده", "good": "در حد هدف", "near": "نزدیک هدف", "bad": "دور از هدف",
        "calls_title": "تماس‌ها به تفکیک دوره", "level_title": "سطح خدمت به تفکیک دوره",
        "calls_by_title": "تماس‌ها {by}", "level_by_title": "سطح خدمت {by}",
        "answered": "پاسخ‌داده‌شده", "abandoned": "رهاشده", "other": "پایان دیگر یا باز",
        "nothing": "دیده‌نشده یا ناقص",
        "partly": "* دیده‌نشده یا ناقص: شاید تماس‌هایی کم باشد.",
        "aims_differ": "هدف صف‌ها یکسان نیست.", "time_axis": "زمان",
        "steps": "هر گام {n} است.", "last_step": "گام آخر {n} است.", "interval_n": "{n} × ۱۵ دقیقه",
        "hour_n": "{n} ساعت", "day_n": "{n} روز",
        "week_n": "{n} هفته", "month_n": "{n} ماه",
        "cut": "تنها {n} سطر نخست از {m} سطر آمده است. همهٔ آن‌ها، هر دوره {by}، در فایل CSV این گزارش است.",
        "rest_csv": "هر دوره {by} در فایل CSV این گزارش است.",
        "names_cut": "{n} مورد پرتماس‌تر از {m} مورد.",
        "columns_cut": "{n} ستون از {m} ستون؛ همه در فایل CSV است.", "empty": "در این بازه چیزی نیست.",
        "seen_all": "دیده‌شده: {p} از بازه.",
        "seen_part": "دیده‌شده: {p} از بازه. {d} از آن را کسی ندیده است: شاید تماس‌هایی کم باشد.",
        "not_over": "بازه هنوز تمام نشده است: شمارش تا {t}.", "not_begun": "بازه هنوز آغاز نشده است.",
        "repaired": "تماس‌هایی که تنها queue_log مرکز تلفن از آن‌ها می‌گوید: {n}. زمان نگه‌داشتن و کار پس از تماس ندارند و "
                    "هر دو صفر حساب شده‌اند.",
        "imported": "تماس‌های واردشده از queue_log: {n}. زمان نگه‌داشتن و کار پس از تماس ندارند و هر دو صفر حساب "
                    "شده‌اند.",
        "unknown": "تماس‌هایی که پایانشان نامعلوم است: {n}.",
        "provisional_long": "حل در تماس اول برای {p} از تماس‌ها هنوز قطعی نیست.",
    },
    "ar": {
        "report": "تقرير", "queue": "الطابور", "agent": "الموظف", "topic": "الموضوع", "site": "الموقع",
        "period": "المدة", "all": "الكل",
        "whole": "الفترة كلها", "range": "الفترة", "zone": "المنطقة الزمنية", "made": "وقت الإعداد",
        "by_period": "بحسب المدة", "by_queue": "بحسب الطابور", "by_agent": "بحسب الموظف", "by_topic": "بحسب الموضوع",
        "by_site": "بحسب الموقع",
        "figure": "المؤشر", "target": "الهدف", "definition": "التعريف", "definitions": "التعريفات",
        "trust": "كم شوهد من الفترة", "thresholds": "الحدود المستخدمة", "threshold": "الرد خلال (T)",
        "short": "ترك قصير، أقل من", "aim": "هدف مستوى الخدمة", "all_queues": "كل الطوابير",
        "other_queues": "سائر الطوابير", "aim_is": "الهدف {p}",
        "to": " إلى ",
        "within": "{p} خلال {s}", "provisional": "{p} غير نهائي بعد", "good": "ضمن الهدف", "near": "قريب من الهدف",
        "bad": "بعيد عن الهدف", "calls_title": "المكالمات بحسب المدة", "level_title": "مستوى الخدمة بحسب المدة",
        "calls_by_title": "المكالمات {by}", "level_by_title": "مستوى الخدمة {by}",
        "answered": "تم الرد", "abandoned": "متروكة", "other": "نهاية أخرى أو جارية", "nothing": "لم يُشاهَد أو ناقص",
        "partly": "* لم يُشاهَد أو ناقص: قد تنقص مكالمات.",
        "aims_differ": "يختلف الهدف بين الطوابير.", "time_axis": "الوقت",
        "steps": "كل خطوة {n}.", "last_step": "الخطوة الأخيرة {n}.", "interval_n": "{n} × ١٥ دقيقة",
        "hour_n": "{n} × ساعة", "day_n": "{n} × يوم",
        "week_n": "{n} × أسبوع", "month_n": "{n} × شهر",
        "cut": "تظهر الصفوف الأولى فقط، وعددها {n} من أصل {m}. كل الصفوف، كل مدة {by}، في ملف CSV لهذا التقرير.",
        "rest_csv": "كل مدة {by} في ملف CSV لهذا التقرير.",
        "names_cut": "{n} الأكثر مكالمات من أصل {m}.",
        "columns_cut": "عدد الأعمدة هنا: {n} من أصل {m}؛ كلها في ملف CSV.", "empty": "لا شيء في هذه الفترة.",
        "seen_all": "المُشاهَد: {p} من الفترة.",
        "seen_part": "المُشاهَد: {p} من الفترة. {d} منها لم يرها أحد: قد تنقص مكالمات.",
        "not_over": "الفترة لم تنته بعد: العدّ حتى {t}.", "not_begun": "لم تبدأ الفترة بعد.",
        "repaired": "مكالمات معروفة من queue_log في المقسم فقط: {n}. ليس لها زمن تعليق ولا عمل بعد المكالمة، وكلاهما "
                    "محسوب صفرًا.",
        "imported": "مكالمات مستوردة من queue_log: {n}. ليس لها زمن تعليق ولا عمل بعد المكالمة، وكلاهما محسوب صفرًا.",
        "unknown": "مكالمات نهايتها مجهولة: {n}.",
        "provisional_long": "الحل من المكالمة الأولى غير نهائي بعد في {p} من المكالمات.",
    },
}  # fmt: skip

MONTHS: dict[str, tuple[str, ...]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fa": ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
    "ar": ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر",
           "ديسمبر"),
}  # fmt: skip
"""In fa the months of the Jalali year, else those of the Gregorian."""

WEEKDAYS: dict[str, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fa": ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
}
"""From Monday on."""


def fill(text: str, **values: str) -> str:
    """Each value is isolated from the direction of the words around it."""
    return text.format(**{key: f"\u2068{value}\u2069" for key, value in values.items()})
