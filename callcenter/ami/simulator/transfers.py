"""An agent sends the caller on to a colleague: blindly, or after a consultation. Pure.

Blind: the order of ``ast22-behaviours``. Attended: two bridged calls of which the customer takes the consulting
channel's place (``main/bridge.c:two_bridge_attended_transfer``), in the order that public recordings of it have.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.channels import Channel
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
                self._alone_again(talk, agent, second)
            else:
                self._pbx.after(self._pbx.rng.uniform(4.0, 25.0), self._swap, talk, agent, second, leg)

        self._dials.extension(second, target, then)

    def _alone_again(self, talk: Talk, agent: Agent, second: Channel) -> None:
        """The colleague could not be had: back to the customer."""
        self._pbx.soft_hang_up(second)
        self._phones.hang_up(second)
        self._staff.unhold(agent, talk.leg.phone)
        self._talks.begin(talk, 30.0)

    def _swap(self, talk: Talk, agent: Agent, second: Channel, leg: Leg) -> None:
        """The customer goes to the colleague's bridge; both of the agent's channels leave."""
        side, first = talk.side, talk.leg.phone
        old, new = side.bridge, second.bridge
        assert old is not None and new is not None
        self._staff.unhold(agent, first)
        said = self._attended(first, old.text("Orig"), second, new.text("Second"), side, leg.outer, new.uniqueid)
        self._pbx.leave(side)
        self._pbx.leave(second)
        self._pbx.enter(new, side, second)
        self._pbx.say("AttendedTransfer", said)
        self._talks.complete(talk, "transfer", "ATTENDEDTRANSFER", "BRIDGE", new.uniqueid)
        self._pbx.leave(first)
        self._pbx.destroy(old)
        self._phones.hang_up(second)
        self._phones.hang_up(first)
        # The oldest Linkedid wins for all that are in the bridge; no event says so.
        leg.outer.change(linkedid=side.linkedid, peer=side.caller)
        self._pbx.connected(side, leg.outer.caller)
        talk.leg = leg
        self._talks.begin(talk)

    def _attended(
        self, first: Channel, first_bridge: str, second: Channel, second_bridge: str, side: Channel, target: Channel,
        bridge: str,
    ) -> str:
        """``main/stasis_bridges.c:attended_transfer_to_ami``: states as they were before the move."""
        return (
            f"Result: Success\r\n{first.text('OrigTransferer')}{first_bridge}"
            f"{second.text('SecondTransferer')}{second_bridge}"
            f"{side.text('Transferee')}{target.text('TransferTarget')}IsExternal: Yes\r\nDestType: Bridge\r\n"
            f"DestBridgeUniqueid: {bridge}\r\n"
        )
