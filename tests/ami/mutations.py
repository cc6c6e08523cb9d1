"""Messages of a real stream, damaged at random. What a seed gives is always the same."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutation = Callable[[random.Random, bytes, bytes], bytes]
"""(chance, message, another message) to the damaged message."""

JUNK = (b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"\0", b"\xff\xfe", b": ", b"\r\nUniqueid: 1.1", b"\r\nEvent: Hangup",
        b"\r\n\r\nEvent: QueueStatusComplete\r\nActionID: cap-qs", b"nan", b"-1e999", b"9" * 40, b"\\", b"\xd8\xa7")


def flipped(chance: random.Random, message: bytes, other: bytes) -> bytes:
    at = int(chance.random() * len(message))
    return message[:at] + bytes((message[at] ^ (1 << int(chance.random() * 8)),)) + message[at + 1 :]


def cut(chance: random.Random, message: bytes, other: bytes) -> bytes:
    return message[: int(chance.random() * len(message))]


def holed(chance: random.Random, message: bytes, other: bytes) -> bytes:
    at = int(chance.random() * len(message))
    return message[:at] + message[at + int(chance.random() * 60) :]


def doubled(chance: random.Random, message: bytes, other: bytes) -> bytes:
    at = int(chance.random() * len(message))
    return message[:at] + message


def injected(chance: random.Random, message: bytes, other: bytes) -> bytes:
    at = int(chance.random() * len(message))
    return message[:at] + chance.choice(JUNK) + message[at:]


def swapped(chance: random.Random, message: bytes, other: bytes) -> bytes:
    """Two headers change places."""
    lines = message.split(b"\r\n")
    one, two = int(chance.random() * len(lines)), int(chance.random() * len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\r\n".join(lines)


def crossed(chance: random.Random, message: bytes, other: bytes) -> bytes:
    """One event's name on another event's headers: a well-formed message that Asterisk never sends."""
    return other[: other.find(b"\r\n")] + message[message.find(b"\r\n") :]


def emptied(chance: random.Random, message: bytes, other: bytes) -> bytes:
    """A header without its value."""
    at = message.find(b": ", int(chance.random() * len(message)))
    end = message.find(b"\r\n", at)
    return message if at < 0 or end < 0 else message[: at + 2] + message[end:]


def whole(chance: random.Random, message: bytes, other: bytes) -> bytes:
    """As it was, but not where it was: events in an order that Asterisk never has."""
    return message


MUTATIONS: tuple[Mutation, ...] = (flipped, cut, holed, doubled, injected, swapped, crossed, emptied, whole)


def damaged(seed: int, messages: list[bytes], count: int) -> list[bytes]:
    """``count`` real messages, each damaged in one way, sometimes in two.

    With an even seed they are drawn from anywhere in a stretch. With an odd one each stands behind its sound original,
    in the stream's own order: calls live whole lives, and the damage meets every state of theirs.
    """
    chance = random.Random(seed)
    start = chance.randrange(len(messages) - count)
    out = []
    for n in range(count):
        message = sound = messages[start + n] if seed % 2 else messages[start + int(chance.random() * 200)]
        for _ in range(2 if chance.random() < 0.1 else 1):
            message = chance.choice(MUTATIONS)(chance, message or b"x", messages[start + int(chance.random() * 200)])
        out.append(sound + b"\r\n\r\n" + message if seed % 2 else message)
    return out
