"""Fixtures of the manager link's tests: real captures, and a tiny manager that says what a test wants."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

CAPTURES = Path(__file__).parents[1] / "captures"


@pytest.fixture(scope="session")
def streams() -> dict[str, bytes]:
    """The bytes that Asterisk 16 and 22 sent, by the capture's name."""
    return {p.name.removesuffix(".ami.gz"): gzip.decompress(p.read_bytes()) for p in sorted(CAPTURES.glob("*.ami.gz"))}


@pytest.fixture(scope="session")
def stream(streams: dict[str, bytes]) -> bytes:
    return streams["ast22-behaviours"]
