"""How much work a model makes: floating-point operations of a pass and of a training step, and the memory of one.

With P prompt tokens and T target tokens, S = P + T, N the weights of linear layers without the head, L layers, d_a
heads times their size, V the vocabulary and d the hidden size:

    forward body 2·N·S, attention 2·L·d_a·S² (causal), head 2·V·d·R (R: rows that logits are computed of)
    a step of LoRA or QLoRA: 2 body + 3 attention + 2 head; of full fine-tuning: 3 of each

Memory of a step, whose rows pass one at a time, with f the feed-forward size and w the bytes of a number (4, or 2 in
bf16): the weights; 16 bytes for each weight that learns; what the backward pass needs of a token in a layer,
w·(14·d + 6·f), in bf16 besides what stays in fp32, 4·(8·d of norms + the inputs of adapters); 12·V·R of logits. Of
Gemma 3 270M that is 4.2 GB in 4 bits, where 4.3 were seen, 7.7 in full fine-tuning (8.1), and 4.1 in bf16 (6.0: what a
process frees between rows of many lengths it doesn't all give back).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Method = Literal["lora", "qlora", "full"]
_ADAM = 16
"""Bytes a trained parameter takes in training: itself, its gradient and two moments, in fp32."""
_FOUR_BITS = 0.55
"""Bytes of a weight in NF4, with its share of the scales."""
_LOGITS = 12
"""Bytes of one in training: itself, its probability and its gradient."""


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

    @classmethod
    def of_folder(cls, folder: Path) -> ModelShape:
        """Of the full model in a folder, of which no weight is loaded."""
        import torch

        from errata.inference.architectures import AutoConfig, AutoModelForCausalLM

        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):
            return cls.of(AutoModelForCausalLM.from_config(config))

    def pass_operations(self, tokens: int, rows: int) -> float:
        """Of one pass over `tokens`, with logits of `rows` of them."""
        return self._body(tokens) + self._attention(tokens) + self._head(rows)

    def step_operations(self, tokens: int, rows: int, method: Method) -> float:
        """Of one window's training, forward and backward."""
        body, attention, head = self._body(tokens), self._attention(tokens), self._head(rows)
        return 3 * (body + attention + head) if method == "full" else 2 * body + 3 * attention + 2 * head

    def trainable(self, rank: int, layers: int = 0) -> int:
        """Parameters of an adapter of that rank on the linear layers of the last `layers` blocks; 0: of all."""
        return sum(rank * (outputs + inputs) for outputs, inputs in self.adapted) * self._depth(layers) // self.layers

    def training_memory(
        self, tokens: int, rows: int, method: Method, rank: int, width: Literal[2, 4], layers: int = 0
    ) -> int:
        """Bytes that a row of `tokens`, with logits of `rows` of them, takes. `width` is that of the numbers."""
        learning = self.parameters if method == "full" else self.trainable(rank, layers)
        kept = width * (14 * self.hidden + 6 * self.feed_forward)
        if width == 2:
            adapters = 0 if method == "full" else sum(inputs for _, inputs in self.adapted) // self.layers
            kept += 4 * (8 * self.hidden + adapters)
        logits = _LOGITS * rows * self.vocabulary
        return self._weights(method, width) + _ADAM * learning + self._depth(layers) * tokens * kept + logits

    def shared_out(self, parts: int, width: Literal[2, 4]) -> int:
        """How many bytes less each process takes that holds one of `parts` of a full training: the others', but for
        what is gathered at once, a block and all that is in none, and its gradient."""
        gathered = self.parameters - self.linear * (self.layers - 1) // self.layers
        return _ADAM * self.parameters * (parts - 1) // parts - 2 * width * gathered

    def _weights(self, method: Method, width: int) -> int:
        if method == "full":
            return 0  # they are among what learns
        small = self.linear if method == "qlora" else 0
        return int(_FOUR_BITS * small + width * (self.parameters - small))

    def _depth(self, layers: int) -> int:
        """Blocks through which a pass back goes."""
        return min(layers, self.layers) or self.layers

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
