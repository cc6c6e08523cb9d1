"""The Floor against a simple model: callers, agents and the PBX do what they like, and after each step both must agree.

The model keeps plain dicts of who waits, who talks and who is paused; the rules send what Asterisk sends, in its order.
About 15 s.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from scene import Events, Scene, answers, asks_end, completes, dials_in, leaves, left, lists, member
from scene import abandon as abandons
from scene import gone as hangs_up
from scene import joins as comes
from scene import rings as is_rung
from scene import snapshot as listed
from scene import up as is_up
from scene import waits as still_waits

from callcenter.floor import events as e
from callcenter.floor.changes import Drift, VisitCompleted
from callcenter.floor.floor import Floor
from callcenter.floor.records import AgentState as S
from callcenter.floor.records import Outcome

QUEUES = ("sales", "support")
AGENTS = ("PJSIP/1001", "PJSIP/1002", "PJSIP/1003")
MOST_CALLS = 5
BOOTED = 1_000_000.0
NEAR_S = 0.1
picks = st.integers(0, 1_000)


@dataclass
class Stay:
    """One visit as it really was; ``hidden``: a part of it happened while nobody saw."""

    queue: str
    entered: float
    outcome: str | None = None
    wait_s: float = 0.0
    talk_s: float = 0.0
    hidden: bool = False


@dataclass
class Caller:
    leg: str
    born: float
    stays: list[Stay] = field(default_factory=list)
    doing: str = "dialled"  # waiting, talking
    phone: str = ""
    agent: str = ""
    rang_at: float = 0.0
    answered_at: float = 0.0
    held: bool = False

    @property
    def stay(self) -> Stay:
        return self.stays[-1]


class TheFloor(RuleBasedStateMachine):
    """``now`` is real time, ``ahead`` how far the PBX's clock was set; ``blind`` while the link is down."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.ahead, self.numbered = BOOTED + 10_000.0, 0.0, 0
        self.scene = Scene(Floor(trunks=("PJSIP/trunk",), boot=int(BOOTED)))
        self.up: dict[str, Caller] = {}
        self.over: dict[str, Caller] = {}
        self.members: dict[str, dict[str, bool]] = {who: {"sales": False} for who in AGENTS}
        self.booted = BOOTED
        self.blind = self.ever_hidden = False
        self.tell(e.LinkUp(self.at), e.Booted(self.at, self.now - BOOTED))
        self.list_all()

    # ---- the stage ------------------------------------------------------------------------------------------

    @property
    def at(self) -> float:
        return self.now + self.ahead

    def tell(self, *events: e.Event | Events) -> None:
        """What Asterisk says now; heard only while the link is up."""
        self.now += 0.01
        if not self.blind:
            self.scene.play(*events)

    def one(self, pick: int, *doing: str) -> Caller:
        callers = [c for c in self.up.values() if c.doing in doing]
        return callers[pick % len(callers)]

    def some(self, *doing: str) -> bool:
        return any(c.doing in doing for c in self.up.values())

    def busy(self, who: str) -> bool:
        return any(c.agent == who for c in self.up.values())

    def free(self, queue: str) -> list[str]:
        return [who for who in AGENTS if self.members[who].get(queue) is False and not self.busy(who)]

    def touch(self, caller: Caller) -> None:
        if self.blind and caller.stays:
            caller.stay.hidden = True

    # ---- callers --------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.up) < MOST_CALLS)
    @rule()
    def dial_in(self) -> None:
        self.numbered += 1
        leg = f"{int(BOOTED)}.{self.numbered * 10}"
        self.up[leg] = Caller(leg, self.now)
        self.tell(dials_in(self.at, leg), is_up(self.at, leg, leg, "PJSIP/trunk"))

    @precondition(lambda self: self.some("dialled"))
    @rule(pick=picks, queue=st.sampled_from(QUEUES))
    def enter(self, pick: int, queue: str) -> None:
        caller = self.one(pick, "dialled")
        caller.doing = "waiting"
        caller.stays.append(Stay(queue, self.now))
        self.touch(caller)
        self.tell(comes(self.at, queue, caller.leg, caller.leg))

    def leave(self, caller: Caller, outcome: str) -> None:
        caller.stay.outcome, caller.stay.wait_s = outcome, self.now - caller.stay.entered
        self.touch(caller)

    def stop_ringing(self, caller: Caller) -> Events:
        phone, caller.phone, caller.agent = caller.phone, "", ""
        if not phone:
            return ()
        ended = e.DialEnded(self.at, caller.leg, caller.leg, phone, "CANCEL")
        return ended, ended, hangs_up(self.at, phone, caller.leg, 0)

    @precondition(lambda self: self.some("waiting", "dialled"))
    @rule(pick=picks)
    def caller_hangs_up(self, pick: int) -> None:
        caller = self.one(pick, "waiting", "dialled")
        leg, events = caller.leg, [asks_end(self.at, caller.leg, caller.leg)]
        if caller.doing == "waiting":
            self.leave(caller, "abandoned")
            queue = caller.stay.queue
            events += [*self.stop_ringing(caller), abandons(self.at, queue, leg, leg), left(self.at, queue, leg, leg)]
        self.end(caller)
        self.tell(*events, hangs_up(self.at, leg, leg))

    def end(self, caller: Caller) -> None:
        self.over[caller.leg] = self.up.pop(caller.leg)

    @precondition(lambda self: any(c.doing == "waiting" and not c.phone for c in self.up.values()))
    @rule(pick=picks, key=st.booleans())
    def leave_the_queue(self, pick: int, key: bool) -> None:
        """By the dialplan's time limit, or by a key: of that there is no event but QueueCallerLeave."""
        waiting = [c for c in self.up.values() if c.doing == "waiting" and not c.phone]
        caller = waiting[pick % len(waiting)]
        leg, queue = caller.leg, caller.stay.queue
        self.leave(caller, "exited" if key else "timed_out")
        caller.doing = "dialled"
        gave_up = () if key else (abandons(self.at, queue, leg, leg),)
        told = () if key else (e.QueueResult(self.at, leg, leg, "TIMEOUT", queue, True),)
        self.tell(gave_up, left(self.at, queue, leg, leg), told)

    # ---- ringing and talking --------------------------------------------------------------------------------

    @precondition(lambda self: any(self.ringable()))
    @rule(pick=picks)
    def ring(self, pick: int) -> None:
        pairs = self.ringable()
        caller, who = pairs[pick % len(pairs)]
        self.numbered += 1
        caller.agent, caller.phone, caller.rang_at = who, f"{int(BOOTED)}.{self.numbered * 10 + 1}", self.now
        self.touch(caller)
        self.tell(is_rung(self.at, caller.phone, who, caller.stay.queue, caller.leg))

    def ringable(self) -> list[tuple[Caller, str]]:
        waiting = [c for c in self.up.values() if c.doing == "waiting" and not c.phone]
        return [(caller, who) for caller in waiting for who in self.free(caller.stay.queue)]

    def ringing(self) -> list[Caller]:
        return [c for c in self.up.values() if c.doing == "waiting" and c.phone]

    @precondition(lambda self: self.ringing())
    @rule(pick=picks)
    def nobody_answers(self, pick: int) -> None:
        caller = self.ringing()[pick % len(self.ringing())]
        leg, phone, who = caller.leg, caller.phone, caller.agent
        caller.agent = caller.phone = ""
        self.touch(caller)
        self.tell(
            e.AgentNotAnswered(self.at, leg, leg, caller.stay.queue, phone, who, who[-4:], self.now - caller.rang_at),
            e.DialEnded(self.at, leg, leg, phone, "NOANSWER"), e.DialEnded(self.at, leg, leg, phone, "CANCEL"),
            hangs_up(self.at, phone, leg, 0),
        )  # fmt: skip

    @precondition(lambda self: self.ringing())
    @rule(pick=picks)
    def answer(self, pick: int) -> None:
        caller = self.ringing()[pick % len(self.ringing())]
        self.leave(caller, "answered")
        caller.doing, caller.answered_at, caller.held = "talking", self.now, False
        self.tell(answers(self.at, caller.phone, caller.agent, caller.stay.queue, caller.leg))

    @precondition(lambda self: self.some("talking") and not self.blind)  # no list tells who holds whom
    @rule(pick=picks)
    def hold(self, pick: int) -> None:
        caller = self.one(pick, "talking")
        caller.held = not caller.held
        self.tell((e.Held if caller.held else e.Unheld)(self.at, caller.phone, caller.leg))

    @precondition(lambda self: self.some("talking"))
    @rule(pick=picks, by=st.sampled_from(["caller", "agent", "transfer"]))
    def end_of_talk(self, pick: int, by: str) -> None:
        """Either side hangs up; or the agent sends the caller on, who is in the dialplan then."""
        caller = self.one(pick, "talking")
        leg, phone, bridge = caller.leg, caller.phone, f"b-{caller.leg}"
        caller.stay.talk_s = self.now - caller.answered_at
        self.touch(caller)
        before = {
            "caller": asks_end(self.at, leg, leg), "agent": asks_end(self.at, phone, leg),
            "transfer": e.BlindTransferred(self.at, phone, leg, leg, "802", True),
        }[by]  # fmt: skip
        events = [
            before, leaves(self.at, leg, bridge, leg), leaves(self.at, phone, bridge, leg),
            completes(self.at, by, phone, caller.agent, caller.stay.queue, leg), hangs_up(self.at, phone, leg),
        ]  # fmt: skip
        caller.phone = caller.agent = ""
        if by == "transfer":
            caller.doing = "dialled"
        else:
            self.end(caller)
            events.append(hangs_up(self.at, leg, leg))
        self.tell(*events)

    # ---- members --------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(AGENTS), queue=st.sampled_from(QUEUES), paused=st.booleans())
    def add_or_pause(self, who: str, queue: str, paused: bool) -> None:
        self.members[who][queue] = paused
        self.tell(member(self.at, who, queue, paused))

    @rule(who=st.sampled_from(AGENTS), queue=st.sampled_from(QUEUES))
    def remove(self, who: str, queue: str) -> None:
        if queue in self.members[who]:
            del self.members[who][queue]
            self.tell(e.MemberGone(self.at, queue, who))

    # ---- time, link, restart --------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.2, 1.0, 6.0, 40.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.tell(e.Tick(self.at))

    @precondition(lambda self: not self.blind)
    @rule(by=st.sampled_from([3600.0, -3600.0, 7.0, -7.0]))
    def set_the_clock(self, by: float) -> None:
        self.ahead += by
        self.tell(e.ClockStepped(self.at, by))

    @precondition(lambda self: not self.blind)
    @rule()
    def lose_the_link(self) -> None:
        self.blur_exits()
        self.tell(e.LinkDown(self.at, "cut"))
        self.blind = True

    @precondition(lambda self: self.blind)
    @rule()
    def have_the_link_again(self) -> None:
        self.now += 1.0
        self.blind, self.ever_hidden = False, True
        self.tell(e.LinkUp(self.at), e.Booted(self.at, self.at - self.booted))
        self.list_all()

    def blur_exits(self) -> None:
        """Only what comes next tells a key from a lost connect, and that will not be seen."""
        for caller in self.up.values():
            if caller.doing == "dialled" and caller.stays and caller.stay.outcome == "exited":
                caller.stay.hidden = True

    @rule()
    def die_and_boot_again(self) -> None:
        """The PBX is killed: no call of before is up, nobody said so."""
        self.blur_exits()
        for caller in list(self.up.values()):
            if caller.doing == "waiting":
                self.leave(caller, "pbx_lost")
            elif caller.doing == "talking":
                caller.stay.talk_s = self.now - caller.answered_at
                self.touch(caller)
            caller.agent = caller.phone = ""
            self.end(caller)
        self.tell(e.LinkDown(self.at, "the other side closed"))
        self.now += 60.0
        self.booted, self.blind = self.at - 20.0, False
        self.tell(e.LinkUp(self.at), e.Booted(self.at, 20.0))
        self.list_all()

    @rule()
    def ask_again(self) -> None:
        if not self.blind:
            self.list_all()

    def list_all(self) -> None:
        rows: list[e.Event | Events] = [
            member(self.at, who, queue, paused)
            for who, seats in self.members.items() for queue, paused in seats.items()
        ]
        for caller in self.up.values():
            leg, bridge = caller.leg, f"b-{caller.leg}" if caller.doing == "talking" else ""
            if caller.doing == "waiting":
                rows.append(still_waits(self.at, self.now - caller.stay.entered, leg, caller.stay.queue))
            rows.append(lists(self.at, leg, self.now - caller.born, leg, bridge=bridge))
            if caller.phone:
                state = 6 if bridge else 5
                rows.append(lists(self.at, caller.phone, self.now - caller.rang_at, leg, caller.agent, bridge, state))
        self.tell(listed(self.at, *rows))
        self.now += 4.0
        self.tell(e.Tick(self.at))

    # ---- what both must say ---------------------------------------------------------------------------------

    @invariant()
    def they_agree_on_who_waits(self) -> None:
        if not self.blind:
            waiting = Counter(c.stay.queue for c in self.up.values() if c.doing == "waiting")
            ours = {q.name: q.waiting for q in self.scene.floor.now(self.at).queues}
            assert {q: n for q, n in ours.items() if n} == dict(waiting)

    @invariant()
    def they_agree_on_the_agents(self) -> None:
        if not self.blind:
            for agent in self.scene.floor.now(self.at).agents:
                assert agent.state is self.state_of(agent.interface), agent
                assert set(agent.queues) == set(self.members[agent.interface])

    def state_of(self, who: str) -> S:
        for caller in self.up.values():
            if caller.agent == who:
                return S.RINGING if caller.doing == "waiting" else S.HOLDING if caller.held else S.TALKING
        seats = self.members[who]
        return S.LOGGED_OUT if not seats else S.PAUSED if all(seats.values()) else S.AVAILABLE

    @invariant()
    def they_agree_on_the_calls(self) -> None:
        if not self.blind:
            assert {call.linkedid for call in self.scene.floor.by_id.values()} == set(self.up)

    @invariant()
    def nothing_is_impossible_unless_something_was_hidden(self) -> None:
        assert self.ever_hidden or not self.scene.said(Drift)

    def teardown(self) -> None:
        """Everybody hangs up; then every visit has the outcome, the wait and the talk that it really had."""
        if self.blind:
            self.have_the_link_again()
        while self.some("talking"):
            self.end_of_talk(0, "caller")
        while self.up:
            self.caller_hangs_up(0)
        self.pass_time(40.0)
        assert self.scene.left_open() == {}
        told = {change.key: change.visit for change in self.scene.said(VisitCompleted)}
        assert len(told) == len(self.scene.said(VisitCompleted)), "completed twice"
        records = {record.linkedid: record for record in self.scene.records()}
        for leg, caller in self.over.items():
            if leg in records:
                self.compare(caller, records[leg].visits)
            else:
                assert all(stay.hidden for stay in caller.stays), f"{leg} is not known"

    def compare(self, caller: Caller, visits: object) -> None:
        assert isinstance(visits, tuple)
        known = [stay for stay in caller.stays if not stay.hidden]
        assert len(known) <= len(visits) <= len(caller.stays)
        if len(visits) != len(caller.stays):
            return
        for stay, visit in zip(caller.stays, visits, strict=True):
            lost = stay.hidden and visit.outcome in (Outcome.UNKNOWN, Outcome.PBX_LOST)
            assert lost or visit.outcome == stay.outcome, (stay, visit)
            if not stay.hidden:
                assert visit.wait_s == pytest.approx(stay.wait_s, abs=NEAR_S), (stay, visit)
                assert (visit.talk_s or 0.0) == pytest.approx(stay.talk_s, abs=NEAR_S), (stay, visit)


TestTheFloor = TheFloor.TestCase
TestTheFloor.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)

