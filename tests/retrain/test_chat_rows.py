"""Rows of a chat: made by the stages that make those of chapters, and without what moderators took out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.chats import ChatDeletion
from errata.database.record import Record
from errata.documents.params import AugmentParams
from errata.domain.chat_messages import ChatMessage
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.tasks.encode import IGNORED
from retrain.altered_copies import copies
from retrain.curate import curate_rows, fitness
from retrain.mix import encode_rows
from retrain.snapshot import snapshot
from retrain.training_rows import TrainingRow
from tests.made_up_chat import stream
from tests.made_up_model import make_tokenizer
from tests.made_up_rows import read_snapshot


def chatted(record: Record, *names: str) -> dict[str, int]:
    """Streams with their chats, in a record whose models are asked for chats; by name, their `seq`."""
    seqs = {}
    with record.write() as store:
        store.asked_task.set("chat")
        for name in names:
            talk, messages = stream(name, rounds=4)
            seqs[name] = store.transcripts.add(talk).seq
            store.chats.add(seqs[name], [ChatMessage(m.start, "fen", m.title) for m in messages], f"{name}.irc")
    return seqs


def taken(record: Record, folder: Path) -> dict[str, TrainingRow]:
    """Each stream's newest row."""
    with record.read() as store:
        watermark = store.labels.newest()
    snapshot(record, folder, watermark)
    return {row.external_id: row for row in read_snapshot(folder)}


def taught(row: TrainingRow) -> list[str]:
    task = chapter_task(Card("chat", 512), make_tokenizer(spaced=False))
    rows, left_out = encode_rows([row], task)
    assert not left_out
    learnt = [[label for label in each.encoded.labels if label != IGNORED] for each in rows]
    return [line.strip() for ids in learnt for line in str(task.tokenizer.decode(ids[:-1])).split("<|end|>")[:-1]]


def test_a_deleted_message_is_no_target_and_is_not_read(record: Record, tmp_path: Path) -> None:
    seqs = chatted(record, "pond")
    _, messages = stream("pond", rounds=4)
    before = taken(record, tmp_path)["pond"]
    assert (before.task, before.kind, taught(before)) == ("chat", "reference", [m.title for m in messages])
    with record.write() as store:
        key = store.chats.logged(seqs["pond"])[1].key
        store.chats.delete(seqs["pond"], ChatDeletion(key, "mona", "command"))
    after = taken(record, tmp_path)["pond"]
    kept = [m.title for place, m in enumerate(messages) if place != 1]
    assert (after.kind, after.reviewer, taught(after)) == ("edit", "mona", kept)
    task = chapter_task(Card("chat", 512), make_tokenizer(spaced=False))
    (row,), _ = encode_rows([after], task)
    read = str(task.tokenizer.decode(row.encoded.input_ids))
    assert read.count("hello") == len(kept)


def test_rows_are_curated_as_all_are_and_not_altered(record: Record, tmp_path: Path) -> None:
    chatted(record, "pond", "lake")
    rows = taken(record, tmp_path)
    kept = curate_rows([replace(row, role="train") for row in rows.values()])
    assert sorted(row.external_id for row in kept) == ["lake", "pond"]
    assert fitness(replace(rows["pond"], role="anchor")).reason == "its leak group is held out"
    lonely = replace(rows["pond"], role="train", chapters='[{"start": 1.0, "title": "hi"}]')
    assert fitness(lonely).reason == "its chat has next to no messages"
    always = AugmentParams(share=1.0, seed=1, alterations={"sponsor": 1.0})
    assert copies(rows["pond"], always) == []


def test_a_chat_of_which_all_was_taken_out_teaches_nothing(record: Record, tmp_path: Path) -> None:
    seqs = chatted(record, "pond")
    with record.write() as store:
        for message in store.chats.logged(seqs["pond"]):
            store.chats.delete(seqs["pond"], ChatDeletion(message.key, "mona", "command"))
        assert store.labels.between(0, store.watermark()) == []
    row = taken(record, tmp_path)["pond"]
    assert (row.kind, fitness(row).reason) == ("withdrawn", "its chapters were rejected or taken back")


@pytest.mark.parametrize("name", ["chapters", "chat"])
def test_what_models_are_asked_says_which_labels_there_are(name: str, record: Record) -> None:
    seqs = chatted(record, "pond")
    with record.write() as store:
        store.asked_task.set("chat" if name == "chat" else "chapters")
    with record.read() as store:
        found = store.labels.of(seqs["pond"], store.watermark())
        assert (found is None) == (name == "chapters")
