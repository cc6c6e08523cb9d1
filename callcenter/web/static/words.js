// What the page says, by language. Names of figures come from /api/v1/figures, for every page alike.

import { asked } from "./address.js";

export const LANGUAGES = {
  en: { name: "EN", locale: "en-GB", dir: "ltr" },
  fa: { name: "فا", locale: "fa-IR-u-ca-persian-nu-arabext", dir: "rtl" },
  ar: { name: "ع", locale: "ar-u-nu-arab", dir: "rtl" },
};

export const WORDS = {
  en: {
    title: "Wallboard", waiting: "Waiting", longest: "Longest wait", answered: "Answered", of: "of {b}",
    agents: "Agents", aim: "aim {p}", within: "{p} within {s} s", live: "Live", connecting: "Connecting …",
    stale: "No news since {t} – connecting again. What is shown is old.",
    linkDown: "No connection to the PBX since {t}. Figures stand still.", since: "since {t}",
    store: "The store cannot be written; everything is kept in memory.",
    disk_full: "The disk is full; everything is kept in memory. Make room.",
    damaged: "The store is damaged. Restore the newest backup.",
    difference: "Figures differ from the PBX's own queue_log.",
    old_backup: "The last good backup of the store is old.",
    mqtt: "The MQTT broker cannot be reached.",
    unseen: "{d} unseen, {t}–{u}", unseenStill: "{d} unseen since {t}", filledIn: "{d} filled in, {t}–{u}",
    partial: "{d} of this window were not seen ({n} gaps). Calls may be missing; {k} have an unknown end.",
    repaired: "{d} of this window were not seen ({n} gaps). The PBX's queue_log told what happened in queues: {r} calls."
      + " What agents did then was not seen.",
    queues: "Queues", allQueues: "All queues", someQueues: "{n} of {a} queues", withCharts: "Charts of the day", close: "Close",
    noSuchQueue: "No such queue: {q}", full: "Full screen (F)", back: "Queues before these", on: "More queues",
    offered: "Calls", abandoned: "Abandoned", allWell: "Nothing is off its limits", alerts: "Alerts",
    nobody_logged_in: "{v} waiting, nobody is logged in", waits_too_long: "waiting for {v}, longer than {l}",
    service_level_low: "service level {v}, aim {l} (30 minutes)", abandon_rate_high: "abandon rate {v}, at most {l} (30 minutes)",
    snapshot: "The PBX has not told yet how things stand.", actions: "Nothing can be asked of the PBX.",
    refused: "The PBX refuses a list; see /readyz.", queue_log: "The PBX's queue_log cannot be read.",
    backup: "The last backup failed.",
    today: "Today", "15m": "Last 15 minutes", "30m": "Last 30 minutes", "60m": "Last 60 minutes",
    available: "Available", ringing: "Ringing", talking: "Talking", holding: "On hold", wrap_up: "Wrap-up",
    paused: "Paused", unreachable: "Unreachable", logged_out: "Logged out", busy: "Busy",
    service_level: "Service level", abandon_rate: "Abandon rate", average_speed_of_answer: "Average speed of answer",
    good: "on target", near: "near the target", bad: "off target", none: "no figure", upTo: "only up to {t}",
    shortOut: "short abandons (under {s} s) are left out", allShortOut: "short abandons are left out",
  },
  fa: {
    title: "تابلو", waiting: "در انتظار", longest: "طولانی‌ترین انتظار", answered: "پاسخ‌داده‌شده", of: "از {b}",
    agents: "کارشناسان", aim: "هدف {p}", within: "{p} در {s} ثانیه", live: "زنده", connecting: "در حال اتصال …",
    stale: "از ساعت {t} خبری نرسیده – در حال اتصال دوباره. آنچه می‌بینید قدیمی است.",
    linkDown: "از ساعت {t} ارتباط با مرکز تلفن قطع است. عددها ثابت مانده‌اند.", since: "از ساعت {t}",
    store: "نوشتن در پایگاه داده ممکن نیست؛ همه‌چیز در حافظه نگه داشته می‌شود.",
    disk_full: "دیسک پر است؛ همه‌چیز در حافظه نگه داشته می‌شود. جا باز کنید.",
    damaged: "پایگاه داده آسیب دیده است. تازه‌ترین نسخهٔ پشتیبان را بازگردانید.",
    difference: "عددها با queue_log مرکز تلفن یکی نیست.",
    old_backup: "آخرین نسخهٔ پشتیبان سالم پایگاه داده کهنه است.",
    mqtt: "کارگزار MQTT در دسترس نیست.",
    unseen: "{d} دیده نشد، {t} تا {u}", unseenStill: "{d} دیده نشده، از {t}", filledIn: "{d} تکمیل شد، {t} تا {u}",
    partial: "{d} از این بازه دیده نشد ({n} بار). شاید تماس‌هایی کم باشد؛ پایان {k} تماس نامعلوم است.",
    repaired: "{d} از این بازه دیده نشد ({n} بار). آنچه در صف‌ها گذشت از queue_log مرکز تلفن آمد: {r} تماس."
      + " کار کارشناسان در آن زمان دیده نشد.",
    queues: "صف‌ها", allQueues: "همهٔ صف‌ها", someQueues: "{n} صف از {a}", withCharts: "نمودارهای روز", close: "بستن",
    noSuchQueue: "چنین صفی نیست: {q}", full: "تمام‌صفحه (F)", back: "صف‌های پیشین", on: "صف‌های دیگر",
    offered: "تماس‌ها", abandoned: "رهاشده", allWell: "همه‌چیز در حد مجاز است", alerts: "هشدارها",
    nobody_logged_in: "{v} نفر در انتظار، هیچ‌کس وارد نشده است", waits_too_long: "{v} در انتظار، بیش از {l}",
    service_level_low: "سطح خدمت {v}، هدف {l} (۳۰ دقیقه)", abandon_rate_high: "نرخ رهاشدن {v}، حداکثر {l} (۳۰ دقیقه)",
    snapshot: "مرکز تلفن هنوز وضعیت را نگفته است.", actions: "از مرکز تلفن نمی‌توان چیزی پرسید.",
    refused: "مرکز تلفن فهرستی را نمی‌دهد؛ ‎/readyz را ببینید.", queue_log: "queue_log مرکز تلفن خوانده نمی‌شود.",
    backup: "آخرین پشتیبان‌گیری ناموفق بود.",
    today: "امروز", "15m": "۱۵ دقیقهٔ گذشته", "30m": "۳۰ دقیقهٔ گذشته", "60m": "۶۰ دقیقهٔ گذشته",
    available: "آماده", ringing: "در حال زنگ", talking: "در گفت‌وگو", holding: "نگه‌داشته", wrap_up: "کار پس از تماس",
    paused: "توقف", unreachable: "خارج از دسترس", logged_out: "خارج‌شده", busy: "مشغول",
    service_level: "سطح خدمت", abandon_rate: "نرخ رهاشدن", average_speed_of_answer: "میانگین زمان پاسخ‌گویی",
    good: "در حد هدف", near: "نزدیک هدف", bad: "خارج از هدف", none: "بدون عدد", upTo: "فقط تا ساعت {t}",
    shortOut: "رهاشدن‌های کوتاه‌تر از {s} ثانیه به حساب نمی‌آیند", allShortOut: "رهاشدن‌های کوتاه به حساب نمی‌آیند",
  },
  ar: {
    title: "لوحة", waiting: "في الانتظار", longest: "أطول انتظار", answered: "تم الرد", of: "من {b}",
    agents: "الموظفون", aim: "الهدف {p}", within: "{p} خلال {s} ثانية", live: "مباشر", connecting: "جارٍ الاتصال …",
    stale: "لا أخبار منذ {t} – جارٍ إعادة الاتصال. المعروض قديم.",
    linkDown: "لا اتصال بالمقسم منذ {t}. الأرقام متوقفة.", since: "منذ {t}",
    store: "تتعذّر الكتابة في قاعدة البيانات؛ كل شيء محفوظ في الذاكرة.",
    disk_full: "القرص ممتلئ؛ كل شيء محفوظ في الذاكرة. أفسحوا مكانًا.",
    damaged: "قاعدة البيانات تالفة. استعيدوا أحدث نسخة احتياطية.",
    difference: "الأرقام تختلف عن queue_log في المقسم.",
    old_backup: "آخر نسخة احتياطية سليمة لقاعدة البيانات قديمة.",
    mqtt: "تعذّر الوصول إلى وسيط MQTT.",
    unseen: "{d} بلا رؤية، {t}–{u}", unseenStill: "{d} بلا رؤية منذ {t}", filledIn: "{d} استُكملت، {t}–{u}",
    partial: "{d} من هذه الفترة بلا رؤية ({n} مرات). قد تنقص مكالمات؛ نهاية {k} منها مجهولة.",
    repaired: "{d} من هذه الفترة بلا رؤية ({n} مرات). ما جرى في الطوابير جاء من queue_log في المقسم: {r} مكالمات."
      + " ما فعله الموظفون حينها لم يُشاهَد.",
    queues: "الطوابير", allQueues: "كل الطوابير", someQueues: "{n} من {a} طوابير", withCharts: "مخططات اليوم", close: "إغلاق",
    noSuchQueue: "لا يوجد طابور كهذا: {q}", full: "ملء الشاشة (F)", back: "الطوابير السابقة", on: "طوابير أخرى",
    offered: "المكالمات", abandoned: "المتروكة", allWell: "كل شيء ضمن الحدود", alerts: "التنبيهات",
    nobody_logged_in: "{v} في الانتظار ولا أحد مسجّل الدخول", waits_too_long: "ينتظر منذ {v}، أكثر من {l}",
    service_level_low: "مستوى الخدمة {v}، الهدف {l} (٣٠ دقيقة)", abandon_rate_high: "معدل الترك {v}، الحد {l} (٣٠ دقيقة)",
    snapshot: "لم يخبر المقسم بعد عن الحالة.", actions: "لا يمكن سؤال المقسم عن شيء.",
    refused: "المقسم يرفض قائمة؛ انظروا ‎/readyz.", queue_log: "تتعذّر قراءة queue_log في المقسم.",
    backup: "فشل آخر نسخ احتياطي.",
    today: "اليوم", "15m": "آخر ١٥ دقيقة", "30m": "آخر ٣٠ دقيقة", "60m": "آخر ٦٠ دقيقة",
    available: "متاح", ringing: "يرن", talking: "يتحدث", holding: "معلّق", wrap_up: "ما بعد المكالمة",
    paused: "متوقف", unreachable: "تعذّر الوصول", logged_out: "خارج النظام", busy: "مشغول",
    service_level: "مستوى الخدمة", abandon_rate: "معدل الترك", average_speed_of_answer: "متوسط سرعة الرد",
    good: "ضمن الهدف", near: "قريب من الهدف", bad: "خارج الهدف", none: "لا رقم", upTo: "حتى {t} فقط",
    shortOut: "لا تُحسب حالات الترك الأقصر من {s} ثوانٍ", allShortOut: "لا تُحسب حالات الترك القصيرة",
  },
};

export const STATES = ["available", "ringing", "talking", "holding", "wrap_up", "paused", "unreachable", "logged_out"];
export const WINDOWS = ["today", "15m", "30m", "60m"];

/** What the address, the last visit or the browser asks for, in this order; the answer is remembered. */
export function chosen(key, known, fallback) {
  const wanted = asked(key);
  if (known.includes(wanted)) remember(key, wanted);
  const kept = recall(key);
  return known.includes(wanted) ? wanted : known.includes(kept) ? kept : fallback;
}

export function remember(key, value, where = "localStorage") {
  try { window[where].setItem(`callcenter.${key}`, value); } catch { /* a locked-down browser: not remembered */ }
}

export function recall(key, where = "localStorage") {
  try { return window[where].getItem(`callcenter.${key}`); } catch { return null; }
}
