"""A recorded AMI stream repeated with distinct ids: what the benchmarks feed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

CAPTURE = Path(__file__).parent.parent / "tests" / "captures" / "ast22-load.ami.gz"
_ID = re.compile(rb"\b(1795\d{6})(?=\.\d)")


def repeated(events: int, path: Path = CAPTURE) -> tuple[bytes, int]:
    """(stream, events): the capture as often as needed, each time 1,000 s later, so that no id repeats."""
    once = gzip.decompress(path.read_bytes())
    first = once.count(b"\r\nEvent: ")
    parts = [once]
    for n in range(1, -(-events // first)):
        parts.append(_ID.sub(lambda m, n=n: b"%d" % (int(m[1]) + 1000 * n), once))  # type: ignore[misc]
    return b"".join(parts), first * len(parts)


def chunks(stream: bytes, size: int = 1 << 16) -> list[bytes]:
    """As a socket gives them."""
    return [stream[i : i + size] for i in range(0, len(stream), size)]
