"""What is right, and rather that than the draft, and all else as the champion had it:

    L = NLL + preference_weight · DPO + kl_weight · KL(champion‖model)

NLL and KL are means over a row's labels, and DPO (Rafailov et al. 2023, eq. 7) is one number a row; a row counts as
much as it has labels, times its own weight. So everything is divided by one number, the labels in all rows of the
step, and a step's gradients don't depend on how its rows are split into passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errata.documents.params import Recipe
from errata.tasks.encode import Encoded
from retrain.objectives.divergence import divergence
from retrain.objectives.pair_logits import AnswerLogits, pair_logits, row_logits
from retrain.objectives.reference import Reference, Rows
from retrain.objectives.sft import SftObjective
from retrain.sharding import is_sharded
from retrain.taught_rows import TaughtRow

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class PreferenceObjective:
    sft: SftObjective
    rows: Rows
    reference: Reference
    """What the champion says of `rows`."""
    beta: float
    """DPO's temperature: how many nats towards the right answer count as how sure."""
    preference_weight: float
    kl_weight: float

    @classmethod
    def of(cls, recipe: Recipe, sft: SftObjective, rows: Rows, reference: Reference) -> PreferenceObjective:
        return cls(sft, rows, reference, recipe.dpo_beta, recipe.dpo_weight, recipe.kl_weight)

    def loss(self, model: Any, inputs: dict[str, Any], items: torch.Tensor | int) -> torch.Tensor:
        """Of the rows whose places are `inputs["number"]`, with their gradient, divided by `items`: the labels of the
        whole step."""
        losses = [self.row_loss(model, self.rows[number], number) for number in inputs["number"].tolist()]
        return sum(losses[1:], losses[0]) / items

    def row_loss(self, model: Any, row: TaughtRow, number: int) -> torch.Tensor:
        """Of one row, summed over its labels."""
        from torch.nn.functional import logsigmoid

        if row.rejected is None or not self.preference_weight:
            right = row_logits(model, row.encoded)
            total = self.sft.answer_loss(right, row.encoded)
            if self.preference_weight and is_sharded(model):
                total = total + _second_pass(model, row.encoded)
        else:
            right, draft = pair_logits(model, row.encoded, row.rejected)
            margin = right.own - draft.own - self.reference.margin(number).to(right.logits.device)
            preference = -logsigmoid(self.beta * margin)
            total = self.sft.answer_loss(right, row.encoded)
            total = total + self.preference_weight * len(right.labels) * preference
        return row.weight * (total + self._movement(right, number))

    def _movement(self, right: AnswerLogits, number: int) -> torch.Tensor | float:
        """Away from the champion, summed over the labels."""
        if not self.kl_weight:
            return 0.0
        tokens = self.reference.tokens(number).to(right.logits.device)
        return self.kl_weight * divergence(tokens, right.logits).sum()


def _second_pass(model: Any, row: Encoded) -> torch.Tensor:
    """Zero, of a pass over one token: a pair takes two passes, and all processes that share a model out must pass
    through it as often as each other."""
    import torch

    first = torch.tensor([row.input_ids[:1]], device=next(model.parameters()).device)
    logits: torch.Tensor = model(input_ids=first, use_cache=False).logits
    return 0.0 * logits.sum()
