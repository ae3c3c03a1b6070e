"""What a language model sees and hears with: projections of vectors into its hidden size, put where placeholders stand.

A connector is (linear, GELU, linear), one a modality. Its weights lie beside a model's own, in
`connectors.safetensors`, and the model's card says what they take (`Sense`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from errata.domain.modality import Modality
from errata.errors import BadInput, NotFound
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import CONNECTORS, Sense
from errata.tasks.encode import PLACEHOLDERS
from errata.tasks.prompt import Frames

Projected = Mapping[str, torch.Tensor]
"""By modality, vectors as connectors take them: (placeholders, size)."""


class Connectors(torch.nn.Module):
    def __init__(self, senses: Sequence[Sense], hidden: int) -> None:
        super().__init__()
        self.by_modality = torch.nn.ModuleDict({sense.modality: _connector(sense.size, hidden) for sense in senses})

    def forward(self, modality: Modality, vectors: torch.Tensor) -> torch.Tensor:
        """(places, size) to (places, hidden). Raises BadInput for a modality, or a size, that the model wasn't made
        for."""
        if modality not in self.by_modality:
            raise BadInput(f"the model has no connector for {modality}; train one that has, or leave {modality} out")
        connector: Any = self.by_modality[modality]
        if vectors.shape[-1] != connector[0].in_features:
            raise BadInput(
                f"the model's connector for {modality} takes vectors of {connector[0].in_features} numbers, and these "
                f"have {vectors.shape[-1]}; extract them with the extractor that its card names"
            )
        projected: torch.Tensor = connector(vectors.to(connector[0].weight))
        return projected


def _connector(size: int, hidden: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(size, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, hidden))


def spliced(
    embedding: torch.nn.Module, connectors: Connectors | None, input_ids: torch.Tensor, vectors: Projected
) -> torch.Tensor:
    """What a model reads, (rows, tokens, hidden): the embeddings of `input_ids`, and where placeholders stand, from the
    first row's first on, the projections of `vectors`.

    Raises BadInput, with both numbers, where placeholders and vectors of a modality differ in number.
    """
    embedded: torch.Tensor = embedding(input_ids.clamp(min=0))
    for modality, placeholder in PLACEHOLDERS.items():
        places = input_ids == placeholder
        wanted, given = int(places.sum()), len(vectors[modality]) if modality in vectors else 0
        if wanted != given:
            raise BadInput(
                f"{wanted} placeholders stand for {modality}, and there are {given} vectors; each placeholder takes one"
            )
        if not wanted:
            continue
        if connectors is None:
            raise BadInput(f"the model has no connector for {modality}; train one that has, or leave {modality} out")
        embedded = embedded.masked_scatter(places[..., None], connectors(modality, vectors[modality]).to(embedded))
    return embedded


def read_among_words(model: Any, input_ids: torch.Tensor, vectors: Projected) -> dict[str, torch.Tensor]:
    """What `model` reads of token ids that `vectors` stand among, as arguments of its forward; a model that reads each
    medium apart is told what stands where. Raises as `spliced` does."""
    read = {"inputs_embeds": spliced(model.get_input_embeddings(), connectors_of(model), input_ids, vectors)}
    if reads_apart(model):
        read["kinds"] = input_ids.clamp(max=0)
    return read


def reads_apart(model: Any) -> bool:
    """Whether its architecture has what is seen and heard pass layers of their own, before any word: see
    `two_encoders.py`."""
    return bool(getattr(_without_adapter(model), "reads_apart", False))


def vectors_of(frames: Sequence[Frames], store: FeatureStore) -> dict[str, torch.Tensor]:
    """What `frames` name, by modality, in their order. Raises as the store does, and BadInput where what it holds takes
    another number of places than the spans say."""
    found: dict[str, list[torch.Tensor]] = {}
    for span in frames:
        taken = store.take(span.features, span.first, span.count)
        if taken.shape[1] != span.tokens:
            raise BadInput(
                f"a vector of {span.features[:12]} takes {taken.shape[1]} places, and the prompt has {span.tokens} for "
                "each; make the rows again"
            )
        vectors = torch.from_numpy(taken.astype("float32"))
        shown = vectors.mean(0, keepdim=True) if span.averaged else vectors
        found.setdefault(span.modality, []).append(shown.flatten(0, 1))
    return {modality: torch.cat(parts) for modality, parts in found.items()}


def connectors_of(model: Any) -> Connectors | None:
    """Those that were attached; see `attach`."""
    found: Connectors | None = getattr(_without_adapter(model), "connectors", None)
    return found


def attach(model: Any, connectors: Connectors | None) -> None:
    """So that they are moved, and learn, with the model, whose own modules don't know of them. None takes them off."""
    full = _without_adapter(model)
    if connectors is None:
        if hasattr(full, "connectors"):
            del full.connectors
    else:
        full.connectors = connectors.to(model.device)


def _without_adapter(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def new_connectors(model: Any, senses: Sequence[Sense]) -> Connectors:
    """With weights drawn at random."""
    return Connectors(senses, model.config.get_text_config().hidden_size)


def load_connectors(folder: Path, model: Any, senses: Sequence[Sense]) -> Connectors:
    """Raises NotFound where their file is missing, damaged, or of others."""
    connectors = new_connectors(model, senses)
    try:
        connectors.load_state_dict(load_file(folder / CONNECTORS))
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise NotFound(
            f"{folder / CONNECTORS} can't be loaded ({reason}); restore it, or make the model again"
        ) from error
    return connectors.eval()


def save_connectors(connectors: Connectors, folder: Path) -> None:
    save_file({name: weight.detach().cpu() for name, weight in connectors.state_dict().items()}, folder / CONNECTORS)
