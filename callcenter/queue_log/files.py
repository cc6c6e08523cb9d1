"""A queue_log as a file, read whole. A shell."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from callcenter.errors import InputError
from callcenter.queue_log.lines import Line, parse


def read(path: Path) -> Iterator[Line]:
    """The lines of a queue_log file (plain or .gz). Raises InputError with file and line."""
    try:
        with gzip.open(path, "rt", errors="replace") if path.suffix == ".gz" else path.open(errors="replace") as f:
            for n, line in enumerate(f, 1):
                if line.strip():
                    yield parse(line, f"{path}:{n}")
    except (OSError, EOFError, zlib.error) as e:
        raise InputError(f"cannot read {path}: {getattr(e, 'strerror', None) or e}") from e
