"""SIGHUP: a running daemon takes up another configuration, and its link stays as it is."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from lab.daemon import Running, running
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(60)


def _target(daemon: Running) -> float:
    return float(daemon.get("/api/v1/queues")["items"][0]["targets"]["threshold_s"])


def _reread(daemon: Running, toml: str) -> None:
    daemon.config.write_text(toml)
    daemon.process.send_signal(signal.SIGHUP)


def test_a_changed_target_is_in_force_and_the_link_was_not_dropped(tmp_path: Path) -> None:
    with simulating(tmp_path, "--agents", "5", "--queues", "1") as (port, _):
        with running(tmp_path, port, USERNAME, SECRET) as daemon:
            before, since = _target(daemon), daemon.get("/api/v1/kpis?window=today")["seen"]["link_since"]
            queue = daemon.get("/api/v1/queues")["items"][0]["name"]
            first = daemon.config.read_text()
            _reread(daemon, first + f"[queues.{queue}]\nservice_level_s = {before + 7}\n")
            daemon.until("the new threshold is in force", lambda: _target(daemon) == before + 7, 10)
            _reread(daemon, first + "[tickets]\ninternall = true\n")
            log = tmp_path / "daemon.log"
            daemon.until("the wrong key is named", lambda: "internall" in log.read_text(), 10)
            assert _target(daemon) == before + 7
            assert daemon.get("/api/v1/kpis?window=today")["seen"]["link_since"] == since
            assert daemon.stop() == 0
