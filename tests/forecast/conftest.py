"""What these tests share is beside them: synthetic.py (arrays), logs.py (a queue_log)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import logs
import pytest

from callcenter import clock


@pytest.fixture(scope="session")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the history of a queue_log of nine weeks, imported once."""
    folder = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: logs.NOW)
        logs.take_in(logs.config_of(folder), logs.write(folder / "queue_log"))
    return folder


@pytest.fixture
def folder(taken_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, for one test; it is the Sunday morning after the log."""
    shutil.copytree(taken_in / "history", tmp_path / "history")
    monkeypatch.setattr(clock, "now", lambda: logs.NOW)
    return tmp_path
