"""What is left of calls that are over: a fixed number of them, however many there were."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator

import pytest

from callcenter.ami.framing import Framer
from callcenter.ami.simulator.plan import Habits, make
from callcenter.ami.simulator.world import run
from callcenter.floor.calls import Call, Talk
from callcenter.floor.changes import CallEnded
from callcenter.floor.floor import ENDED_KEPT, Floor
from callcenter.floor.legs import Leg
from callcenter.floor.translate import WANTED, translate
from callcenter.floor.visits import QueueVisit, Try

PARTS = (Call, Leg, Talk, QueueVisit, Try)
CALLS = ENDED_KEPT + 200
A_FEW = 60
"""What differs by chance between two moments: as many calls are up as agents speak, and their parts with them."""


@pytest.fixture
def no_search_for_cycles() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def parts() -> Counter[type]:
    return Counter(type(thing) for thing in gc.get_objects() if isinstance(thing, PARTS))


@pytest.mark.usefixtures("no_search_for_cycles")
def test_as_many_calls_again_leave_no_more_of_them_in_memory_though_nothing_looks_for_cycles() -> None:
    habits = Habits(hold=0.2, blind=0.1, attended=0.1, outgoing=0.1, internal=0.05)
    floor, framer = Floor(trunks=("PJSIP/trunk",)), Framer(WANTED)
    found: list[Counter[type]] = []
    ended = 0
    for at, data in run(make(12, 3, 7, habits=habits), 3 * CALLS):
        for message in framer.feed(data):
            if (event := translate(message, at)) is not None:
                ended += sum(isinstance(change, CallEnded) for change in floor.apply(event))
        floor.take_finished()
        if ended >= CALLS * (len(found) + 1):
            found.append(parts())
    assert len(found) == 3 and found[0][Call] > ENDED_KEPT
    more = {kind.__name__: found[-1][kind] - found[0][kind] for kind in PARTS}
    assert all(count <= A_FEW for count in more.values()), more
