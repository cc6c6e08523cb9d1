"""The command line as its user meets it: by subprocess. Every error is one line on stderr and status 1 or 2."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zlib
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

from callcenter import cli
from callcenter.floor.records import CallRecord, Direction
from callcenter.store.store import Store
from callcenter.store.values import Batch

CAPTURES = Path(__file__).parent / "captures"
CAPTURE, LOG = CAPTURES / "ast22-load.ami.gz", CAPTURES / "ast22-load.queue_log"
END = b"\r\n\r\n"
LEAST = '[[pbx]]\nsecret = "x"\nport = 1\n'


def callcenter(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CALLCENTER_")}
    return subprocess.run(
        [Path(sys.executable).with_name("callcenter"), *map(str, arguments)],
        capture_output=True, text=True, timeout=60, env=clean | environment, cwd=cwd, check=False,
    )  # fmt: skip


def inside(*arguments: object) -> subprocess.CompletedProcess[str]:
    """As :func:`callcenter`, in this process: what is looked at is its files, not how it starts and ends."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    words = list(map(str, arguments))
    with mock.patch.object(sys, "argv", ["callcenter", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    said = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(words, status, *said)


def complaint(done: subprocess.CompletedProcess[str], status: int) -> str:
    """The one line that was said on stderr."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("callcenter: ")
    return line.removeprefix("callcenter: ")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "callcenter.toml"
    path.write_text(LEAST + f'[store]\nurl = "sqlite+aiosqlite:///{tmp_path}/cc.db"\n')
    return path


@pytest.fixture(scope="module")
def stream() -> bytes:
    return gzip.decompress(CAPTURE.read_bytes())


# ---- run ----------------------------------------------------------------------------------------------------


def test_it_starts_though_nothing_can_be_said_on_stderr(config: Path) -> None:
    """The disk under the log is full."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config.write_text(f"{config.read_text()}[web]\nport = {port}\n")
    command = [Path(sys.executable).with_name("callcenter"), "run", "--config", str(config)]
    with Path("/dev/full").open("w") as full, subprocess.Popen(command, stderr=full) as daemon:
        try:
            deadline = time.monotonic() + 30
            while not _answers(port):
                assert daemon.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            daemon.terminate()
        assert daemon.wait(20) == 0


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


# ---- help ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "check", "replay", "verify", "simulate", "demo"])
def test_every_command_has_a_help(command: str) -> None:
    done = callcenter(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"callcenter {command} [OPTIONS]" in done.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [
    ["--version"], ["--help"], ["replay", CAPTURE], ["replay", CAPTURE, "--json"],
    ["verify", "--queue-log", LOG, "--capture", CAPTURE], ["simulate", "--port", "0"],
])  # fmt: skip
def test_what_cannot_be_written_is_one_line(arguments: list[object], unbuffered: str) -> None:
    command = [Path(sys.executable).with_name("callcenter"), *map(str, arguments)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert complaint(done, 2) == "cannot write the output: No space left on device"


def test_a_simulated_pbx_whose_queue_log_cannot_be_written_says_so(tmp_path: Path) -> None:
    full = tmp_path / "queue_log"
    full.symlink_to("/dev/full")
    assert complaint(callcenter("simulate", "--port", 0, "--queue-log", full), 2) == (
        f"cannot write {full}: No space left on device"
    )


def test_the_help_names_every_command() -> None:
    done = callcenter("--help")
    assert done.returncode == 0
    for command in ("run", "check", "replay", "verify", "simulate", "demo"):
        assert f" {command} " in done.stdout


def test_the_help_of_calls_says_when_time_begins() -> None:
    assert "time begins with the first login" in callcenter("simulate", "--help", COLUMNS="200").stdout


def test_the_version_is_said() -> None:
    done = callcenter("--version")
    assert (done.returncode, done.stdout.strip()) == (0, "0.1.0")


@pytest.mark.parametrize(("words", "said"), [
    (["nonsense"], ": no such command 'nonsense'"),
    (["import", "nonsense"], " import: no such command 'nonsense'"),
    (["--nonsense"], ": no such option: --nonsense"),
    (["report", "--nonsense"], " report: no such option: --nonsense"),
    (["report", "--every"], ": option '--every' requires an argument"),
    (["report", "--every", "decade"],
     " report: --every: 'decade' is not one of interval, hour, day, week, month, range"),
    (["report", "--threshold", "-1"], " report: --threshold: Input should be greater than or equal to 0"),
    (["simulate", "--rate", "inf"], " simulate: --rate: Input should be less than or equal to 100000"),
    (["report", "a", "b", "\x1b[31mc"], " report: got unexpected extra argument(s) (\\x1b[31mc)"),
    (["forecast", "--days", "x"],
     " forecast: --days: Input should be a valid integer, unable to parse string as an integer"),
    (["replay"], " replay: missing argument 'FILE...'"),
    (["verify"], " verify: missing option '--queue-log'"),
])  # fmt: skip
def test_a_wrong_usage_is_one_line(words: list[str], said: str) -> None:
    done = inside(*words)
    assert (done.returncode, done.stdout) == (2, "")
    first, *more = done.stderr.splitlines()
    assert first.startswith(f"callcenter{said}")
    assert not more


def test_where_only_the_group_is_said_its_help_is_printed() -> None:
    done = callcenter("import")
    assert (done.returncode, done.stderr) == (2, "")
    assert "queue_log" in done.stdout


_INTERRUPTED = """
import runpy, signal, sys

class Interrupts:
    def find_spec(self, name, *_):
        if name == "callcenter.terminal":  # one of what the command line imports
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
sys.argv = ["callcenter", "--version"]
"""
SCRIPT, _, FUNCTION = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["scripts"][
    "callcenter"
].partition(":")


@pytest.mark.parametrize("start", [
    f"from {SCRIPT} import {FUNCTION}; {FUNCTION}()",
    "runpy.run_module('callcenter', run_name='__main__', alter_sys=True)",
])  # fmt: skip
def test_who_interrupts_it_as_it_starts_sees_no_traceback(start: str) -> None:
    command = [sys.executable, "-c", _INTERRUPTED + start]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


# ---- configuration ------------------------------------------------------------------------------------------


def test_a_check_of_a_pbx_that_does_not_answer_looks_at_all_else(config: Path, tmp_path: Path) -> None:
    queue_log, more = f'queue_log = "{tmp_path}/none"\n', '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
    config.write_text(f'{LEAST}{queue_log}[store]\nbackups = "{tmp_path}/no"\n{more}')
    done = callcenter("check", "--config", config)
    assert done.returncode == 2
    pbx, log, backups, mqtt = done.stderr.splitlines()
    assert "127.0.0.1:1: cannot connect" in pbx
    assert "pbx.queue_log: " in log
    assert "store.backups: no folder" in backups
    assert "mqtt: 127.0.0.1:1" in mqtt


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(("more", "named"), [
    ("nonsense = 1\n", "unknown key 'pbx.0.nonsense'"),
    ("[nonsense]\na = 1\n", "unknown key 'nonsense'"),
    ("[site]\nnam = 'x'\n", "unknown key 'site.nam'"),
    ("[site\n", "not valid TOML"),
])  # fmt: skip
def test_a_wrong_configuration_is_named(tmp_path: Path, command: str, more: str, named: str) -> None:
    path = tmp_path / "callcenter.toml"
    path.write_text(LEAST + more)
    said = complaint(callcenter(command, "--config", path), 2)
    assert said.startswith(f"{path}: ")
    assert named in said


def test_an_unknown_key_of_the_environment_is_named(config: Path) -> None:
    assert complaint(callcenter("check", "-c", config, CALLCENTER_SITES__NAME="x"), 2) == (
        "environment: unknown key 'CALLCENTER_SITES__NAME'"
    )
    assert "unknown key 'site.nam'" in complaint(callcenter("check", "-c", config, CALLCENTER_SITE__NAM="x"), 2)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, command: str) -> None:
    assert complaint(callcenter(command, "-c", tmp_path), 2) == f"cannot read {tmp_path}: Is a directory"
    missing = tmp_path / "none.toml"
    assert complaint(callcenter(command, "-c", missing), 2) == f"cannot read {missing}: No such file or directory"


def test_what_never_asks_the_pbx_needs_no_secret(tmp_path: Path) -> None:
    """Another user's shell has none of the daemon's environment."""
    path, log = tmp_path / "callcenter.toml", tmp_path / "queue_log"
    path.write_text(f"[store]\nurl = 'sqlite+aiosqlite:///{tmp_path}/cc.db'\nbackups = '{tmp_path}'\n")
    log.touch()
    assert complaint(callcenter("backup", "-c", path), 2) == f"backup: no store {tmp_path}/cc.db"
    assert complaint(callcenter("restore", "-c", path), 2) == "restore: no backup found"
    assert complaint(callcenter("verify", "-c", path, "--queue-log", log), 2) == f"store {tmp_path}/cc.db: no such file"
    path.write_text(f"{path.read_text()}[[pbx]]\nname = 'x'\n")
    assert complaint(callcenter("backup", "-c", path), 2) == f"backup: no store {tmp_path}/cc.db"
    for command in ("run", "check"):
        assert complaint(callcenter(command, "-c", path), 2) == (
            f"{path}: pbx.0: exactly one of 'secret' and 'secret_file' is needed"
        )


def test_a_line_break_in_a_name_does_not_break_the_line(tmp_path: Path) -> None:
    assert "No such file" in complaint(callcenter("replay", tmp_path / "a\nb.ami"), 2)


# ---- run and check ------------------------------------------------------------------------------------------


def test_a_port_in_use_is_named(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = callcenter("run", "-c", config, CALLCENTER_WEB__PORT=str(port))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("callcenter: ")]
    assert said == [f"callcenter: web: cannot listen on 127.0.0.1:{port}: Address already in use"]


def test_a_store_that_cannot_be_opened_is_named(config: Path, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/no/x.db"
    said = complaint(callcenter("run", "-c", config, CALLCENTER_STORE__URL=url), 2)
    assert f"{tmp_path}/no" in said


@pytest.mark.parametrize(("key", "more"), [
    ("pbx.secret_file", 'secret_file = "/none"\n'), ("pbx.tls_ca", 'secret = "x"\ntls = true\ntls_ca = "/none"\n'),
    ("mqtt.password_file", 'secret = "x"\n[mqtt]\nhost = "127.0.0.1"\nusername = "x"\npassword_file = "/none"\n'),
    ("mqtt.tls_ca", 'secret = "x"\n[mqtt]\nhost = "127.0.0.1"\ntls = true\ntls_ca = "/none"\n'),
])  # fmt: skip
def test_a_secret_that_is_not_there_is_named_before_anything_is_opened(tmp_path: Path, key: str, more: str) -> None:
    path = tmp_path / "callcenter.toml"
    store = f"[store]\nurl = 'sqlite+aiosqlite:///{tmp_path}/cc.db'\n"
    path.write_text(f"{store}[web]\nport = 0\n[[pbx]]\nport = 1\n{more}")
    assert complaint(callcenter("run", "-c", path), 2).startswith(f"{key}: cannot read /none: ")
    assert list(tmp_path.iterdir()) == [path]


def test_a_pbx_that_is_not_there_is_named(config: Path) -> None:
    assert complaint(callcenter("check", "-c", config), 2) == "127.0.0.1:1: cannot connect: Connection refused"


# ---- replay -------------------------------------------------------------------------------------------------


def replayed(path: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    done = inside("replay", "--json", path)
    return done, json.loads(done.stdout)


def test_a_whole_capture_is_replayed_and_says_nothing_on_stderr() -> None:
    done, result = replayed(CAPTURE)
    assert (done.returncode, done.stderr, result["drift"]) == (0, "", 0)
    offered = sum(row["offered"] for row in result["queues"].values())  # type: ignore[attr-defined]
    assert offered == LOG.read_text().count("|ENTERQUEUE|")


def test_a_plain_capture_equals_its_gzip(tmp_path: Path, stream: bytes) -> None:
    plain = tmp_path / "plain.ami"
    plain.write_bytes(stream)
    assert replayed(plain)[1] == replayed(CAPTURE)[1]


def test_without_json_it_prints_a_table() -> None:
    done = callcenter("replay", CAPTURE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "drift 0" in done.stdout
    assert "sales" in done.stdout


def joins(stream: bytes) -> int:
    """Callers who joined a queue in the whole messages of a stream."""
    return sum(part.startswith(b"Event: QueueCallerJoin\r\n") for part in stream.split(END)[:-1])


def test_a_capture_that_is_cut_prints_what_was_there_and_says_so(tmp_path: Path, stream: bytes) -> None:
    cut = stream[: len(stream) // 2]
    assert not cut.endswith(END)
    path = tmp_path / "cut.ami"
    path.write_bytes(cut)
    done, result = replayed(path)
    assert "cut off in the middle of a message" in complaint(done, 1)
    assert sum(row["offered"] for row in result["queues"].values()) == joins(cut) > 20  # type: ignore[attr-defined]


@pytest.mark.parametrize("kept", [0.04, 0.5, 0.98])
def test_a_gzip_that_is_cut_prints_all_that_can_be_unpacked_and_says_so(tmp_path: Path, kept: float) -> None:
    packed = CAPTURE.read_bytes()
    packed = packed[: int(len(packed) * kept)]
    path = tmp_path / "cut.ami.gz"
    path.write_bytes(packed)
    done, result = replayed(path)
    assert "the gzip ends in the middle" in complaint(done, 1)
    there = joins(zlib.decompressobj(wbits=31).decompress(packed))
    assert sum(row["offered"] for row in result["queues"].values()) == there  # type: ignore[attr-defined]
    assert there > 0 or kept < 0.1


def test_what_is_no_capture_is_named(tmp_path: Path) -> None:
    no_gzip, broken, text, empty = (tmp_path / n for n in ("a.ami.gz", "b.ami.gz", "c.ami", "d.ami"))
    no_gzip.write_text("plain")
    broken.write_bytes(CAPTURE.read_bytes()[:2000] + b"\xff" * 5000)
    text.write_text("nothing of the kind\n" * 1000)
    empty.write_bytes(b"")
    for path, why in ((no_gzip, "not gzip"), (broken, "broken gzip"), (text, "no AMI messages"), (empty, "no AMI"),
                      (tmp_path, "Is a directory"), (tmp_path / "none", "No such file")):  # fmt: skip
        said = complaint(inside("replay", path), 2)
        assert str(path) in said
        assert why in said


# ---- verify -------------------------------------------------------------------------------------------------


def verified(log: Path, capture: Path = CAPTURE) -> subprocess.CompletedProcess[str]:
    return inside("verify", "--queue-log", log, "--capture", capture)


@pytest.mark.parametrize("name", ["ast16-load", "ast22-load", "ast16-behaviours", "ast22-behaviours"])
def test_the_pbxs_own_queue_log_agrees(name: str) -> None:
    log = CAPTURES / f"{name}.queue_log"
    done = verified(log, CAPTURES / f"{name}.ami.gz")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"equal: {log.read_text().count('|ENTERQUEUE|')} visits" in done.stdout


def test_a_wrong_queue_log_is_told_with_the_calls(tmp_path: Path) -> None:
    lines = LOG.read_text().splitlines(keepends=True)
    call = next(line for line in lines if "|CONNECT|" in line).split("|")[1]
    wrong = tmp_path / "queue_log"
    wrong.write_text("".join(line for line in lines if f"|{call}|" not in line))
    done = verified(wrong)
    assert f"figures differ from {wrong}" in complaint(done, 1)
    assert f"offered: look at calls {call}" in done.stdout


def test_a_cut_capture_is_compared_up_to_where_it_was_cut_and_says_so(tmp_path: Path, stream: bytes) -> None:
    path = tmp_path / "cut.ami"
    path.write_bytes(stream[: len(stream) // 2])
    done = verified(LOG, path)
    assert "cut off in the middle of a message" in complaint(done, 1)
    assert 20 < int(done.stdout.rpartition("equal: ")[2].split()[0]) <= joins(stream[: len(stream) // 2])


def test_a_cut_capture_that_differs_says_both(tmp_path: Path, stream: bytes) -> None:
    path, wrong = tmp_path / "cut.ami", tmp_path / "queue_log"
    path.write_bytes(stream[: len(stream) // 2])
    lines = LOG.read_text().splitlines(keepends=True)
    call = next(line for line in lines if "|CONNECT|" in line).split("|")[1]
    wrong.write_text("".join(line for line in lines if f"|{call}|" not in line))
    said = complaint(verified(wrong, path), 1)
    assert "figures differ" in said
    assert "cut off" in said


@pytest.mark.parametrize("number", [3, 100])
def test_a_broken_line_of_a_queue_log_is_named(tmp_path: Path, number: int) -> None:
    """Line 100 among them: ":100:" is the name of a picture to a terminal library."""
    lines = LOG.read_text().splitlines(keepends=True)
    lines[number - 1] = "17952985|broken\n"
    path = tmp_path / "queue_log"
    path.write_text("".join(lines))
    assert complaint(verified(path), 2) == f"{path}:{number}: not a line of a queue_log: '17952985|broken'"


def test_a_queue_log_that_is_none_is_named(tmp_path: Path) -> None:
    empty, no_gzip = tmp_path / "queue_log", tmp_path / "queue_log.gz"
    empty.write_text("")
    no_gzip.write_text("x")
    for path, why in ((empty, "empty"), (no_gzip, "Not a gzipped file"), (tmp_path, "Is a directory"),
                      (tmp_path / "none", "No such file")):  # fmt: skip
        said = complaint(verified(path), 2)
        assert str(path) in said
        assert why in said


def test_verify_compares_with_one_thing_only(config: Path) -> None:
    said = complaint(callcenter("verify", "--queue-log", LOG, "-c", config, "--capture", CAPTURE), 2)
    assert said == "verify: --config and --capture exclude each other"


def test_verify_takes_the_same_configuration_as_run(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "DEFAULT_CONFIG", config)
    asyncio.run(filled(config.with_name("cc.db")))
    done = CliRunner().invoke(cli.app, ["verify", "--queue-log", str(LOG)])
    assert done.exit_code == 1
    assert "no calls in the store yet: nothing to compare" in done.stderr


def test_a_store_without_calls_says_so_in_one_line(config: Path) -> None:
    asyncio.run(filled(config.with_name("cc.db")))
    said = complaint(callcenter("verify", "--queue-log", LOG, "-c", config), 1)
    assert said == "no calls in the store yet: nothing to compare"


async def filled(path: Path, *calls: CallRecord) -> None:
    """A store with these calls."""
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    await store.write(Batch(calls))
    await store.close()


def test_a_queue_log_of_another_day_says_so_in_one_line(config: Path, tmp_path: Path) -> None:
    late = CallRecord("main-0-1", "main", "1", Direction.IN, "", "", "", 1.8e9, ended_at=1.8e9 + 60)
    asyncio.run(filled(config.with_name("cc.db"), late))
    said = complaint(callcenter("verify", "--queue-log", LOG, "-c", config), 1)
    assert said == f"no queue visit that both {LOG} and we saw whole: nothing to compare"


def test_the_range_that_was_compared_is_printed() -> None:
    first = LOG.read_text().partition("|")[0]
    assert f"compared {datetime.fromtimestamp(int(first), UTC).isoformat(timespec='milliseconds')} to " in (
        verified(LOG).stdout
    )


def test_a_queue_log_that_was_copied_in_the_middle_of_the_day_agrees(tmp_path: Path) -> None:
    lines = LOG.read_text().splitlines(keepends=True)
    log = tmp_path / "queue_log"
    for cut in (len(lines) // 3, len(lines) // 2, len(lines) - 20):
        log.write_text("".join(lines[:cut]))
        done = verified(log)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_queue_log_that_was_rotated_in_the_middle_of_the_day_agrees(tmp_path: Path) -> None:
    lines = LOG.read_text().splitlines(keepends=True)
    log = tmp_path / "queue_log"
    for cut in (20, len(lines) // 3, len(lines) // 2):
        log.write_text("".join(lines[cut:]))
        done = verified(log)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_store_that_is_not_there_is_not_made(config: Path, tmp_path: Path) -> None:
    assert f"{tmp_path}/cc.db: no such file" in complaint(callcenter("verify", "--queue-log", LOG, "-c", config), 2)
    assert not (tmp_path / "cc.db").exists()


# ---- the log ------------------------------------------------------------------------------------------------


def test_the_traceback_of_a_bug_of_ours_reaches_the_log() -> None:
    """By a process of its own: the daemon's log is configured once and for all."""
    program = """
import structlog
from callcenter.cli import logging_to_stderr
logging_to_stderr()
def the_guilty_one(): return {}["missing"]
try: the_guilty_one()
except KeyError: structlog.get_logger().exception("event not applied", kind="LegGone")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    (line,) = done.stderr.splitlines()
    for word in ("event not applied", "LegGone", "Traceback", "the_guilty_one", "KeyError"):
        assert word in line
