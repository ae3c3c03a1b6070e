"""Who may be compared: whatever answers transcripts, found by what the user calls it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.inference.answerer import Answerer
from errata.inference.artefact import CARD, Card, Form, adopt, model_folder, read_training_transcripts, verify
from errata.operations.predicting import resolve
from errata.progress import note
from errata.tasks import templates
from errata.workspace import Workspace

KEY = "ERRATA_API_KEY"
CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked that has no card of ours."""

    template: str
    context: int
    names: tuple[str, ...]
    """What a server calls its model: one for both, or A's and B's."""

    @classmethod
    def of(cls, asked: str, names: tuple[str, ...]) -> Manner:
        """`asked` is a template's name, or `name:tokens`. Raises BadInput."""
        template, _, tokens = asked.partition(":")
        if tokens and not (tokens.isdecimal() and int(tokens) > 0):
            raise BadInput(f"--template {asked}: {tokens!r} is no number of tokens; say indexed, or indexed:8192")
        templates.find(template)
        return cls(template, int(tokens or CONTEXT), names)


@dataclass(frozen=True)
class Entrant:
    given: str
    """As the user named it."""
    kind: str
    """`model`, `folder`, `server` or `file`."""
    answerer: Answerer
    seen: frozenset[str]
    """Transcripts that it is known to have been trained on, by hash."""

    def as_json(self) -> dict[str, Any]:
        known = {"given": self.given, "kind": self.kind, "model": self.answerer.model}
        return {**known, "template": self.answerer.template, "foreign": self.kind in ("server", "file")}


def entrant(workspace: Workspace, name: str, number: int, manner: Manner, place: Path) -> Entrant:
    """Whoever `name` means: an address, an alias, a folder or .gguf file, a file of predictions, a model's identity."""
    if name.startswith(("http://", "https://")):
        return _server(name, number, manner)
    path = Path(name)
    with workspace.record.read() as store:
        alias = store.aliases.model_of(name)
    if alias is None and (path.is_dir() or (path.is_file() and path.suffix == ".gguf")):
        return _folder(workspace, path, manner, place / str(number))
    if alias is None and path.is_file():
        return _file(path)
    identity = resolve(workspace, name)
    folder = model_folder(identity, workspace.models)
    return Entrant(name, "model", _predictor(identity, folder, workspace), read_training_transcripts(folder))


def _predictor(identity: str, folder: Path, workspace: Workspace) -> Answerer:
    from errata.inference.predict import Predictor

    return Predictor(identity, folder, workspace.models)


def _server(url: str, number: int, manner: Manner) -> Entrant:
    from errata.inference.http import HttpAnswerer

    if not manner.names:
        raise BadInput(f"{url} may serve several models; say which one with --model-name")
    name = manner.names[min(number, len(manner.names) - 1)]
    answerer = HttpAnswerer(url, name, manner.template, manner.context, os.environ.get(KEY, ""))
    note(f"{url} is asked for {name}; what it was trained on is not known, so what is fresh to it is not either")
    return Entrant(f"{name} at {url}", "server", answerer, frozenset())


def _file(path: Path) -> Entrant:
    from errata.inference.told import FileAnswerer

    return Entrant(str(path), "file", FileAnswerer(path), frozenset())


def _folder(workspace: Workspace, path: Path, manner: Manner, place: Path) -> Entrant:
    """A model that is sealed already, or else one from outside, which is sealed with a card in `place`."""
    if path.is_dir() and (path / CARD).is_file():
        return Entrant(str(path), "folder", _predictor(verify(path), path, workspace), read_training_transcripts(path))
    identity = adopt(path, _card(workspace, path, manner), place)
    return Entrant(str(path), "folder", _predictor(identity, place, workspace), read_training_transcripts(place))


def _card(workspace: Workspace, path: Path, manner: Manner) -> Card:
    """How a model without a card is asked: as the command says, and an adapter as Day-0, which it must go on."""
    form = _form(path)
    if form != "adapter":
        return Card(manner.template, manner.context, form)
    with workspace.record.read() as store:
        day0 = store.aliases.model_of("day0") or ""
    base = Card.read(model_folder(day0, workspace.models))
    return Card(base.template, base.context, "adapter", day0)


def _form(path: Path) -> Form:
    """What kind of model a folder or file holds. Raises BadInput where none, or where a choice must be made."""
    weights = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    signs: dict[str, Form] = {"genai_config.json": "onnx", "adapter_config.json": "adapter", "config.json": "full"}
    for name, form in signs.items():
        if path.is_dir() and (path / name).is_file() and not (form == "full" and weights):
            return form
    if len(weights) > 1:
        raise BadInput(f"{path} holds {len(weights)} .gguf files; name the one that is meant, like {weights[0]}")
    if not weights:
        raise BadInput(
            f"{path} holds no model: neither config.json, adapter_config.json, genai_config.json nor a .gguf file"
        )
    return "gguf"
