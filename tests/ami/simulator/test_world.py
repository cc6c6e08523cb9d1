"""The simulated centre obeys Asterisk's laws, and its queue_log is what its stream says."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.ami.simulator.people import MOBILE
from callcenter.ami.simulator.plan import DAY, calls_for, erlang_c, make
from callcenter.ami.simulator.world import run
from callcenter.numbers import e164

CAPTURES = Path(__file__).parents[2] / "captures"
WHY = {"TIMEOUT": "EXITWITHTIMEOUT", "LEAVEEMPTY": "EXITEMPTY"}
REASON = {"caller": "COMPLETECALLER", "agent": "COMPLETEAGENT"}


def lines_of(log):
    return [line.split("|") for line in log]


# ---- queue_log is a fold of the stream ---------------------------------------------------------------------------


def told(events):
    """What a queue_log must say, from the events alone: (event, call, queue, member, numbers)."""
    asked, transfers, out = set(), {}, []
    last_abandon = {}
    waiting = {}
    for e in events:
        name, call, queue = e["Event"], e.get("Uniqueid", ""), e.get("Queue", "")
        if name == "HangupRequest":
            asked.add(call)
        elif name == "BlindTransfer":
            transfers[e["TransfererUniqueid"]] = "BLINDTRANSFER"
        elif name == "AttendedTransfer":
            transfers[e["OrigTransfererUniqueid"]] = "ATTENDEDTRANSFER"
        elif name == "QueueCallerJoin":
            out.append(("ENTERQUEUE", call, queue, "NONE", (e["Position"],)))
            waiting[call] = queue
        elif name == "AgentConnect":
            out.append(("CONNECT", call, queue, e["MemberName"], (e["HoldTime"], e["RingTime"])))
            waiting.pop(call)
        elif name == "AgentRingNoAnswer":
            out.append(("RINGNOANSWER", call, queue, e["MemberName"], (e["RingTime"],)))
        elif name == "AgentComplete":
            what = REASON.get(e["Reason"]) or transfers.pop(e["DestUniqueid"])
            out.append((what, e["DestLinkedid"], queue, e["MemberName"], (e["HoldTime"], e["TalkTime"])))
        elif name == "QueueCallerAbandon":
            last_abandon[call] = (queue, (e["Position"], e["OriginalPosition"], e["HoldTime"]))
            if call in asked:
                out.append(("ABANDON", call, queue, "NONE", last_abandon.pop(call)[1]))
                waiting.pop(call)
        elif name == "VarSet" and e["Variable"] == "QUEUESTATUS" and call in last_abandon:
            queue, places = last_abandon.pop(call)
            out.append((WHY[e["Value"]], call, queue, "NONE", places))
            waiting.pop(call)
        elif name == "Hangup" and call in waiting:
            out.append(("EXITWITHKEY", call, waiting.pop(call), "NONE", ()))
    return out


def written(log):
    """The same rows out of the queue_log."""
    pick = {
        "ENTERQUEUE": lambda d: (d[2],), "CONNECT": lambda d: (d[0], d[2]), "RINGNOANSWER": lambda d: (d[0],),
        "COMPLETECALLER": lambda d: tuple(d[:2]), "COMPLETEAGENT": lambda d: tuple(d[:2]),
        "BLINDTRANSFER": lambda d: tuple(d[2:4]), "ATTENDEDTRANSFER": lambda d: tuple(d[2:4]),
        "ABANDON": tuple, "EXITWITHTIMEOUT": tuple, "EXITEMPTY": tuple, "EXITWITHKEY": lambda d: (),
    }
    return [
        (what, call, queue, member, pick[what](data))
        for _, call, queue, member, what, *data in lines_of(log) if what in pick
    ]


def test_the_queue_log_says_exactly_what_the_stream_says(busy):
    ours, theirs = Counter(told(busy.events)), Counter(written(busy.log))
    assert ours == theirs
    kinds = Counter(what for what, *_ in theirs.elements())
    assert set(kinds) >= {"ENTERQUEUE", "CONNECT", "COMPLETECALLER", "COMPLETEAGENT", "ABANDON", "EXITWITHTIMEOUT",
                          "EXITWITHKEY", "RINGNOANSWER", "BLINDTRANSFER", "ATTENDEDTRANSFER"}, kinds


def test_a_line_of_the_queue_log_has_as_many_fields_as_asterisk_writes(busy):
    real = defaultdict(set)
    for path in CAPTURES.glob("ast22-*.queue_log"):
        for fields in lines_of(path.read_text().splitlines()):
            real[fields[4]].add(len(fields))
    ours = defaultdict(set)
    for fields in lines_of(busy.log):
        ours[fields[4]].add(len(fields))
    for what, counts in ours.items():
        assert counts <= real[what], what


def test_every_visit_ends_once_and_no_later_than_its_queue_allows(busy):
    limit = {q.name: q.max_wait_s + 1 for q in busy.plan.queues}
    since, ended = {}, Counter()
    for at, call, queue, _, what, *_ in lines_of(busy.log):
        if what == "ENTERQUEUE":
            assert (call, queue) not in since
            since[call, queue] = int(at)
        elif what in ("CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"):
            assert int(at) - since[call, queue] <= limit[queue]
            ended[call, queue] += 1
    assert set(ended) == set(since) and set(ended.values()) == {1}


# ---- channels, devices, members ----------------------------------------------------------------------------------


def test_every_channel_and_every_bridge_ends(busy):
    made, gone, inside = set(), set(), defaultdict(set)
    for e in busy.events:
        if e["Event"] == "Newchannel":
            assert e["Uniqueid"] not in made
            made.add(e["Uniqueid"])
        elif e["Event"] == "Hangup":
            assert e["Uniqueid"] not in gone
            gone.add(e["Uniqueid"])
        elif e["Event"] == "BridgeEnter":
            inside[e["BridgeUniqueid"]].add(e["Uniqueid"])
            assert int(e["BridgeNumChannels"]) == len(inside[e["BridgeUniqueid"]]) <= 2
        elif e["Event"] == "BridgeLeave":
            inside[e["BridgeUniqueid"]].remove(e["Uniqueid"])
        elif e["Event"] == "BridgeDestroy":
            assert not inside.pop(e["BridgeUniqueid"])
        else:
            assert e.get("Uniqueid", "x") not in gone or e["Event"] in ("AgentComplete", "BridgeLeave"), e
    assert made == gone and not any(inside.values())


def test_timestamps_never_repeat_and_never_go_back(busy):
    times = [float(e["Timestamp"]) for e in busy.events if "Timestamp" in e]
    assert all(a < b for a, b in pairwise(times))


def test_a_member_is_told_of_on_change_only_and_in_each_of_its_queues(busy):
    status, seats = {}, defaultdict(set)
    for e in busy.named("QueueMember", *(f"QueueMember{what}" for what in ("Status", "Added", "Pause", "Removed"))):
        interface = e.get("Interface") or e["Location"]
        if e["Event"] == "QueueMemberRemoved":
            seats[interface].discard(e["Queue"])
            continue
        seats[interface].add(e["Queue"])
        if e["Event"] == "QueueMemberStatus":
            assert status.get((interface, e["Queue"])) != e["Status"]
        status[interface, e["Queue"]] = e["Status"]
    assert any(len(queues) > 1 for queues in seats.values())
    assert set(status.values()) <= {"1", "2", "5", "6", "8"}
    seen = {e["Status"] for e in busy.named("QueueMemberStatus")}
    assert seen == {"1", "2", "5", "6", "8"}


def test_nobody_is_rung_while_wrapping_up_paused_or_on_the_phone(busy):
    free_at, paused, device = {}, set(), {}
    wrap_up = {q.name: q.wrap_up_s for q in busy.plan.queues}
    for e in busy.events:
        who, queue = e.get("Interface") or e.get("Location"), e.get("Queue")
        if e["Event"] == "AgentCalled":
            at = int(float(e["Timestamp"]))
            assert (who, queue) not in paused
            assert at >= free_at.get(who, 0) + wrap_up[queue], e
            assert device.get((who, queue), "1") == "1", e
        elif e["Event"] == "AgentComplete":
            free_at[who] = int(float(e["Timestamp"]))
        elif "Paused" in e:
            (paused.add if e["Paused"] == "1" else paused.discard)((who, queue))
            device[who, queue] = e["Status"]


def test_ringall_rings_several_and_the_losers_hear_that_it_was_answered_elsewhere(busy):
    queue = {q.name for q in busy.plan.queues if q.strategy == "ringall"}
    assert queue
    rung = Counter(e["Linkedid"] for e in busy.named("AgentCalled") if e["Queue"] in queue)
    assert max(rung.values()) > 2
    assert any(e["Cause"] == "26" for e in busy.named("Hangup"))


def test_a_transferred_caller_talks_on_with_another_agent(busy):
    entered = defaultdict(list)
    for e in busy.named("BridgeEnter"):
        if "/trunk-" not in e["Channel"]:
            entered[e["Linkedid"]].append((float(e["Timestamp"]), e["CallerIDNum"]))
    for e in busy.named("AttendedTransfer"):
        at, call = float(e["Timestamp"]), e["TransfereeLinkedid"]
        assert e["OrigTransfererLinkedid"] == call != e["SecondTransfererLinkedid"]
        assert any(who == e["TransferTargetCallerIDNum"] for when, who in entered[call] if abs(at - when) < 1)
    assert len(busy.named("AttendedTransfer")) > 50 and len(busy.named("BlindTransfer")) > 50


def test_a_full_queue_and_an_empty_one_let_nobody_in_and_say_why(centre):
    ours = centre(60, 2, 2, habits={"talk_s": 600.0}, queue={"max_callers": 1}, seed=2, calls_per_hour=400,
                  queue_status=True, queue_done=True)
    full = [e["Uniqueid"] for e in ours.named("VarSet") if e["Value"] == "FULL"]
    assert len(full) > 5
    entered = {(e["Uniqueid"], e["Queue"]) for e in ours.named("QueueCallerJoin")}
    done = [e for e in ours.named("UserEvent") if e["UserEvent"] == "QueueDone" and e["Status"] == "FULL"]
    assert {e["Uid"] for e in done} == set(full)
    assert not {(e["Uid"], e["Queue"]) for e in done} & entered


def test_when_all_pause_the_waiting_leave_and_new_callers_are_refused(centre):
    ours = centre(150, 3, 2, habits={"meeting_every_s": 600.0, "talk_s": 300.0}, queue={"strict": True}, seed=2,
                  calls_per_hour=300, queue_status=True)
    why = Counter(e["Value"] for e in ours.named("VarSet"))
    assert why["LEAVEEMPTY"] > 0 and why["JOINEMPTY"] > 0
    assert Counter(line[4] for line in lines_of(ours.log))["EXITEMPTY"] == why["LEAVEEMPTY"]


def test_without_the_dialplan_class_no_varset_is_sent(centre):
    assert not centre(30).named("VarSet", "Newexten", "CEL")


# ---- plan and people ---------------------------------------------------------------------------------------------


def stream(**plan):
    log = []
    return b"".join(message for _, message in run(make(8, 3, **plan), 40, log.append)), log


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert stream(seed=4) == stream(seed=4)
    assert stream(seed=4) != stream(seed=5)


def test_every_caller_has_a_valid_number_and_its_name_comes_escaped(busy):
    first = [e for e in busy.named("Newchannel") if "/trunk-" in e["Channel"] and e["ChannelState"] == "4"]
    assert all(e164(e["CallerIDNum"], "IR") == "+98" + e["CallerIDNum"][1:] for e in first)
    assert len({e["CallerIDNum"][:4] for e in first}) == len(MOBILE)
    names = {e["CallerIDName"] for e in first}
    assert {"O\\'Hara", '\\"Quoted\\" Name', "back\\\\slash", "who\\?"} <= names
    assert {"<b>x</b>", "=cmd|calc", "زهرا احمدی", "<unknown>"} <= names


def test_arrivals_follow_the_curve():
    plan = make(50, 4, curve=DAY, calls_per_hour=1000, starts_at=1_795_293_000.0, seed=3)
    per_hour = Counter()
    for _, message in run(plan, 9000):
        if message.startswith(b"Event: Newchannel") and b"ChannelState: 4" in message and b"/trunk-" in message:
            at = float(message.split(b"Timestamp: ")[1].split(b"\r")[0])
            per_hour[int((at + plan.utc_offset_s) // 3600 % 24)] += 1
    assert sum(per_hour.values()) > 7000
    for hour, seen in per_hour.items():
        expected = 1000 * 0.93 * DAY[hour]
        if hour < max(per_hour) and expected > 100:
            assert abs(seen - expected) < 0.25 * expected + 4 * math.sqrt(expected), (hour, seen, expected)


def test_erlang_c_equals_published_values():
    """Values of the Erlang C table: 10 agents at 8 erlangs wait with 0.409, 2 agents at 1 erlang with 1/3."""
    assert erlang_c(8.0, 10) == pytest.approx(0.409, abs=0.001)
    assert erlang_c(1.0, 2) == pytest.approx(1 / 3, abs=1e-9)
    assert erlang_c(5.0, 5) == 1.0
    assert calls_for(100, 180) / 100 > calls_for(10, 180) / 10, "a larger group is busier"


@pytest.mark.parametrize(("agents", "queues"), [(0, 1), (1, 0)])
def test_a_centre_without_agents_or_queues_is_refused(agents, queues):
    with pytest.raises(ValueError, match="at least one"):
        make(agents, queues)


@pytest.mark.parametrize(("agents", "queues"), [(20, 4), (40, 6)])
def test_the_figures_of_a_made_centre_are_plausible(agents, queues):
    log = []
    for _ in run(make(agents, queues, seed=7), 2500, log.append):
        pass
    count = Counter(line[4] for line in lines_of(log))
    waits = [int(line[5]) for line in lines_of(log) if line[4] == "CONNECT"]
    long_abandons = sum(line[4] == "ABANDON" and int(line[7]) >= 5 for line in lines_of(log))
    short = count["ABANDON"] - long_abandons
    assert 0.72 <= sum(w <= 20 for w in waits) / (count["ENTERQUEUE"] - short) <= 0.95
    assert 0.02 <= long_abandons / (count["ENTERQUEUE"] - short) <= 0.09
