"""How Asterisk 22 writes AMI messages: header order, escapes, classes. Pure; every other module speaks through here.

Sources: the captures (every event that occurs there); ``main/manager_channels.c``, ``manager_bridges.c``,
``stasis_bridges.c``, ``manager.c`` and ``apps/app_queue.c`` for those that do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

BANNER = b"Asterisk Call Manager/11.0.0\r\n"

CLASSES = {
    "FullyBooted": "system", "Shutdown": "system", "VarSet": "dialplan", "UserEvent": "user",
    "QueueCallerJoin": "agent", "QueueCallerLeave": "agent", "QueueCallerAbandon": "agent", "AgentCalled": "agent",
    "AgentConnect": "agent", "AgentComplete": "agent", "AgentRingNoAnswer": "agent", "QueueMemberStatus": "agent",
    "QueueMemberPause": "agent", "QueueMemberAdded": "agent", "QueueMemberRemoved": "agent",
}
"""The class of an event, the first word of its ``Privilege``; all others are ``call``."""

STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}
CAUSES = {
    0: "Unknown", 16: "Normal Clearing", 17: "User busy", 26: "Answered elsewhere",
    127: "Interworking, unspecified",
}
DEVICES = {1: "NOT_INUSE", 2: "INUSE", 5: "UNAVAILABLE", 6: "RINGING", 8: "ONHOLD"}
UNKNOWN = "<unknown>"

_ESCAPED = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
    "'": "\\'", '"': '\\"', "?": "\\?",
}
_TO_ESCAPE = re.compile("[" + re.escape("".join(_ESCAPED)) + "]")


def escaped(name: str) -> str:
    """A caller's name as channel events carry it: ``ast_escape_c_alloc`` (main/utils.c)."""
    return _TO_ESCAPE.sub(lambda m: _ESCAPED[m[0]], name) or UNKNOWN


def event(name: str, at: float, body: str) -> bytes:
    """An asynchronous event. ``body``: header lines, each ending in CR LF; ``at``: seconds since the epoch."""
    return f"Event: {name}\r\nPrivilege: {CLASSES.get(name, 'call')},all\r\nTimestamp: {at:.6f}\r\n{body}\r\n".encode()


def headers(pairs: Iterable[tuple[str, object]]) -> str:
    return "".join(f"{key}: {value}\r\n" for key, value in pairs)


def reply(response: str, action_id: str, *pairs: tuple[str, object]) -> bytes:
    """The answer to an action; ActionID second, as ``astman_start_ack`` writes it, and only when there was one."""
    given = f"ActionID: {action_id}\r\n" if action_id else ""
    return f"Response: {response}\r\n{given}{headers(pairs)}\r\n".encode()


def listed(name: str, action_id: str, body: str, *, id_first: bool = False) -> bytes:
    """One item of a list reply. CoreShowChannel has its ActionID first, the queue's items have it last."""
    given = f"ActionID: {action_id}\r\n" if action_id else ""
    return (f"Event: {name}\r\n{given}{body}\r\n" if id_first else f"Event: {name}\r\n{body}{given}\r\n").encode()


def list_end(name: str, action_id: str, items: int) -> bytes:
    return listed(name, action_id, f"EventList: Complete\r\nListItems: {items}\r\n", id_first=True)
