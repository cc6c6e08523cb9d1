"""A real Prometheus and a real Alertmanager, and somebody who is told of alerts. Shell."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.broker import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def prometheus_or_skip() -> None:
    """Skips the test where they are not; with CI=true it fails."""
    if PROMETHEUS is None or ALERTMANAGER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("prometheus or prometheus-alertmanager is not here")
        pytest.skip("prometheus or prometheus-alertmanager is not here (Debian packages of these names)")


def until(what: str, holds: Callable[[], Any], within_s: float = 90) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.2)


@contextlib.contextmanager
def prometheus(
    folder: Path, *targets: str, alertmanager: int | None = None, hold: str = "1s"
) -> Iterator[httpx.Client]:
    """With the rules and the example of ``deploy``, each second; an alert fires after ``hold`` instead of minutes."""
    prometheus_or_skip()
    folder.mkdir(exist_ok=True)
    rules = (DEPLOY / "prometheus/callcenter.rules.yml").read_text()
    (folder / "callcenter.rules.yml").write_text(re.sub(r"(?m)^( +for:) \S+$", rf"\1 {hold}", rules))
    _example("prometheus/prometheus.yml", folder, {
        "scrape_interval: 15s": "scrape_interval: 1s", "evaluation_interval: 15s": "evaluation_interval: 1s",
        "127.0.0.1:8080": '", "'.join(targets), "127.0.0.1:9093": f"127.0.0.1:{alertmanager or 9}",
    })  # fmt: skip
    port = free_port()
    words = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}")  # fmt: skip
    with _running(folder / "prometheus.log", str(PROMETHEUS), *words):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until("prometheus is ready", lambda: _ready(client))
            yield client


def asked(prometheus: httpx.Client, expr: str) -> list[tuple[dict[str, str], float]]:
    """What the expression is now: labels and value of each sample. Fails when Prometheus does not understand it."""
    answer = prometheus.post("/api/v1/query", data={"query": expr}).json()
    assert answer["status"] == "success", (expr, answer)
    result = answer["data"]["result"]
    if answer["data"]["resultType"] == "scalar":
        return [({}, float(result[1]))]
    return [(sample["metric"], float(sample["value"][1])) for sample in result]


def rules(prometheus: httpx.Client, kind: str) -> dict[str, str]:
    """Name → expression of each rule that Prometheus runs, of "recording" or of "alerting"."""
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    return {rule["name"]: rule["query"] for group in groups for rule in group["rules"] if rule["type"] == kind}


@contextlib.contextmanager
def alertmanager(folder: Path, told: int) -> Iterator[int]:
    """With the example of ``deploy``; who is ``told`` listens there. The port."""
    prometheus_or_skip()
    folder.mkdir(exist_ok=True)
    _example("alertmanager/alertmanager.yml", folder, {
        "127.0.0.1:9095": f"127.0.0.1:{told}", "group_wait: 10s": "group_wait: 1s",
        "group_interval: 1m": "group_interval: 1s",
    })  # fmt: skip
    port = free_port()
    words = (f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=")  # fmt: skip
    with _running(folder / "alertmanager.log", str(ALERTMANAGER), *words):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until("alertmanager is ready", lambda: _ready(client))
        yield port


def _example(name: str, folder: Path, changes: dict[str, str]) -> None:
    """The file of ``deploy``, with what the test needs otherwise."""
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / Path(name).name).write_text(text)


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def _running(log: Path, *command: str) -> Iterator[None]:
    with log.open("ab") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[tuple[str, dict[str, Any]]]]]:
    """The port, and what was posted there: path and body."""
    told: list[tuple[str, dict[str, Any]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], told
        finally:
            server.shutdown()
            thread.join()
