"""The model card, in the layout of the Hugging Face hub: YAML that machines read, and Markdown for people.

A function of its facts alone: equal facts are equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from errata.documents.params import Target
from errata.documents.parity import Parity
from errata.domain.names import printable
from errata.wording.certificate_sentences import certificate_facts
from errata.wording.gate_sentences import reasons
from evaluation.report.figures import interval, number
from registry.papers.model_facts import UNNAMED_SOURCE, ModelFacts, Verdict

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

MEASURES = {
    "f1": "F1 of chapters",
    "precision": "precision of chapters",
    "recall": "recall of chapters",
    "tiou": "overlap of matched chapters (tIoU)",
    "precision_5s": "precision of borders within 5 s",
    "recall_5s": "recall of borders within 5 s",
    "title_f1": "F1 of the words of titles",
    "title_exact": "titles that are exactly the same",
}
"""Of those that a night measures, what somebody asks who thinks of using the model."""
_WHAT: dict[Target | None, str] = {
    None: "the trained model",
    "server": "merged weights for a server (safetensors)",
    "device": "quantised weights for a device (ONNX)",
    "gguf": "one file for llama.cpp and its kin (GGUF)",
    "nf4": "weights of 4 bits for a server (NF4, bitsandbytes)",
    "adapter": "the adapter alone (peft), which needs its base",
}
_LIBRARY: dict[Target, str] = {
    "server": "transformers",
    "device": "onnxruntime-genai",
    "gguf": "gguf",
    "nf4": "transformers",
    "adapter": "peft",
}
_ROUNDED: tuple[Target, ...] = ("device", "gguf", "nf4")
"""Those whose weights have fewer bits than the model's own."""
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9.+-]*")
"""How the hub writes a licence that it knows; any other is `other`, with its name beside."""
_MARKS = str.maketrans({"|": "\\|", "`": "'", "<": "&lt;", "[": "\\[", "\n": " ", "\r": " "})


def model_card(facts: ModelFacts) -> str:
    """README.md."""
    return _environment().get_template("model_card.md.j2").render(
        facts=facts,
        unnamed_source=UNNAMED_SOURCE,
        front_matter=_front_matter(facts),
        title=f"errata {facts.identity[:16]}",
        what=_what(facts),
        base=_base(facts),
        licence=facts.base.licence or "not named; ask whoever made it",
        measures=list(_measures(facts.verdict)) if facts.verdict else [],
        reasons=reasons(facts.verdict.decision) if facts.verdict else [],
        parity=_parity(facts.parity) if facts.parity else "",
        certificate=certificate_facts(facts.certificate) if facts.certificate else {},
        limits=list(_limits(facts)),
    )  # fmt: skip


def _front_matter(facts: ModelFacts) -> str:
    from huggingface_hub import ModelCardData

    named = _IDENTIFIER.fullmatch(facts.base.licence)
    licence = facts.base.licence if named else "other" if facts.base.licence else "unknown"
    data = ModelCardData(
        base_model=printable(_base(facts)),
        base_model_relation=_relation(facts),
        license=licence,
        license_name=None if named or not facts.base.licence else printable(facts.base.licence),
        language=list(facts.base.languages) or None,
        library_name=_LIBRARY[facts.target] if facts.target else _trained_library(facts),
        pipeline_tag="text-generation",
        tags=["errata", "chapters", "transcripts"],
        model_name=f"errata {facts.identity[:16]}",
        eval_results=list(_results(facts)) or None,
    )
    return data.to_yaml()


def _results(facts: ModelFacts) -> Iterator[EvalResult]:
    """For the hub's `model-index`. No talk and no address of the items: they are the team's own."""
    from huggingface_hub import EvalResult

    verdict = facts.verdict
    if verdict is None or verdict.mean is None or not verdict.mean.n:
        return
    for name, title in MEASURES.items():
        value = getattr(verdict.mean, name)
        if value is not None:
            yield EvalResult(
                task_type="text-generation",
                task_name="chapters of transcripts",
                dataset_type="private",
                dataset_name=f"{verdict.mean.n} talks that people corrected, night {printable(verdict.night)}",
                metric_type=name,
                metric_name=title,
                metric_value=round(value, 2),
            )


def _relation(facts: ModelFacts) -> str:
    """As the hub calls what became of the base."""
    if facts.target in _ROUNDED:
        return "quantized"
    return "adapter" if facts.card.form == "adapter" else "finetune"


def _trained_library(facts: ModelFacts) -> str:
    return "peft" if facts.card.form == "adapter" else "transformers"


def _what(facts: ModelFacts) -> str:
    adapter = ", an adapter on the base" if facts.target is None and facts.card.form == "adapter" else ""
    return _WHAT[facts.target] + adapter


def _base(facts: ModelFacts) -> str:
    return facts.base.name or facts.base.identity


def _measures(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    """A measure's name, and what this model and the champion have; F1 with its interval."""
    if verdict.mean is None:
        return
    for name, title in MEASURES.items():
        ours = getattr(verdict.mean, name)
        if ours is not None:
            theirs = getattr(verdict.champion, name) if verdict.champion else None
            yield title, number(ours) + _range(verdict, name), number(theirs)


def _range(verdict: Verdict, name: str) -> str:
    mean = verdict.mean
    if name != "f1" or mean is None or mean.low is None or mean.high is None:
        return ""
    return f" (90 % interval {interval(mean.low, mean.high)})"


def _parity(parity: Parity) -> str:
    f1 = parity.f1
    if f1.effect is None:
        return "on too few talks to say how it differs from the model that it was made from."
    bounds = "" if f1.low is None else f" (90 % interval {interval(f1.low, f1.high, signed=True)})"
    return (
        f"{number(f1.effect, signed=True)} points of F1{bounds} against the model that it was made from, on {f1.n} "
        f"talks; {parity.size / 1e6:.1f} MB."
    )


def _limits(facts: ModelFacts) -> Iterator[str]:
    yield (
        "What it scores elsewhere is not known: talks in other languages, of other lengths or made by other habits may "
        "do worse. Score it on your own (`errata compare`) before it decides anything."
    )
    yield (
        "A border may be wrong and a title may say what nobody said; both are drafts for a person. The confidence that "
        "is shown beside a border is measured where a night had enough reviewed borders, and else the model's own."
    )
    yield (
        f"It reads {facts.card.context:,} tokens at once: a longer talk is read in windows, and no title spans two of "
        "them."
    )
    if facts.training:
        yield (
            "A transcript that it was trained on may come out in a title, in a few words. Which talks these were "
            "stands as hashes in `training_transcripts.json`; what was forgotten after the training is in the weights "
            "still."
        )
    if facts.target in _ROUNDED:
        yield "Its weights are rounded: it answers otherwise than the model that it was made from on some talks."
    if not facts.base.licence:
        yield "The base names no licence: whether it may be used, shared or sold is for you to find out."
    else:
        yield "The base's licence goes on for what was made from it; the corrections have their owners' terms besides."


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),  # of HTML alone: this is Markdown, and `cell` takes away what would be marks
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment


def _cell(text: str) -> str:
    """Somebody's words in a line or a table's cell: none of them a mark of Markdown's or of HTML's."""
    return printable(text).translate(_MARKS)
