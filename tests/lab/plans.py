"""The table of scripted calls: what each caller dials, what the agents do with it, and what must come of it. Pure.

A plan speaks of one call from outside. Behaviours that need the manager or several callers at once are in
:mod:`lab.acts`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from .steps import Step

TALKS, IGNORES = Step(), Step("ignores")
BUSY, DECLINES, SILENT = Step("busy"), Step("declines"), Step("silent")
HANGS = Step("hangs", after=4)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call. ``stay``: seconds after the PBX answered until the caller hangs up, if nobody did before.

    ``steps``: what the phones that it rings do, one after the other; the last one repeats. Empty: their default.
    ``outcomes``: of its queue visits in order; empty where it makes none, None where chance decides.
    """

    behaviour: str
    number: str
    queue: str
    stay: float
    steps: tuple[Step, ...]
    outcomes: tuple[str, ...] | None
    keys: str = ""  # pressed 2 s after the answer
    give_up: float = 60.0  # seconds of ringing until the caller cancels
    caller: str = ""  # '' for a number that no other call has


def _to(then: str, target: str, ring: float = 1.0) -> Step:
    return Step(then, ring=ring, after=2, target=target)


ANSWERED, ABANDONED, TIMED_OUT = ("answered",), ("abandoned",), ("timed_out",)

PLANS = (
    Plan("talks until the caller hangs up", "800", "sales", 8, (TALKS,), ANSWERED),
    Plan("agent hangs up", "800", "sales", 20, (HANGS,), ANSWERED),
    Plan("agent holds and takes back", "800", "sales", 10, (Step("holds"),), ANSWERED),
    Plan("caller hangs up while on hold", "800", "sales", 4.5, (Step("holds", ring=0.5, after=1.5),), ANSWERED),
    Plan("agent asks a colleague and comes back", "800", "sales", 14, (_to("returns", "1040"),), ANSWERED),
    Plan("blind transfer to an extension", "800", "sales", 10, (_to("refers", "1041"), TALKS), ANSWERED),
    Plan("blind transfer, target hangs up", "800", "sales", 20, (_to("refers", "1042"), HANGS), ANSWERED),
    Plan("blind transfer, nobody answers", "800", "sales", 9, (_to("refers", "1042"), IGNORES), ANSWERED),
    Plan("blind transfer to an agent of other queues", "800", "sales", 10, (_to("refers", "1021"), TALKS), ANSWERED),
    Plan("blind transfer to another queue", "800", "sales", 14, (_to("refers", "802"), TALKS, IGNORES), ANSWERED * 2),
    Plan(
        "blind transfer to another queue, abandoned there",
        "800",
        "sales",
        8,
        (_to("refers", "802"), IGNORES),
        ANSWERED + ABANDONED,
    ),
    Plan("blind transfer outside", "800", "sales", 10, (_to("refers", "02155550001"),), ANSWERED),
    Plan("blind transfer by feature code", "800", "sales", 14, (_to("presses", "1043"), TALKS), ANSWERED),
    Plan("attended transfer", "800", "sales", 14, (_to("consults", "1056"),), ANSWERED),
    Plan("attended transfer, caller of other queues' agent", "800", "sales", 14, (_to("consults", "1022"),), ANSWERED),
    Plan("semi-attended transfer", "800", "sales", 12, (_to("consults ringing", "1057"),), ANSWERED),
    Plan("attended transfer by feature code", "800", "sales", 22, (_to("presses attended", "1058"),), ANSWERED),
    Plan("second agent answers, the first is busy", "800", "sales", 12, (BUSY, TALKS), ANSWERED),
    Plan("second agent answers, the first declines", "800", "sales", 12, (DECLINES, TALKS), ANSWERED),
    Plan("second agent answers, the first does not", "800", "sales", 16, (IGNORES, TALKS), ANSWERED),
    Plan("second agent answers, the first is silent", "800", "sales", 16, (SILENT, TALKS), ANSWERED),
    Plan("abandons within 2 s", "800", "sales", 1.5, (IGNORES,), ABANDONED),
    Plan("abandons after 6 s", "800", "sales", 6, (IGNORES,), ABANDONED),
    Plan("overflows to another queue", "801", "support", 28, (*(IGNORES,) * 3, TALKS), TIMED_OUT + ANSWERED),
    Plan("talks in support", "801", "support", 6, (TALKS,), ANSWERED),
    Plan("agent hangs up, the caller goes on to the next queue", "801", "support", 14, (HANGS, TALKS), ANSWERED * 2),
    Plan("abandons in support", "801", "support", 4, (IGNORES,), ABANDONED),
    Plan("all ring, one answers", "802", "vip", 7, (IGNORES, Step(ring=1.5), IGNORES), ANSWERED),
    Plan("all ring, the caller leaves", "802", "vip", 4, (IGNORES,), ABANDONED),
    Plan("all ring, nobody answers in the first round", "802", "vip", 18, (*(IGNORES,) * 4, TALKS, IGNORES), ANSWERED),
    Plan("all ring, all answer at once", "802", "vip", 6, (TALKS,), ANSWERED),
    Plan("leaves by key", "806", "keyed", 20, (IGNORES,), ("exited",), keys="1"),
    Plan("answered where keys work", "806", "keyed", 6, (TALKS,), ANSWERED),
    Plan("announced and connected", "807", "announced", 12, (TALKS,), ANSWERED),
    Plan("agent hangs up in the announcement", "807", "announced", 12, (Step("hangs", after=2), IGNORES), ABANDONED),
    Plan(
        "agent hangs up in the announcement, then another try",
        "807",
        "announced",
        20,
        (Step("hangs", after=2), TALKS),
        ANSWERED,
    ),
    Plan("caller hangs up in the announcement", "807", "announced", 3.5, (TALKS,), ABANDONED),
    Plan("time limit, hung up", "808", "slow", 20, (IGNORES,), TIMED_OUT),
    Plan("time limit, voicemail", "809", "slow", 20, (IGNORES,), TIMED_OUT),
    Plan("time limit, hangs up in voicemail", "809", "slow", 8, (IGNORES,), TIMED_OUT),
    Plan("time limit, next queue", "810", "slow", 14, (IGNORES, TALKS), TIMED_OUT + ANSWERED),
    Plan("one round, then on", "811", "slow", 20, (IGNORES,), TIMED_OUT),
    Plan("the same queue twice", "819", "slow", 14, (IGNORES, TALKS), TIMED_OUT + ANSWERED),
    Plan("Local member", "812", "locals", 6, (TALKS,), ANSWERED),
    Plan("Local member hangs up", "812", "locals", 12, (HANGS,), ANSWERED),
    Plan("Local member ignores, then answers", "812", "locals", 14, (IGNORES, TALKS), ANSWERED),
    Plan("Local member is busy, the caller leaves", "812", "locals", 5, (BUSY,), ABANDONED),
    Plan("Local member transfers blindly", "812", "locals", 10, (_to("refers", "1059"), TALKS), ANSWERED),
    Plan("Local member transfers attended", "812", "locals", 14, (_to("consults", "1060"),), ANSWERED),
    Plan("optimised Local member", "817", "optimised", 6, (TALKS,), ANSWERED),
    Plan("optimised Local member hangs up", "817", "optimised", 12, (HANGS,), ANSWERED),
    Plan("optimised Local member transfers blindly", "817", "optimised", 10, (_to("refers", "1059"), TALKS), ANSWERED),
    Plan("a dead phone, then one that works", "816", "broken", 14, (TALKS,), ANSWERED),
    Plan("an unregistered phone only", "820", "absent", 20, (TALKS,), TIMED_OUT),
    Plan("direct call, answered", "1025", "", 6, (TALKS,), ()),
    Plan("direct call, agent hangs up", "1026", "", 20, (HANGS,), ()),
    Plan("direct call, the caller gives up", "1027", "", 5, (IGNORES,), (), give_up=3),
    Plan("direct call, nobody answers", "1028", "", 5, (IGNORES,), ()),
    Plan("direct call, busy", "1029", "", 5, (BUSY,), ()),
    Plan("direct call, transferred blindly", "1030", "", 9, (_to("refers", "1059"), TALKS), ()),
    Plan("direct call, transferred attended", "1049", "", 12, (_to("consults", "1059"),), ()),
    Plan("IVR only", "900", "", 10, (TALKS,), ()),
)

# the mix of the big live test: number, queue, weight
NUMBERS = (
    ("800", "sales", 16), ("801", "support", 10), ("802", "vip", 5), ("803", "tiny", 2), ("804", "closed", 1),
    ("805", "leaving", 2), ("806", "keyed", 2), ("807", "announced", 2), ("808", "slow", 2), ("809", "slow", 1),
    ("810", "slow", 2), ("811", "slow", 1), ("812", "locals", 2), ("813", "tiny", 1), ("814", "closed", 1),
    ("815", "leaving", 1), ("816", "broken", 1), ("817", "optimised", 2), ("818", "dynamic", 1), ("819", "slow", 1),
    ("820", "absent", 1), ("900", "", 2), ("1031", "", 1), ("1049", "", 2),
)  # fmt: skip
DOINGS = (
    ("talks", 16), ("hangs", 8), ("holds", 4), ("refers", 4), ("consults", 2), ("consults ringing", 1), ("returns", 1),
    ("presses", 1), ("presses attended", 1), ("ignores", 6), ("busy", 2), ("declines", 2), ("silent", 1),
)  # fmt: skip
TARGETS = ("1040", "1041", "1042", "1043", "1056", "1057", "1058", "802", "800", "1021", "02155550001")


def random_plan(dice: random.Random) -> Plan:
    """One call of the mix; its outcome is left to chance, the queue_log tells."""
    number, queue, _ = dice.choices(NUMBERS, [weight for *_, weight in NUMBERS])[0]
    stay = min(0.5 + dice.expovariate(1 / 7), 30)
    steps = tuple(random_step(dice) for _ in range(dice.choice((1, 1, 2, 3))))
    keys = "1" if queue == "keyed" and dice.random() < 0.5 else ""
    return Plan("mix", number, queue, stay, (*steps, TALKS), None, keys)


def random_step(dice: random.Random) -> Step:
    then = dice.choices([then for then, _ in DOINGS], [weight for _, weight in DOINGS])[0]
    targets = TARGETS if then in ("refers", "presses") else TARGETS[:7]  # a consultation needs a person
    return Step(then, ring=dice.uniform(0.2, 2.5), after=dice.uniform(0.5, 5), target=dice.choice(targets))
