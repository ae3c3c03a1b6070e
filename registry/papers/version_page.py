"""What a release owner reads of a version on its page in MLflow, in Markdown: the verdict, what it was trained on, and
all that the verdict rests on."""

from __future__ import annotations

from collections.abc import Iterator

from errata.domain.names import printable
from errata.wording.counts import counted
from errata.wording.gate_sentences import reasons
from registry.papers.model_facts import ModelFacts, Training

_MARKS = str.maketrans({"|": "\\|", "`": "'", "<": "&lt;", "[": "\\[", "*": "\\*", "\n": " ", "\r": " "})


def version_page(facts: ModelFacts, report: str = "") -> str:
    """`report` is where a browser finds the night's; empty for a model that no night decided on."""
    return "\n\n".join(_paragraphs(facts, report))


def _paragraphs(facts: ModelFacts, report: str) -> Iterator[str]:
    findings: list[str] = []
    if facts.verdict:
        cause, *findings = reasons(facts.verdict.decision)
        yield f"{facts.verdict.decision.verdict}: {cause}"  # MLflow's list of versions shows how it begins, as it is
    elif facts.training is None and facts.source == facts.base.identity:
        yield "Day-0, as `errata init` was given it: what every later model is compared with."
    else:
        yield "No gate has decided on it."
    yield "\n".join(f"- **{name}:** {text}" for name, text in _facts(facts))
    if findings:
        yield "What the verdict rests on:"
        yield "\n".join(f"- {finding}" for finding in findings)
    if report:
        yield f"[Report of the night]({report})"


def _facts(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    base = facts.base
    if facts.training:
        yield "Trained on", _training(facts.training)
    yield "Base", f"{_inert(base.name or base.identity[:16])}, licence {_inert(base.licence) or 'not named'}"
    if facts.target:
        yield "Exported from", f"`{facts.source[:16]}` as {facts.target}"
    if facts.verdict:
        yield "Evidence", f"`{facts.verdict.evidence}` of the night {_inert(facts.verdict.night)}"


def _training(training: Training) -> str:
    """One line; `source` and night names are people's own words."""
    parts = [f"corrections up to watermark {training.watermark}, on the night {_inert(training.night)}"]
    if training.mixture:
        mixture = training.mixture
        parts.append(
            f"{counted(mixture.new, 'row')} that were new to it and {mixture.replayed} that it had seen, "
            f"{mixture.tokens:,} tokens"
        )
    if training.sources:
        named = ", ".join(f"{_inert(name) or 'no name'} ({count.talks})" for name, count in training.sources.items())
        parts.append(f"talks with a correction by source: {named}")
    if training.snapshot:
        parts.append(f"snapshot `{training.snapshot[:16]}`")
    return "; ".join(parts)


def _inert(text: str) -> str:
    """Somebody's words in a line: none of them a mark of Markdown's or of HTML's."""
    return printable(text).translate(_MARKS)
