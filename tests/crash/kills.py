"""kill -9 of the daemon at named points, again and again, beside a simulated PBX that goes on; and what is left."""

from __future__ import annotations

import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from lab.ami import action_bytes, parse
from lab.daemon import CONFIG, Running, running

from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.store import opening

DEADLY = Path(__file__).parent / "deadly.py"
SPEED = 10
"""A stall of the daemon counts tenfold: a login that is read half a second late looks like a PBX that booted anew."""
CALLS_A_SECOND = 10
OUTSIDE = "direction != 'internal' AND merged_into IS NULL"

POINTS = (
    "before a batch", "after the calls", "after the tickets", "before the commit", "after the commit",
    "after the acknowledgement", "during a snapshot", "while draining", "while opening", "while pruning the journal",
)  # fmt: skip
SELDOM = {"while draining": (1, 2), "while opening": (1, 2), "while pruning the journal": (1, 1)}
"""Point → the first and the last passing to die at; all others come many times a second."""


class Left(msgspec.Struct, frozen=True):
    """What the store has to say in the end."""

    kills: int
    calls: int
    tickets: int
    missing: list[str]
    """Acknowledged, and not there; or acknowledged as over, and open."""
    twice: list[str]
    without_ticket: list[str]
    stray_tickets: list[str]
    open: list[str]
    journal: int
    journal_acknowledged: int
    seconds: float


@contextmanager
def simulating(folder: Path, seed: int, speed: int = SPEED) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Ten calls a second of ours, each as long as a real one divided by ``speed``."""
    rate = CALLS_A_SECOND * 3600 // speed
    words = ("--agents", "300", "--queues", "6", "--speed", str(speed), "--rate", str(rate), "--seed", str(seed))
    command = [sys.executable, "-m", "callcenter", "simulate", "--port", "0", "--queue-log", str(folder / "queue_log")]
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0]), process
        finally:
            process.kill()


def kill_again_and_again(folder: Path, kills: int, seed: int) -> Left:
    chance = random.Random(seed)
    began = time.monotonic()
    with simulating(folder, seed) as (port, _):
        config = folder / "callcenter.toml"
        words = {"ami": port, "user": USERNAME, "secret": SECRET, "folder": folder, "trunks": '["PJSIP/trunk"]'}
        config.write_text(CONFIG.format(**words, pbx="clock_step_s = 0"))
        an_old_store(folder)
        for n in range(kills):
            point = "while migrating" if n == 0 else chance.choice(POINTS) if n > len(POINTS) else POINTS[n - 1]
            first, last = SELDOM.get(point, (1, 25))
            die(folder, point, chance.randint(first, last))
        with running(folder, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            seen: list[set[str]] = []
            daemon.until("nothing is open that the PBX has not", lambda: open_ones(daemon, port, seen))
            at = time.time()
            assert daemon.stop() == 0
    return left(folder, kills, time.monotonic() - began, seen[-1], at)


def open_ones(daemon: Running, port: int, seen: list[set[str]]) -> bool:
    """Whether all calls that the daemon takes for open are up in the PBX, just before or just after; they are kept."""
    before = linkedids_up(port)
    calls = daemon.get("/api/v1/calls?state=open&limit=200")["items"]
    seen.append({call["id"] for call in calls})
    return {call["linkedid"] for call in calls} <= before | linkedids_up(port)


def linkedids_up(port: int) -> set[str]:
    """As the PBX tells another manager."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(action_bytes("Login", Username=USERNAME, Secret=SECRET, Events="off"))
        link.sendall(action_bytes("CoreShowChannels"))
        said = b""
        while b"Event: CoreShowChannelsComplete" not in said:
            said += link.recv(1 << 16)
    found = (parse(message).get("Linkedid") for message in said.decode().split("\r\n\r\n"))
    return {linkedid for linkedid in found if linkedid}


def an_old_store(folder: Path) -> None:
    """As the first version made it, so that there is something to migrate."""
    versions = folder / "versions"
    versions.mkdir()
    (versions / "r0001_first.py").write_text((opening.MIGRATIONS / "r0001_first.py").read_text())
    opening.migrate(folder / "callcenter.db", (versions,))


def die(folder: Path, point: str, passing: int) -> None:
    """One life of the daemon, to its end at ``point``."""
    words = [sys.executable, str(DEADLY), point, str(passing), str(folder / "notes"), str(folder / "callcenter.toml")]
    with (folder / "daemon.log").open("a") as log:
        status = subprocess.run(words, stderr=log, timeout=60).returncode
    assert status == -signal.SIGKILL, f"{point} {passing}: ended with {status}, see {folder / 'daemon.log'}"


def left(folder: Path, kills: int, seconds: float, up: set[str], at: float) -> Left:
    """``up``: the calls that were open, and up in the PBX, at the time ``at``."""
    over: dict[str, bool] = {}
    lines = 0
    for line in (folder / "notes").read_bytes().splitlines(keepends=True):
        noted: dict[str, Any] = msgspec.json.decode(line)
        over |= dict(noted["calls"])
        lines += noted["journal"]
    with closing(sqlite3.connect(folder / "callcenter.db")) as db:

        def column(query: str) -> list[Any]:
            return [row[0] for row in db.execute(query)]

        ended = dict(db.execute("SELECT id, ended_at IS NOT NULL FROM call"))
        began = dict(db.execute("SELECT id, started_at FROM call"))
        return Left(
            kills=kills,
            calls=len(ended),
            tickets=column("SELECT count(*) FROM ticket")[0],
            missing=[id for id, was_over in over.items() if id not in ended or (was_over and not ended[id])],
            twice=column("SELECT linkedid FROM call GROUP BY linkedid HAVING count(*) > 1"),
            without_ticket=column(
                f"SELECT id FROM call WHERE {OUTSIDE} AND NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.call = call.id)"
            ),
            stray_tickets=column(f"SELECT call FROM ticket WHERE call NOT IN (SELECT id FROM call WHERE {OUTSIDE})"),
            open=[id for id, is_over in ended.items() if not is_over and id not in up and began[id] < at],
            journal=column("SELECT count(*) FROM journal")[0],
            journal_acknowledged=lines,
            seconds=round(seconds, 1),
        )
