"""A manager client's bytes cut into actions. Pure."""

from __future__ import annotations

MAX_LINE = 1024
MAX_HEADERS = 128
"""``main/manager.c``: AMI's own limits."""


class TooLong(Exception):
    """A line or an action beyond AMI's limits."""


class Requests:
    """Feed it what arrives, in pieces of any size; it gives the actions that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []

    def feed(self, data: bytes) -> list[dict[str, str]]:
        """Raises TooLong; the connection is then good for nothing more."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise TooLong
        found = []
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if len(line) > MAX_LINE or len(self._lines) > MAX_HEADERS:
                raise TooLong
            if line:
                self._lines.append(line.decode("utf-8", "replace"))
            elif self._lines:
                found.append(_headers(self._lines))
                self._lines = []
        return found


def _headers(lines: list[str]) -> dict[str, str]:
    """Keys in lower case; the first of a repeated header wins, as astman_get_header has it."""
    out: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if colon:
            out.setdefault(key.strip().lower(), value.strip())
    return out
