"""What a model is asked, by what its card says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from errata.inference.artefact import Card, model_parts
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.tasks.border_task import BorderTask
from errata.tasks.chapters import ChapterTask
from errata.tasks.division import ChapterLengths
from errata.tasks.templates.borders import Borders

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


def task_of(folder: Path, models: Path) -> ChapterTask:
    """What the model in `folder` is asked; `models` is where an adapter's base is kept, whose tokenizer it has."""
    base, _ = model_parts(folder, models)
    return chapter_task(Card.read(folder), load_tokenizer(base))


def chapter_task(card: Card, tokenizer: Tokenizer) -> ChapterTask:
    """Raises BadInput for a template that isn't there."""
    template = templates.find(card.template)
    if isinstance(template, Borders):
        return BorderTask(template, tokenizer, card.context, lengths=card.lengths or ChapterLengths())
    return ChapterTask(template, tokenizer, card.context)
