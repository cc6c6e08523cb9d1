"""What the daemon asks of Asterisk. Pure: each function gives the headers of one action.

Every value passes :func:`action`, the one place that refuses control characters: a line break in a value would become
a header, even a second action, and some actions need no privilege at all.
"""

from __future__ import annotations

import re

from callcenter.errors import ActionRefused

LONGEST_LINE = 1000
"""Asterisk reads 1,024 bytes a line (``main/manager.c``, ``struct mansession.inbuf``)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
"""And halves of surrogate pairs, which have no UTF-8."""

Action = dict[str, str]


def action(name: str, **headers: str) -> Action:
    """An action with checked headers. Raises ActionRefused for control characters or a line that is too long."""
    out = {"Action": name, **headers}
    for key, value in out.items():
        if _CONTROL.search(value) or _CONTROL.search(key):
            raise ActionRefused(f"{name}: control character in {key}")
        if len(f"{key}: {value}".encode()) > LONGEST_LINE:
            raise ActionRefused(f"{name}: {key} is longer than {LONGEST_LINE} bytes")
    return out


def challenge() -> Action:
    return action("Challenge", AuthType="MD5")


def login(username: str, secret: str, events: bool = True) -> Action:
    return action("Login", Username=username, Secret=secret, Events="on" if events else "off")


def login_md5(username: str, key: str, events: bool = True) -> Action:
    """``key``: hex MD5 of the challenge followed by the secret."""
    return action("Login", AuthType="MD5", Username=username, Key=key, Events="on" if events else "off")


def ping() -> Action:
    return action("Ping")


def logoff() -> Action:
    return action("Logoff")


def queue_summary() -> Action:
    return action("QueueSummary")


def queue_status(queue: str = "") -> Action:
    """Of one queue; of all when ``queue`` is ''."""
    return action("QueueStatus", **({"Queue": queue} if queue else {}))


def core_show_channels() -> Action:
    """Needs the write class ``reporting`` or ``system``."""
    return action("CoreShowChannels")


def core_status() -> Action:
    """Needs the write class ``reporting`` or ``system``."""
    return action("CoreStatus")


def queue_pause(interface: str, paused: bool, reason: str = "", queue: str = "") -> Action:
    """Pause one membership, or all of an interface when ``queue`` is ''."""
    out = action("QueuePause", Interface=interface, Paused="true" if paused else "false")
    return out | action("QueuePause", **{k: v for k, v in (("Reason", reason), ("Queue", queue)) if v})


def queue_add(queue: str, interface: str, member: str = "", penalty: int = 0) -> Action:
    named = {"MemberName": member} if member else {}
    return action("QueueAdd", Queue=queue, Interface=interface, Penalty=str(penalty), **named)


def queue_remove(queue: str, interface: str) -> Action:
    return action("QueueRemove", Queue=queue, Interface=interface)


def originate(channel: str, exten: str, context: str, channel_id: str, caller: str = "") -> Action:
    """Ring ``channel``, then dial ``exten``. Always asynchronous: a synchronous one holds the session's events.

    ``channel_id`` is refused by Asterisk while it is in use: it keeps a doubled request from dialling twice.
    """
    out = action("Originate", Channel=channel, Exten=exten, Context=context, Priority="1", ChannelId=channel_id)
    return out | {"Async": "true"} | (action("Originate", CallerID=caller) if caller else {})
