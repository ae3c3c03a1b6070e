"""What is reviewed first, and why: audits by chance, then what tells most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.calibration import Calibration, PlattMap
from errata.domain.audit_draw import AuditDraw
from errata.domain.draft_draw import DraftDraw
from errata.domain.prediction import Prediction
from errata.domain.review_reason import ArrivalReason, AuditReason, DifferenceReason, UnsureReason
from errata.operations.confidence import border_confidences, confident_chapters_json
from errata.operations.review_order import ReviewCandidate, ReviewOrder, ReviewPlace, review_order
from errata.wording.review_sentences import review_reason_phrase
from tests.made_up_record import chapters, correction, talk

MODEL, RIVAL = "m" * 64, "r" * 64
candidates = st.lists(
    st.builds(
        ReviewCandidate,
        st.integers(1, 99),
        st.booleans(),
        st.just(False),
        st.integers(0, 3),
        st.lists(st.floats(0, 1), max_size=4).map(tuple),
    ),
    unique_by=lambda each: each.transcript,
)


def test_audits_then_differences_then_the_least_sure_then_the_order_of_arrival() -> None:
    waiting = [
        ReviewCandidate(1),
        ReviewCandidate(2, confidences=(0.9, 0.8)),
        ReviewCandidate(3, confidences=(0.9, 0.4, 0.1)),
        ReviewCandidate(4, differing=1, confidences=(0.1,)),
        ReviewCandidate(5, differing=2),
        ReviewCandidate(6, audit=True, confidences=(1.0,)),
        ReviewCandidate(7, audit=True, second=True),
        ReviewCandidate(8),
    ]
    found = review_order(waiting)
    assert [place.transcript for place in found] == [7, 6, 5, 4, 3, 2, 1, 8]
    assert [place.reason for place in found] == [
        AuditReason(second=True),
        AuditReason(second=False),
        DifferenceReason(2),
        DifferenceReason(1),
        UnsureReason(2, 0.1),
        UnsureReason(1, 0.8),
        ArrivalReason(),
        ArrivalReason(),
    ]
    assert [review_reason_phrase(place.reason) for place in found] == [
        "audit: drawn at random",
        "audit: drawn at random",
        "champion and challenger differ in 2 borders",
        "champion and challenger differ in 1 border",
        "least sure of 2 borders",
        "least sure of 1 border",
        "in the order of arrival",
        "in the order of arrival",
    ]


@given(candidates, st.randoms(use_true_random=False))
def test_everything_has_one_place_whatever_order_it_comes_in(found: list[ReviewCandidate], random) -> None:
    ordered = review_order(found)
    assert sorted(place.transcript for place in ordered) == sorted(each.transcript for each in found)
    random.shuffle(found)
    assert review_order(found) == ordered


def draft(
    seq: int, model: str = MODEL, starts: tuple[float, ...] = (0, 50), sure: tuple[float, ...] = ()
) -> Prediction:
    return Prediction(seq, model, "inline@1", chapters(*starts), confidences=sure)


def answered(record: Record, *drafts: Prediction) -> None:
    with record.write() as store:
        for each in drafts:
            store.predictions.add(each)


def talks(record: Record, names: str) -> list[int]:
    with record.write() as store:
        return [store.transcripts.add(talk(name)).seq for name in names]


def places(record: Record, order: ReviewOrder, reviewer: str = "ann") -> list[ReviewPlace]:
    with record.read() as store:
        waiting = order.waiting(store, reviewer)
        assert [place.reason for place in waiting if place.reason != AuditReason(second=True)] == [
            order.place(store, place.transcript).reason for place in waiting if place.reason != AuditReason(second=True)
        ]
        return waiting


def test_drafts_are_ordered_by_what_the_record_knows(record: Record) -> None:
    seqs = talks(record, "abcdefgh")
    draw = DraftDraw((MODEL, RIVAL), 0.0)
    with record.read() as store:
        drawn = [draw.model_for(store.transcripts.hash_of(seq)) for seq in seqs]
    assert set(drawn) == {MODEL, RIVAL}
    answered(record, *(draft(seq, model) for seq, model in zip(seqs, drawn, strict=True)))
    unsure, surer, near, far = seqs[:4]
    other = {seq: RIVAL if model == MODEL else MODEL for seq, model in zip(seqs, drawn, strict=True)}
    answered(record, draft(near, other[near], (0, 52)), draft(far, other[far], (0, 80)))
    order = ReviewOrder(draw, AuditDraw(0.0), None)
    assert places(record, order)[0] == ReviewPlace(far, DifferenceReason(2))
    assert {place.reason for place in places(record, order)[1:]} == {ArrivalReason()}
    assert [place.transcript for place in places(record, order)[1:]] == [unsure, surer, near, *seqs[4:]]
    everything = places(record, ReviewOrder(draw, AuditDraw(1.0), None))
    assert {place.reason for place in everything} == {AuditReason(second=False)}


def test_a_longer_queue_takes_no_more_queries(record: Record) -> None:
    """With one for each talk, ten thousand that wait took every reviewer seconds at each item."""
    order = ReviewOrder(DraftDraw((MODEL,), 0.0), AuditDraw(0.0), None)
    asked: list[str] = []

    def note(*call: object) -> None:
        asked.append(str(call[2]))

    counts = []
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        for names in ("ab", "cdefghijkl"):
            answered(record, *(draft(seq, MODEL) for seq in talks(record, names)))
            asked.clear()
            with record.read() as store:
                order.waiting(store, "ann")
            counts.append(len(asked))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]


def test_confidences_are_calibrated_where_the_draft_is_by_the_calibrated_model(record: Record) -> None:
    doubtful = Calibration(
        model=MODEL,
        borders=100,
        right=50,
        items=30,
        clusters=5,
        blind=0,
        map=PlattMap("platt", 1.0, -4.0),
        as_given=None,
        calibrated=None,
    )
    seqs = talks(record, "abcdefgh")
    draw = DraftDraw((MODEL, RIVAL), 0.0)
    with record.read() as store:
        drawn = {seq: draw.model_for(store.transcripts.hash_of(seq)) for seq in seqs}
    answered(record, *(draft(seq, model, sure=(0.9, 0.95)) for seq, model in drawn.items()))
    found = places(record, ReviewOrder(draw, AuditDraw(0.0), doubtful))
    reasons = {MODEL: UnsureReason(2, 0.1415), RIVAL: UnsureReason(1, 0.9)}
    assert [place.reason for place in found] == [reasons[drawn[place.transcript]] for place in found]
    assert drawn[found[0].transcript] == MODEL and drawn[found[-1].transcript] == RIVAL
    assert border_confidences((0.9, None), doubtful).values == (0.1415, None)
    assert not border_confidences((), doubtful).calibrated
    assert not border_confidences((0.9,), replace(doubtful, map=None)).calibrated
    assert confident_chapters_json(chapters(0), border_confidences((), None)) == [
        {"start": 0.0, "title": "Part 1", "confidence": None}
    ]


@pytest.mark.parametrize("models", [(MODEL,), (MODEL, RIVAL)])
def test_drafts_of_two_models_are_read_by_no_more_statements_either(record: Record, models: tuple[str, ...]) -> None:
    order, counts = ReviewOrder(DraftDraw(models, 0.0), AuditDraw(0.0), None), []
    for names in ("ab", "cdefghij"):
        answered(record, *(draft(seq, model, sure=(0.5,)) for seq in talks(record, names) for model in models))
        with record.read() as store, statements() as sent:
            order.waiting(store, "ann")
        counts.append(len(sent))
    assert counts[0] == counts[1]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those that are sent in the block."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_a_second_look_comes_first(record: Record) -> None:
    reviewed, waiting = talks(record, "ab")
    answered(record, draft(reviewed), draft(waiting))
    with record.write() as store:
        store.corrections.add(correction(reviewed, chapters(0), "ann"))
    order = ReviewOrder(DraftDraw((MODEL,), 0.0), AuditDraw(1.0), None)
    assert [place.transcript for place in places(record, order, "bob")] == [reviewed, waiting]
    assert [place.transcript for place in places(record, order, "ann")] == [waiting]


def test_an_audit_waits_for_whoever_has_not_reviewed_it(record: Record) -> None:
    with record.write() as store:
        alone, twice, own = (store.transcripts.add(talk(name)).seq for name in "abc")
        for seq, names in ((alone, ("ann",)), (twice, ("ann", "bob")), (own, ("cleo",))):
            for name in names:
                store.corrections.add(correction(seq, chapters(0, by=name), name))
        assert store.double_reviews.awaiting_second("cleo", AuditDraw(1.0), most=9) == [alone]
        assert store.double_reviews.awaiting_second("ann", AuditDraw(1.0), most=9) == [own]
        assert store.double_reviews.awaiting_second("dan", AuditDraw(1.0), most=1) == [own]
        assert store.double_reviews.awaiting_second("dan", AuditDraw(0.0), most=9) == []


def test_audits_say_how_far_a_reviewer_is_at_one_with_the_others(record: Record) -> None:
    with record.write() as store:
        open_one, decided, alone = (store.transcripts.add(talk(name)).seq for name in "abc")
        store.corrections.add(correction(open_one, chapters(0, 40), "ann"))
        store.corrections.add(correction(open_one, chapters(0, 43, 80), "bob"))
        right = store.corrections.add(correction(decided, chapters(0, 40), "ann"))
        store.corrections.add(correction(decided, chapters(0, 80), "bob"))
        store.corrections.adjudicate(decided, right.seq, "olga")
        store.corrections.add(correction(alone, chapters(0), "ann"))
        records = store.double_reviews.audit_records(store.watermark(), AuditDraw(1.0))
        assert store.double_reviews.audit_records(store.watermark(), AuditDraw(0.0)) == {}
    ann, bob = records["ann"], records["bob"]
    assert records.keys() == {"ann", "bob"}
    assert (ann.items, ann.agreed) == (2, 2 / 3 + 1)
    assert (bob.items, bob.agreed) == (2, 2 / 3 + 1 / 3)
    assert ann.trust().mean > bob.trust().mean
