"""``callcenter top`` beside a daemon and a simulated PBX: once, in a pseudo-terminal, and when the daemon dies."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Iterator
from fcntl import ioctl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from lab.daemon import Running, callcenter, running
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.top.asked import LAG
from callcenter.top.live import LATE_S

WORDS = ("--agents", "20", "--queues", "5", "--speed", "5", "--rate", "900")
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("top")
    with simulating(folder, *WORDS) as (port, _):
        with running(folder, port, USERNAME, SECRET, pbx="clock_step_s = 0") as one:
            yield one


def url_of(daemon: Running) -> str:
    return str(daemon.http.base_url)


class Terminal:
    """``callcenter top`` in a pseudo-terminal of so many columns and lines. ``seen``: all that it wrote."""

    def __init__(self, *words: str, columns: int = 100, lines: int = 30, **more: str) -> None:
        self._master, self._slave = pty.openpty()
        ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(self._slave)
        usual = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        environ = usual | {"TERM": "xterm-256color"} | more
        self.process = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "top", *words],
            stdin=self._slave, stdout=self._slave, stderr=self._slave, env=environ, start_new_session=True,
        )  # fmt: skip
        self.seen = ""

    def until(self, pattern: str) -> None:
        """Wait until it has written this, after what was waited for before."""
        began, deadline = len(self.seen), time.monotonic() + WITHIN_S
        while not re.search(pattern, self.seen[began:]):
            assert time.monotonic() < deadline, f"not written: {pattern}\n{self.seen[-3000:]!r}"
            if select.select([self._master], [], [], 0.2)[0]:
                self.seen += os.read(self._master, 1 << 16).decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def ended(self) -> int:
        """Its exit status; the terminal is as it was before."""
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.2)[0]:
                self.seen += os.read(self._master, 1 << 16).decode(errors="replace")
        while select.select([self._master], [], [], 0)[0]:
            self.seen += os.read(self._master, 1 << 16).decode(errors="replace")
        assert termios.tcgetattr(self._slave) == self.before
        assert self.seen.rindex("\x1b[?1049l") > self.seen.rindex("\x1b[?1049h"), "the screen is given back"
        assert self.seen.rindex("\x1b[?25h") > self.seen.rindex("\x1b[?25l"), "the cursor too"
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@contextlib.contextmanager
def terminal(*words: str, **environ: str) -> Iterator[Terminal]:
    one = Terminal(*words, **environ)
    try:
        yield one
    finally:
        one.close()


def test_once_prints_a_table_that_is_true_and_has_no_colour(daemon: Running) -> None:
    result = callcenter("top", "--url", url_of(daemon))
    assert (result.returncode, result.stderr) == (0, ""), "what is piped is printed once"
    assert "\x1b" not in result.stdout
    queues = {q["name"]: q for q in daemon.get("/api/v1/queues")["items"]}
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.split()[:1]}
    assert set(queues) <= set(rows) and "link up" in result.stdout
    for name, queue in queues.items():
        assert sum(map(int, rows[name][4:-4])) == sum(queue["agents"].values()), "each agent is in one state"
    one = next(iter(queues))
    chosen = callcenter("top", "--url", url_of(daemon), "--once", "--queue", one)
    assert one in chosen.stdout and not set(queues) - {one} & set(chosen.stdout.split())


NO_USER = "callcenter: --url: no user or password is taken there (the @ of a path is written %40)\n"
NO_PORT = "has a port that is none from 1 to 65535\n"
NO_QUERY = "has a ? or #: only host, port and path are asked for\n"
NO_ASCII = "has letters in its path that are to be written with % there\n"


@pytest.mark.parametrize(("words", "said"), [
    (("--url", "http://127.0.0.1:1"), "callcenter: http://127.0.0.1:1 does not answer: Connection refused\n"),
    (("--url", "file:///etc/passwd"), "callcenter: --url: 'file:///etc/passwd' is no address like http://127.0.0.1:8080\n"),
    (("--url", "http://[::1"), "callcenter: --url: 'http://[::1' is no address like http://127.0.0.1:8080\n"),
    (("--url", "http://localhost:99999"), f"callcenter: --url: 'http://localhost:99999' {NO_PORT}"),
    (("--url", "http://localhost:0"), f"callcenter: --url: 'http://localhost:0' {NO_PORT}"),
    (("--url", "http://user:geheim@localhost"), NO_USER), (("--url", "user:geheim@localhost"), NO_USER),
    (("--url", "http://user:geheim@localhost:99999"), NO_USER), (("--url", "http://user:gehe/im@[::1"), NO_USER),
    (("--url", "http://localhost/?x=1"), f"callcenter: --url: 'http://localhost/?x=1' {NO_QUERY}"),
    (("--url", "http://localhost/تابلو"), f"callcenter: --url: 'http://localhost/تابلو' {NO_ASCII}"),
    (("--every", "0"), None),
])  # fmt: skip
def test_what_cannot_be_shown_is_one_clear_line(words: tuple[str, ...], said: str | None) -> None:
    result = callcenter("top", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert said is None or result.stderr == said


def test_a_queue_that_is_not_there_is_named(daemon: Running) -> None:
    result = callcenter("top", "--url", url_of(daemon), "--queue", "no\x1b[31mpe")
    assert (result.returncode, result.stderr) == (2, "callcenter: --queue: no such queue: no?[31mpe\n")


BOARD = {
    "site": {"name": "hq", "timezone": "UTC"}, "at": "2026-11-23T08:00:00+00:00", "link": True,
    "link_since": "2026-11-23T08:00:00+00:00", "calls": 0, "alarms": [], "alerts": [], "queues": [], "agents": [],
    "figures": {},
}  # fmt: skip


def event(**changed: Any) -> bytes:
    return b"event: board\ndata: %s\n\n" % json.dumps(BOARD | changed).encode()


WRONG_TYPES: dict[str, dict[str, Any]] = {
    "/calls": {"calls": []}, "/at": {"at": "soon"}, "/agents": {"agents": {}}, "/site": {"site": "hq"},
    "/queue": {"queues": [{"name": "sales"}]}, "/figures": {"figures": {"today": {"": {"service_level": 1e300}}}},
    "/alerts": {"alerts": [{"kind": "waits_too_long", "queue": None, "value": 1, "limit": 1}]},
}  # fmt: skip


class Other(BaseHTTPRequestHandler):
    """A server that is no daemon of ours."""

    answers: ClassVar = {
        "/json": b"event: board\ndata: {}\n\n", "/bad": b"event: board\ndata: {{\n\n", "/end": b"data: 1\n\n",
        "/list": b"event: board\ndata: []\n\n", **{path: event(**types) for path, types in WRONG_TYPES.items()},
    }  # fmt: skip

    def do_GET(self) -> None:
        if self.path.startswith("/drip"):
            self.drip(self.path)
            return
        body = self.answers.get(self.path.removesuffix("/api/v1/events"))
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def drip(self, path: str) -> None:
        """For ever something, never a board: comments, letters of one line, headers; at "/drip-later" a board first."""
        asked[path] += 1
        self.send_response(200)
        (self.flush_headers if path.startswith("/drip-headers") else self.end_headers)()
        if path.startswith("/drip-later") and (asked[path] == 1 or path.endswith(LAG)):
            self.wfile.write(event() if path.endswith("/events") else b"")
            return
        with contextlib.suppress(OSError):
            while not ending.wait(0.3):
                self.wfile.write(b": x\n\n" if path.startswith(("/drip/", "/drip-later")) else b"x")
                self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


asked: Counter[str] = Counter()
ending = threading.Event()


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    ending.clear()  # a worker may come back to this module
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            ending.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("path", ["/drip", "/drip-letters", "/drip-headers"])
def test_a_stream_that_drips_without_a_board_is_given_up(other: str, path: str) -> None:
    began = time.monotonic()
    result = callcenter("top", "--url", other + path)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"callcenter: {other}{path}") and "no board" in result.stderr
    assert time.monotonic() < began + LATE_S + 6.0


def test_a_stream_that_begins_to_drip_is_said_and_keys_go_on(other: str) -> None:
    with terminal("--url", f"{other}/drip-later", "--every", "0.2") as here:
        here.until("link up")
        here.until(r"no answer since \d\d:\d\d:\d\d")
        here.press("a")
        here.until("queue or reason")
        here.press("q")
        assert here.ended() == 0


@pytest.mark.parametrize("path", [*WRONG_TYPES, "/list"])
def test_a_board_of_other_types_is_one_clear_line(other: str, path: str) -> None:
    result = callcenter("top", "--url", other + path)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"callcenter: {other}{path}: what it answers is no board of callcenter: ")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_the_terminal_cannot_write_is_replaced(daemon: Running, encoding: str) -> None:
    environ = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "callcenter", "top", "--url", url_of(daemon), "--once"]
    result = subprocess.run(command, capture_output=True, env=environ, timeout=60)
    assert (result.returncode, result.stderr) == (0, b"") and b"ASA" in result.stdout
    with terminal("--url", url_of(daemon), "--every", "0.2", PYTHONIOENCODING=encoding) as here:
        here.until("link up")
        here.press("q")
        assert here.ended() == 0 and "Traceback" not in here.seen


def test_a_full_disk_is_one_clear_line(daemon: Running) -> None:
    command = [sys.executable, "-m", "callcenter", "top", "--url", url_of(daemon), "--once"]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (2, "callcenter: cannot write the board: No space left on device\n")


def test_another_server_is_not_taken_for_a_daemon(other: str) -> None:
    said_of = {"/json": "lacks", "/bad": "is no board", "/end": "without a board", "": "HTTP 404"}
    for path, said in said_of.items():
        result = callcenter("top", "--url", other + path)
        assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1, path


def test_it_follows_the_daemon_until_q_is_pressed(daemon: Running) -> None:
    with terminal("--url", url_of(daemon), "--every", "0.2") as here:
        here.until("q quits")
        first = re.findall(r"\d\d:\d\d:\d\d(?=[^\r\n]*Tehran)", here.seen)[-1]
        here.until(rf"(?!{first})\d\d:\d\d:\d\d[^\r\n]*Tehran")  # its time goes on
        here.press("a")
        here.until("queue or reason")
        here.press("a")
        here.until("aband")
        here.press("q")
        assert here.ended() == 0


def test_keys_that_write_more_than_one_character_do_nothing(daemon: Running) -> None:
    with terminal("--url", url_of(daemon), "--every", "0.2") as here:
        here.until("q quits")
        for keys in ("\x1b[A", "\x1bOA", "\x1bOQ", "\x1bq", "aq"):  # arrows, F2, Alt with q, a paste
            here.press(keys)
            here.until(r"(?s)\x1b\[H.*\x1b\[H")  # drawn again, and again: they were read
        assert "queue or reason" not in here.seen
        here.press("A")
        here.until("queue or reason")
        here.press("Q")
        assert here.ended() == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_terminal_back(daemon: Running, number: int, status: int) -> None:
    with terminal("--url", url_of(daemon), "--every", "0.2") as here:
        here.until("q quits")
        here.process.send_signal(number)
        assert here.ended() == status
        assert "Traceback" not in here.seen


def test_a_daemon_that_dies_is_said_and_waited_for(tmp_path: Path) -> None:
    with simulating(tmp_path, *WORDS) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, pbx="clock_step_s = 0") as daemon:
            words = ("--url", url_of(daemon), "--every", "0.2")
            with terminal(*words) as here, terminal(*words) as other:
                here.until("link up")
                other.until("link up")
                os.kill(daemon.process.pid, signal.SIGSTOP)  # it does not even refuse
                time.sleep(0.5)  # both have asked
                pressed = time.monotonic()
                other.press("q")
                assert other.ended() == 0 and time.monotonic() < pressed + 1.5, "no key waits for an answer"
                here.until(r"no answer since \d\d:\d\d:\d\d")
                os.kill(daemon.process.pid, signal.SIGCONT)
                here.until(r"\x1b\[H[^✗]*link up")
                daemon.process.kill()
                here.until(r"no answer since \d\d:\d\d:\d\d")
                here.press("q")
                assert here.ended() == 0
