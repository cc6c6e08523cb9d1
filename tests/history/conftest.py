"""An archive in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.history.archive import Archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "history", "main", "IR")
