"""What goes wrong, drawn from a seed: each fault begins, lasts and ends. Shell of virtual time only."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from daemon_process import Machine
from exchange import Exchange
from virtual_network import Network

from callcenter.errors import CallcenterError

ERRORS = ("disk I/O error", "database is locked", "database or disk is full", "attempt to write a readonly database")


@dataclass
class Scene:
    """Everything that a fault may lay hands on."""

    draw: random.Random
    network: Network
    exchange: Exchange
    machine: Machine

    async def last(self, least: float, most: float) -> None:
        await asyncio.sleep(self.draw.uniform(least, most))


async def _latency(s: Scene) -> None:
    for way in s.network.ways.values():
        way.latency_s, way.jitter_s = s.draw.uniform(0.05, 1.0), s.draw.uniform(0.0, 1.0)
    await s.last(5, 30)


async def _slices(s: Scene) -> None:
    for way in s.network.ways.values():
        way.slice_bytes = s.draw.choice((1, 3, 17, 100, 1500))
    await s.last(5, 15)


async def _cut(s: Scene) -> None:
    s.network.cut()


async def _cut_and_refused(s: Scene) -> None:
    s.network.refusing = True
    s.network.cut()
    await s.last(1, 40)


async def _half_open(s: Scene) -> None:
    for name in s.draw.choice((("up", "down"), ("up",), ("down",))):
        s.network.ways[name].swallow = True
    await s.last(0.5, 40)


async def _stalled(s: Scene) -> None:
    s.network.ways[s.draw.choice(("down", "down", "up"))].stalled = True
    await s.last(1, 30)


async def _pbx_killed(s: Scene) -> None:
    await s.exchange.end(goodbye=False)
    await s.last(1, 30)
    await s.exchange.boot()


async def _pbx_killed_without_a_fin(s: Scene) -> None:
    """Power is lost: nobody closes the connection."""
    for way in s.network.ways.values():
        way.swallow = True
    await s.exchange.end(goodbye=False)
    await s.last(1, 30)
    await s.exchange.boot()
    s.network.clear()


async def _pbx_restarted(s: Scene) -> None:
    await s.exchange.end(goodbye=True)
    await s.last(0.5, 20)
    await s.exchange.boot()


async def _daemon_killed(s: Scene) -> None:
    s.machine.kill()
    await s.last(0.1, 40)
    s.machine.start()


async def _daemon_killed_in_a_transaction(s: Scene) -> None:
    disk = s.machine.disk
    disk.kill_at = disk.statements + s.draw.randint(1, 60)
    for _ in range(600):
        await asyncio.sleep(0.1)
        if not s.machine.alive:
            break
    disk.kill_at = None
    s.machine.kill()
    await s.last(0.1, 20)
    s.machine.start()


async def _daemon_stopped(s: Scene) -> None:
    with contextlib.suppress(CallcenterError):
        await s.machine.stop()
    await s.last(0.1, 30)
    s.machine.start()


async def _store_fails(s: Scene) -> None:
    s.machine.disk.failing = s.draw.choice(ERRORS)
    await s.last(1, 60)


async def _store_slow(s: Scene) -> None:
    s.machine.disk.statement_s = s.draw.uniform(0.01, 0.5)
    await s.last(5, 30)


async def _store_fails_and_daemon_killed(s: Scene) -> None:
    s.machine.disk.failing = s.draw.choice(ERRORS)
    await s.last(1, 30)
    s.machine.kill()
    s.machine.disk.failing = ""
    await s.last(0.1, 20)
    s.machine.start()


async def _clock_set(s: Scene) -> None:
    s.exchange.step_clock(s.draw.choice((3600.0, -3600.0, s.draw.uniform(-300, 300))))
    await s.last(0, 20)


async def _silent_reload(s: Scene) -> None:
    s.exchange.swap_member()


async def _events_late(s: Scene) -> None:
    assert s.exchange.simulation is not None
    for client in tuple(s.exchange.simulation.clients):
        client.oversleep()


async def _snapshot_again(s: Scene) -> None:
    if s.machine.daemon is not None:
        s.machine.daemon.link.snapshot_wanted = True


FAULTS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "latency": _latency,
    "slices": _slices,
    "cut": _cut,
    "cut and refused": _cut_and_refused,
    "half open": _half_open,
    "stalled": _stalled,
    "pbx killed": _pbx_killed,
    "pbx killed without a FIN": _pbx_killed_without_a_fin,
    "pbx restarted": _pbx_restarted,
    "daemon killed": _daemon_killed,
    "daemon killed in a transaction": _daemon_killed_in_a_transaction,
    "daemon stopped": _daemon_stopped,
    "store fails": _store_fails,
    "store slow": _store_slow,
    "store fails, daemon killed": _store_fails_and_daemon_killed,
    "clock set": _clock_set,
    "silent reload": _silent_reload,
    "events late": _events_late,
    "snapshot again": _snapshot_again,
}


def heal(s: Scene) -> None:
    """What a fault left switched on."""
    s.network.clear()
    s.machine.disk.failing, s.machine.disk.statement_s = "", 0.0002
