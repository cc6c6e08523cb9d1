"""Is this Asterisk fit to be listened to? A shell: connects like the daemon, asks little, changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from callcenter.ami import commands
from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.ami.protocol import Protocol
from callcenter.config import Pbx
from callcenter.errors import ActionRefused
from callcenter.floor import events as e

LISTEN_S = 2.0
SKEW_S = 2.0

ASKED = {
    "CoreShowChannels": ("reporting", "the snapshot of channels that are up"),
    "QueuePause": ("agent", "pausing agents from the desk"),
    "Originate": ("originate", "click-to-dial"),
}
"""Action → (the write class it needs, what is lost without it)."""

HEARD = {
    "system": "FullyBooted: a restart cannot be told from a reconnect",
    "call": "channels, bridges, transfers",
    "agent": "queues and agents: nothing works without it",
    "user": "what the dialplan tells by UserEvent(QueueDone)",
}
"""Read class → what is lost without it."""


@dataclass(slots=True)
class Findings:
    """``wrong``: what must be mended. ``notes``: what is good to know."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Ear:
    """Which classes of events come, and whether they carry a time."""

    def __init__(self) -> None:
        self.booted = False
        self.queues: set[str] = set()
        self.timed = self.untimed = 0
        self.names: set[bytes] = set()
        self.channels = 0

    def put(self, item: list[Message] | e.Event, arrival: float) -> None:
        for message in item if isinstance(item, list) else ():
            self.names.add(message.name)
            self.booted |= message.name == b"FullyBooted"
            self.channels += message.name == b"CoreShowChannel"
            if message.name.startswith((b"Agent", b"Newchannel", b"QueueCaller", b"QueueMember")):
                self.timed += b"\r\nTimestamp: " in message.raw
                self.untimed += b"\r\nTimestamp: " not in message.raw and b"\r\nPrivilege: " in message.raw


async def check_pbx(pbx: Pbx) -> Findings:
    """What is wrong with the link to ``pbx``. Raises LinkError (named) when there is none, ConfigError for its keys."""
    ear = _Ear()
    link = Link(pbx, ear.put)
    found = Findings()
    async with link.open() as protocol:
        await _rights(link, found)
        await _clock(link, found)
        await link.snapshot()
        await asyncio.sleep(LISTEN_S)
        _heard(ear, protocol, found)
    return found


async def _rights(link: Link, found: Findings) -> None:
    answer = await link.send(commands.action("ListCommands"))
    for name, (right, loss) in ASKED.items():
        if name.lower() not in answer:
            found.wrong.append(f"write class {right!r} is missing (action {name} is not allowed): {loss}")


async def _clock(link: Link, found: Findings) -> None:
    await link.look_at_clock()
    skew = link.offset
    if abs(skew) > SKEW_S:
        found.wrong.append(f"clock skew: the PBX's clock is {skew:+.1f} s from ours")
    else:
        found.notes.append(f"clock skew {skew:+.3f} s")


def _heard(ear: _Ear, protocol: Protocol, found: Findings) -> None:
    if not ear.booted:
        found.wrong.append(f"read class 'system' is missing (no FullyBooted): {HEARD['system']}")
    if ear.untimed and not ear.timed:
        found.wrong.append("events carry no Timestamp: set timestampevents = yes in manager.conf [general]")
    asyncs = {n.decode("ascii", "replace") for n in ear.names} - {"FullyBooted"}
    wanted, seen = len(asyncs), protocol.framer.seen
    found.notes.append(f"{wanted} kinds of wanted events heard, {seen} messages in {LISTEN_S:g} s")
    if not ear.timed and not ear.untimed:
        quiet = "agent and call"
        found.notes.append(f"read classes {quiet} could not be seen: no call came while checking")


__all__ = ["ActionRefused", "Findings", "check_pbx"]
