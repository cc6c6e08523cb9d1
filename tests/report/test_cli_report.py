"""``callcenter report`` as its user meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter import cli
from callcenter.errors import CallcenterError

CALL = "1762000000|1.1|sales|NONE|ENTERQUEUE||100|1\n" \
       "1762000005|1.1|sales|PJSIP/1001|CONNECT|5|1.1|3\n" \
       "1762000065|1.1|sales|PJSIP/1001|COMPLETECALLER|5|60|1\n"  # fmt: skip
"""On 1 November 2025."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a PBX of which nothing is known yet."""
    monkeypatch.setattr(os, "nice", lambda by: 0)  # the tests go on in this process
    path = tmp_path / "callcenter.toml"
    path.write_text(f"[[pbx]]\nsecret = 'x'\n[store]\nurl = 'sqlite+aiosqlite:///{tmp_path}/calls.db'\n")
    return path


@pytest.fixture
def imported(config: Path) -> Path:
    """Of one of which a queue_log was imported."""
    log = config.with_name("queue_log")
    log.write_text(CALL)
    assert CliRunner().invoke(cli.app, ["import", "queue_log", "--config", str(config), str(log)]).exit_code == 0
    return config


def report(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["report", "--config", str(config), *arguments])


def refused(config: Path, *arguments: str) -> str:
    """What ``main`` says in one line, with status 2."""
    done = report(config, *arguments)
    assert isinstance(done.exception, CallcenterError), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


FULL = "import resource; from callcenter import cli; " \
       "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); cli.main()"  # fmt: skip


def test_where_the_disk_is_full_the_report_from_before_is_left(imported: Path, tmp_path: Path) -> None:
    words = ["--config", str(imported), "2025-11-01", "--output", str(tmp_path / "day.csv")]
    assert report(imported, *words[2:]).exit_code == 0
    good = (tmp_path / "day.csv").read_bytes()
    assert b"sales" in good and len(good) > 100
    before = set(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", FULL, "report", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"callcenter: cannot write {tmp_path}/day.csv: File too large\n"
    assert (tmp_path / "day.csv").read_bytes() == good
    assert set(tmp_path.iterdir()) == before


def test_a_format_that_there_is_not_is_told_in_one_line(imported: Path) -> None:
    assert refused(imported, "2025-11-01", "--format", "xml").startswith("no such format: 'xml'; known are table, ")


def test_where_nothing_is_known_both_places_are_named(config: Path, tmp_path: Path) -> None:
    said = f"a report needs history, there is none in {tmp_path}/calls-history/main or {tmp_path}/calls.db"
    assert refused(config) == said
    assert list(tmp_path.iterdir()) == [config]


@pytest.mark.parametrize("words", [
    ["xx"], ["2026-13-01"], ["--format", "xml"], ["-o", "day.docx"], ["--language", "xx"], ["--figure", "luck"],
    ["--by", "agent", "--figure", "service_level"],
])  # fmt: skip
def test_a_wrong_word_is_told_where_nothing_is_known_too(config: Path, words: list[str]) -> None:
    said = refused(config, *words)
    assert "needs history" not in said
    assert words[-1] in said


def test_what_was_imported_is_told_of_before_there_is_a_store(imported: Path, tmp_path: Path) -> None:
    assert report(imported, "2025-11-01", "--output", str(tmp_path / "day.csv")).exit_code == 0
    assert "sales" in (tmp_path / "day.csv").read_text()


@pytest.mark.parametrize("command", ["report", "forecast"])
def test_a_store_that_is_a_folder_is_refused(imported: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "calls.db").mkdir()
    done = CliRunner().invoke(cli.app, [command, "--config", str(imported)])
    assert isinstance(done.exception, CallcenterError)
    assert str(done.exception) == f"store {tmp_path}/calls.db: it is no regular file"
