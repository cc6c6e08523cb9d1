"""What systemd would hear, on a socket of ours; and what its own tools say of our unit."""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter import notify

UNIT = Path(__file__).parents[1] / "deploy" / "systemd" / "callcenter.service"


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A datagram socket that NOTIFY_SOCKET names, in the file system or in the abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@callcenter-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(name.replace("@", "\0"))
        one.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield one


def test_states_come_as_one_datagram(systemd: socket.socket) -> None:
    notify.tell(notify.READY, notify.status("link up,\n 12 queues"))
    assert systemd.recv(4096) == b"READY=1\nSTATUS=link up, 12 queues"
    notify.tell(notify.STOPPING)
    notify.tell(notify.ALIVE)
    assert [systemd.recv(4096), systemd.recv(4096)] == [b"STOPPING=1", b"WATCHDOG=1"]


def test_a_reload_says_when_it_began_by_the_monotonic_clock(systemd: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notify.tell(notify.reloading())
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    told = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", systemd.recv(4096).decode())
    assert told and before - 1 <= int(told[1]) <= after + 1


def test_a_systemd_that_does_not_listen_holds_nobody_up(systemd: socket.socket) -> None:
    began = time.monotonic()
    for _ in range(3000):
        notify.tell(notify.ALIVE)
    assert time.monotonic() - began < 5, "its queue was full long before"


def test_out_of_descriptors_it_raises_nothing(systemd: socket.socket) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(systemd.fileno())
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limit[1]))
    try:
        notify.tell(notify.ALIVE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


@pytest.mark.parametrize("name", [None, "", "vsock:2:1", "/no/such/socket", "@no-such-socket"])
def test_without_systemd_nothing_happens(name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if name is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", name)
    notify.tell(notify.READY)


@pytest.mark.parametrize(("usec", "pid", "seconds"), [
    ("60000000", "", 60.0), ("500000", "own", 0.5), ("60000000", "1", None), ("", "", None), ("0", "", None),
    ("soon", "", None),
])
def test_the_watchdog_is_asked_for_by_systemd(
    usec: str, pid: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)
    assert notify.watchdog_s() == seconds


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/callcenter/bin/callcenter", "/bin/true"))
    return copy


def test_systemd_takes_every_line_of_the_unit(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])


def test_the_unit_lets_backups_be_written_and_no_exit_status_end_the_tries() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert "ReadWritePaths=-/var/backups/callcenter" in lines and "ProtectSystem=strict" in lines
    assert "StartLimitIntervalSec=0" in lines and not any(line.startswith("RestartPrevent") for line in lines)


def test_the_unit_gives_the_daemon_little_to_break(unit: Path) -> None:
    """systemd's own measure: 0 is nothing, 10 is all; up to 2.0 is called OK."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
