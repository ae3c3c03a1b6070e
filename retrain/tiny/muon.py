"""Muon in float32. torch's own orthogonalises in bfloat16, which processors without it do some thirty times slower."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_A, _B, _C = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal (Jordan et al., 2024), scaled to AdamW's usual size (Liu et al., 2025).

    For 2-D weights.
    """

    def __init__(self, weights: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    update = self._update(weight, weight.grad, group["momentum"])
                    size = group["lr"] * 0.2 * max(weight.shape) ** 0.5
                    weight.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-size)

    def _update(self, weight: torch.Tensor, grad: torch.Tensor, momentum: float) -> torch.Tensor:
        mean: torch.Tensor = self.state[weight].setdefault("mean", torch.zeros_like(weight))
        mean.lerp_(grad, 1 - momentum)
        return orthogonal(grad.lerp(mean, momentum))


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Nearly `U V^T` of the matrix's singular value decomposition, by the quintic Newton-Schulz iteration.

    Singular values come out between about 0.7 and 1.2.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x.T if tall else x
