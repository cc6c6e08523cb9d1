"""A real mosquitto, and what a reader sees of it by mosquitto_sub. Shell."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def mosquitto_or_skip() -> None:
    """Skips the test where there is none; with CI=true it fails."""
    if not (os.path.exists(MOSQUITTO) and shutil.which("mosquitto_sub")):
        if os.environ.get("CI") == "true":
            pytest.fail("mosquitto and mosquitto_sub are not here")
        pytest.skip("mosquitto and mosquitto_sub are not here (Debian: mosquitto, mosquitto-clients)")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


class Broker:
    """``more``: lines of its configuration; with ``kept`` what is retained survives a restart of it."""

    def __init__(self, folder: Path, more: str = "", kept: bool = True) -> None:
        mosquitto_or_skip()
        self.folder, self.port = folder / "mosquitto", free_port()
        self.folder.mkdir()
        store = f"persistence true\npersistence_location {self.folder}/\nautosave_interval 1\n" if kept else ""
        self.config = self.folder / "mosquitto.conf"
        lines = more or "allow_anonymous true\n"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nuser root\n{store}{lines}")
        self.process: subprocess.Popen[bytes] | None = None
        self.arguments: tuple[str, ...] = ()
        """What mosquitto_sub needs to log in."""

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)], stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    @contextlib.contextmanager
    def reads(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A reader of its own, a line of JSON a message."""
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.port), "-F", "%j", *self.arguments, *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as reader:
            try:
                yield reader
            finally:
                reader.kill()

    def retained(self, topics: str = "callcenter/#", within_s: float = 1.5) -> dict[str, Any]:
        """Topic → what a reader who comes now is told at once."""
        with self.reads("-t", topics, "--retained-only", "-W", str(max(1, round(within_s)))) as reader:
            out, _ = reader.communicate(timeout=30)
        lines = filter(None, out.split("\n"))  # a topic may have what splitlines() takes for an end of a line
        return {one["topic"]: said(one) for one in map(json.loads, lines)}


def said(message: dict[str, Any]) -> Any:
    """Its payload; mosquitto_sub gives that as JSON only with newer versions."""
    payload = message["payload"]
    return json.loads(payload) if isinstance(payload, str) else payload
