"""Memory of calls that are up: each waited, rang, was connected and talks now."""

from __future__ import annotations

import gc
import tracemalloc

from callcenter.floor import events as e
from callcenter.floor.floor import Floor


def bytes_a_call(calls: int) -> float:
    """Bytes that the Floor keeps for one answered queue call with two channels, over ``calls`` of them."""
    floor = Floor()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for n in range(calls):
        _up(floor, n)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(floor.by_id) == calls and all(v.talks for v in floor.by_id.values())
    return (after - before) / calls


def _up(floor: Floor, n: int) -> None:
    at = 1_795_000_000.0 + n
    caller, agent = f"{at:.0f}.{2 * n}", f"{at:.0f}.{2 * n + 1}"
    trunk, phone = f"PJSIP/trunk-{2 * n:08x}", f"PJSIP/{1000 + n % 1000}-{2 * n + 1:08x}"
    offer = (caller, str(caller), "sales", agent, f"PJSIP/{1000 + n % 1000}", f"Agent {1000 + n % 1000}")
    for event in (
        e.LegCreated(at, caller, str(caller), trunk, 4, f"0912{n:07d}", "Zahra Ahmadi", "800", "inbound"),
        e.CallerJoined(at + 1, caller, caller, trunk, "sales", 1, f"0912{n:07d}", "Zahra Ahmadi"),
        e.LegCreated(at + 2, agent, str(caller), phone, 0, "1001", "", "s", "internal"),
        e.AgentCalled(at + 2, *offer),
        e.DialBegan(at + 2, caller, caller, agent, caller, phone, "1001"),
        e.LegState(at + 3, agent, caller, phone, 6, "1001"),
        e.DialEnded(at + 3, caller, caller, agent, "ANSWER"),
        e.CallerLeft(at + 3, caller, caller, "sales"),
        e.AgentConnected(at + 3, *offer, 2.0, 1.0),
        e.BridgeEntered(at + 3, agent, caller, phone, f"bridge-{n}"),
        e.BridgeEntered(at + 3, caller, caller, trunk, f"bridge-{n}"),
    ):
        floor.apply(event)
