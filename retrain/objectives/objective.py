"""What a step goes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch


class Objective(Protocol):
    def loss(self, model: Any, inputs: dict[str, Any], items: torch.Tensor | int) -> torch.Tensor:
        """Of what the collator made of some rows, with their gradient, divided by `items`: the labels of the whole
        step, however many passes it is taken in."""
        ...
