"""For whoever serves many models on one base (vLLM, TGI, peft): the adapter alone, and by what name its base is had."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from errata.documents.model_summary import ModelOrigin
from errata.errors import BadInput
from errata.files import write_json
from errata.inference.artefact import (
    CARD,
    OLD_TRAINING_TRANSCRIPTS,
    TRAINING_TRANSCRIPTS,
    Card,
    model_folder,
    read_seal,
    tokenizer_files,
    verify,
)
from registry.export.build import build, inherit

_CONFIG = "adapter_config.json"
_ANEW = (_CONFIG, CARD, TRAINING_TRANSCRIPTS, OLD_TRAINING_TRANSCRIPTS)


def export_adapter(model: Path, models: Path, out: Path, origin: ModelOrigin | None = None) -> str:
    """Writes the adapter `model` to `out`, with the tokenizer that it was trained by; returns its identity.

    `models` is where its base is kept, and `origin` where that came from: a base of the hub is named as the hub names
    it, with its commit; any other by its identity. Raises BadInput for a model that is no adapter.
    """
    verify(model)
    card = Card.read(model)
    if card.form != "adapter":
        raise BadInput(
            f"{model} is a whole model, and no adapter; take adapter from export.targets, or set train.method to lora"
        )

    def fill(folder: Path) -> None:
        for name in read_seal(model)[1]:
            if name not in _ANEW:
                shutil.copyfile(model / name, folder / name)
        config = json.loads((model / _CONFIG).read_bytes())
        if origin is not None and origin.kind == "hub":
            config |= {"base_model_name_or_path": origin.name, "revision": origin.revision}
        write_json(folder / _CONFIG, config)
        for file in tokenizer_files(model_folder(card.base, models)):
            shutil.copyfile(file, folder / file.name)
        inherit(model, folder, "adapter", card.base)

    return build(out, fill)
