"""Recordings that begin late or break off: at a chapter's own line, or in the middle of one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from errata.domain.chapter import Chapter, Chapters, canonical
from errata.domain.transcript import Segment, Transcript
from retrain.alterations.titled_lines import Altered, LabelledLine, altered_talk, labelled_lines, shifted, spans


def begun_late(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered:
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


def cuts_off_borders(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """As if it began and ended in the middle of chapters, of each of which at least half is left. What is left of the
    first one keeps its title, since it is still what is talked of. None of a talk with fewer than two chapters."""
    parts = spans(labelled_lines(transcript, chapters))
    numbers = [number for number, part in enumerate(parts) if part[0].is_border]
    if len(numbers) < 2:
        return None
    first = chance.choice(numbers[:-1])
    last = chance.choice([number for number in numbers if number > first])
    opening = _last_half(parts[first], chance)
    ending = parts[last][: _most_of(parts[last], chance)]
    kept = [*opening, *(line for part in parts[first + 1 : last] for line in part), *ending]
    begin = int(kept[0].segment.start)
    begins_after = parts[last][len(ending) :] or (parts[last + 1] if last + 1 < len(parts) else [])
    end = int(begins_after[0].segment.start) if begins_after else transcript.duration
    if end <= kept[-1].segment.start:  # the lines after it share its start
        return None
    lines = [shifted(line, -begin) for line in kept]
    return altered_talk(transcript, [_within(line, end - begin) for line in lines], end - begin)


def _last_half(part: list[LabelledLine], chance: Random) -> list[LabelledLine]:
    """A chapter from a line of its first half on."""
    later = part[len(part) - _most_of(part, chance) :]
    return [replace(later[0], title=part[0].title), *later[1:]]


def _most_of(part: list[LabelledLine], chance: Random) -> int:
    """A number of lines: half of the chapter's at least, and fewer than all where it has more than one."""
    return chance.randint((len(part) + 1) // 2, max(1, len(part) - 1))


def _within(line: LabelledLine, end: float) -> LabelledLine:
    """A line that is cut where the recording ends."""
    return replace(line, segment=replace(line.segment, end=min(line.segment.end, end)))
