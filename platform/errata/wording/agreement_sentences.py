"""How llama.cpp and transformers compare, in a sentence."""

from __future__ import annotations

from errata.documents.engine_agreement import EngineAgreement, FirstDifference


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
