"""Answers that some system gave before, in a file: {video_id: {"<start s>": title}}, system A's own layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from errata.database.record import Record
from errata.domain.chapter import Chapter, Chapters, canonical, tidy
from errata.domain.hashing import sha256
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.formats import fields
from errata.formats.json_files import read_map
from errata.inference.answerer import Who, recorded_answers
from errata.tasks.template import Reading


class FileAnswerer:
    """A foreign model whose answers are those of a file, and whose identity is the file's sha256.

    Starts are snapped to the transcript's lines, as every model's are. Raises BadInput, naming file and video, for a
    file that can't be read.
    """

    template = ""

    def __init__(self, path: Path) -> None:
        self._answers = read_predictions(path)
        self.model = sha256(path.read_bytes())
        self._path = path

    def check(self, names: Sequence[str]) -> None:
        """Raises BadInput where it has none of the videos: its ids are others, and every score would be 0."""
        if not any(name in self._answers for name in names):
            theirs, ours = min(self._answers, default="none"), min(names)
            raise BadInput(
                f"{self._path} answers none of the {len(names)} items; its ids are like {theirs!r} and the record's "
                f"like {ours!r}: mend them"
            )

    def predict_all(
        self, record: Record, transcripts: Sequence[int], each: Callable[[], None] = lambda: None
    ) -> dict[int, Prediction]:
        return recorded_answers(record, Who(self.model, self.template, foreign=True), transcripts, self._read, each)

    def _read(self, transcripts: Mapping[int, Transcript]) -> dict[int, Reading]:
        return {
            seq: _snapped(self._answers[transcript.external_id], transcript)
            for seq, transcript in transcripts.items()
            if transcript.external_id in self._answers
        }


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


def _snapped(chapters: Chapters, transcript: Transcript) -> Reading:
    found = canonical(chapters, transcript)
    lost = (f"{found.merged} of its chapters fell on a line that another had taken",) if found.merged else ()
    return Reading(found.chapters, lost)
