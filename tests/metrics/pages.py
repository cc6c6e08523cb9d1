"""The page that Prometheus reads, as the daemon writes it, and as prometheus_client writes the same samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from callcenter.figures.window import Figures
from callcenter.floor.wallboard import Wallboard
from callcenter.metrics.collector import families
from callcenter.metrics.counters import Counters
from callcenter.metrics.exposition import PARTED, Exposition, Family
from callcenter.metrics.health import Health
from callcenter.metrics.of_planning import Planning
from callcenter.numbers import no_number


def told(
    board: Wallboard, counters: Counters | None = None, health: Health | None = None, planning: Planning | None = None,
    past: Mapping[str, Figures] | None = None, names: Collection[str] = (),
) -> list[Family]:
    made = families(board, counters or Counters(), health or Health(), planning, past, names)
    return [(row, iter(list(samples))) for row, samples in made]


def written(*of: object, **more: object) -> str:
    """Of what :func:`told` takes."""
    return Exposition().page(told(*of, **more)).decode()  # type: ignore[arg-type]


def by_library(families: list[Family]) -> str:
    class Told(Collector):
        def collect(self) -> list[Metric]:
            return [_metric(*family) for family in families]

    registry = CollectorRegistry()
    registry.register(Told())
    return generate_latest(registry).decode()


def _metric(row, samples) -> Metric:  # type: ignore[no-untyped-def]
    metric = Metric(row.name.removesuffix("_total") if row.type == "counter" else row.name, row.help, row.type)
    for labels, value in samples:
        suffix, names = "", row.labels
        if row.type in PARTED:
            suffix, labels, names = labels[0], labels[1:], (*row.labels, "le")
        own = {name: no_number(text) if name in ("queue", "agent", "name") else text
               for name, text in zip(names, labels, strict=False)}  # fmt: skip
        metric.add_sample(row.name + suffix, own, value)
    return metric
