"""What lies in a page's folder."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from errata.browser import page_session
from errata.browser.page_session import READ_HERE
from errata.errors import BadInput
from errata.inference.artefact import Card, Sense, move_model
from errata.loop.page_delivery import deliver_page
from errata.loop.whole_folder import partial_folder
from errata.settings import FILE
from errata.workspace import Workspace
from registry.export.browser_page import check_page_template, write_modules

READS = """
import sys
sys.path.insert(0, sys.argv[1])
from errata.browser.page_session import PageSession
asked = '{"template": "indexed", "context": 700, "end": 0, "before": "", "after": ""}'
file = '{"model": {"vocab": {}}, "added_tokens": [], "decoder": null}'
session = PageSession(asked, file, list, lambda text: [1] * len(text), str)
print(session.read("talk.vtt", b"WEBVTT\\n\\n00:01.000 --> 00:04.000\\nWelcome.\\n"))
print(session.read("talk.ttml", b"<tt xmlns='http://www.w3.org/ns/ttml'></tt>"))
print(session.read("notes.md", b"Hello."))
print(session.read("marks.json", b'{"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Welcome"}]}'))
print(session.read("reviews.jsonl", b'{"reviewer": "ann", "video_id": "a", "chapters": {"0:00": "Welcome"}}\\n'))
print(next(session.chapter(0)) if session._talks else "")
"""


def test_its_modules_need_nothing_but_pythons_own_library(tmp_path: Path) -> None:
    """In the page there is no other: nor does a process without site-packages have one."""
    write_modules(tmp_path / "errata.zip")
    command = [sys.executable, "-I", "-S", "-c", READS, str(tmp_path / "errata.zip")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read, *others = map(json.loads, done.stdout.splitlines()[:5])
    assert read == {"talks": ["talk"], "problems": []}
    assert all(refused["talks"] == [] for refused in others)
    assert [problem for refused in others for problem in refused["problems"]] == [
        f"talk.ttml is in a format that isn't read in a page; {READ_HERE}",
        f"notes.md is in no format that is read here; {READ_HERE}",
        f"marks.json holds a list of chapters, and not what was said; {READ_HERE}",
        f"reviews.jsonl holds corrections, and not what was said; {READ_HERE}",
    ]


def test_what_a_refusal_offers_is_what_the_page_s_list_of_files_shows() -> None:
    (shown,) = re.findall(r'accept="([^"]+)"', (Path(page_session.__file__).parent / "static/index.html").read_text())
    assert set(shown.split(",")) == set(re.findall(r"\.\w+", READ_HERE))


def test_a_page_of_a_model_that_sees_is_refused_before_anything_is_made(tmp_path: Path, empty: Path) -> None:
    (tmp_path / FILE).touch()
    shutil.copyfile(empty, tmp_path / "errata.db")
    workspace, folder = Workspace.find(tmp_path), tmp_path / "models" / "made"
    folder.mkdir(parents=True)
    Card("inline", 128, senses=(Sense("video", "grid@1", 1.0, 8),)).write(folder)
    identity = move_model(folder, workspace.models)
    with pytest.raises(BadInput, match=r"^the model sees or hears, and a \.gguf file reads words alone; take another"):
        deliver_page(workspace, tmp_path / "page", identity[:12])
    assert not list(tmp_path.glob("*page*"))


def test_the_same_modules_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        write_modules(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


@pytest.mark.parametrize("template", ["json", "borders+pauses", "indexed+shifts"])
def test_a_template_that_no_page_asks_by_is_refused(template: str) -> None:
    with pytest.raises(BadInput, match=r"indexed, timestamps, inline.*take another model"):
        check_page_template(template)


def test_what_a_killed_one_left_goes_and_nothing_else(tmp_path: Path) -> None:
    dead, busy, own = (tmp_path / name for name in (".out-dead.partial", ".out-busy.partial", ".out-backup"))
    for folder in (dead, busy, own):
        (folder / "page").mkdir(parents=True)
    descriptor = os.open(busy, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with partial_folder(tmp_path / "out") as mine, partial_folder(tmp_path / "out") as another:
            assert set(tmp_path.iterdir()) == {busy, own, mine, another}
    finally:
        os.close(descriptor)
    with partial_folder(tmp_path / "out"):
        assert not busy.exists(), "its process has ended since"
    assert list(tmp_path.iterdir()) == [own]
