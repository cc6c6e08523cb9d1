"""Fixtures of the manager link's tests: real captures, and a tiny manager that says what a test wants."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from callcenter.ami import link as linking
from callcenter.ami import session

sys.path.insert(0, str(Path(__file__).parent))

CAPTURES = Path(__file__).parents[1] / "captures"


@pytest.fixture(scope="session")
def streams() -> dict[str, bytes]:
    """The bytes that Asterisk 16 and 22 sent, by the capture's name."""
    return {p.name.removesuffix(".ami.gz"): gzip.decompress(p.read_bytes()) for p in sorted(CAPTURES.glob("*.ami.gz"))}


@pytest.fixture(scope="session")
def stream(streams: dict[str, bytes]) -> bytes:
    return streams["ast22-behaviours"]


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that notices in tenths of a second what it usually notices in seconds."""
    for name, value in (("CONNECT_S", 0.3), ("ANSWER_S", 0.3), ("PING_S", 0.1), ("SILENCE_S", 0.3)):
        monkeypatch.setattr(session, name, value)
    monkeypatch.setattr(linking, "BACKOFF_S", (0.01, 0.02))
