"""What a correction on the review page costs its reviewer in gestures, and the browser in time.

    python -m benchmarks.review_page [--lines 10000]

Gestures are keys pressed and clicks made, as the page itself receives them; a drag is one, and so is a key held with
Ctrl. The letters of titles are counted apart: they are typed in any tool, unless it makes one type a title again.
Scrolling to a line is counted in none. What Label Studio takes is counted from its steps, which docs/reviewers.md shows
for version 1.23, whose paragraphs layout `errata tasks` sets up: there a border can't be moved, so a chapter is made
where it should be, with its title, and the old one is removed.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from benchmarks.review_browser import chromium, ready, saved, sign_in
from benchmarks.review_talks import drafted, long_talk, review_workspace
from errata.domain.chapter import Chapters
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace

COUNT = """() => {
  window.counted = { gestures: 0, letters: 0 };
  const typesIn = (node) => node.matches?.("input");
  addEventListener("pointerdown", () => { counted.gestures += 1; }, true);
  addEventListener("keydown", ({ key, ctrlKey, target }) => {
    if (["Control", "Shift", "Alt"].includes(key)) return;
    if (key.length === 1 && !ctrlKey && typesIn(target)) counted.letters += 1;
    else counted.gestures += 1;
  }, true);
}"""
FRAMES = """async (pixels) => {
  const list = document.querySelector("#transcript");
  const times = [];
  let before = performance.now();
  for (let step = 0; step < 180; step += 1) {
    if (pixels) list.scrollTop += step % 60 === 59 ? list.scrollHeight / 7 : pixels;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  return times;
}"""


@dataclass(frozen=True)
class Cost:
    gestures: int
    letters: int


def label_studio(task: str, right: Chapters) -> Cost:
    """New chapter: *Chapter*, the square at the line's end, the title's box, Enter. Too many: its number, Backspace.
    Title: its box, Ctrl+A, Enter. Border elsewhere: a new chapter and the old one away. And *Submit*."""
    new, gone, renamed, submit = 4, 2, 3, 1
    if task == "from nothing":
        return Cost(new * len(right) + submit, sum(len(chapter.title) for chapter in right))
    moved, missing, wrong = right[1], right[5], right[3]
    gestures = (new + gone) + new + gone + renamed + submit
    return Cost(gestures, sum(len(chapter.title) for chapter in (moved, missing, wrong)))


def by_mouse_from_nothing(page: Any, right: Chapters) -> None:
    for chapter in right:
        line = int(chapter.start / 5)
        page.locator("#transcript").evaluate(SCROLL, line)
        page.locator(f'.row[data-line="{line}"] .margin-add').click()
        page.keyboard.type(chapter.title)
    submit(page)


def by_mouse_from_a_draft(page: Any, right: Chapters) -> None:
    page.locator("#transcript").evaluate(SCROLL, 46)
    grip = page.locator('.row[data-line="48"] .grip').bounding_box()
    target = page.locator('.row[data-line="45"] .words').bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 8, target["y"] + 8, steps=5)
    page.wait_for_timeout(200)
    page.mouse.up()
    page.locator("#transcript").evaluate(SCROLL, 135)
    page.locator('.row[data-line="135"] .heading').click()
    page.keyboard.type(right[3].title)
    page.locator("#chapters .border-slider").nth(5).click()
    page.keyboard.press("Backspace")
    page.locator("#transcript").evaluate(SCROLL, 225)
    page.locator('.row[data-line="225"] .margin-add').click()
    page.keyboard.type(right[5].title)
    submit(page)


def by_keys_from_a_draft(page: Any, right: Chapters) -> None:
    for keys in ("ArrowDown", "Shift+ArrowLeft", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(keys)
    page.keyboard.type(right[3].title)
    for keys in ("Escape", "ArrowDown", "ArrowDown", "Backspace", "g"):
        page.keyboard.press(keys)
    page.keyboard.type("18:45")
    page.keyboard.press("Enter")
    page.keyboard.press("b")
    page.keyboard.type(right[5].title)
    submit(page)


SCROLL = """(list, line) => new Promise((resolve) => {
  const find = () => {
    const row = list.querySelector(`.row[data-line="${line}"]`);
    if (row) {
      row.scrollIntoView({ block: "center" });
      requestAnimationFrame(() => requestAnimationFrame(resolve));
      return;
    }
    const first = Number(list.querySelector(".row").dataset.line);
    list.scrollTop += first > line ? -600 : 600;
    requestAnimationFrame(find);
  };
  find();
})"""


def submit(page: Any) -> None:
    saved(page)
    page.keyboard.press("Control+Enter")


TASKS: dict[str, tuple[str, Callable[[Any, Chapters], None]]] = {
    "from a draft, by mouse": ("from a draft", by_mouse_from_a_draft),
    "from a draft, by keys alone": ("from a draft", by_keys_from_a_draft),
    "from nothing, by mouse": ("from nothing", by_mouse_from_nothing),
}


def count(reviewing: Any, workspace: Workspace, name: str, number: int, right: Chapters) -> Cost:
    """Does the task, and counts what the page was given. Raises AssertionError where the result isn't right."""
    page = reviewing.open(number)
    page.evaluate(COUNT)
    counted: list[Cost] = []
    page.expose_function("report", lambda gestures, letters: counted.append(Cost(gestures, letters)))
    page.evaluate("() => addEventListener('keydown', () => report(counted.gestures, counted.letters))")
    TASKS[name][1](page, right)
    page.wait_for_url(lambda url: not url.endswith(f"/review/{number}"), wait_until="commit")
    with workspace.record.read() as store:
        said = store.corrections.of_transcript(number)[-1][1]
    if said.chapters != right:
        raise AssertionError(f"{name} ended with other chapters: {said.chapters}")
    page.close()
    return counted[-1]


@contextmanager
def serving(workspace: Workspace) -> Iterator[str]:
    config = uvicorn.Config(make_app(workspace, ServiceSettings()), port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


def print_gestures(browser: Any, folder: Path) -> None:
    print("| 30 minutes, 8 chapters | Errata: gestures | letters | Label Studio: gestures | letters |")
    print("|---|---|---|---|---|")
    for name, (task, _) in TASKS.items():
        talk, right = long_talk(name)
        blind = task == "from nothing"
        workspace = review_workspace(folder / name, [(talk, drafted(right))], blind_share=1.0 if blind else 0.0)
        key = add_key(workspace, "ann", "reviewer", "benchmark").key
        with serving(workspace) as address:
            reviewing = sign_in(browser, address, key, viewport={"width": 1600, "height": 900})
            ours = count(reviewing, workspace, name, 1, right)
            reviewing.context.close()
        theirs = label_studio(task, right)
        print(f"| {name} | {ours.gestures} | {ours.letters} | {theirs.gestures} | {theirs.letters} |")


def print_frames(browser: Any, folder: Path, lines: int) -> None:
    talk, right = long_talk("long", lines=lines, seconds=1.8)
    workspace = review_workspace(folder / "long", [(talk, right)])
    key = add_key(workspace, "ann", "reviewer", "benchmark").key
    with serving(workspace) as address:
        reviewing = sign_in(browser, address, key, viewport={"width": 1600, "height": 900})
        page = reviewing.page()
        page.goto(f"{address}/review/1", wait_until="commit")
        ready(page)
        opened = page.evaluate("performance.now()")
        paints = page.evaluate("performance.getEntriesByType('paint').map((paint) => [paint.name, paint.startTime])")
        still, frames = (sorted(page.evaluate(FRAMES, pixels)) for pixels in (0, 90))
        rows = page.locator(".row").count()
        reviewing.context.close()
    print(f"\n{lines:,} lines: {rows} rows in the page")
    for name, at in paints:
        print(f"{name}: {at:.0f} ms")
    print(f"open, with its words: {opened:.0f} ms")
    print(f"a frame while nothing moves: median {still[90]:.1f} ms, 95 % {still[171]:.1f} ms")
    print(f"a frame while scrolling: median {frames[90]:.1f} ms, 95 % {frames[171]:.1f} ms; 60 a second is 16.7")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000, help="of the long talk whose frames are timed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        print_gestures(browser, Path(folder))
        print_frames(browser, Path(folder), arguments.lines)


if __name__ == "__main__":
    main()
