"""``callcenter top``: the board of a running daemon in a terminal, asked by HTTP. A shell.

Each time the newest board is asked for anew (the first event of the live stream), in a thread that ends with the
process: a daemon that hangs holds up neither the screen nor a key, and what is shown is of now or said to be old.
"""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import termios
import threading
import time
import tty
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from queue import SimpleQueue
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.live import Live

from callcenter import clock
from callcenter.errors import CallcenterError, InputError
from callcenter.terminal import harmless
from callcenter.top.seen import Seen
from callcenter.top.view import Board, View, screen

WITHIN_S = 3.0
"""The daemon's host may be far away; but nothing of it is so slow."""
LATE_S = 2 * WITHIN_S
TICK_S = 0.1
"""A key is read at once; what the daemon told is looked for so often."""
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
        if not _is_address(url):
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


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket without its other
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


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
    seen = Seen(board, lag_s, clock.monotonic(), clock.monotonic())
    if unknown := [name for name in queues if name not in [q["name"] for q in board["queues"]]]:
        raise InputError(f"--queue: no such queue: {harmless(unknown[0])}")
    if once or not console.is_terminal or console.is_dumb_terminal or not sys.stdin.isatty():
        width = console.width if console.is_terminal or "COLUMNS" in os.environ else PIPED_WIDTH
        console.width = width
        trust = seen.trust(clock.monotonic(), clock.now(), math.inf)
        console.print(screen(board, lag_s, View(width, queues=queues, trust=trust)), highlight=False)
        return
    _live(daemon, seen, every_s, queues, console)


Look = tuple[Board, float | None] | None
"""A board and its lag, or no answer."""


def _live(daemon: Daemon, seen: Seen, every_s: float, queues: Sequence[str], console: Console) -> None:
    agents, looks = False, SimpleQueue[Look]()
    drawn: tuple[View, Seen] | None = None
    threading.Thread(target=_look_on, args=(daemon, every_s, looks.put), daemon=True).start()
    with _ended(), _keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            while not looks.empty():
                look = looks.get()
                seen = seen.unanswered() if look is None else seen.answered(*look, clock.monotonic())
            trust = seen.trust(clock.monotonic(), clock.now(), every_s + LATE_S)
            view = View(console.width, console.height, queues, agents, trust, live=True)
            if drawn != (view, seen):
                live.update(screen(seen.board, seen.lag_s, view), refresh=True)
                drawn = view, seen
            match key(TICK_S):
                case "q":
                    return
                case "a":
                    agents = not agents


def _look_on(daemon: Daemon, every_s: float, tell: Callable[[Look], None]) -> None:
    """Asks for ever, and tells."""
    while True:
        due = clock.monotonic() + every_s
        try:
            tell((daemon.board(), daemon.lag_s()))
        except NoAnswer:
            tell(None)
        time.sleep(max(0.0, due - clock.monotonic()))


@contextmanager
def _ended() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: the terminal is given back."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
