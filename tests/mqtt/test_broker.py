"""The daemon and a real mosquitto: what is retained is what the API says, whatever happened to the broker."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lab.broker import Broker, said
from lab.daemon import Running, callcenter, running
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.mqtt.outlet import BOARD_S, STEADY_S

pytestmark = pytest.mark.timeout(600)

TRUNKS = '["PJSIP/trunk"]'
FAST = "clock_step_s = 0"
"""A simulated PBX whose time runs faster than ours: no leap of its clock is a step."""
WORDS = ("--agents", "20", "--queues", "3", "--seed", "5")


def table(broker: Broker, more: str = "") -> str:
    return f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nkeepalive_s = 5\n{more}'


def up(daemon: Running) -> bool:
    return value(daemon, "callcenter_mqtt_up") == 1


def value(daemon: Running, name: str) -> float:
    text = daemon.http.get("/metrics", params={"name[]": name}).text
    return float(re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)[0])


def shown(daemon: Running) -> dict[str, Any]:
    """What is to be retained, as the API tells it."""
    root, out = "callcenter/lab/", dict[str, Any]()
    for q in daemon.get("/api/v1/queues")["items"]:
        out[f"{root}queue/{q['name']}"] = q
    for a in daemon.get("/api/v1/agents")["items"]:
        del a["since_s"]
        out[f"{root}agent/{a['interface'].replace('/', '%2F')}"] = a
    kpis = daemon.get("/api/v1/kpis?window=today")
    for name, figures in {**kpis["queues"], "": kpis["all"]}.items():
        out[f"{root}kpi/{name}".rstrip("/")] = counts(figures)
    return out


def counts(figures: dict[str, Any]) -> dict[str, Any]:
    """But for what moves with each second (occupancy and the like)."""
    return {k: v for k, v in figures.items() if isinstance(v, int) or k in ("service_level", "abandon_rate", "talk_s")}


def retained(broker: Broker) -> dict[str, Any]:
    out = dict[str, Any]()
    for topic, told in broker.retained("callcenter/lab/#").items():
        if "/kpi" in topic:
            out[topic] = counts(told["windows"]["today"])
        elif "/status" not in topic:
            out[topic] = {k: v for k, v in told.items() if k not in ("seq", "at")}
    return out


def differing(daemon: Running, broker: Broker) -> dict[str, Any]:
    """Topics whose message is neither what the API said before it was read nor what it said after."""
    before, told, after = shown(daemon), retained(broker), shown(daemon)
    return {
        topic: (told.get(topic), before.get(topic))
        for topic in told.keys() | after.keys()
        if told.get(topic) not in (before.get(topic), after.get(topic))
    }


def same(daemon: Running, broker: Broker, within_s: float = 90) -> None:
    """Figures come every five seconds, so some may be older at one look."""
    deadline = time.monotonic() + within_s
    while found := differing(daemon, broker):
        assert time.monotonic() < deadline, found


@pytest.mark.parametrize("kept, restarts", [(False, 20), (True, 4)], ids=["forgetful", "persistent"])
def test_what_is_retained_equals_the_api_after_restarts_of_the_broker(
    kept: bool, restarts: int, tmp_path: Path
) -> None:
    words = (*WORDS, "--speed", "10")
    with Broker(tmp_path, kept=kept) as broker, simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker), FAST) as daemon:
            daemon.until("logged in", lambda: up(daemon))
            for n in range(restarts):
                time.sleep(STEADY_S)
                broker.stop(signal.SIGKILL if n % 2 else signal.SIGTERM)
                daemon.until("the daemon knows", lambda: not up(daemon))
                broker.start()
                daemon.until("logged in again", lambda: up(daemon))
            assert value(daemon, "callcenter_mqtt_logins_total") == restarts + 1
            same(daemon, broker)
            assert daemon.get("/readyz")["warnings"] == []
            assert daemon.stop() == 0
        assert broker.retained("callcenter/+/status")["callcenter/lab/status"]["status"] == "offline"


def test_after_a_long_absence_the_truth_is_there_and_calls_are_counted_that_were_given_up(tmp_path: Path) -> None:
    """Ten minutes of the PBX: its time runs sixty times as fast."""
    words = (*WORDS, "--speed", "60")
    with Broker(tmp_path) as broker, simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker), FAST) as daemon:
            daemon.until("logged in", lambda: up(daemon))
            before = daemon.get("/api/v1/kpis?window=today")["all"]["offered"]
            broker.stop()
            began = _pbx_time(daemon)
            daemon.until("ten minutes of the PBX", lambda: _pbx_time(daemon) - began > 600)
            assert "mqtt" in " ".join(daemon.get("/readyz")["warnings"])
            assert daemon.get("/api/v1/kpis?window=today")["all"]["offered"] > before + 20
            broker.start()
            daemon.until("logged in again", lambda: up(daemon))
            same(daemon, broker)


def _pbx_time(daemon: Running) -> float:
    return datetime.fromisoformat(daemon.get("/api/v1/kpis?window=15m")["to"]).timestamp()


LOOKS_S = {signal.SIGKILL: 0.0, signal.SIGSTOP: 6.0}
"""Of a process that is stopped no connection ends: mosquitto looks every five seconds who has been silent too long."""


@pytest.mark.parametrize("how", LOOKS_S)
def test_a_reader_sees_offline_within_one_and_a_half_keepalives(how: signal.Signals, tmp_path: Path) -> None:
    with Broker(tmp_path) as broker, simulating(tmp_path, *WORDS) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker)) as daemon:
            daemon.until("logged in", lambda: up(daemon))
            with broker.reads("-t", "callcenter/lab/status", "-W", "60") as reader:
                assert reader.stdout is not None
                assert said(json.loads(reader.stdout.readline()))["status"] == "online"
                began = time.monotonic()
                daemon.process.send_signal(how)
                told = (said(json.loads(line))["status"] for line in reader.stdout)
                assert next((status for status in told if status == "offline"), None)
                took = time.monotonic() - began
            if how is signal.SIGSTOP:
                daemon.process.send_signal(signal.SIGCONT)
    assert took < 1.5 * 5 + LOOKS_S[how], f"{took:.1f} s"


def test_no_phone_number_is_in_any_message(tmp_path: Path) -> None:
    words = (*WORDS, "--speed", "30")
    with Broker(tmp_path) as broker, simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker), FAST) as daemon:
            with broker.reads("-t", "callcenter/#", "-W", "20") as reader:
                heard, _ = reader.communicate(timeout=60)
            calls = daemon.all("/api/v1/calls")
    numbers = {number for call in calls for number in (call["caller"]["number"], call["called"]) if len(number) >= 7}
    topics = {json.loads(line)["topic"].split("/")[2] for line in heard.splitlines()}
    assert len(numbers) > 20 and topics == {"status", "queue", "agent", "kpi", "call"}
    assert [number for number in numbers if number in heard] == []


def test_each_call_that_ended_is_told_with_its_end(tmp_path: Path) -> None:
    words = (*WORDS, "--speed", "30", "--calls", "40")
    with Broker(tmp_path) as broker, simulating(tmp_path, *words) as (port, _):
        with broker.reads("-t", "callcenter/lab/call/+") as reader:
            with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker), FAST) as daemon:
                daemon.until("40 calls ended", lambda: _ended(daemon) >= 40, 240)
                daemon.until("no call is up", daemon.none_open)
                time.sleep(3 * BOARD_S)  # the last end is on its way
                calls = daemon.all("/api/v1/calls")
                assert value(daemon, "callcenter_mqtt_dropped_calls_total") == 0
            reader.terminate()
            heard, _ = reader.communicate(timeout=30)
    newest = {one["id"]: one for one in (said(json.loads(line)) for line in heard.splitlines())}
    for call in calls:
        assert newest[call["id"]]["ended_at"] == call["ended_at"]
        assert [v["outcome"] for v in newest[call["id"]]["visits"]] == [v["outcome"] for v in call["visits"]]


def _ended(daemon: Running) -> int:
    return sum(call["ended_at"] is not None for call in daemon.all("/api/v1/calls"))


def test_what_an_earlier_daemon_left_of_queues_that_are_no_more_is_taken_away(tmp_path: Path) -> None:
    old = ("callcenter/lab/queue/gone", "callcenter/lab/agent/SIP%2Fgone", "callcenter/lab/kpi/gone")
    others = "callcenter/other/queue/gone"
    with Broker(tmp_path) as broker, simulating(tmp_path, *WORDS) as (port, _):
        for topic in (*old, others):
            _publish(broker, topic, "{}")
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker)) as daemon:
            daemon.until("logged in", lambda: up(daemon))
            daemon.until("taken away", lambda: not set(old) & set(broker.retained()), 60)
            same(daemon, broker)
        assert others in broker.retained()


def _publish(broker: Broker, topic: str, payload: str) -> None:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic, "-m", payload, "-r", "-q", "1"]
    subprocess.run(command, check=True, timeout=30)


# ---- who may log in -------------------------------------------------------------------------------------------


def secured(folder: Path) -> Broker:
    """A broker with a certificate of its own and one user."""
    key, certificate, users = (folder / name for name in ("key.pem", "ca.pem", "users"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    subprocess.run(["mosquitto_passwd", "-b", "-c", users, "callcenter", "a secret"], check=True, timeout=30)
    more = f"certfile {certificate}\nkeyfile {key}\nallow_anonymous false\npassword_file {users}\n"
    broker = Broker(folder, more)
    broker.arguments = ("--cafile", str(certificate), "-u", "callcenter", "-P", "a secret")
    return broker


def test_tls_and_a_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a secret\n")
    with secured(tmp_path) as broker, simulating(tmp_path, *WORDS) as (port, _):
        more = (f'tls = true\ntls_ca = "{tmp_path}/ca.pem"\nusername = "callcenter"\n'
                f'password_file = "{tmp_path}/password"\n')  # fmt: skip
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, table(broker, more)) as daemon:
            daemon.until("logged in", lambda: up(daemon))
            same(daemon, broker)
            checked = callcenter("check", "--config", str(daemon.config))
            assert f"mqtt: 127.0.0.1:{broker.port} lets us in" in checked.stdout
            assert up(daemon) and value(daemon, "callcenter_mqtt_logins_total") == 1


WRONG = {
    "the password": ('tls = true\ntls_ca = "{folder}/ca.pem"\nusername = "callcenter"\npassword = "wrong"\n',
                     "Not authori[sz]ed"),
    "the authority": ('tls = true\nusername = "callcenter"\npassword = "a secret"\n', "certificate verify failed"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_once_and_the_daemon_goes_on(what: str, tmp_path: Path) -> None:
    more, why = WRONG[what]
    with secured(tmp_path) as broker, simulating(tmp_path, *WORDS) as (port, _):
        settings = table(broker, more.format(folder=tmp_path))
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, settings) as daemon:
            said = f"^mqtt: 127.0.0.1:{broker.port}: .*{why}"
            daemon.until("it says where and why", lambda: re.search(said, _mqtt_warning(daemon)), 30)
            assert daemon.http.get("/readyz").status_code == 200
            assert value(daemon, "callcenter_mqtt_up") == 0
            checked = callcenter("check", "--config", str(daemon.config))
            assert checked.returncode == 1
            assert re.search(f"^callcenter: mqtt: 127.0.0.1:{broker.port}: .*{why}", checked.stderr, re.MULTILINE)
            assert daemon.stop() == 0
        log = (tmp_path / "daemon.log").read_text()
    assert log.count("mqtt down") == 1 and "secret" not in log and "Traceback" not in log


def _mqtt_warning(daemon: Running) -> str:
    warnings = [line for line in daemon.get("/readyz")["warnings"] if line.startswith("mqtt: ")]
    return "" if warnings[0].endswith("not connected yet") else warnings[0]


def test_a_host_that_is_no_name_is_said_and_the_daemon_goes_on(tmp_path: Path) -> None:
    with simulating(tmp_path, *WORDS) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, '[mqtt]\nhost = "broker..example"\n') as daemon:
            daemon.until("it says why", lambda: "broker..example" in _mqtt_warning(daemon), 30)
            checked = callcenter("check", "--config", str(daemon.config))
            assert checked.returncode == 1 and "broker..example" in checked.stderr
            assert daemon.stop() == 0
