"""A believable report: some queues over some days, with a hole, a quiet queue and imported visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from callcenter.history.columns import Range
from callcenter.report.values import Ask, By, Column, Every, Report, Targets, Trust
from kpi.columns import Floats
from kpi.table import CALL_FIGURES, FIGURES

TEHRAN = ZoneInfo("Asia/Tehran")

QUEUES = (
    "accounts", "billing", "callback", "complaints", "dispatch", "emergency", "fleet", "install", "night", "orders",
    "outbound-help", "sales", "sales-vip", "support", "support-2nd-line", "warranty", "اشتراک", "امور مشتریان",
    "پشتیبانی فنی", "فروش تهران",
)  # fmt: skip

HOSTILE = (
    "=cmd|'/c calc'!A1", "<script>window.hit=1</script>", 'a"b,c;=1+1', "\u202eevil\u202c", "line\r\nbreak\n=2", "+1-2",
    "＝SUM(A1)", "\t=tab", "\x1b[31mred\x07", "{{ 7*7 }}", "[bold]x[/bold]", "x" * 300, "'; DROP", "@sum",
    "half \ud800",
)  # fmt: skip

COUNTS: dict[str, tuple[str, str, str, str]] = {
    "offered": ("Offered", "ورودی", "الواردة", "all visits but the refused"),
    "answered": ("Answered", "پاسخ‌داده‌شده", "تم الرد", "an agent was connected; queue_log: CONNECT"),
    "abandoned": ("Abandoned", "رهاشده", "متروكة", "the caller hung up while waiting; queue_log: ABANDON"),
    "short_abandoned": ("Abandoned early", "رهاشدهٔ کوتاه", "متروكة قصيرة", "abandoned before the short threshold"),
    "timed_out": ("Timed out", "پایان مهلت", "انتهت المهلة", "queue_log: EXITWITHTIMEOUT"),
}

SECONDS_OF = {Every.INTERVAL: 900, Every.HOUR: 3600, Every.WEEK: 7 * 86_400, Every.MONTH: 30 * 86_400}


def sample(
    names: tuple[str, ...] = QUEUES, periods: int = 30, every: Every = Every.DAY, by: By = By.QUEUE,
    zone: tzinfo = TEHRAN, hole: bool = True, **asked: Any,
) -> Report:
    """From 23 October 2026 on, local midnight. With ``hole`` nothing is known of the 12th period, and the first five
    are imported."""
    start = datetime(2026, 10, 23, tzinfo=zone)
    spans = _spans(start, periods, every)
    whole = (spans[0][0], spans[-1][1]) if spans else (start.timestamp(), start.timestamp())
    counts = _counts(len(names), periods, hole)
    unknown = 3 * 3600.0 + 1200 + (spans[11][1] - spans[11][0]) if hole and periods > 12 else 0.0
    queues = names if by is By.QUEUE else ("sales",)
    return Report(
        site="Tehran", zone=zone, made_at=whole[1] + 1000, ask=Ask(whole, every, by, **asked), periods=spans,
        names=names, columns=(*_count_columns(counts), *_figure_columns(counts)),
        targets={queue: Targets(30.0 if "vip" in queue else 20.0) for queue in queues},
        trust=Trust(unknown, 41_000, 120, 7300, 3, 0.231) if hole else Trust(0.0, 41_000, 0, 0, 0, 0.0),
        unknown_s=_unknown_s(spans, unknown),
    )  # fmt: skip


def _unknown_s(spans: tuple[Range, ...], unknown: float) -> tuple[float, ...]:
    """All of the 12th period, and the rest of the 11th."""
    seconds = [0.0] * len(spans)
    if unknown:
        seconds[11] = spans[11][1] - spans[11][0]
        seconds[10] = min(unknown - seconds[11], spans[10][1] - spans[10][0])
    return tuple(seconds)


def _spans(start: datetime, periods: int, every: Every) -> tuple[Range, ...]:
    if every is Every.DAY:
        edges = [(start + timedelta(days=i)).timestamp() for i in range(periods + 1)]
    else:
        edges = [start.astimezone(UTC).timestamp() + i * SECONDS_OF[every] for i in range(periods + 1)]
    return tuple(pairwise(edges))


def _counts(names: int, periods: int, hole: bool) -> dict[str, Floats]:
    """Each with its totals, which are the sums; NaN where nothing is known."""
    random = np.random.default_rng(7)
    busy = random.uniform(5, 120, names) * (random.uniform(0, 1, names) > 0.05)
    weekly = 1 - 0.75 * ((np.arange(periods)[:, None] + 4) % 7 > 4)
    offered = random.poisson(busy * weekly).astype(np.float64)
    answered = random.binomial(offered.astype(int), random.uniform(0.82, 0.98, (periods, names))).astype(np.float64)
    abandoned = np.floor((offered - answered) * 0.8)
    counts = {
        "offered": offered, "answered": answered, "abandoned": abandoned, "short_abandoned": np.floor(abandoned * 0.3),
        "timed_out": offered - answered - abandoned,
        "in_time": np.floor(answered * random.uniform(0.6, 1.0, (periods, names))),
    }  # fmt: skip
    return {name: _with_totals(values, hole) for name, values in counts.items()}


def _with_totals(values: Floats, hole: bool) -> Floats:
    full = np.zeros((len(values) + 1, values.shape[1] + 1))
    full[:-1, :-1] = values
    if hole and len(values) > 12:
        full[11, :-1] = np.nan
    full[:-1, -1] = full[:-1, :-1].sum(axis=1)
    full[-1] = np.nansum(full[:-1], axis=0)
    return full


def _count_columns(counts: dict[str, Floats]) -> list[Column]:
    return [
        Column(name, "count", {"en": en, "fa": fa, "ar": ar}, definition, None, None, counts[name])
        for name, (en, fa, ar, definition) in COUNTS.items()
    ]


def _figure_columns(counts: dict[str, Floats]) -> list[Column]:
    random = np.random.default_rng(8)
    shape = counts["offered"].shape
    counted = counts["offered"] - counts["short_abandoned"]
    some = np.where(counts["answered"] > 0, 1.0, np.nan)
    values = {
        "service_level": _ratio(counts["in_time"], counted),
        "service_level_answered": _ratio(counts["in_time"], counts["answered"]),
        "abandon_rate": _ratio(counts["abandoned"] - counts["short_abandoned"], counted),
    }
    for figure in (*FIGURES, *CALL_FIGURES):
        low, high = (4.0, 480.0) if figure.unit == "s" else (0.55, 0.97)
        of = values.get(figure.name, random.uniform(low, high, shape) * some)
        values[figure.name] = of
    return [
        Column(f.name, f.unit, f.label, (f.of.__doc__ or "").split("\n")[0], f.better.value, f.target, values[f.name])
        for f in (*FIGURES, *CALL_FIGURES)
    ]


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.nan_to_num(whole) > 0)


def agents(count: int) -> tuple[str, ...]:
    return tuple(sorted(f"SIP/{2000 + i}" if i % 3 else f"سارا محمدی {i}" for i in range(count)))


def with_names(report: Report, names: tuple[str, ...]) -> Report:
    """The same with other names; the queue targets follow."""
    of = dict(zip(report.names, names, strict=True))
    return replace(report, names=names, targets={of.get(queue, queue): t for queue, t in report.targets.items()})
