"""A GGUF file's metadata: read from the file, and kept beside the model that is made from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from errata.documents.document import read_document, write_document
from errata.documents.source_metadata import MetadataField, SourceMetadata
from errata.errors import BadInput, missing_extra
from errata.files import file_sha256
from errata.inference.artefact import SOURCE_METADATA

_COUNTS = "GGUF."
"""Prefix of what the reader adds of its own: how many keys and tensors there are."""


def gguf_metadata(path: Path) -> SourceMetadata:
    """Raises BadInput for a file that is none or was cut short, and Unavailable without the extra `gguf`."""
    try:
        from gguf import GGUFReader
    except ModuleNotFoundError as error:
        raise missing_extra("gguf is not installed, so GGUF files can't be read", "gguf") from error
    try:
        reader = GGUFReader(path)
        fields = {key: _field(field) for key, field in reader.fields.items() if not key.startswith(_COUNTS)}
    except (ValueError, LookupError, TypeError, OverflowError, OSError) as error:  # what the reader stumbles over
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(f"{path} is no whole GGUF file ({reason}); copy or download it again") from error
    matrices = [tensor for tensor in reader.tensors if len(tensor.shape) > 1]
    if not matrices:
        raise BadInput(f"{path} holds no weights; give a model's GGUF file")
    stored = sum(int(tensor.n_bytes) for tensor in matrices)
    return SourceMetadata(
        file=path.name,
        sha256=file_sha256(path),
        bits=round(8 * stored / sum(int(tensor.n_elements) for tensor in matrices), 2),
        weights=sum(int(tensor.n_elements) for tensor in reader.tensors),
        tensors={tensor.name: tensor.tensor_type.name for tensor in reader.tensors},
        fields=fields,
    )


def _field(field: Any) -> MetadataField:
    return MetadataField(field.types[-1].name, field.contents())


def write_source_metadata(folder: Path, metadata: SourceMetadata) -> None:
    write_document(folder / SOURCE_METADATA, metadata)


def inherit_source_metadata(source: Path, folder: Path) -> None:
    """Gives a full model that was made from the one in `source` what is known of the file that this came from."""
    if (source / SOURCE_METADATA).is_file():
        shutil.copyfile(source / SOURCE_METADATA, folder / SOURCE_METADATA)


def source_metadata(folder: Path) -> SourceMetadata | None:
    """Of the GGUF file that the full model in `folder` came from; None for a model that came from none.

    Raises BadInput where the file was changed by hand.
    """
    path = folder / SOURCE_METADATA
    return read_document(SourceMetadata, path, "restore it, or make the model again") if path.is_file() else None
