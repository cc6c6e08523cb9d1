"""A scrape of a big centre: how long it takes, and whether the daemon reads the link later meanwhile.

    python benchmarks/scrape.py [--agents 1000] [--queues 100] [--rate 6] [--scrapes 60]

The PBX is the simulated one at real speed, so many calls a second, a process of its own; so is the daemon. Each scrape
is timed from GET to the last byte. The peer: prometheus_client writes the same page, in this process, in turns with
what the daemon writes it by.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import the_lab  # noqa: F401
from lab.daemon import Running, running
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from soak import SECRET, USER, metrics, simulating

from callcenter.metrics.exposition import Exposition, Family
from callcenter.metrics.table import METRICS

WARM_UP_S = 60.0
EVERY_S = 1.0
SAMPLED_S = 0.1
AIM_S = 0.050
ROUNDS = 15
LAG = "callcenter_ami_lag_seconds"


class Page:
    """What a scrape brought, for the library to write again."""

    def __init__(self, text: str) -> None:
        self.metrics = list(text_string_to_metric_families(text))

    def collect(self) -> list[Metric]:
        return self.metrics

    def families(self) -> list[Family]:
        out = []
        for metric in self.metrics:
            row = METRICS[metric.name + "_total" * (metric.type == "counter")]
            names = (*row.labels, "le")
            parted = row.type in ("histogram", "summary")
            out.append((row, iter([
                ((sample.name.removeprefix(row.name),) * parted + tuple(sample.labels[n] for n in names
                 if n in sample.labels), sample.value) for sample in metric.samples
            ])))  # fmt: skip
        return out


def scraped(daemon: Running) -> tuple[float, str]:
    began = time.perf_counter()
    answer = daemon.http.get("/metrics")
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took, answer.text


def lags(daemon: Running, seconds: float) -> list[float]:
    end, out = time.monotonic() + seconds, []
    while time.monotonic() < end:
        out += metrics(daemon, LAG).values()  # none while there is no link
        time.sleep(SAMPLED_S)
    return out


def told(what: str, seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p95, most = (ordered[int((len(ordered) - 1) * q)] * 1e3 for q in (0.5, 0.95, 1))
    return f"{what}: median {p50:.1f} ms, p95 {p95:.1f}, at most {most:.1f}"


def beside_the_library(text: str) -> None:
    page, exposition, ours, library = Page(text), Exposition(), list[float](), list[float]()
    for _ in range(ROUNDS):
        families, began = page.families(), time.perf_counter()
        exposition.page(families)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        generate_latest(page)  # type: ignore[arg-type]
        library.append(time.perf_counter() - began)
    mine, theirs = statistics.median(ours), statistics.median(library)
    print(f"the page: {mine * 1e3:.1f} ms, by prometheus_client {theirs * 1e3:.1f} ms: {theirs / mine:.1f} x as fast")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--agents", type=int, default=1000)
    words.add_argument("--queues", type=int, default=100)
    words.add_argument("--rate", type=float, default=6.0)
    words.add_argument("--scrapes", type=int, default=60)
    options = words.parse_args()
    options.seed = 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with simulating(options, folder, options.agents, options.queues) as port:
            log = f'queue_log = "{folder / "queue_log"}"'
            with running(folder, port, USER, SECRET, '["PJSIP/trunk"]', pbx=log) as daemon:
                time.sleep(WARM_UP_S)
                before, took, meanwhile = lags(daemon, options.scrapes * EVERY_S), list[float](), list[float]()
                for _ in range(options.scrapes):
                    seconds, text = scraped(daemon)
                    took.append(seconds)
                    meanwhile += lags(daemon, EVERY_S)
    samples = sum(not line.startswith("#") for line in text.splitlines())
    print(f"{options.queues} queues, {options.agents} agents, {options.rate:g} calls/s: {samples} samples, "
          f"{len(text.encode()) / 1e6:.2f} MB")  # fmt: skip
    print(f"{told('a scrape', took)} (aim: {AIM_S * 1e3:g} ms)")
    print(f"{told('read late without scrapes', before)}\n{told('with one a second', meanwhile)}")
    beside_the_library(text)


if __name__ == "__main__":
    main()
