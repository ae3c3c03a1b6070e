"""How llama.cpp and transformers compare, and which of them scored a night, in a sentence."""

from __future__ import annotations

from typing import assert_never

from errata.documents.engine_agreement import (
    AGREEING_STARTS,
    EngineAgreement,
    EngineFallback,
    FirstDifference,
    ScoringEngine,
)


def agreement_sentence(found: EngineAgreement) -> str:
    if found.tokens is None:
        return "llama.cpp is not installed; transformers answered with the file's weights"
    tokens = f"the same tokens on {found.tokens.same} of {found.tokens.lines} lines"
    answers = found.answers.answers
    if answers is None:
        return f"{tokens}; nothing was there to answer"
    difference = f"; {_difference(found.difference)}" if found.difference else ""
    return f"{tokens}; {answers:.0f} % of {found.talks} answers are the same to the letter{difference}"


def _difference(first: FirstDifference) -> str:
    place = f"talk {first.transcript} is the first that differs, in chapter {first.chapter + 1}"
    if first.original == first.exported:
        return f"{place}: its title"
    one, other = ("no chapter" if start is None else f"{start:g}" for start in (first.original, first.exported))
    return f"{place}: {one} against {other}"


def scoring_sentence(scoring: ScoringEngine) -> str:
    if scoring.fallback is None:
        return f"{scoring.engine}, each model by its own .gguf export"
    return f"{scoring.engine} and not llama.cpp, since {_why(scoring.fallback)}"


def _why(fallback: EngineFallback) -> str:
    export = f"the {fallback.name}’s export"
    match fallback.reason:
        case "not exported":
            return "export.targets names no gguf"
        case "not installed":
            return "it is not installed (extra gguf)"
        case "nothing asked":
            return f"no fresh talk shows whether {export} answers as the model does"
        case "other tokens":
            return f"{export} makes other tokens of some lines{_tokens(fallback.agreement)}"
        case "other answers":
            return (
                f"{export} gives too few of the model’s chapter starts{_starts(fallback.agreement)}: "
                f"{AGREEING_STARTS:g} % are asked for"
            )
    assert_never(fallback.reason)


def _tokens(found: EngineAgreement | None) -> str:
    return f" ({found.tokens.lines - found.tokens.same} of {found.tokens.lines})" if found and found.tokens else ""


def _starts(found: EngineAgreement | None) -> str:
    return "" if found is None or found.answers.starts is None else f" ({found.answers.starts:.1f} %)"
