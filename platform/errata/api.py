"""Errata from Python. Its names are `errata`'s own: `errata.open("ws")`, `errata.chapters("talk.vtt")`.

Every error that a caller can cause is an `ErrataError` whose message says what to do. docs/python.md shows each use.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import Label
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, ErrataError
from errata.inference.artefact import model_folder
from errata.inference.model import FolderModel
from errata.operations.chaptering import (
    ChapteredTalk,
    UnansweredTalk,
    UnreadTalk,
    chapter_talks,
    open_predictor,
    read_talks,
    with_vectors,
)
from errata.operations.model_names import resolve_model
from errata.operations.ownership import check_owner
from errata.workspace import Workspace

if TYPE_CHECKING:
    from errata.inference.predictor import Predictor
    from errata.loop.compare import ModelComparison
    from errata.loop.tune import Tuning
    from errata.operations.status import LoopStatus
    from errata.operations.talk_view import TalkView

__all__ = [
    "Chapter",
    "ChapteredTalk",
    "ErrataError",
    "OpenWorkspace",
    "Segment",
    "Transcript",
    "chapters",
    "open",
    "tune",
]


def open(workspace: str | Path) -> OpenWorkspace:  # noqa: A001 - as `gzip.open`: it is called errata.open
    """A workspace that `errata init` has made. Raises ErrataError where there is none."""
    errata_workspace = Workspace.find(Path(workspace))
    check_owner(errata_workspace)
    return OpenWorkspace(errata_workspace)


def chapters(file: str | Path, model: str | Path | None = None) -> list[ChapteredTalk]:
    """Chapters for each talk of a file, in any format that `errata import transcripts` reads; nothing is kept.

    `model` is the folder of a model; without it the embedded errata-tiny answers, which is a sample. Starts are in
    seconds, or in words where a talk has no times. Raises ErrataError where something can't be read.
    """
    if model is not None and not Path(model).exists():
        raise BadInput(
            f"there is no folder {str(model)!r}; name a model's folder, or ask a workspace's own model: "
            f"errata.open(WORKSPACE).predict(FILE, model={str(model)!r})"
        )
    talks = _talks(Path(file))
    with open_predictor(None if model is None else str(model)) as predictor:
        return list(chapter_talks(talks, predictor))


def tune(
    source: str | Path,
    out: str | Path,
    model: str | Path | None = None,
    template: str | None = None,
    held_out: str | Path | None = None,
    recipe: str | None = None,
) -> Tuning:
    """Trains a model on talks with chapters and scores it on held-out ones, as `errata tune` does; see that command.

    Makes the workspace `out`, or goes on with it; `recipe`, or its `params.yaml`, says how to train. Raises ErrataError
    where something can't be read, and where there is too little to train or to score on.
    """
    from errata.loop.tune import TuningStart, tune

    start = TuningStart(None if model is None else str(model), template, recipe)
    return tune(str(source), Path(out), start, None if held_out is None else str(held_out), "python")


class OpenWorkspace:
    """A workspace, to ask. What changes it are the commands `errata import`, `errata nightly` and their like."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._predictors: dict[str, Predictor] = {}

    @property
    def root(self) -> Path:
        return self._workspace.root

    def predict(self, talk: Transcript | str | Path, model: str = "champion") -> Chapters:
        """What a model answers to a transcript, or to the one talk of a file; `model` is as `errata predict` takes it.

        A model stays loaded. The answer isn't recorded: `errata predict` records what reviewers shall correct.
        """
        transcript = talk if isinstance(talk, Transcript) else _only_talk(Path(talk))
        (reading,) = self._predictor(model).answer([with_vectors(self._workspace, transcript)])
        return reading.chapters if reading else ()

    def talks(self) -> list[str]:
        """The ids of all transcripts in the record."""
        with self._workspace.record.read() as store:
            return list(store.transcripts.external_ids())

    def transcript(self, talk: str) -> Transcript:
        """The newest version under an id."""
        with self._workspace.record.read() as store:
            return store.transcripts.read(store.transcripts.find(talk))

    def show(self, talk: str) -> TalkView:
        """All that the record holds of a talk, as `errata show` prints it."""
        from errata.operations.talk_view import view_talk

        return view_talk(self._workspace, talk)

    def labels(self) -> list[Label]:
        """The right chapters of every talk that has some now and is for training or for choices (`train`, `dev`).

        What is held out for the gate is not among them: each look at that is counted (`errata compare --on anchor`).
        """
        with self._workspace.record.read() as store:
            labels = store.labels.between(0, store.watermark())
        return [label for label in labels if label.role in ("train", "dev")]

    def score(self, talk: str, answer: Chapters) -> Mapping[str, float | None]:
        """An answer's scores (most in percent; None where one is not defined) against the label of one of `labels()`.

        Raises ErrataError for a talk that has no label, and for one that is held out.
        """
        from errata.loop.scoring import score_answer

        return score_answer(self._workspace, talk, answer)

    def compare(self, a: str | Path, b: str | Path = "day0", on: Literal["fresh", "dev"] = "dev") -> ModelComparison:
        """Two models on the same labels, by every metric, with intervals: A minus B, as `errata compare` has it.

        Each is an alias, the beginning of an identity, or a folder. On `fresh` or `dev`, of which no look is counted.
        Raises ErrataError where there is no such model, and where nothing is labelled that both could be scored on.
        """
        from errata.inference.model_form import TEMPLATE
        from errata.loop.compare import compare
        from errata.loop.compared_models import PromptSettings

        return compare(self._workspace, (str(a), str(b)), on, PromptSettings.of(TEMPLATE, ()), "python")

    def status(self) -> LoopStatus:
        """Where the loop stands, as `errata status` prints it."""
        from errata.operations.status import loop_status

        return loop_status(self._workspace)

    def _predictor(self, model: str) -> Predictor:
        """By identity, so that a champion that was promoted meanwhile is another."""
        identity = resolve_model(self._workspace, model)
        if identity not in self._predictors:
            models = self._workspace.models
            self._predictors[identity] = FolderModel(identity, model_folder(identity, models), models)
        return self._predictors[identity]


def _talks(file: Path) -> list[UnansweredTalk]:
    talks = []
    for talk in read_talks([file]):
        if isinstance(talk, UnreadTalk):
            raise BadInput(talk.reason)
        talks.append(talk)
    return talks


def _only_talk(file: Path) -> Transcript:
    talks = _talks(file)
    if len(talks) != 1:
        raise BadInput(f"{file} holds {len(talks)} talks; errata.chapters answers files of several")
    return talks[0].transcript
