"""Answers that some system gave before: in a file or a folder of files, which `formats.system_predictions` reads, or
elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from errata.domain.chapter import Chapters, canonical
from errata.domain.hashing import content_hash
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import file_sha256
from errata.formats.system_predictions import prediction_files, read_predictions
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks.template import Reading


class GivenAnswers(Predictor):
    """A foreign model whose answers are known, by the talks' ids, and whose identity is theirs.

    Starts are snapped to the transcript's lines, as every model's are. `place` is where the answers stand.
    """

    def __init__(self, place: str, answers: Mapping[str, Chapters], identity: str) -> None:
        self._place, self._answers = place, answers
        self.key = AnswerKey(identity, template="", foreign=True)

    def check(self, videos: Sequence[str]) -> None:
        """Where it has none of them its ids are others, and every score would be 0."""
        if self._answers.keys().isdisjoint(videos):
            theirs, ours = min(self._answers, default="none"), min(videos)
            raise BadInput(
                f"{self._place} answers none of the {len(videos)} items; its ids are like {theirs!r} and the record's "
                f"like {ours!r}: mend them"
            )

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        return [self._reading(transcript) for transcript in transcripts]

    def _reading(self, transcript: Transcript) -> Reading | None:
        chapters = self._answers.get(transcript.external_id)
        if chapters is None:
            return None
        snapped = canonical(chapters, transcript)
        lost = f"{snapped.merged} of its chapters fell on a line that another had taken"
        return Reading(snapped.chapters, (lost,) if snapped.merged else ())


class PredictionFile(GivenAnswers):
    """Those of a file: its identity is the file's sha256, or that of all files. Raises BadInput, naming file and video,
    for a file that can't be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), read_predictions(path), _identity(path))


def _identity(path: Path) -> str:
    files = {file.stem: file_sha256(file) for file in prediction_files(path)}
    return content_hash(files) if path.is_dir() else files[path.stem]
