"""``callcenter import queue_log`` as its user meets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter import cli

from .test_damage import D, visit


def imported(folder: Path, text: str) -> Result:
    config, log = folder / "callcenter.toml", folder / "queue_log"
    config.write_text(f"[[pbx]]\nsecret = 'x'\n[store]\nurl = 'sqlite+aiosqlite:///{folder}/calls.db'\n")
    log.write_text(text)
    return CliRunner().invoke(cli.app, ["import", "queue_log", "--config", str(config), str(log)])


def test_a_damaged_day_is_named_once_and_the_others_are_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "nice", lambda by: 0)  # the tests go on in this process
    old = D - 400 * 86_400
    assert imported(tmp_path, visit(old) + visit(D)).exit_code == 0
    (damaged,) = (tmp_path / "calls-history" / "main" / "lines").glob("2024-*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:200])
    done = imported(tmp_path, visit(old + 100) + visit(D + 100))
    assert done.exit_code == 1
    assert "6 lines, 3 new" in done.stdout
    (named,) = [line for line in done.stderr.splitlines() if str(damaged) in line]
    assert named.endswith("delete it and import that time again")


def test_an_empty_name_is_no_file_and_not_the_current_folder(tmp_path: Path) -> None:
    config = tmp_path / "callcenter.toml"
    config.write_text("[[pbx]]\nsecret = 'x'\n")
    done = CliRunner().invoke(cli.app, ["import", "queue_log", "--config", str(config), ""])
    assert "an empty name is no file" in f"{done.stderr}{done.exception}"
    assert list(tmp_path.iterdir()) == [config]
