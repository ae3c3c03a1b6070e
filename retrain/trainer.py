"""trl's trainer as it is set up here: rows pass one at a time, so that nothing is padded, and what a step goes down is
the objective's loss (`retrain.objectives`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.documents.file_names import FEATURES
from errata.documents.params import Recipe
from errata.errors import BadInput, Refused
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Card
from errata.inference.compute_device import best_device
from errata.inference.library_noise import silence_libraries
from errata.inference.sensed_frames import features_beside
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.checkpoints import KEPT, checkpoint_care, newest_checkpoint
from retrain.connecting import check_senses, connected, read_connectors, write_connectors
from retrain.objectives.champion_reference import champion_reference
from retrain.objectives.frame_weight import FrameWeight
from retrain.objectives.objective import Objective
from retrain.objectives.sft import SftObjective
from retrain.objectives.sft_dpo import PreferenceObjective
from retrain.precision import precision_of
from retrain.row_collator import RowCollator, passed_columns
from retrain.sharded_trainer import sharded_trainer
from retrain.taught_rows import TaughtRows
from retrain.training_progress import training_progress

if TYPE_CHECKING:
    from trl import SFTConfig, SFTTrainer

WEIGHT_DECAY = 0.01


def train(
    rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path, champion: Start | None = None
) -> tuple[Any, list[dict[str, Any]]]:
    """The trained model and its log; see `make_trainer` and `run_trainer`."""
    return run_trainer(make_trainer(rows, start, recipe, card, checkpoints, champion), checkpoints)


def run_trainer(trainer: SFTTrainer, checkpoints: Path) -> tuple[Any, list[dict[str, Any]]]:
    """The trained model and its log. Goes on from the newest checkpoint under `checkpoints`, if there is one.

    Raises Refused where it diverged.
    """
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)  # it prints to stdout
    trainer.add_callback(training_progress(trainer.args.max_steps))
    checkpoints.mkdir(parents=True, exist_ok=True)
    trainer.train(resume_from_checkpoint=newest_checkpoint(checkpoints))
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    check_finite(trainer.model)
    return trainer.model, log


def check_finite(model: Any) -> None:
    """Raises Refused where a weight is no number: nothing is saved from such a training."""
    import torch

    if not all(torch.isfinite(weight).all() for weight in model.parameters()):
        raise Refused("the training diverged: a weight is not a number; lower train.learning_rate")


def steps_of(rows: int, recipe: Recipe) -> int:
    return min(max(1, round(rows * recipe.epochs / recipe.batch)), recipe.max_steps)


def make_trainer(
    rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path, champion: Start | None = None
) -> SFTTrainer:
    """Ready to train on `rows`, a `train.parquet` that was made for the card's template. `champion` is whom the
    objective sft+dpo holds it to, `start` unless another is given; it is asked here.

    Raises BadInput for an objective that the backend doesn't have.
    """
    silence_libraries()
    from datasets import Dataset
    from transformers import set_seed
    from trl import SFTTrainer

    taught, prefers = TaughtRows(rows), recipe.objective == "sft+dpo"
    check_senses(taught.table, recipe, card)
    if prefers and recipe.backend == "unsloth":
        raise BadInput(
            "unsloth hasn't the objective sft+dpo; set train.objective to sft, or train.backend to transformers"
        )
    context = card.context
    reference = champion_reference(taught, champion or start, recipe, context, checkpoints) if prefers else None
    set_seed(recipe.seed)  # a new adapter is drawn at random
    steps = steps_of(len(taught), recipe)
    model, tokenizer = trainable_model(start, recipe, context).train(), load_tokenizer(start.base)
    connected(model, card, start)
    arguments = {
        "model": model,
        "args": _settings(recipe, steps, checkpoints, start.parts is None and _autocasts(recipe, model)),
        "train_dataset": Dataset(passed_columns(taught.table)),
        "processing_class": tokenizer,
        "callbacks": [checkpoint_care(model)],
        "optimizers": (_lora_plus(model, recipe), None),
    }
    if recipe.backend == "unsloth":  # its forward has a fused loss, and no `logits_to_keep` by position
        return SFTTrainer(**arguments)
    sft = SftObjective.of(recipe, templates.find(card.template), tokenizer, model.config.vocab_size)
    sft = replace(sft, frame_weight=FrameWeight.of(recipe, taught.table, tokenizer.eos_token_id))
    objective = sft if reference is None else PreferenceObjective.of(recipe, sft, taught, reference)
    kind = _objective_trainer(objective)
    trainer = (kind if start.parts is None else sharded_trainer(kind))(**arguments)
    trainer.data_collator = RowCollator(trainer.data_collator, _features(rows, start))
    for weight in model.parameters():
        if weight.requires_grad and weight.dtype.itemsize < 4:
            weight.data = weight.data.float()  # trl has an adapter over 4-bit weights learn in bf16
    return trainer


def _features(rows: Path, start: Start) -> FeatureStore:
    """Where the vectors lie that the rows name: beside the rows, or else beside the models."""
    own = rows.parent / FEATURES
    return FeatureStore(own) if own.is_dir() else features_beside(start.base.parent)


def _autocasts(recipe: Recipe, model: Any) -> bool:
    """Whether torch is to compute in bf16 what lies in fp32. On a processor an adapter's base lies in bf16 itself."""
    if recipe.method != "full" and best_device() != "cuda":
        return False
    return precision_of(recipe, model.num_parameters()) == "bf16"


def _lora_plus(model: Any, recipe: Recipe) -> Any:
    """LoRA+'s optimiser (Hayou et al., 2024); None for the usual one."""
    if recipe.lora_plus == 1.0 or recipe.method == "full":
        return None
    from peft.optimizers import create_loraplus_optimizer
    from torch.optim import AdamW

    return create_loraplus_optimizer(
        model,
        AdamW,
        lr=recipe.learning_rate,
        loraplus_lr_ratio=recipe.lora_plus,
        loraplus_weight_decay=WEIGHT_DECAY,
    )


def _settings(recipe: Recipe, steps: int, checkpoints: Path, autocasts: bool) -> SFTConfig:
    from trl import SFTConfig

    return SFTConfig(
        output_dir=str(checkpoints),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.batch,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(steps * recipe.warmup),
        weight_decay=WEIGHT_DECAY,
        max_grad_norm=1.0,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        gradient_checkpointing=False,
        save_strategy="steps",
        save_steps=max(5, steps // 4),
        save_total_limit=KEPT,
        logging_steps=1,
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=autocasts,
        use_cpu=best_device() == "cpu",
        ddp_find_unused_parameters=False,  # of several processes: all that learns has its part in every row,
        ddp_broadcast_buffers=False,  # and what doesn't is the same in each
        report_to="none",
        remove_unused_columns=recipe.backend == "unsloth",  # a row's weight and number are no argument of any model
        disable_tqdm=True,
        loss_type="chunked_nll" if recipe.backend == "unsloth" else "nll",
    )


def _objective_trainer(objective: Objective) -> type[SFTTrainer]:
    from trl import SFTTrainer

    class ObjectiveTrainer(SFTTrainer):
        """trl's own step, which goes from the loss to entropy and accuracy over all logits, left out."""

        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            self.model_accepts_loss_kwargs = True  # so that a step's labels are counted over all its batches

        def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Any:
            """The pass there and back; transformers would tell each of some hundred modules before, that it trains."""
            loss = self.compute_loss(model, self._prepare_inputs(inputs), num_items_in_batch=num_items_in_batch)
            self.accelerator.backward(loss)
            return loss.detach()

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = objective.loss(model, inputs, num_items_in_batch)
            # several processes count the labels of all, and take the mean of their gradients
            return loss * self.accelerator.num_processes if self.args.average_tokens_across_devices else loss

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
            """Of an adapter transformers saves the adapter alone."""
            super()._save(output_dir, state_dict)
            write_connectors(self.model, Path(output_dir or self.args.output_dir))

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            read_connectors(self.model, Path(resume_from_checkpoint))

    return ObjectiveTrainer
