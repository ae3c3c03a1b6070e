"""The review page in a real browser: by mouse, by keyboard alone, offline, killed, in two tabs, long, and narrow."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from benchmarks.review_browser import Reviewing, ready, saved, sign_in, times, titles
from benchmarks.review_talks import drafted, long_talk, review_workspace
from errata.domain.correction import Correction
from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from tests.accessibility import axe_faults
from tests.running_service import running

pytestmark = pytest.mark.slow
NAMES = ("mouse", "keyboard", "offline", "killed", "tabs", "two people", "looks", "undo", "declined", "twice", "late")
LONG = "long"
SIZES = {"wide": {"width": 1600, "height": 900}, "narrow": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A talk for each test: what one hands in is no other's business."""
    talks = [(talk, drafted(right)) for talk, right in map(long_talk, NAMES)]
    talk, right = long_talk(LONG, lines=10_000, seconds=1.8)
    made = review_workspace(tmp_path_factory.mktemp("browser") / "review", [*talks, (talk, right)])
    return made


@pytest.fixture(scope="module")
def address(workspace: Workspace) -> Iterator[str]:
    with running(workspace.root) as service:
        yield service.address


@pytest.fixture(scope="module")
def keys(workspace: Workspace) -> dict[str, str]:
    return {name: add_key(workspace, name, "reviewer", "tests").key for name in ("ann", "bo")}


@pytest.fixture
def ann(browser: Any, address: str, keys: dict[str, str]) -> Iterator[Reviewing]:
    reviewing = sign_in(browser, address, keys["ann"], viewport=SIZES["wide"])
    yield reviewing
    reviewing.context.close()
    assert reviewing.problems == [], "no script failed, and nothing was forbidden"


def item(workspace: Workspace, name: str) -> int:
    with workspace.record.read() as store:
        return store.transcripts.find(name)


def last_word(workspace: Workspace, name: str) -> Correction:
    seq = item(workspace, name)
    with workspace.record.read() as store:
        return store.corrections.of_transcript(seq)[-1][1]


def right_of(name: str) -> Any:
    return long_talk(name)[1]


def handed_in(page: Any, number: int) -> None:
    page.wait_for_url(re.compile(rf"/review(/(?!{number}\b)\d+)?$"), wait_until="commit")


def test_a_correction_by_mouse(ann: Reviewing, workspace: Workspace) -> None:
    number = item(workspace, "mouse")
    page = ann.open(number)
    assert len(titles(page)) == 8
    # the border that is three lines late is dragged back to where the talk falls silent
    page.locator("#chapters .border-slider").nth(1).click()
    grip = page.locator(".border.selected .grip").bounding_box()
    target = page.locator('.row[data-line="45"] .words').bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 8, target["y"] + 8, steps=6)
    page.wait_for_timeout(150)
    page.mouse.up()
    assert times(page)[1] == "00:03:45"
    # the title that says too little
    page.get_by_role("textbox", name="Title of chapter 4").fill("Money and the committee")
    # the border that is none
    page.locator("#chapters .border-slider").nth(5).click()
    page.get_by_role("button", name="Delete the border, chapter 6").click()
    # the one that is missing
    page.locator("#timeline").click(position={"x": page.locator("#timeline").bounding_box()["width"] * 0.625, "y": 10})
    row = page.locator('.row[data-line="225"]')
    row.get_by_role("button", name="Begin a chapter at 00:18:45").click()
    page.keyboard.type("The flood of the second spring")
    saved(page)
    assert page.locator("#changes-text").inner_text() == "1 moved, 1 renamed, 1 moved and renamed"
    page.get_by_role("button", name="Submit").click()
    handed_in(page, number)
    word = last_word(workspace, "mouse")
    assert word.chapters == right_of("mouse") and (word.kind, word.reviewer) == ("edit", "ann")


def test_a_correction_by_keyboard_and_names_alone(ann: Reviewing, workspace: Workspace) -> None:
    """Nothing is looked at but what a screen reader says: the focus's role, name and value, and the live region."""
    number = item(workspace, "keyboard")
    page = ann.open(number)

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def heard(words: str) -> None:
        page.wait_for_function("words => document.querySelector('#said').textContent.includes(words)", arg=words)

    press("ArrowDown")
    heard("At: chapter 2, Choosing the stone, 00:04:00")
    press("Shift+ArrowLeft")  # to the pause before
    heard("Moved back to a pause: chapter 2, Choosing the stone, 00:03:45")
    press("ArrowDown", "ArrowDown")
    heard("At: chapter 4, Committee")
    press("Enter")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Title of chapter 4"
    press("Control+a")
    page.keyboard.type("Money and the committee")
    press("Escape", "ArrowDown", "ArrowDown")
    heard("At: chapter 6, A leak")
    press("Backspace")
    heard("Deleted the border; 7 chapters")
    press("g")
    page.get_by_label("Time, as 12:34 or 1:02:03").press_sequentially("18:45")
    press("Enter", "b")
    heard("Added: chapter 6, untitled, 00:18:45")
    page.keyboard.type("The flood of the second spring")
    slider = page.get_by_role("slider", name="Border of chapter 6")
    assert slider.get_attribute("aria-valuetext").startswith("00:18:45, line 226: ")
    assert int(slider.get_attribute("aria-valuenow")) == 226
    press("Escape", "v")
    assert "The flood of the second spring" in page.get_by_role("dialog").inner_text()
    press("Escape", "Control+Enter")
    handed_in(page, number)
    assert last_word(workspace, "keyboard").chapters == right_of("keyboard")


def test_the_connection_is_lost_in_the_middle(ann: Reviewing, workspace: Workspace) -> None:
    page = ann.open(item(workspace, "offline"))
    ann.context.set_offline(True)
    page.get_by_role("textbox", name="Title of chapter 1").fill("Typed without a connection")
    page.wait_for_selector("#save-state[data-state=here]")
    assert "Saved in this browser only" in page.locator("#said").inner_text()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".banner.bad")
    assert "Your work is kept" in page.locator(".banner.bad").inner_text()
    ann.context.set_offline(False)
    saved(page)
    with workspace.record.read() as store:
        draft = store.review_drafts.of(item(workspace, "offline"), "ann")[0]
    assert draft.chapters[0].title == "Typed without a connection"
    page.close()
    ann.problems[:] = [problem for problem in ann.problems if "ERR_INTERNET_DISCONNECTED" not in problem]


def test_a_page_that_is_killed_comes_back_with_its_undo(ann: Reviewing, workspace: Workspace) -> None:
    page = ann.open(item(workspace, "killed"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    saved(page)
    ann.context.set_offline(True)  # what comes now never reaches the server
    page.keyboard.press("m")
    page.wait_for_selector("#save-state[data-state=here]")
    from playwright.sync_api import Error

    try:
        page.goto("chrome://crash", timeout=3000)
    except Error as gone:  # which of its errors says that a page crashed is Playwright's business
        assert "crash" in str(gone).lower() or "Timeout" in str(gone) or "ERR_" in str(gone)
    page.close()
    ann.context.set_offline(False)
    back = ann.open(item(workspace, "killed"))
    assert len(titles(back)) == 7
    assert "What wasn't saved" in back.locator("#banners").inner_text()
    back.keyboard.press("Control+z")
    assert len(titles(back)) == 8
    back.keyboard.press("Control+z")
    assert times(back)[1] == "00:04:00", "and what was done before that is undone too"
    back.keyboard.press("Control+Shift+z")
    assert times(back)[1] == "00:04:05"
    saved(back)
    back.reload()
    ready(back)
    assert times(back)[1] == "00:04:05"
    back.keyboard.press("Control+z")
    assert times(back)[1] == "00:04:00", "over a reload"
    for _ in range(3):
        back.keyboard.press(".")
    place = back.locator(".row.current").get_attribute("data-line")
    back.wait_for_timeout(1500)
    back.reload()
    ready(back)
    assert back.locator(".row.current").get_attribute("data-line") == place, "it opens where one left"
    ann.problems[:] = [problem for problem in ann.problems if "ERR_INTERNET_DISCONNECTED" not in problem]


def test_two_tabs_on_one_item_lose_nothing(ann: Reviewing, workspace: Workspace) -> None:
    number = item(workspace, "tabs")
    first, second = ann.open(number), ann.open(number)
    first.get_by_role("textbox", name="Title of chapter 1").fill("From the first tab")
    saved(first)
    second.get_by_role("textbox", name="Title of chapter 1").fill("From the second tab")
    second.wait_for_selector("#save-state[data-state=late]")
    with workspace.record.read() as store:
        kept = [draft.chapters[0].title for draft in store.review_drafts.of(number, "ann")]
    assert kept == ["From the first tab", "From the second tab"]
    second.get_by_role("button", name="See both").click()
    both = second.get_by_role("dialog").inner_text()
    assert "From the first tab" in both and "From the second tab" in both
    second.get_by_role("button", name="Take the other").click()
    saved(second)
    assert titles(second)[0] == "From the first tab"
    second.keyboard.press("Escape")
    second.keyboard.press("Control+z")
    assert titles(second)[0] == "From the second tab", "which can be undone"


def test_handed_in_from_two_tabs_both_are_shown(ann: Reviewing, workspace: Workspace) -> None:
    number = item(workspace, "twice")
    first, second = ann.open(number), ann.open(number)
    first.get_by_role("textbox", name="Title of chapter 1").fill("Handed in first")
    first.keyboard.press("Control+Enter")
    handed_in(first, number)
    second.get_by_role("textbox", name="Title of chapter 1").fill("Handed in second")
    second.keyboard.press("Control+Enter")
    dialog = second.get_by_role("dialog")
    dialog.wait_for()
    assert "Handed in first" in dialog.inner_text() and "Handed in second" in dialog.inner_text()
    second.get_by_role("button", name="Submit this one instead").click()
    handed_in(second, number)
    assert last_word(workspace, "twice").chapters[0].title == "Handed in second"
    ann.problems[:] = [problem for problem in ann.problems if "409" not in problem]


def test_a_rejection_from_a_second_tab_stays_one(ann: Reviewing, workspace: Workspace) -> None:
    number = item(workspace, "late")
    first, second = ann.open(number), ann.open(number)
    first.keyboard.press("Control+Enter")
    handed_in(first, number)
    second.keyboard.press("x")
    second.get_by_role("button", name="Not a talk").click()
    second.get_by_role("button", name="Submit this one instead").click()
    handed_in(second, number)
    assert (last_word(workspace, "late").kind, last_word(workspace, "late").why) == (
        "reject",
        "Not a talk",
    )
    ann.problems[:] = [problem for problem in ann.problems if "409" not in problem]


def test_a_session_that_ended_is_begun_again_without_loss(
    ann: Reviewing, keys: dict[str, str], workspace: Workspace
) -> None:
    page = ann.open(item(workspace, "late"))
    ann.context.clear_cookies()
    page.get_by_role("textbox", name="Title of chapter 1").fill("After the session")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Key").fill(keys["ann"])
    page.get_by_role("button", name="Sign in").click()
    ready(page)
    saved(page)
    assert titles(page)[0] == "After the session"
    ann.problems[:] = [problem for problem in ann.problems if "401" not in problem]


def test_two_people_on_one_item_see_each_other(
    ann: Reviewing, browser: Any, address: str, keys: dict[str, str], workspace: Workspace
) -> None:
    number = item(workspace, "two people")
    first = ann.open(number)
    first.wait_for_timeout(500)
    bo = sign_in(browser, address, keys["bo"], viewport=SIZES["wide"])
    second = bo.open(number)
    second.wait_for_selector('[data-name="claim"]')
    assert "ann is at work on this item" in second.locator("#banners").inner_text()
    second.get_by_role("button", name="Take it over").click()
    second.wait_for_selector('[data-name="claim"]', state="detached")
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    first.wait_for_selector('[data-name="claim"]')
    assert "bo is at work on this item" in first.locator("#banners").inner_text()
    for page, title in ((second, "As bo has it"), (first, "As ann has it")):
        page.get_by_role("textbox", name="Title of chapter 1").fill(title)
        page.keyboard.press("Control+Enter")
        if page is first:
            dialog = first.get_by_role("dialog")
            dialog.wait_for()
            assert "As bo has it" in dialog.inner_text() and "As ann has it" in dialog.inner_text()
            first.get_by_role("button", name="On to the next item").click()
        handed_in(page, number)
    with workspace.record.read() as store:
        assert number in store.conflicts.transcripts(), "both stand"
    bo.context.close()
    assert bo.problems == []


def test_declining_takes_a_reason_and_leads_on(ann: Reviewing, workspace: Workspace) -> None:
    number = item(workspace, "declined")
    page = ann.open(number)
    page.keyboard.press("f")
    page.get_by_label("Reason").fill("the talk is cut")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-name="flag"]')
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    assert page.url.endswith(str(number)), "a dialog that is left does nothing"
    page.keyboard.press("s")
    page.get_by_role("button", name="Not my subject").click()
    handed_in(page, number)
    with workspace.record.read() as store:
        assert store.submissions.skipped_by("ann") == {number}
        assert [flag.why for flag in store.submissions.flags(number)] == ["the talk is cut"]


def test_a_five_hour_talk_holds_few_rows_and_is_corrected_at_its_end(ann: Reviewing, workspace: Workspace) -> None:
    page = ann.open(item(workspace, LONG))
    rows = page.locator(".row")
    assert rows.count() < 120
    page.keyboard.press("g")
    page.get_by_label("Time, as").press_sequentially("4:59:00")
    page.keyboard.press("Enter")
    page.wait_for_selector('.row.current[data-line="9966"]')
    assert rows.count() < 120 and page.locator("#transcript").evaluate("node => node.scrollTop") > 200_000
    page.keyboard.press("b")
    page.keyboard.type("Near the end")
    saved(page)
    assert titles(page)[-1] == "Near the end" and times(page)[-1] == "04:58:58"
    for share in (0, 0.5, 0.9, 0.1):
        page.locator("#transcript").evaluate("(node, share) => { node.scrollTop = share * node.scrollHeight }", share)
        page.wait_for_timeout(60)
        assert 5 < rows.count() < 120
        seen = page.evaluate(
            "() => { const list = document.querySelector('#transcript').getBoundingClientRect();"
            " const boxes = [...document.querySelectorAll('.row')].map((row) => row.getBoundingClientRect());"
            " return boxes.filter((box) => box.bottom > list.top && box.top < list.bottom).length }"
        )
        assert seen > 5, "where one scrolls to there are words"


def test_keys_are_changed_and_letters_switched_off(ann: Reviewing, workspace: Workspace) -> None:
    page = ann.open(item(workspace, "undo"))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Change the key of: Merge with the chapter before").click()
    page.keyboard.press("q")
    assert dialog.get_by_role("row", name="Merge with the chapter before Q").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    assert len(titles(page)) == 8
    page.keyboard.press("q")
    assert len(titles(page)) == 7
    page.keyboard.press("?")
    page.get_by_label("Single letters and signs work by themselves").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    ready(page)
    page.keyboard.press("q")
    assert len(titles(page)) == 7, "letters do nothing now,"
    page.keyboard.press("Control+z")
    assert len(titles(page)) == 8, "and everything else works on"


def silence(seconds: int) -> bytes:
    """A WAV file."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(4000)
        sound.writeframes(b"\x80" * 4000 * seconds)
    return file.getvalue()


class Recordings(BaseHTTPRequestHandler):
    """A recording, of which a player may ask for a part: without that it can't go to a time."""

    recording = silence(1800)

    def do_GET(self) -> None:
        first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-")).groups()
        part = self.recording[int(first) : int(last) + 1 if last else None]
        self.send_response(206)
        whole = len(self.recording)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{whole}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Type", "audio/wav")
        self.end_headers()
        with suppress(ConnectionError):  # the player has heard enough
            self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def sound() -> Iterator[str]:
    """The address of half an hour of silence."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recordings)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/silence.wav"
    server.shutdown()


def test_borders_are_checked_one_after_the_other_with_the_recording(
    ann: Reviewing, workspace: Workspace, sound: str
) -> None:
    number = item(workspace, "looks")
    with workspace.record.write() as store:
        store.transcripts.give_media(number, sound)
    page = ann.open(number)
    page.wait_for_function("() => document.querySelector('audio').readyState > 0")
    page.evaluate(
        """() => { const audio = document.querySelector("audio"); window.seeks = [];
        audio.addEventListener("seeking", () => seeks.push(audio.currentTime)); }"""
    )
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => Math.abs(document.querySelector('audio').currentTime - 240) < 1")
    for _ in range(5):
        page.keyboard.press("]")  # else it takes seven seconds a border
    page.keyboard.press("c")
    page.wait_for_function("() => !document.querySelector('audio').paused")
    said = page.locator("#said")
    said.filter(has_text="Playing around: chapter 3").wait_for()
    page.wait_for_function("() => seeks.at(-1) >= 447")
    second, third = page.evaluate("seeks.slice(-2)")
    assert 237 <= second < 240 and 447 <= third < 450, "each from before its border"
    page.get_by_role("textbox", name="Title of chapter 3").press_sequentially("x")
    assert page.evaluate("document.querySelector('audio').paused"), "it waits while one types"
    page.close()


STATES = ["opened", "typing", "keys", "reason", "changes", "sheet", "offline", "queue"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_keeps_anybody_out(
    browser: Any, address: str, keys: dict[str, str], workspace: Workspace, size: str, scheme: str, tmp_path: Path
) -> None:
    reviewing = sign_in(browser, address, keys["ann"], viewport=SIZES[size], color_scheme=scheme)
    page = reviewing.open(item(workspace, "looks"))
    found: dict[str, list[str]] = {}
    for name in STATES:
        show_state(page, name, reviewing, size)
        found[name] = axe_faults(page)
        page.screenshot(path=tmp_path / f"{name}-{size}-{scheme}.png")
        leave_state(page, name, reviewing)
    reviewing.context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


def show_state(page: Any, name: str, reviewing: Reviewing, size: str) -> None:
    if name == "typing":
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.type("Another title")
    elif name in ("keys", "reason", "changes"):
        page.keyboard.press({"keys": "?", "reason": "x", "changes": "v"}[name])
    elif name == "sheet" and size == "narrow":
        page.get_by_role("button", name="All chapters").click()
        page.get_by_role("button", name="More").click()
    elif name == "offline":
        reviewing.context.set_offline(True)
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#save-state[data-state=here]")
    elif name == "queue":
        page.goto(f"{reviewing.address}/review")
    page.wait_for_timeout(100)


def leave_state(page: Any, name: str, reviewing: Reviewing) -> None:
    page.keyboard.press("Escape")
    if name == "offline":
        reviewing.context.set_offline(False)
        saved(page)
