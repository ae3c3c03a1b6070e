"""The architecture by which chats of live streams were first generated from video and audio: two encoders, a memory of
their means, and a decoder of words.

    video (vectors, hidden) ── encoder ── mean ┐
                                               ├─ memory (2, hidden) ── decoder ── message
    audio (vectors, hidden) ── encoder ── mean ┘

It is a causal model as any other of the loop: vectors come through the connectors, stand before the words, and are read
with them; what is asked, learnt, cached and cut back are tokens. A medium that there is nothing of has a mean of 0.

The layers are torch's own, without positions among the vectors, as the encoders' mean has no order either. What is kept
of what was read are the embeddings, and each new word reads the message anew: a message is short, and so the cache
holds for two encoders what it holds for every model, a place a token.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn
from transformers import DynamicCache, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from errata.errors import BadInput
from errata.tasks.encode import PLACEHOLDERS


class TwoEncoderConfig(PreTrainedConfig):
    """The defaults are the published ones."""

    model_type: ClassVar[str] = "errata-two-encoders"

    vocab_size: int = 5000
    hidden_size: int = 512
    num_attention_heads: int = 8
    num_hidden_layers: int = 4
    """Of each encoder, and of the decoder."""
    intermediate_size: int = 2048
    dropout: float = 0.1
    max_position_embeddings: int = 128
    """Words of a message, its beginning included."""
    tie_word_embeddings: bool = False
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | None = None


class TwoEncoderModel(PreTrainedModel):
    config_class = TwoEncoderConfig
    base_model_prefix = "model"
    reads_apart = True

    def __init__(self, config: TwoEncoderConfig) -> None:
        super().__init__(config)
        sizes: dict[str, Any] = {
            "d_model": config.hidden_size,
            "nhead": config.num_attention_heads,
            "dim_feedforward": config.intermediate_size,
            "dropout": config.dropout,
            "batch_first": True,
        }
        layers = config.num_hidden_layers
        self.words = nn.Embedding(config.vocab_size, config.hidden_size)
        self.places = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.encoders = nn.ModuleDict(
            {
                modality: nn.TransformerEncoder(nn.TransformerEncoderLayer(**sizes), layers, enable_nested_tensor=False)
                for modality in PLACEHOLDERS
            }
        )
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**sizes), layers)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.words

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.words = value

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        kinds: torch.Tensor | None = None,
        past_key_values: Any = None,
        use_cache: bool = False,
        **_: Any,
    ) -> BaseModelOutputWithPast:
        """`input_ids` are words, (rows, tokens); or else `inputs_embeds`, (rows, tokens, hidden), are embeddings of
        words and projections of vectors, of which `kinds`, (rows, tokens), says which is which: 0 is a word, and the
        others are `PLACEHOLDERS`. States of vectors are 0: nothing is said after them.

        Raises BadInput where a vector follows a word.
        """
        read: torch.Tensor = self.words(input_ids) if inputs_embeds is None else inputs_embeds
        coming = read.shape[1]
        kinds = torch.zeros(read.shape[:2], dtype=torch.long, device=read.device) if kinds is None else kinds
        if use_cache:
            past_key_values = DynamicCache() if past_key_values is None else past_key_values
            known, was = past_key_values.update(read[:, None], kinds[:, None, :, None].to(read.dtype), 0)
            read, kinds = known[:, 0], was[:, 0, :, 0].long()
        states = torch.stack([self._row(row, of) for row, of in zip(read, kinds, strict=True)])
        return BaseModelOutputWithPast(last_hidden_state=states[:, -coming:], past_key_values=past_key_values)

    def _row(self, read: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        """States of one row, (tokens, hidden), of what was read of it, shaped alike, and the kind of each token."""
        vectors = int((kinds != 0).sum())
        if bool((kinds[:vectors] == 0).any()):
            raise BadInput(
                "this model sees and hears before it says a word, and something is shown to it after one; ask it by "
                "the template snippet"
            )
        memory = torch.stack([self._mean(modality, read[kinds == kind]) for modality, kind in PLACEHOLDERS.items()])
        message = read[vectors:]
        if not len(message):
            return torch.zeros_like(read)
        placed = message + self.places(torch.arange(len(message), device=read.device))
        later = nn.Transformer.generate_square_subsequent_mask(len(message), device=read.device, dtype=read.dtype)
        said: torch.Tensor = self.decoder(placed[None], memory[None], tgt_mask=later, tgt_is_causal=True)[0]
        return torch.cat([said.new_zeros(vectors, said.shape[-1]), said])

    def _mean(self, modality: str, vectors: torch.Tensor) -> torch.Tensor:
        """Over what one encoder makes of its vectors, (vectors, hidden): (hidden,)."""
        if not len(vectors):
            return vectors.new_zeros(vectors.shape[-1])
        encoded: torch.Tensor = self.encoders[modality](vectors[None])
        return encoded[0].mean(0)


class TwoEncoderForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = TwoEncoderConfig
    base_model_prefix = "model"
    reads_apart = True

    def __init__(self, config: TwoEncoderConfig) -> None:
        super().__init__(config)
        self.model = TwoEncoderModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.words

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.model.words = value

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        kinds: torch.Tensor | None = None,
        past_key_values: Any = None,
        use_cache: bool = False,
        logits_to_keep: int | torch.Tensor = 0,
        **options: Any,
    ) -> CausalLMOutputWithPast:
        """As `TwoEncoderModel`, with logits of the last `logits_to_keep` tokens, of all where that is 0, or of those
        places."""
        read = self.model(input_ids, inputs_embeds, kinds, past_key_values, use_cache)
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(read.last_hidden_state[:, kept])
        return CausalLMOutputWithPast(logits=logits, past_key_values=read.past_key_values)
