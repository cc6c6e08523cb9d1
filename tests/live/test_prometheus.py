"""A real Prometheus scrapes the daemon, and a real Alertmanager says what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab.daemon import Running, running
from lab.prometheus import alertmanager, listening, prometheus, until
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(400)

TRUNKS = '["PJSIP/trunk"]'
WORDS = ("--agents", "20", "--queues", "3", "--seed", "5")


def target(daemon: Running) -> str:
    return daemon.http.base_url.netloc.decode()


def test_who_is_to_know_is_told_that_an_alert_fires_and_that_it_is_over(tmp_path: Path) -> None:
    """The PBX goes away and comes back; meanwhile nothing is said of queues, whose figures stand still."""
    with listening() as (told_at, told), alertmanager(tmp_path / "alertmanager", told_at) as at:
        with simulating(tmp_path, *WORDS) as (port, pbx):
            with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
                with prometheus(tmp_path / "prometheus", target(daemon), at):
                    pbx.kill()
                    until("it fires", lambda: _heard(told, "firing"), 120)
                    with simulating(tmp_path, *WORDS, "--port", str(port)):
                        until("it is resolved", lambda: _heard(told, "resolved"), 150)
    firing = _heard(told, "firing")[0]
    assert firing["labels"].items() >= {"alertname": "CallcenterLinkBlind", "severity": "critical",
                                        "pbx": "main"}.items()  # fmt: skip
    assert "nothing is seen of the PBX main" in firing["annotations"]["summary"]
    assert {path for path, _ in told} == {"/operators"}


def _heard(told: list[tuple[str, dict[str, Any]]], status: str) -> list[dict[str, Any]]:
    return [
        alert for _, body in told for alert in body["alerts"]
        if alert["status"] == status and alert["labels"]["alertname"] == "CallcenterLinkBlind"
    ]  # fmt: skip
