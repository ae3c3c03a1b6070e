"""What a GGUF file said of its model besides the weights; it stays beside the model that was made from it.

A later GGUF export writes the tokenizer's keys as the source had them: what llama.cpp's converter put there can't be
told from a `tokenizer.json` in every case.
"""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document

MetadataValue = bool | int | float | str | list[bool] | list[int] | list[float] | list[str]


@dataclass(frozen=True, slots=True)
class MetadataField:
    kind: str
    """gguf's name of its type, such as UINT32; of an array, of its members."""
    value: MetadataValue


@dataclass(frozen=True, slots=True)
class SourceMetadata(Document):
    file: str
    """Its name, without a folder."""
    sha256: str
    """Of the whole file."""
    bits: float
    """A weight, over all matrices."""
    weights: int
    """How many there are."""
    tensors: dict[str, str]
    """The type in which each is stored, by its name."""
    fields: dict[str, MetadataField]
    """By key, as gguf's specification names them: `general.architecture`, `tokenizer.ggml.tokens`, …"""

    def text(self, key: str) -> str:
        """Empty where the file doesn't say."""
        field = self.fields.get(key)
        return field.value if field is not None and isinstance(field.value, str) else ""

    def number(self, key: str) -> int | None:
        """None where the file doesn't say."""
        field = self.fields.get(key)
        return field.value if field is not None and isinstance(field.value, int) else None

    def flag(self, key: str, default: bool) -> bool:
        field = self.fields.get(key)
        return field.value if field is not None and isinstance(field.value, bool) else default
