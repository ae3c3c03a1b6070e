"""The description task: what happens in each chunk of a recording, from what is said, by whom, and what is seen.

A chunk is a span of fixed length, which the template names. An answer is a reading like any other, with a description
in place of each title, at the start of its chunk's first line; a chunk in which nobody speaks is not asked about.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from errata.domain.chapter import Chapter, Chapters, nearest_start, tidy
from errata.domain.clock import clock
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.tasks.asked_lines import AskedLines, LineFrames, frames_between, tracks_of
from errata.tasks.chapters import PROMPT_SHARE, ChapterTask
from errata.tasks.encode import dress
from errata.tasks.prompt import Filling, Prompt
from errata.tasks.question_task import QuestionTask
from errata.tasks.template import Reading
from errata.tasks.templates.chunk_description import ChunkDescription
from errata.tasks.view import View


@dataclass(frozen=True)
class DescriptionTask(ChapterTask):
    template: ChunkDescription

    def right(self, chapters: Chapters, transcript: Transcript) -> Reading:
        """What is said of each chunk, at its start: a label's descriptions belong to the chunk that begins nearest."""
        begins = [int(transcript.lines[first].start) for first, _ in self._chunks(transcript)]
        described: dict[int, list[str]] = {}
        for chapter in sorted(chapters, key=lambda chapter: chapter.start):
            described.setdefault(nearest_start(begins, chapter.start), []).append(tidy(chapter.title))
        return Reading(tuple(Chapter(float(start), " ".join(said)) for start, said in sorted(described.items())))

    def views(self, transcript: Transcript, goes_on: bool = False) -> Generator[View, Reading, Reading]:
        """One a chunk. Raises BadInput for text without times."""
        found: list[Chapter] = []
        problems: list[str] = []
        for view, unread in self._chunk_views(transcript, goes_on):
            if unread:
                problems.append(f"{unread} lines of the chunk at {clock(view.starts[0])} are not read: no room is left")
            reading = yield replace(view, running=self._cut(found[-1].title) if found else "")
            found += reading.chapters
            problems += reading.problems
        return Reading(tuple(found), tuple(problems))

    def lessons(self, transcript: Transcript, right: Reading) -> Generator[View, Reading, Reading]:
        """The chunks of which there is a description; with `recall`, each also by a question without what is shown."""
        described = {chapter.start: chapter.title for chapter in self.right(right.chapters, transcript).chapters}
        before = ""
        for view, _ in self._chunk_views(transcript):
            said = described.get(float(view.starts[0]))
            if said:
                yield replace(view, running=before, lesson=True)
                if self.template.recall:
                    yield replace(view, lines=(), frames=(), question=self.template.question(view), lesson=True)
            before = self._cut(said or "")
        return right

    def render(self, view: View) -> Prompt:
        """Where and when it happens is taught as a part of the answer; who is asked is told."""
        if view.question:
            prompt = QuestionTask(self.tokenizer, self.context).render(view)
        else:
            prompt = dress(self.template.render(view), self.turn)
        return prompt if view.lesson else (*prompt[:-1], self.template.place(view), prompt[-1])

    def target(self, view: View, right: Reading) -> tuple[Filling, ...]:
        """Of the description that begins nearest; an empty one where there is none at all."""
        start = float(view.starts[0])
        nearest = min(right.chapters, key=lambda chapter: abs(chapter.start - start), default=Chapter(start, ""))
        return self.template.target(view, (nearest,), "")

    def _chunk_views(self, transcript: Transcript, goes_on: bool = False) -> Iterator[tuple[View, int]]:
        """Each chunk, and how many of its lines at the end have no room."""
        if transcript.unit != "seconds":
            raise BadInput(
                "{!r} has no times, and this model describes chunks of so many seconds; leave it out",
                transcript.external_id,
            )
        texts = [self._cut(text) for text in spoken(transcript.lines)]
        starts = [int(line.start) for line in transcript.lines]
        lines = AskedLines(texts, starts, self._frames(transcript, goes_on))
        for first, last in self._chunks(transcript):
            begin = clock(starts[first] // self.template.seconds * self.template.seconds)
            place = " · ".join(filter(None, (tidy(transcript.channel), tidy(transcript.title), begin)))
            fits = first + self._fitting(lines.part(first, last))
            part = lines.part(first, fits)
            yield (
                View(
                    title=self._cut(place),
                    description="",
                    lines=tuple(part.texts),
                    starts=tuple(part.starts),
                    duration=transcript.duration,
                    frames=tuple(part.frames),
                ),
                last - fits,
            )

    def _frames(self, transcript: Transcript, goes_on: bool) -> Sequence[LineFrames]:
        """Beside a chunk's lines stands what is seen and heard in the chunk, and nothing of its neighbours."""
        tracks, seconds = tracks_of(self.source, transcript), self.template.seconds
        frames: list[LineFrames] = []
        for first, last in self._chunks(transcript):
            lines = transcript.lines[first:last]
            begin = lines[0].start // seconds * seconds
            end = lines[-1].end if goes_on and last == len(transcript.lines) else begin + seconds
            frames += frames_between(tracks, [begin, *(line.start for line in lines[1:]), end])
        return frames

    def _chunks(self, transcript: Transcript) -> Iterator[tuple[int, int]]:
        """The first line of each chunk in which somebody speaks, and the one after its last."""
        seconds = self.template.seconds
        first = 0
        for _, lines in groupby(transcript.lines, key=lambda line: int(line.start / seconds)):
            last = first + sum(1 for _ in lines)
            yield first, last
            first = last

    def _fitting(self, lines: AskedLines) -> int:
        """How many lines, one at least, have room beside what is said around them."""
        room = int(self.context * PROMPT_SHARE) - 2 * self._longest  # where it happens, and what happened before
        for place, text in enumerate(lines.texts):
            room -= self._tokens_of(text) + self.template.line_overhead + lines.places(place)
            if room < 0:
                return max(1, place)
        return len(lines.texts)


def spoken(lines: Sequence[Segment]) -> list[str]:
    """The lines' texts, each with who speaks, where that is another than before."""
    texts: list[str] = []
    speaker = ""
    for line in lines:
        now = line.speaker or ""
        texts.append(tidy(f"{now}: {line.text}" if now and now != speaker else line.text))
        speaker = now
    return texts
