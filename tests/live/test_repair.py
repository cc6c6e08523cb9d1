"""The daemon as a process of its own loses its link, or its life, while calls come and go: queue_log tells the rest."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.asterisk import LEAST, LISTENS, Asterisk
from lab.daemon import Running, callcenter, running
from lab.drive import drive
from lab.proxy import Proxy
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.queue_log import fold, read

pytestmark = pytest.mark.timeout(300)

TRUNKS = '["PJSIP/trunk"]'
SPEED = 30
QUIET_S = 4.0


@contextlib.contextmanager
def proxied(port: int) -> Iterator[tuple[int, Callable[[str], None]]]:
    """The port of a relay to ``port``, and what tells it its faults; it runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(what: Any) -> None:
        asyncio.run_coroutine_threadsafe(what, loop).result(10)

    proxy = Proxy(LISTENS, port)
    wait(proxy.__aenter__())
    try:
        yield proxy.port, lambda words: wait(proxy.do(words))
    finally:
        wait(proxy.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def words_of(log: Path, *events: str) -> int:
    return sum(line.event in events for line in read(log)) if log.exists() else 0


ENDS = ("COMPLETECALLER", "COMPLETEAGENT", "ABANDON", "EXITWITHTIMEOUT")


def hidden(daemon: Running, log: Path, most: int, hide: Callable[[], None]) -> None:
    """While the daemon is blind (``hide`` begins it) at least ``most`` callers enter queues and as many are done."""
    before = words_of(log, "ENTERQUEUE"), words_of(log, *ENDS)
    hide()
    deadline = time.monotonic() + 60
    while words_of(log, "ENTERQUEUE") - before[0] < most or words_of(log, *ENDS) - before[1] < most:
        assert time.monotonic() < deadline, "the PBX has too little to do"
        time.sleep(0.1)


def assert_as_logged(daemon: Running, log: Path) -> None:
    """What is shown, and then what is stored, equals queue_log; each call of the outside has its one ticket."""
    daemon.until("the PBX has nothing more to do", lambda: _quiet_for(log) > QUIET_S, 120)
    daemon.until("the holes are filled", lambda: _holes(daemon) and all(h["repaired"] for h in _holes(daemon)), 60)
    daemon.until("no call is up", lambda: not daemon.get("/api/v1/calls?state=open")["items"], 60)
    daemon.until("the figures are of now", daemon.figures_are_of_now)
    row, logged = daemon.get("/api/v1/kpis?window=today")["all"], fold(read(log))
    counted = Counter(str(visit.outcome) for visit in logged)
    assert {name: row[name] for name in counted} == counted
    assert (row["offered"], row["unknown"], row["waiting"]) == (len(logged), 0, 0)
    calls, tickets = daemon.all("/api/v1/calls"), daemon.all("/api/v1/tickets")
    assert "repaired" in {call["seen"] for call in calls}
    assert sorted(t["call"] for t in tickets) == sorted(c["id"] for c in calls if c["direction"] != "internal")
    assert daemon.stop() == 0
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(log))
    assert (verdict.returncode, verdict.stderr) == (0, ""), verdict.stdout


def _quiet_for(log: Path) -> float:
    over = all(visit.over_at is not None for visit in fold(read(log)))
    return time.time() - log.stat().st_mtime if over else 0.0


def _holes(daemon: Running) -> list[Any]:
    holes: list[Any] = daemon.get("/api/v1/kpis?window=today")["seen"]["holes"]
    return holes


def test_a_cut_of_30_s_that_hides_fifty_starts_and_fifty_ends_is_filled(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    words = ("--agents", "40", "--queues", "4", "--speed", str(SPEED), "--calls", "200", "--rate", "1500")
    with simulating(tmp_path, *words) as (port, _), proxied(port) as (near, fault):
        pbx = f'queue_log = "{log}"\nclock_step_s = 0'
        with running(tmp_path, near, USERNAME, SECRET, TRUNKS, pbx=pbx) as daemon:

            def cut() -> None:
                fault("refuse")
                fault("cut")

            daemon.until("calls come in", lambda: words_of(log, "ENTERQUEUE") > 40, 60)
            began = time.monotonic()
            hidden(daemon, log, 50, cut)
            assert time.monotonic() - began >= 30 / SPEED  # of the PBX's time
            fault("clear")
            assert_as_logged(daemon, log)


# The simulated PBX ends with its last client: a connection of ours keeps it up between two daemons.
def test_what_happened_while_the_daemon_was_killed_is_filled_by_the_next_one(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    words = ("--agents", "40", "--queues", "4", "--speed", str(SPEED), "--calls", "120", "--rate", "1500")
    pbx = f'queue_log = "{log}"\nclock_step_s = 0'
    with simulating(tmp_path, *words) as (port, _), socket.create_connection((LISTENS, port)):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=pbx) as daemon:
            daemon.until("calls come in", lambda: words_of(log, "ENTERQUEUE") > 40, 60)
            hidden(daemon, log, 20, daemon.process.kill)
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=pbx) as daemon:
            assert_as_logged(daemon, log)


@pytest.mark.asterisk
def test_a_cut_under_load_of_a_real_asterisk_is_filled(asterisk22: Asterisk, tmp_path: Path) -> None:
    """What this Asterisk did for other tests today is filled as well: nobody had looked."""
    lab, log = asterisk22, asterisk22.queue_log
    with proxied(lab.ami_port) as (near, fault):
        with running(tmp_path, near, LEAST.username, LEAST.secret, TRUNKS, pbx=f'queue_log = "{log}"') as daemon:
            driven = threading.Thread(target=lambda: asyncio.run(drive(lab, "mix:90:3", seed=11)))
            driven.start()
            began = words_of(log, "ENTERQUEUE")
            daemon.until("calls come in", lambda: words_of(log, "ENTERQUEUE") > began + 12, 60)

            def cut() -> None:
                fault("refuse")
                fault("cut")

            hidden(daemon, log, 12, cut)
            fault("clear")
            driven.join()
            assert_as_logged(daemon, log)
