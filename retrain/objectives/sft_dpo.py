"""What is right, and rather that than the draft, and all else as the champion had it:

    L = NLL + preference_weight · DPO + kl_weight · KL(champion‖model)

NLL and KL are means over a row's labels, and DPO (Rafailov et al. 2023, eq. 7) is one number a row; a row counts as
much as it has labels, times its own weight. So everything is divided by one number, the labels in all rows of the
step, and a step's gradients don't depend on how its rows are split into passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errata.tasks.encode import IGNORED
from retrain.objectives.divergence import divergence
from retrain.objectives.pair_logits import pair_logits, row_logits
from retrain.objectives.reference import Reference
from retrain.taught_rows import TaughtRow

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class PreferenceObjective:
    beta: float
    """DPO's temperature: how many nats towards the right answer count as how sure."""
    preference_weight: float
    kl_weight: float
    reference: Reference
    token_weights: torch.Tensor | None = None
    """Of the NLL, a number for each token of the vocabulary; None for even-handed."""

    def loss(self, model: Any, row: TaughtRow, number: int) -> torch.Tensor:
        """Of the row that is `number` in the reference, summed over its labels."""
        from torch.nn.functional import cross_entropy, logsigmoid

        if row.rejected is not None and self.preference_weight:
            right, draft = pair_logits(model, row.right, row.rejected)
            margin = right.own - draft.own - self.reference.margin(number).to(right.logits.device)
            preference = -logsigmoid(self.beta * margin)
        else:
            right, preference = row_logits(model, row.right), None
        weights = None if self.token_weights is None else self.token_weights.to(right.logits.device)
        total = cross_entropy(right.logits.float(), right.labels, weights, ignore_index=IGNORED, reduction="sum")
        if preference is not None:
            total = total + self.preference_weight * len(right.labels) * preference
        if self.kl_weight:
            tokens = self.reference.tokens(number).to(right.logits.device)
            total = total + self.kl_weight * divergence(tokens, right.logits).sum()
        return row.weight * total
