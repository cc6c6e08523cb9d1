"""How many transactions were acknowledged, noted outside the database: in its lock file, after the process. A shell.

SQLite takes a log that is cut short, or has a damaged frame, for one that ends there: transactions that were committed
would be gone without a word. A note that cannot be read or written only means that nobody would notice.
"""

from __future__ import annotations

import os
from contextlib import suppress
from zlib import crc32

AT = 32
"""Where it begins in the file."""


def note(descriptor: int, commits: int) -> None:
    """After the commit: never more than there are. It outlives this process, and is not waited for on the disk."""
    said = f"{commits:020d}"
    with suppress(OSError):
        os.pwrite(descriptor, f"{said} {crc32(said.encode()):08x}\n".encode(), AT)


def read(descriptor: int) -> int:
    """0 when nothing is noted."""
    said, _, digest = os.pread(descriptor, 64, AT).decode("ascii", "replace").strip().partition(" ")
    return int(said) if said.isdecimal() and digest == f"{crc32(said.encode()):08x}" else 0
