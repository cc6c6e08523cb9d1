"""Realistic boards for the web's tests and screenshots, by a seeded generator: always the same."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from callcenter.config import Config, parse
from callcenter.floor.records import SEEN, AgentState, Outcome, Unseen, Visit
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard

AT = 1_794_824_531.25
"""2026-11-16 10:22:11 in UTC, a Monday."""

QUEUES = (
    "support", "sales", "billing", "پشتیبانی فنی", "orders", "vip", "returns", "technical", "برگشت کالا", "fiber",
    "mobile", "internet", "complaints", "appointments", "claims", "reception", "partners", "dispatch", "loyalty",
    "night", *(f"branch {n}" for n in range(1, 21)),
)
FIRST = ("Sara", "Reza", "Maryam", "Omid", "Leila", "Hamid", "نازنین", "Anna", "John", "علی", "Nasrin", "David",
         "Elham", "Kaveh", "Mina", "Thomas", "Shirin", "Amir", "Julia", "فاطمه")
LAST = ("Ahmadi", "Karimi", "رضایی", "Smith", "Moradi", "Hosseini", "Weber", "Jafari", "محمدی", "Rahimi")
MIX = {
    AgentState.AVAILABLE: 22, AgentState.RINGING: 5, AgentState.TALKING: 46, AgentState.HOLDING: 4,
    AgentState.WRAP_UP: 9, AgentState.PAUSED: 8, AgentState.UNREACHABLE: 2, AgentState.LOGGED_OUT: 4,
}
BUSY = {AgentState.RINGING, AgentState.TALKING, AgentState.HOLDING, AgentState.WRAP_UP}
REASONS = ("lunch", "training", "coffee", "جلسه")


def config_of(timezone: str, **site: str) -> Config:
    return parse({"site": {"name": "hq", "timezone": timezone, **site}, "pbx": [{"secret": "s"}]}, "test")


def live_day(source: Any, hours: float = 6, seed: int = 1) -> list[Visit]:
    """Gives the source's window a day of visits to all of QUEUES, busiest around its middle; each queue has its own
    way of answering."""
    chance = random.Random(seed)
    began = AT - AT % 3600 - (hours - 1) * 3600
    visits = []
    for name in QUEUES:
        prompt = chance.choice((0.97, 0.9, 0.75, 0.55))
        for _ in range(chance.choice((40, 120, 300))):
            at = began + (AT - 100 - began) * chance.betavariate(2, 1.5)
            wait_s = chance.uniform(0, 20) if chance.random() < prompt else chance.uniform(20, 90)
            outcome = Outcome.ABANDONED if chance.random() < 0.08 else Outcome.ANSWERED
            talk_s = chance.uniform(30, 400) if outcome is Outcome.ANSWERED else None
            visits.append(Visit(name, at, 1, at + wait_s, wait_s, outcome, talk_s=talk_s))
    source.window.restore(visits, [])
    return visits


def board_of(queues: int, agents: int, seq: int = 1, at: float = AT, link: bool = True, seed: int = 4) -> Wallboard:
    chance = random.Random(seed)
    names = QUEUES[:queues]
    people = tuple(_agent(i, names, at, chance) for i in range(agents))
    now = FloorNow(
        at=at, pbx="main", link=link, link_since=at - 5 * 3600 if link else at - 42, calls=chance.randint(20, 60),
        drift={}, queues=tuple(_queue(name, people, at, chance) for name in names), agents=people,
        unseen=SEEN if link else Unseen(at - 42),
    )
    per = {name: _figures(chance, now_waiting=q.waiting) for name, q in zip(names, now.queues, strict=True)}
    per[""] = _sum(list(per.values()))
    targets = {name: {"threshold_s": 20.0, "service_level": 0.8, "short_abandon_s": 5.0} for name in names}
    return Wallboard(seq=seq, now=now, figures=dict.fromkeys(("today", "15m", "30m", "60m"), per), targets=targets)


def _agent(i: int, queues: tuple[str, ...], at: float, chance: random.Random) -> AgentNow:
    state = chance.choices(list(MIX), weights=list(MIX.values()))[0]
    mine = tuple(sorted({queues[i % len(queues)], *chance.sample(queues, k=min(len(queues), chance.randint(1, 2)))}))
    busy = state in BUSY
    name = f"{FIRST[i % len(FIRST)]} {LAST[(i * 7 + i // 20) % len(LAST)]}"
    return AgentNow(
        interface=f"PJSIP/{1001 + i}", name=name, state=state,
        since=at - chance.expovariate(1 / 190), reason=chance.choice(REASONS) if state is AgentState.PAUSED else "",
        queue=chance.choice(mine) if busy else None, call=f"main-{i}" if busy else None, queues=mine,
        paused_in=mine if state is AgentState.PAUSED else (),
    )


def _queue(name: str, people: tuple[AgentNow, ...], at: float, chance: random.Random) -> QueueNow:
    waiting = chance.choice((0, 0, 1, 2, 3, 5, 12))
    since = tuple(sorted(at - chance.uniform(2, 35) * (1 + waiting / 2) for _ in range(waiting)))
    return QueueNow(
        name=name, waiting=waiting, oldest_at=since[0] if since else None, waiting_since=since,
        talking=sum(a.state is AgentState.TALKING and a.queue == name for a in people),
        agents=dict(Counter(a.state for a in people if name in a.queues)),
    )


def _figures(chance: random.Random, now_waiting: int) -> dict[str, float | None]:
    if chance.random() < 0.06:
        return {"offered": 0, "answered": 0, "abandoned": 0, "service_level": None, "abandon_rate": None,
                "average_speed_of_answer": None, "average_handle_time": None, "occupancy": float("nan")}
    offered = chance.randint(25, 420)
    abandoned = int(offered * chance.uniform(0.005, 0.13))
    answered = offered - abandoned - now_waiting
    level = min(0.99, chance.choice((0.93, 0.88, 0.84, 0.78, 0.61)) + chance.uniform(-0.03, 0.03))
    return {
        "offered": offered, "answered": answered, "abandoned": abandoned, "service_level": level,
        "abandon_rate": abandoned / offered, "average_speed_of_answer": chance.uniform(6, 40),
        "average_handle_time": chance.uniform(150, 420), "occupancy": chance.uniform(0.6, 0.95),
    }


def _sum(per: list[dict[str, float | None]]) -> dict[str, float | None]:
    offered, answered, abandoned = (sum(p[k] or 0 for p in per) for k in ("offered", "answered", "abandoned"))
    level = sum((p["service_level"] or 0) * (p["offered"] or 0) for p in per)
    return {
        "offered": offered, "answered": answered, "abandoned": abandoned, "service_level": level / (offered or 1),
        "abandon_rate": abandoned / (offered or 1), "average_speed_of_answer": 14.2, "average_handle_time": 262.0,
        "occupancy": 0.87,
    }
