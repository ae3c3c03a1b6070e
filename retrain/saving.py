"""What a training leaves: safetensors and JSON, sealed. Nothing is pickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from errata.inference.artefact import Card, seal
from errata.inference.source_metadata import inherit_source_metadata
from errata.inference.tokenizer import load_tokenizer
from retrain.connecting import disconnect, write_connectors


def save(model: Any, out: Path, card: Card, facts: dict[str, Any], tokenizer_from: Path) -> str:
    """Writes and seals the candidate; returns its identity."""
    out.mkdir(parents=True, exist_ok=True)
    if card.form == "adapter":
        config = model.peft_config["default"]
        config.base_model_name_or_path = card.base  # not a path of this machine
        if not isinstance(config.target_modules, str | None):
            config.target_modules = sorted(config.target_modules)  # a set's order is another in each process
    write_connectors(model, out)
    disconnect(model)
    # peft would look for the base model by its name, to see whether its embeddings grew
    model.save_pretrained(out, **({"save_embedding_layers": False} if card.form == "adapter" else {}))
    (out / "README.md").unlink(missing_ok=True)
    if card.form == "full":
        load_tokenizer(tokenizer_from).save_pretrained(out)
        inherit_source_metadata(tokenizer_from, out)
    card.write(out, **facts)
    return seal(out)
