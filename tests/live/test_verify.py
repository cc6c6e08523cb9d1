"""verify beside a PBX that is older than the daemon, while both go on: only what both saw is compared, and strictly."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.daemon import Running, callcenter, running

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(300)


def lines(log: Path, event: str) -> int:
    return log.read_text().count(f"|{event}|")


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def verified(daemon: Running, log: Path) -> subprocess.CompletedProcess[str]:
    return callcenter("verify", "--config", str(daemon.config), "--queue-log", str(log))


def compared(daemon: Running, log: Path) -> int:
    """Visits that both saw, all of which agree."""
    done = verified(daemon, log)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return int(done.stdout.rpartition("equal: ")[2].split()[0])


def test_a_daemon_that_came_late_agrees_while_calls_go_on(tmp_path: Path) -> None:
    log, words = tmp_path / "queue_log", ("--agents", "60", "--queues", "4", "--speed", "20", "--rate", "4000")
    command = [sys.executable, "-m", "callcenter", "simulate", "--port", "0", "--queue-log", str(log), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pbx:
        assert pbx.stdout
        try:
            port = int(pbx.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0])
            until(lambda: lines(log, "COMPLETECALLER") >= 20)
            before = lines(log, "ENTERQUEUE")
            with running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
                until(lambda: lines(log, "ENTERQUEUE") >= before + 150)
                until(lambda: compared(daemon, log) > 75)
                assert compared(daemon, log) <= lines(log, "ENTERQUEUE") - before
                assert daemon.stop() == 0
            goes_on = lines(log, "ENTERQUEUE") + 20
            until(lambda: lines(log, "ENTERQUEUE") >= goes_on)
            done = verified(daemon, log)
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
        finally:
            pbx.kill()
