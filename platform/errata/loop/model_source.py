"""Where a Day-0 model comes from: a folder, a .gguf file, or the hub. Whichever it is, a folder comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.documents.model_summary import ModelOrigin
from errata.errors import BadInput
from errata.files import check_space
from errata.inference.artefact import KEPT_COPIES
from errata.inference.model_form import model_form
from errata.loop.hub_model import hub_model
from errata.progress import note


@dataclass(frozen=True, slots=True)
class SourceModel:
    folder: Path
    """A full model as transformers loads one."""
    origin: ModelOrigin

    @property
    def facts(self) -> dict[str, Any]:
        """For the model's card. Of a folder none: where it lay says nothing of the model, whose identity the card is
        part of."""
        if self.origin.kind == "folder":
            return {}
        return {"source": {"kind": self.origin.kind, "name": self.origin.name, "revision": self.origin.revision}}


def source_model(name: str, place: Path) -> SourceModel:
    """What `name` means: a path that exists, or else a model on the hub; what must be unpacked is put into `place`.

    Raises as `hub_model` and `unpack_gguf` do, and BadInput for a folder that holds no full model.
    """
    path = Path(name)
    if not path.exists() and path.suffix != ".gguf":
        found = hub_model(name)
        _check_copies(found.folder, place)
        return SourceModel(found.folder, ModelOrigin("hub", found.name, found.commit))
    if not path.exists():
        raise BadInput(f"{path} is not there; check the path")
    form = model_form(path)
    if form == "gguf":
        file = path if path.is_file() else next(path.glob("*.gguf"))
        return _unpacked(file, place)
    if form != "full":
        kind = "an adapter" if form == "adapter" else "an export"
        raise BadInput(f"{path} holds {kind}, and Day-0 is a full model; give the one that it was made from")
    _check_copies(path, place)
    return SourceModel(path, ModelOrigin("folder", str(path), ""))


def _unpacked(file: Path, place: Path) -> SourceModel:
    from errata.inference.gguf_unpacking import unpack_gguf

    note(f"{file.name} is unpacked and compared with llama.cpp: a minute or two where its vocabulary is large")
    metadata = unpack_gguf(file, place)
    return SourceModel(place, ModelOrigin("gguf", metadata.file, metadata.sha256))


def _check_copies(folder: Path, place: Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    check_space(place, KEPT_COPIES * size, f"{folder}")
