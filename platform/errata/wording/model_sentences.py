"""What is said of a model that a workspace is made with."""

from __future__ import annotations

from errata.documents.model_summary import ModelOrigin, ModelSummary, NightEstimate
from errata.domain.names import printable

_SHORT = 12
"""Of a commit or a hash."""
_MINUTE, _HOUR = 60, 3600
_TEMPLATE = {
    "card": "as the model's own card says",
    "command": "as you said",
    "default": "which costs the fewest tokens; --template names another",
}
_CONTEXT = {
    "card": "as the model's own card says",
    "command": "as you said",
    "default": "where nobody says; --context names another number",
    "longest": "all that it can see",
}


def model_lines(summary: ModelSummary) -> list[tuple[str, str]]:
    """A name and a sentence each, in the order in which one asks."""
    lines = [
        ("model", _model(summary)),
        ("licence", printable(summary.licence) or "not named; ask whoever made it"),
        ("template", f"{summary.template}, {_TEMPLATE[summary.template_reason]}; {_dress(summary)}"),
        ("context", f"{summary.context:,} tokens, {_CONTEXT[summary.context_reason]}{_of_longest(summary)}"),
        ("trained", f"{', '.join(summary.layers)}: {_count(summary.trainable)} weights of an adapter"),
        ("a night", _night(summary.night)),
    ]
    if not summary.padding:
        lines.append(("padding", "the tokenizer names no token for it, and none is needed: rows pass one at a time"))
    return lines


def _model(summary: ModelSummary) -> str:
    parts = f"{summary.architecture}, {_count(summary.parameters)} weights in {summary.number_type}"
    return f"{parts}, from {_origin(summary.origin)}{_rounding(summary)}"


def _origin(origin: ModelOrigin) -> str:
    match origin.kind:
        case "hub":
            return f"{origin.name} at commit {origin.revision[:_SHORT]}"
        case "gguf":
            return f"{origin.name} (sha256 {origin.revision[:_SHORT]}…)"
        case "folder":
            return origin.name


def _rounding(summary: ModelSummary) -> str:
    if summary.bits is None:
        return ""
    lost = "of which bf16 rounds off little" if summary.number_type == "bfloat16" else "all of which are kept"
    return f", dequantised from {summary.bits:.1f} bits a weight, {lost}"


def _dress(summary: ModelSummary) -> str:
    if summary.chat:
        return "the model's own chat template goes around it"
    return "as plain text, since the model has no chat template (a base model)"


def _of_longest(summary: ModelSummary) -> str:
    if summary.longest is None or summary.context == summary.longest:
        return ""
    return f"; it can see {summary.longest:,}"


def _night(night: NightEstimate) -> str:
    device = "this CPU" if night.device == "cpu" else "the GPU"
    return (
        f"of {night.corrections} corrections, each of a talk of 15 minutes: about {_duration(night.training_seconds)} "
        f"of training ({night.windows:,} windows of {night.tokens:,} tokens) and {_duration(night.answering_seconds)} "
        f"of answers, with {night.memory / 1e9:.1f} GB of memory; estimated from {device}'s "
        f"{night.operations / 1e9:,.0f} GFLOP/s in {night.precision}, measured just now"
    )


def _count(number: int) -> str:
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:,.1f} {name}"
    return f"{number:,}"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return "a minute"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} minutes"
    return f"{seconds / _HOUR:.1f} hours"
