"""The demonstration as a new user sees it: addresses, figures that move, a page to look at."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Any

import httpx
from lab.browser import ARGUMENTS, chromium_or_skip
from lab.demonstration import demo
from playwright.sync_api import sync_playwright

ARTIFACTS = Path(__file__).parent.parent / "artifacts"
PATIENCE_S = 60.0
"""On a machine that is busy with other tests; alone it is a few seconds."""


def figures(url: str) -> dict[str, Any]:
    with contextlib.suppress(httpx.HTTPError):
        answer = httpx.get(f"{url}/api/v1/kpis?window=60m", timeout=5)
        if answer.status_code == 200:
            return dict(answer.json()["all"])
    return {}


def plausible(row: dict[str, Any]) -> bool:
    return bool(
        row.get("answered", 0) > 100
        and 0.5 <= row["service_level"] <= 1
        and 0 <= row["abandon_rate"] <= 0.2
        and 0.4 <= row["occupancy"] <= 0.98
    )


def test_moving_plausible_figures_and_a_clean_end() -> None:
    began = time.monotonic()
    with demo() as (process, url):
        first: dict[str, Any] = {}
        while not plausible(first):
            assert time.monotonic() - began < PATIENCE_S, first
            time.sleep(0.2)
            first = figures(url)
        while figures(url)["talk_s"] == first["talk_s"]:
            assert time.monotonic() - began < PATIENCE_S, first
            time.sleep(0.2)
        print(f"plausible and moving {time.monotonic() - began:.1f} s after the start")
        assert httpx.get(f"{url}/readyz").json()["ready"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr and process.stderr.read() == ""


def test_its_wallboard_in_english_and_persian() -> None:
    chromium = chromium_or_skip()
    ARTIFACTS.mkdir(exist_ok=True)
    with demo() as (_, url), sync_playwright() as playwright:
        while not plausible(figures(url)):
            time.sleep(0.2)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        queues = {row["name"] for row in httpx.get(f"{url}/api/v1/queues").json()["items"]}
        for language, direction in (("en", "ltr"), ("fa", "rtl")):
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            wrong: list[str] = []
            page.on("pageerror", lambda problem, wrong=wrong: wrong.append(str(problem)))  # type: ignore[misc]
            page.goto(f"{url}/?lang={language}")
            page.get_by_text(next(iter(queues)), exact=True).first.wait_for()
            assert page.evaluate("document.documentElement.dir") == direction
            shown = page.inner_text("body")
            assert all(name in shown for name in queues)
            assert any(digit in shown for digit in ("۱۲۳۴۵۶۷۸۹" if language == "fa" else "123456789"))
            page.screenshot(path=ARTIFACTS / f"demo-{language}.png")
            assert wrong == []
        browser.close()
