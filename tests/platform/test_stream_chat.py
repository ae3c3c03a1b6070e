"""A chat beside its transcript: it comes in, is moderated, labels what models are asked, and is forgotten."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.chat_tables import ChatRow
from errata.database.chats import ChatDeletion
from errata.database.fsck import fsck
from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapter
from errata.domain.chat_messages import ChatMessage, chat_hash
from errata.domain.correction import Label
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, NotFound, Refused
from errata.formats.chat_files import read_chat
from errata.inference.artefact import Card
from errata.operations.next_step import next_step
from errata.operations.review_tasks import write_tasks
from errata.operations.stream_chat import chat_snippets, import_chat, moderate, show_chat
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_chat import irc, stream, youtube_action, youtube_message
from tests.made_up_record import misheard


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(laid_out, tmp_path / "ws", symlinks=True)
    return Workspace(tmp_path / "ws")


def add(workspace: Workspace, transcript: Transcript) -> int:
    with workspace.record.write() as store:
        return store.transcripts.add(transcript).seq


def chat_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def label(store: Store, seq: int, upto: int | None = None) -> Label:
    found = store.labels.of(seq, store.watermark() if upto is None else upto)
    assert isinstance(found, Label)
    return found


def ask_for_chats(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        store.asked_task.set("chat")


def test_a_log_comes_in_by_its_name_once_and_says_how_much_is_written(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    seq = add(workspace, pond)
    path = chat_file(tmp_path, "pond.irc", irc(messages))
    first, again = import_chat(workspace, path), import_chat(workspace, path)
    assert (first.transcript, first.new, first.pace.messages, first.doubts) == (seq, True, 8, ())
    assert (again.new, again.deleted) == (False, 0)
    named = import_chat(workspace, chat_file(tmp_path, "other.irc", irc(messages[:4])), "pond")
    assert (named.new, named.pace.messages, named.replaced, named.counts) == (True, 4, 8, True)
    old = import_chat(workspace, path)
    assert (old.new, old.replaced, old.counts) == (False, 0, False)
    with workspace.record.read() as store:
        assert [message.text for message in store.chats.logged(seq)] == [each.title for each in messages[:4]]
    assert fsck(workspace.record).problems == ()


def test_a_log_that_day_0_has_its_words_from_is_named(workspace: Workspace, tmp_path: Path) -> None:
    folder = workspace.models / ("d" * 16)
    folder.mkdir(parents=True)
    logs = {name: chat_file(tmp_path, f"{name}.irc", irc(stream(name)[1])) for name in ("pond", "heath")}
    Card("snippet", 128).write(folder, vocabulary_chats=[chat_hash(read_chat(logs["pond"]).log.messages)])
    with workspace.record.write() as store:
        store.aliases.assign_alias("day0", "d" * 64, "init", "test", None, None)
    for name in logs:
        add(workspace, stream(name)[0])
    said = {name: in_this_process("import", "chat", path, "-w", workspace.root).stdout for name, path in logs.items()}
    assert "one of the logs that Day-0's words are of" in said["pond"] and "Day-0" not in said["heath"]


def test_a_chat_of_nobody_or_of_another_stream_is_refused_and_what_is_odd_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    pond, messages = stream("pond", channel="mira")
    add(workspace, pond)
    with pytest.raises(NotFound, match=r"no transcript 'lake' in the record.*--of"):
        import_chat(workspace, chat_file(tmp_path, "lake.irc", irc(messages)))
    late = tuple(Chapter(each.start + 500, each.title) for each in messages)
    with pytest.raises(BadInput, match=r"8 of 8 messages come after the end of 'pond'.*another stream"):
        import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(late)))
    comments = [
        {
            "content_offset_seconds": 10 * place,
            "created_at": f"2026-03-01T20:{5 * (place > 3):02d}:{10 * place % 60:02d}Z",
            "commenter": {"name": "fen"},
            "message": {"body": f"hi {place}"},
        }
        for place in (*range(1, 6), 2, 60)
    ]
    twitch = {"streamer": {"name": "lena"}, "video": {"title": "Lakes", "length": 900}, "comments": comments}
    found = import_chat(workspace, chat_file(tmp_path, "pond.json", json.dumps(twitch)))
    assert [doubt.about for doubt in found.doubts] == [
        "out of order",
        "after the end",
        "another length",
        "another title",
        "another channel",
        "drift",
    ]
    words = Transcript("words", (Segment(0, 4, "a b c d"),), 4, unit="words")
    add(workspace, words)
    with pytest.raises(BadInput, match="has no times"):
        import_chat(workspace, chat_file(tmp_path, "words.irc", irc(messages)))


def test_moderators_take_messages_out_and_put_them_back(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    seq = add(workspace, pond)
    import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    ask_for_chats(workspace)
    with workspace.record.read() as store:
        before, key = store.watermark(), store.chats.logged(seq)[2].key
        assert (label(store, seq).kind, label(store, seq).chapters) == ("reference", messages)
    assert moderate(workspace, "pond", key, "mona", "spam", deleted=True).new
    assert not moderate(workspace, "pond", key, "mona", "spam", deleted=True).new
    with workspace.record.read() as store:
        now = label(store, seq)
        assert (now.kind, now.reviewer, now.draft_by) == ("edit", "mona", "")
        assert now.chapters == (*messages[:2], *messages[3:])
        assert label(store, seq, before).chapters == messages, "what comes later changes no earlier answer"
        assert [one.transcript for one in store.labels.between(before, store.watermark())] == [seq]
        assert store.labels.changed_transcripts(before, store.watermark()) == 1
    assert show_chat(workspace, "pond").messages[2].deletion is not None
    moderate(workspace, "pond", key, "mona", "", deleted=False)
    with workspace.record.read() as store:
        assert label(store, seq).chapters == messages
    with pytest.raises(NotFound, match="no message 'nope'"):
        moderate(workspace, "pond", "nope", "mona", "", deleted=True)
    assert fsck(workspace.record).problems == ()


def test_what_a_log_says_was_taken_out_is_and_a_later_log_keeps_it_out(workspace: Workspace, tmp_path: Path) -> None:
    pond, _ = stream("pond")
    seq = add(workspace, pond)
    rows = [youtube_message("a", 1, "hi"), youtube_message("b", 2, "spam", author="UC2")]
    gone = youtube_action(3, markChatItemAsDeletedAction={"targetItemId": "b"})
    found = import_chat(
        workspace, chat_file(tmp_path, "pond.live_chat.json", "\n".join(map(json.dumps, [*rows, gone])))
    )
    assert (found.deletions, found.deleted) == (1, 1)
    longer = [*rows, youtube_message("c", 4, "bye")]
    found = import_chat(workspace, chat_file(tmp_path, "pond.live_chat.json", "\n".join(map(json.dumps, longer))))
    assert (found.new, found.deleted) == (True, 1)
    with workspace.record.read() as store:
        state = store.chats.of(seq, store.watermark())
        assert state is not None and [message.text for message in state.messages] == ["hi", "bye"]


def test_a_chat_has_its_streams_leak_group_and_role(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    twin = misheard(pond, "twin")
    with workspace.record.write() as store:
        seq = store.transcripts.add(pond, "anchor").seq
        other = store.transcripts.add(twin).seq
    import_chat(workspace, chat_file(tmp_path, "twin.irc", irc(messages)))
    ask_for_chats(workspace)
    with workspace.record.read() as store:
        found = label(store, other)
        assert (found.role, found.group) == ("anchor", seq)
        assert [one.transcript for one in store.labels.of_role("anchor", store.watermark())] == [other]


def test_messages_from_before_and_long_after_the_stream_are_kept_and_read_by_nobody(
    workspace: Workspace, tmp_path: Path
) -> None:
    pond, messages = stream("pond")
    seq = add(workspace, pond)
    text = "[-0:01:00] <fen> soon?\n" + irc((*messages, Chapter(pond.duration + 300, "still here?")))
    found = import_chat(workspace, chat_file(tmp_path, "pond.irc", text))
    assert (found.pace.early, [doubt.about for doubt in found.doubts]) == (1, ["after the end"])
    ask_for_chats(workspace)
    with workspace.record.read() as store:
        assert label(store, seq).chapters == messages
        assert len(store.chats.logged(seq)) == 10


def test_snippets_join_what_stands_with_what_was_said(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    seq = add(workspace, pond)
    import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    with workspace.record.read() as store:
        key = store.chats.logged(seq)[0].key
    moderate(workspace, "pond", key, "mona", "", deleted=True)
    cut = chat_snippets(workspace, "pond", 20)
    assert [[message.text for message in snippet.written] for snippet in cut[:2]] == [[], [messages[1].title]]
    assert [len(snippet.said) for snippet in cut] == [1] * 8
    with pytest.raises(BadInput, match="can't be 0 s long"):
        chat_snippets(workspace, "pond", 0)
    with pytest.raises(BadInput, match="more than 1,000,000"):
        chat_snippets(workspace, "pond", 1e-9)


def test_a_chat_that_came_in_waits_for_a_night_and_nobody_drafts_it(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    add(workspace, pond)
    ask_for_chats(workspace)
    assert next_step(workspace) == "import"
    import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    assert next_step(workspace) == "night"
    with pytest.raises(Refused, match=r"reviewing is for chapters.*errata chat"):
        write_tasks(workspace, tmp_path / "tasks.json", "jsonl")


def test_a_broken_log_is_found(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    add(workspace, pond)
    import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    with workspace.record.read() as store:
        blob = next((workspace.root / "blobs").glob(f"*/{_hash_of_chat(store)}.json.zz"))
    blob.write_bytes(b"no zlib")
    (problem,) = fsck(workspace.record).problems
    assert problem.startswith("chat ") and "can't be read" in problem


def _hash_of_chat(store: Store) -> str:
    found: str = store.chats._session.scalars(sa.select(ChatRow.hash)).one()
    return found


def test_what_was_forgotten_leaves_nothing_of_its_chat(record: Record) -> None:
    pond, _ = stream("pond")
    blobs = Path(record.url.removeprefix("sqlite:///")).parent / "blobs"
    with record.write() as store:
        seq = store.transcripts.add(pond).seq
        message = ChatMessage(1.0, "secretive", "secret words")
        store.chats.add(seq, [message], "secret.irc")
        store.chats.delete(seq, ChatDeletion(message.key, "secret mod", "command", "secret reason"))
    with record.write() as store:
        tombstone = store.tombstones.record_deletion("pond", "carol", "asked")
        store.tombstones.remove_texts(tombstone)
    assert tombstone.removed["chats"] == tombstone.removed["chat_deletions"] == 1
    assert list(blobs.rglob("*.zz")) == []
    record.close()
    assert b"secret" not in _logical_text(record)
    with record.read() as store:
        assert store.chats.changed(0, store.watermark()) == []
    assert fsck(record).problems == ()


def _logical_text(record: Record) -> bytes:
    """What the tables hold, free pages aside."""
    with sqlite3.connect(record.url.removeprefix("sqlite:///")) as connection:
        return "\n".join(connection.iterdump()).encode()


def test_two_texts_of_one_stream_keep_their_own_chats(workspace: Workspace, tmp_path: Path) -> None:
    pond, messages = stream("pond")
    first = add(workspace, pond)
    import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    second = add(workspace, replace(pond, title="Pond life"))
    found = import_chat(workspace, chat_file(tmp_path, "pond.irc", irc(messages)))
    assert (found.transcript, found.new) == (second, True) and first != second


def test_chats_are_the_same_on_either_database(either: Record) -> None:
    names = ("pond", "lake")
    with either.write() as store:
        store.asked_task.set("chat")
        seqs = [store.transcripts.add(stream(name)[0]).seq for name in names]
        for seq, name in zip(seqs, names, strict=True):
            store.chats.add(seq, [ChatMessage(m.start, "fen", m.title) for m in stream(name)[1]], f"{name}.irc")
        before = store.watermark()
        store.chats.delete(seqs[0], ChatDeletion(store.chats.logged(seqs[0])[0].key, "mona", "command"))
    with either.read() as store:
        now = store.watermark()
        assert store.chats.changed(0, now) == [seqs[1], seqs[0]], "in the order of their last change"
        assert store.chats.changed(before, now) == [seqs[0]]
        assert [one.kind for one in store.labels.between(0, now)] == ["reference", "edit"]
        assert [one.first for one in store.labels.between(before, now)] == [False]
        assert store.labels.newest() == now
    assert fsck(either).problems == ()
