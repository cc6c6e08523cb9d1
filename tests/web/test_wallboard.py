"""The wallboard in a real browser: what it shows, in which language, and what it does when the news stop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from fastapi import FastAPI
from memory_source import MemorySource, running
from playwright.async_api import Browser, Page, expect
from sample_boards import AT, board_of, config_of, live_day

from callcenter.floor.records import Hole, Unseen
from callcenter.metrics.health import Health, alarms
from callcenter.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
HOSTILE = (
    "<b>x</b>", "=cmd|calc", "<img src=x onerror=window.hit=1>", "پشتیبانی ۱", "a\"b'c&amp;", "\u202eevil", "x" * 300,
)


@pytest_asyncio.fixture(loop_scope="module")
async def server(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application on a real uvicorn, in the browser's loop."""
    async with running(app) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page at the size of a wall screen. An error in its scripts or a request elsewhere fails the test."""
    one = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-GB")
    errors: list[str] = []
    one.on("pageerror", lambda error: errors.append(str(error)))
    one.on("console", lambda m: errors.append(m.text) if "Content Security Policy" in m.text else None)
    one.on("request", lambda r: None if r.url.startswith("http://127.0.0.1:") else errors.append(r.url))
    yield one
    await one.close()
    assert errors == []


def with_names(names: tuple[str, ...]) -> Any:
    """A board whose queues and agents have these names."""
    board = board_of(queues=len(names), agents=len(names))
    replace = msgspec.structs.replace
    queues = tuple(replace(q, name=name) for q, name in zip(board.now.queues, names, strict=True))
    agents = tuple(
        replace(a, name=name, queue=name, state="talking") for a, name in zip(board.now.agents, names, strict=True)
    )
    return replace(board, now=replace(board.now, queues=queues, agents=agents))


async def shown(page: Page, url: str, path: str = "/?lang=en") -> None:
    await page.goto(url + path)
    await expect(page.locator(".card").first).to_be_visible()


async def charted(page: Page) -> None:
    """With its charts and its fonts."""
    await expect(page.locator("#queues")).to_have_attribute("data-charts", "true")
    await page.evaluate("document.fonts.ready")


async def test_each_queue_shows_what_the_board_says(server: str, page: Page, source: MemorySource) -> None:
    await shown(page, server)
    board = source.board()
    for queue in board.now.queues:
        card = page.locator(".card").filter(has=page.get_by_role("heading", name=queue.name, exact=True))
        figures = board.figures["today"][queue.name]
        await expect(card.locator(".waiting .value")).to_have_text(str(queue.waiting))
        await expect(card.locator(".answered .number")).to_have_text(f"{figures['answered']}of {figures['offered']}")
        await expect(card.locator(".level .value")).to_have_text(f"{int((figures['service_level'] or 0) * 100)}%")
    waiting = sum(queue.waiting for queue in board.now.queues)
    await expect(page.locator("#summary .waiting .value")).to_have_text(str(waiting))


async def test_a_new_board_is_shown_without_a_reload(server: str, page: Page, source: MemorySource) -> None:
    await shown(page, server)
    await expect(page.locator(".card")).to_have_count(3)
    source.publish(board_of(queues=5, agents=9, seq=2))
    await expect(page.locator(".card")).to_have_count(5)
    source.publish(board_of(queues=2, agents=9, seq=3))
    await expect(page.locator(".card")).to_have_count(2)


async def test_a_wait_goes_on_by_itself_from_the_time_of_the_server(
    server: str, page: Page, source: MemorySource
) -> None:
    await shown(page, server)
    now = source.board().now
    oldest = min(q.oldest_at for q in now.queues if q.oldest_at is not None)
    first = int(AT - oldest)
    texts = {f"{s // 60}:{s % 60:02}" for s in (first, first + 1)}
    value = page.locator("#summary .longest .value")
    assert await value.text_content() in texts
    later = first + 3
    await expect(value).to_have_text(f"{later // 60}:{later % 60:02}")


async def test_foreign_names_are_text_and_nothing_else(server: str, page: Page, source: MemorySource) -> None:
    source.publish(with_names(HOSTILE))
    await shown(page, server)
    assert sorted(await page.locator(".card h2").all_text_contents()) == sorted(HOSTILE)
    titles = await page.locator(".agent").evaluate_all("tiles => tiles.map((tile) => tile.title)")
    assert sorted(titles) == sorted(f"{name} · Talking" for name in HOSTILE)
    names = await page.locator(".agent h3").all_text_contents()
    assert sorted(n for n in names if "…" not in n) == sorted(HOSTILE[:-1]), "all but the endless one are whole"
    assert await page.locator(".card h2 *, .agent h3 *, .what *").count() == 0
    assert await page.evaluate("window.hit") is None
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1920, "a long name is cut"


@pytest.mark.parametrize(("lang", "direction", "digits", "month"), [
    ("en", "ltr", "0123456789", "November"), ("fa", "rtl", "۰۱۲۳۴۵۶۷۸۹", "آبان"), ("ar", "rtl", "٠١٢٣٤٥٦٧٨٩", "نوفمبر"),
])
async def test_each_language_has_its_digits_its_calendar_and_its_direction(
    server: str, page: Page, source: MemorySource, lang: str, direction: str, digits: str, month: str
) -> None:
    await shown(page, server, f"/?lang={lang}")
    assert await page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [lang, direction]
    waiting = sum(q.waiting for q in source.board().now.queues)
    own = str(waiting).translate(str.maketrans("0123456789", digits))
    await expect(page.locator("#summary .waiting .value")).to_have_text(own)
    await expect(page.locator("#date")).to_contain_text(month)
    brand, clock = await page.locator(".mark").bounding_box(), await page.locator("#clock").bounding_box()
    assert brand and clock and (brand["x"] < clock["x"]) is (direction == "ltr")


async def test_the_chosen_language_and_window_are_remembered(server: str, page: Page, source: MemorySource) -> None:
    await shown(page, server, "/?lang=fa")
    await page.select_option("#window", "30m")
    await shown(page, server, "/")
    assert await page.evaluate("document.documentElement.lang") == "fa"
    assert await page.input_value("#window") == "30m"


async def test_agents_are_tiles_while_they_can_be_read_and_counts_when_they_are_many(
    server: str, page: Page, source: MemorySource
) -> None:
    source.publish(board_of(queues=6, agents=40, seq=2))
    await shown(page, server)
    there = sum(a.state != "logged_out" for a in source.board().now.agents)
    await expect(page.locator(".agent")).to_have_count(there)
    source.publish(board_of(queues=20, agents=200, seq=3))
    await expect(page.locator(".agent")).to_have_count(0)
    talking = sum(a.state == "talking" for a in source.board().now.agents)
    await expect(page.locator(".chip[data-state=talking] b")).to_have_text(str(talking))


async def test_a_page_that_hears_nothing_more_says_so_and_recovers_by_itself(
    page: Page, app: FastAPI, source: MemorySource, unused_tcp_port: int
) -> None:
    async with running(app, unused_tcp_port) as url:
        await shown(page, url)
        await expect(page.locator("#banner")).to_be_hidden()
    await expect(page.locator("#banner")).to_contain_text("No news since", timeout=15_000)
    frozen = await page.locator("#summary .longest .value").text_content()
    await asyncio.sleep(2)
    assert await page.locator("#summary .longest .value").text_content() == frozen, "an old wait does not go on"
    async with running(app, unused_tcp_port):
        source.publish(board_of(queues=4, agents=12, seq=2))
        await expect(page.locator("#banner")).to_be_hidden(timeout=30_000)
        await expect(page.locator(".card")).to_have_count(4)


async def test_a_lost_link_is_said_over_all(server: str, page: Page, source: MemorySource) -> None:
    source.publish(board_of(queues=3, agents=12, seq=2, link=False))
    await shown(page, server)
    said = "No connection to the PBX since 10:21:29. Figures stand still."
    await expect(page.locator("#banner")).to_have_text(said)
    board = source.board()
    oldest = min(q.oldest_at for q in board.now.queues if q.oldest_at is not None)
    frozen = int(max(0, board.now.link_since - oldest))
    value = page.locator("#summary .longest .value")
    for _ in range(3):
        await expect(value).to_have_text(f"{frozen // 60}:{frozen % 60:02}")
        await asyncio.sleep(0.6)
    source.publish(board_of(queues=3, agents=12, seq=3))
    await expect(page.locator("#banner")).to_be_hidden()


async def test_who_waited_when_an_earlier_process_saw_the_pbx_last_has_waited_until_then(
    server: str, page: Page, source: MemorySource
) -> None:
    """The page tells what the API does; the link is down only since this process began to try."""
    board, replace = board_of(queues=3, agents=12, seq=2, link=False), msgspec.structs.replace
    now = replace(board.now, unseen=Unseen(AT - 400), queues=tuple(
        replace(queue, oldest_at=AT - 475, waiting_since=(AT - 475,), waiting=1) for queue in board.now.queues
    ), agents=tuple(replace(agent, since=AT - 430) for agent in board.now.agents))  # fmt: skip
    source.publish(replace(board, now=now))
    await shown(page, server)
    for _ in range(2):
        await expect(page.locator("#summary .longest .value")).to_have_text("1:15")
        assert await page.locator(".card .longest .value").all_text_contents() == ["1:15"] * 3
        assert set(await page.locator(".agent time").all_text_contents()) == {"0:30"}
        await asyncio.sleep(1.2)


GAPS = (Hole("main", AT - 920, AT - 890, "x"), Hole("main", AT - 700, AT - 430, "x"))
FILLED = tuple(msgspec.structs.replace(gap, repaired=True) for gap in GAPS)
MARKED = """() => [...document.querySelectorAll("#summary .stat, .card .stat")].filter((stat) =>
    getComputedStyle(stat.querySelector(".value")).textDecorationLine === "underline").map((stat) => [
        stat.classList[1], getComputedStyle(stat.querySelector(".value")).textDecorationStyle])"""


SEEN: list[tuple[tuple[Hole, ...], str, str, str | None, str | None]] = [
    (GAPS, "60m", "partial", "dashed", "5 mins unseen, 10:06–10:15"),
    (GAPS[:1], "15m", "partial", "dashed", "10 secs unseen, 10:07–10:07"),
    ((*GAPS, Hole("main", AT - 42, None, "x")), "30m", "partial", "dashed", "6 mins unseen since 10:06"),
    (FILLED, "60m", "repaired", "dotted", "5 mins filled in, 10:06–10:15"),
    ((*FILLED, GAPS[1]), "60m", "partial", "dashed", "5 mins unseen, 10:10–10:15"),
    ((Hole("main", AT - 1700, AT - 1600, "x"),), "15m", "whole", None, None),
]


async def test_figures_of_a_window_with_a_hole_say_so(server: str, page: Page, source: MemorySource) -> None:
    of_all, of_queue = ["level", "abandon", "answered", "speed"], ["level", "abandon", "answered"]
    await shown(page, server)
    for seq, (holes, window, state, line, said) in enumerate(SEEN, 2):
        await page.select_option("#window", window)
        source.publish(msgspec.structs.replace(board_of(3, 12, seq=seq), holes=holes))
        await expect(page.locator("body")).to_have_attribute("data-seen", state)
        if said:
            await expect(page.locator("#seen")).to_have_text(said)
        else:
            await expect(page.locator("#seen")).to_be_hidden()
        marked = await page.evaluate(MARKED)
        assert sorted(marked) == sorted([name, line] for name in (of_all + 3 * of_queue if said else []))
        signs = await page.locator(".unseen:visible use").all()
        assert len(signs) == (len(of_all) + 3 if said else 0)
        assert {await sign.get_attribute("href") for sign in signs} == ({f"#i-{state}"} if said else set())


ALARMS: list[tuple[dict[str, Any], list[str]]] = [
    ({"store_failure": "database is locked", "store_failed_since": AT - 30},
     ["The store cannot be written; everything is kept in memory.since 10:21:41"]),
    ({"store_failure": "database or disk is full"}, ["The disk is full; everything is kept in memory. Make room."]),
    ({"store_damaged": "x", "queue_log_differences": {"sales": 1}},
     ["The store is damaged. Restore the newest backup.", "Figures differ from the PBX's own queue_log."]),
    ({"backup_failure": "x", "queue_log_failure": "x"}, []),
    ({"backup_age_s": 7300.0, "backup_old_s": 7200.0}, ["The last good backup of the store is old."]),
]


async def test_what_is_wrong_is_said_in_a_bar(server: str, page: Page, source: MemorySource) -> None:
    await shown(page, server)
    for seq, (health, said) in enumerate(ALARMS, 2):
        board = board_of(queues=1 + seq % 2, agents=12, seq=seq)
        source.publish(msgspec.structs.replace(board, alarms=tuple(alarms(Health(**health)))))
        await expect(page.locator(".card")).to_have_count(1 + seq % 2)
        await expect(page.locator(".alarm")).to_have_text(said)


CUT = """() => [...document.querySelectorAll("#banner, .alarm, #seen")]
    .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""
COVERED = """() => [...document.querySelectorAll(".stat")].filter((stat) => {
    const [sign, ...texts] = [".unseen", ".value", ".rest", ".label"].map((c) => stat.querySelector(c)).filter(Boolean);
    if (!sign.matches(".unseen") || getComputedStyle(sign).display === "none") return false;
    const a = sign.getBoundingClientRect();
    return texts.filter((t) => t.textContent).some((text) => {
        const range = document.createRange(); range.selectNodeContents(text);
        const b = range.getBoundingClientRect();
        const high = 0.25 * b.height;  // a line is higher than its letters
        return a.left < b.right && b.left < a.right && a.bottom > b.top + high && a.top < b.bottom - high;
    });
}).map((stat) => stat.textContent)"""


async def test_nothing_is_cut_when_everything_is_wrong(server: str, page: Page, source: MemorySource) -> None:
    wrong = Health(store_failure="disk is full", store_failed_since=AT, queue_log_differences={"sales": 1})
    holes = (*GAPS, Hole("main", AT - 42, None, "x"))
    cases = [(lang, *size) for lang in ("en", "fa", "ar") for size in ((3, 12, 1080), (6, 40, 720), (20, 200, 1080))]
    for seq, (lang, queues, agents, height) in enumerate(cases, 2):
        board = board_of(queues, agents, seq=seq, link=False)
        source.publish(msgspec.structs.replace(board, alarms=tuple(alarms(wrong)), holes=holes))
        await page.set_viewport_size({"width": height * 16 // 9, "height": height})
        await shown(page, server, f"/?lang={lang}&window=60m")
        await expect(page.locator(".alarm")).to_have_count(2)
        await expect(page.locator(".card")).to_have_count(queues if queues <= 12 else queues // 2)
        await expect(page.locator("#queues")).to_have_attribute("data-charts", re.compile("true|false"))
        await page.evaluate("document.fonts.ready")
        ARTIFACTS.mkdir(exist_ok=True)
        await page.screenshot(path=ARTIFACTS / f"wallboard-wrong-{lang}-{queues}x{agents}.png")
        for question in (OVERFLOWING, COVERED, CUT):
            assert await page.evaluate(question) == [], (lang, queues)


async def test_good_and_bad_are_told_by_sign_as_well_as_by_colour(server: str, page: Page) -> None:
    await page.goto(server + "/docs")
    judged = await page.evaluate("""async () => {
        const { atLeast, atMost, wait } = await import("/static/judge.js");
        return [atLeast(0.8, 0.8), atLeast(0.79, 0.8), atLeast(0.69, 0.8), atLeast(null, 0.8), atLeast(0.8, undefined),
                atMost(0.05, [0.05, 0.08]), atMost(0.08, [0.05, 0.08]), atMost(0.081, [0.05, 0.08]),
                atMost(null, [0, 1]), wait(20, 20), wait(60, 20), wait(61, 20), wait(null, 20)];
    }""")
    good, near, bad, none = "good", "near", "bad", "none"
    assert judged == [good, near, bad, none, none, good, near, bad, none, good, near, bad, none]
    await shown(page, server)
    for card in await page.locator(".card").all():
        level = await card.get_attribute("data-level")
        assert await card.locator(".level .number use").get_attribute("href") == f"#i-{level}"


async def test_times_and_shares_are_said_truly(server: str, page: Page) -> None:
    await page.goto(server + "/docs")
    said = await page.evaluate("""async () => {
        const { formats } = await import("/static/format.js");
        const en = formats("en", "Asia/Tehran"), fa = formats("fa", "Asia/Tehran");
        return [
            en.duration(0), en.duration(59.9), en.duration(61), en.duration(3723), en.duration(null), en.duration(-1),
            fa.duration(61), en.percent(0.796), en.percent(0.29), en.percent(1), en.fine(0.0512), fa.percent(0.8),
            en.count(12345), en.percent(null), en.clock(Date.UTC(2026, 10, 16, 21, 5)),
        ];
    }""")
    assert said == ["0:00", "0:59", "1:01", "1:02:03", "–", "0:00", "۱:۰۱", "79%", "29%", "100%", "5.1%", "۸۰٪",
                    "12,345", "–", "00:35"]


OVERFLOWING = """() => {
    const clipped = [];
    const texts = ".value, .label, .rest, .chip, #clock, #date, .of-state, time, header > *";
    for (const e of document.querySelectorAll(texts))
        if (e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline")
            clipped.push(`${e.className} ${e.textContent}`);
    const box = (e) => e.getBoundingClientRect();
    for (const card of document.querySelectorAll(".card, .agent, #summary .stat"))
        for (const e of card.querySelectorAll(".value, .label, .rest, .meter, time, h2, h3, .plot, .hours span, .top"))
            if (e.offsetParent && (box(e).bottom > box(card).bottom + 1 || box(e).left < box(card).left - 1
                || box(e).right > box(card).right + 1))
                clipped.push(`outside: ${e.className} ${e.textContent}`);
    for (const card of document.querySelectorAll(".body")) {
        const foot = box(card.querySelector(".more")).top, now = box(card.querySelector(".now"));
        const [a, b] = [...card.querySelectorAll(".more > .stat")].map(box), edge = box(card.querySelector(".more"));
        if (a.left < b.right && b.left < a.right) clipped.push("foot");
        const wide = Math.max(a.right, b.right) > edge.right + 1;
        if (wide || Math.min(a.left, b.left) < edge.left - 1) clipped.push("wide foot");
        for (const e of card.querySelectorAll(".meter, .under, .number:not(.more *), .plot, .hours"))
            if (e.offsetParent && box(e).bottom > foot + 1) clipped.push(`over the foot: ${e.className}`);
        for (const e of card.querySelectorAll(".plot")) {
            if (!e.offsetParent) continue;
            if (box(e).height < 0.018 * innerHeight) clipped.push(`chart of ${box(e).height} px`);
            const beside = now.left < box(e).left ? now.right > box(e).left : now.left < box(e).right;
            if (beside && now.bottom > box(e).top + 1) clipped.push("numbers over a chart");
        }
        const marks = [...card.querySelectorAll(".levels .hours span")].map(box);
        const crossed = (a, i) => marks.some((b, j) => i < j && a.left < b.right && b.left < a.right);
        if (marks.some(crossed)) clipped.push("hours");
    }
    for (const e of document.querySelectorAll("#ticker .item, #ticker .who, #ticker .said"))
        if (e.scrollWidth > e.clientWidth + 1) clipped.push(`ticker: ${e.textContent}`);
    for (const e of document.querySelectorAll(".value, .rest, .aimed, h3")) {
        const text = document.createRange(), frame = box(e.closest(".stat, .agent"));
        text.selectNodeContents(e);
        if (e.offsetParent && e.textContent && (box(text).left < frame.left - 1 || box(text).right > frame.right + 1))
            clipped.push(`over the edge: ${e.className} ${e.textContent}`);
        if (e.localName === "h3" && box(text).width > box(e).width) clipped.push(`cut: ${e.textContent}`);
    }
    if (document.documentElement.scrollHeight > innerHeight) clipped.push("page");
    if (document.documentElement.scrollWidth > innerWidth) clipped.push("page is too wide");
    return clipped;
}"""


@pytest.mark.parametrize(("queues", "agents", "cards"), [(3, 12, 3), (6, 40, 6), (12, 18, 12), (20, 200, 10)])
@pytest.mark.parametrize("lang", ["en", "fa", "ar"])
async def test_nothing_is_cut_or_overlaps_on_a_wall_screen(
    page: Page, lang: str, queues: int, agents: int, cards: int
) -> None:
    source = MemorySource(config_of("Asia/Tehran"), board_of(queues, agents))
    live_day(source)
    async with running(create_app(source)) as url:
        await shown(page, url, f"/?lang={lang}")
        await expect(page.locator(".card")).to_have_count(cards)
        await charted(page)
        ARTIFACTS.mkdir(exist_ok=True)
        await page.screenshot(path=ARTIFACTS / f"wallboard-{lang}-{queues}x{agents}.png")
        assert await page.evaluate(OVERFLOWING) == []
        await page.goto(f"{url}/?lang={lang}&charts=0")
        await expect(page.locator(".card")).to_have_count(queues)
        assert await page.evaluate(OVERFLOWING) == []


SCREENS = [(1280, 720), (1366, 768), (1920, 1080), (3840, 2160)]


@pytest.mark.parametrize("lang", ["en", "fa", "ar"])
async def test_nothing_is_cut_on_a_screen_of_any_size(page: Page, lang: str) -> None:
    source = MemorySource(config_of("Asia/Tehran"), board_of(6, 40))
    live_day(source)
    async with running(create_app(source)) as url:
        await shown(page, url, f"/?lang={lang}")
        await charted(page)
        for queues in (6, 12, 40):
            source.publish(board_of(queues, 40, seq=queues))
            await expect(page.locator(".card")).to_have_count(min(queues, 10 if queues > 12 else 12))
            for width, height in SCREENS:
                await page.set_viewport_size({"width": width, "height": height})
                await page.evaluate(SETTLED)
                await page.screenshot(path=ARTIFACTS / f"wallboard-{lang}-{queues}-{width}x{height}.png")
                assert await page.evaluate(OVERFLOWING) == [], (queues, width, height)
                smallest = await page.evaluate(SMALLEST)
                assert smallest >= 0.0125 * height, (queues, width, height)


SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SMALLEST = """Math.min(...[...document.querySelectorAll(".agent *, .label, .hours span, .top, .what, h2")]
    .filter((e) => e.offsetParent && e.textContent).map((e) => parseFloat(getComputedStyle(e).fontSize)))"""


async def test_namesakes_can_be_told_apart(server: str, page: Page, source: MemorySource) -> None:
    board = board_of(6, 36)
    names = [f"Maryam Hosseini {n}" for n in range(35)] + ["Abdolrahman " * 8 + "the Second"]
    agents = tuple(
        msgspec.structs.replace(a, name=name, state="talking")
        for a, name in zip(board.now.agents, names, strict=True)
    )
    source.publish(msgspec.structs.replace(board, seq=2, now=msgspec.structs.replace(board.now, agents=agents)))
    await shown(page, server)
    await expect(page.locator(".agent")).to_have_count(36)
    told = await page.locator(".agent h3").all_text_contents()
    assert set(names[:-1]) < set(told)
    (cut,) = set(told) - set(names)
    assert cut.startswith("Abdolrahman") and cut.endswith("Second")
    assert await page.locator(f'.agent[title^="{names[-1]}"]').count() == 1
    assert await page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("lang", ["fa", "ar"])
async def test_the_percent_sign_stands_on_one_side_of_all_numbers(server: str, page: Page, lang: str) -> None:
    await shown(page, server, f"/?lang={lang}")
    numbers = ".level .value, .aimed, .rest bdi, .abandon .value, .levels .top"
    sides = await page.evaluate("""(numbers) => [...document.querySelectorAll(numbers)]
        .filter((e) => e.offsetParent && e.textContent.includes("٪")).map((e) => {
            const text = e.firstChild, i = text.data.indexOf("٪"), [sign, digit] = [i, 0].map((at) => {
                const range = document.createRange();
                range.setStart(text, at); range.setEnd(text, at + 1);
                return range.getBoundingClientRect();
            });
            return sign.left > digit.left;
        })""", numbers)
    assert len(sides) >= 9 and len(set(sides)) == 1, sides


@pytest.mark.parametrize("lang", ["fa", "ar"])
async def test_the_header_is_as_high_as_in_english(server: str, page: Page, lang: str) -> None:
    await shown(page, server, "/?lang=en")
    english = await page.locator("#window").bounding_box()
    await shown(page, server, f"/?lang={lang}")
    own = await page.locator("#window").bounding_box()
    assert english and own and own["height"] == pytest.approx(english["height"], abs=1)


async def test_the_abandon_rate_says_that_short_abandons_are_left_out(server: str, page: Page) -> None:
    await shown(page, server)
    for title in await page.locator(".abandon").evaluate_all("all => all.map((e) => e.title)"):
        assert "short abandons (under \u20685\u2069 s) are left out" in title


async def test_a_phone_can_scroll_it(server: str, page: Page, source: MemorySource) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await shown(page, server)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.evaluate("document.documentElement.scrollHeight") > 844
    source.publish(board_of(queues=6, agents=40, seq=2))
    await expect(page.locator(".card")).to_have_count(6)
    assert [at for at in await page.evaluate(OVERFLOWING) if at != "page"] == []
    await page.screenshot(path=ARTIFACTS / "wallboard-phone.png")
