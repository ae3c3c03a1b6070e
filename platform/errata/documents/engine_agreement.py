"""`agreement.json`: whether llama.cpp answers as transformers does, before anything is scored by either.

Nothing in it is anybody's words: it stays where a talk is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.documents.document import Document


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


@dataclass(frozen=True, slots=True)
class AgreementReport(Document):
    exports: dict[str, EngineAgreement] = field(default_factory=dict)
    """By target: `gguf`, where it is exported."""
