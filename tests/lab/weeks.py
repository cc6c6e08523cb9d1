"""A queue_log of weeks, so that what needs weeks is there on the first day. Pure but for the file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

DAY_S = 86_400


def write(path: Path, until: float, queues: Sequence[str], days: int = 40, daily: int = 12, seed: int = 1) -> Path:
    """``daily`` calls a queue and day up to ``until``, at any hour; of twenty one gives up, some callers call again.

    A line a day says that the PBX was up.
    """
    rng = random.Random(seed)
    lines: list[tuple[int, str]] = []
    first = int(until) // DAY_S - days
    for day in range(first, first + days + 1):
        lines.append((day * DAY_S, "NONE|NONE|NONE|QUEUESTART|"))
        for n, queue in ((n, queue) for queue in queues for n in range(daily)):
            at = day * DAY_S + rng.randrange(DAY_S)
            lines += _call(f"{at}.{n}", queue, at, rng)
    told = sorted((line for line in lines if line[0] < until), key=lambda line: line[0])
    path.write_text("".join(f"{at}|{rest}\n" for at, rest in told))
    return path


def _call(call: str, queue: str, at: int, rng: random.Random) -> list[tuple[int, str]]:
    customer, wait, talk = f"0912{rng.randrange(10_000, 11_500):07d}", rng.randrange(2, 40), rng.randrange(60, 300)
    entered = (at, f"{call}|{queue}|NONE|ENTERQUEUE||{customer}|1")
    if rng.random() < 0.05:
        return [entered, (at + wait, f"{call}|{queue}|NONE|ABANDON|1|1|{wait}")]
    agent = f"PJSIP/{1001 + rng.randrange(9)}"
    return [
        entered, (at + wait, f"{call}|{queue}|{agent}|CONNECT|{wait}|{call}|3"),
        (at + wait + talk, f"{call}|{queue}|{agent}|COMPLETECALLER|{wait}|{talk}|1"),
    ]  # fmt: skip
