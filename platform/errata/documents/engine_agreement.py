"""`agreement.json`: whether llama.cpp answers as transformers does, before anything is scored by either.

Nothing in it is anybody's words: it stays where a talk is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from errata.documents.document import Document, read_document
from errata.documents.file_names import AGREEMENT
from errata.documents.params import EngineName


@dataclass(frozen=True, slots=True)
class AnswerAgreement:
    """How alike two greedy models answer. Percent; None where there is nothing to count."""

    answers: float | None
    """Of the items, those that both answer alike to the letter, titles included."""
    starts: float | None
    """Of the chapter starts that either gives, those that both give."""
    titles: float | None
    """Of the chapter starts that both give, those that both give the same title."""


@dataclass(frozen=True, slots=True)
class OtherLine:
    transcript: int
    line: int
    """From 0."""


@dataclass(frozen=True, slots=True)
class TokenAgreement:
    """Whether the tokenizer in the file is the model's own."""

    lines: int
    same: int
    """Those of which both make the same token ids."""
    first_other: OtherLine | None = None


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first chapter of the first talk that the two answer otherwise."""

    transcript: int
    chapter: int
    """From 0."""
    original: float | None
    """Where it starts; None where it isn't there."""
    exported: float | None
    """The same of the export; where both are equal, titles differ."""


@dataclass(frozen=True, slots=True)
class EngineAgreement:
    """Of one export that another engine runs, with the model that it was made from."""

    model: str
    """The export's identity."""
    engine: str
    """Who answered for it: `llama.cpp`; or `transformers`, with the file's weights, where that isn't installed."""
    tokens: TokenAgreement | None
    """None where llama.cpp isn't installed."""
    talks: int
    answers: AnswerAgreement
    difference: FirstDifference | None
    """None where every answer is the same."""


AGREEING_STARTS = 95.0
"""Percent of the chapter starts that either gives, that both must give: with fewer an export may not answer for its
model."""

EngineFallbackReason = Literal["not exported", "not installed", "nothing asked", "other tokens", "other answers"]


@dataclass(frozen=True, slots=True)
class EngineFallback:
    """Why transformers scored a night that llama.cpp was asked to score."""

    reason: EngineFallbackReason
    name: str = ""
    """Whose export it is, `candidate`, `champion` or `challenger`; empty where it is nobody's."""
    agreement: EngineAgreement | None = None
    """Of that export."""


@dataclass(frozen=True, slots=True)
class ScoringEngine:
    """By whom a night's models were scored: all by the same, since they are compared with each other."""

    engine: EngineName
    exports: dict[str, str] = field(default_factory=dict)
    """By llama.cpp: for each model whose .gguf export is kept, the export that answers for it. Identities."""
    fallback: EngineFallback | None = None

    @property
    def answering(self) -> dict[str, str] | None:
        """The exports that answer; None where models answer themselves."""
        return self.exports if self.engine == "llama.cpp" else None


@dataclass(frozen=True, slots=True)
class AgreementReport(Document):
    exports: dict[str, EngineAgreement] = field(default_factory=dict)
    """By target: `gguf`, where it is exported."""
    scoring: ScoringEngine | None = None
    """None where nothing but transformers was asked for."""

    @classmethod
    def read(cls, exports: Path) -> AgreementReport:
        """Of the folder of a night's exports; empty where nothing was compared."""
        path = exports / AGREEMENT
        return read_document(cls, path, "run the night again") if path.is_file() else cls()
