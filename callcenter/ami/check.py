"""Is this Asterisk fit to be listened to? A shell: connects like the daemon, asks little, changes nothing.

What cannot be asked over AMI (``writetimeout``, which rights the user has too many, event filters) is advised.

A read class shows itself only by its events. One whose events did not come is named as wrong when there was something
to tell (the lists of channels or queues changed meanwhile), otherwise as not seen yet.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from callcenter.ami import commands
from callcenter.ami.framing import Message, header
from callcenter.ami.link import Link
from callcenter.ami.protocol import Protocol
from callcenter.config import Pbx
from callcenter.errors import LinkError
from callcenter.floor import events as e
from callcenter.floor.translate import WANTED

LISTEN_S = 2.0
SKEW_S = 2.0

ASKED = {
    "CoreShowChannels": ("reporting", "the snapshot of channels that are up"),
    "QueuePause": ("agent", "pausing agents from the desk"),
    "Originate": ("originate", "click-to-dial"),
}
"""Action → (the write class it needs, what is lost without it)."""

NEVER = {"Command": "command", "UpdateConfig": "config", "DBPut": "system"}
"""Action → the write class that the daemon never needs: whoever learns the secret could do more with it."""

ADVICE = (
    "not to be asked over AMI: writetimeout of this user; leave it at 100 ms: a slow reader may cost callers so much "
    "for each member of a queue beyond some 450 (see dialplans/manager_callcenter.conf)"
)

HEARD = {
    "agent": ("queues and agents: nothing works without it", "no caller was in a queue", b"Queue"),
    "call": ("channels, bridges, transfers", "no call came", b"CoreShow"),
    "user": ("what the dialplan tells by UserEvent(QueueDone)", "no UserEvent came", b""),
}
"""Read class → (what is lost without it, why it may be unseen, which list changes where it has something to tell)."""

TOLD = tuple(
    b"\r\n" + key + b": "
    for key in (b"Uniqueid", b"ChannelState", b"BridgeId", b"Queue", b"Location", b"Status", b"CallsTaken", b"Paused")
)
"""What in a list never changes without an event."""

NOISE = (b"VarSet", b"Newexten", b"CEL", b"RTCPSent", b"RTCPReceived")
"""Events that come many times a call; of them only VarSet QUEUESTATUS and Newexten Queue are of use."""
NOISY = (20, 0.2)
"""So many of them, and such a share of all events, are worth an event filter."""


@dataclass(slots=True)
class Findings:
    """``wrong``: what must be mended. ``notes``: what is good to know."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Counted(dict[bytes, bytes]):
    """What the framer asks for each event, wanted or not: so it counts them all without parsing any."""

    def __init__(self) -> None:
        super().__init__(WANTED)
        self.names: Counter[bytes] = Counter()

    def get(self, name: bytes, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        self.names[name] += 1
        return super().get(name, default)


class _Ear:
    """Which classes of events come, whether they carry a time, and what each snapshot listed."""

    def __init__(self) -> None:
        self.classes: set[str] = set()
        self.timed = self.untimed = 0
        self.used: Counter[bytes] = Counter()
        self.lists: list[set[tuple[bytes, ...]]] = []

    def put(self, item: list[Message] | e.Event, arrival: float) -> None:
        if isinstance(item, e.SnapshotBegan):
            self.lists.append(set())
        for message in item if isinstance(item, list) else ():
            self.used[message.name] += 1
            privilege = header(message.raw, b"\r\nPrivilege: ").decode("ascii", "replace")
            if privilege:
                self.classes.add(privilege.partition(",")[0])
            elif self.lists:
                self.lists[-1].add((message.name, *(header(message.raw, key) for key in TOLD)))
            if privilege and message.name != b"FullyBooted":  # which the login writes itself, never with a time
                timed = b"\r\nTimestamp: " in message.raw
                self.timed += timed
                self.untimed += not timed

    def changed(self, kind: bytes) -> bool:
        """Whether the lists of this kind were different at the end."""
        first, last = ({row for row in rows if row[0].startswith(kind)} for rows in (self.lists[0], self.lists[-1]))
        return first != last


async def check_pbx(pbx: Pbx, listen_s: float = LISTEN_S) -> Findings:
    """What is wrong with the link to ``pbx``. Raises LinkError (named) when there is none, ConfigError for its keys."""
    ear, counted = _Ear(), _Counted()
    link = Link(pbx, ear.put)
    found = Findings()
    async with link.open() as protocol:
        protocol.framer.wanted = counted
        await _rights(link, found)
        await _clock(link, found)
        await _listen(link, protocol, listen_s)
    found.notes.append(f"{sum(counted.names.values())} events in {listen_s:g} s")
    found.wrong += _unheard(ear)
    found.notes += _seen(ear, counted.names)
    found.notes += _noise(ear, counted.names)
    found.notes.append(ADVICE)
    return found


async def _rights(link: Link, found: Findings) -> None:
    answer = await link.send(commands.action("ListCommands"))
    for name, (right, loss) in ASKED.items():
        if name.lower() not in answer:
            found.wrong.append(f"write class {right!r} is missing (action {name} is not allowed): {loss}")
    many = [right for name, right in NEVER.items() if name.lower() in answer]
    if many:
        found.notes.append(f"warning: the user has rights that the daemon never needs: {', '.join(many)} (write = "
                           "agent,originate,reporting is enough)")  # fmt: skip


async def _clock(link: Link, found: Findings) -> None:
    await link.look_at_clock()
    skew = link.clock.offset
    if abs(skew) > SKEW_S:
        found.wrong.append(f"clock skew: the PBX's clock is {skew:+.1f} s from ours")
    else:
        found.notes.append(f"clock skew {skew:+.3f} s")


async def _listen(link: Link, protocol: Protocol, listen_s: float) -> None:
    """A snapshot at both ends. An event may come behind a list that shows what it tells: the pings wait for it."""
    await link.snapshot()
    done, _ = await asyncio.wait({protocol.lost}, timeout=listen_s)
    if done:
        raise LinkError(f"{link.where}: link lost: {protocol.lost.result()}")
    await link.snapshot()
    for _ in range(2):
        await link.all_told()


def _unheard(ear: _Ear) -> Iterator[str]:
    if "system" not in ear.classes:
        yield "read class 'system' is missing (no FullyBooted): a restart cannot be told from a reconnect"
    for name, (loss, _, lists) in HEARD.items():
        if name not in ear.classes and lists and ear.changed(lists):
            what = "channels" if name == "call" else "queues"
            yield f"read class {name!r} is missing ({what} changed, but no event told so): {loss}"
    if ear.untimed and not ear.timed:
        yield "events carry no Timestamp: set timestampevents = yes in manager.conf [general]"


def _seen(ear: _Ear, names: Counter[bytes]) -> Iterator[str]:
    """The proof of each class, or that there is none yet."""
    seen = ear.classes | ({"user"} if names[b"UserEvent"] else set())
    yield f"read classes seen: {', '.join(sorted(seen & {'system', *HEARD})) or 'none'}"
    for name, (loss, why, lists) in HEARD.items():
        if name not in seen and not (lists and ear.changed(lists)):
            yield (f"read class {name!r} could not be seen yet ({loss}): {why} while checking; "
                   "--listen SECONDS waits longer")  # fmt: skip


def _noise(ear: _Ear, names: Counter[bytes]) -> Iterator[str]:
    useless = {name: names[name] - ear.used[name] for name in NOISE if names[name] > ear.used[name]}
    many, share = sum(useless.values()), sum(useless.values()) / (sum(names.values()) or 1)
    if many >= NOISY[0] and share >= NOISY[1]:
        kinds = ", ".join(f"{n} {name.decode()}" for name, n in useless.items())
        yield (f"warning: {share:.0%} of the events are of no use ({kinds}): an eventfilter spares the PBX "
               "(see dialplans/manager_callcenter.conf)")  # fmt: skip
