"""The dashboard in a real browser: at both sizes and in both schemes, by keyboard, and with hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from errata.operations.release_desk import ask_for_rollback
from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from tests.accessibility import axe_source
from tests.made_up_old_workspace import OldWorkspace
from tests.made_up_record import chapters, correction, talk
from tests.running_service import RunningService, running

HOSTILE = "<img src=x onerror=alert(1)>" + "unbroken" * 30
PAGES = ("", "/models", "/reviewers", "/conflicts", "/conflicts/{conflict}", "/releases")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

pytestmark = pytest.mark.slow


class Served:
    """Three nights, a promotion, a request, and two talks in dispute, one of them with hostile names."""

    def __init__(self, workspace: Workspace, service: RunningService, key: str, conflicts: list[int]) -> None:
        self.workspace, self.service, self.key, self.conflicts = workspace, service, key, conflicts


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    old = OldWorkspace(tmp_path_factory.mktemp("served") / "workspace")
    old.place.record.migrate()
    conflicts = []
    with old.place.record.write() as store:
        for title in ("A quiet talk", HOSTILE):
            seq = store.transcripts.add(replace(talk(title[:40]), title=title), "train").seq
            draft = store.predictions.add(Prediction(seq, old.second, "inline@1", chapters(0, 40))).seq
            for name, right in (("ann", chapters(0, 30, 60, by="A")), (HOSTILE, chapters(0, 50, by=HOSTILE))):
                store.corrections.add(replace(correction(seq, right, name, prediction=draft), draft_by=old.second))
            conflicts.append(seq)
    ask_for_rollback(old.place, old.second, HOSTILE, HOSTILE)
    key = add_key(old.place, "olga", "release owner", "olga").key
    with running(old.place.root) as service:
        yield Served(old.place, service, key, conflicts)


def signed_in(served: Served, browser: Any, width: int, scheme: str) -> tuple[Any, list[str]]:
    """A page of somebody who signed in, and what its console and dialogs say from then on."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"a script ran: {dialog.message}"))
    page.goto(f"{served.service.address}/sign-in")
    page.fill("#key", served.key)
    page.press("#key", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page, said


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_every_page_is_accessible_fits_and_runs_nothing_of_anybody_s(
    served: Served, browser: Any, width: int, scheme: str
) -> None:
    page, said = signed_in(served, browser, width, scheme)
    axe = axe_source()
    for path in PAGES:
        page.goto(f"{served.service.address}/dashboard{path.format(conflict=served.conflicts[1])}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.evaluate(axe)
        found = page.evaluate("tags => axe.run({ runOnly: tags })", TAGS)["violations"]
        assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found] == [], path
        assert page.locator("img").count() == 0, path
    assert said == []
    page.close()


def test_a_report_is_shown_with_its_styles_and_can_neither_run_nor_read_anything(served: Served, browser: Any) -> None:
    folder = served.workspace.nights / "day-2"
    (folder / "report.html").write_text("<style>p { color: rgb(1, 2, 3) }</style><p>x<script>alert(1)</script>")
    page, said = signed_in(served, browser, 1600, "light")
    page.goto(f"{served.service.address}/dashboard/nights/day-2/report")
    assert page.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
    assert "sandboxed" in page.evaluate("(() => { try { return document.cookie } catch (e) { return e.message } })()")
    assert not [line for line in said if "a script ran" in line]
    page.close()


def test_a_conflict_is_decided_by_keyboard_alone(served: Served, browser: Any) -> None:
    page, said = signed_in(served, browser, 1600, "light")
    page.goto(f"{served.service.address}/dashboard/conflicts/{served.conflicts[0]}")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.querySelector('th').textContent") == "00:00:00"
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.querySelector('th').textContent") == "00:00:30"
    page.keyboard.press("1")
    assert page.locator("#told").text_content() == "1 ann is chosen"
    page.keyboard.press("e")
    assert page.input_value("#third") == "00:00:00 - A 1\n00:00:30 - A 2\n00:01:00 - A 3"
    page.keyboard.press("Control+End")
    page.keyboard.type("\n1:20 No n, p or 2 is a key while one writes")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/dashboard/conflicts?decided=*")
    with served.workspace.record.read() as store:
        label = store.labels.of(served.conflicts[0], store.watermark())
    assert isinstance(label, Label) and label.reviewer == "olga"
    assert [int(chapter.start) for chapter in label.chapters] == [0, 30, 60, 80]
    assert label.chapters[-1].title == "No n, p or 2 is a key while one writes" and said == []
    page.close()


def test_single_letters_can_be_turned_off(served: Served, browser: Any) -> None:
    page, _ = signed_in(served, browser, 1600, "light")
    page.goto(f"{served.service.address}/dashboard/conflicts/{served.conflicts[1]}")
    page.locator("details.keys summary").click()
    page.locator("#single-keys").uncheck()
    page.keyboard.press("2")
    assert page.locator("input[name=choice]:checked").count() == 0
    page.reload()
    page.keyboard.press("2")
    assert page.locator("input[name=choice]:checked").count() == 0, "it stays off"
    page.close()
