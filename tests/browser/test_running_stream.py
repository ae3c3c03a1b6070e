"""The review page of a stream that runs, in a real browser: what comes is shown, and nothing that was touched goes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from benchmarks.review_browser import Reviewing, ready, saved, sign_in
from errata.client import ClientStream, ErrataClient
from errata.domain.clock import clock
from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from tests.accessibility import axe_faults
from tests.made_up_params import write_params
from tests.stub_serving import stub_serving

pytestmark = pytest.mark.slow
SIZES = {"wide": {"width": 1600, "height": 900}, "narrow": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def workspace(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.find(shutil.copytree(laid_out, tmp_path_factory.mktemp("running") / "workspace"))
    write_params(made.root, review={"page_blind_share": 1.0})
    made.record.migrate()
    return made


@pytest.fixture(scope="module")
def address(workspace: Workspace) -> Iterator[str]:
    with stub_serving(workspace) as found:
        yield found


@pytest.fixture(scope="module")
def app(workspace: Workspace, address: str) -> Iterator[ErrataClient]:
    with ErrataClient(address, add_key(workspace, "app", "predictor", "tests").key) as made:
        yield made


@pytest.fixture(scope="module")
def key(workspace: Workspace) -> str:
    return add_key(workspace, "ann", "reviewer", "tests").key


@pytest.fixture
def ann(browser: Any, address: str, key: str) -> Iterator[Reviewing]:
    reviewing = sign_in(browser, address, key, viewport=SIZES["wide"])
    yield reviewing
    reviewing.context.close()
    assert reviewing.problems == [], "no script failed, and nothing was forbidden"


def say(stream: ClientStream, *texts: str) -> None:
    """Ten seconds each, so that each may be looked at."""
    for text in texts:
        start = 10.0 * stream.at.lines
        stream.send([{"start": start, "end": start + 10.0, "text": text}])


def heard(page: Any, words: str) -> None:
    page.wait_for_function("words => document.querySelector('#said').textContent.includes(words)", arg=words)


def has_titles(page: Any, *expected: str, patience: int = 60_000) -> None:
    """Raises playwright's TimeoutError."""
    script = "titles => [...document.querySelectorAll('#chapters .title')].map((one) => one.value).join('|') === titles"
    page.wait_for_function(script, arg="|".join(expected), timeout=patience)


def say_until(page: Any, stream: ClientStream, *titles: str) -> None:
    """Goes on until the page has these titles: two looks in a row must agree, and a look may be at several lines."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    for _ in range(20):
        say(stream, "and so on")
        with suppress(PlaywrightTimeout):
            return has_titles(page, *titles, patience=3000)
    raise AssertionError(f"there never were {titles}")


def in_sight(row: Any) -> bool:
    script = """row => { const list = document.querySelector("#transcript").getBoundingClientRect();
        const box = row.getBoundingClientRect(); return box.bottom > list.top && box.top < list.bottom }"""
    found: bool = row.evaluate(script)
    return found


def watched(ann: Reviewing, title: str) -> Any:
    """From the queue."""
    page = ann.page()
    page.goto(f"{ann.address}/review")
    page.get_by_role("link", name=title).click()
    return page


def test_chapters_come_while_it_runs_and_what_was_touched_stays(
    ann: Reviewing, app: ErrataClient, workspace: Workspace
) -> None:
    stream = app.open_stream(id="kiln", title="Firing the kiln, live", channel="Pottery")
    page = watched(ann, "Firing the kiln, live")
    page.get_by_text("Nothing has been said yet").wait_for()
    say(stream, "# Kiln", "it is hot")
    ready(page)
    page.locator(".row").nth(1).wait_for()
    say_until(page, stream, "Kiln")
    say(stream, "# Glaze", "it is blue", "# Dog", "it barks")
    say_until(page, stream, "Kiln", "Glaze", "Dog")
    # one is called otherwise, one is taken out, one is left alone
    page.get_by_role("textbox", name="Title of chapter 1").fill("Why it smokes")
    page.locator("#chapters .border-slider").nth(2).click()
    page.get_by_role("button", name="Delete the border, chapter 3").click()
    has_titles(page, "Why it smokes", "Glaze")
    saved(page)
    say(stream, "# Market", "and what it cost")
    say_until(page, stream, "Why it smokes", "Glaze", "Market")
    heard(page, "New chapter: Market")
    say(stream, "## The market", "# Farewell")
    say_until(page, stream, "Why it smokes", "Glaze", "The market", "Farewell")
    assert f"{clock(10 * stream.at.lines)} heard so far" in page.locator("#live-text").inner_text()
    page.keyboard.press("Control+Enter")
    page.get_by_text("The stream still runs").wait_for()
    page.keyboard.press("Control+z")
    has_titles(page, "Why it smokes", "Glaze", "Dog", "The market", "Farewell")
    page.keyboard.press("Control+Shift+z")
    # the tab is lost, and opened again where it was
    saved(page)
    page.reload()
    ready(page)
    has_titles(page, "Why it smokes", "Glaze", "The market", "Farewell")
    say(stream, "see you")
    stream.end()
    heard(page, "The stream has ended")
    assert page.get_by_label("Why this one next").inner_text() == "", "it is live no more"
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(re.compile(r"/review/\d+$"), wait_until="domcontentloaded")
    ready(page)
    has_titles(page, "Why it smokes", "Glaze", "The market", "Farewell")
    assert page.get_by_text("blind: no draft is shown").count() == 0, "its draft was seen"
    page.keyboard.press("Control+z")
    has_titles(page, "Why it smokes", "Glaze", "Dog", "The market", "Farewell")
    page.keyboard.press("Control+Shift+z")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/review", wait_until="domcontentloaded")
    with workspace.record.read() as store:
        _, word = store.corrections.of_transcript(store.transcripts.find("kiln"))[-1]
    assert (word.kind, word.reviewer) == ("edit", "ann")
    assert [chapter.title for chapter in word.chapters] == ["Why it smokes", "Glaze", "The market", "Farewell"]


def test_a_page_that_was_closed_before_the_end_has_what_came_after(ann: Reviewing, app: ErrataClient) -> None:
    stream = app.open_stream(id="closed", title="Closed too soon")
    say(stream, "# One", "a", "b")
    page = watched(ann, "Closed too soon")
    ready(page)
    say_until(page, stream, "One")
    page.get_by_role("textbox", name="Title of chapter 1").fill("The first")
    saved(page)
    page.close()
    say(stream, "# Two", "c", "d")
    stream.end()
    list(stream.events())
    page = ann.page()
    page.goto(f"{ann.address}/review")
    page.get_by_role("heading", name="Begun").wait_for()
    page.get_by_role("link", name="Closed too soon").first.click()
    ready(page)
    has_titles(page, "The first", "Two")


def test_the_connection_is_lost_while_a_stream_runs(ann: Reviewing, app: ErrataClient) -> None:
    stream = app.open_stream(id="lost", title="Lost and found")
    say(stream, "# One", "a", "b")
    page = watched(ann, "Lost and found")
    ready(page)
    say_until(page, stream, "One")
    ann.context.set_offline(True)
    say(stream, "# Two", "c", "d")
    page.wait_for_timeout(500)
    ann.context.set_offline(False)
    say_until(page, stream, "One", "Two")
    page.wait_for_function("count => document.querySelectorAll('.row').length === count", arg=stream.at.lines)
    stream.end()
    ann.problems[:] = [problem for problem in ann.problems if "ERR_INTERNET_DISCONNECTED" not in problem]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_of_it_keeps_anybody_out(
    browser: Any, address: str, key: str, app: ErrataClient, size: str, scheme: str, tmp_path: Path
) -> None:
    name = f"Live, {size} and {scheme}"
    stream = app.open_stream(title=name, channel="Pottery")
    reviewing = sign_in(browser, address, key, viewport=SIZES[size], color_scheme=scheme)
    page = reviewing.page()
    page.goto(f"{address}/review")
    found = {"queue": axe_faults(page)}
    page.screenshot(path=tmp_path / f"queue-{size}-{scheme}.png")
    page.get_by_role("link", name=name).click()
    page.get_by_text("Nothing has been said yet").wait_for()
    found["silent"] = axe_faults(page)
    page.screenshot(path=tmp_path / f"silent-{size}-{scheme}.png")
    for topic in ("Kiln", "Glaze", "Market"):
        say(stream, f"# {topic}", *(f"and so we go on about {topic.lower()}, line {at}" for at in range(8)))
    say_until(page, stream, "Kiln", "Glaze", "Market")
    found["runs"] = axe_faults(page)
    page.screenshot(path=tmp_path / f"runs-{size}-{scheme}.png")
    last = page.locator(f'.row[data-line="{stream.at.lines - 1}"]')
    last.wait_for()
    assert in_sight(last), "who opens it at its end follows it"
    page.locator("#transcript").evaluate("node => { node.scrollTop = 0 }")
    page.wait_for_timeout(100)
    say(stream, "and one more")
    page.wait_for_function(
        "count => document.querySelector('#position').textContent.endsWith(count)", arg=clock(10 * stream.at.lines)
    )
    assert in_sight(page.locator('.row[data-line="0"]')), "who reads elsewhere stays there"
    page.get_by_role("button", name="Newest line").click()
    assert in_sight(page.locator(f'.row[data-line="{stream.at.lines - 1}"]'))
    stream.end()
    page.get_by_role("button", name="Go on").wait_for()
    found["ended"] = axe_faults(page)
    page.screenshot(path=tmp_path / f"ended-{size}-{scheme}.png")
    reviewing.context.close()
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert reviewing.problems == []
