"""The wallboard as a screen on a wall: which queues, the whole screen, pages, ticker, charts, and news that stop."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
import pytest
import pytest_asyncio
from memory_source import MemorySource, running
from playwright.async_api import Browser, Page, expect
from sample_boards import AT, QUEUES, board_of, config_of, live_day

from callcenter import day_kept
from callcenter.floor.records import AgentState, Hole, Outcome, Visit
from callcenter.metrics.health import Health, alarms
from callcenter.web import pages
from callcenter.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FASTER = """(() => {
    const FACTOR = 10, clock = performance.now.bind(performance), later = setTimeout, again = setInterval;
    performance.now = () => FACTOR * clock();
    window.setTimeout = (f, ms, ...rest) => later(f, (ms ?? 0) / FACTOR, ...rest);
    window.setInterval = (f, ms, ...rest) => again(f, ms / FACTOR, ...rest);
})()"""
"""The page's own time passes ten times as fast."""


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An error in its scripts fails the test."""
    one = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-GB")
    errors: list[str] = []
    one.on("pageerror", lambda error: errors.append(str(error)))
    yield one
    await one.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="module")
async def server(source: MemorySource) -> AsyncIterator[str]:
    source.publish(board_of(12, 40, seq=2))
    live_day(source)
    async with running(create_app(source)) as url:
        yield url


async def names(page: Page) -> list[str]:
    return await page.locator(".card h2").all_text_contents()


# ---- which queues ----------------------------------------------------------------------------------------------


async def test_queues_are_chosen_by_the_keyboard_and_the_choice_stands_in_the_address(server: str, page: Page) -> None:
    await page.goto(f"{server}/?lang=fa")
    await expect(page.locator(".card")).to_have_count(12)
    await page.keyboard.press("q")
    await expect(page.locator("#panel")).to_be_visible()
    for name in ("vip", "sales"):
        await page.get_by_role("checkbox", name=name).focus()
        await page.keyboard.press("Space")
    await expect(page.locator(".card")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel")).to_be_hidden()
    assert urlsplit(page.url).query == "lang=fa&queues=sales&queues=vip"
    await page.reload()
    await expect(page.locator(".card h2")).to_have_text(["sales", "vip"])
    await expect(page.locator("#choose-word")).to_have_text("۲ صف از ۱۲")
    english = page.locator("#languages a").first
    await english.click()
    await expect(page.locator("#choose-word")).to_have_text("2 of 12 queues")
    await page.locator("#choose").click()
    await page.get_by_role("checkbox", name="All queues").click()
    await expect(page.locator(".card")).to_have_count(12)
    await page.get_by_role("button", name="Close").click()
    assert urlsplit(page.url).query == "lang=en"


async def test_a_queue_with_a_comma_in_its_name_can_be_chosen(server: str, page: Page, source: MemorySource) -> None:
    board = source.board()
    comma, *others = board.now.queues
    queues = (msgspec.structs.replace(comma, name="sales, vip"), *others)
    source.publish(msgspec.structs.replace(board, seq=3, now=msgspec.structs.replace(board.now, queues=queues)))
    await page.goto(f"{server}/?lang=en&queues=vip,billing")
    await expect(page.locator(".card")).to_have_count(2)
    await page.locator("#choose").click()
    await expect(page.get_by_role("checkbox", name="vip", exact=True)).to_be_checked()
    await page.get_by_role("checkbox", name="sales, vip").click()
    for name in ("vip", "billing"):
        await page.get_by_role("checkbox", name=name, exact=True).click()
    await expect(page.locator(".card h2")).to_have_text(["sales, vip"])
    await page.reload()
    await expect(page.locator(".card h2")).to_have_text(["sales, vip"])
    await expect(page.locator("#unknown")).to_be_hidden()


async def test_keys_work_on_any_keyboard(server: str, page: Page) -> None:
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator(".card")).to_have_count(12)
    # A Persian one, Caps Lock, an AZERTY one, a remote control that tells no places; an A where Q is elsewhere.
    for key, code, opens in (
        ("ض", "KeyQ", True), ("Q", "KeyQ", True), ("q", "KeyA", True), ("Enter", "", True), ("a", "KeyQ", False),
    ):  # fmt: skip
        await page.evaluate(
            "init => document.body.dispatchEvent(new KeyboardEvent('keydown', { ...init, bubbles: true }))",
            {"key": key, "code": code},
        )
        assert await page.evaluate("document.getElementById('panel').open") is opens, (key, code)
        await page.evaluate("document.getElementById('panel').close()")
    await page.evaluate("() => { document.documentElement.requestFullscreen = async () => { window.asked += '!'; }; }")
    for key in ("ب", "F"):
        press = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code: 'KeyF', bubbles: true }))"
        await page.evaluate(press, key)
    assert await page.evaluate("window.asked") == "undefined!!"


async def test_queues_are_chosen_with_a_remote_control(server: str, page: Page) -> None:
    """It has arrows and Enter."""
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator(".card")).to_have_count(12)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("checkbox", name="All queues")).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowUp", "Enter"):  # the second, then the first of the list
        await page.keyboard.press(key)
    await expect(page.locator(".card")).to_have_count(2)
    for key in ("ArrowUp", "ArrowUp"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel")).to_be_hidden()
    names = sorted(await page.locator(".card h2").all_text_contents())
    assert names == ["billing", "fiber"], "the first two by name"


async def test_a_queue_that_is_not_there_is_said_and_the_others_are_shown(
    server: str, page: Page, source: MemorySource
) -> None:
    await page.goto(f"{server}/?lang=en&queues=sales,<b>gone</b>")
    await expect(page.locator(".card h2")).to_have_text(["sales"])
    await expect(page.locator("#unknown")).to_have_text("No such queue: <b>gone</b>")
    await page.goto(f"{server}/?lang=en&queues=gone")
    await expect(page.locator(".card")).to_have_count(12)
    await expect(page.locator("#unknown")).to_have_text("No such queue: gone")
    renamed = source.board().now.queues[0]
    queues = (msgspec.structs.replace(renamed, name="gone"), *source.board().now.queues[1:])
    now = msgspec.structs.replace(source.board().now, queues=queues)
    source.publish(msgspec.structs.replace(source.board(), seq=3, now=now))
    await expect(page.locator(".card h2")).to_have_text(["gone"])
    await expect(page.locator("#unknown")).to_be_hidden()


async def test_the_summary_is_of_the_chosen_queues(server: str, page: Page, source: MemorySource) -> None:
    chosen = ["sales", "billing", "orders"]
    figures = source.window.figures(AT)
    source.publish(msgspec.structs.replace(source.board(), seq=3, figures=figures))
    only = MemorySource(config_of("UTC"), board_of(3, 3))
    # The window's own sum over these queues alone is the truth: one that never saw another queue.
    only.window.restore([v for v in live_day(MemorySource(source.config, board_of(1, 1))) if v.queue in chosen], [])
    truth = only.window.figures(AT)["today"][""]
    await page.goto(f"{server}/?lang=en&queues={','.join(chosen)}")
    await expect(page.locator("#summary .answered .number")).to_have_text(
        f"{truth['answered']:,}of {truth['offered']:,}"
    )
    await expect(page.locator("#summary .level .value")).to_have_text(f"{int(100 * (truth['service_level'] or 0))}%")
    await expect(page.locator("#summary .abandon .value")).to_have_text(f"{100 * (truth['abandon_rate'] or 0):.1f}%")
    speed = int(truth["average_speed_of_answer"] or 0)
    await expect(page.locator("#summary .speed .value")).to_have_text(f"{speed // 60}:{speed % 60:02}")
    waiting = sum(q.waiting for q in source.board().now.queues if q.name in chosen)
    await expect(page.locator("#summary .waiting .value")).to_have_text(str(waiting))
    members = sum(a.state != "logged_out" and bool(set(a.queues) & set(chosen)) for a in source.board().now.agents)
    told = await page.locator(".chip:not([data-state=logged_out]) b").all_text_contents()
    assert sum(map(int, told)) == members


# ---- the screen ------------------------------------------------------------------------------------------------


async def test_f_takes_the_whole_screen_which_then_stays_awake(server: str, page: Page) -> None:
    await page.add_init_script("""window.locks = [];
        navigator.wakeLock.request = async (kind) => {
            const lock = new EventTarget();
            lock.release = () => { window.locks.push("released"); lock.dispatchEvent(new Event("release")); };
            window.locks.push(kind);
            return lock;
        };""")
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator(".card")).to_have_count(12)
    assert await page.evaluate("window.locks") == [], "a page on a desk may sleep"
    await page.keyboard.press("f")
    await expect(page.locator("body")).to_have_attribute("data-full", "")
    await expect(page.get_by_role("button", name="Full screen (F)")).to_have_attribute("aria-pressed", "true")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert await page.evaluate("window.locks") == ["screen"], "it is asked for once"
    await page.get_by_role("button", name="Full screen (F)").click()
    await expect(page.locator("body[data-full]")).to_have_count(0)
    assert await page.evaluate("window.locks") == ["screen", "released"]


async def test_more_queues_than_can_be_read_come_page_by_page(server: str, page: Page, source: MemorySource) -> None:
    await page.add_init_script(FASTER)
    source.publish(board_of(40, 60, seq=3))
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator("#pages span")).to_have_text("1 / 4")
    first = await names(page)
    await expect(page.locator("#pages span")).to_have_text("2 / 4", timeout=15_000)  # by itself
    turned = first + await names(page)
    await page.keyboard.press("ArrowRight")
    turned += await names(page)
    await page.locator("#pages button").last.click()
    turned += await names(page)
    assert sorted(turned) == sorted(QUEUES)
    await page.keyboard.press("ArrowRight")
    assert await names(page) == first
    await page.locator("#pages button").first.click()
    await expect(page.locator("#pages span")).to_have_text("4 / 4")
    await asyncio.sleep(2)
    await expect(page.locator("#pages span")).to_have_text("4 / 4")  # whoever turned by hand is left alone
    longest = max(AT - q.oldest_at for q in source.board().now.queues if q.oldest_at is not None)
    shown = await page.locator("#summary .longest .value").text_content() or ""
    assert sum(int(n) * f for n, f in zip(shown.split(":"), (60, 1), strict=True)) >= int(longest), "of all pages"


# ---- what is wrong ---------------------------------------------------------------------------------------------


async def test_the_ticker_tells_the_worst_first_and_all_in_turn(server: str, page: Page, source: MemorySource) -> None:
    board = board_of(12, 40, seq=3)
    there = {AgentState.AVAILABLE: 1}
    oldest = {"support": (2, AT - 61.5), "vip": (1, AT - 61.5)}
    queues = tuple(
        msgspec.structs.replace(q, waiting=n, oldest_at=since, agents={} if q.name == "vip" else there)
        for q in board.now.queues
        for n, since in [oldest.get(q.name, (0, None))]
    )
    fine = {"offered": 50, "service_level": 0.9, "abandon_rate": 0.01}
    low, high = {**fine, "service_level": 0.5}, {**fine, "abandon_rate": 0.08004}
    figures = {"30m": {q.name: fine for q in queues} | {"orders": low, "sales": high, "": fine}}
    wrong = Health(mqtt_up=False, mqtt_failure="refused", actions_failure="x")
    wrongs = tuple(alarms(wrong))
    bad = msgspec.structs.replace(
        board, now=msgspec.structs.replace(board.now, queues=queues), figures=figures, alarms=wrongs
    )
    source.publish(bad)
    await page.add_init_script(FASTER)
    await page.goto(f"{server}/?lang=en")
    items = page.locator("#ticker .item")
    first = ["vip1 waiting, nobody is logged in", "support waiting for 1:01, longer than 1:00",
             "vip waiting for 1:01, longer than 1:00"]  # fmt: skip
    first = [text.replace("support ", "support").replace("vip ", "vip") for text in first]
    await expect(items).to_have_text(first)
    await expect(page.locator("#ticker .count")).to_have_text("1 / 3")
    spoken = await page.locator("#spoken").text_content()
    assert spoken and len(spoken.split(". ")) >= 6, "who listens hears all of it"
    second = ["Nothing can be asked of the PBX.", "The MQTT broker cannot be reached.",
              "ordersservice level 50%, aim 80% (30 minutes)"]  # fmt: skip
    await expect(items).to_have_text(second)
    await expect(items).to_have_text(["salesabandon rate 8.1%, at most 8.0% (30 minutes)"])  # a little more is more
    source.publish(msgspec.structs.replace(bad, seq=4, now=msgspec.structs.replace(bad.now, at=AT + 1)))
    await asyncio.sleep(0.5)
    assert await page.locator("#spoken").text_content() == spoken, "a second more of waiting is no news"
    calm = tuple(msgspec.structs.replace(q, waiting=0, oldest_at=None) for q in queues)
    source.publish(msgspec.structs.replace(
        bad, seq=5, alarms=(), now=msgspec.structs.replace(bad.now, queues=calm), figures={"30m": {"": fine}}
    ))
    await expect(items).to_have_text(["Nothing is off its limits"])
    await expect(page.locator("#spoken")).to_have_text("")


@pytest.mark.parametrize("lang", ["en", "fa", "ar"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (3840, 2160)])
async def test_no_name_in_the_ticker_is_cut(
    server: str, page: Page, source: MemorySource, lang: str, width: int, height: int
) -> None:
    board = board_of(6, 12, seq=3)
    names = ["installation", "complaints", "customer-service-of-the-north-west", "queue11", "پشتیبانی فنی مشتریان", "a"]
    queues = tuple(
        msgspec.structs.replace(queue, name=name) for queue, name in zip(board.now.queues, names, strict=True)
    )
    figures = {"30m": {name: {"offered": 50, "service_level": 0.5} for name in names} | {"": {"offered": 300}}}
    targets = {name: {"threshold_s": 20.0, "service_level": 0.8} for name in names}
    now = msgspec.structs.replace(board.now, queues=queues)
    source.publish(msgspec.structs.replace(board, now=now, figures=figures, targets=targets))
    await page.set_viewport_size({"width": width, "height": height})
    await page.add_init_script(FASTER)
    await page.goto(f"{server}/?lang={lang}")
    seen: set[str] = set()
    async with asyncio.timeout(20):
        while not seen >= set(names):
            seen |= {name for name in names for line in await page.evaluate(IN_ROW) if line.startswith(name)}
            assert await page.evaluate(CUT) == []
            await asyncio.sleep(0.05)


async def test_a_line_of_the_ticker_that_lacks_a_part_of_a_pixel_comes_next(
    server: str, page: Page, source: MemorySource
) -> None:
    board = board_of(3, 12, seq=3)
    names = [queue.name for queue in board.now.queues]
    figures = {"30m": {name: {"offered": 50, "service_level": 0.5} for name in names} | {"": {"offered": 300}}}
    targets = {name: {"threshold_s": 20.0, "service_level": 0.8} for name in names}
    source.publish(msgspec.structs.replace(board, figures=figures, targets=targets))
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator("#ticker .item")).to_have_count(3)
    told = await page.evaluate(IN_ROW)
    assert len(told) == 3
    await page.evaluate(ALL_BUT_FITS)
    assert await page.evaluate(IN_ROW) == told[:2]
    assert await page.evaluate(CUT) == []
    await expect(page.locator("#ticker .count")).to_have_text(re.compile("^2 / "), timeout=15_000)
    assert (await page.evaluate(IN_ROW))[0] == told[2]


IN_ROW = """() => [...document.querySelectorAll("#ticker .item")].filter((e, n, [one]) => e.offsetTop === one.offsetTop)
    .map((e) => e.textContent)"""
ALL_BUT_FITS = """() => {
    const list = document.querySelector("#ticker .items"), [first, , last] = list.children;
    const needed = last.getBoundingClientRect().right - first.getBoundingClientRect().left;
    list.style.flex = `0 0 ${needed - 0.6}px`;
}"""
CUT = """() => {
    const inside = document.createRange();
    return [...document.querySelectorAll("#ticker .who, #ticker .said")].filter((e) => {
        inside.selectNodeContents(e);
        return inside.getBoundingClientRect().width > e.getBoundingClientRect().width + 0.05;
    }).map((e) => e.textContent);
}"""


JUDGED = """() => [...document.querySelectorAll(".stat")].filter((stat) => {
    const [sign, value] = [".number > .glyph", ".value"].map((css) => stat.querySelector(css));
    return sign && value.textContent !== "–";
}).map((stat) => {
    const sign = stat.querySelector(".number > .glyph");
    return [stat.className, getComputedStyle(sign).display !== "none", sign.firstChild.getAttribute("href"),
            sign.getAttribute("role"), sign.getAttribute("aria-label")];
})"""
SAID = {  # of what is to be high and of what is to be low alike
    "en": {"#i-good": "on target", "#i-near": "near the target", "#i-bad": "off target"},
    "fa": {"#i-good": "در حد هدف", "#i-near": "نزدیک هدف", "#i-bad": "خارج از هدف"},
    "ar": {"#i-good": "ضمن الهدف", "#i-near": "قريب من الهدف", "#i-bad": "خارج الهدف"},
}


async def test_each_judged_figure_has_a_shape_and_a_word_beside_its_colour(server: str, page: Page) -> None:
    for lang, words in SAID.items():
        await page.goto(f"{server}/?lang={lang}")
        await expect(page.locator(".card")).to_have_count(12)
        told = await page.evaluate(JUDGED)
        assert len(told) > 25
        for name, visible, sign, role, label in told:
            assert (visible, role, label) == (True, "img", words[sign]), name
        assert {sign for *_, sign, _, _ in told} == set(words)


# ---- the day as charts -----------------------------------------------------------------------------------------

HEIGHTS = """() => {
    const drawn = /M([\\d.]+) 100v-([\\d.]+)/g;
    const bars = (path) => [...path.getAttribute("d").matchAll(drawn)].map((m) => [+m[1], +m[2]]);
    const paths = (card) => [...card.querySelectorAll(".plot path")].map((p) => [p.getAttribute("class"), bars(p)]);
    return Object.fromEntries([...document.querySelectorAll(".card")].map((card) => [
        card.querySelector("h2").textContent, Object.fromEntries(paths(card))]));
}"""


async def test_charts_draw_what_the_api_tells_and_gaps_where_nothing_is_known(page: Page, source: MemorySource) -> None:
    hours = AT - AT % 3600
    holes = (Hole("main", hours - 3600, hours, "link lost"), Hole("main", hours + 600, hours + 700, "link lost"))
    half_past_eight = [(hours - 5400, wait_s, Outcome.ANSWERED) for wait_s in (10.0, 10.0, 10.0, 50.0)]
    now = [(hours + n, 5.0, Outcome.ANSWERED) for n in range(8)]
    visits = [
        Visit("sales", at, 1, at + wait_s, wait_s, outcome, talk_s=9.0)
        for at, wait_s, outcome in (*half_past_eight, *now, (hours - 9000, 50.0, Outcome.ABANDONED))
    ]
    source.window.restore(visits, [])
    source.publish(msgspec.structs.replace(board_of(3, 12, seq=2), holes=holes))
    async with running(create_app(source)) as url:
        await page.goto(f"{url}/?lang=en")
        await expect(page.locator("#queues")).to_have_attribute("data-charts", "true")
        drawn = await page.evaluate(HEIGHTS)
        # From 07:30 to 10:30 in six half hours: an abandoned one, none, four, two that nobody saw, eight so far.
        slot = 1000 / 6
        assert [(round(x // slot), high) for x, high in drawn["sales"]["offered"]] == [
            (0, 12.5), (1, 2.5), (2, 50.0), (5, 100.0),
        ]  # fmt: skip
        assert [(round(x // slot), high) for x, high in drawn["sales"]["abandoned"]] == [(0, 12.5)]
        assert [(round(x // slot), high) for x, high in drawn["sales"]["bad"]] == [(0, 2.5)], "0 % is seen"
        assert [(round(x // slot), high) for x, high in drawn["sales"]["near"]] == [(2, 75.0)]
        assert [(round(x // slot), high) for x, high in drawn["sales"]["good"]] == [(5, 100.0)]
        assert [high for _, high in drawn["support"]["offered"]] == [2.5] * 4, "nobody called: 0, but not while unseen"
        card = page.locator(".card").filter(has=page.get_by_role("heading", name="sales"))
        assert await card.locator(".levels .blinds i").evaluate_all(
            "all => all.map((e) => [e.dataset.seen, e.style.insetInlineStart, e.style.inlineSize])"
        ) == [["nothing", "50%", "33.33%"], ["partial", "83.33%", "12.33%"]], "the last one up to now"
        await expect(card.locator(".calls .top")).to_have_text("8")
        await expect(card.locator(".levels .top")).to_have_text("80%")
        assert await card.locator(".levels .line").evaluate("e => e.style.insetBlockEnd") == "80%"
        await expect(card.locator(".calls")).to_have_attribute("aria-label", "Calls: 13. Abandoned: 1.")
        await expect(card.locator(".levels .hours span")).to_have_text(["08:00", "09:00"])
        await page.goto(f"{url}/?lang=en&charts=0")
        await expect(page.locator("#queues")).to_have_attribute("data-charts", "false")


async def test_hours_are_said_by_the_clock_of_the_site(page: Page) -> None:
    source = MemorySource(config_of("Asia/Tehran"), board_of(3, 12))
    live_day(source)
    async with running(create_app(source)) as url:
        await page.goto(f"{url}/?lang=fa")
        await expect(page.locator("#queues")).to_have_attribute("data-charts", "true")
        marks = await page.locator(".card").first.locator(".levels .hours span").all_text_contents()
    assert marks == ["۱۰:۰۰", "۱۲:۰۰"], "13:52 in Tehran"


async def test_charts_that_are_told_no_more_are_grey_and_say_up_to_when(
    server: str, page: Page, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_kept, "KEPT_S", 0.0)
    await page.add_init_script(FASTER)
    await page.goto(f"{server}/?lang=en")
    queues, chart = page.locator("#queues"), page.locator(".chart").first
    await expect(queues).to_have_attribute("data-charts", "true")
    await page.route("**/kpis/intervals*", lambda route: route.abort())
    source.publish(board_of(12, 40, seq=3, at=AT + 200))
    await expect(queues).to_have_attribute("data-old", "true", timeout=30_000)
    await expect(page.locator(".old").first).to_be_visible()
    await expect(page.locator(".old")).to_have_text(["only up to 10:22"] * 12)
    assert "grayscale" in await chart.evaluate("e => getComputedStyle(e).filter")
    await expect(page.locator("#banner")).to_be_hidden()  # of the board there are news
    await page.unroute("**/kpis/intervals*")
    await expect(queues).to_have_attribute("data-old", "false")
    await expect(page.locator(".old").first).to_be_hidden()


async def test_charts_of_a_pbx_whose_time_runs_faster_are_not_old(
    server: str, page: Page, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a demonstration: half a minute from one question to the next is five minutes of the PBX."""
    monkeypatch.setattr(day_kept, "KEPT_S", 0.0)
    await page.goto(f"{server}/?lang=en")
    queues = page.locator("#queues")
    await expect(queues).to_have_attribute("data-old", "false")
    source.publish(board_of(12, 40, seq=3, at=AT + 300))
    await expect(page.locator("#clock")).to_contain_text(":27")
    await page.wait_for_timeout(1_500)
    await expect(queues).to_have_attribute("data-old", "false")


async def test_charts_whose_time_stands_still_are_old_though_they_are_told(server: str, page: Page) -> None:
    await page.add_init_script(FASTER)
    await page.goto(f"{server}/?lang=en")
    await expect(page.locator("#queues")).to_have_attribute("data-old", "true", timeout=30_000)


async def test_a_day_that_cannot_be_drawn_is_no_secret_and_the_next_one_is_asked_for(server: str, page: Page) -> None:
    await page.add_init_script(FASTER)
    await page.goto(f"{server}/docs")
    heard = await page.evaluate("""async () => {
        const { follow } = await import("/static/day.js"), heard = [];
        await new Promise((done) => {
            addEventListener("unhandledrejection", (event) => {
                event.preventDefault();
                if (heard.push(event.reason.message) === 2) done();
            });
            setTimeout(done, 30_000);
            follow(() => { throw new Error("not drawn"); });
        });
        return heard;
    }""")
    assert heard == ["not drawn"] * 2


# ---- news that stop --------------------------------------------------------------------------------------------


class Frozen:
    """A way to the server whose connections, when it freezes, stay open and carry nothing any more; later ones do."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._tasks: set[asyncio.Task[None]] = set()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._ends: list[asyncio.StreamWriter] = []

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._one, "127.0.0.1", 0)

    def freeze(self) -> None:
        self._thawed = asyncio.Event()
        for task in self._tasks:
            task.cancel()

    async def end(self) -> None:
        self.freeze()
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*(end.wait_closed() for end in self._ends), return_exceptions=True)

    def thaw(self) -> None:
        self._thawed.set()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        await self._thawed.wait()
        there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._ends.append(back)
        for a, b in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pump(a, b))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()


async def test_a_stream_that_freezes_is_noticed_and_replaced(page: Page, source: MemorySource) -> None:
    async with running(create_app(source, heartbeat_s=0.5)) as url:
        way = Frozen(url)
        server = await way.serve()
        try:
            await page.add_init_script(FASTER)
            await page.goto(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/?lang=en")
            await expect(page.locator(".card")).to_have_count(3)
            await asyncio.sleep(1.5)  # 15 s of the page: beats alone keep it alive
            await expect(page.locator("#banner")).to_be_hidden()
            way.freeze()
            await expect(page.locator("#banner")).to_contain_text("No news since 10:22:11 ", timeout=4_000)
            assert "grayscale" in await page.locator("#queues").evaluate("e => getComputedStyle(e).filter")
            await expect(page.locator("#ticker")).to_be_hidden()
            source.publish(board_of(5, 12, seq=2))
            way.thaw()
            await expect(page.locator("#banner")).to_be_hidden(timeout=10_000)
            await expect(page.locator(".card")).to_have_count(5)
        finally:
            server.close()
            await way.end()


async def test_a_daemon_whose_boards_stand_still_is_noticed(page: Page, source: MemorySource) -> None:
    """It beats, and tells nothing new."""
    async with running(create_app(source, heartbeat_s=0.5)) as url:
        await page.add_init_script(FASTER)
        await page.goto(f"{url}/?lang=en")
        await expect(page.locator(".card")).to_have_count(3)
        await expect(page.locator("#banner")).to_contain_text("No news since", timeout=12_000)
        source.publish(board_of(3, 12, seq=2))
        await expect(page.locator("#banner")).to_be_hidden()


async def test_new_files_of_the_daemon_are_loaded_once(
    page: Page, source: MemorySource, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    page.on("load", lambda _: loads.append(page.url))
    async with running(create_app(source), unused_tcp_port) as url:
        await page.goto(f"{url}/?lang=en&queues=sales")
        await expect(page.locator(".card")).to_have_count(1)
    async with running(create_app(source), unused_tcp_port):
        source.publish(board_of(4, 12, seq=2))
        await expect(page.locator("#choose-word")).to_have_text("1 of 4 queues", timeout=15_000)
        assert len(loads) == 1, "the same files: nothing to load"
    monkeypatch.setattr(pages, "version", lambda: "another")
    async with running(create_app(source), unused_tcp_port):
        source.publish(board_of(5, 12, seq=3))
        await expect(page.locator("#choose-word")).to_have_text("1 of 5 queues", timeout=15_000)
        await asyncio.sleep(1)
        await expect(page.locator(".card")).to_have_count(1)
        assert await page.evaluate("sessionStorage.getItem('callcenter.pages')") == "another"
        assert len(loads) == 2 and re.search(r"\?lang=en&queues=sales$", loads[1])


# ---- the eye sign ----------------------------------------------------------------------------------------------

UNDER_THE_EYE = """() => [...document.querySelectorAll(".card .level")].flatMap((level) => {
    const text = document.createRange(), eye = level.querySelector(".unseen").getBoundingClientRect();
    return [...level.querySelectorAll(".label, .value, .aimed")].filter((e) => e.offsetParent).filter((e) => {
        text.selectNodeContents(e);
        const box = text.getBoundingClientRect();
        return box.left < eye.right && eye.left < box.right && box.top < eye.bottom && eye.top < box.bottom;
    }).map((e) => `${e.className} ${e.textContent} of ${eye.width} px`);
})"""


@pytest.mark.parametrize("lang", ["en", "fa", "ar"])
@pytest.mark.parametrize("queues", [6, 9, 12])
async def test_no_text_is_under_the_sign_of_what_was_not_seen(
    page: Page, source: MemorySource, lang: str, queues: int
) -> None:
    board = board_of(queues, 40, seq=2)
    for name, figures in board.figures["today"].items():
        figures |= {"service_level": 1.0, "offered": 20, "answered": 20} if name else {}
    source.publish(msgspec.structs.replace(board, holes=(Hole("main", AT - 900, AT - 600, "link lost"),)))
    live_day(source)
    async with running(create_app(source)) as url:
        for charts in (1, 0):
            await page.goto(f"{url}/?lang={lang}&charts={charts}")
            await expect(page.locator("#queues")).to_have_attribute("data-charts", "true" if charts else "false")
            await expect(page.locator(".card .level .unseen").first).to_be_visible()
            for width, height in ((1920, 1080), (1280, 720), (3840, 2160)):
                await page.set_viewport_size({"width": width, "height": height})
                await page.wait_for_timeout(100)
                assert await page.evaluate(UNDER_THE_EYE) == [], (charts, width, height)
