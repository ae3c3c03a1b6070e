"""What `errata init` saw of a model and chose for it: `day0.json` in the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.document import Document

OriginKind = Literal["folder", "gguf", "hub"]
TemplateReason = Literal["card", "command", "default"]
"""Who chose the template: the model's own card, the user, or nobody."""
ContextReason = Literal["card", "command", "default", "longest"]
"""`longest`: the model can see no more than that."""


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    kind: OriginKind
    name: str
    """A folder, a file's name, or `OWNER/NAME` on the hub."""
    revision: str
    """The hub's commit, or the file's sha256; empty for a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightEstimate:
    """What a night takes here, by formula and by this machine's measured speed: an estimate, and no promise."""

    corrections: int
    """That are new to it, each of a talk of a quarter of an hour."""
    windows: int
    """That it trains on, over all epochs,"""
    tokens: int
    """and how many tokens one of them has, on average."""
    training_seconds: float
    answering_seconds: float
    """For the candidate's and the champion's answers to those talks."""
    memory: int
    """Bytes, at most at once."""
    device: Literal["cuda", "mps", "cpu"]
    precision: Literal["fp32", "bf16"] = "fp32"
    """In which it trains."""
    operations: float
    """A second: floating-point operations of a matrix product in that, as measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary(Document):
    origin: ModelOrigin
    architecture: str
    """transformers' class."""
    parameters: int
    number_type: str
    """Of the stored weights: `bfloat16`, `float32`, …"""
    bits: float | None = None
    """A weight had in the GGUF file."""
    licence: str = ""
    """As the model names it; empty where it doesn't."""
    languages: tuple[str, ...] = ()
    """The same."""
    template: str
    template_reason: TemplateReason
    chat: bool
    """Whether the model's own chat template goes around the prompt."""
    context: int
    context_reason: ContextReason
    longest: int | None
    """Tokens that the model can see."""
    layers: tuple[str, ...]
    """The linear layers that LoRA adapts, by the last part of their names."""
    trainable: int
    """Parameters of such an adapter."""
    padding: bool
    """Whether its tokenizer names a token for it."""
    night: NightEstimate
