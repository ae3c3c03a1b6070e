"""How much work a model makes: floating-point operations of a pass and of a training step, and the memory of one.

With P prompt tokens and T target tokens, S = P + T, N the weights of linear layers without the head, L layers, d_a
heads times their size, V the vocabulary and d the hidden size:

    forward body 2·N·S, attention 2·L·d_a·S² (causal), head 2·V·d·R (R: rows that logits are computed of)
    a step of LoRA or QLoRA: 2 body + 3 attention + 2 head; of full fine-tuning: 3 of each
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Method = Literal["lora", "qlora", "full"]
_ADAM = 16
"""Bytes a trained parameter takes in training: itself, its gradient and two moments, in fp32."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    parameters: int
    linear: int
    """Weights of linear layers, the head aside."""
    layers: int
    attention: int
    """Heads times the size of one."""
    vocabulary: int
    hidden: int
    feed_forward: int
    adapted: tuple[tuple[int, int], ...]
    """Inputs and outputs of every linear layer but the head."""

    @classmethod
    def of(cls, model: Any) -> ModelShape:
        """Of a transformers model, which may lie on the meta device."""
        config = model.config.get_text_config()
        sizes = tuple(tuple(layer.weight.shape) for layer in linear_layers(model).values())
        heads = config.num_attention_heads
        return cls(
            parameters=model.num_parameters(),
            linear=sum(outputs * inputs for outputs, inputs in sizes),
            layers=config.num_hidden_layers,
            attention=heads * (getattr(config, "head_dim", None) or config.hidden_size // heads),
            vocabulary=config.vocab_size,
            hidden=config.hidden_size,
            feed_forward=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
            adapted=sizes,
        )

    def pass_operations(self, tokens: int, rows: int) -> float:
        """Of one pass over `tokens`, with logits of `rows` of them."""
        return self._body(tokens) + self._attention(tokens) + self._head(rows)

    def step_operations(self, tokens: int, rows: int, method: Method) -> float:
        """Of one window's training, forward and backward."""
        body, attention, head = self._body(tokens), self._attention(tokens), self._head(rows)
        return 3 * (body + attention + head) if method == "full" else 2 * body + 3 * attention + 2 * head

    def trainable(self, rank: int) -> int:
        """Parameters of an adapter of that rank on all linear layers."""
        return sum(rank * (outputs + inputs) for outputs, inputs in self.adapted)

    def training_memory(self, tokens: int, rows: int, method: Method, rank: int, weight_bytes: int) -> int:
        """Bytes: weights, optimiser, what the backward pass needs of each layer, and logits in fp32."""
        trained = self.parameters if method == "full" else self.trainable(rank)
        stored = 0 if method == "full" else self.parameters * (weight_bytes if method == "lora" else 1)
        kept = self.layers * tokens * (8 * self.hidden + 4 * self.attention + 4 * self.feed_forward) * weight_bytes
        return stored + _ADAM * trained + kept + 8 * rows * self.vocabulary

    def _body(self, tokens: int) -> float:
        return 2.0 * self.linear * tokens

    def _attention(self, tokens: int) -> float:
        return 2.0 * self.layers * self.attention * tokens**2

    def _head(self, rows: int) -> float:
        return 2.0 * self.vocabulary * self.hidden * rows


def linear_layers(model: Any) -> dict[str, Any]:
    """By name, every linear layer of a transformers model but its head: what LoRA adapts."""
    import torch
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    linear = (torch.nn.Linear, Conv1D)
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, linear) and layer is not head}
