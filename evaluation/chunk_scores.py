"""Descriptions of chunks that are longer than they were made for: neighbours are joined, and models scored on those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from errata.domain.chapter import Chapter, Chapters
from errata.domain.transcript import Transcript
from errata.inference.predictor import Predictor
from evaluation.ablation import ScoredTalk
from evaluation.metrics.answer_f1 import answer_f1
from evaluation.metrics.titles import token_f1


def joined(described: Chapters, transcript: Transcript, seconds: float) -> Chapters:
    """One description for each chunk of which something is described: those that begin in it, one after another, at
    the start of the chunk's first line."""
    begins: dict[int, float] = {}
    for line in transcript.lines:
        begins.setdefault(int(line.start / seconds), float(int(line.start)))
    words: dict[float, list[str]] = {}
    for each in sorted(described, key=lambda each: each.start):
        begin = begins.get(int(each.start / seconds), each.start)
        words.setdefault(begin, []).append(each.title)
    return tuple(Chapter(begin, " ".join(said)) for begin, said in sorted(words.items()))


def chunk_scores(
    predictor: Predictor, talks: Sequence[ScoredTalk], advance: Callable[[], None] = lambda: None
) -> tuple[float, float]:
    """Mean F1 over the talks: by chunk, and of all of a talk's words at once. No answer scores 0."""
    by_chunk, by_talk = list[float](), list[float]()
    for talk in talks:
        [reading] = predictor.answer([talk.transcript])
        answer = () if reading is None else reading.chapters
        by_chunk.append(answer_f1("description", talk.reference, answer, talk.transcript.duration))
        by_talk.append(100 * token_f1(_words(talk.reference), _words(answer)))
        advance()
    return fmean(by_chunk), fmean(by_talk)


def _words(described: Chapters) -> str:
    return " ".join(each.title for each in described)
