"""A model that is asked about a stream: what it says in the end, what a look costs, and the command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.hashing import sha256
from errata.domain.transcript import Transcript
from errata.inference.artefact import store_model
from errata.inference.model import FolderModel
from errata.inference.predictor import AnswerKey
from errata.inference.stream_model import StreamModel
from errata.operations.live import LiveStream, follow
from errata.project_files import embedded_model
from errata.service.model_worker import MOST_STREAMS, StreamMemories
from errata.tasks import templates
from errata.tasks.border_task import BorderTask
from errata.tasks.chapters import ChapterTask
from errata.tasks.task import answer_together
from errata.tasks.template import Reading
from errata.tasks.templates.borders import Borders
from errata.tasks.view import View
from errata.workspace import Workspace
from registry.promotion import install_day0
from tests.command_line import in_this_process
from tests.made_up_model import make_tokenizer
from tests.made_up_record import talk
from tests.platform.test_tasks import chaptered

TEMPLATES = ("inline", "indexed", "timestamps", "json", "borders", "borders+before")


@dataclass
class Listener:
    """A model that takes each fifth line or so for a chapter's first, and calls it by what the line says."""

    task: ChapterTask
    asked: list[View] = field(default_factory=list)

    def ask(self, view: View) -> Reading:
        self.asked.append(view)
        begins = [int(sha256(line)[:8], 16) % 5 == 0 for line in view.lines]
        if self.task.weighs(view):
            return self.task.read_odds(view, [2.0 if begin else -8.0 for begin in begins[view.fresh :]])
        # a division may begin a chapter with any line
        named = [place for place in range(len(begins)) if begins[place] or view.borders is not None]
        chapters = {float(view.starts[place]): f"On {sha256(view.lines[place])[:4]}" for place in reversed(named)}
        right = Reading(tuple(Chapter(start, chapters[start]) for start in sorted(chapters)))
        fillings = self.task.target(view, right)
        return self.task.parse(view, ["".join(span.text for span in filling) for filling in fillings])

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        return answer_together(self.task, transcripts, lambda views: [self.ask(view) for view in views])

    def streaming(self) -> StreamModel:
        model: Any = SimpleNamespace(key=AnswerKey("m" * 64, self.task.version), loaded=self)
        return StreamModel(cast(FolderModel, model))


def listener(name: str, context: int) -> Listener:
    template, tokenizer = templates.find(name), make_tokenizer(spaced=name == "inline")
    kind = BorderTask if isinstance(template, Borders) else ChapterTask
    return Listener(kind(template, tokenizer, context))


def heard(transcript: Transcript, lines: int) -> Transcript:
    segments = transcript.segments[:lines]
    return replace(transcript, segments=segments, duration=max(segment.end for segment in segments))


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=15)
@given(case=chaptered(), context=st.sampled_from([600, 1200]), every=st.sampled_from([0.5, 20.0]))
def test_the_answer_in_the_end_is_that_about_the_whole(name: str, case: Any, context: int, every: float) -> None:
    whole = heard(case[0], len(case[0].segments))
    model = listener(name, context)
    stream = LiveStream(whole.external_id, whole.title, whole.channel, whole.description)
    told = list(follow(stream, ([segment] for segment in whole.segments), model.streaming(), every))
    (alone,) = model.answer([whole])
    assert stream.transcript == whole
    assert stream.chapters == alone.chapters
    assert told == stream.told.events


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_told_of_the_past_hangs_on_nothing_that_comes(name: str) -> None:
    one, other = talk("one", lines=40), talk("other", lines=40)
    mixed = replace(one, segments=(*one.segments[:30], *other.segments[30:]))
    first, second = listener(name, 1200).streaming(), listener(name, 1200).streaming()
    for lines in range(2, 31, 2):
        assert first.answer_so_far(heard(one, lines)) == second.answer_so_far(heard(mixed, lines))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_look_costs_no_more_however_long_a_stream_has_run(name: str) -> None:
    model, whole = listener(name, 1200), talk("long", lines=300)
    live, costs = model.streaming(), list[int]()
    for lines in range(5, 301, 5):
        model.asked.clear()
        live.answer_so_far(heard(whole, lines))
        costs.append(sum(len(view.lines) for view in model.asked))
    begin, rest = costs[:6], costs[6:]
    assert max(rest) <= 3 * max(begin), costs


@pytest.mark.parametrize("name", ["inline", "borders"])
def test_a_process_remembers_the_streams_that_it_is_asked_about(name: str) -> None:
    model, whole = listener(name, 1200), talk("long", lines=80)
    memories, alone = StreamMemories(), model.streaming()

    def asked_of(lines: int, goes_on: bool = True) -> tuple[Reading, int]:
        """What it says, and of how many windows it was asked."""
        views, count = memories.of("live", goes_on).views(model.task, heard(whole, lines), goes_on), 0
        try:
            view = next(views)
            while True:
                count += 1
                view = views.send(model.ask(view))
        except StopIteration as done:
            return done.value, count

    for lines in (20, 40, 60, 80):
        assert asked_of(lines)[0] == alone.answer_so_far(heard(whole, lines))
    assert asked_of(80)[1] == 0, "nothing has come"
    for number in range(MOST_STREAMS + 1):
        memories.of(f"other {number}", goes_on=True)
    assert asked_of(80)[1] > 1, "it was asked about longest ago"
    assert asked_of(80, goes_on=False)[0] == alone.answer([heard(whole, 80)])[0]
    assert asked_of(80)[1] > 1, "of a stream that has ended nothing is kept"


VTT = "WEBVTT\n\n" + "\n".join(
    f"{at // 60:02}:{at % 60:02}.000 --> {at // 60:02}:{at % 60:02}.900\nso today we talk about gardens and soil\n"
    for at in range(0, 90, 10)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("so today we talk about gardens", "has no times"), ("WEBVTT\n\n", "talk.txt")],
)
def test_a_file_that_can_t_be_played_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(text)
    done = in_this_process("live", tmp_path / "talk.txt", check=False)
    assert done.returncode == 2 and reason in done.stderr


def test_the_command_tells_chapters_as_they_come_and_keeps_the_stream(laid_out: Path, tmp_path: Path) -> None:
    workspace = Workspace.find(shutil.copytree(laid_out, tmp_path / "workspace"))
    workspace.record.migrate()
    with workspace.record.write() as store:
        install_day0(store, store_model(embedded_model(), workspace.models), "test")
    (tmp_path / "talk.vtt").write_text(VTT)
    how = ("--speed", "0", "--every", "30", "--json", "--keep", "--id", "a stream")
    done = in_this_process("live", tmp_path / "talk.vtt", "-w", workspace.root, *how)
    *events, end = [json.loads(line) for line in done.stdout.splitlines()]
    with workspace.record.read() as store:
        seq = store.transcripts.find("a stream")
        assert seq is not None and len(store.transcripts.read(seq).segments) == 9
        ((_, prediction),) = store.predictions.of_transcript(seq)
    assert (end["event"], end["heard"]) == ("end", 80.9)
    assert end["chapters"] == [chapter.as_json() for chapter in prediction.chapters]
    assert {chapter.start for chapter in prediction.chapters} <= {event["start"] for event in events}
    assert "a stream is kept, with the answer" in done.stderr


def test_what_is_kept_needs_a_place_and_a_name() -> None:
    done = in_this_process("live", "-", "--keep", check=False)
    assert done.returncode == 2 and "--keep needs a workspace (-w)" in done.stderr
