"""What the record keeps of connected projects and of traces, on either database."""

from __future__ import annotations

import pytest

from errata.database.connections import FetchedReview
from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.errors import Unavailable
from tests.made_up_record import chapters, correction, talk

URL = "https://labels.example.org"


def test_a_project_is_found_again_by_its_number_or_as_the_newest(either: Record) -> None:
    with either.write() as store:
        assert store.connections.find("label-studio", URL, None) is None
        first = store.connections.add("label-studio", URL, "a" * 32, 5)
        second = store.connections.add("label-studio", URL, "b" * 32, None)
        store.connections.note_project(second.number, 9)
        store.connections.move_cursor(second.number, "2026-03-01T12:00:00.000000Z")
    with either.read() as store:
        assert store.connections.find("label-studio", URL, 5) == first
        newest = store.connections.find("label-studio", URL, None)
        assert newest is not None and (newest.project, newest.cursor[:4]) == (9, "2026")
        assert store.connections.find("label-studio", "https://other.example.org", None) is None
        assert store.connections.find("another tool", URL, None) is None
    with pytest.raises(Unavailable, match=r"(?i)unique"), either.write() as store:
        store.connections.add("label-studio", URL, "a" * 32, None)


def test_what_goes_out_is_noted_before_and_after(either: Record) -> None:
    with either.write() as store:
        number = store.connections.add("label-studio", URL, "a" * 32, 5).number
        one, two, three = (store.transcripts.add(talk(name)).seq for name in ("one", "two", "three"))
        store.connections.about_to_send(number, {one: "k1", two: "k2", three: "k3"})
    with pytest.raises(Unavailable, match=r"(?i)unique"), either.write() as store:
        store.connections.about_to_send(number, {two: "k9"})
    with either.write() as store:
        assert store.connections.unheard(number) == {"k1": one, "k2": two, "k3": three}
        store.connections.note_tasks(number, {one: 2**40, two: 12})
        store.connections.take_back(number, [one, three])
        assert store.connections.unheard(number) == {}
        assert store.connections.sent_transcripts(number) == {one, two}, "what is there is not taken back"
        assert store.connections.forgotten_tasks(number) == {}
        store.tombstones.record_deletion("one", "ann", "asked")
        assert store.connections.forgotten_tasks(number) == {2**40: one}
        store.connections.note_removed(number, one)
        assert store.connections.forgotten_tasks(number) == {}


def test_a_review_is_known_as_it_was_last_seen(either: Record) -> None:
    with either.write() as store:
        number = store.connections.add("label-studio", URL, "a" * 32, 5).number
        said = store.corrections.add(correction(store.transcripts.add(talk("one")).seq, chapters(0))).seq
        store.connections.note_review(number, 12, FetchedReview(100, "c" * 64, said))
        store.connections.note_review(number, 12, FetchedReview(101, "d" * 64, None))
        store.connections.note_review(number, 13, FetchedReview(102, "e" * 64, None))
        store.connections.note_review(number, 12, FetchedReview(100, "f" * 64, None))
    with either.read() as store:
        known = store.connections.fetched(number, 12)
        assert [known[key] for key in (100, 101)] == [
            FetchedReview(100, "f" * 64, None),
            FetchedReview(101, "d" * 64, None),
        ]


def test_a_call_is_known_by_its_trace_and_its_own_id(either: Record) -> None:
    with either.write() as store:
        talk_seq = store.transcripts.add(talk("one")).seq
        first, second = (
            store.predictions.add(Prediction(talk_seq, f"foreign:x:{at}", "", chapters(at), foreign=True)).seq
            for at in (0, 50)
        )
        store.traces.add("t", "1", first, "2026-03-02T00:00:00+00:00")
        store.traces.add("t", "2", first, "2026-03-01T00:00:00+00:00")
        store.traces.add("u", "1", second, "")
    with either.read() as store:
        assert store.traces.knows("t", "2") and not store.traces.knows("u", "2")
        assert store.traces.answered_at([first, second]) == {first: "2026-03-01T00:00:00+00:00"}
        assert store.traces.answered_at([]) == {}
