"""The loss that training goes down: cross-entropy on what the model should say, from those tokens' logits alone."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errata.documents.params import Recipe
from errata.tasks.encode import IGNORED, Encoded
from errata.tasks.template import Template
from retrain.objectives.entries import EntryWeight
from retrain.objectives.frame_weight import FrameWeight
from retrain.objectives.pair_logits import AnswerLogits
from retrain.row_collator import NUMBER, VECTORS, WEIGHT

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase as Tokenizer
    from transformers.modeling_outputs import CausalLMOutput


@dataclass(frozen=True, slots=True)
class SftObjective:
    """What a step goes down; an objective is whatever has this `loss`."""

    border_weights: torch.Tensor | None = None
    """A number for each token of the vocabulary."""
    entry_weight: EntryWeight | None = None
    frame_weight: FrameWeight | None = None

    @classmethod
    def of(cls, recipe: Recipe, template: Template, tokenizer: Tokenizer, vocabulary: int) -> SftObjective:
        """Of rows without frames."""
        return cls(
            border_weights(tokenizer, template.border, recipe.border_weight, vocabulary),
            EntryWeight.of(tokenizer, template, recipe.entry_weight),
        )

    def loss(self, model: Any, inputs: dict[str, Any], items: torch.Tensor | int) -> torch.Tensor:
        """Of `inputs` (`input_ids` and `labels`, both rows by tokens, maybe each row's `weight`, and the `vectors` that
        placeholders stand for) with their gradient, divided by `items`: the labels of the whole step, however many
        batches it is taken in."""
        asked = at_labels({name: value for name, value in inputs.items() if name not in (WEIGHT, NUMBER, VECTORS)})
        labels = asked.pop("labels")
        by_place = self._by_place(inputs["input_ids"], inputs["labels"], asked["logits_to_keep"])
        if VECTORS in inputs:
            from errata.inference.connector import read_among_words

            asked |= read_among_words(model, asked.pop("input_ids"), inputs[VECTORS])
        if WEIGHT in inputs:
            each = inputs[WEIGHT][:, None].to(labels.device)
            by_place = each.expand(labels.shape) if by_place is None else each * by_place
        return label_loss(model_outputs(model, asked), labels, items, self.border_weights, by_place)

    def answer_loss(self, answer: AnswerLogits, row: Encoded) -> torch.Tensor:
        """Of a row's answer, summed over its labels, each as heavy as in `loss`."""
        import torch
        from transformers.modeling_outputs import CausalLMOutput

        labels = torch.tensor([row.labels], device=answer.logits.device)
        input_ids = torch.tensor([row.input_ids], device=answer.logits.device)
        places = (labels[0, 1:] != IGNORED).nonzero().squeeze(1)
        outputs = CausalLMOutput(logits=answer.logits[None])
        return label_loss(
            outputs, answer.labels[None], 1, self.border_weights, self._by_place(input_ids, labels, places)
        )

    def _by_place(self, input_ids: torch.Tensor, labels: torch.Tensor, places: torch.Tensor) -> torch.Tensor | None:
        """What the label after each place counts; None where all count the same."""
        entries = None if self.entry_weight is None else self.entry_weight.weights(labels)[:, places + 1]
        if self.frame_weight is None:
            return entries
        frames = self.frame_weight.weights(input_ids, labels)[:, places + 1]
        return frames if entries is None else frames * entries


def at_labels(inputs: dict[str, Any]) -> dict[str, Any]:
    """A batch whose model computes logits only where a row has a label, with the labels shifted to those places.

    Takes `input_ids` and `labels`, both (rows, tokens). `logits_to_keep` is the models' own parameter; the rows share
    it, so a place that is another row's keeps IGNORED here. A mask that hides nothing is left out: models that are told
    of none take their quickest way through attention.
    """
    next_labels = inputs["labels"][:, 1:]
    kept = (next_labels != IGNORED).any(0).nonzero().squeeze(1)
    asked = {**inputs, "labels": next_labels[:, kept], "logits_to_keep": kept, "use_cache": False}
    if "attention_mask" in asked and bool(asked["attention_mask"].all()):
        del asked["attention_mask"]
    return asked


def model_outputs(model: Any, asked: dict[str, Any]) -> CausalLMOutput:
    """With logits at the places `logits_to_keep` alone, whether or not the model can leave the others out itself."""
    if keeps_places(model):
        return model(**asked)
    places = asked["logits_to_keep"]
    outputs = model(**{name: value for name, value in asked.items() if name != "logits_to_keep"})
    outputs.logits = outputs.logits[:, places]
    return outputs


def keeps_places(model: Any) -> bool:
    """All of transformers' language models but a few take `logits_to_keep`, among whose logits they apply whatever they
    do to them, a softcap or a scale."""
    from torch.nn.parallel import DistributedDataParallel

    plain = model.module if isinstance(model, DistributedDataParallel) else model
    full = plain.get_base_model() if hasattr(plain, "peft_config") else plain
    return "logits_to_keep" in inspect.signature(full.forward).parameters


def label_loss(
    outputs: CausalLMOutput,
    labels: torch.Tensor,
    items: torch.Tensor | int,
    weights: torch.Tensor | None = None,
    by_place: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy in nats, summed and divided by `items`, the labels in all rows of the step.

    `labels` are shifted as above. `weights`, a number for each token of the vocabulary, multiplies the loss of the
    labels that are that token, and `by_place`, shaped as `labels`, that of each label. Without them it is the model's
    own loss.
    """
    from torch.nn.functional import cross_entropy

    logits = outputs.logits.flatten(0, 1).float()
    weights = None if weights is None else weights.to(logits.device)
    if by_place is None:
        return cross_entropy(logits, labels.flatten(), weights, ignore_index=IGNORED, reduction="sum") / items
    each = cross_entropy(logits, labels.flatten(), weights, ignore_index=IGNORED, reduction="none")
    return (each * by_place.flatten().to(each.device)).sum() / items


def border_weights(tokenizer: Tokenizer, border: str, weight: float, vocabulary: int) -> torch.Tensor | None:
    """`weight` for the token `border`, 1 for every other; None where the template has no such token.

    A border that is missed spoils two chapters, a superfluous one splits one: what is likeliest isn't what scores best.
    The weight moves the odds at which the model says "border", by its factor.
    """
    import torch

    if not border:
        return None
    weights = torch.ones(vocabulary)
    weights[tokenizer.convert_tokens_to_ids(border)] = weight
    return weights
