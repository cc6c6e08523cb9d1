"""The Makefile where Python lacks what makes virtual environments, as on a Debian without python3-venv."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_VENV = """#!/bin/sh
case "$2" in
    venv) mkdir -p "$3/bin"; ln -s /bin/true "$3/bin/python"; echo "ensurepip is not available" >&2; exit 1;;
esac
exec {python} "$@"
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
@pytest.mark.parametrize("target", ["demo", "test"])
def test_an_environment_that_could_not_be_made_leaves_nothing_behind(tmp_path: Path, target: str) -> None:
    """Debian's venv leaves a half .venv with a python and without pip, which a second try would take for made."""
    for name in ("Makefile", "pyproject.toml", "deploy/constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "python-without-venv"
    python.write_text(NO_VENV.format(python=sys.executable))
    python.chmod(0o755)
    for _ in range(2):
        done = subprocess.run(["make", target, f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 2
        assert "apt install python3-venv" in done.stdout
        assert not (tmp_path / ".venv").exists()
