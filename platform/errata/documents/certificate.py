"""`certificate-<target>-<evidence>.json`: how an export compares with its model, and what it costs to run."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.decision import TargetStatus
from errata.documents.document import Document
from errata.documents.guardrail import GuardrailResult
from errata.documents.parity import Parity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCost:
    """Of one model, asked in a process that does nothing else, by the runtime that serves it here."""

    runtime: str
    """`transformers`, `onnxruntime-genai` or `llama.cpp`."""
    talks: int
    tokens: int
    """Read and written, in answering them,"""
    seconds: float
    """and how long that took once the model was loaded."""
    memory: int
    """Bytes that its processes held at most, libraries included."""

    @property
    def tokens_per_second(self) -> float | None:
        return self.tokens / self.seconds if self.seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Document):
    night: str
    """That promoted the model."""
    target: str
    model: str
    """The export's identity."""
    source: str
    """The model that it was made from, with which it is compared."""
    status: TargetStatus
    guardrails: tuple[GuardrailResult, ...]
    """By which it ships or is held back: its F1's non-inferiority, with bound and margin."""
    parity: Parity
    """Agreement, F1 and size, on all that was asked of both."""
    prompts: int
    """Of the talks below, all that was put to a model,"""
    same_prompts: int
    """and those that came to the same token ids for both."""
    cost: RunningCost
    source_cost: RunningCost
    """The same talks, answered by the model itself."""
