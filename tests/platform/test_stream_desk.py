"""A stream on a reviewer's desk: what they see of it while it runs, and what is left of that once it has ended."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.chapter_requests import ChapterRequest
from errata.database.service_streams import NewStream
from errata.domain.chapter import Chapter
from errata.domain.live_chapters import LiveEvent
from errata.domain.review_work import DraftContent, Effort
from errata.domain.transcript import Segment
from errata.errors import BadInput, NotFound
from errata.inference.predictor import AnswerKey
from errata.operations.answering import finish_job
from errata.operations.review_desk import HandIn, hand_in, item_heading, open_item
from errata.operations.review_queue import review_queue
from errata.operations.service_streaming import close_stream, find_stream, lines_so_far, transcript_of
from errata.operations.stream_desk import open_running, save_running, stream_called, watch_running
from errata.tasks.template import Reading
from errata.workspace import Workspace
from tests.made_up_params import write_params

NAME, MODEL = "5c" * 16, "a" * 64
LINES = [Segment(6.0 * at, 6.0 * at + 5, f"line {at}") for at in range(6)]
EFFORT = Effort(9.0, 0, 2)
TOLD = (Chapter(0, "Kiln"),)
MINE = (Chapter(0, "The kiln"),)


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    """A stream runs in it; whatever ends is drawn to be reviewed blind."""
    made = Workspace.find(shutil.copytree(laid_out, tmp_path / "workspace"))
    write_params(made.root, review={"page_blind_share": 1.0})
    made.record.migrate()
    with made.record.write() as store:
        store.aliases.assign_alias("champion", MODEL, "manual", "tests", None, None)
        stream = store.service_streams.open(NewStream(NAME, "app", "b" * 64, None, "live", title="Live", media=""))
        stream = store.service_streams.add_lines(stream, LINES)
        assert store.service_streams.tell(stream.name, 0, [LiveEvent("chapter", 0, "Kiln", 12.0)], MODEL)
        assert not store.service_streams.tell(stream.name, 0, [LiveEvent("chapter", 0, "Kiln", 12.0)], MODEL)
    return made


def end(workspace: Workspace, *chapters: Chapter) -> int:
    """The transcript that it becomes, once the model has answered."""
    with workspace.record.write() as store:
        stream = find_stream(store, NAME, None)
        request = close_stream(store, stream, transcript_of(stream, lines_so_far(store, stream)))
        assert isinstance(request, ChapterRequest)
        finish_job(store, request, AnswerKey(MODEL, "inline@1"), Reading(chapters))
        return request.transcript


def test_a_stream_that_runs_is_in_the_queue_with_who_watches_it(workspace: Workspace) -> None:
    item = open_running(workspace, NAME, "ann", "page")
    assert (item.told, item.events, item.segments, len(item.lines)) == (TOLD, 1, 6, 6)
    (entry,) = review_queue(workspace, "bo").running
    assert (entry.name, entry.title, entry.heard, entry.watched_by) == (NAME, "Live", 35.0, ("ann",))
    assert [claim.reviewer for claim in watch_running(workspace, NAME, "bo", "other")] == ["ann"]
    with pytest.raises(NotFound):
        open_running(workspace, "f" * 32, "ann", "page")


def test_what_was_made_of_it_is_there_once_it_has_ended_and_who_saw_it_is_not_blind(workspace: Workspace) -> None:
    open_running(workspace, NAME, "ann", "page")
    content = DraftContent(MINE, 2, EFFORT, TOLD)
    saved = save_running(workspace, NAME, "ann", "page", 0, content)
    assert open_running(workspace, NAME, "ann", "page").drafts == (saved,)
    transcript = end(workspace, Chapter(0, "Kiln"), Chapter(18, "Glaze"))
    assert stream_called(workspace, NAME).transcript == transcript
    item = open_item(workspace, transcript, "ann")
    assert [(draft.chapters, draft.told, draft.page) for draft in item.drafts] == [(MINE, TOLD, "page")]
    assert item.shown.draft is not None and item.shown.draft.chapters[1].title == "Glaze"
    assert not item_heading(workspace, transcript, "ann").blind
    assert item_heading(workspace, transcript, "bo").blind, "who didn't see it is drawn for"
    assert [entry.blind for entry in review_queue(workspace, "ann").begun] == [False]
    assert [entry.blind for entry in review_queue(workspace, "bo").waiting] == [True]
    late = save_running(workspace, NAME, "ann", "page", saved.revision, content)
    assert [draft.revision for draft in open_item(workspace, transcript, "ann").drafts] == [late.revision]
    work = HandIn("key", "edit", MINE, "", None, EFFORT, "page", late.revision)
    done = hand_in(workspace, transcript, "ann", work)
    assert done.kind == "edit" and open_item(workspace, transcript, "ann").drafts == ()
    with workspace.record.read() as store:
        assert store.corrections.of_transcript(transcript)[-1][1].draft_by == MODEL
        assert not store.service_streams.drafts.begun_by("ann") and not review_queue(workspace, "ann").running


def test_of_words_that_were_forgotten_nothing_is_kept(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        stream = find_stream(store, NAME, None)
        whole = transcript_of(stream, LINES)
        store.transcripts.add(replace(whole, external_id="the same words"))
        store.tombstones.record_deletion("the same words", "ann", "asked")
        assert close_stream(store, stream, whole) is None
        ended = find_stream(store, NAME, None)
        assert (ended.state, ended.failure, ended.transcript, ended.known.title) == ("ended", "forgotten", None, "")
        assert store.service_streams.events(stream.number) == [] == store.service_streams.lines(stream.number)


def test_a_stream_in_which_nothing_was_said_is_no_item(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        silent = store.service_streams.open(NewStream("e" * 32, "app", "b" * 64, None, "silent"))
        assert close_stream(store, silent, None) is None
    with pytest.raises(NotFound, match="nothing was said"):
        stream_called(workspace, "e" * 32)
    with pytest.raises(BadInput):
        save_running(workspace, NAME, "ann", "page", 0, DraftContent((Chapter(-1, "x"),), 0, EFFORT, ()))


def test_what_was_seen_of_a_forgotten_stream_is_not_told_of_the_next_under_its_number(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        before = find_stream(store, NAME, None)
        store.tombstones.record_deletion("live", "ann", "asked")
    with workspace.record.write() as store:
        after = store.service_streams.open(NewStream("5d" * 16, "app", "b" * 64, None, "other"))
        assert after.number == before.number, "SQLite gives the highest one again"
        assert not store.service_streams.tell(NAME, 0, [LiveEvent("chapter", 0, "A secret", 12.0)], MODEL)
        assert store.service_streams.events(after.number) == []
