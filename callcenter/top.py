"""``callcenter top``: the board of a running daemon in a terminal, asked by HTTP. A shell.

Each time the newest board is asked for anew (the first event of the live stream): a connection that hangs cannot hold
the screen up, and what is shown is of now or said to be old.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPException
from typing import IO, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.live import Live

from callcenter import clock
from callcenter.errors import CallcenterError, InputError
from callcenter.terminal import harmless
from callcenter.top_view import Board, View, screen

WITHIN_S = 5.0
MOST_BYTES = 64 << 20
MOST_KEYS = 4096
LAG = "callcenter_ami_lag_seconds"
NEEDED = frozenset({"site", "at", "link", "link_since", "calls", "alarms", "alerts", "queues", "agents", "figures"})
PIPED_WIDTH = 120
"""Where there is no terminal whose width could be asked for, unless COLUMNS says one."""


class NoAnswer(CallcenterError):
    """The daemon does not answer, or is none."""


class Daemon:
    """What ``url`` answers. Proxies of the environment are not asked: the daemon is one's own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"--url: {url!r} is no address like http://127.0.0.1:8080")
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def board(self) -> Board:
        """The newest board."""
        with self._asked("/api/v1/events") as answer:
            for event, data in events(answer):
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
            raise NoAnswer(f"{self.url} does not answer: {e or type(e).__name__}") from e

    def _read(self, data: bytes) -> Board:
        try:
            board: Board = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as e:
            raise NoAnswer(f"{self.url}: what it answers is no board") from e
        if missing := NEEDED - board.keys():
            raise NoAnswer(f"{self.url}: its board lacks {', '.join(sorted(missing))}: another version?")
        return board


def events(answer: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """(event, data) of a stream of server-sent events. ValueError for a line without end."""
    event, data = "message", b""
    while line := answer.readline(MOST_BYTES):
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


def run(url: str, every_s: float, once: bool, queues: Sequence[str], console: Console) -> None:
    """Show it until ``q`` is pressed, or once. NoAnswer, when there is none at the beginning; InputError for a queue
    that is not there."""
    daemon = Daemon(url)
    board, lag_s = daemon.board(), daemon.lag_s()
    if unknown := [name for name in queues if name not in [q["name"] for q in board["queues"]]]:
        raise InputError(f"--queue: no such queue: {harmless(unknown[0])}")
    if once or not console.is_terminal or console.is_dumb_terminal or not sys.stdin.isatty():
        width = console.width if console.is_terminal or "COLUMNS" in os.environ else PIPED_WIDTH
        console.width = width
        console.print(screen(board, lag_s, View(width, queues=queues)), highlight=False)
        return
    _live(daemon, board, lag_s, every_s, queues, console)


def _live(
    daemon: Daemon, board: Board, lag_s: float | None, every_s: float, queues: Sequence[str], console: Console
) -> None:
    agents, silent = False, ""
    with _keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        heard_at, due = clock.now(), clock.monotonic() + every_s
        while True:
            view = View(console.width, console.height, queues, agents, silent, live=True)
            live.update(screen(board, lag_s, view), refresh=True)
            match key(max(0.0, due - clock.monotonic())):
                case "q":
                    return
                case "a":
                    agents = not agents
            if clock.monotonic() < due:
                continue
            due = clock.monotonic() + every_s
            try:
                board, lag_s = daemon.board(), daemon.lag_s()
                heard_at, silent = clock.now(), ""
            except NoAnswer:
                zone = ZoneInfo(board["site"]["timezone"])
                silent = datetime.fromtimestamp(heard_at, zone).strftime("%H:%M:%S")


@contextmanager
def _keys() -> Iterator[Any]:
    """A function that waits so many seconds for a key and gives its one character, else ''. The terminal is given back
    as it was."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def key(within_s: float) -> str:
        if not select.select([number], [], [], within_s)[0]:
            return ""
        # Arrows and other keys write several characters, an escape first; none of them is meant by itself.
        pressed = os.read(number, MOST_KEYS).decode(errors="replace").lower() or "q"  # its end: the terminal is gone
        return pressed if len(pressed) == 1 else ""

    try:
        tty.setcbreak(number)
        yield key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
