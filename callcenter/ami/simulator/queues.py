"""app_queue: callers wait in order, members are rung by the queue's strategy, and each way out is taken. Pure."""

from __future__ import annotations

from callcenter.ami.simulator.agents import Seat, Staff
from callcenter.ami.simulator.channels import Channel
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Leg, Phones
from callcenter.ami.simulator.strategies import Queue, turn_of
from callcenter.ami.simulator.visits import Over, Ring, Visit


class Queues:
    def __init__(self, pbx: Pbx, staff: Staff, phones: Phones) -> None:
        self._pbx, self._staff, self._phones = pbx, staff, phones
        self.by_name = {plan.name: Queue(plan) for plan in pbx.plan.queues}
        self._dirty: set[str] = set()
        staff.changed = self._wake

    # ---- the way in -------------------------------------------------------------------------------------------

    def join(self, chan: Channel, name: str, over: Over) -> Visit | str:
        """The caller enters the queue; or why it may not (FULL, JOINEMPTY): then no event is sent at all."""
        queue = self.by_name[name]
        if queue.plan.max_callers and len(queue.waiting) >= queue.plan.max_callers:
            return "FULL"
        if queue.plan.strict and not self._manned(name):
            return "JOINEMPTY"
        if not queue.waiting:
            self._pbx.device(f"Queue:{name}", "RINGING")
        chan.change(app="Queue", data=name)
        visit = Visit(self._pbx, name, chan, len(queue.waiting) + 1, queue.plan.max_wait_s, over)
        queue.waiting.append(visit)
        visit.enter(len(queue.waiting))
        self._pbx.at(visit.expires, self._expire, visit)
        self._wake(name)
        return visit

    def _manned(self, name: str) -> bool:
        """Whether a member could take a call before long: one that is neither paused nor unreachable."""
        return any(seat.agent.reachable and not seat.paused for seat in self._staff.seats(name))

    # ---- ringing ----------------------------------------------------------------------------------------------

    def _wake(self, name: str) -> None:
        """Callers are looked after when the events of this moment are all said."""
        if self.by_name[name].waiting and name not in self._dirty:
            self._dirty.add(name)
            self._pbx.after(0.0, self._dispatch, name)

    def _dispatch(self, name: str) -> None:
        self._dirty.discard(name)
        queue = self.by_name[name]
        if queue.plan.strict and queue.waiting and not self._manned(name):
            self._empty(queue)
        for visit in list(queue.waiting):
            if visit.rings or visit.resting is not None:
                continue
            ready = self._ready(name, ())
            if not ready:
                return
            self._ring(visit, queue, ready)

    def _ready(self, name: str, but: tuple[Seat, ...]) -> list[Seat]:
        now = self._pbx.now
        return [seat for seat in self._staff.seats(name) if seat.ready(now) and seat not in but]

    def _ring(self, visit: Visit, queue: Queue, ready: list[Seat]) -> None:
        """app_queue.c:ring_one, again and again past phones that refuse at once, within one timeout."""
        visit.rung_at = self._pbx.now
        visit.ring_ms = min(int(queue.plan.ring_s), max(1, visit.expires - int(self._pbx.now))) * 1000
        refused: tuple[Seat, ...] = ()
        while ready and not visit.rings:
            chosen = turn_of(queue, ready)
            for seat in chosen:
                self._ring_seat(visit, queue, seat, alone=len(chosen) == 1)
            refused += tuple(chosen)
            ready = self._ready(queue.plan.name, refused)
        if visit.rings:
            visit.ring_until = self._pbx.after(visit.ring_ms / 1000, self._ring_out, visit, queue)
        else:
            self._rest(visit, queue)

    def _ring_seat(self, visit: Visit, queue: Queue, seat: Seat, *, alone: bool) -> None:
        queue.last_rung = seat.agent.plan.extension
        habits, rng = self._pbx.plan.habits, self._pbx.rng
        dead = rng.random() < habits.busy
        leg = self._phones.ring_member(
            visit.chan, seat.agent, lambda leg: visit.say_seat("AgentCalled", seat, leg), dead=dead, alone=alone)
        ring = Ring(seat, leg)
        if dead:
            self._refused(visit, ring)
            return
        visit.rings.append(ring)
        if rng.random() >= habits.ring_out:
            ring.answers = self._pbx.after(1.0 + rng.expovariate(1 / habits.ring_s), self._answer, visit, queue, ring)

    def _refused(self, visit: Visit, ring: Ring) -> None:
        """486 Busy Here."""
        self._pbx.hang_up_request(ring.leg.phone, 17, 486)
        self._pbx.dial("DialEnd", visit.chan, ring.leg.outer, "DialStatus", "NOANSWER")
        visit.not_answered(ring, 0)
        if ring.leg.two is None:
            self._phones.drop(ring.leg, 17, 486)
        else:
            self._phones.drop(ring.leg, 17)

    def _ring_out(self, visit: Visit, queue: Queue) -> None:
        rings = self._stop_rings(visit)
        for ring in rings:
            visit.not_answered(ring, visit.ring_ms)
            self._pbx.dial("DialEnd", visit.chan, ring.leg.outer, "DialStatus", "NOANSWER")
        for ring in rings:
            self._pbx.dial("DialEnd", visit.chan, ring.leg.outer, "DialStatus", "CANCEL")
            self._phones.drop(ring.leg)
        if int(self._pbx.now) >= visit.expires:
            self._expire(visit)
        else:
            self._rest(visit, queue)

    def _rest(self, visit: Visit, queue: Queue) -> None:
        visit.resting = self._pbx.after(queue.plan.retry_s, self._rested, visit)

    def _rested(self, visit: Visit) -> None:
        visit.resting = None
        self._wake(visit.queue)

    def _stop_rings(self, visit: Visit) -> list[Ring]:
        rings, visit.rings = visit.rings, []
        for timer in (visit.ring_until, visit.resting, *(ring.answers for ring in rings)):
            if timer is not None:
                timer.stop()
        visit.ring_until = visit.resting = None
        return rings

    def _cancel(self, visit: Visit, rings: list[Ring], cause: int, peer: Leg | None = None) -> None:
        """The legs of ``rings`` end unanswered. Asterisk says CANCEL twice for each."""
        for ring in rings:
            self._pbx.dial("DialEnd", visit.chan, ring.leg.outer, "DialStatus", "CANCEL")
        if peer is not None and peer.agent is not None:
            self._pbx.connected(visit.chan, peer.agent.caller_id())
        for ring in rings:
            self._pbx.dial("DialEnd", visit.chan, ring.leg.outer, "DialStatus", "CANCEL")
            self._phones.drop(ring.leg, cause)

    def _cancel_all(self, visit: Visit) -> None:
        """The caller is no longer there to be answered: for a key as for a hang-up."""
        rings, rang = self._stop_rings(visit), int((self._pbx.now - visit.rung_at) * 1000)
        self._cancel(visit, rings, 0)
        for ring in rings:
            visit.write(ring.seat.member, "RINGCANCELED", rang)

    # ---- the ways out -----------------------------------------------------------------------------------------

    def _answer(self, visit: Visit, queue: Queue, ring: Ring) -> None:
        losers = [other for other in self._stop_rings(visit) if other is not ring]
        self._phones.answer(visit.chan, ring.leg, dialled=False)
        if losers:
            self._cancel(visit, losers, 26, ring.leg)
        self._leave(visit)
        visit.connect(ring)
        waited = visit.connected - visit.joined
        queue.hold_time = (queue.hold_time * 3 + waited) >> 2
        self._phones.join(visit.chan, ring.leg)
        visit.over(visit, "ANSWERED")

    def _leave(self, visit: Visit) -> None:
        waiting = self.by_name[visit.queue].waiting
        waiting.remove(visit)
        for n, other in enumerate(waiting, 1):
            other.position = n
        if not waiting:
            self._pbx.device(f"Queue:{visit.queue}", "NOT_INUSE")
        visit.leave(len(waiting))

    def _expire(self, visit: Visit) -> None:
        """The dialplan's time limit. A member that rings is let ring first: its timeout ends in the same second."""
        if visit.rings or visit not in self.by_name[visit.queue].waiting:
            return
        self._stop_rings(visit)
        visit.abandon("EXITWITHTIMEOUT")
        self._lost(visit)
        self._leave(visit)
        visit.over(visit, "TIMEOUT")

    def _empty(self, queue: Queue) -> None:
        for visit in [v for v in queue.waiting if not v.rings]:
            self._stop_rings(visit)
            visit.abandon("EXITEMPTY")
            self._lost(visit)
            self._leave(visit)
            visit.over(visit, "LEAVEEMPTY")

    def _lost(self, visit: Visit) -> None:
        queue = self.by_name[visit.queue]
        queue.abandoned += 1
        queue.abandoned_in_time += visit.waited <= queue.plan.service_level_s

    def give_up(self, visit: Visit) -> None:
        """The caller hangs up while waiting; its channel is the caller's business."""
        self._pbx.hang_up_request(visit.chan)
        self._cancel_all(visit)
        visit.abandon("ABANDON")
        self._lost(visit)
        self._leave(visit)

    def press_key(self, visit: Visit, digit: str) -> None:
        """The caller leaves by a key that the queue's context knows."""
        self._cancel_all(visit)
        visit.write("NONE", "EXITWITHKEY", digit, visit.position, visit.was_position, visit.waited)
        self._leave(visit)
        visit.over(visit, "KEY")

    def completed(self, visit: Visit, talked: int) -> None:
        """app_queue.c:update_queue."""
        assert visit.seat is not None
        queue = self.by_name[visit.queue]
        queue.completed += 1
        queue.completed_in_time += visit.connected - visit.joined <= queue.plan.service_level_s
        queue.talk_time = (queue.talk_time * 3 + talked) >> 2
        self._staff.took_call(visit.seat.agent)
