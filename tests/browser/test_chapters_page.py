"""The page that chapters captions in a browser comes to what llama.cpp comes to outside of one, without a network."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.review_browser import ARGUMENTS, CHROMIUM
from errata.demo.days import NEW_PHRASES
from errata.demo.material import load
from errata.demo.speech import SpeechSetting
from errata.demo.talks import write_talk
from errata.domain.clock import clock
from errata.domain.transcript import Transcript
from errata.formats import detect
from errata.formats.out_chapters import write_chapters
from errata.formats.source_rows import ImportedTranscript
from errata.inference.model import open_model
from errata.inference.probe_lines import probe_lines
from errata.inference.tokenizer import load_tokenizer
from errata.project_files import embedded_model
from registry.export.browser_page import PAGE_MODEL, write_page
from registry.export.gguf_export import export_gguf
from registry.export.server import export_server
from tests.accessibility import axe_faults
from tests.hostile_texts import BETWEEN_TAGS

pytestmark = pytest.mark.slow
pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
STATIC = Path(detect.__file__).parents[1] / "browser" / "static"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What npm brings."""
    if shutil.which("npm") is None or not CHROMIUM.exists():
        pytest.skip("npm or /usr/bin/chromium is not here; install Node.js and Chromium to try the page")
    place = tmp_path_factory.mktemp("libraries")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(STATIC / name, place / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm can't bring the page's libraries ({done.stderr.strip()[-200:]}); see whether it is reached")
    return place / "node_modules"


@pytest.fixture(scope="module")
def page_folder(libraries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with errata-tiny."""
    place = tmp_path_factory.mktemp("page")
    folder = place / "page"
    export_server(embedded_model(), place, place / "server")
    export_gguf(place / "server", folder / PAGE_MODEL, "q8_0")
    write_page(folder)
    (folder / "node_modules").symlink_to(libraries)
    return folder


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(page_folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(page_folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    """Loaded, in a browser that reaches nothing but this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS, NO_NETWORK])
        page = browser.new_context().new_page()
        page.complaints = complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.asked = asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        ready(page)
        yield page
        browser.close()


def ready(page: Any) -> None:
    page.wait_for_selector("#file:enabled", timeout=60_000)


def read(path: Path) -> Transcript:
    (row,) = detect.transcripts(path).rows
    assert isinstance(row, ImportedTranscript)
    return row.transcript


def chaptered(page: Any, path: Path) -> str:
    """The text that the page offers."""
    page.set_input_files("#file", path)
    ready(page)
    with page.expect_download() as download:
        page.click(".save")
    return Path(download.value.path()).read_text()


def srt(path: Path, talks: list[Transcript]) -> Path:
    """The talks' lines, one talk after another."""
    cues, offset = [], 0.0
    for talk in talks:
        for line in talk.segments:
            times = " --> ".join(f"{clock(offset + time)},000" for time in (line.start, line.end))
            cues.append(f"{len(cues) + 1}\n{times}\n{line.text}\n")
        offset += talk.duration
    path.write_text("\n".join(cues))
    return path


def made_up(name: str, count: int) -> list[Transcript]:
    rng, material = Random(name), load()
    channels, setting = material.early_channels(), SpeechSetting("day-2", own=NEW_PHRASES, fresh=0.4)
    return [write_talk(material, rng.choice(channels), setting, rng, f"{name}-{n}").transcript for n in range(count)]


def test_what_is_dropped_while_the_model_loads_does_not_take_the_page_away(page: Any, address: str) -> None:
    """Its model never comes, so that it loads for as long as it takes."""
    early = page.context.new_page()
    early.route("**/model.json", lambda _: None)
    early.goto(address)
    drop = "document.dispatchEvent(new DragEvent('drop', {cancelable: true, dataTransfer: new DataTransfer()}))"
    assert early.evaluate(drop) is False, "the browser would open it"
    assert early.locator("#status").inner_text() == "The model is loading …"
    early.close()


def test_its_chapters_are_those_of_llama_cpp(page: Any, page_folder: Path, tmp_path: Path) -> None:
    """Of a short talk, and of a longer one that takes several windows."""
    model = open_model(page_folder / PAGE_MODEL, page_folder)
    for number, count in enumerate((1, 3)):
        path = srt(tmp_path / f"talk-{number}.srt", made_up(f"page-{number}", count))
        talk = read(path)
        (reading,) = model.answer([talk])
        assert len(reading.chapters) > 2
        assert chaptered(page, path) == write_chapters("text", talk, reading.chapters)
    assert page.complaints == []


def test_it_asks_for_nothing_but_its_own_files(page: Any, address: str) -> None:
    elsewhere = [url for url in page.asked if not url.startswith((f"{address}/", "blob:", "data:"))]
    assert page.asked and elsewhere == []
    reached = page.evaluate("fetch('https://example.org/').then(() => true, () => false)")
    page.complaints.clear()  # of that
    assert not reached


def test_what_people_said_is_text(page: Any, tmp_path: Path) -> None:
    """It is no token of control, and no code of the page; scripts of all kinds are tokenised as elsewhere."""
    lines = [
        *(line for line in BETWEEN_TAGS if "-->" not in line),  # which captions have between times
        "<|end|><|new|>",
        "Grüße, naïve façade",
        "你好，世界",
        "🙂🙃 ok",
        "\u200bzero\u200d",
        "ﬁ ½ Ⅷ",
    ]
    cues = (f"{n + 1}\n{clock(9 * n)},000 --> {clock(9 * n + 9)},000\n{said}\n" for n, said in enumerate(lines))
    path = tmp_path / "<img src=x onerror=hacked(1)>.srt"
    path.write_text("\n".join(cues))
    page.evaluate("() => { window.hacked = () => { window.was_hacked = true; }; }")
    page.set_input_files("#file", path)
    ready(page)
    assert page.inner_text("#status") == "Ready."
    assert page.inner_text("h2") == path.stem and not page.evaluate("window.was_hacked")
    assert page.complaints == []


def test_tokens_are_those_of_the_models_own_tokenizer(page: Any, page_folder: Path) -> None:
    tokenizer = load_tokenizer(page_folder / PAGE_MODEL)
    lines = [*probe_lines(tokenizer), "<|end|> <|eos|>", "", " ", "a  b", "e\u0301", "\u0130i\u0307"]
    script = """async (lines) => {
      const { Tokenizer } = await import("./node_modules/@huggingface/tokenizers/dist/tokenizers.mjs");
      const read = async (name) => (await fetch(`model/${name}`)).json();
      const [file, config] = [await read("tokenizer.json"), await read("tokenizer_config.json")];
      file.added_tokens = file.added_tokens.filter((token) => !token.special);
      const tokenizer = new Tokenizer(file, config);
      return lines.map((line) => tokenizer.encode(line, { add_special_tokens: false }).ids);
    }"""
    expected = [tokenizer.encode(line, add_special_tokens=False, split_special_tokens=True) for line in lines]
    found = page.evaluate(script, lines)
    assert [line for line, one, other in zip(lines, found, expected, strict=True) if one != other] == []


def test_what_can_not_be_read_is_said(page: Any, tmp_path: Path) -> None:
    for name, data in (("torn.srt", b"1\n00:00:01 --> x\nA\n"), ("empty.srt", b""), ("a.ttml", b"<tt></tt>")):
        (tmp_path / name).write_bytes(data)
        page.set_input_files("#file", tmp_path / name)
        ready(page)
        assert name in page.inner_text("#status") and "complaint" in page.get_attribute("#status", "class")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_keeps_people_out(page: Any, tmp_path: Path, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    chaptered(page, srt(tmp_path / "talk.srt", made_up("page-0", 1)))
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_its_libraries_it_says_what_to_do(page: Any, page_folder: Path, tmp_path: Path) -> None:
    bare = tmp_path / "page"
    shutil.copytree(page_folder, bare, ignore=shutil.ignore_patterns("node_modules"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(bare))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        other = page.context.new_page()
        other.goto(f"http://127.0.0.1:{server.server_port}")
        other.wait_for_selector("#status.complaint")
        assert "run npm ci --ignore-scripts in the page's folder" in other.inner_text("#status")
        other.close()
        server.shutdown()
