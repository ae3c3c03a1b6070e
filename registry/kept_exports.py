"""The .gguf exports among the models that are kept, by the model that each was made from."""

from __future__ import annotations

from pathlib import Path

from errata.documents.params import GgufPrecision
from errata.inference.artefact import MANIFEST, original_of, read_seal, store_model, stored_models, unfinished
from registry.export.gguf_export import export_gguf, file_name
from registry.export.server import export_server


def kept_exports(models: Path, precision: GgufPrecision) -> dict[str, str]:
    """By model, its export; identities. Those of an older Errata, which didn't note it, are left out."""
    found = {}
    for folder in stored_models(models):
        if (folder / MANIFEST).exists() and (folder / file_name(precision)).exists() and original_of(folder):
            found[original_of(folder)] = read_seal(folder)[0]
    return found


def keep_export(model: Path, models: Path, precision: GgufPrecision) -> str:
    """Exports `model` to where models are kept; returns the export's identity. Raises as `export_into` does."""
    with unfinished(models) as place:
        return store_model(export_into(Path(place), model, models, precision), models)


def export_into(place: Path, model: Path, models: Path, precision: GgufPrecision) -> Path:
    """Exports `model` to a folder in `place`, which is returned. Raises as `export_server` and `export_gguf` do."""
    server, out = place / "server", place / "gguf"
    export_server(model, models, server)
    export_gguf(server, out, precision)
    return out
