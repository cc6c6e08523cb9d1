"""The AMI server over real sockets: logins, actions, several clients, one that does not read."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from datetime import datetime

import pytest
from panoramisk import Manager

from callcenter.ami.simulator import server
from callcenter.ami.simulator.actions import ACTIONS
from callcenter.ami.simulator.plan import Habits, make
from callcenter.ami.simulator.requests import MAX_HEADERS, MAX_LINE, Requests, TooLong
from callcenter.ami.simulator.server import SECRET, USERNAME, Simulation
from callcenter.errors import ConfigError

WAIT_S = 20.0


class Line:
    """A client by hand: messages as dicts, in the order in which they come."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def ask(self, **action):
        self.writer.write("".join(f"{k}: {v}\r\n" for k, v in action.items()).encode() + b"\r\n")
        return await self.reply()

    async def message(self):
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_S)
        return dict(line.partition(": ")[::2] for line in raw.decode().split("\r\n")[:-2])

    async def reply(self):
        """The next message that is an answer; events on the way are skipped."""
        while True:
            message = await self.message()
            if "Response" in message and "Event" not in message:
                return message

    async def event(self, name, **facts):
        while True:
            message = await self.message()
            if message.get("Event") == name and facts.items() <= message.items():
                return message

    async def ended(self):
        """Whether the server closed the connection; what was still to be read is thrown away."""
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(65536), WAIT_S):
                pass
        return True


@pytest.fixture
async def simulations():
    """Starts simulations and stops them."""
    tasks = []

    async def start(plan=None, **how):
        simulation = Simulation(plan or make(6, 2, habits=Habits(ring_out=0.0, busy=0.0)), **how)
        tasks.append(asyncio.ensure_future(simulation.run()))
        await asyncio.wait_for(simulation.ready.wait(), WAIT_S)
        return simulation

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def connect():
    """Connects by hand; ``login`` false: only the banner is read."""
    writers = []

    async def connected(simulation, login=True, **action):
        reader, writer = await asyncio.open_connection("127.0.0.1", simulation.port)
        writers.append(writer)
        line = Line(reader, writer)
        assert await reader.readline() == b"Asterisk Call Manager/11.0.0\r\n"
        if login:
            answer = await line.ask(Action="Login", Username=USERNAME, Secret=SECRET, **action)
            assert answer == {"Response": "Success", "Message": "Authentication accepted"}
        return line

    yield connected
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


# ---- login -------------------------------------------------------------------------------------------------------


async def test_a_login_by_secret_is_answered_and_followed_by_fully_booted(simulations, connect):
    line = await connect(await simulations())
    booted = await line.message()
    assert booted["Event"] == "FullyBooted" and booted["Privilege"] == "system,all"
    assert list(booted) == ["Event", "Privilege", "Uptime", "LastReload", "Status"]


async def test_a_login_by_challenge_needs_the_right_key(simulations, connect):
    simulation = await simulations()
    line = await connect(simulation, login=False)
    asked = await line.ask(Action="Challenge", AuthType="MD5", ActionID="7")
    key = hashlib.md5((asked["Challenge"] + SECRET).encode()).hexdigest()
    answer = await line.ask(Action="Login", AuthType="MD5", Username=USERNAME, Key=key, ActionID="8")
    assert asked["ActionID"] == "7"
    assert answer == {"Response": "Success", "ActionID": "8", "Message": "Authentication accepted"}
    other = await connect(simulation, login=False)
    assert (await other.ask(Action="Challenge", AuthType="MD5"))["Challenge"] != asked["Challenge"]
    answer = await other.ask(Action="Login", AuthType="MD5", Username=USERNAME, Key=key)
    assert answer["Message"] == "Authentication failed" and await other.ended()


@pytest.mark.parametrize("wrong", [
    {"Secret": "no"}, {"Username": "nobody"}, {"Secret": ""}, {"AuthType": "MD5", "Key": ""},
])
async def test_a_wrong_login_is_refused_in_asterisks_words_and_ends_the_connection(simulations, connect, wrong):
    line = await connect(await simulations(), login=False)
    answer = await line.ask(**{"Action": "Login", "Username": USERNAME, "Secret": SECRET, "ActionID": "x"} | wrong)
    assert answer == {"Response": "Error", "ActionID": "x", "Message": "Authentication failed"}
    assert await line.ended()


async def test_nothing_is_told_before_the_login(simulations, connect):
    line = await connect(await simulations(speed=100.0), login=False)
    assert (await line.ask(Action="QueueStatus"))["Message"] == "Permission denied"
    assert (await line.ask(Action="Ping"))["Message"] == "Permission denied"


async def test_panoramisk_logs_in_both_ways_and_reads_lists_and_events(simulations):
    simulation = await simulations(make(6, 2, calls_per_hour=4000), speed=20.0, warm_up_s=60.0)
    for auth in ("plain", "md5"):
        events, connected = Counter(), asyncio.Event()
        manager = Manager(host="127.0.0.1", port=simulation.port, username=USERNAME, secret=SECRET, auth_type=auth,
                          ping_delay=0)
        manager.register_event("*", lambda _, message, events=events: events.update([message.event]))
        manager.register_event("AgentConnect", lambda _, message, connected=connected: connected.set())
        await asyncio.wait_for(manager.connect(), WAIT_S)
        listed = await asyncio.wait_for(manager.send_action({"Action": "QueueStatus"}, as_list=True), WAIT_S)
        assert Counter(m.event for m in listed)["QueueParams"] == 2
        channels = await asyncio.wait_for(manager.send_action({"Action": "CoreShowChannels"}, as_list=True), WAIT_S)
        assert channels[-1].listitems == str(len(channels) - 2)
        await asyncio.wait_for(connected.wait(), WAIT_S)
        assert events["Newchannel"] and events["BridgeEnter"]
        manager.close()
    await asyncio.wait_for(simulation.left.wait(), WAIT_S)


# ---- actions -----------------------------------------------------------------------------------------------------


async def test_an_unknown_action_and_none_are_refused(simulations, connect):
    line = await connect(await simulations())
    answer = await line.ask(Action="Dance", ActionID="9")
    assert answer["Response"] == "Error" and answer["ActionID"] == "9"
    assert answer["Message"].startswith("Invalid/unknown command")
    assert (await line.ask(ActionID="1"))["Message"] == "Missing action in request"


async def test_ping_and_logoff_are_answered(simulations, connect):
    line = await connect(await simulations())
    pong = await line.ask(Action="Ping", ActionID="p")
    assert list(pong) == ["Response", "ActionID", "Ping", "Timestamp"] and pong["Ping"] == "Pong"
    bye = await line.ask(Action="Logoff")
    assert bye == {"Response": "Goodbye", "Message": "Thanks for all the fish."} and await line.ended()


async def test_core_status_tells_the_same_start_as_fully_booted(simulations, connect):
    line = await connect(await simulations())
    up = int((await line.event("FullyBooted"))["Uptime"])
    now = float((await line.ask(Action="Ping"))["Timestamp"])
    told = await line.ask(Action="CoreStatus", ActionID="c")
    assert list(told)[:4] == ["Response", "ActionID", "CoreStartupDate", "CoreStartupTime"]
    started = datetime.fromisoformat(f"{told['CoreStartupDate']}T{told['CoreStartupTime']}+00:00").timestamp()
    assert started == pytest.approx(now - up, abs=60)  # a simulated PBX runs faster than the clock on the wall


async def test_events_can_be_turned_off_and_on_again(simulations, connect):
    simulation = await simulations()
    line = await connect(simulation, Events="off")
    await line.message()
    pause = {"Action": "QueuePause", "Interface": "PJSIP/1001", "Reason": "Lunch"}
    assert (await line.ask(**pause, Paused="true"))["Response"] == "Success"
    assert await line.ask(Action="Events", EventMask="on", ActionID="e") == {
        "Response": "Success", "ActionID": "e", "Events": "On"}
    await line.ask(**pause, Paused="false")
    event = await line.message()
    assert event["Event"] == "QueueMemberPause" and event["Paused"] == "0", "the first one was not sent"


async def test_a_pause_is_answered_then_told_for_each_queue_and_logged(simulations, connect, tmp_path):
    simulation = await simulations(queue_log=tmp_path / "queue_log")
    line = await connect(simulation)
    agent = next(a for a in simulation.world.staff.agents if len(a.seats) > 1)
    answer = await line.ask(Action="QueuePause", Interface=agent.plan.interface, Paused="true", Reason="ناهار")
    assert answer == {"Response": "Success", "Message": "Interface paused successfully"}
    told = [await line.event("QueueMemberPause", Interface=agent.plan.interface) for _ in agent.seats]
    assert {e["Queue"] for e in told} == set(agent.seats)
    assert all(e["Paused"] == "1" and e["PausedReason"] == "ناهار" and e["LastPause"] != "0" for e in told)
    logged = [f for f in (row.split("|") for row in (tmp_path / "queue_log").read_text().splitlines()) if "ناهار" in f]
    assert Counter(f[4] for f in logged) == {"PAUSE": len(agent.seats), "PAUSEALL": 1}
    one = sorted(agent.seats)[0]
    await line.ask(Action="QueuePause", Interface=agent.plan.interface, Paused="no", Queue=one)
    assert (await line.event("QueueMemberPause", Queue=one))["Paused"] == "0"


async def test_a_member_is_added_and_removed(simulations, connect):
    simulation = await simulations()
    line = await connect(simulation)
    agent = next(a for a in simulation.world.staff.agents if len(a.seats) == 1)
    other = next(q for q in simulation.world.queues.by_name if q not in agent.seats)
    action = {"Queue": other, "Interface": agent.plan.interface}
    assert (await line.ask(Action="QueueAdd", Penalty="2", **action))["Message"] == "Added interface to queue"
    added = await line.event("QueueMemberAdded")
    assert (added["Queue"], added["Membership"], added["Penalty"]) == (other, "dynamic", "2")
    again = await line.ask(Action="QueueAdd", **action)
    assert again == {"Response": "Error", "Message": "Unable to add interface: Already there"}
    assert (await line.ask(Action="QueueRemove", **action))["Message"] == "Removed interface from queue"
    assert (await line.event("QueueMemberRemoved"))["Queue"] == other
    gone = await line.ask(Action="QueueRemove", **action)
    assert gone["Message"] == "Unable to remove interface: Not there"


@pytest.mark.parametrize(("action", "words"), [
    ({"Action": "QueuePause", "Interface": "PJSIP/9", "Paused": "1"}, "Interface not found"),
    ({"Action": "QueuePause", "Interface": "PJSIP/1001"}, "Need 'Interface' and 'Paused' parameters."),
    ({"Action": "QueueAdd", "Interface": "PJSIP/1001"}, "'Queue' not specified."),
    ({"Action": "QueueAdd", "Queue": "nowhere", "Interface": "PJSIP/1001"},
     "Unable to add interface to queue: No such queue"),
    ({"Action": "QueueRemove", "Queue": "sales", "Interface": "PJSIP/1001"}, "Unable to remove interface: Not dynamic"),
    ({"Action": "Originate", "Exten": "1"}, "Channel not specified"),
    ({"Action": "Originate", "Channel": "PJSIP/9", "Exten": "1", "Context": "x", "Async": "1"}, "Originate failed"),
    ({"Action": "Challenge"}, "Must specify AuthType"),
])
async def test_an_action_that_cannot_be_done_is_refused_in_asterisks_words(simulations, connect, action, words):
    line = await connect(await simulations())
    assert await line.ask(**action) == {"Response": "Error", "Message": words}


async def test_click_to_dial_rings_the_agent_then_the_number(simulations, connect):
    simulation = await simulations(make(4, 1, calls_per_hour=0.0, habits=Habits(ring_out=0.0)), speed=20.0)
    line = await connect(simulation)
    answer = await line.ask(Action="Originate", Channel="PJSIP/1002", Exten="09121234567", Context="internal",
                            Priority="1", CallerID='"Click" <1002>', Async="true", ActionID="dial-1")
    assert answer == {"Response": "Success", "ActionID": "dial-1", "Message": "Originate successfully queued"}
    agent = await line.event("Newchannel")
    assert agent["Channel"].startswith("PJSIP/1002-")
    response = await line.event("OriginateResponse")
    assert list(response)[:5] == ["Event", "Privilege", "Timestamp", "ActionID", "Response"]
    assert (response["ActionID"], response["Response"], response["Reason"]) == ("dial-1", "Success", "4")
    assert response["Uniqueid"] == agent["Uniqueid"]
    dialled = await line.event("DialBegin", DialString="09121234567@trunk")
    assert dialled["Linkedid"] == agent["Linkedid"]


async def test_click_to_dial_fails_when_the_agent_does_not_answer(simulations, connect):
    simulation = await simulations(make(4, 1, calls_per_hour=0.0, habits=Habits(ring_out=1.0)), speed=100.0)
    line = await connect(simulation)
    await line.ask(Action="Originate", Channel="PJSIP/1002", Exten="09121234567", Context="internal", Async="yes")
    response = await line.event("OriginateResponse")
    assert (response["Response"], response["Reason"], response["Uniqueid"]) == ("Failure", "3", "<unknown>")


async def test_a_snapshot_shows_who_waits_and_talks_after_the_warm_up(simulations, connect):
    plan = make(6, 1, calls_per_hour=900, habits=Habits(patience_s=1e6))
    line = await connect(await simulations(plan, warm_up_s=1200.0))
    assert (await line.ask(Action="QueueStatus", ActionID="s"))["EventList"] == "start"
    params = await line.event("QueueParams")
    entries = []
    while (message := await line.message())["Event"] != "QueueStatusComplete":
        if message["Event"] == "QueueEntry":
            entries.append(message)
    assert len(entries) == int(params["Calls"]) > 0
    assert [e["Position"] for e in entries] == [str(n + 1) for n in range(len(entries))]
    assert int(entries[0]["Wait"]) >= int(entries[-1]["Wait"])
    await line.ask(Action="CoreShowChannels")
    bridges = Counter()
    while (message := await line.message())["Event"] != "CoreShowChannelsComplete":
        if message["Event"] == "CoreShowChannel":
            bridges[message["BridgeId"]] += 1
    assert {bridges[b] for b in bridges if b} == {2}
    assert bridges[""] >= len(entries)


# ---- life --------------------------------------------------------------------------------------------------------


async def test_all_clients_get_the_same_events_and_the_queue_log_is_complete_when_done(simulations, connect, tmp_path):
    plan = make(10, 2, calls_per_hour=6000, seed=3)
    simulation = await simulations(plan, speed=500.0, calls=40, queue_log=tmp_path / "log", wait_for_login=True)
    began = simulation.world.now
    one = await connect(simulation, Events="off")
    two = await connect(simulation, Events="off")
    assert began == plan.starts_at
    for line in (one, two):
        assert (await line.message())["Event"] == "FullyBooted"
        await line.ask(Action="Events", EventMask="on")
    await asyncio.wait_for(simulation.done.wait(), WAIT_S)
    assert (await one.ask(Action="Ping"))["Ping"] == "Pong", "still there after the last call"
    rows = [row.split("|") for row in (tmp_path / "log").read_text().splitlines()]
    count = Counter(row[4] for row in rows)
    ended = sum(count[w] for w in ("CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"))
    assert count["ENTERQUEUE"] == ended > 20
    assert count["CONNECT"] == sum(
        count[w] for w in ("COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER"))


async def test_a_client_that_does_not_read_is_cut_off_and_the_other_one_never_notices(simulations, connect):
    simulation = await simulations(make(60, 4, calls_per_hour=2_000), speed=60.0, write_limit=1_000_000)
    reading, stalled = await connect(simulation), await connect(simulation)
    stalled.reader._transport.pause_reading()
    seen = 0
    while len(simulation.clients) > 1:
        seen += (await reading.message()).get("Event") is not None
    assert seen > 1000
    stalled.reader._transport.resume_reading()
    assert await stalled.ended()
    assert (await reading.ask(Action="Ping", ActionID="after"))["ActionID"] == "after"


async def test_a_stop_says_shutdown_and_closes_the_connections(connect):
    simulation = Simulation(make(4, 1))
    task = asyncio.ensure_future(simulation.run())
    await asyncio.wait_for(simulation.ready.wait(), WAIT_S)
    line = await connect(simulation)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await line.event("Shutdown"))["Privilege"] == "system,all"
    assert await line.ended()


async def test_an_endless_line_ends_the_connection(simulations, connect):
    line = await connect(await simulations())
    line.writer.write(b"Action: " + b"x" * 5000)
    assert await line.ended()


async def test_a_port_in_use_and_an_unwritable_log_are_named(simulations, tmp_path):
    simulation = await simulations()
    with pytest.raises(ConfigError, match=f"^cannot listen on 127.0.0.1:{simulation.port}: Address already in use$"):
        await Simulation(make(2, 1)).run(port=simulation.port)
    with pytest.raises(ConfigError, match="cannot write"):
        await Simulation(make(2, 1), queue_log=tmp_path).run()


async def test_the_command_ends_when_its_calls_have_ended_and_the_client_has_left(tmp_path):
    port = asyncio.get_running_loop().create_future()
    log = tmp_path / "queue_log"
    task = asyncio.ensure_future(
        server.simulate(6, 2, 900.0, 5, 3000.0, 1, "127.0.0.1", 0, log, port.set_result))
    reader, writer = await asyncio.open_connection("127.0.0.1", await asyncio.wait_for(port, WAIT_S))
    line = Line(reader, writer)
    writer.write(f"Action: Login\r\nUsername: {USERNAME}\r\nSecret: {SECRET}\r\n\r\n".encode())
    entered, up, seen = 0, set(), set()
    while len(seen) < 5 or up:
        event = await line.message()
        if event.get("Event") == "Newchannel":
            up.add(event["Uniqueid"])
            seen.add(event["Linkedid"])
        elif event.get("Event") == "Hangup":
            up.remove(event["Uniqueid"])
        entered += event.get("Event") == "QueueCallerJoin"
    assert not task.done(), "it stays while somebody is connected"
    writer.close()
    await asyncio.wait_for(task, WAIT_S)
    assert log.read_text().count("|ENTERQUEUE|") == entered > 0


async def test_the_command_fails_with_the_servers_error(simulations):
    simulation = await simulations()
    with pytest.raises(ConfigError, match="cannot listen"):
        await server.simulate(2, 1, 1.0, None, None, 1, "127.0.0.1", simulation.port, None, lambda _: None)


# ---- requests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_actions_are_read_from_pieces_of_any_size(size):
    data = "Action: QueuePause\r\nReason: ناهار: 1\r\nreason: second\r\n\r\n\r\nAction: Ping\n\n".encode()
    requests, found = Requests(), []
    for at in range(0, len(data), size):
        found += requests.feed(data[at : at + size])
    assert found == [{"action": "QueuePause", "reason": "ناهار: 1"}, {"action": "Ping"}]


def test_amis_limits_are_kept():
    assert Requests().feed(b"x: " + b"y" * (MAX_LINE - 3) + b"\r\n\r\n")
    with pytest.raises(TooLong):
        Requests().feed(b"x: " + b"y" * MAX_LINE + b"\r\n\r\n")
    with pytest.raises(TooLong):
        Requests().feed(b"x: y\r\n" * (MAX_HEADERS + 2))


async def test_every_action_that_is_listed_is_known_and_every_one_that_is_known_is_listed(simulations, connect):
    line = await connect(await simulations())
    answer = await line.ask(Action="ListCommands", ActionID="7")
    assert (answer.pop("Response"), answer.pop("ActionID")) == ("Success", "7")
    assert {name.lower() for name in answer} == set(ACTIONS)
    assert answer["QueuePause"] == "Makes a queue member temporarily unavailable.  (Priv: agent,all)"
    for name in answer.keys() - {"Logoff", "Login"}:
        said = await line.ask(Action=name)
        assert "unknown command" not in said.get("Message", ""), name
