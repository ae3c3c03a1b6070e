"""Talks and corrections for the tests of the record: words drawn from a name, so that two names are two talks."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from string import ascii_lowercase

import sqlalchemy as sa

from errata.database.record import Record, make_engine
from errata.database.store import Store
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import Correction, Kind
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.domain.transcript import Segment, Transcript


def talk(name: str, said: str = "", channel: str = "", lines: int = 12) -> Transcript:
    """Lines of eight words, ten seconds each; `said` names the words where another talk has said the same."""
    random = Random(said or name)
    words = ["".join(random.choices(ascii_lowercase, k=6)) for _ in range(8 * lines)]
    segments = tuple(
        Segment(10.0 * line, 10.0 * line + 9, " ".join(words[8 * line : 8 * line + 8])) for line in range(lines)
    )
    return Transcript(name, segments, 10.0 * lines, title=f"Talk {name}", channel=channel)


def shouted(transcript: Transcript, name: str) -> Transcript:
    """The same words under another name, with other capitals and punctuation."""
    segments = tuple(replace(s, text=f"— {s.text.upper().replace(' ', ', ')}!") for s in transcript.segments)
    return replace(transcript, external_id=name, segments=segments)


def misheard(transcript: Transcript, name: str) -> Transcript:
    """Nearly the same words under another name: every third line begins otherwise."""
    segments = tuple(
        replace(s, text=f"well {s.text.partition(' ')[2]}") if place % 3 == 0 else s
        for place, s in enumerate(transcript.segments)
    )
    return replace(transcript, external_id=name, segments=segments)


def chapters(*starts: float, by: str = "Part") -> Chapters:
    return tuple(Chapter(float(start), f"{by} {place}") for place, start in enumerate(starts, start=1))


def correction(
    transcript: int, right: Chapters, reviewer: str = "ann", kind: Kind = "edit", prediction: int | None = None
) -> Correction:
    received = [transcript, kind, [chapter.as_json() for chapter in right], reviewer, prediction]
    return Correction(
        transcript, kind, right, reviewer, "test", content_hash(received), "2026-03-01", prediction=prediction
    )


def migrate_down(record: Record, revision: str) -> None:
    """Step by step, however many migrations have come since."""
    engine = make_engine(record.url)
    try:
        while True:
            with engine.connect() as connection:
                if connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == revision:
                    return
            record.migrate("-1")
    finally:
        engine.dispose()


def add(record: Record, transcript: Transcript, role: Role = "train", *starts: float) -> int:
    """With a correction, where it has chapters."""
    with record.write() as store:
        seq = store.transcripts.add(transcript, role).seq
        if starts:
            store.corrections.add(correction(seq, chapters(*starts)))
    return seq


def everything_once(store: Store) -> list[bool]:
    """Two talks and a copy, an answer, a correction and a reference; which of them were new."""
    first, second = talk("first"), talk("second")
    added = [
        store.transcripts.add(first),
        store.transcripts.add(second),
        store.transcripts.add(shouted(first, "third")),
    ]
    asked = Prediction(added[0].seq, "m" * 64, "inline@1", chapters(0, 50))
    added.append(store.predictions.add(asked))
    added.append(store.corrections.add(correction(added[0].seq, chapters(0, 40), prediction=added[-1].seq)))
    added.append(store.corrections.add(correction(added[1].seq, chapters(0), reviewer="", kind="reference")))
    return [each.new for each in added]
