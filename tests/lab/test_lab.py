"""The lab itself: every scripted behaviour comes true on both Asterisks, and a lab that cannot be had says why."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from lab import asterisk, debian
from lab.asterisk import SUITES, Asterisk, running
from lab.debian import LabError
from lab.drive import drive
from lab.fixtures import suite_or_skip
from lab.stage import Placed
from lab.truth import read

REFUSED = ("refused_full", "refused_empty")
WITHDRAWS_FROM = 18


@pytest.mark.asterisk
async def test_every_behaviour_comes_true_on_both_versions() -> None:
    with running(suite_or_skip(22)) as new, running(suite_or_skip(16)) as old:
        told = await asyncio.gather(drive(new, "everything", 3), drive(old, "everything", 3))
        for lab, placed in zip((new, old), told, strict=True):
            _compare(lab, placed)


def _compare(lab: Asterisk, placed: list[Placed]) -> None:
    visits = read(lab.queue_log).visits
    for call in placed:
        if call.caller.startswith("0912"):
            got = [visit.outcome for visit in visits if visit.caller == call.caller]
            assert got == [outcome for outcome in call.outcomes or () if outcome not in REFUSED], call.behaviour
    assert len(placed) > 80
    assert ("is withdrawn" in {call.behaviour for call in placed}) == (int(lab.version[:2]) >= WITHDRAWS_FROM)
    assert all(leg.ended_at for call in placed for leg in call.legs if leg.answered_at)


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.missing(SUITES[22]) == "the lab needs root (chroot, debootstrap)"


def test_in_ci_a_missing_asterisk_is_a_failure_and_elsewhere_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Asterisk 22: the lab needs root"):
        suite_or_skip(22)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no Asterisk 22: the lab needs root"):
        suite_or_skip(22)


@pytest.mark.asterisk
def test_an_asterisk_that_does_not_come_up_shows_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suite = suite_or_skip(22)
    shutil.copytree(asterisk.ETC, tmp_path / "etc")
    modules = tmp_path / "etc" / "modules.conf"
    modules.write_text(modules.read_text() + "require => app_confbridge.so\n")  # which has no configuration here
    monkeypatch.setattr(asterisk, "ETC", tmp_path / "etc")
    with pytest.raises(LabError, match=r"(?s)did not come up:.*app_confbridge"), running(suite):
        pass
