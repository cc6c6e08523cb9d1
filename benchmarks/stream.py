"""A recorded AMI stream repeated with distinct ids: what the benchmarks feed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

CAPTURE = Path(__file__).parent.parent / "tests" / "captures" / "ast22-load.ami.gz"
_ID = re.compile(rb"\b(1795\d{6})(?=\.\d)")


def repeated(events: int, path: Path = CAPTURE) -> tuple[bytes, int]:
    """(stream, events): the capture as often as needed, each time 1,000 s later, so that no id repeats.

    Login and snapshot come once: a second FullyBooted would be a restart.
    """
    once = gzip.decompress(path.read_bytes())
    first = once.count(b"\r\nEvent: ")
    parts = [once]
    again = once[once.index(b"Event: QueueStatusComplete") :].partition(b"\r\n\r\n")[2]
    first_again = again.count(b"\r\nEvent: ") + 1
    while first + first_again * (len(parts) - 1) < events:
        later = 1000 * len(parts)
        parts.append(_ID.sub(lambda m, later=later: b"%d" % (int(m[1]) + later), again))  # type: ignore[misc]
    return b"".join(parts), first + first_again * (len(parts) - 1)


def chunks(stream: bytes, size: int = 1 << 16) -> list[bytes]:
    """As a socket gives them."""
    return [stream[i : i + size] for i in range(0, len(stream), size)]
