"""docs/faults.md tells the truth about itself: every test and every command that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOC = (ROOT / "docs/faults.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", DOC)))
COMMAND = r"`(?:\w+=\w+ )?(?:python|pytest)(?: -m \w+)?(?: -s)? ((?:tests|benchmarks)[\w/.]*)[^`]*`"
RUN = sorted(set(re.findall(COMMAND, DOC)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    tests = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    classes = {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    assert any(found.lower().startswith("test") for found in tests | classes) or "TestCase" in (ROOT / file).read_text()
    assert not name or name in tests


@pytest.mark.parametrize("place", RUN)
def test_a_command_that_is_named_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_something_was_found() -> None:
    assert len(NAMED) > 30 and len(RUN) >= 6
