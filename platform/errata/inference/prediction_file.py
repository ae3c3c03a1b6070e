"""Answers that some system gave before, in a file: {video_id: {"<start s>": title}}, system A's own layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapter, Chapters, canonical, tidy
from errata.domain.hashing import sha256
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.formats import fields
from errata.formats.json_files import read_map
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks.template import Reading


class PredictionFile(Predictor):
    """A foreign model whose answers are those of a file, and whose identity is the file's sha256.

    Starts are snapped to the transcript's lines, as every model's are. Raises BadInput, naming file and video, for a
    file that can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._predictions = path, read_predictions(path)
        self.key = AnswerKey(sha256(path.read_bytes()), template="", foreign=True)

    def check(self, videos: Sequence[str]) -> None:
        """Where it has none of them its ids are others, and every score would be 0."""
        if self._predictions.keys().isdisjoint(videos):
            theirs, ours = min(self._predictions, default="none"), min(videos)
            raise BadInput(
                f"{self._path} answers none of the {len(videos)} items; its ids are like {theirs!r} and the record's "
                f"like {ours!r}: mend them"
            )

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        return [self._reading(transcript) for transcript in transcripts]

    def _reading(self, transcript: Transcript) -> Reading | None:
        chapters = self._predictions.get(transcript.external_id)
        if chapters is None:
            return None
        snapped = canonical(chapters, transcript)
        lost = f"{snapped.merged} of its chapters fell on a line that another had taken"
        return Reading(snapped.chapters, (lost,) if snapped.merged else ())


def read_predictions(path: Path) -> dict[str, Chapters]:
    """By video id. Raises BadInput that names file and video."""
    videos = fields.mapping(read_map(path), str(path))
    return {video: _chapters(value, f"{path}, video {video!r}") for video, value in videos.items()}


def _chapters(value: Any, where: str) -> Chapters:
    """None of them, `{}`, is an answer too."""
    given = fields.mapping(value, where)
    return fields.chapters((_chapter(key, title, where) for key, title in given.items()), where)


def _chapter(key: str, title: Any, where: str) -> Chapter:
    start = fields.time_in_key(key, f"{where}: a start")
    return Chapter(start, tidy(fields.text(title, f"{where}: the title at {key}")))
