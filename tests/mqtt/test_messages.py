"""Messages as they are made from a board and a call: against the API's own shapes, the table, and MQTT's rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from jinja2 import Environment
from sample_boards import AT, board_of, config_of

from callcenter import shown
from callcenter.config import Mqtt, Site
from callcenter.floor.records import CallRecord, Direction, Outcome, Visit
from callcenter.floor.wallboard import Alarm, Wallboard
from callcenter.mqtt import home_assistant, messages, reference
from callcenter.mqtt.table import AS_AGENTS, AS_QUEUES, TOPICS, level, root, topic

SITE = config_of("Asia/Tehran").site
ROOT = "callcenter/hq/"
BOARD = board_of(queues=6, agents=20)


def told(board: Wallboard = BOARD) -> dict[str, Any]:
    made = [*messages.now(board, SITE, ROOT, AT), *messages.kpis(board, SITE, ROOT)]
    out = {one.topic: json.loads(one.payload) for one in made}
    assert len(out) == len(made)
    return out


def test_a_queue_and_an_agent_are_told_as_the_api_has_them() -> None:
    found = told()
    for q in BOARD.now.queues:
        assert found[ROOT + "queue/" + q.name].items() >= json.loads(msgspec.json.encode(
            shown.queue(q, BOARD.now, BOARD.targets[q.name], SITE.zone))).items()  # fmt: skip
    for a in BOARD.now.agents:
        as_api = json.loads(msgspec.json.encode(shown.agent(a, BOARD.now, SITE.zone)))
        del as_api["since_s"]
        assert found[ROOT + "agent/" + a.interface.replace("/", "%2F")].items() >= as_api.items()


def test_the_figures_are_those_of_the_api() -> None:
    found = told()
    for window in ("today", "15m", "30m", "60m"):
        api = json.loads(msgspec.json.encode(shown.kpis(BOARD, window, None, SITE)))
        assert found[ROOT + "kpi"]["windows"][window] == api["all"]
        for queue, figures in api["queues"].items():
            assert found[ROOT + "kpi/" + queue]["windows"][window] == figures


def test_time_alone_says_nothing_new() -> None:
    later = msgspec.structs.replace(BOARD, seq=2, now=msgspec.structs.replace(BOARD.now, at=AT + 0.5))
    before, after = ({m.topic: m.told for m in messages.now(b, SITE, ROOT, AT)} for b in (BOARD, later))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{ROOT}queue/{q.name}" for q in BOARD.now.queues if q.oldest_at is not None}
    assert changed


NOT_FOR_A_BROKER = "\x7f \x80 \x85 \x9f \ufdd0 \ufdef \ufffe \uffff \U0001fffe \U0010ffff"


@pytest.mark.parametrize("name", [
    "a/b", "+", "#", "100%", "$SYS", "line\nbreak", "پشتیبانی می‌شود", "a%2Fb", "x" * 200, *NOT_FOR_A_BROKER.split(" "),
    "\ud800", "\udcff", "\xa0\ufdcf\ufdf0\ufffd",
])  # fmt: skip
def test_any_name_is_one_level_that_no_other_has(name: str) -> None:
    made = topic(ROOT, "queue/<queue>", name)
    assert made.count("/") == 3 and not re.search(r"[+#\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", made)
    assert not re.search("[\U0001fffe\U0010ffff]", made)
    assert unquote(level(name), errors="surrogatepass") == name


def test_all_topics_and_fields_are_documented() -> None:
    rows = {row.name.partition("<")[0]: row for row in TOPICS}
    record = call()
    _, payload = messages.call(record, BOARD, SITE, ROOT, lambda number: "+98…")
    for where, said in [*told().items(), (f"{ROOT}call/x", json.loads(payload))]:
        name = where.removeprefix(ROOT)
        row = rows[name if name in rows else name.partition("/")[0] + "/"]
        known = {field for field, _ in row.fields}
        if row.more == AS_QUEUES:
            known |= set(shown.queue(BOARD.now.queues[0], BOARD.now, {}, SITE.zone))
        if row.more == AS_AGENTS:
            known |= set(shown.agent(BOARD.now.agents[0], BOARD.now, SITE.zone)) - {"since_s"}
        assert set(said) == known, name


def test_the_page_is_as_the_table_says() -> None:
    written = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text(encoding="utf-8")
    assert written == reference.page(), "python -m callcenter.mqtt.reference > docs/mqtt.md"
    assert all(f"`{row.name}`" in written for row in TOPICS)


def test_a_phone_number_is_in_no_name_reason_or_alarm() -> None:
    number, now = "02188776655", BOARD.now
    queues = (msgspec.structs.replace(now.queues[0], name=number),)
    busy = {"queue": number, "queues": (number,), "paused_in": (number,), "reason": f"call {number}", "name": number}
    agents = (msgspec.structs.replace(now.agents[0], interface=f"Local/{number}@home", **busy),)
    alarms = (Alarm("difference", f"queue_log: differs in {number} (1)", AT, True),)
    figures = {"today": {number: BOARD.figures["today"]["sales"]}}
    now = msgspec.structs.replace(now, queues=queues, agents=agents)
    board = msgspec.structs.replace(BOARD, now=now, alarms=alarms, figures=figures)
    made = [*messages.now(board, SITE, ROOT, AT), *messages.kpis(board, SITE, ROOT),
            *home_assistant.devices(board, SITE, "ha", ROOT)]  # fmt: skip
    assert len(made) == 5
    assert [one for one in made if number in one.topic or number.encode() in one.payload] == []
    bare = json.loads(made[1].payload)["name"]
    assert json.loads(made[2].payload)["queues"] == [bare]
    assert {f"{ROOT}queue/{bare}", f"{ROOT}kpi/{bare}"} <= {one.topic for one in made}


# ---- calls ----------------------------------------------------------------------------------------------------


def call() -> CallRecord:
    visit = Visit("sales", AT, wait_s=4.0, outcome=Outcome.ANSWERED, agent="Local/09121234567@home", talk_s=60.5)
    return CallRecord("main-1-1.1", "main", "1.1", Direction.IN, "02188776655", "Maryam", "02112345678", AT,
                      visits=(visit,))  # fmt: skip


def test_no_customer_is_in_a_call_s_message() -> None:
    where, payload = messages.call(call(), BOARD, SITE, ROOT, None)
    said = json.loads(payload)
    assert where == ROOT + "call/main-1-1.1"
    assert not re.search("2188776655|12345678|9121234567|Maryam", payload.decode())
    assert (said["direction"], said["ended_at"], said["visits"][0]["outcome"]) == ("in", None, "answered")


def test_numbers_come_when_they_are_asked_for() -> None:
    said = json.loads(messages.call(call(), BOARD, SITE, ROOT, lambda number: "+98" + number[1:])[1])
    assert said["caller"] == {"number": "02188776655", "e164": "+982188776655", "name": "Maryam"}
    assert said["called"] == "02112345678"


def test_the_site_and_the_prefix_stand_before_all() -> None:
    assert root(Mqtt(prefix="acme/pbx"), Site(name="hq")) == "acme/pbx/hq/"


# ---- Home Assistant -------------------------------------------------------------------------------------------


def test_home_assistant_finds_each_queue_with_values_that_are_those_of_the_board() -> None:
    found, env = told(), Environment()
    devices = {one.topic: json.loads(one.payload) for one in home_assistant.devices(BOARD, SITE, "ha", ROOT)}
    assert len(devices) == len(BOARD.now.queues)
    for where, device in devices.items():
        assert re.fullmatch(r"ha/device/[a-zA-Z0-9_-]+/config", where)
        assert where.startswith(home_assistant.ours(SITE, "ha"))
        assert {"device", "origin", "components", "availability_topic"} <= set(device)
        status = found[device["availability_topic"]]
        assert env.from_string(device["availability_template"]).render(value_json=status) == "online"
        values = {}
        for id, part in device["components"].items():
            assert part["platform"] == "sensor" and part["unique_id"]
            values[id] = env.from_string(part["value_template"]).render(value_json=found[part["state_topic"]])
        name = device["device"]["name"].removeprefix("hq ")
        q = next(q for q in BOARD.now.queues if q.name == name)
        assert (values["waiting"], values["talking"]) == (str(q.waiting), str(q.talking))
        level = BOARD.figures["today"][name]["service_level"]
        assert values["service_level"] == str("None" if level is None else round(level * 100, 1))
    unique = [part["unique_id"] for device in devices.values() for part in device["components"].values()]
    assert len(unique) == len(set(unique))
