"""Errata from Python: the page's examples run, names come late, and what is held out is not given away."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import errata
from errata.demo.material import load
from errata.demo.talks import SpeechSetting, write_talk
from errata.domain.chapter import Chapter, Chapters
from errata.domain.clock import clock
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound, Refused
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript
from errata.inference.artefact import store_model
from errata.project_files import embedded_model
from errata.workspace import Workspace
from registry.promotion import install_day0
from tests.conftest import ROOT
from tests.made_up_record import add, chapters, correction, talk


def spoken(name: str) -> Transcript:
    material = load()
    channel = next(channel for channel in material.channels if channel.id == name)
    return write_talk(material, channel, SpeechSetting("day-1", own=0.15, fresh=0.4), Random(7), name).transcript


def write_captions(path: Path, transcript: Transcript) -> None:
    cues = [
        f"{clock(segment.start)}.000 --> {clock(segment.end)}.000\n{segment.text}\n" for segment in transcript.segments
    ]
    path.write_text("WEBVTT\n\n" + "\n".join(cues))


@pytest.fixture
def opened(laid_out: Path, tmp_path: Path) -> Path:
    """A folder with a workspace `ws`, in which errata-tiny is champion, and the captions of its one talk."""
    captions = tmp_path / "bee-space.vtt"
    write_captions(captions, spoken("bee-space"))
    workspace = Workspace.find(Path(shutil.copytree(laid_out, tmp_path / "ws")))
    identity = store_model(embedded_model(), workspace.models)
    (row,) = detect.transcripts(captions).rows
    assert isinstance(row, ImportedTranscript)
    starts = [segment.start for segment in row.transcript.segments[::5]][:5]
    right: Chapters = tuple(Chapter(float(int(start)), f"Part {place}") for place, start in enumerate(starts))
    with workspace.record.write() as store:
        install_day0(store, identity, "test")
        seq = store.transcripts.add(row.transcript, "train").seq
        store.corrections.add(correction(seq, right))
    return tmp_path


PAGE = ROOT / "docs" / "python.md"


def run_examples() -> None:
    outcome = doctest.testfile(
        str(PAGE),
        module_relative=False,
        encoding="utf-8",
        optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL,
    )
    assert outcome.attempted > 10 and outcome.failed == 0


def test_the_page_s_examples_run(opened: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(opened)
    run_examples()


@pytest.mark.slow  # commands in processes of their own
def test_the_page_s_examples_run_after_its_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    subprocess.run(["bash", "-euc", script], check=True)
    run_examples()


def test_a_model_s_name_leads_to_the_workspace_that_has_it(opened: Path) -> None:
    with pytest.raises(BadInput, match=r"errata\.open\(WORKSPACE\)\.predict\(FILE, model='nowhere'\)") as refusal:
        errata.chapters(opened / "bee-space.vtt", model="nowhere")
    assert "-w" not in str(refusal.value)


def test_importing_brings_no_module_of_ours_and_names_come_when_asked_for() -> None:
    ours = "[name for name in sys.modules if name.startswith('errata')]"
    script = f"import errata, sys; assert {ours} == ['errata']; print(errata.open)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "function open" in done.stdout


def test_every_name_is_there_and_no_other() -> None:
    assert set(errata.__all__) <= set(dir(errata))
    assert all(getattr(errata, name) is not None for name in errata.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = errata.nothing


def test_what_is_held_out_is_neither_listed_nor_scored(opened: Path) -> None:
    workspace = errata.open(opened / "ws")
    add(Workspace.find(opened / "ws").record, talk("secret"), "anchor", 0, 50)
    assert [label.external_id for label in workspace.labels()] == ["bee-space"]
    with pytest.raises(Refused, match="held out"):
        workspace.score("secret", chapters(0, 50))
    add(Workspace.find(opened / "ws").record, talk("bare"))
    with pytest.raises(NotFound, match="has no label"):
        workspace.score("bare", ())


def test_a_file_of_several_talks_is_for_chapters(opened: Path) -> None:
    folder = opened / "many"
    folder.mkdir()
    for name in ("a", "b"):
        shutil.copyfile(opened / "bee-space.vtt", folder / f"{name}.vtt")
    workspace = errata.open(opened / "ws")
    with pytest.raises(BadInput, match="holds 2 talks"):
        workspace.predict(folder)
    with pytest.raises(BadInput, match="is not there"):
        errata.chapters(opened / "none.vtt")


def test_an_own_transcript_needs_no_file(opened: Path) -> None:
    own = replace(spoken("bee-space"), external_id="own")
    assert all(isinstance(chapter, errata.Chapter) for chapter in errata.open(opened / "ws").predict(own))
