"""The files in dialplans/ in a real Asterisk: they load without a warning, and each number and user does its work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lab.ami import parse, recording, session
from lab.asterisk import FOREIGN, LACKING, LEAST, Account, Asterisk
from lab.drive import drive
from lab.plans import Plan
from lab.scenario import SCENARIOS
from lab.stage import Stage
from lab.steps import Step

pytestmark = pytest.mark.asterisk
DIALPLANS = Path(__file__).parents[2] / "dialplans"
COMPLAINT = re.compile(r"(?:WARNING|ERROR)\[\d+\] (\S+): (.*)")  # of the start: those of a call have its [C-…] there
OWN_MODULES = ("pbx_config.c", "pbx.c", "app_queue.c", "manager.c", "logger.c", "config.c")
AGENT = "1050"
FILTERED = Account("filtered", "f1ltered")


def test_the_delivered_files_load_without_a_warning(asterisk_of_any_version: Asterisk) -> None:
    loaded = asterisk_of_any_version.cli("dialplan show callcenter-inbound")
    assert "'700'" in loaded
    complaints = COMPLAINT.findall(asterisk_of_any_version.messages())
    assert len(complaints) > 3, "the pattern finds nothing at all"
    own = [(module, text) for module, text in complaints if module in OWN_MODULES or "callcenter" in text]
    assert own == []


def test_every_number_of_the_agents_dialplan_is_called_in_these_tests() -> None:
    text = (DIALPLANS / "extensions_callcenter.conf").read_text()
    numbers = set(re.findall(r"^exten => ([^,s]+),1,", text, re.MULTILINE))
    assert numbers == {"700", "*81", "*82", "*83", "*84"}


async def test_an_agent_logs_in_works_pauses_and_logs_out_by_phone(
    asterisk_of_any_version: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def shift(stage: Stage) -> None:
        for code in ("*81", "*83", "*84"):
            await stage.dials(Plan(code, code, "", 5, (), (), caller=AGENT))
            seen.append(await stage.shell("queue show reception"))
        await stage.run(Plan("reception", "700", "reception", 3, (Step(),), ("answered",)))
        await stage.dials(Plan("*82", "*82", "", 5, (), (), caller=AGENT))
        seen.append(await stage.shell("queue show reception"))

    monkeypatch.setitem(SCENARIOS, "shift", shift)
    placed = await drive(asterisk_of_any_version, "shift")
    assert [call.status for call in placed] == [200] * 5
    logged_in, paused, back, gone = (re.sub(r"\x1b\[[\d;]*m", "", text) for text in seen)
    assert f"PJSIP/{AGENT}" in logged_in and "paused" not in logged_in
    assert "paused" in paused and "break" in paused
    assert f"PJSIP/{AGENT}" in back and "paused" not in back
    assert f"PJSIP/{AGENT}" not in gone
    answered = next(call for call in placed if call.number == "700")
    assert [(leg.phone, leg.result) for leg in answered.legs] == [(AGENT, "answered")]


@pytest.mark.parametrize(
    ("number", "queue", "status"),
    [("804", "closed", "JOINEMPTY"), ("820", "absent", "TIMEOUT"), ("810", "slow", "TIMEOUT")],
)
async def test_the_least_rights_hear_how_a_call_left_the_queue(
    asterisk22: Asterisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, queue: str, status: str
) -> None:
    async with _one_call(asterisk22, monkeypatch, number, LEAST, tmp_path / "stream") as events:
        told = [event for event in events if event.get("UserEvent") == "QueueDone"]
        assert (told[0]["Queue"], told[0]["Status"]) == (queue, status)
        assert told[0]["Uid"] == told[0]["Uniqueid"]
        assert not [event for event in events if event["Event"] in ("VarSet", "Newexten")]


async def test_the_event_filters_let_only_what_is_needed_through(
    asterisk_of_any_version: Asterisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _add_filtered_user(asterisk_of_any_version)
    async with _one_call(asterisk_of_any_version, monkeypatch, "820", FILTERED, tmp_path / "stream") as events:
        assert {event["Variable"] for event in events if event["Event"] == "VarSet"} == {"QUEUESTATUS"}
        applications = {event["Application"] for event in events if event["Event"] == "Newexten"}
        assert "Queue" in applications and not applications - {"Queue"}
        assert any(event["Event"] == "QueueCallerJoin" for event in events)


async def test_users_without_rights_or_address_are_told_so(asterisk_of_any_version: Asterisk) -> None:
    port = asterisk_of_any_version.ami_port
    with pytest.raises(ConnectionError, match="Authentication failed"):
        async with session(port, FOREIGN):
            pass
    with pytest.raises(ConnectionError, match="Authentication failed"):
        async with session(port, Account(LEAST.username, "wrong")):
            pass
    async with session(port, LACKING) as ami:
        refused = await ami.act("QueuePause", Interface="PJSIP/1001", Paused="true")
        assert refused["Message"] == "Permission denied"
    async with session(port, LEAST) as ami:
        assert (await ami.act("Ping"))["Response"] == "Success"
        assert (await ami.act("QueuePause", Interface="PJSIP/1001", Paused="false"))["Response"] == "Success"


@asynccontextmanager
async def _one_call(
    asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch, number: str, account: Account, out: Path
) -> AsyncIterator[list[dict[str, str]]]:
    """The events that ``account`` receives while one caller dials ``number`` and nobody picks up."""

    async def one(stage: Stage) -> None:
        await stage.run(Plan("one", number, "", 40, (Step("ignores"),), None))

    monkeypatch.setitem(SCENARIOS, "one", one)
    async with recording(asterisk.ami_port, out, account):
        await drive(asterisk, "one")
    yield _events(out)


def _events(stream: Path) -> list[dict[str, str]]:
    texts = stream.read_bytes().decode(errors="replace").split("\r\n\r\n")
    return [event for event in map(parse, texts) if "Event" in event]


def _add_filtered_user(asterisk: Asterisk) -> None:
    """The delivered user with the delivered filter lines for this version, which its file has as comments."""
    text = (DIALPLANS / "manager_callcenter.conf").read_text()
    modern = int(asterisk.version.split(".")[0]) >= 22
    wanted = r"^; (eventfilter\(.*)$" if modern else r"^; (eventfilter = .*)$"
    lines = re.findall(wanted, text, re.MULTILINE)
    assert len(lines) == 2
    rights = "read = system,call,agent,user,dialplan\nwrite = agent,originate,reporting\n"
    user = f"[{FILTERED.username}]\nsecret = {FILTERED.secret}\n{rights}" + "\n".join(lines) + "\n"
    config = asterisk.etc / "manager.conf"
    if f"[{FILTERED.username}]" not in config.read_text():
        config.write_text(config.read_text() + user)
        asterisk.cli("manager reload")


def test_two_labs_have_ports_of_their_own(asterisk16: Asterisk, asterisk22: Asterisk) -> None:
    labs = (asterisk16, asterisk22)
    ports = [port for lab in labs for port in (lab.ami_port, lab.sip_port, lab.uas_port, lab.trunk_port)]
    assert len(set(ports)) == 8
