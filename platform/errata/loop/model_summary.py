"""What a model from outside is, and what was chosen for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from errata.documents.model_summary import ContextReason, ModelSummary, TemplateReason
from errata.documents.params import Params
from errata.inference.artefact import CARD, Card
from errata.inference.machine_speed import measure_speed
from errata.inference.model_shape import ModelShape, linear_layers
from errata.inference.source_metadata import source_metadata
from errata.inference.tokenizer import load_tokenizer
from errata.inference.torch import SMALL
from errata.loop.model_check import empty_model, load_config, longest_context
from errata.loop.model_source import SourceModel
from errata.loop.night_estimate import estimate_night
from errata.tasks import templates

if TYPE_CHECKING:
    from huggingface_hub import ModelCardData


def summarise_model(
    source: SourceModel, card: Card, params: Params, template: str | None, context: int | None
) -> ModelSummary:
    """`template` and `context` are what the user said. It measures the machine's speed, in a second."""
    folder = source.folder
    config, tokenizer = load_config(folder), load_tokenizer(folder)
    model = empty_model(folder, config)
    shape, longest, metadata = ModelShape.of(model), longest_context(config), source_metadata(folder)
    has_card = (folder / CARD).exists()
    page = _page(folder)
    speed = measure_speed(threads=1 if shape.parameters < SMALL else None)
    return ModelSummary(
        origin=source.origin,
        architecture=type(model).__name__,
        parameters=shape.parameters,
        number_type=str(config.dtype or "float32").removeprefix("torch."),
        bits=None if metadata is None else metadata.bits,
        licence=str(page.license or "" if page else "") or (metadata.text("general.license") if metadata else ""),
        languages=_languages(page.language) if page else (),
        template=card.template,
        template_reason=_template_reason(has_card, template),
        chat=templates.find(card.template).chat and bool(tokenizer.chat_template),
        context=card.context,
        context_reason=_context_reason(has_card, context, card.context == longest),
        longest=longest,
        layers=tuple(dict.fromkeys(name.rpartition(".")[2] for name in linear_layers(model))),
        trainable=shape.trainable(params.train.rank),
        padding=tokenizer.pad_token_id is not None,
        night=estimate_night(shape, card, params, tokenizer, speed),
    )


def _template_reason(has_card: bool, template: str | None) -> TemplateReason:
    return "card" if has_card else "default" if template is None else "command"


def _context_reason(has_card: bool, context: int | None, is_longest: bool) -> ContextReason:
    if has_card:
        return "card"
    if context is not None:
        return "command"
    return "longest" if is_longest else "default"


def _page(folder: Path) -> ModelCardData | None:
    """What the model's own page says in its head; None where it has none, or one that is no YAML."""
    from huggingface_hub import ModelCard

    page = folder / "README.md"
    if not page.is_file():
        return None
    try:
        data: ModelCardData = ModelCard.load(page).data
    except ValueError:
        return None
    return data


def _languages(named: str | Sequence[str] | None) -> tuple[str, ...]:
    """One is written as a text, several as a list."""
    return (named,) if isinstance(named, str) else tuple(str(name) for name in named or ())
