"""What must hold at the end of every simulation: the store against the PBX's queue_log, and against itself."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import truth
from exchange import Exchange
from faults import Scene
from virtual_time import EPOCH

from callcenter.floor.changes import CallEnded

NEVER_LONGER_S = 1_500.0
"""No wait, talk or call of a simulation lasts that long: one that does was reckoned over a step of a clock."""
WHOLE_SECOND_S = 1.01
EDGE_S = 0.3
CONNECTS_S = 4.0
"""So long before or after it is told that an agent has answered the two are connected."""
LEAVING_S = 8.0
"""Why a caller left by a key AMI tells when he goes on in the dialplan; the simulated one takes so long at most."""
UNTOLD_S = 6.0
"""A Pong is the last proof that all was told, and there is one each five seconds."""
SEEN_AS_LOST = {"unknown", "pbx_lost"}


def live_problems(scene: Scene) -> list[str]:
    """Of the daemon that still runs, after some quiet time."""
    made = scene.machine.daemon
    if made is None:
        return ["the daemon is not up"]
    found = [f"a call is still up: {call}" for call in made.floor.by_id]
    found += [] if made.floor.link and made.floor.synced else ["the link is not up"]
    found += [f"bugs: {made.floor.drifts['bug']}"] if made.floor.drifts["bug"] else []
    found += [f"not committed: {made.pipeline.pending}"] if made.pipeline.pending else []
    if made.repairs is not None:
        found += [f"the self-check found {gap}" for gap in made.repairs.check.differences]
        found += [f"queue_log is not read: {made.repairs.failure}"] if made.repairs.failure else []
    staff = scene.exchange.world.staff
    for agent in staff.agents:
        known = made.floor.agents.all.get(agent.plan.interface)
        theirs = {queue: seat.paused for queue, seat in sorted(agent.seats.items())}
        ours = {queue: m.paused for queue, m in sorted(known.members.items())} if known else {}
        if theirs != ours:
            found.append(f"{agent.plan.interface} sits in {theirs}, we say {ours}")
        busy = bool(known) and known.state in ("talking", "holding", "ringing")  # type: ignore[union-attr]
        if busy and not agent.legs:
            found.append(f"{agent.plan.interface} is free, we say {known.state}")  # type: ignore[union-attr]
    return found


def stored_problems(path: Path, exchange: Exchange, trace: Any, facts: dict[str, Any]) -> list[str]:
    """``facts``: ``blind``, the times out of sight; ``queue_log``, whether the daemon could read it: then a time out
    of sight excuses hardly anything; ``window``, the figures at the end."""
    with closing(sqlite3.connect(path)) as store:
        store.row_factory = sqlite3.Row
        rows = {
            name: [dict(row) for row in store.execute(f"SELECT * FROM {name}")]
            for name in ("call", "visit", "attempt", "conversation", "transfer", "agent_span", "ticket")
        }
        has_holes = store.execute("SELECT name FROM sqlite_master WHERE name = 'hole'").fetchone()
        rows["hole"] = [dict(row) for row in store.execute("SELECT * FROM hole")] if has_holes else []
    for name, table in rows.items():
        trace(f"stored {name}", [[value for key, value in row.items() if key != "digest"] for row in table])
    told, blind = truth.fold(exchange.lines), facts["blind"]
    facts |= {"calls": len(rows["call"]), "visits": len(rows["visit"]), "told": len(told)}
    facts["repaired"] = sum(visit["repaired"] for visit in rows["visit"])
    return [
        *_calls(rows, trace, blind), *_durations(rows), *_spans(rows, exchange, facts.pop("lasted_s")),
        *_figures(rows, facts["window"]), *_visits(rows, told, exchange, facts), *_holes(rows["hole"], exchange, blind),
        *_repairs(rows, exchange, facts["queue_log"], blind), *_talks(rows, exchange),
    ]  # fmt: skip


def _calls(rows: dict[str, Any], trace: Any, blind: list[Any]) -> Iterator[str]:
    yield from (f"stored as still up: {call['id']}" for call in rows["call"] if call["ended_at"] is None)
    # a PBX that restarts with its clock set back gives a Uniqueid again: the caller's number tells two calls from one
    told = Counter((call["linkedid"], call["number"]) for call in rows["call"])
    twice = [id for (id, _), n in told.items() if n > 1]
    yield from (f"stored twice: {linkedid}" for linkedid in twice)
    known = {call["id"] for call in rows["call"]}
    ended = {c.call for at, c in trace.changes if isinstance(c, CallEnded) and not any(a < at < b for a, b in blind)}
    yield from (f"ended but not stored: {id}" for id in sorted(ended - known))
    outside = sorted(call["id"] for call in rows["call"] if call["direction"] != "internal")
    ticketed = sorted(ticket["call"] for ticket in rows["ticket"])
    if outside != ticketed:
        yield f"tickets differ from calls: {set(outside) ^ set(ticketed)}"


def _durations(rows: dict[str, Any]) -> Iterator[str]:
    of = {
        "visit": ("wait_s", "talk_s", "hold_s", "wrap_up_s"), "attempt": ("rang_s",),
        "conversation": ("talk_s", "hold_s"),
    }  # fmt: skip
    for table, names in of.items():
        for row in rows[table]:
            for name in names:
                if row[name] is not None and not 0 <= row[name] < NEVER_LONGER_S:
                    yield f"{table} of {row['call']}: {name} is {row[name]}"
    for call in rows["call"]:
        if call["ended_at"] is not None and not 0 <= call["ended_at"] - call["started_at"] < NEVER_LONGER_S:
            yield f"{call['id']} lasted {call['ended_at'] - call['started_at']}"
    for row in rows["conversation"]:
        if row["to_at"] is not None and not 0 <= row["to_at"] - row["from_at"] < NEVER_LONGER_S:
            yield f"conversation of {row['call']} lasted {row['to_at'] - row['from_at']}"


def _spans(rows: dict[str, Any], exchange: Exchange, lasted_s: float) -> Iterator[str]:
    """No agent did two things at once; nor, however the clock was set, more than there was time for."""
    in_all_s, until = Counter[str](), dict[str, float]()
    for row in sorted(rows["agent_span"], key=lambda row: row["from_at"]):
        lasted = row["to_at"] - row["from_at"]  # 0: of a hold that was stored as it began
        if not 0 <= lasted < 4_000 or (lasted == 0 and row["state"] != "holding"):
            yield f"span of {row['agent']}: {row['state']} for {lasted}"
        if not exchange.steps and row["from_at"] < until.get(row["agent"], 0.0):
            yield f"{row['agent']}: {row['state']} from {row['from_at']}, something else to {until[row['agent']]}"
        in_all_s[row["agent"]] += lasted
        until[row["agent"]] = row["to_at"]
    for agent, seconds in in_all_s.items():
        if seconds > lasted_s + EDGE_S:
            yield f"spans of {agent} are {seconds:.1f} s in all, there were {lasted_s:.1f}"


def _figures(rows: dict[str, Any], window: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What the daemon showed at last is what a plain loop makes of its store."""
    sums: dict[str, Counter[str]] = {}
    unanswered = Counter((a["call"], a["visit"]) for a in rows["attempt"] if a["unanswered"])
    for row in rows["visit"]:
        outcome = row["outcome"] or "open"
        counts = sums.setdefault(row["queue"], Counter())
        counts[outcome] += 1
        counts["offered"] += not outcome.startswith("refused")
        counts["ring_no_answer"] += unanswered[row["call"], row["seq"]]
        counts["transferred"] += row["transferred"]
        counts["repaired"] += row["repaired"]
        counts["talk_s"] += (row["talk_s"] or 0.0) if outcome == "answered" else 0.0
        if outcome in ("answered", "abandoned"):
            counts[f"wait_{outcome}_s"] += row["wait_s"] or 0.0
    for queue, counts in sums.items():
        shown = window.get(queue, {})
        for name, value in counts.items():
            if name in shown and abs((shown[name] or 0.0) - value) > 0.01:
                yield f"figure {name} of {queue} is {shown[name]}, the store has {value}"


def _visits(rows: dict[str, Any], told: list[truth.Told], exchange: Exchange, facts: dict[str, Any]) -> Iterator[str]:
    linkedid = {call["id"]: call["linkedid"] for call in rows["call"]}
    direction = {call["id"]: call["direction"] for call in rows["call"]}
    unanswered = Counter((a["call"], a["visit"]) for a in rows["attempt"] if a["unanswered"])
    ours: dict[tuple[str, str], list[Any]] = {}
    for row in rows["visit"]:
        if not (row["outcome"] or "").startswith("refused"):
            row |= {"unanswered": unanswered[row["call"], row["seq"]], "direction": direction[row["call"]]}
            ours.setdefault((linkedid[row["call"]], row["queue"]), []).append(row)
    theirs: dict[tuple[str, str], list[truth.Told]] = {}
    for visit in told:
        theirs.setdefault((visit.call, visit.queue), []).append(visit)
    for key in sorted(ours.keys() | theirs.keys()):
        yield from _pair(key, ours.get(key, []), theirs.get(key, []), exchange, facts)


def _excused(visit: truth.Told, exchange: Exchange, facts: dict[str, Any]) -> bool:
    """Out of sight, and no queue_log that could tell; nor can one in which the clock was set during the visit."""
    over = visit.over or _lost_at(visit, exchange)
    told = over + (LEAVING_S if visit.outcome == "exited" else EDGE_S)
    hidden = any(a <= told and visit.entered <= b for a, b in facts["blind"])
    return hidden and (not facts["queue_log"] or any(visit.entered <= at <= over for at, _ in exchange.steps))


def _pair(
    key: Any, ours: list[Any], theirs: list[truth.Told], exchange: Exchange, facts: dict[str, Any]
) -> Iterator[str]:
    if len(ours) > len(theirs):
        yield f"{key}: {len(ours)} visits stored, {len(theirs)} in queue_log"
        return
    touched = [_excused(visit, exchange, facts) for visit in theirs]
    if len(ours) < len(theirs) and not any(touched):
        yield f"{key}: {len(ours)} visits stored, {len(theirs)} in queue_log, all of them in sight"
    if len(ours) < len(theirs):
        return
    came = "in" if key[0] in exchange.outside else "internal"
    yield from (f"{key} is {row['direction']}, it came {came}" for row in ours if row["direction"] != came)
    for row, visit, hurt in zip(ours, theirs, touched, strict=True):
        yield from (f"{key} {why} [{'touched' if hurt else 'in sight'}: {visit}]" for why in _compare(row, visit, hurt))


def _holes(holes: list[Any], exchange: Exchange, blind: list[Any]) -> Iterator[str]:
    """Whatever the daemon could not see, it says so."""
    clocks = [0.0, *(ahead for _, ahead in exchange.steps)]
    for begin, end in blind:
        seen_s = end - begin - sum(max(_within(hole, begin, end, ahead) for ahead in clocks) for hole in holes)
        if seen_s > UNTOLD_S:
            yield f"blind from {begin:.1f} to {end:.1f}, holes tell all but {seen_s:.1f} s of it"


def _zeros(exchange: Exchange) -> list[float]:
    """What each of the clocks that the PBX went by showed when the loop began."""
    return [EPOCH, *(EPOCH + ahead for _, ahead in exchange.steps)]


def _within(hole: dict[str, Any], begin: float, end: float, ahead_s: float) -> float:
    """Seconds of a hole between two moments of the loop, if it was stored by a clock that was ``ahead_s``."""
    zero = EPOCH + ahead_s
    return max(0.0, min(end, (hole["to_at"] or math.inf) - zero) - max(begin, hole["from_at"] - zero))


def _repairs(rows: dict[str, Any], exchange: Exchange, readable: bool, blind: list[Any]) -> Iterator[str]:
    """Every hole is filled where queue_log can be read, and nothing is said to be mended that was not.

    But for one that no line follows: the log has not said yet that it told all of it.
    """
    newest = exchange.lines[-1][0]
    holes = [hole for hole in rows["hole"] if not hole["repaired"]] if readable else []
    for hole in holes:
        ended = [(hole["to_at"] or math.inf) - zero for zero in _zeros(exchange)]
        ends = [to for _, to in blind if any(abs(at - to) < UNTOLD_S for at in ended)]
        if not ends or max(ends) <= newest:
            yield f"a hole that is not filled: {hole}"
    mended = {visit["call"] for visit in rows["visit"] if visit["repaired"]}
    for call in rows["call"]:
        fitting = {"partial", "repaired"} if call["id"] in mended else {"whole", "partial", "repaired"}
        if call["seen"] not in fitting - (set() if readable else {"repaired"}):
            yield f"{call['id']} is seen {call['seen']!r}{' though it was mended' * (call['id'] in mended)}"


def _talks(rows: dict[str, Any], exchange: Exchange) -> Iterator[str]:
    """The conversations of a call that was repaired: within it, each once, and one for each visit that was answered.

    What was over when the clock was set keeps its times; the call, which went on, moved along.
    """
    clocks = [0.0, *(ahead for _, ahead in exchange.steps)]
    moved = {a - b for a in clocks for b in clocks}
    talks: dict[str, list[Any]] = {call["id"]: [] for call in rows["call"] if call["seen"] == "repaired"}
    for talk in rows["conversation"]:
        talks.get(talk["call"], []).append((talk["interface"], talk["from_at"], talk["to_at"] or math.inf))
    for call in rows["call"]:
        own = sorted(talks.get(call["id"], []))
        first, last = call["started_at"] - WHOLE_SECOND_S, (call["ended_at"] or math.inf) + WHOLE_SECOND_S
        without = [(i, a, b) for i, a, b in own if not any(first <= a + by and b + by <= last for by in moved)]
        yield from (f"{call['id']} is of {first + 1} to {last - 1}, {talk} is without" for talk in without)
        for (a, _, end), (b, begin, _) in pairwise(own):
            if a == b and begin < end - WHOLE_SECOND_S:
                yield f"{call['id']}: {a} talks twice at {begin}"
    for v in rows["visit"]:
        own = talks.get(v["call"], [])
        talked = v["call"] in talks and v["outcome"] == "answered" and v["talk_s"] is not None
        if talked and not any(i == v["interface"] and abs(begin - v["left_at"]) < CONNECTS_S for i, begin, _ in own):
            yield f"{v['call']}: {v['interface']} answered at {v['left_at']}, its conversations are {own}"


def _lost_at(visit: truth.Told, exchange: Exchange) -> float:
    """No end was logged: the PBX died."""
    return exchange.deaths[visit.boot]


def _compare(row: Any, visit: truth.Told, touched: bool) -> Iterator[str]:
    outcome = visit.outcome or "pbx_lost"
    lost = touched and row["outcome"] in SEEN_AS_LOST
    if row["outcome"] != outcome and not lost:
        yield f"is {row['outcome']}, the PBX says {outcome}"
    if row["outcome"] == outcome and not touched and (row["agent"] or "") != visit.agent:
        yield f"agent {row['agent']}, the PBX says {visit.agent}"
    if row["outcome"] == outcome and outcome in ("answered", "abandoned") and not touched:
        if abs((row["wait_s"] or 0.0) - visit.wait_s) > WHOLE_SECOND_S:
            yield f"waited {row['wait_s']}, the PBX says {visit.wait_s}"
        if visit.over is not None and abs((row["talk_s"] or 0.0) - visit.talk_s) > WHOLE_SECOND_S:
            yield f"talked {row['talk_s']}, the PBX says {visit.talk_s}"
    if not touched and row["unanswered"] != visit.unanswered:
        yield f"{row['unanswered']} rings not answered, the PBX says {visit.unanswered}"
    if not touched and bool(row["transferred"]) != visit.transferred:
        yield f"transferred {row['transferred']}, the PBX says {visit.transferred}"


__all__ = ["EPOCH", "live_problems", "stored_problems"]
