"""What systemd is told by a daemon that it started, heard on a real socket."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from lab.daemon import running
from lab.simulated import simulating

pytestmark = pytest.mark.timeout(60)


def heard(by: socket.socket, word: str) -> str:
    """The first message with ``word`` in it; what comes before it is passed over."""
    by.settimeout(10)
    passed: list[str] = []
    while word not in (told := by.recv(4096).decode()):
        passed.append(told)
        assert len(passed) < 20, passed
    return told


def test_ready_alive_reloading_and_stopping_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "3000000")
        with simulating(tmp_path, "--agents", "5", "--queues", "1") as (port, pbx):
            with running(tmp_path, port, "callcenter", "demo") as daemon:
                heard(systemd, "READY=1")
                assert "WATCHDOG=1" in heard(systemd, "calls up")
                daemon.process.send_signal(signal.SIGHUP)
                heard(systemd, "RELOADING=1")
                heard(systemd, "READY=1")
                pbx.kill()
                assert "ami:" in heard(systemd, "STATUS=ami")
                daemon.process.send_signal(signal.SIGTERM)
                heard(systemd, "STOPPING=1")
                assert daemon.process.wait(10) == 0
