"""Stage 3. Altered copies of rows, for what transcripts meet in the wild: recognisers without punctuation, and
recordings that begin late. A copy's chapters stay true to its text."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from errata.documents.file_names import AUGMENTED, CURATED, PARAMS, ROWS
from errata.documents.params import read_params
from errata.domain.chapter import Chapter, Chapters, canonical
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from errata.stage_exit import stage_exit
from retrain.training_rows import TrainingRow, chapters_json, read_rows, write_rows

Altered = tuple[Transcript, Chapters]

_PUNCTUATION = re.compile(r"[^\w\s'’-]|(?<!\w)['’-]|['’-](?!\w)")


def augment(rows: Sequence[TrainingRow], share: float, seed: int) -> list[TrainingRow]:
    """`rows` with altered copies of a `share` of them after them; which and how follows from `seed` and what
    the row says, whenever it came."""
    copies = []
    for row in rows:
        chance = random.Random(row.draw(seed))
        if chance.random() < share:
            name = chance.choice(sorted(ALTERATIONS))
            original = row.read_transcript()
            transcript, chapters = ALTERATIONS[name](original, row.read_chapters(), chance)
            if transcript.lines != original.lines:  # where nothing was to alter, a copy would only count the row twice
                text = canonical_json(transcript.as_json())
                copies.append(replace(row, text=text, chapters=chapters_json(chapters), altered=name))
    return [*rows, *copies]


def unpunctuated(transcript: Transcript, chapters: Chapters, _: random.Random) -> Altered:
    """As a recogniser writes that knows neither punctuation nor capitals."""
    segments = tuple(
        replace(line, text=" ".join(_PUNCTUATION.sub(" ", line.text).lower().split()) or line.text)
        for line in transcript.lines
    )
    return replace(transcript, segments=segments), chapters


def begun_late(transcript: Transcript, chapters: Chapters, chance: random.Random) -> Altered:
    """As if the recording had begun at a later chapter; times count from there."""
    chapters = canonical(chapters, transcript).chapters  # else a chapter's own line might lie before its start
    later = [chapter.start for chapter in chapters[1:-1]]
    if not later:
        return transcript, chapters
    begin = chance.choice(later)
    segments = tuple(_earlier(line, begin) for line in transcript.lines if line.start >= begin)
    if not segments:
        return transcript, chapters
    cut = replace(transcript, segments=segments, duration=transcript.duration - begin)
    return cut, tuple(Chapter(chapter.start - begin, chapter.title) for chapter in chapters if chapter.start >= begin)


def _earlier(segment: Segment, by: float) -> Segment:
    return replace(segment, start=segment.start - by, end=segment.end - by)


ALTERATIONS: dict[str, Callable[[Transcript, Chapters, random.Random], Altered]] = {
    "unpunctuated": unpunctuated,
    "begun late": begun_late,
}


def main() -> None:
    params = read_params(Path(PARAMS)).augment
    rows = read_rows(CURATED / ROWS)
    altered = augment(rows, params.share, params.seed)
    write_rows(AUGMENTED / ROWS, altered)
    sys.stderr.write(f"augment: {len(rows)} rows, {len(altered) - len(rows)} altered copies\n")


if __name__ == "__main__":
    with stage_exit():
        main()
