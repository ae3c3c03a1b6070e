"""Who may be compared: whatever answers transcripts, found by what the user calls it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from errata.domain.chapter import chapters_to_json
from errata.domain.hashing import content_hash
from errata.errors import BadInput, NotFound
from errata.inference.artefact import CARD, Card, adopt, model_folder, read_training_transcripts, verify
from errata.inference.forks import ForkedModel
from errata.inference.model_form import FORMS, model_form, template_and_context
from errata.inference.prediction_file import GivenAnswers, PredictionFile
from errata.inference.predictor import Predictor
from errata.inference.served_model import ServedModel
from errata.operations.model_names import SHORTEST, resolve_model
from errata.progress import note
from errata.workspace import Workspace
from registry.models import ModelRegistry

KEY = "ERRATA_API_KEY"
FOREIGN = "foreign:"
"""What the names of other systems' models begin with in the record."""


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """How a model is asked that has no card of ours."""

    template: str
    context: int
    names: tuple[str, ...]
    """What a server calls its model: one for both, or A's and B's."""

    @classmethod
    def of(cls, asked: str, names: tuple[str, ...]) -> PromptSettings:
        """`asked` is a template's name, or `name:tokens`. Raises BadInput."""
        return cls(*template_and_context(asked), names)


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """Who was compared, as `ComparedModel` and its `AnswerKey` have it."""

    given: str
    kind: str
    model: str
    template: str
    foreign: bool


@dataclass(frozen=True)
class ComparedModel:
    given: str
    """As the user named it."""
    kind: str
    """`model`, `folder`, `server`, `file` or `traces`."""
    predictor: Predictor
    seen: frozenset[str]
    """Transcripts that it is known to have been trained on, by hash."""

    @property
    def description(self) -> ModelDescription:
        key = self.predictor.key
        return ModelDescription(self.given, self.kind, key.model, key.template, key.foreign)


def compared_model(
    workspace: Workspace, name: str, number: int, settings: PromptSettings, place: Path
) -> ComparedModel:
    """Whoever `name` means: an address, an alias, a folder or .gguf file, predictions, a traced model, a model's
    identity or its version in MLflow."""
    if name.startswith(("http://", "https://")):
        return _server(name, number, settings)
    if name.startswith(FOREIGN):
        return _traced(workspace, name)
    path = Path(name)
    with workspace.record.read() as store:
        alias = store.aliases.model_of(name)
    if alias is None and path.exists():
        if _holds_predictions(path) or (path.is_file() and path.suffix != ".gguf"):
            return ComparedModel(str(path), "file", PredictionFile(path), frozenset())
        return _folder(workspace, path, settings, place / str(number))
    identity = _identity(workspace, name)
    return _ours(name, "model", identity, model_folder(identity, workspace.models), workspace)


def _identity(workspace: Workspace, name: str) -> str:
    """By a version's number in MLflow, too: no beginning of an identity is so short."""
    if name.isdecimal() and len(name) < SHORTEST:
        return ModelRegistry.of(workspace).identity_of(name)
    return resolve_model(workspace, name)


def room_for_models(workspace: Workspace) -> Path | None:
    """On the workspace's own disk, where most models lie that can then be linked instead of copied; None where nothing
    may be written there."""
    if not os.access(workspace.root, os.W_OK):
        return None
    room = workspace.root / "work"
    room.mkdir(exist_ok=True)
    return room


def _traced(workspace: Workspace, name: str) -> ComparedModel:
    """A model whose calls were imported. Raises NotFound where none of its were."""
    with workspace.record.read() as store:
        answers, others = store.traces.answers(name), store.traces.models()
    if not answers:
        raise NotFound(f"the record has no traced answers of {name!r}; it has those of {', '.join(others) or 'nobody'}")
    identity = content_hash([name, {video: chapters_to_json(chapters) for video, chapters in answers.items()}])
    return ComparedModel(name, "traces", GivenAnswers(name, answers, identity), frozenset())


def _ours(given: str, kind: str, identity: str, folder: Path, workspace: Workspace) -> ComparedModel:
    model = ForkedModel(identity, folder, workspace.models)
    return ComparedModel(given, kind, model, read_training_transcripts(folder))


def _server(url: str, number: int, settings: PromptSettings) -> ComparedModel:
    if not settings.names:
        raise BadInput(f"{url} may serve several models; say which one with --model-name")
    name = settings.names[min(number, len(settings.names) - 1)]
    model = ServedModel(url, name, settings.template, settings.context, os.environ.get(KEY, ""))
    note(f"{url} is asked for {name}; what it was trained on is not known, so what is fresh to it is not either")
    return ComparedModel(f"{name} at {url}", "server", model, frozenset())


def _folder(workspace: Workspace, path: Path, settings: PromptSettings, place: Path) -> ComparedModel:
    """A model that is sealed already, or else one from outside, which is sealed with a card in `place`."""
    if path.is_dir() and (path / CARD).is_file():
        return _ours(str(path), "folder", verify(path), path, workspace)
    identity = adopt(path, _card(workspace, path, settings), place)
    return _ours(str(path), "folder", identity, place, workspace)


def _card(workspace: Workspace, path: Path, settings: PromptSettings) -> Card:
    """How a model without a card is asked: as the command says, and an adapter as Day-0, which it must go on."""
    form = model_form(path)
    if form != "adapter":
        return Card(settings.template, settings.context, form)
    with workspace.record.read() as store:
        day0 = store.aliases.model_of("day0") or ""
    base = Card.read(model_folder(day0, workspace.models))
    return Card(base.template, base.context, "adapter", day0)


def _holds_predictions(path: Path) -> bool:
    """Whether a folder holds JSON files and nothing that marks a model."""
    marked = any((path / name).is_file() for name in (CARD, *FORMS)) or any(path.glob("*.gguf"))
    return path.is_dir() and not marked and any(path.rglob("*.json"))
