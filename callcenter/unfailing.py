"""A stream to complain on that never fails: a full disk under the log must not end what the log tells of. A shell."""

from __future__ import annotations

import contextlib
from typing import TextIO


class Unfailing:
    """What cannot be written is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()
