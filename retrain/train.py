"""Stage 5. The candidate: fine-tunes the starting model on tonight's rows.

Loss on target tokens alone, whose logits alone are computed (`retrain.loss`); rows pass one at a time, so nothing is
padded. Checkpoints lie outside the stage's outputs, under a key of everything that goes in, so that a run cut short
goes on where it was. What leaves this stage is safetensors and JSON.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from errata.documents.document import write_document
from errata.documents.file_names import CANDIDATE, LOSS, MIXTURE, NO_CANDIDATE, TRAINING, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.params import Recipe
from errata.documents.stage_reports import NoCandidate, TrainingLog
from errata.domain.hashing import content_hash, sha256
from errata.errors import Refused
from errata.files import write_atomically
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, model_folder, seal
from errata.inference.library_noise import silence_libraries
from errata.inference.tokenizer import load_tokenizer
from errata.stage_exit import stage_exit
from errata.tasks import templates
from errata.workspace import Workspace
from retrain.backends import Start, load
from retrain.loss import at_labels, border_weights, label_loss

if TYPE_CHECKING:
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

CHECKPOINTS = Path("work/checkpoints")


def train(rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path) -> tuple[Any, list[dict[str, Any]]]:
    """The trained model and its log. Goes on from the newest checkpoint under `checkpoints`, if there is one.

    Raises Refused when the loss is no number: nothing is saved from such a run.
    """
    silence_libraries()
    import torch
    from transformers import PrinterCallback

    trainer = make_trainer(rows, start, recipe, card, checkpoints)
    trainer.remove_callback(PrinterCallback)  # it prints to stdout
    trainer.add_callback(_progress(trainer.args.max_steps))
    checkpoints.mkdir(parents=True, exist_ok=True)
    trainer.train(resume_from_checkpoint=_newest(checkpoints))
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    if not all(torch.isfinite(weight).all() for weight in trainer.model.parameters()):
        raise Refused("the training diverged: a weight is not a number; lower train.learning_rate")
    return trainer.model, log


def _newest(checkpoints: Path) -> str | None:
    """The newest whole checkpoint: one that a crash cut short lacks the trainer's state, which is written last."""
    whole = [path.parent for path in checkpoints.glob("checkpoint-*/trainer_state.json")]
    newest = max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
    return None if newest is None else str(newest)


def make_trainer(rows: Path, start: Start, recipe: Recipe, card: Card, checkpoints: Path) -> SFTTrainer:
    """Ready to train on `rows`: Parquet with `input_ids` and `labels`, made for the card's template."""
    from datasets import Dataset
    from transformers import set_seed
    from trl import SFTTrainer

    set_seed(recipe.seed)  # a new adapter is drawn at random
    table = pq.read_table(rows)
    steps = min(max(1, round(table.num_rows * recipe.epochs / recipe.batch)), recipe.max_steps)
    model, tokenizer = load(start, recipe, card.context).train(), load_tokenizer(start.base)
    weights = border_weights(
        tokenizer, templates.find(card.template).border, recipe.border_weight, model.config.vocab_size
    )
    arguments = {
        "model": model,
        "args": _settings(recipe, steps, checkpoints),
        "train_dataset": Dataset(table),
        "processing_class": tokenizer,
    }
    if recipe.backend == "unsloth":  # its forward has a fused loss, and no `logits_to_keep` by position
        return SFTTrainer(**arguments)
    return _label_trainer()(**arguments, compute_loss_func=partial(label_loss, weights=weights))


def _settings(recipe: Recipe, steps: int, checkpoints: Path) -> SFTConfig:
    import torch
    from trl import SFTConfig

    return SFTConfig(
        output_dir=str(checkpoints),
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.batch,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(steps * recipe.warmup),
        weight_decay=0.01,
        max_grad_norm=1.0,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        gradient_checkpointing=False,
        save_strategy="steps",
        save_steps=max(5, steps // 4),
        save_total_limit=1,
        logging_steps=1,
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        loss_type="chunked_nll" if recipe.backend == "unsloth" else "nll",
    )


def _label_trainer() -> type[SFTTrainer]:
    from transformers import Trainer
    from trl import SFTTrainer

    class LabelTrainer(SFTTrainer):
        """trl's own step, which goes from the loss to entropy and accuracy over all logits, left out."""

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            return Trainer.compute_loss(self, model, at_labels(inputs), return_outputs, num_items_in_batch)

    return LabelTrainer


def save(model: Any, out: Path, card: Card, facts: dict[str, Any], tokenizer_from: Path) -> str:
    """Writes and seals the candidate; returns its identity."""
    if card.form == "adapter":
        model.peft_config["default"].base_model_name_or_path = card.base  # not a path of this machine
    # peft would look for the base model by its name, to see whether its embeddings grew
    model.save_pretrained(out, **({"save_embedding_layers": False} if card.form == "adapter" else {}))
    (out / "README.md").unlink(missing_ok=True)
    if card.form == "full":
        load_tokenizer(tokenizer_from).save_pretrained(out)
    card.write(out, **facts)
    return seal(out)


def _progress(steps: int) -> TrainerCallback:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from transformers import TrainerCallback

    bar = Progress(
        TextColumn("train"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task("train", total=steps, loss="–")

    class Shown(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            bar.start()

        def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, Any] | None = None, **___: Any) -> None:
            if logs and "loss" in logs:
                bar.update(task, completed=state.global_step, loss=f"{float(logs['loss']):.3f}")

        def on_train_end(self, *_: Any, **__: Any) -> None:
            bar.stop()

    return Shown()


def _start(night: Night, recipe: Recipe, models: Path) -> tuple[Start, Card, str]:
    """What to go on from, the card that the candidate will carry, and its ancestor's identity."""
    identity, _ = night.starting_model(recipe.start)
    folder = model_folder(identity, models)
    card = Card.read(folder)
    adapter = card.form == "adapter"
    start = Start(model_folder(card.base, models) if adapter else folder, folder if adapter else None)
    made = replace(card, form="full", base="") if recipe.method == "full" else replace(card, form="adapter")
    if made.form == "adapter" and not adapter:
        made = replace(made, base=identity)
    return start, replace(made, training_watermark=night.training_watermark), identity


def train_candidate(workspace: Workspace, night: Night, recipe: Recipe, out: Path) -> TrainingLog:
    """Trains on the mixture that `night` has left in the workspace, and seals what comes of it in the folder `out`."""
    rows = workspace.root / MIXTURE / TRAINING_ROWS
    start, card, ancestor = _start(night, recipe, workspace.models)
    key = content_hash([sha256(rows.read_bytes()), asdict(recipe), ancestor, night.code])
    checkpoints = workspace.root / CHECKPOINTS / key[:16]
    model, log = train(rows, start, recipe, card, checkpoints)
    shutil.copyfile(workspace.root / MIXTURE / TRAINING_TRANSCRIPTS, out / TRAINING_TRANSCRIPTS)
    facts = {"ancestor": ancestor, "method": recipe.method, "rows": pq.read_metadata(rows).num_rows}
    identity = save(model, out, card, facts, start.base)
    shutil.rmtree(checkpoints, ignore_errors=True)
    sys.stderr.write(f"train: candidate {identity[:12]}, loss {log[0]['loss']:.3f} to {log[-1]['loss']:.3f}\n")
    return TrainingLog(len(log), tuple(round(entry["loss"], 6) for entry in log))


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params()
    shutil.rmtree(CANDIDATE, ignore_errors=True)
    CANDIDATE.mkdir()
    count, least = pq.read_metadata(MIXTURE / TRAINING_ROWS).num_rows, max(1, params.mix.least)
    if count < least:
        reason = f"{count} training rows, and at least {least} are wanted (mix.least)"
        write_document(CANDIDATE / NO_CANDIDATE, NoCandidate(reason))
        _write_log(TrainingLog())
        sys.stderr.write(f"train: nothing, {reason}\n")
        return
    _write_log(train_candidate(workspace, night, params.train, CANDIDATE))


def _write_log(log: TrainingLog) -> None:
    """For the night's report, and step by step for DVC's plots."""
    write_document(Path(TRAINING), log)
    lines = [f"{step},{loss}\n" for step, loss in enumerate(log.loss, 1)]
    write_atomically(Path(LOSS), "".join(["step,loss\n", *lines]))


if __name__ == "__main__":
    with stage_exit():
        main()
