"""Streams of the simulator and of the captures, read the same simple way."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.ami.simulator.plan import Habits, Plan, make
from callcenter.ami.simulator.world import run

CAPTURES = Path(__file__).parents[2] / "captures"

Headers = list[tuple[str, str]]
CALM = Habits(direct=0, outgoing=0, internal=0, ivr=0, patience_s=1e6, key_exit=0, ring_out=0, busy=0, hold=0, blind=0,
              attended=0, half_seen=0, work_s=1e9, unreachable_every_s=1e9, meeting_every_s=1e9)
"""Everybody waits, answers, talks and hangs up; nothing else happens."""


def parsed(data: bytes) -> list[Headers]:
    """Every message as its (name, value) lines."""
    return [
        [(k, v) for k, _, v in (line.partition(": ") for line in text.split("\r\n"))]
        for text in data.decode().split("\r\n\r\n")
        if text
    ]


@pytest.fixture(scope="session")
def captured() -> Callable[[str], list[Headers]]:
    cache: dict[str, list[Headers]] = {}

    def read(name: str) -> list[Headers]:
        if name not in cache:
            cache[name] = parsed(gzip.decompress((CAPTURES / name).read_bytes()))
        return cache[name]

    return read


class Centre:
    """A plan that has been run: the stream's messages and the queue_log's lines."""

    def __init__(self, plan: Plan, calls: int) -> None:
        self.plan = plan
        self.log: list[str] = []
        self.stream = b"".join(message for _, message in run(plan, calls, self.log.append))
        self.messages = parsed(self.stream)
        self.events = [dict(m) for m in self.messages if m[0][0] == "Event"]

    def named(self, *names: str) -> list[dict[str, str]]:
        return [e for e in self.events if e["Event"] in names]


@pytest.fixture(scope="session")
def centre() -> Callable[..., Centre]:
    """Runs a centre: ``centre(calls, agents, queues, habits={...}, queue={...}, **plan)``."""

    def build(
        calls: int, agents: int = 20, queues: int = 4, habits: dict[str, object] | None = None,
        queue: dict[str, object] | None = None, base: Habits = CALM, **plan: object,
    ) -> Centre:
        plan.setdefault("queue_done", False)
        made = make(agents, queues, habits=replace(base, **(habits or {})), **plan)  # type: ignore[arg-type]
        made = replace(made, queues=tuple(replace(q, **(queue or {})) for q in made.queues))  # type: ignore[arg-type]
        return Centre(made, calls)

    return build


@pytest.fixture(scope="session")
def busy(centre: Callable[..., Centre]) -> Centre:
    """A day with everything in it, said in every way, with enough load that queues overflow."""
    return centre(
        4000, 40, 6, base=Habits(direct=0.06, outgoing=0.06, internal=0.03, ivr=0.05, key_exit=0.05, hold=0.3,
                                 blind=0.1, attended=0.1, busy=0.04, ring_out=0.05, half_seen=0.05),
        seed=11, calls_per_hour=1000, queue_status=True, queue_done=True,
    )


@pytest.fixture(scope="session")
def legs_of() -> Callable[[Iterable[dict[str, str]], str], list[dict[str, str]]]:
    """The events of one call, by its Linkedid on either side."""

    def pick(events: Iterable[dict[str, str]], call: str) -> list[dict[str, str]]:
        keys = ("Linkedid", "DestLinkedid", "TransfererLinkedid", "LocalOneLinkedid")
        return [e for e in events if any(e.get(k) == call for k in keys)]

    return pick
