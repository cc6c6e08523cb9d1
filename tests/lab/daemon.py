"""A daemon as a process of its own, as an operator runs it: configuration file in, HTTP out."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

CONFIG = """
[site]
name = "lab"
timezone = "Asia/Tehran"
country = "IR"
[[pbx]]
name = "main"
port = {ami}
username = "{user}"
secret = "{secret}"
trunks = {trunks}
{pbx}
[store]
url = "sqlite+aiosqlite:///{folder}/callcenter.db"
[web]
port = 0
"""


class Running:
    """``url``: of its pages. ``config``: the file it was started with."""

    def __init__(self, process: subprocess.Popen[str], url: str, config: Path) -> None:
        self.process, self.config = process, config
        # The server closes what was idle for 5 s: a client that asks just then is told nothing but a reset.
        self.http = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(keepalive_expiry=2.0))

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        answer.raise_for_status()
        return answer.json()

    def all(self, path: str) -> list[Any]:
        """Every item of a paged list."""
        items: list[Any] = []
        page = self.get(path + "?limit=200")
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            page = self.get(f"{path}?limit=200&cursor={page['next']}")

    def until(self, what: str, holds: Any, within_s: float = 90) -> None:
        """Waits for ``holds()``; fails naming ``what``."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert self.process.poll() is None, f"the daemon ended while waiting for: {what}"
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
            time.sleep(0.1)

    def figures_are_of_now(self) -> bool:
        """Whether the figures, computed each second, have taken in the last call."""
        figures = self.get("/api/v1/kpis?window=today")["queues"].values()
        visits = [visit for call in self.all("/api/v1/calls") for visit in call["visits"]]
        told = sum(row["talk_s"] for row in figures), sum(row["offered"] for row in figures)
        kept = sum(v["talk_s"] or 0 for v in visits), sum(not _refused(v) for v in visits)
        return abs(told[0] - kept[0]) < 1 and told[1] == kept[1]

    def ready(self) -> bool:
        return self.http.get("/readyz").status_code == 200

    def none_open(self) -> bool:
        return not self.get("/api/v1/calls?state=open")["items"]

    def stop(self) -> int:
        """SIGTERM; the exit status. It must end within ten seconds."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def _refused(visit: dict[str, Any]) -> bool:
    return str(visit["outcome"]).startswith("refused")


@contextlib.contextmanager
def running(
    folder: Path, ami: int, user: str, secret: str, trunks: str = "[]", more: str = "", pbx: str = "",
    wait: bool = True, launcher: Sequence[str] = ("-m", "callcenter"),
) -> Iterator[Running]:  # fmt: skip
    """``pbx``: more lines of the PBX's table; ``more``: more tables. ``wait``: until it is ready.

    Another one in the same folder goes on with its store and its log.
    """
    config = folder / "callcenter.toml"
    config.write_text(CONFIG.format(ami=ami, user=user, secret=secret, folder=folder, trunks=trunks, pbx=pbx) + more)
    log = (folder / "daemon.log").open("a")
    before = log.tell()
    process = subprocess.Popen(
        [sys.executable, *launcher, "run", "--config", str(config)], stderr=log, text=True
    )
    try:
        daemon = Running(process, _listening(process, folder / "daemon.log", before), config)
        with daemon.http:
            if wait:
                daemon.until("ready", daemon.ready)
            yield daemon
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        log.close()


def _listening(process: subprocess.Popen[str], log: Path, before: int) -> str:
    """``before``: bytes of the log that an earlier process wrote."""
    deadline = time.monotonic() + 60  # a busy machine may need that long to import it all
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_bytes()[before:].decode().splitlines():
            if "listens on " in line:
                return line.partition("listens on ")[2].rstrip("/ ")
        time.sleep(0.05)
    raise AssertionError(f"the daemon did not start: {log.read_text()}")


def callcenter(*words: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a user types it."""
    return subprocess.run([sys.executable, "-m", "callcenter", *words], capture_output=True, text=True, timeout=120)
