"""What the simulated contact centre looks like: its queues, its agents, its callers' habits. Frozen values, pure.

Durations are simulated seconds, rates are per simulated hour. :func:`make` builds a plausible centre of a given size;
a test builds a :class:`Plan` by hand (``dataclasses.replace``) to force one behaviour.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from callcenter.ami.simulator.people import agent_name

DAY = (0.05, 0.03, 0.02, 0.02, 0.03, 0.08, 0.2, 0.45, 0.8, 1.0, 1.1, 1.05,
       0.95, 0.9, 0.95, 1.0, 0.95, 0.85, 0.7, 0.55, 0.4, 0.3, 0.18, 0.1)
"""Arrivals by hour of the day, as multiples of the nominal rate (10 o'clock is about 1)."""

FLAT = (1.0,) * 24

QUEUE_NAMES = (
    "sales", "support", "billing", "vip", "complaints", "installation", "renewal", "callback", "loyalty", "tech",
)
STRATEGIES = ("rrmemory", "leastrecent", "ringall")
FIRST_EXTENSION = 1001
FIRST_QUEUE_EXTEN = 800
IVR_EXTEN = "900"
TRUNK = "PJSIP/trunk"
STARTS_AT = 1_795_329_000.0
"""22 November 2026, 10:00 in Tehran: where a plan begins that does not say."""
WRAP_UP_S = 10.0
"""The mean of the wrap-up times that :func:`make` gives its queues."""
IN_QUEUES = 0.85
"""The share of calls that cost agents of queues their time."""
HELP = 1.8
"""How much larger than one queue's share of the agents the group is that answers it, as agents sit in several."""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """``ring_s`` is app_queue's ``timeout``, ``max_wait_s`` the Queue() application's. ``max_callers`` 0: no limit.

    ``strict``: joinempty=no and leavewhenempty=yes in the sense of "no member could take a call soon".
    """

    name: str
    exten: str
    strategy: str = "rrmemory"
    service_level_s: int = 20
    ring_s: float = 15.0
    retry_s: float = 1.0
    wrap_up_s: int = 12
    max_wait_s: int = 300
    overflow_to: str | None = None
    max_callers: int = 0
    strict: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """``queues`` are (queue, penalty) pairs. ``local``: rung as ``Local/<extension>@agents/n``."""

    extension: str
    name: str
    queues: tuple[tuple[str, int], ...]
    local: bool = False
    dynamic: bool = False

    @property
    def phone(self) -> str:
        return f"PJSIP/{self.extension}"

    @property
    def interface(self) -> str:
        return f"Local/{self.extension}@agents/n" if self.local else self.phone


@dataclass(frozen=True, slots=True)
class Habits:
    """How people behave. The first five are shares of all calls, the rest probabilities or mean durations."""

    direct: float = 0.04
    outgoing: float = 0.05
    internal: float = 0.02
    ivr: float = 0.04
    patience_s: float = 150.0
    key_exit: float = 0.01
    talk_s: float = 150.0
    talk_sigma: float = 0.55
    ring_s: float = 5.0
    ring_out: float = 0.02
    busy: float = 0.012
    hold: float = 0.10
    blind: float = 0.05
    attended: float = 0.04
    agent_ends: float = 0.35
    half_seen: float = 0.02
    """Share of AgentCompletes that lack the caller's fields, as on a busy Asterisk."""
    work_s: float = 3000.0
    pause_s: float = 300.0
    meeting_every_s: float = 5400.0
    """How often all agents of a ``strict`` queue pause together."""
    unreachable_every_s: float = 20_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole centre. ``starts_at``: seconds since the epoch; ``utc_offset_s`` places ``curve`` on the clock.

    ``queue_status`` and ``queue_done`` say why a call left its queue, as ``VarSet QUEUESTATUS`` (class dialplan) and as
    ``UserEvent(QueueDone,…)`` (class user), which the project's own dialplans send.
    """

    queues: tuple[QueuePlan, ...]
    agents: tuple[AgentPlan, ...]
    calls_per_hour: float
    seed: int = 1
    starts_at: float = STARTS_AT
    utc_offset_s: float = 12_600.0
    curve: tuple[float, ...] = FLAT
    habits: Habits = Habits()
    queue_status: bool = False
    queue_done: bool = True

    def load(self, at: float) -> float:
        """The curve's multiple at time ``at``, linear between the middles of its hours."""
        hour = ((at + self.utc_offset_s) / 3600.0 - 0.5) % 24.0
        low = int(hour)
        part = hour - low
        return self.curve[low] * (1 - part) + self.curve[(low + 1) % 24] * part


def erlang_c(calls_erlang: float, agents: int) -> float:
    """Probability that a call has to wait (A. K. Erlang, 1917); 1.0 when the agents cannot cope."""
    if calls_erlang >= agents:
        return 1.0
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = calls_erlang * blocked / (n + calls_erlang * blocked)
    return blocked / (1 - calls_erlang / agents * (1 - blocked))


def calls_for(agents: int, handle_s: float, service_level: float = 0.80, within_s: float = 20.0) -> float:
    """The calls an hour of which ``agents`` answer the share ``service_level`` within ``within_s`` seconds."""
    best = 0.3
    for step in range(30, 93):
        erlangs = agents * step / 100
        waits = erlang_c(erlangs, agents) * math.exp(-(agents - erlangs) * within_s / handle_s)
        if 1 - waits >= service_level:
            best = step / 100
    return best * agents * 3600.0 / handle_s


def make(
    agents: int = 20, queues: int = 4, seed: int = 1, *, calls_per_hour: float | None = None,
    starts_at: float = STARTS_AT, curve: tuple[float, ...] = FLAT,
    habits: Habits | None = None, queue_status: bool = False, queue_done: bool = True,
) -> Plan:
    """A plausible centre. Without ``calls_per_hour`` it gets as many calls as its agents can take well."""
    if agents < 1 or queues < 1:
        raise ValueError("a contact centre needs at least one agent and one queue")
    habits = habits or Habits()
    rng = random.Random(f"plan {seed}")
    names = [QUEUE_NAMES[n] if n < len(QUEUE_NAMES) else f"queue{n + 1}" for n in range(queues)]
    people = tuple(_agent(n, names, rng) for n in range(agents))
    rate = calls_per_hour if calls_per_hour is not None else _rate(agents, queues, habits)
    return Plan(tuple(_queue(n, names, people) for n in range(queues)), people, rate, seed, starts_at,
                curve=curve, habits=habits, queue_status=queue_status, queue_done=queue_done)


def _agent(n: int, queues: list[str], rng: random.Random) -> AgentPlan:
    """Every queue gets its agents in turn; half of them sit in a second queue, some in a third."""
    home = n % len(queues)
    seats = [queues[home]]
    others = [q for q in queues if q != queues[home]]
    rng.shuffle(others)
    seats += others[: rng.choice((0, 0, 1, 1, 2))]
    penalties = tuple((queue, 0 if k == 0 else rng.choice((0, 1))) for k, queue in enumerate(seats))
    return AgentPlan(str(FIRST_EXTENSION + n), agent_name(n), penalties, local=n % 10 == 4, dynamic=n % 7 == 6)


def _queue(n: int, names: list[str], agents: tuple[AgentPlan, ...]) -> QueuePlan:
    """Kinds of queue in turn; its share of the calls follows the agents it can count on."""
    weight = sum(1 / len(a.queues) for a in agents if any(q == names[n] for q, _ in a.queues))
    overflow = names[(n + 1) % len(names)] if n % 2 == 1 and len(names) > 1 else None
    last = n == len(names) - 1 and n > 0
    return QueuePlan(
        names[n], str(FIRST_QUEUE_EXTEN + n if n < 100 else 8000 + n), STRATEGIES[n % 3],
        service_level_s=(20, 10, 30)[n % 3], wrap_up_s=(12, 0, 20, 8)[n % 4], ring_s=(15.0, 12.0, 20.0)[n % 3],
        max_wait_s=60 if overflow else 300, overflow_to=overflow,
        max_callers=8 if n % 5 == 2 else 0, strict=last, weight=max(weight, 0.2),
    )


def _rate(agents: int, queues: int, habits: Habits) -> float:
    """Calls an hour. The agents of neighbouring queues help out, so the pool is larger than one queue's share."""
    handle = IN_QUEUES * (habits.talk_s + WRAP_UP_S)
    present = max(1.0, agents * habits.work_s / (habits.work_s + habits.pause_s))
    pool = max(1, round(min(present, HELP * present / queues)))
    return calls_for(pool, handle) * present / pool
