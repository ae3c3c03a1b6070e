"""What a model keeps of a stream that goes on for hours, and what it says next.

Its memory is a cache of keys and values with a fixed number of places, and this policy: when there is no room for what
comes and a reply to it, the beginning (what the model was asked) and the newest `kept` tokens are read anew, into an
empty cache. So a token is read at most `1 + kept / (context − beginning − kept − reply)` times on average, however long
the stream is; positions never pass those that were trained; and the model is at every time exactly where it would be
had it begun to watch at the oldest thing that it keeps. That holds for every architecture: keys that stay while others
before them go, as with attention sinks (Xiao et al. 2024), would need their positions turned back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache

from errata.domain.modality import Modality
from errata.errors import BadInput
from errata.inference.artefact import Card, model_parts
from errata.inference.connector import Connectors, load_connectors, reads_apart
from errata.inference.tokenizer import load_tokenizer
from errata.inference.torch import load_model
from errata.tasks.encode import ids
from errata.tasks.prompt import Control, Given

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

Piece = torch.Tensor
"""(tokens, hidden): what is read of one frame, or of some words. It stays or goes as a whole."""


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    context: int
    """Places in the cache; those that the model was trained to see."""
    kept: int
    """Of the newest, where the rest is left behind."""
    reply: int = 64
    """Tokens of a reply, at most: for so many there is always room."""

    @classmethod
    def of(cls, context: int) -> ReadingPolicy:
        """Half of what a model sees is kept, and a reply takes an eighth, 64 tokens at most."""
        return cls(context, context // 2, min(64, context // 8))


class StreamReader:
    """One stream's. What was read and what was said are in the same cache, as in training."""

    def __init__(
        self,
        model: Any,
        connectors: Connectors,
        tokenizer: Tokenizer,
        beginning: Sequence[Given],
        policy: ReadingPolicy,
    ) -> None:
        """`beginning` is what stands before the stream. Raises BadInput where the context has no room for a stream."""
        self._model, self._connectors, self._tokenizer, self.policy = model, connectors, tokenizer, policy
        self._silence: int = tokenizer.eos_token_id
        self._beginning = self._words([token for span in beginning for token in ids(span, tokenizer)])
        self.room = policy.context - len(self._beginning) - policy.kept - policy.reply
        if self.room < 1:
            raise BadInput(
                f"a context of {policy.context} tokens has no room for a stream beside {len(self._beginning)} that it "
                f"begins with, {policy.kept} that are kept and {policy.reply} of a reply; take a larger one"
            )
        self._newest: deque[Piece] = deque()
        self._cache = DynamicCache()
        self.cached = 0
        """Places of the cache that are taken."""
        self.passed = 0
        """Tokens that went through the model since it began, those that were read anew too."""
        self._pass([self._beginning], [])

    @property
    def free(self) -> int:
        """Tokens that can be read before it must begin anew."""
        return max(0, self.policy.context - self.policy.reply - self.cached)

    def frame(self, modality: Modality, vectors: torch.Tensor) -> Piece:
        """Of one vector, (tokens, size). Raises BadInput for one that the model has no connector for."""
        with torch.inference_mode():
            projected: Piece = self._connectors(modality, vectors.to(self._model.device))
        return projected.to(self._model.dtype)

    def words(self, span: Given) -> Piece:
        return self._words(ids(span, self._tokenizer))

    @torch.inference_mode()
    def read(self, pieces: Sequence[Piece]) -> torch.Tensor:
        """Reads on; logits of what may be said after each piece, (pieces, vocabulary). Raises BadInput where they don't
        fit together, even beside nothing but what is kept."""
        coming = sum(len(piece) for piece in pieces)
        if coming > max(self.free, self.room):
            raise BadInput(f"{coming} tokens come at once, and there is room for {self.room}; read less, or see fewer")
        if coming > self.free:
            self._begin_anew()
        self._newest.extend(pieces)
        return self._pass(pieces, pieces)

    def forget(self, pieces: int) -> None:
        """The last so many, as if they had not been read."""
        taken = sum(len(self._newest.pop()) for _ in range(pieces))
        if taken:
            self._cache.crop(-taken)
            self.cached -= taken

    def speaks(self, logits: torch.Tensor, threshold: float = 0.0) -> int | None:
        """The first token of what the model says where `logits`, (vocabulary,), are; None for silence, which must be
        the likeliest token and at least as likely as the threshold."""
        if int(logits.argmax()) == self._silence and float(logits.float().softmax(-1)[self._silence]) >= threshold:
            return None
        words = logits.clone()
        words[self._silence] = -torch.inf
        return int(words.argmax())

    @torch.inference_mode()
    def say(self, first: int) -> str:
        """The reply that begins with that token, up to its line's end; it is read on as it is said."""
        said = [first]
        while True:
            logits = self._reply_token(said[-1])
            ended = "\n" in self._tokenizer.decode(said[-1:]) or len(said) >= self.policy.reply
            following = int(logits.argmax())
            if ended or following == self._silence:
                return str(self._tokenizer.decode(said, skip_special_tokens=True)).strip()
            said.append(following)

    def _reply_token(self, token: int) -> torch.Tensor:
        piece = self._words([token])
        self._newest.append(piece)
        return self._pass([piece], [piece])[0]

    def _begin_anew(self) -> None:
        kept, tokens = list[Piece](), 0
        while self._newest and tokens + len(self._newest[-1]) <= self.policy.kept:
            tokens += len(self._newest[-1])
            kept.append(self._newest.pop())
        kept.reverse()
        self._newest = deque(kept)
        self._cache, self.cached = DynamicCache(), 0
        self._pass([self._beginning, *kept], [])

    def _pass(self, pieces: Sequence[Piece], answered: Sequence[Piece]) -> torch.Tensor:
        """Through the model; logits after each of `answered`, which are the pieces or none of them."""
        read = torch.cat(list(pieces))[None]
        if not read.shape[1]:
            return torch.zeros(0)
        ends = torch.tensor([len(piece) for piece in answered], dtype=torch.long).cumsum(0) - 1
        keep = ends.to(read.device) if len(ends) else 1  # at least one, or some models take all
        answer = self._model(inputs_embeds=read, past_key_values=self._cache, use_cache=True, logits_to_keep=keep)
        self.cached += read.shape[1]
        self.passed += read.shape[1]
        logits: torch.Tensor = answer.logits[0]
        return logits

    def _words(self, tokens: Sequence[int]) -> Piece:
        read = torch.tensor(list(tokens), dtype=torch.long, device=self._model.device)
        with torch.inference_mode():
            embedded: Piece = self._model.get_input_embeddings()(read)
        return embedded


def open_reader(folder: Path, models: Path, beginning: Sequence[Given] = ()) -> StreamReader:
    """For the model in `folder`, which must see or hear; `models` is where an adapter's base is kept. Its own
    beginning-of-sequence token stands first where it has one. Raises BadInput for a model of words alone, or one that
    can't read on."""
    card = Card.read(folder)
    if not card.senses:
        raise BadInput(f"{folder} reads words alone; name a model that was trained to see or hear")
    base, adapter = model_parts(folder, models)
    model, tokenizer = load_model(base, adapter), load_tokenizer(base)
    if reads_apart(model):
        raise BadInput(f"{folder} is shown one snippet and can't read on; name a language model with connectors")
    connectors = load_connectors(folder, model, card.senses).to(model.device)
    first = (Control(str(tokenizer.bos_token)),) if tokenizer.bos_token else ()
    return StreamReader(model, connectors, tokenizer, (*first, *beginning), ReadingPolicy.of(card.context))
