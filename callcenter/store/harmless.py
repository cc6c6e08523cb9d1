"""What no database holds, made harmless. Pure.

Such values only come from a hostile or broken peer; one of them must not keep everything else from being stored.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)

_BIGGEST = 2**31 - 1


def harmless(record: S) -> S:
    """The same without half characters, endless numbers and whole numbers of more than 32 bits. Raises MsgspecError."""
    return msgspec.convert(_harmless(msgspec.to_builtins(record)), type(record))


def _harmless(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case bool():
            return value
        case int():
            return max(-_BIGGEST, min(value, _BIGGEST))
        case float():
            return value if math.isfinite(value) else 0.0
        case dict():
            return {_harmless(key): _harmless(v) for key, v in value.items()}
        case list() | tuple():
            return [_harmless(v) for v in value]
        case _:
            return value
