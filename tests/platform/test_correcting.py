"""What a reviewer makes of a prediction by its key: signed, once, and as a review that was imported would be."""

from __future__ import annotations

import pytest

from errata.database.record import Record
from errata.domain.chapter import chapters_to_json
from errata.domain.prediction import Prediction
from errata.errors import BadInput, NotFound
from errata.files import JsonObject
from errata.operations.correcting import RecordedCorrection, correct_prediction
from tests.made_up_record import chapters, talk


@pytest.fixture
def key(record: Record) -> str:
    with record.write() as store:
        seq = store.transcripts.add(talk("t")).seq
        return store.predictions.hash_of(
            store.predictions.add(Prediction(seq, "m" * 64, "inline@1", chapters(0, 50))).seq
        )


def correct(record: Record, said: JsonObject, reviewer: str = "ann") -> RecordedCorrection:
    with record.write() as store:
        return correct_prediction(store, said, reviewer, "api")


def edit(key: str, *starts: float) -> JsonObject:
    return {"prediction": key, "kind": "edit", "reviewed": chapters_to_json(chapters(*starts))}


def test_an_edit_says_whose_draft_it_corrects(record: Record, key: str) -> None:
    done = correct(record, edit(key, 0, 40))
    with record.read() as store:
        kept = store.corrections.read(done.correction)
    assert (kept.reviewer, kept.origin, kept.draft_by, kept.kind) == ("ann", "api", "m" * 64, "edit")
    assert kept.chapters == chapters(0, 40) and done.external_id == "t"


def test_an_edit_that_changes_nothing_is_an_accept(record: Record, key: str) -> None:
    assert correct(record, edit(key, 0, 50)).kind == "accept"
    assert correct(record, {"prediction": key, "kind": "accept"}, "bo").kind == "accept"


def test_the_same_again_changes_nothing_and_a_change_of_mind_does(record: Record, key: str) -> None:
    first = correct(record, edit(key, 0, 40))
    again = correct(record, edit(key, 0, 40))
    assert (first.new, again.new, again.correction) == (True, False, first.correction)
    other = correct(record, edit(key, 0, 60))
    back = correct(record, edit(key, 0, 40))
    assert other.new and back.new and back.correction > other.correction
    with record.read() as store:
        (label,) = store.labels.between(0, store.watermark())
    assert label.chapters == chapters(0, 40)


def test_two_reviewers_of_one_prediction_are_two(record: Record, key: str) -> None:
    assert correct(record, edit(key, 0, 40)).new and correct(record, edit(key, 0, 40), "bo").new


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kind": "edit"}, "an edit needs `reviewed`"),
        ({"kind": "accept", "blind": True}, "accepts what was not shown"),
        ({"kind": "edit", "reviewed": [{"start": 4000, "title": "Late"}]}, "after the end of"),
        ({"kind": "edit", "reviewed": [{"start": 0, "title": "A\0B"}]}, "NUL"),
        ({"kind": "reject", "reviewed": [{"start": 0, "title": "A"}]}, "a reject has chapters"),
    ],
)
def test_what_cannot_be_is_refused(record: Record, key: str, said: JsonObject, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        correct(record, {"prediction": key, **said})
    with record.read() as store:
        assert store.labels.newest() == 0


def test_a_prediction_that_is_not_there_is_named(record: Record) -> None:
    with pytest.raises(NotFound, match="no prediction 'abc'"):
        correct(record, {"prediction": "abc", "kind": "accept"})
