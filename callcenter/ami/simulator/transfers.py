"""An agent sends the caller on to a colleague: blindly, or after a consultation. Pure.

Orders are those of ``ast22-behaviours`` (blind) and ``ast22-everything`` (attended: two bridges of two, of which the
colleague's channel moves into the customer's bridge, in the place of the agent's first channel).
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.channels import Bridge, Channel
from callcenter.ami.simulator.dials import Dials
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Leg, Phones
from callcenter.ami.simulator.talks import Talk, Talks


class Transfers:
    """``sent_on(side, agent)`` goes on with a caller that was sent to an agent's extension blindly."""

    def __init__(self, pbx: Pbx, staff: Staff, phones: Phones, talks: Talks, dials: Dials) -> None:
        self._pbx, self._staff, self._phones, self._talks, self._dials = pbx, staff, phones, talks, dials
        self.sent_on: Callable[[Talk, Agent], None] = lambda talk, agent: None
        talks.transfer = self.begin

    def begin(self, talk: Talk, kind: str) -> bool:
        """False when no colleague is free: then the talk simply goes on."""
        free = [a for a in self._staff.agents if a.idle and not a.plan.local and not a.paused]
        if not free:
            return False
        target = self._pbx.rng.choice(free)
        {"blind": self._blind, "attended": self._consult}[kind](talk, target)
        return True

    def _blind(self, talk: Talk, target: Agent) -> None:
        self._talks.stop(talk)
        agent, side, phone = talk.leg.agent, talk.side, talk.leg.phone
        bridge = side.bridge
        assert agent is not None and bridge is not None
        exten = target.plan.extension
        self._staff.unhold(agent, phone)
        self._pbx.say("BlindTransfer", (
            f"Result: Success\r\n{phone.text('Transferer')}{side.text('Transferee')}{bridge.text()}"
            f"IsExternal: Yes\r\nContext: internal\r\nExtension: {exten}\r\n"))
        self._talks.complete(talk, "transfer", "BLINDTRANSFER", exten, "internal")
        side.change(context="internal", exten=exten, priority=1)
        self._pbx.leave(side)
        self._pbx.leave(phone)
        self._pbx.destroy(bridge)
        self._phones.hang_up(phone)
        self.sent_on(talk, target)

    # ---- attended ---------------------------------------------------------------------------------------------

    def _consult(self, talk: Talk, target: Agent) -> None:
        """The customer is put on hold and a second call goes to the colleague."""
        self._talks.stop(talk)
        agent = talk.leg.agent
        assert agent is not None
        if talk.leg.phone not in agent.held:
            self._staff.hold(agent, talk.leg.phone)
        second = self._phones.agent_channel(agent, 4, target.plan.extension)
        self._staff.refresh(agent)

        def then(status: str, leg: Leg | None) -> None:
            if leg is None:
                self._alone_again(talk, agent, second, status)
            else:
                self._pbx.after(self._pbx.rng.uniform(4.0, 25.0), self._swap, talk, agent, second, leg)

        self._dials.extension(second, target, then)

    def _alone_again(self, talk: Talk, agent: Agent, second: Channel, status: str) -> None:
        """The colleague could not be had: back to the customer."""
        if status != "CANCEL":
            self._pbx.soft_hang_up(second)
            self._phones.hang_up(second)
        self._staff.unhold(agent, talk.leg.phone)
        self._talks.begin(talk, 30.0)

    def _swap(self, talk: Talk, agent: Agent, second: Channel, leg: Leg) -> None:
        """The colleague's channel comes into the customer's bridge; both of the agent's channels end."""
        side, first, target = talk.side, talk.leg.phone, leg.outer
        bridge, consulted = side.bridge, second.bridge
        assert bridge is not None and consulted is not None
        self._staff.unhold(agent, first)
        self._pbx.say("Unhold", second.text())
        said = _attended(first, bridge, second, consulted, side, target)
        self._pbx.leave(target)
        self._pbx.leave(first)
        # The oldest Linkedid wins for all that are in the bridge; no event of its own says so.
        oldest = min(side.linkedid, target.linkedid, key=_age)
        side.change(linkedid=oldest)
        target.change(linkedid=oldest)
        self._pbx.enter(bridge, target, first)
        self._pbx.connected(side, target.caller)
        self._pbx.soft_hang_up(second, 1)
        self._pbx.leave(second)
        self._pbx.destroy(consulted)
        self._pbx.connected(target, side.caller)
        self._pbx.say("AttendedTransfer", said)
        self._phones.hang_up(first)
        self._talks.complete(talk, "transfer", "ATTENDEDTRANSFER", "BRIDGE", bridge.uniqueid)
        self._pbx.soft_hang_up(second)
        self._phones.hang_up(second)
        talk.leg = leg
        self._talks.begin(talk)


def _age(linkedid: str) -> tuple[int, int]:
    """As Asterisk compares (``oldest_linkedid`` in ``main/channel_internal_api.c``): by time, then by sequence. Here
    once more: what the daemon makes of it is judged by this PBX."""
    second, number = linkedid.rsplit("-", 1)[-1].split(".")
    return int(second), int(number)


def _attended(
    first: Channel, bridge: Bridge, second: Channel, consulted: Bridge, side: Channel, target: Channel,
) -> str:
    """``main/stasis_bridges.c:attended_transfer_to_ami``: all as it was before the move."""
    return (
        f"Result: Success\r\n{first.text('OrigTransferer')}{bridge.text('Orig')}"
        f"{second.text('SecondTransferer')}{consulted.text('Second')}"
        f"{side.text('Transferee')}{target.text('TransferTarget')}IsExternal: No\r\nDestType: Bridge\r\n"
        f"DestBridgeUniqueid: {bridge.uniqueid}\r\n"
    )
