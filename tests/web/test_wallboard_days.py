"""The wallboard on a screen that nobody touches for days: what it holds does not grow.

The quick test makes the page's time run fifty times as fast and gives it a board with every task; the long one watches
it for half an hour beside a daemon and a simulated PBX.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from lab.daemon import running as daemon_running
from lab.simulated import simulating
from memory_source import MemorySource, running
from playwright.async_api import Browser, CDPSession, Page, expect
from sample_boards import AT, board_of, config_of, live_day

from callcenter import shown
from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.metrics.health import Health, alarms
from callcenter.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Held:
    """What a page holds once its garbage is collected: bytes of JavaScript, nodes of the document, listeners."""

    heap: int
    nodes: int
    listeners: int

    def __str__(self) -> str:
        return f"{self.heap / 1e6:.2f} MB, {self.nodes} nodes, {self.listeners} listeners"


async def held(cdp: CDPSession) -> Held:
    for _ in range(2):  # what the first round frees may have held more
        await cdp.send("HeapProfiler.collectGarbage")
    heap = await cdp.send("Runtime.getHeapUsage")
    told = {m["name"]: m["value"] for m in (await cdp.send("Performance.getMetrics"))["metrics"]}
    return Held(int(heap["usedSize"]), int(told["Nodes"]), int(told["JSEventListeners"]))


@asynccontextmanager
async def probed(page: Page) -> AsyncIterator[CDPSession]:
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Performance.enable")
    yield cdp
    await cdp.detach()


def grown(before: list[Held], after: list[Held]) -> list[str]:
    """What is more than it was, by more than it goes up and down: a twentieth, and some."""
    slack = {"heap": 300_000, "nodes": 100, "listeners": 10}
    found = []
    for name, some in slack.items():
        first, last = (statistics.median(getattr(one, name) for one in those) for those in (before, after))
        if last > first * 1.05 + some:
            found.append(f"{name}: {first:.0f} → {last:.0f}")
    return found


FAST = """
(() => {
    const FACTOR = 50, later = setTimeout, again = setInterval, clock = performance.now.bind(performance);
    performance.now = () => FACTOR * clock();
    window.setTimeout = (f, ms, ...rest) => later(f, (ms ?? 0) / FACTOR, ...rest);
    window.setInterval = (f, ms, ...rest) => again(f, ms / FACTOR, ...rest);
    window.requestAnimationFrame = (f) => later(f, 0);
    const boards = BOARDS, seen = (window.seen = { boards: 0, streams: 0 });
    const channel = new MessageChannel();
    let source = null;
    window.EventSource = class extends EventTarget {
        static CLOSED = 2; static OPEN = 1; readyState = 1;
        constructor() {
            super();
            source = this;
            seen.streams += 1;
            later(() => this.tell("pages", '"1"'));
            channel.port2.postMessage(0);
        }
        close() { this.readyState = 2; }
        tell(kind, data) {
            if (this.readyState === 1) this.dispatchEvent(new MessageEvent(kind, { data }));
        }
    };
    window.stopAt = 0;
    window.goOn = (until) => { window.stopAt = until; window.stands = false; channel.port2.postMessage(0); };
    // One board a turn of the loop: timers and drawings come between them.
    channel.port1.onmessage = () => later(() => {
        if (source.readyState !== 1) return;
        if (seen.boards >= window.stopAt) { window.stands = true; return; }
        source.tell("board", boards[seen.boards++ % boards.length]);
        if (seen.boards % 400 === 0) { source.readyState = 2; source.dispatchEvent(new Event("error")); }
        else channel.port2.postMessage(0);
    });
})();
"""
LEAK = """() => {
    window.kept = Array.from({ length: 900 }, () => {
        const node = document.createElement("p");
        node.addEventListener("click", () => node);
        node.held = Array.from({ length: 300 }, Math.random);
        return node;
    });
}"""
WRONG = (Health(), Health(queue_log_failure="x", actions_failure="x"), Health(store_failure="disk is full"))


def boards() -> list[str]:
    """Figures change with each, now and then queues, agents and the link come and go, alarms too."""
    site = config_of("Asia/Tehran").site
    made = []
    for seq in range(60):
        at, size = AT + seq, seq // 15
        one = board_of((12, 3, 14, 6)[size], (18, 24, 6, 12)[size], seq=seq, at=at, link=seq % 20 != 0, seed=seq)
        told = shown.board(msgspec.structs.replace(one, alarms=tuple(alarms(WRONG[seq % 3]))), site)
        made.append(json.dumps(json.loads(msgspec.json.encode(told))))
    return made


async def test_thousands_of_boards_leave_nothing_behind(browser: Browser) -> None:
    source = MemorySource(config_of("Asia/Tehran"), board_of(12, 40))
    live_day(source)
    async with running(create_app(source)) as url:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-GB")
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.add_init_script(FAST.replace("BOARDS", json.dumps(boards())))
        await page.goto(f"{url}/?lang=en")
        async with probed(page) as cdp:
            before = [await after_boards(page, cdp, n) for n in (600, 660, 720)]
            after = [await after_boards(page, cdp, n) for n in (2400, 2460, 2520)]
            told: dict[str, int] = await page.evaluate("window.seen")
            print(f"{told}; {before[0]} → {after[-1]}")
            assert grown(before, after) == []
            assert told["streams"] >= 5, "it was cut off now and then, and came back"
            await page.evaluate(LEAK)
            assert len(grown(before, [await held(cdp)])) == 3, "what is leaked is seen"
        await page.close()
    assert errors == []


async def after_boards(page: Page, cdp: CDPSession, n: int) -> Held:
    """What is held at a board of the same number in its round, so that the same is on the screen."""
    await page.wait_for_function("() => window.stands", polling=5)
    await page.evaluate("n => window.goOn(n)", n)
    await page.wait_for_function("() => window.stands", polling=5)
    await page.wait_for_timeout(200)  # it is drawn: ten seconds of the page's time
    return await held(cdp)


MINUTES, WARM = 30, 5


@pytest.mark.long
@pytest.mark.timeout(60 * (MINUTES + 10))
async def test_half_an_hour_leaves_nothing_behind(browser: Browser, tmp_path: Path) -> None:
    words = ("--agents", "60", "--queues", "12", "--speed", "10", "--rate", "1500", "--seed", "7")
    with simulating(tmp_path, *words) as (port, _):
        with daemon_running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-GB")
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(f"{daemon.http.base_url}?lang=en")
            await expect(page.locator(".card")).to_have_count(12)
            samples = []
            async with probed(page) as cdp:
                began = time.monotonic()
                while time.monotonic() < began + 60 * MINUTES:
                    await asyncio.sleep(60)
                    samples.append(await held(cdp))
                    print(f"{(time.monotonic() - began) / 60:.0f} min: {samples[-1]}", flush=True)
            answered = daemon.get("/api/v1/kpis?window=today")["all"]["answered"]
            live = await page.locator("#live-word").text_content()
            await page.screenshot(path=tmp_path / "after.png")
            await page.close()
    print(f"{answered} calls answered meanwhile")
    settled = samples[WARM:]
    third = len(settled) // 3
    assert grown(settled[:third], settled[-third:]) == []
    assert (errors, live) == ([], "Live")
    assert answered > 1000

