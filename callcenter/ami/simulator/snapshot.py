"""The list replies: who waits, who sits where, which channels are up. Pure.

Sources: the captures for QueueStatus; ``main/manager.c:action_coreshowchannels`` and
``apps/app_queue.c:manager_queues_status`` of Asterisk 22 for CoreShowChannel and QueueEntry.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.agents import NOT_IN_USE, UNAVAILABLE, Seat
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.strategies import Queue
from callcenter.ami.simulator.visits import Visit

if TYPE_CHECKING:
    from callcenter.ami.simulator.world import World


def fully_booted(world: World) -> bytes:
    """It has no Timestamp: it is written by the login itself."""
    up = int(world.pbx.wall - world.pbx.booted_at) + 1
    pairs = (("Uptime", up), ("LastReload", up), ("Status", "Fully Booted"))
    return f"Event: FullyBooted\r\nPrivilege: system,all\r\n{wire.headers(pairs)}\r\n".encode()


def core_status(world: World, action_id: str) -> bytes:
    """``main/manager.c:action_corestatus``. Asterisk tells local times and no zone; this PBX lives in UTC."""
    date, _, clock = datetime.fromtimestamp(world.pbx.booted_at, UTC).isoformat(" ", "seconds")[:19].partition(" ")
    calls = {chan.linkedid for chan in world.pbx.channels.values()}
    pairs = (("CoreStartupDate", date), ("CoreStartupTime", clock), ("CoreReloadDate", date),
             ("CoreReloadTime", clock), ("CoreCurrentCalls", len(calls)))
    return wire.reply("Success", action_id, *pairs)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0.0:.1f}"


def _params(queue: Queue) -> str:
    plan, ended = queue.plan, queue.completed + queue.abandoned
    in_time = queue.completed_in_time + queue.abandoned_in_time
    return wire.headers((
        ("Queue", plan.name), ("Max", plan.max_callers), ("Strategy", plan.strategy), ("Calls", len(queue.waiting)),
        ("Holdtime", queue.hold_time), ("TalkTime", queue.talk_time), ("Completed", queue.completed),
        ("Abandoned", queue.abandoned), ("ServiceLevel", plan.service_level_s),
        ("ServicelevelPerf", _percent(queue.completed_in_time, queue.completed)),
        ("ServicelevelPerf2", _percent(in_time, ended)), ("Weight", 0),
    ))


def _member(seat: Seat) -> str:
    names = [("Queue", seat.queue.name), ("Name", seat.member), ("Location", seat.agent.plan.interface)]
    return wire.headers([*names, *seat.facts(), ("Wrapuptime", seat.queue.wrap_up_s)])


def _entry(visit: Visit, now: float) -> str:
    """Names are raw here, unlike in events; "unknown" has no brackets."""
    chan = visit.chan
    peer = ["unknown" if value == wire.UNKNOWN else value for value in chan.peer]
    return wire.headers((
        ("Queue", visit.queue), ("Position", visit.position), ("Channel", chan.name), ("Uniqueid", chan.uniqueid),
        ("CallerIDNum", chan.caller[0]), ("CallerIDName", chan.raw_name or "unknown"), ("ConnectedLineNum", peer[0]),
        ("ConnectedLineName", peer[1]), ("Wait", int(now) - visit.joined), ("Priority", 0),
    ))


def queue_summary(world: World, action_id: str, queue: str = "") -> bytes:
    """``apps/app_queue.c:manager_queues_summary``."""
    start = wire.reply("Success", action_id, ("EventList", "start"), ("Message", "Queue summary will follow"))
    listed = [one for one in world.queues.by_name.values() if queue.lower() in ("", one.plan.name.lower())]
    rows = [wire.listed("QueueSummary", action_id, _summary(world, one)) for one in listed]
    return b"".join([start, *rows, wire.list_end("QueueSummaryComplete", action_id, len(rows))])


def _summary(world: World, queue: Queue) -> str:
    """A phone that cannot be reached is not logged in; one in its wrap-up time is available all the same."""
    seats = [seat for seat in world.staff.seats(queue.plan.name) if seat.agent.device != UNAVAILABLE]
    free = sum(seat.agent.device == NOT_IN_USE and not seat.paused for seat in seats)
    longest = max((int(world.now) - visit.joined for visit in queue.waiting), default=0)
    return wire.headers((
        ("Queue", queue.plan.name), ("LoggedIn", len(seats)), ("Available", free), ("Callers", len(queue.waiting)),
        ("HoldTime", queue.hold_time), ("TalkTime", queue.talk_time), ("LongestHoldTime", longest),
    ))


def queue_status(world: World, action_id: str, queue: str = "", member: str = "") -> bytes:
    """All queues or one, in whatever case its name is asked for; all members or one (by interface)."""
    parts = [wire.reply("Success", action_id, ("EventList", "start"), ("Message", "Queue status will follow"))]
    for one in world.queues.by_name.values():
        if queue.lower() not in ("", one.plan.name.lower()):
            continue
        parts.append(wire.listed("QueueParams", action_id, _params(one)))
        seats = [s for s in world.staff.seats(one.plan.name) if member in ("", s.agent.plan.interface)]
        parts += [wire.listed("QueueMember", action_id, _member(seat)) for seat in seats]
        parts += [wire.listed("QueueEntry", action_id, _entry(visit, world.now)) for visit in one.waiting]
    return b"".join([*parts, wire.list_end("QueueStatusComplete", action_id, len(parts) - 1)])


def _duration(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def _channel(chan: Channel, now: float) -> str:
    bridge = chan.bridge.uniqueid if chan.bridge else ""
    return chan.text() + wire.headers((
        ("Application", chan.app), ("ApplicationData", chan.data), ("Duration", _duration(now - chan.born)),
        ("BridgeId", bridge),
    ))


def core_show_channels(world: World, action_id: str) -> bytes:
    start = wire.reply("Success", action_id, ("EventList", "start"), ("Message", "Channels will follow"))
    channels = [
        wire.listed("CoreShowChannel", action_id, _channel(chan, world.now), id_first=True)
        for chan in world.pbx.channels.values()
    ]
    return b"".join([start, *channels, wire.list_end("CoreShowChannelsComplete", action_id, len(channels))])
