"""Which vectors there are of a talk's recording: the record says it, on both databases, and an answer is kept with what
was seen."""

from __future__ import annotations

from dataclasses import replace

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.prediction import SENSES, Prediction, template_for
from errata.domain.transcript import Segment, Transcript
from errata.domain.vector_shard import VectorShard, shards_digest
from errata.domain.video import KnownVideo
from tests.made_up_record import chapters, talk

MODEL, TEMPLATE = "m" * 64, f"inline@1 limits@1{SENSES}"
SEEN, HEARD = VectorShard("colours@1", 1.0, "a" * 64), VectorShard("tones@1", 2.0, "b" * 64)


def arrive(store: Store, transcript: Transcript) -> int:
    """A talk, and the video whose recording it is of."""
    seq = store.transcripts.add(transcript).seq
    store.videos.finish(store.videos.add(KnownVideo(transcript.external_id, "/talks/a.mp4")).number, seq)
    return seq


def see(store: Store, name: str, *shards: VectorShard) -> None:
    video = store.videos.find(name)
    assert video is not None
    for shard in shards:
        store.videos.add_vectors(video.number, shard)


def answer(store: Store, seq: int, title: str, template: str = TEMPLATE) -> None:
    text = store.transcripts.read(seq)
    prediction = Prediction(seq, MODEL, template_for(template, text), chapters(0, by=title))
    assert store.predictions.add(prediction).new


def title(store: Store, seq: int, template: str = TEMPLATE) -> str | None:
    found = store.predictions.find(seq, MODEL, template)
    return None if found is None else found.chapters[0].title


def test_a_transcript_is_read_with_what_there_is_of_its_recording(either: Record) -> None:
    with either.write() as store:
        first, second = arrive(store, talk("first")), arrive(store, talk("second"))
        see(store, "first", SEEN, HEARD, SEEN)
        later = store.transcripts.add(replace(talk("other words"), external_id="first")).seq
    with either.read() as store:
        assert store.transcripts.read(first).vectors == (SEEN, HEARD)
        assert store.transcripts.read(later).vectors == (SEEN, HEARD), "other words of the same recording"
        assert store.transcripts.read(second).vectors == ()
        assert store.transcripts.read(first) == talk("first"), "which is no part of what it says"
        assert store.transcripts.read(first).hash == talk("first").hash
        assert store.videos.all_vectors() == {"first": (SEEN, HEARD)}


def test_what_was_answered_without_them_is_no_answer_once_there_are_vectors(either: Record) -> None:
    long = Segment(0, 100, "so we talk about the weather and the tools today. " * 20)
    derived = Transcript("derived", (long,), 100.0)
    with either.write() as store:
        plain, lines = arrive(store, talk("plain")), arrive(store, derived)
        for seq in (plain, lines):
            answer(store, seq, "by words")
            assert title(store, seq) == "by words 1"
    for shard, said in ((SEEN, "by sight"), (HEARD, "by ear")):
        with either.write() as store:
            see(store, "plain", shard)
            see(store, "derived", shard)
            assert [title(store, seq) for seq in (plain, lines)] == [None, None]
            assert set(store.transcripts.awaiting_draft(MODEL, TEMPLATE)) == {plain, lines}
            for seq in (plain, lines):
                answer(store, seq, said)
            assert [title(store, seq) for seq in (plain, lines)] == [f"{said} 1"] * 2
            assert store.transcripts.awaiting_draft(MODEL, TEMPLATE) == []
    with either.read() as store:
        assert len(store.predictions.of_transcript(plain)) == 3, "nothing was written over"


def test_to_a_model_of_words_alone_vectors_are_nothing(either: Record) -> None:
    words = "inline@1 limits@1"
    with either.write() as store:
        seq = arrive(store, talk("plain"))
        answer(store, seq, "by words", words)
        see(store, "plain", SEEN)
        assert title(store, seq, words) == "by words 1"
        assert store.transcripts.awaiting_draft(MODEL, words) == []
        assert title(store, seq) is None


def test_the_digest_is_of_which_vectors_there_are_in_whatever_order(either: Record) -> None:
    assert shards_digest([SEEN, HEARD]) == shards_digest([HEARD, SEEN]) != shards_digest([SEEN])
    assert shards_digest([]) == ""
    with either.write() as store:
        arrive(store, talk("one"))
        arrive(store, talk("two"))
        see(store, "one", SEEN, HEARD)
        see(store, "two", HEARD, SEEN)
        found = [store.transcripts.read(store.transcripts.find(name)).vectors for name in ("one", "two")]
        assert template_for(TEMPLATE, replace(talk("one"), vectors=found[0])) == template_for(
            TEMPLATE, replace(talk("two"), vectors=found[1])
        )
