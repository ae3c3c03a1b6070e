"""What a release owner reads of a version on its page in MLflow, in Markdown: the verdict, what became of the
model, what it was trained on, and all that the verdict rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from errata.database.corrections import SourceCount
from errata.wording.counts import counted
from errata.wording.gate_sentences import reasons
from registry.papers.markdown_text import inert
from registry.papers.model_facts import UNNAMED_SOURCE, ModelFacts, Training
from registry.papers.release_history import ReleaseHistory, history_paragraphs

LONGEST = 4_800
"""Characters: MLflow's tables hold 5,000, and a link to the model card follows."""
_REST = "- … the report has the rest"
_SOURCES = 10
"""Those that are named, the largest."""


def version_page(facts: ModelFacts, history: ReleaseHistory, report: str = "") -> str:
    """`report` is where a browser finds the night's; empty for a model that no night decided on."""
    cause, *findings = reasons(facts.verdict.decision) if facts.verdict else [""]
    head = "\n\n".join(_head(facts, history, cause))
    link = f"[Report of the night]({report})" if report else ""
    rests = _rests_on(findings, LONGEST - len(head) - len(link)) if findings else ""
    return "\n\n".join(filter(None, (head, rests, link)))


def _head(facts: ModelFacts, history: ReleaseHistory, cause: str) -> Iterator[str]:
    if facts.verdict:
        yield f"{facts.verdict.decision.verdict}: {cause}"  # MLflow's list of versions shows how it begins, as it is
    elif facts.training is None and facts.source == facts.base.identity:
        yield "Day-0, as `errata init` was given it: what every later model is compared with."
    else:
        yield "No gate has decided on it."
    yield from history_paragraphs(history)
    yield "What it was made from:"
    yield "\n".join(f"- **{name}:** {text}" for name, text in _facts(facts))


def _rests_on(findings: Sequence[str], longest: int) -> str:
    """As many of them as fit into so many characters."""
    text = "What the verdict rests on:\n"
    for finding in findings:
        if len(text) + len(finding) + len(_REST) > longest:
            return f"{text}\n{_REST}"
        text += f"\n- {finding}"
    return text


def _facts(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    base = facts.base
    if facts.training:
        yield "Trained on", _training(facts.training)
    yield "Base", f"{inert(base.name or base.identity[:16])}, licence {inert(base.licence) or 'not named'}"
    if facts.target:
        yield "Exported from", f"`{facts.source[:16]}` as {facts.target}"
    if facts.verdict:
        preset = facts.verdict.decision.preset.name
        by = f", by the gate's preset {preset}" if preset else ""
        yield "Evidence", f"`{facts.verdict.evidence}` of the night {inert(facts.verdict.night)}{by}"


def _training(training: Training) -> str:
    """One line; `source` and night names are people's own words."""
    parts = [f"corrections up to watermark {training.watermark}, on the night {inert(training.night)}"]
    if training.mixture:
        mixture = training.mixture
        parts.append(
            f"{counted(mixture.new, 'row')} that were new to it and {mixture.replayed} that it had seen, "
            f"{mixture.tokens:,} tokens"
        )
    if training.sources:
        parts.append(f"talks with a correction, by source: {_sources(training.sources)}")
    if training.snapshot:
        parts.append(f"snapshot `{training.snapshot[:16]}`")
    return "; ".join(parts)


def _sources(sources: Mapping[str, SourceCount]) -> str:
    largest = sorted(sources.items(), key=lambda source: -source[1].talks)
    named = [f"{inert(name) or UNNAMED_SOURCE} ({count.talks})" for name, count in largest[:_SOURCES]]
    rest = sum(count.talks for _, count in largest[_SOURCES:])
    return ", ".join((*named, f"{len(largest) - _SOURCES} others ({rest})") if rest else named)
