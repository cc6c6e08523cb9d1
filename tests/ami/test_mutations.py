"""Damaged messages through everything that is pure: nothing raises, and the next good message is read.

The long form takes a million: ``pytest -m long -s tests/ami/test_mutations.py``.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import MUTATIONS, damaged

from callcenter.ami.framing import Framer, Message
from callcenter.floor import events as e
from callcenter.floor.floor import Floor
from callcenter.floor.translate import WANTED, translate

EACH = 1_000
END = b"\r\n\r\n"
CHANNEL_ENDS = b"Priority: 1\r\nUniqueid: 1.1\r\nLinkedid: 1.1"
"""As what a blank line has torn goes on in a real stream: up to there nothing is taken."""
SENTINEL = b"Event: Shutdown\r\nPrivilege: system,all\r\nTimestamp: 1795298600.5\r\nShutdown: Cleanly\r\nRestart: False"


@pytest.fixture(scope="session")
def messages(streams: dict[str, bytes]) -> list[bytes]:
    """Real messages of Asterisk 16 and 22, those that the tracker looks into, and a few that it does not."""
    found: list[bytes] = []
    for stream in streams.values():
        for n, raw in enumerate(stream.split(END)):
            if WANTED.get(raw.partition(b"\r\n")[0].removeprefix(b"Event: "), b"no") in raw or n % 50 == 0:
                found.append(raw)
    assert len(found) > 5_000
    return found


def played(parts: list[bytes]) -> tuple[int, Framer]:
    """Each part with a sentinel behind it through framer, translator and floor; how many sentinels came out."""
    framer, floor, came = Framer(WANTED), Floor(), 0
    for part in parts:
        for message in framer.feed(part + END + CHANNEL_ENDS + END + SENTINEL + END):
            came += message.raw == SENTINEL
            event = translate(message, 1795298600.0)
            if event is not None:
                floor.apply(event)
                floor.take_finished()
    floor.now(1795298700.0)
    return came, framer


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [200_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_damaged_messages_crash_nothing_and_hide_no_good_one(messages: list[bytes], count: int) -> None:
    counted = 0

    @settings(max_examples=count // EACH + 10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**64))
    def run(seed: int) -> None:
        nonlocal counted
        came, _ = played(damaged(seed, messages, EACH))
        assert came == EACH
        counted += EACH

    run()
    print(f"{counted:,} damaged messages")
    assert counted >= count


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_kind_of_damage_reaches_the_floor(mutation, messages: list[bytes]) -> None:  # type: ignore[no-untyped-def]
    """A kind whose messages were all dropped before would test nothing."""
    chance, framer, events = random.Random(1), Framer(WANTED), 0
    for raw in messages[:2000]:
        for message in framer.feed(mutation(chance, raw, chance.choice(messages)) + END + CHANNEL_ENDS + END):
            events += translate(message, 0.0) is not None
    assert events > 200


def test_the_sentinel_is_a_message_that_translate_reads() -> None:
    assert translate(Message(b"Shutdown", SENTINEL), 0.0) == e.ShutDown(1795298600.5)
