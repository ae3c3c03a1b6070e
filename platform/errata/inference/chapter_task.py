"""What a model is asked, by what its card says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Card, model_parts
from errata.inference.sensed_frames import SensedFrames, features_beside
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.tasks.border_task import BorderTask
from errata.tasks.chapters import ChapterTask
from errata.tasks.chat_task import ChatTask
from errata.tasks.description_task import DescriptionTask
from errata.tasks.division import ChapterLengths
from errata.tasks.snippet_task import SnippetTask
from errata.tasks.templates.borders import Borders
from errata.tasks.templates.chunk_description import ChunkDescription
from errata.tasks.templates.inline import END
from errata.tasks.templates.next_message import NextMessage
from errata.tasks.templates.snippet import SnippetMessage

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


def task_of(folder: Path, models: Path) -> ChapterTask:
    """What the model in `folder` is asked; `models` is where an adapter's base is kept, whose tokenizer it has."""
    base, _ = model_parts(folder, models)
    return chapter_task(Card.read(folder), load_tokenizer(base), features_beside(models))


def chapter_task(card: Card, tokenizer: Tokenizer, features: FeatureStore | None = None) -> ChapterTask:
    """`features` is where a model that sees or hears has its vectors from; without it, it is asked by words alone.

    Raises BadInput for a template that isn't there.
    """
    template = templates.find(card.template)
    source = SensedFrames(card.senses, features) if card.senses and features is not None else None
    if isinstance(template, Borders):
        lengths = card.lengths or ChapterLengths()
        return BorderTask(template, tokenizer, card.context, source=source, lengths=lengths)
    if isinstance(template, SnippetMessage):
        return SnippetTask(template, tokenizer, card.context, source=source)
    marked = END in tokenizer.get_vocab()
    if isinstance(template, ChunkDescription):
        described = template.marked() if marked else template
        return DescriptionTask(described, tokenizer, card.context, source=source)
    if isinstance(template, NextMessage):
        return ChatTask(NextMessage(marked), tokenizer, card.context, source=source)
    return ChapterTask(template, tokenizer, card.context, source=source)
