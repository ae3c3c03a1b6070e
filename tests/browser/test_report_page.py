"""The night's page in a real browser: wide, on a phone, in the dark and printed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from errata.documents.params import GateParams
from evaluation.report.content import Report
from evaluation.report.page import render
from tests.made_up_night import bootstrap, report
from tests.made_up_report import full_report, tainted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    long, one = tainted(full_report(3), "unbroken" * 40), report(1)
    pages = {
        "six": full_report(),
        "plain": report(),
        "one": one,
        "came": replace(one, items=[replace(row, kind="reference") for row in one.items]),
        "thirty": report(30),
        "first": bootstrap(),
        "long": long,
        "alarm": alarming(),
    }
    for name, content in pages.items():
        (folder / f"{name}.html").write_text(render(content))
    return folder


def alarming() -> Report:
    """Worse than equal chapters, on a night whose preset changed."""
    full = full_report()
    assert full.files.night is not None
    night = replace(full.files.night, gate=GateParams("annual"), gate_before=GateParams("small"))
    return replace(
        full,
        evaluation=replace(full.evaluation, equal_split_f1=99.0),
        files=replace(full.files, night=night),
    )


def shown(browser: Any, folder: Path, name: str, **context: Any) -> tuple[Any, list[str]]:
    """The page, and whatever it complained about or asked for."""
    page = browser.new_context(**context).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((folder / f"{name}.html").as_uri())
    return page, [text for text in complaints if text != "data:,"]


def overflow(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("name", ["six", "plain", "one", "thirty", "first", "long", "alarm"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_complains_of_nothing(browser, folder, name, width):
    page, complaints = shown(browser, folder, name, viewport={"width": width, "height": 844})
    assert complaints == []
    assert overflow(page) <= 0
    wanted = ("narrow", "wide") if width == 390 else ("wide", "narrow")
    if name != "first":
        assert page.locator(f"#curve ~ figure svg.{wanted[0]}").is_visible()
        assert not page.locator(f"#curve ~ figure svg.{wanted[1]}").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_every_part_is_seen(browser, folder, width):
    page, _ = shown(browser, folder, "six", viewport={"width": width, "height": 844})
    for part in ("kept", "judges", "training", "reviewers"):
        assert page.locator(f"section[aria-labelledby={part}]").is_visible()
        link = page.locator(f"nav a[href='#{part}']")
        link.click()
        assert page.locator(f"#{part}").bounding_box()["y"] < 60
    drawn = page.locator("#training ~ figure svg:visible .line").first.bounding_box()
    assert drawn["width"] > width / 3 and drawn["height"] > 40
    strong, weak = (page.locator(f".heat .{shade}").first for shade in ("h4", "h0"))
    colours = {cell.evaluate("node => getComputedStyle(node).backgroundColor") for cell in (strong, weak)}
    assert len(colours) == 2


def test_an_alarm_is_the_first_thing_under_the_title(browser, folder):
    page, _ = shown(browser, folder, "alarm", viewport={"width": 390, "height": 844})
    alarm, notice = page.locator("h1 ~ .alarm"), page.locator(".alarm ~ .notice")
    assert "worse than equal chapters" in alarm.inner_text() and "from small to annual" in notice.inner_text()
    assert alarm.bounding_box()["y"] + alarm.bounding_box()["height"] < 844, "on the first screen of a phone"
    background = "node => getComputedStyle(node).backgroundColor"
    assert alarm.evaluate(background) != page.locator("body").evaluate(background)


def test_what_a_table_says_on_a_phone_has_its_labels(browser, folder):
    page, _ = shown(browser, folder, "six", viewport={"width": 390, "height": 844})
    cell = page.locator(".judges td[data-label='Same in both orders']").first
    assert "Same in both orders" in cell.evaluate("node => getComputedStyle(node, '::before').content")


def test_folded_parts_open_without_javascript(browser, folder):
    page, _ = shown(browser, folder, "six", java_script_enabled=False, viewport={"width": 390, "height": 844})
    folded = page.locator("#fixed ~ article details").first
    assert not folded.locator("table").is_visible()
    folded.locator("summary").click()
    assert folded.locator("table").is_visible()


def test_text_has_contrast_in_both_schemes(browser, folder):
    for name, scheme in product(("six", "alarm"), ("light", "dark")):
        page, _ = shown(browser, folder, name, color_scheme=scheme, viewport={"width": 1280, "height": 900})
        assert page.evaluate(POOR_CONTRAST) == []


def test_print_shows_folded_parts_on_white(browser, folder, tmp_path):
    page, _ = shown(browser, folder, "six", color_scheme="dark", viewport={"width": 680, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#fixed ~ article details table").first.bounding_box()["height"] > 50
    assert overflow(page) <= 0
    assert page.locator(".scroll").first.evaluate("node => getComputedStyle(node).backgroundImage") == "none"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_no_heading_is_cut_off_in_print(browser, folder):
    page, _ = shown(browser, folder, "came", viewport={"width": 680, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator("th", has_text="Reference (came with the transcript)").count() > 1
    assert page.evaluate(CUT_OFF) == []


def test_a_table_that_goes_on_to_the_right_is_shaded_there(browser, folder):
    page, _ = shown(browser, folder, "six", viewport={"width": 390, "height": 844})
    wide = page.locator(".scroll[aria-label='Slices']")
    assert wide.evaluate("node => node.scrollWidth - node.clientWidth") > 100
    at_its_edge = {"x": wide.bounding_box()["x"] + wide.bounding_box()["width"] - 3, "width": 3, "height": 3}
    place = {**at_its_edge, "y": wide.bounding_box()["y"] + 60}
    before = page.screenshot(full_page=True, clip=place)
    wide.evaluate("node => { node.scrollLeft = node.scrollWidth; }")
    assert page.screenshot(full_page=True, clip=place) != before, "where it ends there is no shade"


CUT_OFF = """() => [...document.querySelectorAll("th")]
  .filter(node => node.getClientRects().length && node.scrollWidth > node.clientWidth + 1)
  .map(node => node.textContent)"""


POOR_CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
  };
  const poor = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!own || !node.getClientRects().length) continue;
    const style = getComputedStyle(node), svg = node.ownerSVGElement;
    const [a, b] = [light(parse(svg ? style.fill : style.color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${node.tagName} ${node.className.baseVal ?? node.className} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}"""
