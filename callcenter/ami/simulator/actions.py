"""What a manager client may ask, and Asterisk's words in reply. Pure: one table, one function an action.

Sources: ``main/manager.c`` and ``apps/app_queue.c`` of Asterisk 22. An action changes the world and returns the bytes
of its answer; the events that it causes come behind the answer, as Asterisk queues them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcenter.ami.simulator import snapshot, wire
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.world import World

Action = Mapping[str, str]
"""Header names in lower case; the first value of a repeated header."""

ANSWERED = 4
"""AST_CONTROL_ANSWER, the Reason of an Originate that was answered."""

TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})


@dataclass(slots=True)
class Session:
    """One client's connection. ``closing``: the connection ends when the answer is written."""

    username: str
    secret: str
    challenge: str
    logged_in: bool = False
    events: bool = False
    closing: bool = False


def handle(world: World, session: Session, action: Action) -> bytes:
    """The answer to one action."""
    name, action_id = action.get("action", "").lower(), action.get("actionid", "")
    if not name:
        return error(action_id, "Missing action in request")
    if not session.logged_in and name not in WITHOUT_LOGIN:
        return error(action_id, "Permission denied")
    asked = ACTIONS.get(name)
    if asked is None:
        text = f"Invalid/unknown command: {action['action']}. Use Action: ListCommands to show available commands."
        return error(action_id, text)
    return asked(world, session, action, action_id)


def error(action_id: str, message: str) -> bytes:
    return wire.reply("Error", action_id, ("Message", message))


def ack(action_id: str, message: str) -> bytes:
    return wire.reply("Success", action_id, ("Message", message))


def _true(action: Action, key: str) -> bool:
    return action.get(key, "").lower() in TRUE


# ---- the session ----------------------------------------------------------------------------------------------


def _challenge(world: World, session: Session, action: Action, action_id: str) -> bytes:
    if action.get("authtype", "").upper() != "MD5":
        return error(action_id, "Must specify AuthType")
    return wire.reply("Success", action_id, ("Challenge", session.challenge))


def _login(world: World, session: Session, action: Action, action_id: str) -> bytes:
    if action.get("username") != session.username or not _knows_secret(session, action):
        session.closing = True
        return error(action_id, "Authentication failed")
    session.logged_in = True
    session.events = action.get("events", "on").lower() not in ("off", "no", "false", "0")
    return ack(action_id, "Authentication accepted") + snapshot.fully_booted(world)


def _knows_secret(session: Session, action: Action) -> bool:
    if action.get("authtype", "").upper() == "MD5":
        key = hashlib.md5((session.challenge + session.secret).encode(), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(key.encode(), action.get("key", "").encode())
    return hmac.compare_digest(session.secret.encode(), action.get("secret", "").encode())


def _events(world: World, session: Session, action: Action, action_id: str) -> bytes:
    session.events = action.get("eventmask", "").lower() not in ("", "off", "no", "false", "0")
    return wire.reply("Success", action_id, ("Events", "On" if session.events else "Off"))


def _ping(world: World, session: Session, action: Action, action_id: str) -> bytes:
    return wire.reply("Success", action_id, ("Ping", "Pong"), ("Timestamp", f"{world.pbx.wall:.6f}"))


def _logoff(world: World, session: Session, action: Action, action_id: str) -> bytes:
    session.closing = True
    return wire.reply("Goodbye", action_id, ("Message", "Thanks for all the fish."))


# ---- lists ----------------------------------------------------------------------------------------------------


def _queue_status(world: World, session: Session, action: Action, action_id: str) -> bytes:
    return snapshot.queue_status(world, action_id, action.get("queue", ""), action.get("member", ""))


def _queue_summary(world: World, session: Session, action: Action, action_id: str) -> bytes:
    return snapshot.queue_summary(world, action_id, action.get("queue", ""))


def _channels(world: World, session: Session, action: Action, action_id: str) -> bytes:
    return snapshot.core_show_channels(world, action_id)


def _core_status(world: World, session: Session, action: Action, action_id: str) -> bytes:
    return snapshot.core_status(world, action_id)


def _list_commands(world: World, session: Session, action: Action, action_id: str) -> bytes:
    """``main/manager.c:action_listcommands``: every client here has all rights. The documentation ends in a blank."""
    lines = ((name, f"{does}  (Priv: {right})") for name, does, right in LISTED)
    return wire.reply("Success", action_id, *lines)


# ---- queues ---------------------------------------------------------------------------------------------------


def _queue_pause(world: World, session: Session, action: Action, action_id: str) -> bytes:
    if not action.get("interface") or not action.get("paused"):
        return error(action_id, "Need 'Interface' and 'Paused' parameters.")
    agent, paused = world.staff.by_interface.get(action["interface"]), _true(action, "paused")
    if agent is None or not world.staff.pause(agent, paused, action.get("reason", ""), action.get("queue", "")):
        return error(action_id, "Interface not found")
    return ack(action_id, f"Interface {'paused' if paused else 'unpaused'} successfully")


def _queue_add(world: World, session: Session, action: Action, action_id: str) -> bytes:
    """Only the plan's own phones are known: an interface that is none of them is refused like an unknown queue."""
    for key in ("Queue", "Interface"):
        if not action.get(key.lower()):
            return error(action_id, f"'{key}' not specified.")
    agent = world.staff.by_interface.get(action["interface"])
    if action["queue"] not in world.queues.by_name or agent is None:
        return error(action_id, "Unable to add interface to queue: No such queue")
    penalty = action.get("penalty", "0")
    level = int(penalty) if penalty.isascii() and penalty.isdigit() else 0
    added = world.staff.add(agent, action["queue"], level, _true(action, "paused"), action.get("reason", ""))
    return ack(action_id, "Added interface to queue") if added else error(
        action_id, "Unable to add interface: Already there")


def _queue_remove(world: World, session: Session, action: Action, action_id: str) -> bytes:
    for key in ("Queue", "Interface"):
        if not action.get(key.lower()):
            return error(action_id, f"Need '{key}' parameter.")
    agent, queue = world.staff.by_interface.get(action["interface"]), action["queue"]
    if queue not in world.queues.by_name:
        return error(action_id, "Unable to remove interface from queue: No such queue")
    if agent is None or queue not in agent.seats:
        return error(action_id, "Unable to remove interface: Not there")
    if not agent.seats[queue].dynamic:
        return error(action_id, "Unable to remove interface: Not dynamic")
    world.staff.remove(agent, queue)
    return ack(action_id, "Removed interface from queue")


# ---- calls ----------------------------------------------------------------------------------------------------


def _originate(world: World, session: Session, action: Action, action_id: str) -> bytes:
    """Only asynchronous ones to an agent's phone; Application instead of Exten is not simulated."""
    agent, exten = world.staff.by_interface.get(action.get("channel", "")), action.get("exten", "")
    if not action.get("channel"):
        return error(action_id, "Channel not specified")
    if not exten or not action.get("context"):
        return error(action_id, "Originate with 'Exten' requires 'Context' and 'Priority'")
    if agent is None or not _true(action, "async"):
        return error(action_id, "Originate failed")
    name, _, number = action.get("callerid", "").rpartition("<")
    caller = (number.strip("<> ") or wire.UNKNOWN, wire.escaped(name.strip(' "')))

    def told(chan: Channel, reason: int) -> None:
        world.pbx.say("OriginateResponse", _response(action, action_id, chan, reason, caller))

    world.originate.call(agent, exten, caller, told)
    return ack(action_id, "Originate successfully queued")


def _response(action: Action, action_id: str, chan: Channel, reason: int, caller: tuple[str, str]) -> str:
    """``main/manager.c:fast_originate``."""
    given, answered = f"ActionID: {action_id}\r\n" if action_id else "", reason == ANSWERED
    return given + wire.headers((
        ("Response", "Success" if answered else "Failure"), ("Channel", chan.name if answered else action["channel"]),
        ("Context", action["context"]), ("Exten", action["exten"]), ("Reason", reason),
        ("Uniqueid", chan.uniqueid if answered else wire.UNKNOWN), ("CallerIDNum", caller[0]),
        ("CallerIDName", caller[1]),
    ))


WITHOUT_LOGIN = frozenset({"login", "logoff", "challenge"})

ACTIONS: dict[str, Callable[[World, Session, Action, str], bytes]] = {
    "challenge": _challenge, "login": _login, "logoff": _logoff, "events": _events, "ping": _ping,
    "queuestatus": _queue_status, "queuesummary": _queue_summary, "coreshowchannels": _channels,
    "corestatus": _core_status,
    "queuepause": _queue_pause, "queueadd": _queue_add, "queueremove": _queue_remove, "originate": _originate,
    "listcommands": _list_commands,
}

LISTED = (
    ("Challenge", "Generate Challenge for MD5 Auth.", "<none>"),
    ("CoreShowChannels", "List currently active channels.", "system,reporting,all"),
    ("CoreStatus", "Show PBX core status variables.", "system,reporting,all"),
    ("Events", "Control Event Flow.", "<none>"),
    ("ListCommands", "List available manager commands.", "<none>"),
    ("Login", "Login Manager.", "<none>"),
    ("Logoff", "Logoff Manager.", "<none>"),
    ("Originate", "Originate a call.", "originate,all"),
    ("Ping", "Keepalive command.", "<none>"),
    ("QueueAdd", "Add interface to queue.", "agent,all"),
    ("QueuePause", "Makes a queue member temporarily unavailable.", "agent,all"),
    ("QueueRemove", "Remove interface from queue.", "agent,all"),
    ("QueueStatus", "Show queue status.", "<none>"),
    ("QueueSummary", "Show queue summary.", "<none>"),
)
"""Action, what it does, the write classes it needs one of; in the order in which Asterisk keeps them."""
