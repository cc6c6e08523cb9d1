"""The PBX beside has precedence. A shell."""

from __future__ import annotations

import os
from contextlib import suppress


def give_way() -> None:
    """All that is no live work lets others go first; a hardened unit may forbid even that."""
    with suppress(OSError):
        os.nice(10)
