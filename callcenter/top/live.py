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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from queue import Empty, SimpleQueue
from typing import Any

from rich.console import Console
from rich.live import Live

from callcenter import clock
from callcenter.errors import InputError
from callcenter.terminal import harmless, write_out
from callcenter.top.asked import BOARD_S, Daemon, NoAnswer
from callcenter.top.seen import Seen
from callcenter.top.view import Board, View, screen

LATE_S = BOARD_S
"""From the question to the answer; what takes longer is none."""
TICK_S = 0.1
"""A key is read at once; what the daemon told is looked for so often."""
MOST_KEYS = 4096
PIPED_WIDTH = 120
"""Where there is no terminal whose width could be asked for, unless COLUMNS says one."""


def run(url: str, every_s: float, once: bool, queues: Sequence[str], console: Console) -> None:
    """Show it until ``q`` is pressed, or once. NoAnswer, when there is none at the beginning; InputError for a queue
    that is not there."""
    daemon = Daemon(url)
    board, lag_s = _first(daemon)
    seen = Seen(board, lag_s, clock.monotonic(), clock.monotonic())
    if unknown := [name for name in queues if name not in [q["name"] for q in board["queues"]]]:
        raise InputError(f"--queue: no such queue: {harmless(unknown[0])}")
    if once or not console.is_terminal or console.is_dumb_terminal or not sys.stdin.isatty():
        width = console.width if console.is_terminal or "COLUMNS" in os.environ else PIPED_WIDTH
        console.width = width
        trust = seen.trust(clock.monotonic(), clock.now(), math.inf)
        console.file = page = StringIO()  # its capture() writes too, if nothing
        console.print(screen(board, lag_s, View(width, queues=queues, trust=trust)), highlight=False)
        write_out(page.getvalue(), "the board")
        return
    _live(daemon, seen, every_s, queues, console)


Look = tuple[Board, float | None]
"""A board and its lag."""


def _first(daemon: Daemon) -> Look:
    """Beside us too: whoever sends a byte now and then could hold us for ever."""
    told = SimpleQueue[Look | Exception]()
    threading.Thread(target=_look, args=(daemon, told.put), daemon=True).start()
    try:
        look = told.get(timeout=LATE_S + TICK_S)
    except Empty:
        raise NoAnswer(f"{daemon.url}: no board within {LATE_S:g} s") from None
    if isinstance(look, Exception):
        raise look
    return look


def _live(daemon: Daemon, seen: Seen, every_s: float, queues: Sequence[str], console: Console) -> None:
    agents, looks = False, SimpleQueue[Look | Exception]()
    drawn: tuple[View, Seen] | None = None
    threading.Thread(target=_look_on, args=(daemon, every_s, looks.put), daemon=True).start()
    with _ended(), _keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            while not looks.empty():
                look = looks.get()
                if isinstance(look, Exception) and not isinstance(look, NoAnswer):
                    raise look
                seen = seen.unanswered() if isinstance(look, NoAnswer) else seen.answered(*look, clock.monotonic())
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


def _look(daemon: Daemon, tell: Callable[[Look | Exception], None]) -> None:
    """Asks once, and tells what came or why nothing did."""
    try:
        tell((daemon.board(), daemon.lag_s()))
    except Exception as problem:  # also a bug is to end the screen, not this thread alone
        tell(problem)


def _look_on(daemon: Daemon, every_s: float, tell: Callable[[Look | Exception], None]) -> None:
    """Asks for ever, and tells."""
    while True:
        due = clock.monotonic() + every_s
        _look(daemon, tell)
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
