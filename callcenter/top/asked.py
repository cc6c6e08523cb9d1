"""What a running daemon answers to ``callcenter top``: its newest board and its lag. A shell: HTTP.

Whoever answers may be no daemon, or a proxy before one: what comes is checked, and the time that it takes.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from callcenter import clock
from callcenter.errors import CallcenterError, InputError
from callcenter.terminal import harmless
from callcenter.top import shape
from callcenter.top.view import Board

WITHIN_S = 3.0
"""The daemon's host may be far away; but nothing of it is so slow."""
BOARD_S = 2 * WITHIN_S
"""A whole board comes within this time, however often something else does."""
MOST_BYTES = 64 << 20
LAG = "callcenter_ami_lag_seconds"
NEEDED = shape.Board.__required_keys__


class NoAnswer(CallcenterError):
    """The daemon does not answer, or is none."""


class Daemon:
    """What ``url`` answers. Proxies of the environment are not asked: the daemon is one's own."""

    def __init__(self, url: str) -> None:
        if "@" in url:
            raise InputError("--url: no user or password is taken there (the @ of a path is written %40)")
        if problem := _wrong_with(url):
            raise InputError(f"--url: {url!r} {problem}")
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def board(self) -> Board:
        """The newest board."""
        until = clock.monotonic() + BOARD_S
        with self._asked("/api/v1/events") as answer:
            for event, data in events(answer, until):
                if event == "board":
                    return self._read(data)
        raise NoAnswer(f"{self.url}: its stream ended without a board")

    def lag_s(self) -> float | None:
        """How late events are applied, where the metrics say it."""
        with self._asked(f"/metrics?name[]={LAG}") as answer:
            for line in answer.read(MOST_BYTES).decode(errors="replace").splitlines():
                if line.startswith(LAG):
                    return float(line.rpartition(" ")[2])
        return None

    @contextmanager
    def _asked(self, path: str) -> Iterator[IO[bytes]]:
        try:
            with self._opener.open(self.url + path, timeout=WITHIN_S) as answer:
                yield answer
        except urllib.error.HTTPError as e:
            raise NoAnswer(f"{self.url}{path}: HTTP {e.code}") from e
        except urllib.error.URLError as e:
            raise NoAnswer(f"{self.url} does not answer: {getattr(e.reason, 'strerror', None) or e.reason}") from e
        except (OSError, HTTPException, ValueError) as e:
            raise NoAnswer(f"{self.url} does not answer: {harmless(str(e) or type(e).__name__)}") from e

    def _read(self, data: bytes) -> Board:
        try:
            board: Board = msgspec.json.decode(data, type=dict[str, Any])
            if missing := NEEDED - board.keys():
                raise NoAnswer(f"{self.url}: its board lacks {', '.join(sorted(missing))}: another version?")
            msgspec.convert(board, shape.Board)
        except msgspec.DecodeError as e:
            raise NoAnswer(f"{self.url}: what it answers is no board of callcenter: {e}") from e
        return board


def _wrong_with(url: str) -> str:
    """'' when it is an address that can be asked."""
    no_address = "is no address like http://127.0.0.1:8080"
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket without its other
        return no_address
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return no_address
    if "?" in url or "#" in url:
        return "has a ? or #: only host, port and path are asked for"
    if not (parts.path.isascii() and url.isprintable() and " " not in url):
        return "has letters in its path that are to be written with % there"
    return "" if _has_port(parts.netloc) else "has a port that is none from 1 to 65535"


def _has_port(netloc: str) -> bool:
    try:
        return urlsplit(f"//{netloc}").port != 0
    except ValueError:
        return False


def events(answer: IO[bytes], until: float) -> Iterator[tuple[str, bytes]]:
    """(event, data) of a stream of server-sent events. ValueError for a line without end; TimeoutError when it goes on
    beyond ``until`` by our steady clock: a proxy may send comments for ever."""
    event, data = "message", b""
    while line := answer.readline(MOST_BYTES):
        if clock.monotonic() > until:
            raise TimeoutError("its stream has no board")
        if not line.endswith(b"\n"):
            raise ValueError("a line of its stream has no end")
        key, _, value = line.rstrip(b"\r\n").partition(b":")
        value = value.removeprefix(b" ")
        if key == b"event":
            event = value.decode(errors="replace")
        elif key == b"data":
            data += value
        elif not key and not value:
            yield event, data
            event, data = "message", b""
