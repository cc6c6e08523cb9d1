// Numbers, times and dates in the reader's language: digits and calendar come from Intl.

import { LANGUAGES } from "./words.js";

export function formats(lang, zone) {
  const { locale } = LANGUAGES[lang];
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2, useGrouping: false });
  const plain = new Intl.NumberFormat(locale, { useGrouping: false });
  // Rounded down: 79.6 % against an aim of 80 % must not read as 80 %.
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0, roundingMode: "floor" });
  const fine = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const lengths = ["second", "minute", "hour"].map((unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }));
  const at = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat(locale, at);
  const exact = new Intl.DateTimeFormat(locale, { ...at, second: "2-digit" });
  const hours = new Intl.DateTimeFormat("en-GB", at);
  const date = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: "long", day: "numeric", month: "long" });
  return {
    count: (n) => known(n, (v) => whole.format(v)),
    percent: (n) => known(n, (v) => percent.format(v)),
    fine: (n) => known(n, (v) => fine.format(v)),
    clock: (ms) => clock.format(ms),
    exact: (ms) => exact.format(ms),
    /** The hour of the site's clock as a number, with its minutes as a fraction. */
    hour: (ms) => {
      const parts = Object.fromEntries(hours.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
      return parts.hour + parts.minute / 60;
    },
    date: (ms) => date.format(ms),
    length: (s) => lengthOf(s, lengths),
    duration: (s) => known(s, (v) => spoken(Math.max(0, Math.floor(v)), plain, two)),
  };
}

/** "–" for a figure that has no value: it is neither 0 nor 100 %. */
function known(value, said) {
  return value === null || value === undefined ? "–" : said(value);
}

/** About how long, in the one unit that says it best; rounded up: a little is not nothing. */
function lengthOf(s, [seconds, minutes, hours]) {
  return s <= 90 ? seconds.format(Math.ceil(s)) : s <= 5400 ? minutes.format(Math.ceil(s / 60)) : hours.format(Math.ceil(s / 3600));
}

function spoken(s, plain, two) {
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  const tail = `${hours ? two.format(minutes) : plain.format(minutes)}:${two.format(seconds)}`;
  return hours ? `${plain.format(hours)}:${tail}` : tail;
}

/** A text for a tooltip; each value is isolated from the direction of the words around it. */
export function filled(text, values) {
  return text.replace(/\{(\w)\}/g, (whole, key) => (key in values ? `\u2068${values[key]}\u2069` : whole));
}
