"""Cursors: where a page ended, as an opaque text that survives new rows and restarts. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

MOST = 1000
"""Rows of the largest page."""


def encode(*position: Any) -> str:
    """The place after which the next page begins: the sort key of the last row shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode(cursor: str, kind: Any) -> Any:
    """The sort key in ``cursor``, of type ``kind`` (a tuple type). Raises ValueError for what is no such cursor."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError):
        raise ValueError("cursor: not one that was given out here") from None


def checked(limit: int) -> int:
    """``limit`` itself. Raises ValueError unless it is 1 to MOST."""
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit: 1 to {MOST}, not {limit}")
    return limit
