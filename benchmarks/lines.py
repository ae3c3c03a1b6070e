"""How long the segments of real talks are, and what cutting the long ones into lines does to their chapters.

    python -m benchmarks.lines PATH        talks with chapters, in any format that import reads

Prints how many segments are longer than a line, and how many chapters fall on a start that another has, by segments
and by lines.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.talk_files import read_talks
from errata.domain.chapter import canonical
from errata.domain.lines import LONGEST, columns
from errata.domain.transcript import Segment
from errata.formats.source_rows import ImportedTranscript


@dataclass(frozen=True, slots=True)
class Merges:
    by_segment: int
    by_line: int


def merges(talk: ImportedTranscript) -> Merges:
    transcript, chapters = talk.transcript, talk.reference or ()
    places = {_nearest(transcript.segments, chapter.start) for chapter in chapters}
    return Merges(len(chapters) - len(places), canonical(chapters, transcript).merged)


def _nearest(segments: Sequence[Segment], start: float) -> float:
    return min((int(segment.start) for segment in segments), key=lambda place: abs(place - start))


def report(talks: Iterable[ImportedTranscript]) -> list[str]:
    known = list(talks)
    segments = [segment for talk in known for segment in talk.transcript.segments]
    long = sum(columns(segment.text) > LONGEST for segment in segments)
    found = [merges(talk) for talk in known]
    chapters = sum(len(talk.reference or ()) for talk in known)
    by_segment, by_line = sum(one.by_segment for one in found), sum(one.by_line for one in found)
    merged = f"{by_segment} fall on a segment that has one, {by_line} on a line that has one"
    return [
        f"{len(known)} talks of {len(segments):,} segments, {long:,} of them longer than {LONGEST} letters",
        f"{chapters:,} chapters: {merged}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    for line in report(read_talks(parser.parse_args().path)):
        print(line)


if __name__ == "__main__":
    main()
