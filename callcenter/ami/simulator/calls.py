"""The calls of the centre, kind by kind, from first channel to last: the dialplan of the simulated PBX. Pure."""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.agents import Agent, Staff
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.clock import Timer
from callcenter.ami.simulator.dials import Dials
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.people import mobile
from callcenter.ami.simulator.phones import Leg, Phones
from callcenter.ami.simulator.plan import IVR_EXTEN, TRUNK, QueuePlan
from callcenter.ami.simulator.queues import Queues
from callcenter.ami.simulator.talks import Talk, Talks
from callcenter.ami.simulator.transfers import Transfers
from callcenter.ami.simulator.visits import Visit

HANG_UP_EARLY = 0.01
"""Share of callers who do not hear the greeting out."""
KEY = "1"
CLEARED, BUSY = (16, None), (17, 486)
"""Q.850 cause and SIP status."""
CHOICES = ("balance", "address")


class QueueCaller:
    """A caller on the way through queues. ``impatient`` and ``keyed``: when they hang up or press the key."""

    __slots__ = ("chan", "impatient", "keyed", "queues", "visit")

    def __init__(self, chan: Channel) -> None:
        self.chan = chan
        self.visit: Visit | None = None
        self.impatient: Timer | None = None
        self.keyed: Timer | None = None
        self.queues: list[str] = []


class Calls:
    def __init__(self, pbx: Pbx, staff: Staff, phones: Phones, queues: Queues) -> None:
        self._pbx, self._staff, self._phones, self._queues = pbx, staff, phones, queues
        self._talks = Talks(pbx, staff, phones, queues)
        self._dials = Dials(pbx, phones)
        self._transfers = Transfers(pbx, staff, phones, self._talks, self._dials)
        self._transfers.sent_on = self._sent_on
        habits = pbx.plan.habits
        self._kinds: tuple[tuple[float, Callable[[], None]], ...] = (
            (habits.direct, self.direct), (habits.outgoing, self.outgoing), (habits.internal, self.internal),
            (habits.ivr, self.ivr),
        )

    def place(self) -> None:
        """One call of a kind that is drawn."""
        drawn = self._pbx.rng.random()
        for share, kind in self._kinds:
            if drawn < share:
                return kind()
            drawn -= share
        return self.queued()

    def _from_outside(self, exten: str) -> Channel:
        number, name = self._pbx.public.caller()
        chan = self._pbx.create(self._pbx.name_for(TRUNK), 4, "inbound", exten, (number, wire.escaped(name)))
        chan.raw_name = name
        return chan

    def _answer(self, chan: Channel, priority: int = 2) -> None:
        chan.change(priority=priority)
        self._pbx.state(chan, 6)

    def _dialplan_ends(self, chan: Channel, cause: int = 16, tech_cause: int | None = None) -> None:
        self._pbx.soft_hang_up(chan)
        self._phones.hang_up(chan, cause, tech_cause)

    # ---- queue calls ------------------------------------------------------------------------------------------

    def queued(self) -> None:
        plans = self._pbx.plan.queues
        plan = self._pbx.rng.choices(plans, [q.weight for q in plans])[0]
        chan = self._from_outside(plan.exten)
        self._answer(chan)
        caller = QueueCaller(chan)
        greeting = self._pbx.rng.uniform(0.5, 3.0)
        if self._pbx.rng.random() < HANG_UP_EARLY:
            self._pbx.after(greeting * 0.7, self._hangs_up, chan)
        else:
            self._pbx.after(greeting, self._enter, caller, plan)

    def _hangs_up(self, chan: Channel) -> None:
        self._pbx.hang_up_request(chan)
        self._pbx.soft_hang_up(chan)
        self._phones.hang_up(chan, 0)

    def _enter(self, caller: QueueCaller, plan: QueuePlan) -> None:
        caller.queues.append(plan.name)
        caller.chan.change(priority=caller.chan.priority + 1)
        visit = self._queues.join(caller.chan, plan.name, lambda visit, why: self._left(caller, plan, why))
        if isinstance(visit, str):
            self._pbx.queue_left(caller.chan, plan.name, visit)
            self._go_on(caller, plan)
            return
        caller.visit = visit
        habits, rng = self._pbx.plan.habits, self._pbx.rng
        if caller.impatient is None:
            caller.impatient = self._pbx.after(rng.expovariate(1 / habits.patience_s), self._gives_up, caller)
        if rng.random() < habits.key_exit:
            caller.keyed = self._pbx.after(rng.uniform(8.0, 40.0), self._presses_key, caller)

    def _gives_up(self, caller: QueueCaller) -> None:
        if caller.visit is None:
            return
        self._queues.give_up(caller.visit)
        self._calm(caller)
        self._pbx.soft_hang_up(caller.chan)
        self._phones.hang_up(caller.chan, 0)

    def _presses_key(self, caller: QueueCaller) -> None:
        if caller.visit is not None:
            caller.chan.change(context="inbound-keys", exten=KEY, priority=0)
            self._queues.press_key(caller.visit, KEY)

    def _calm(self, caller: QueueCaller) -> None:
        """Whatever the caller meant to do while waiting is off."""
        for timer in (caller.impatient, caller.keyed):
            if timer is not None:
                timer.stop()

    def _left(self, caller: QueueCaller, plan: QueuePlan, why: str) -> None:
        visit, caller.visit = caller.visit, None
        if why == "ANSWERED":
            assert visit is not None and visit.leg is not None
            self._calm(caller)
            self._talks.begin(Talk(caller.chan, visit.leg, visit, lambda gone: self._talked(caller.chan, gone)))
        elif why == "KEY":
            self._calm(caller)
            caller.chan.change(priority=2)
            self._pbx.after(self._pbx.rng.uniform(3.0, 8.0), self._after_the_key, caller.chan)
        else:
            self._pbx.queue_left(caller.chan, plan.name, why)
            self._go_on(caller, plan)

    def _go_on(self, caller: QueueCaller, plan: QueuePlan) -> None:
        """Overflow into the next queue, once; else the dialplan hangs up."""
        target = plan.overflow_to
        if target is not None and target not in caller.queues and len(caller.queues) < 2:
            self._enter(caller, self._queues.by_name[target].plan)
        else:
            self._calm(caller)
            self._dialplan_ends(caller.chan)

    def _talked(self, chan: Channel, gone: bool) -> None:
        if not gone:
            self._dialplan_ends(chan)

    def _after_the_key(self, chan: Channel) -> None:
        if self._pbx.rng.random() < 0.5:
            self._pbx.user_event(chan, "IVR", ("Uid", chan.uniqueid), ("Choice", "callback"))
        self._dialplan_ends(chan)

    # ---- the other kinds --------------------------------------------------------------------------------------

    def ivr(self) -> None:
        """A caller helps himself."""
        chan = self._from_outside(IVR_EXTEN)
        self._answer(chan, 1)
        self._pbx.after(self._pbx.rng.uniform(1.0, 20.0), self._chooses, chan)

    def _chooses(self, chan: Channel) -> None:
        if self._pbx.rng.random() < 0.15:
            self._hangs_up(chan)
            return
        self._pbx.user_event(chan, "IVR", ("Uid", chan.uniqueid), ("Choice", self._pbx.rng.choice(CHOICES)))
        self._pbx.after(2.0, self._dialplan_ends, chan)

    def direct(self) -> None:
        """Somebody dials an agent's own number from outside."""
        agent = self._pbx.rng.choice(self._staff.agents)
        chan = self._from_outside(agent.plan.extension)
        self.dial_extension(chan, agent)

    def internal(self) -> None:
        free = [a for a in self._staff.agents if a.idle]
        if len(free) > 1:
            caller, called = self._pbx.rng.sample(free, 2)
            chan = self._phones.agent_channel(caller, 4, called.plan.extension)
            self._staff.refresh(caller)
            self.dial_extension(chan, called)

    def dial_extension(self, chan: Channel, agent: Agent) -> None:
        self._dials.extension(chan, agent, lambda status, leg: self._dialled(chan, status, leg))

    def _sent_on(self, talk: Talk, agent: Agent) -> None:
        self.dial_extension(talk.side, agent)

    def _dialled(self, chan: Channel, status: str, leg: Leg | None) -> None:
        if leg is not None:
            self._talks.begin(Talk(chan, leg, None, lambda gone: self._talked(chan, gone)), 90.0)
        elif status != "CANCEL":
            chan.change(priority=chan.priority + 1)
            self._dialplan_ends(chan, *BUSY if status == "BUSY" else CLEARED)

    def outgoing(self) -> None:
        """An agent calls a number outside."""
        free = [a for a in self._staff.agents if a.idle]
        if free:
            agent, number = self._pbx.rng.choice(free), mobile(self._pbx.rng)
            chan = self._phones.agent_channel(agent, 4, number)
            self._staff.refresh(agent)
            self.dial_number(chan, number)

    def dial_number(self, chan: Channel, number: str) -> None:
        self._dials.outside(chan, number, lambda status, leg: self._dialled(chan, status, leg))
