"""Chapters for files, without a record: what a model answers to the talks that are in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.documents.calibration import Calibration
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import detect
from errata.formats.source_rows import Adjustment, LeftOut, Rejected
from errata.inference.artefact import CARD, Card, adopt, model_folder, verify
from errata.inference.model import FolderModel
from errata.inference.model_form import TEMPLATE, model_form, template_and_context
from errata.inference.predictor import Predictor
from errata.operations.confidence import (
    UNKNOWN_CONFIDENCES,
    BorderConfidences,
    border_confidences,
    confident_chapters_json,
)
from errata.operations.model_names import resolve_model
from errata.progress import note
from errata.project_files import embedded_model
from errata.tasks.template import Reading
from errata.workspace import Workspace

STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class ChapteredTalk:
    """What a model answers to one talk of a file."""

    file: Path
    transcript: Transcript
    chapters: Chapters
    """Starts are in the transcript's unit: seconds, or words where it has no times."""
    problems: tuple[str, ...]
    """What could not be read in the answer, a sentence each."""
    model: str
    """Its identity."""
    adjustments: Mapping[Adjustment, int] = field(default_factory=dict)
    """What of the file was put right on the way in, and how often."""
    confidences: BorderConfidences = UNKNOWN_CONFIDENCES

    def as_json(self) -> JsonObject:
        talk = self.transcript
        return {
            "file": str(self.file),
            "id": talk.external_id,
            "title": talk.title,
            "unit": talk.unit,
            "duration": talk.duration,
            "model": self.model,
            "chapters": confident_chapters_json(self.chapters, self.confidences),
            "calibrated": self.confidences.calibrated,
            "problems": list(self.problems),
            "adjustments": dict(self.adjustments),
        }


@dataclass(frozen=True, slots=True)
class UnansweredTalk:
    """One talk of a file, as it was read."""

    file: Path
    """As it was named: a file, or a folder."""
    source: Path
    """The file itself."""
    transcript: Transcript
    adjustments: Mapping[Adjustment, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnreadTalk:
    """A file, or a row of one, that can't be read."""

    place: str
    reason: str
    """A sentence that names it and says what to do."""
    kind: str = ""
    """What all such sentences have in common, as an error's `kind`."""


@contextmanager
def open_predictor(
    model: str | None = None, workspace: Workspace | None = None, template: str = TEMPLATE
) -> Iterator[FolderModel]:
    """Whoever `model` means: a folder or .gguf file, or in a workspace an alias or the beginning of an identity.

    Without it a workspace's champion answers, and without a workspace the embedded errata-tiny. `template`, a name or
    `name:tokens`, says how a model without a card of ours is asked. Raises BadInput and NotFound where there is none.
    """
    if model is not None and Path(model).exists():
        with _outside_model(Path(model), workspace, template) as predictor:
            yield predictor
    elif workspace is not None:
        identity = resolve_model(workspace, model or "champion")
        yield FolderModel(identity, model_folder(identity, workspace.models), workspace.models)
    elif model is None:
        folder = embedded_model()
        yield FolderModel(verify(folder), folder, folder.parent)
    else:
        raise BadInput(
            f"there is no folder {model!r}; name a model's folder, or with -w the workspace that has such a model"
        )


@contextmanager
def _outside_model(path: Path, workspace: Workspace | None, template: str) -> Iterator[FolderModel]:
    """One that is sealed already, or else somebody's, which is sealed with a card for as long as it answers."""
    models = path.parent if workspace is None else workspace.models  # where an adapter's base is kept
    if (path / CARD).is_file():
        yield FolderModel(verify(path), path, models)
        return
    form, (name, context) = model_form(path), template_and_context(template)
    if form == "adapter":
        raise BadInput(f"{path} is an adapter, which needs the model that it goes on; merge the two, and name that")
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        yield FolderModel(adopt(path, Card(name, context, form), folder), folder, models)


def read_talks(files: Iterable[Path]) -> Iterator[UnansweredTalk | UnreadTalk]:
    """Each talk of the files, and whatever can't be read; `-` is standard input.

    Files are what `errata import transcripts` reads; one that can't be read stops no other.
    """
    for file in files:
        if file == STANDARD_INPUT:
            with TemporaryDirectory() as place:
                yield from _read_standard_input(Path(place))
        else:
            yield from _read_file(file)


def with_vectors(workspace: Workspace, transcript: Transcript) -> Transcript:
    """With those that the workspace has of the recording of that id: what a model that sees is shown beside a file."""
    vectors = workspace.record.ask(lambda store: store.videos.vectors_of(transcript.external_id))
    return replace(transcript, vectors=vectors) if vectors else transcript


def chapter_talks(
    talks: Iterable[UnansweredTalk], predictor: Predictor, calibration: Calibration | None = None
) -> Iterator[ChapteredTalk]:
    """The talks in their order, each as soon as it is answered; `calibration` is the model's, where there is one."""
    model = predictor.key.model
    for talk in talks:
        (reading,) = predictor.answer([talk.transcript])
        answer = reading or Reading((), ("there is no answer",))
        confidences = border_confidences(answer.confidences, calibration)
        yield ChapteredTalk(
            talk.file, talk.transcript, answer.chapters, answer.problems, model, talk.adjustments, confidences
        )


def _read_standard_input(folder: Path) -> Iterator[UnansweredTalk | UnreadTalk]:
    file = _input_file(sys.stdin.buffer.read(), folder)
    for talk in _read_file(file):
        if isinstance(talk, UnansweredTalk):
            yield replace(talk, file=STANDARD_INPUT, source=STANDARD_INPUT)
        else:
            reason = talk.reason.replace(str(file), "standard input")
            yield UnreadTalk("standard input", reason, talk.kind)


def _read_file(file: Path) -> Iterator[UnansweredTalk | UnreadTalk]:
    try:
        for row in detect.transcripts(file).rows:
            if isinstance(row, LeftOut):
                note(f"{Path(row.file).name} is left out: {row.reason}")
            elif isinstance(row, Rejected):
                yield UnreadTalk(row.place, str(row), row.kind)
            else:
                yield UnansweredTalk(file, Path(row.row.file), row.transcript, row.adjustments)
    except BadInput as problem:
        yield UnreadTalk(str(file), str(problem), problem.kind)


def _input_file(data: bytes, folder: Path) -> Path:
    """What came without a name, as a file of the name that its content doesn't tell: rows of JSON, or plain text."""
    try:
        lines = data.decode().strip().split("\n")
        many = len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines[:2])
    except ValueError:
        many = False
    file = folder / ("stdin.jsonl" if many else "stdin.txt")
    file.write_bytes(data)
    return file
