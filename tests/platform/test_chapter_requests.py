"""What is asked of the service stands in the record once, and is taken up again where it has no answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from errata.database.blobs import Blobs
from errata.database.chapter_requests import ChapterRequest
from errata.database.record import Record
from errata.database.store import Store
from errata.domain.prediction import Prediction
from errata.errors import Forgotten
from tests.made_up_record import chapters, correction, talk


def asked(store: Store, name: str, by: str = "app", key: str | None = None) -> ChapterRequest:
    request = ChapterRequest(name, by, "b" * 64, store.transcripts.add(talk("t")).seq, key)
    store.chapter_requests.add(request)
    return request


def answer(store: Store, transcript: int) -> int:
    return store.predictions.add(Prediction(transcript, "m" * 64, "inline@1", chapters(0))).seq


def test_a_request_is_open_until_it_is_answered_or_has_failed(either: Record) -> None:
    with either.write() as store:
        first, second = asked(store, "one"), asked(store, "two")
        assert store.chapter_requests.open() == [first, second]
        store.chapter_requests.finish("one", prediction=answer(store, first.transcript))
        store.chapter_requests.finish("two", failure="too long")
        store.chapter_requests.finish("two", prediction=1)  # it came to an end, and stays there
    with either.read() as store:
        assert store.chapter_requests.open() == []
        found = store.chapter_requests.called("two")
        assert found is not None and (found.prediction, found.failure) == (None, "too long")
        assert store.chapter_requests.called("three") is None


def test_a_key_is_that_of_one_request_of_one_caller(either: Record) -> None:
    with either.write() as store:
        first = asked(store, "one", key="k" * 64)
        asked(store, "two", by="other", key="k" * 64)
        for unnamed in ("three", "four"):
            asked(store, unnamed)
    with either.read() as store:
        assert store.chapter_requests.under_key("app", "k" * 64) == first
        assert store.chapter_requests.under_key("app", "l" * 64) is None
    with pytest.raises(sa.exc.IntegrityError), either.write() as store:
        asked(store, "five", key="k" * 64)


def test_who_was_told_a_prediction_is_known(either: Record) -> None:
    with either.write() as store:
        request = asked(store, "one")
        seq = answer(store, request.transcript)
        store.chapter_requests.finish("one", prediction=seq)
    with either.read() as store:
        assert store.chapter_requests.was_told("app", seq)
        assert not store.chapter_requests.was_told("other", seq)


def test_one_of_several_in_a_transaction_takes_back_its_own_alone(either: Record) -> None:
    with either.write() as store:
        asked(store, "one")
        with pytest.raises(ZeroDivisionError), store.savepoint():
            asked(store, "two")
            raise ZeroDivisionError
        asked(store, "three")
    with either.read() as store:
        assert [request.name for request in store.chapter_requests.open()] == ["one", "three"]


def test_what_failed_in_a_transaction_of_several_can_be_said_again(either: Record) -> None:
    with either.write() as store:
        transcript = asked(store, "one").transcript
        with pytest.raises(sa.exc.IntegrityError), store.savepoint():
            store.corrections.add(correction(transcript, chapters(0), "ann"))
            asked(store, "one")
        assert store.corrections.add(correction(transcript, chapters(0), "ann")).new
    with either.read() as store:
        assert store.counts()["corrections"] == 1


def test_a_transcript_is_known_by_its_words_and_refused_once_forgotten(record: Record) -> None:
    with record.write() as store:
        assert store.transcripts.known(talk("t")) is None
        seq = store.transcripts.add(talk("t")).seq
        assert store.transcripts.known(talk("t")) == seq
        store.tombstones.record_deletion("t", "olga", "asked")
    with record.read() as store, pytest.raises(Forgotten):
        store.transcripts.known(talk("t"))


def test_texts_that_need_not_outlive_a_power_cut_wait_for_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Any] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for durable, expected in ((False, 0), (True, 3)):
        blobs = Blobs(tmp_path / str(durable), synced=durable)
        with blobs.sync_at_end():
            name = blobs.put('"words"')
        assert blobs.get(name) == "words"
        assert len(synced) == expected


def test_a_folder_of_texts_is_itself_made_to_last_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Any] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    named: set[Path] = set()
    counts = []
    for text in ('"a"', '"a "', '"a"'):
        blobs = Blobs(tmp_path, named=named)
        with blobs.sync_at_end():
            blobs.put(text)
        counts.append(len(synced))
    assert counts == [3, 6, 6]
    named |= {tmp_path / f"{number:02x}" for number in range(256)}
    blobs = Blobs(tmp_path, named=named)
    with blobs.sync_at_end():
        blobs.put('"b"')
    assert len(synced) == 8
