"""The switch itself: channels come up, ring, are bridged and hang up, and each of these is said as Asterisk says it.

Pure. ``said`` collects the messages, ``log`` the lines of queue_log; who drives the world takes them from there.
"""

from __future__ import annotations

import random
import uuid

from callcenter.ami.simulator import queue_log, wire
from callcenter.ami.simulator.channels import Bridge, Channel
from callcenter.ami.simulator.clock import Clock
from callcenter.ami.simulator.people import Public
from callcenter.ami.simulator.plan import Plan


def _tech(cause: int | None) -> str:
    """The SIP status behind a cause."""
    return "" if cause is None else f"TechCause: {cause}\r\n"


class Pbx(Clock):
    """The words of the protocol as methods: one method, one event (or one that goes with it)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.starts_at)
        self.plan = plan
        self.rng = random.Random(f"world {plan.seed}")
        self.public = Public(self.rng)
        self.booted_at = plan.starts_at
        self.channels: dict[str, Channel] = {}
        self.said: list[tuple[float, bytes]] = []
        self.log: list[str] = [queue_log.started(plan.starts_at)]
        self.numbered = 0
        self.ahead_s = 0.0
        """How far somebody has set the PBX's clock ahead; what it does goes on at its pace."""
        self._named = {"PJSIP": 0, "Local": 0}

    @property
    def wall(self) -> float:
        """What the PBX's clock shows."""
        return self.now + self.ahead_s

    # ---- saying -----------------------------------------------------------------------------------------------

    def say(self, name: str, body: str) -> None:
        at = self.tick() + self.ahead_s
        self.said.append((at, wire.event(name, at, body)))

    def write(self, call: str, queue: str, member: str, what: str, *data: object) -> None:
        self.log.append(queue_log.line(self.wall, call, queue, member, what, *data))

    def device(self, device: str, state: str) -> None:
        self.say("DeviceStateChange", f"Device: {device}\r\nState: {state}\r\n")

    def user_event(self, chan: Channel, what: str, *pairs: tuple[str, object]) -> None:
        self.say("UserEvent", chan.text() + wire.headers((("UserEvent", what), *pairs)))

    def queue_left(self, chan: Channel, queue: str, status: str) -> None:
        """QUEUESTATUS, in the ways that the plan asks for. CONTINUE is no news to a dialplan that goes on."""
        if self.plan.queue_status:
            self.say("VarSet", f"{chan.text()}Variable: QUEUESTATUS\r\nValue: {status}\r\n")
        if self.plan.queue_done and not chan.hung_up:
            self.user_event(chan, "QueueDone", ("Queue", queue), ("Status", status), ("Uid", chan.uniqueid))

    # ---- channels ---------------------------------------------------------------------------------------------

    def name_for(self, device: str) -> str:
        tech = device.partition("/")[0]
        number = self._named[tech]
        self._named[tech] += 1
        return f"{device}-{number:08x}"

    def create(
        self, name: str, state: int, context: str, exten: str, caller: tuple[str, str] = (wire.UNKNOWN, wire.UNKNOWN),
        linkedid: str = "",
    ) -> Channel:
        """A new channel, said as Newchannel. Without ``linkedid`` it begins a call of its own."""
        uniqueid = f"{int(self.wall)}.{self.numbered}"
        self.numbered += 1
        chan = Channel(name, uniqueid, linkedid or uniqueid, self.now, state, context, exten, caller)
        self.channels[uniqueid] = chan
        self.say("Newchannel", chan.text())
        return chan

    def state(self, chan: Channel, state: int) -> None:
        chan.change(state=state)
        self.say("Newstate", chan.text())

    def caller_id(self, chan: Channel, caller: tuple[str, str]) -> None:
        chan.change(caller=caller)
        self.say("NewCallerid", chan.text() + "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n")

    def connected(self, chan: Channel, peer: tuple[str, str]) -> None:
        chan.change(peer=peer)
        self.say("NewConnectedLine", chan.text())

    def dial(self, what: str, chan: Channel, dest: Channel, key: str, value: str, dest_text: str = "") -> None:
        """DialBegin, DialState or DialEnd; ``key`` is DialString or DialStatus."""
        self.say(what, f"{chan.text()}{dest_text or dest.text('Dest')}{key}: {value}\r\n")

    def hang_up_request(self, chan: Channel, cause: int | None = None, tech_cause: int | None = None) -> None:
        chan.hung_up = True
        causes = "" if cause is None else f"Cause: {cause}\r\n"
        self.say("HangupRequest", chan.text() + causes + _tech(tech_cause))

    def soft_hang_up(self, chan: Channel, cause: int = 16, tech_cause: int | None = None) -> None:
        self.say("SoftHangupRequest", f"{chan.text()}Cause: {cause}\r\n{_tech(tech_cause)}")

    def hang_up(self, chan: Channel, cause: int = 16, tech_cause: int | None = None) -> None:
        """The channel is no more."""
        del self.channels[chan.uniqueid]
        causes = f"Cause: {cause}\r\nCause-txt: {wire.CAUSES[cause]}\r\n"
        self.say("Hangup", chan.text() + causes + _tech(tech_cause))

    # ---- bridges ----------------------------------------------------------------------------------------------

    def bridge(self) -> Bridge:
        made = Bridge(str(uuid.UUID(int=self.rng.getrandbits(128), version=4)))
        self.say("BridgeCreate", made.text())
        return made

    def enter(self, bridge: Bridge, chan: Channel, swapped: Channel | None = None) -> None:
        bridge.channels.append(chan)
        chan.bridge = bridge
        tail = f"SwapUniqueid: {swapped.uniqueid}\r\n" if swapped else ""
        self.say("BridgeEnter", bridge.text() + chan.text() + tail)

    def leave(self, chan: Channel) -> None:
        """Out of its bridge, which ends with its last channel (:meth:`destroy`)."""
        bridge = chan.bridge
        assert bridge is not None
        bridge.channels.remove(chan)
        chan.bridge = None
        self.say("BridgeLeave", bridge.text() + chan.text())

    def destroy(self, bridge: Bridge) -> None:
        self.say("BridgeDestroy", bridge.text())
