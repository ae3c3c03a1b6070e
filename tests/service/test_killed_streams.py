"""Streams of a real `errata serve` with errata-tiny: it is killed, and nothing is lost, doubled or told twice."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from errata.client import ErrataClient, StreamEvent
from errata.demo import days
from errata.domain.live_chapters import standing
from errata.errors import Unavailable
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript
from errata.inference.artefact import model_folder, store_model
from errata.inference.model import FolderModel
from errata.operations.service_keys import add_key
from errata.project_files import embedded_model
from errata.service.stream_messages import StreamMessage, ToldChapter, ToldRevision
from errata.workspace import Workspace
from registry.promotion import install_day0
from tests.running_service import RunningService, running

pytestmark = pytest.mark.slow


def sample_lines(folder: Path) -> list[dict[str, object]]:
    """The longest talk of the sample's first day."""
    rows = detect.transcripts(days.write_with_chapters(folder, days.DAYS[0])).rows
    talks = [row.transcript for row in rows if isinstance(row, ImportedTranscript)]
    longest = max(talks, key=lambda talk: len(talk.segments))
    return [segment.as_json() for segment in longest.segments]


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    made = Workspace.find(shutil.copytree(laid_out, tmp_path / "workspace"))
    made.record.migrate()
    with made.record.write() as store:
        install_day0(store, store_model(embedded_model(), made.models), "test")
    return made


def listen(address: str, key: str, stream: str, last: str, heard: list[StreamEvent]) -> None:
    with suppress(Unavailable), ErrataClient(address, key) as errata:  # where the service ends, what was heard counts
        for event in errata.stream_events(stream, last):
            heard.append(event)


def test_a_stream_outlives_its_service(workspace: Workspace, tmp_path: Path) -> None:
    key = add_key(workspace, "app", "predictor", "tests").key
    spoken, heard = sample_lines(tmp_path / "sample"), list[StreamEvent]()
    with running(workspace.root) as service, ErrataClient(service.address, key) as errata:
        speaks(service)
        stream = errata.open_stream(id="kiln", title="The kiln")
        while not told_until_now(workspace, stream.name):  # two looks in a row must agree
            assert stream.at.lines < len(spoken) - 10, "nothing was told"
            stream.send(spoken[stream.at.lines : stream.at.lines + 3])
            time.sleep(1.0)
        sent = stream.at.lines
        heard.append(next(errata.stream_events(stream.name)))
        service.process.send_signal(signal.SIGKILL)
        service.process.wait(60)
    before = told_until_now(workspace, stream.name)
    with running(workspace.root) as service, ErrataClient(service.address, key) as errata:
        speaks(service)
        again = errata.stream(stream.name)
        assert again.at.lines == sent, "all that was answered is there"
        listener = Thread(target=listen, args=(service.address, key, stream.name, heard[-1].id, heard))
        listener.start()
        errata.send_lines(stream.name, sent - 2, spoken[sent - 2 : sent + 4])
        again.at = errata.ask_stream(stream.name)
        while again.at.lines < len(spoken):
            again.send(spoken[again.at.lines : again.at.lines + 3])
            time.sleep(0.5)
        again.end()
        listener.join(300)
        assert [event.kind for event in heard][-1] == "end"
        replayed = list(errata.stream_events(stream.name))
    assert [event.id for event in heard] == [str(number) for number in range(1, len(heard) + 1)]
    assert replayed == heard, "nothing is missing, and nothing was told twice"
    assert before <= len(heard)
    end = heard[-1].data
    assert isinstance(end, StreamMessage) and end.answer is not None
    with workspace.record.read() as store:
        transcript = store.transcripts.read(store.transcripts.find("kiln"))
        told = store.service_streams.called(stream.name)
        assert told is not None
        events = [one.event for one in store.service_streams.events(told.number)]
    assert [segment.text for segment in transcript.segments] == [line["text"] for line in spoken]
    chapters = {chapter.start: chapter.title for chapter in end.answer.chapters}
    assert standing(events) == chapters
    assert all(isinstance(event.data, ToldChapter | ToldRevision | StreamMessage) for event in heard)
    folder = model_folder(end.answer.model, workspace.models)
    (whole,) = FolderModel(end.answer.model, folder, workspace.models).answer([transcript])
    assert {chapter.start: chapter.title for chapter in whole.chapters} == chapters


def test_who_listens_doesn_t_keep_a_service_from_ending(workspace: Workspace) -> None:
    key = add_key(workspace, "app", "predictor", "tests").key
    with running(workspace.root) as service, ErrataClient(service.address, key) as errata:
        stream = errata.open_stream()
        listener = Thread(target=listen, args=(service.address, key, stream.name, "", []), daemon=True)
        listener.start()
        with service.client(key) as metrics:
            until(lambda: "errata_stream_listeners 1.0" in metrics.get("/metrics").text)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(20) == 0, "else it waits 30 s for requests that are being answered"


def speaks(service: RunningService) -> None:
    """Waits until its model is loaded."""
    with service.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)


def told_until_now(workspace: Workspace, name: str) -> int:
    with workspace.record.read() as store:
        stream = store.service_streams.called(name)
        return 0 if stream is None else len(store.service_streams.events(stream.number))


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it never was so")
