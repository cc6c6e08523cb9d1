"""The HTML report in a real browser, on screen and on A4 paper."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.async_api import Browser
from pypdf import PdfReader
from sample_report import HOSTILE, QUEUES, agents, sample

from callcenter.report.formats import FORMATS, Options
from callcenter.report.values import By, Every, Report

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

A4 = (595, 842)

REPORTS = {
    "queues": sample(),
    "hostile": sample(HOSTILE, 3),
    "agents": sample(agents(45), 7, by=By.AGENT),
    "one": sample(QUEUES, 1),
    "empty": sample((), 0),
    "hours": sample(QUEUES[:4], 96, Every.HOUR),
}

ON_SCREEN = [
    ("queues", "en"), ("queues", "fa"), ("queues", "ar"), ("hostile", "en"), ("hostile", "ar"), ("agents", "fa"),
    ("one", "ar"), ("empty", "fa"), ("hours", "en"), ("hours", "fa"), ("hours", "ar"),
]  # fmt: skip

ON_PAPER = [("queues", "en"), ("queues", "fa"), ("queues", "ar"), ("agents", "ar"), ("hostile", "fa"), ("empty", "en")]

WIDER_THAN_THE_PAGE = """() => {
  const wide = (e) => { for (let p = e; p; p = p.parentElement) if (p.matches?.(".wide, .patterns")) return true; };
  return [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5) && !wide(e);
  }).map((e) => e.outerHTML.slice(0, 90)).concat(document.documentElement.scrollWidth > innerWidth ? ["the page"] : []);
}"""

OUTSIDE_ITS_CHART = """() => [...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
  const page = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text, rect")].filter((e) => {
    const box = e.getBoundingClientRect();
    // A line of Arabic letters is higher than what is drawn of it.
    const high = 0.5 * parseFloat(getComputedStyle(e).fontSize) * page.width / 720 + 1;
    return box.left < page.left - 1 || box.right > page.right + 1 || box.top < page.top - high
      || box.bottom > page.bottom + high;
  }).map((e) => e.outerHTML);
})"""

LABELS_THAT_TOUCH = """() => [...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((e) => [e.textContent, e.getBoundingClientRect()]);
  // Lines of Arabic letters are higher than what is drawn of them: half of one may reach into the next.
  const touch = (p, q) => p.left < q.right - 1 && q.left < p.right - 1
    && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > Math.min(p.height, q.height) / 2;
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) => touch(p, q)).map(([b]) => [a, b]));
})"""


def file_of(report: Report, language: str, folder: Path) -> str:
    path = folder / f"{language}.html"
    path.write_bytes(FORMATS["html"].write(report, Options(language=language)))
    return path.as_uri()


@pytest.mark.parametrize(("report", "language"), ON_SCREEN)
async def test_nothing_overflows_on_a_desk_or_a_phone_and_nothing_is_run_or_fetched(
    report: str, language: str, browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page()
    address = file_of(REPORTS[report], language, tmp_path)
    events: list[str] = []
    page.on("console", lambda message: events.append(message.text))
    page.on("request", lambda request: None if request.url == address else events.append(request.url))
    for width in (1100, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(address)
        assert await page.evaluate(WIDER_THAN_THE_PAGE) == []
        assert await page.evaluate(OUTSIDE_ITS_CHART) == []
        assert await page.evaluate(LABELS_THAT_TOUCH) == []
    assert events == []
    assert await page.evaluate("window.hit") is None


@pytest.mark.parametrize(("report", "language"), ON_PAPER)
async def test_on_paper_it_is_a4_and_as_wide_as_the_page(
    report: str, language: str, browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page(viewport={"width": 703, "height": 1000}, color_scheme="dark")
    await page.goto(file_of(REPORTS[report], language, tmp_path))
    paper = PdfReader(io.BytesIO(await page.pdf(prefer_css_page_size=True)))
    assert {(round(float(one.mediabox.width)), round(float(one.mediabox.height))) for one in paper.pages} == {A4}
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.evaluate(WIDER_THAN_THE_PAGE.replace(".wide, .patterns", ".patterns")) == []
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


async def test_a_long_table_has_its_head_on_every_page(browser: Browser, tmp_path: Path) -> None:
    page = await browser.new_page()
    await page.goto(file_of(sample(QUEUES[:1], 100), "en", tmp_path))
    paper = PdfReader(io.BytesIO(await page.pdf(prefer_css_page_size=True)))
    texts = [one.extract_text() for one in paper.pages]
    rows = [text for text in texts if text.count("Nov") + text.count("Dec") + text.count("Jan") > 25]
    assert len(rows) >= 2 and all("Abandoned" in text for text in rows)


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(10, 15, 23)")])
async def test_on_screen_it_follows_the_readers_light_or_dark(
    scheme: str, ground: str, browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto(file_of(sample(QUEUES, 2), "en", tmp_path))
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
