"""A recorded AMI stream through the Floor, as fast as it goes. A shell that reads files; the rest is pure."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from callcenter.ami.framing import Framer, Message
from callcenter.ami.headers import number
from callcenter.errors import InputError
from callcenter.floor.changes import Change
from callcenter.floor.events import Event
from callcenter.floor.floor import Floor
from callcenter.floor.translate import WANTED, translate

CHUNK = 1 << 16
HELD = 100_000
"""So many messages without a time are held back at most, until the first one that has a time."""


class Cut(InputError):
    """The file ends in the middle: what came before was used."""


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a recording, gzip or plain. Raises InputError, at a cut gzip :class:`Cut`."""
    read = 0
    try:
        with path.open("rb") as f:
            packed = f.read(2) == b"\x1f\x8b"
        if path.suffix == ".gz" and not packed:
            raise InputError(f"{path}: not gzip, though it is named .gz")
        with gzip.open(path) if packed else path.open("rb") as f:
            while data := f.read1(CHUNK):  # read() would lose what came before a cut
                read += len(data)
                yield data
    except EOFError:
        raise Cut(f"{path}: cut off: the gzip ends in the middle, after {read} bytes of AMI") from None
    except (gzip.BadGzipFile, zlib.error) as e:
        raise InputError(f"{path}: broken gzip after {read} bytes of AMI: {e}") from None
    except OSError as e:
        raise InputError(f"cannot read {path}: {e.strerror or e}") from e


class Replay:
    """A stream played into a Floor. ``events`` counts what the Floor took; it is of ``began`` to ``at``."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.framer = Framer(WANTED)
        self.events = 0
        self.began = self.at = 0.0

    def play(self, data: Iterable[bytes]) -> Iterator[tuple[Event, list[Change]]]:
        """Each Event with its Changes. Where the PBX sent no Timestamp the time of the event before stands in."""
        for message in self._timed(message for chunk in data for message in self.framer.feed(chunk)):
            event = translate(message, self.at)
            if event is not None:
                self.events += 1
                self.at = max(self.at, event.at)
                yield event, self.floor.apply(event)

    def _timed(self, messages: Iterator[Message]) -> Iterator[Message]:
        """The same messages, with ``at`` set before the first: a recording begins with lists, which carry no time.

        They happened right before the first event that has one.
        """
        held: list[Message] = []
        for message in messages:
            held.append(message)
            self.at = number(message.raw, b"\r\nTimestamp: ")
            if self.at > 0 or len(held) >= HELD:
                break
        self.began = self.at
        yield from held
        yield from messages

    def rest(self, path: Path) -> None:
        """Raises InputError when the stream was none, :class:`Cut` when it ended inside a message."""
        if not self.framer.seen:
            raise InputError(f"{path}: no AMI messages in it")
        if self.framer.pending.strip():
            raise Cut(f"{path}: cut off in the middle of a message, after {self.framer.seen} messages")
