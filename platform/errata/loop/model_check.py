"""Whether a model that somebody brings can be asked and trained: said at `errata init`, and not on the second night.

Its weights are not read: the configuration says what layers there are, and an example says whether its tokenizer can
write a template's answers.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, ErrataError
from errata.inference.artefact import CARD, Card
from errata.inference.chapter_task import chapter_task
from errata.inference.model_shape import linear_layers
from errata.tasks import templates
from errata.tasks.chapters import PROMPT_SHARE, ChapterTask
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

Loaded = TypeVar("Loaded")
NEEDED = ("logits_to_keep", "past_key_values")
"""Of a model's forward: logits of single tokens alone, and a cache that can be cut back to an earlier token."""
_EXAMPLE = Transcript(
    "example",
    (Segment(0, 60, "Welcome, and what is new this week."), Segment(60, 120, "Zur nächsten Frage: déjà vu, 你好.")),
    120,
    title="A talk",
)
_CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.0, "Eine Frage, déjà vu, 你好"))


def check_model(folder: Path, card: Card) -> None:
    """Raises BadInput, in a sentence, for what the model in `folder` can't do, asked as `card` says."""
    config, tokenizer = load_config(folder), _load_tokenizer(folder)
    _check_weights(folder)
    _check_tokenizer(folder, tokenizer, config)
    _check_context(folder, card.context, config)
    _check_layers(folder, config)
    _check_template(folder, card, tokenizer, config)


def longest_context(config: Any) -> int | None:
    """Tokens that the model can see; None where it doesn't say."""
    return getattr(config.get_text_config(), "max_position_embeddings", None)


def load_config(folder: Path) -> Any:
    """Raises BadInput where transformers knows no such model."""
    from errata.inference.architectures import AutoConfig

    options = {"local_files_only": True, "trust_remote_code": False}  # else it asks on the terminal, and may run it
    return _loaded(folder, "its config.json", lambda: AutoConfig.from_pretrained(folder, **options))


def _load_tokenizer(folder: Path) -> Tokenizer:
    from errata.inference.tokenizer import load_tokenizer

    return _loaded(folder, "its tokenizer", lambda: load_tokenizer(folder))


def _loaded(folder: Path, what: str, load: Callable[[], Loaded]) -> Loaded:
    try:
        return load()
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise BadInput(
            f"{folder}: transformers can't load {what} ({reason}); give a folder that save_pretrained wrote"
        ) from error


def _check_weights(folder: Path) -> None:
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise BadInput(f"{folder} has no weights (*.safetensors); save the model with save_pretrained")
    missing = _indexed_files(folder) - {file.name for file in files}
    if missing:
        raise BadInput(f"{folder} lacks {min(missing)}, a part of its weights; copy or download it again")
    for file in files:
        try:
            with safe_open(file, "np"):
                pass
        except (SafetensorError, OSError) as error:
            raise BadInput(f"{file} can't be read ({error}); copy or download it again") from error


def _indexed_files(folder: Path) -> set[str]:
    """The parts that a large model's weights are said to be in; empty for a model in one file."""
    path = folder / "model.safetensors.index.json"
    if not path.is_file():
        return set()
    try:
        return set(json.loads(path.read_bytes())["weight_map"].values())
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise BadInput(f"{path} can't be read ({error}); copy or download it again") from error


def _check_tokenizer(folder: Path, tokenizer: Tokenizer, config: Any) -> None:
    if not tokenizer.is_fast:
        raise BadInput(
            f"{folder} has a slow tokenizer alone, and answers are held to a template by fast ones; save a fast one "
            "beside it (tokenizer.json)"
        )
    if tokenizer.eos_token_id is None:
        raise BadInput(
            f"the tokenizer of {folder} has no end-of-sequence token, so the model could never learn to stop; name one "
            "as eos_token in tokenizer_config.json"
        )
    vocabulary = config.get_text_config().vocab_size
    if len(tokenizer) > vocabulary:
        raise BadInput(
            f"the tokenizer of {folder} has {len(tokenizer)} tokens and the model {vocabulary}; give the one "
            "that belongs to it, or resize the model's embeddings"
        )


def _check_context(folder: Path, context: int, config: Any) -> None:
    longest = longest_context(config)
    if longest is not None and context > longest:
        raise BadInput(f"{folder} can see {longest} tokens and not {context}; say --context {longest}, or less")


def empty_model(folder: Path, config: Any) -> Any:
    """Its layers without weights. Raises BadInput where it is no causal language model."""
    import torch

    from errata.inference.architectures import AutoModelForCausalLM

    with torch.device("meta"):
        return _loaded(folder, "it as a causal language model", lambda: AutoModelForCausalLM.from_config(config))


def _check_layers(folder: Path, config: Any) -> None:
    model = empty_model(folder, config)
    kind, saved = type(model).__name__, config.architectures
    if saved and kind not in saved:  # its head would be drawn at random
        raise BadInput(f"{folder} was saved as a {saved[0]}, which is no {kind}; give a causal language model")
    missing = [name for name in NEEDED if name not in inspect.signature(model.forward).parameters]
    if missing or getattr(model, "_is_stateful", False):
        lacks = " or ".join(missing) or "cache that can be cut back"
        raise BadInput(
            f"{folder} is a {kind}, which has no {lacks}: it can't be asked and trained here; take a transformer "
            "such as Llama, Qwen or Gemma"
        )
    if not linear_layers(model):
        raise BadInput(f"{folder} is a {kind}, which has no linear layer that LoRA could adapt; take another model")


def _check_template(folder: Path, card: Card, tokenizer: Tokenizer, config: Any) -> None:
    """Raises BadInput as `_try_template`, with the templates that work; who has a card of ours has chosen already."""
    try:
        _try_template(folder, card, tokenizer, config)
    except BadInput as problem:
        if (folder / CARD).exists():
            raise
        others = [
            name
            for name in templates.TEMPLATES
            if name != card.template and _works(folder, replace(card, template=name), tokenizer, config)
        ]
        advice = (
            f"for this model say --template {' or '.join(others)}" if others else "no other --template works for it"
        )
        raise BadInput(f"{problem}; {advice}") from problem


def _works(folder: Path, card: Card, tokenizer: Tokenizer, config: Any) -> bool:
    try:
        _try_template(folder, card, tokenizer, config)
    except BadInput:
        return False
    return True


def _try_template(folder: Path, card: Card, tokenizer: Tokenizer, config: Any) -> None:
    """Raises BadInput where the template's prompt can't be dressed, or the right answer not be written and read."""
    from errata.inference.decode import Decoder, write

    template = templates.find(card.template)
    border = tokenizer.convert_tokens_to_ids(template.border) if template.border else 0
    if border in (None, tokenizer.unk_token_id) and template.border:
        raise BadInput(
            f"the tokenizer of {folder} has no token {template.border}, as the template {card.template} needs"
        )
    task = chapter_task(card, tokenizer)
    try:
        example, *_ = examples(task, _EXAMPLE, Reading(_known_to(tokenizer)))
        _check_room(task, example)
        answer = write(Decoder(tokenizer, config.get_text_config().vocab_size, task), example)
    except ErrataError:
        raise
    except Exception as error:
        raise BadInput(
            f"{folder} can't be asked by the template {card.template} ({type(error).__name__}: {error})"
            f"{'; mend its chat template' if template.chat and tokenizer.chat_template else ''}"
        ) from error
    if answer is None or answer.chapters != example.right.chapters:
        raise BadInput(f"the tokenizer of {folder} can't write the template {card.template}'s answers as they are read")


def _known_to(tokenizer: Tokenizer) -> Chapters:
    """The example's chapters, or for a vocabulary of whole words, which knows no others, two of its own."""
    if type(tokenizer.backend_tokenizer.model).__name__ != "WordLevel":
        return _CHAPTERS
    special = set(tokenizer.all_special_ids)
    words = (tidy(tokenizer.decode(token)) for token in range(len(tokenizer)) if token not in special)
    own = list(islice((word for word in words if word), 2)) or [""]
    return tuple(replace(chapter, title=own[place % len(own)]) for place, chapter in enumerate(_CHAPTERS))


def _check_room(task: ChapterTask, example: Example[Reading]) -> None:
    """Whether two lines and their answer leave room for more."""
    if len(example.encoded.input_ids) > PROMPT_SHARE * task.context:
        raise BadInput(
            f"a context of {task.context} tokens is too short: a prompt of two lines and its answer take "
            f"{len(example.encoded.input_ids)}; say a larger --context"
        )
