"""What people wrote is never a page's code: every page of the service over a record of hostile texts, in Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from errata.domain.access import AccessRole
from errata.domain.chapter import Chapter
from errata.domain.correction import Correction
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.accessibility import axe_faults
from tests.hostile_texts import ALL
from tests.running_service import RunningService, running
from tests.service_routes import routes_of

pytestmark = pytest.mark.slow

MOST_PAGES = 80
MOST_OF_A_KIND = 25
EACH = 6
"""Texts a talk: of its id, title, channel, source, reviewer and another reviewer."""


@dataclass(frozen=True)
class Place:
    service: RunningService
    key: str
    pages: tuple[str, ...]
    """That have an address of their own; the others are found by links."""
    rooms: frozenset[str]
    """What the address of a page begins with."""


NO_PAGES = ("/openapi.json", "/static", "/metrics", "/healthz", "/readyz")


def fill(workspace: Workspace) -> None:
    """Each text as an id, a title, a channel, a source, a speaker, a line, a chapter of a prediction, and of two
    reviewers who differ, whom it names too."""
    for number, text in enumerate(ALL):
        others = [ALL[(number + step) % len(ALL)].strip() for step in range(1, EACH)]
        spoken = " ".join(text.split()) or "nothing"
        segments = tuple(
            Segment(10.0 * line, 10.0 * line + 9, f"{spoken} {number} {line}", spoken) for line in range(6)
        )
        made = Transcript(f"{text.strip()}{number}", segments, 60.0, title=others[0], channel=others[1])
        with workspace.record.write() as store:
            store.aliases.assign_alias("champion", "m" * 64, "day0", "tests", None, None)
            seq = store.transcripts.add(made, "train", others[2]).seq
            drafted = (Chapter(0.0, others[0]), Chapter(20.0, spoken))
            draft = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", drafted, (spoken,))).seq
            if number % 3:
                for reviewer, start in ((others[3], 20.0), (others[4], 30.0))[: number % 3]:
                    store.corrections.add(edit(seq, reviewer, (Chapter(0.0, others[0]), Chapter(start, spoken)), draft))


def edit(seq: int, reviewer: str, right: tuple[Chapter, ...], draft: int) -> Correction:
    identity = content_hash([seq, reviewer, [chapter.as_json() for chapter in right]])
    return Correction(seq, "edit", right, reviewer, f"{reviewer}.json", identity, prediction=draft, draft_by="m" * 64)


@pytest.fixture(scope="module")
def place(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hostile") / "workspace"
    shutil.copytree(laid_out, folder)
    workspace = Workspace.find(folder)
    fill(workspace)
    roles: tuple[AccessRole, ...] = ("reviewer", "predictor", "admin")
    for number, text in enumerate(ALL):
        try:
            add_key(workspace, f"{number} {text}".strip(), roles[number % 3], "<script>hacked(1)</script>")
        except BadInput:
            continue
    key = add_key(workspace, '"><img src=x onerror=hacked(1)>', "admin", "tests").key
    with running(folder) as service:
        routes = list(routes_of(make_app(workspace, ServiceSettings()).routes))
        pages = (path for method, path in routes if method == "GET" and "{" not in path and path not in NO_PAGES)
        yield Place(service, key, tuple(pages), frozenset(path.split("/")[1] for _, path in routes))


class Visit:
    """A browser that is signed in, and everything that it complained of."""

    def __init__(self, browser: Any, address: str) -> None:
        self.context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        self.context.add_init_script("window.hacked = what => { window.wasHacked = true }")
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        self.page.on("console", self._hear)
        self.page.on("request", self._see)
        self._address = address

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.text}")

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self._address, "data:")):
            self.complaints.append(f"request {request.url}")

    def look(self, path: str) -> int:
        answer = self.page.goto(path, wait_until="load")
        self.page.wait_for_timeout(20)  # for what begins by itself
        found = self.page.evaluate(INSPECTION)
        self.complaints += [f"{path}: {one}" for one in found]
        return int(answer.status) if answer else 0

    def links(self) -> list[str]:
        return list(self.page.evaluate("[...document.links].map(link => link.href)"))


INSPECTION = """() => {
  const found = []
  if (window.wasHacked) found.push('a script ran')
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName
    if (['iframe', 'object', 'embed', 'base', 'style'].includes(name)) found.push(`<${name}>`)
    const ours = element.type === 'application/json' || element.src?.startsWith?.(location.origin + '/static/')
    if (name === 'script' && !ours)
      found.push('a script of its own: ' + element.outerHTML.slice(0, 80))
    for (const {name: attribute, value} of element.attributes) {
      const fetches = attribute === 'style' && value.includes('url(')  // a script of ours may set a size
      if (/^on/.test(attribute) || fetches || attribute === 'srcdoc') found.push(`${name} ${attribute}`)
      if (['href', 'src', 'action', 'formaction', 'xlink:href'].includes(attribute)
          && !['http:', 'https:', 'data:'].includes(new URL(value, location.href).protocol))
        found.push(`${name} ${attribute}=${value.slice(0, 80)}`)
    }
  }
  return found
}"""


@pytest.fixture
def visit(browser: Any, place: Place) -> Iterator[Visit]:
    made = Visit(browser, place.service.address)
    made.page.goto("/sign-in")
    made.page.fill("#key", place.key)
    made.page.click("main button[type=submit]")
    made.page.wait_for_url("**/")
    yield made
    made.context.close()


def test_no_page_runs_what_people_wrote(visit: Visit, place: Place) -> None:
    seen, kinds = set(place.pages), dict[str, int]()
    waiting, statuses = list(place.pages), {}
    while waiting and len(statuses) < MOST_PAGES:
        path = waiting.pop(0)
        statuses[path] = visit.look(path)
        for link in visit.links():
            parts = urlsplit(link)
            address = parts.path + (f"?{parts.query}" if parts.query else "")
            kind = re.sub(r"/[^/]*\d[^/]*", "/N", parts.path)
            is_ours = link.startswith(place.service.address) and kind.split("/")[1] in place.rooms
            if is_ours and address not in seen and kinds.get(kind, 0) < MOST_OF_A_KIND:
                seen.add(address)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(address)
    assert not visit.complaints
    assert set(statuses.values()) == {200}, statuses
    assert {"/review/N", "/dashboard/conflicts/N"} <= kinds.keys() and kinds["/review/N"] == MOST_OF_A_KIND


@pytest.mark.parametrize("text", ALL[::2], ids=range(len(ALL[::2])))
def test_an_error_shows_what_was_asked_as_text(visit_once: Visit, text: str) -> None:
    before = len(visit_once.complaints)
    for path in (f"/{quote(text, safe='')}", f"/sign-in?next={quote(text, safe='')}"):
        visit_once.look(path)
    new = [one for one in visit_once.complaints[before:] if "Failed to load resource" not in one]
    assert not new


@pytest.fixture(scope="module")
def visit_once(browser: Any, place: Place) -> Iterator[Visit]:
    made = Visit(browser, place.service.address)
    yield made
    made.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_pages_of_the_door_fit(browser: Any, place: Place, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=place.service.address, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    for path in ("/sign-in", "/nothing-there", "/review"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert axe_faults(page) == [], path
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip-link"
    context.close()
