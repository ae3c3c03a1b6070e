"""A look at what is about to be trained on, before time is spent: at faults that would show hours later, or never.

The rows are read as training reads them, so that nothing between the mixture and here is trusted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow.compute as pc
import pyarrow.parquet as pq

from errata.database.record import Record
from errata.documents.file_names import AUGMENTED, LEFT_OUT, MIXTURE, ROWS, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.params import AugmentParams, Recipe
from errata.documents.preflight import FaultKind, Preflight, PreflightFault
from errata.inference.artefact import TRAINING_TRANSCRIPTS, model_folder, model_parts, read_training_transcripts
from errata.inference.chapter_task import task_of
from errata.inference.compute_device import best_device
from errata.inference.decode import Decoder
from errata.inference.model_shape import ModelShape
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples
from errata.tasks.template import Reading
from retrain.backends.model_size import parameter_count
from retrain.checkpoints import KEPT, checkpoint_bytes, free_bytes
from retrain.precision import precision_of
from retrain.row_index import read_index
from retrain.seen_rows import VectorsById, seen_transcript, seen_vectors
from retrain.served_tokens import drifts, weighs_otherwise
from retrain.shard_texts import read_texts
from retrain.trainer import steps_of
from retrain.training_memory import free_memory, learning_weights, training_memory
from retrain.training_rows import TrainingRow

LOOKED_AT = 8
"""Talks that are asked as serving would: a template that drifted does so for all."""
ROWS_AT_ONCE = 1000
"""Whose tokens are held at a time."""


@dataclass(frozen=True, slots=True)
class _RowTokens:
    length: int
    learnt: int
    """Tokens that are."""
    last: int | None
    """The label at its end; None of a row without any."""


def preflight(root: Path, record: Record, models: Path, night: Night, recipe: Recipe, parts: int = 1) -> Preflight:
    """Of the mixture that lies below `root`, for processes that hold one of `parts` of the model each. Its faults are
    in the report; nothing is raised for them."""
    folder = model_folder(night.starting_model(recipe.start)[0], models)
    base, _ = model_parts(folder, models)
    task = task_of(folder, models)
    mixture = root / MIXTURE
    rows = _row_tokens(mixture / TRAINING_ROWS)
    longest = max((row.length for row in rows), default=0)
    parameters, shape = parameter_count(base), ModelShape.of_folder(base)
    precision = precision_of(recipe, parameters)  # as the training itself asks
    learnt = max((row.learnt for row in rows), default=0)
    held = parts if best_device() == "cuda" else 1  # on a CPU no smaller peak was seen
    memory = training_memory(shape, recipe, precision, longest, learnt, held)
    learning = learning_weights(shape, recipe)
    saved = parameters if recipe.method == "full" else learning
    disk = KEPT * checkpoint_bytes(saved, learning) + 4 * saved
    space, room = free_memory(), free_bytes(root)
    faults = [
        *_row_faults(rows, task),
        *_drift(root, task, base, seen_vectors(record, folder)),
        *_held_out(record, folder, mixture),
    ]
    if memory > space:
        faults.append(PreflightFault(kind="memory", count=memory, of=space))
    if disk > room:
        faults.append(PreflightFault(kind="disk", count=disk, of=room))
    return Preflight(
        rows=len(rows),
        tokens=sum(row.length for row in rows),
        labels=sum(row.learnt for row in rows),
        longest=longest,
        left_out=_left_out(mixture / LEFT_OUT),
        steps=steps_of(len(rows), recipe),
        parameters=parameters,
        precision=precision,
        memory=memory,
        memory_free=space,
        disk=disk,
        disk_free=room,
        faults=tuple(faults),
    )


def _left_out(path: Path) -> dict[str, int]:
    """What mix dropped, by the reason; numbers in a reason don't make it another one."""
    if not path.exists():
        return {}
    reasons = (json.loads(line)["reason"].partition(" (")[0] for line in path.read_text().splitlines())
    return dict(Counter(reasons).most_common())


def _row_tokens(path: Path) -> list[_RowTokens]:
    """Of a `train.parquet`, a few rows at a time: as Python's own numbers their tokens take ten times the room."""
    with pq.ParquetFile(path) as file:
        return [
            _RowTokens(len(ids), sum(label != IGNORED for label in labels), labels[-1] if labels else None)
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=["input_ids", "labels"])
            for ids, labels in zip(batch["input_ids"].to_pylist(), batch["labels"].to_pylist(), strict=True)
        ]


def _row_faults(rows: Sequence[_RowTokens], task: ChapterTask) -> Iterator[PreflightFault]:
    if not rows:
        yield PreflightFault(kind="no rows")
    ends = (task.tokenizer.eos_token_id, IGNORED)
    wrong: dict[FaultKind, list[int]] = {
        "nothing to learn": [number for number, row in enumerate(rows, 1) if not row.learnt],
        "no end of sequence": [number for number, row in enumerate(rows, 1) if row.last not in ends],
        "too long": [number for number, row in enumerate(rows, 1) if row.length > task.context],
    }
    for kind, found in wrong.items():
        if found:
            yield PreflightFault(kind=kind, count=len(found), of=len(rows), example=f"row {found[0]}")


def _drift(root: Path, task: ChapterTask, base: Path, vectors: VectorsById) -> Iterator[PreflightFault]:
    """Of talks that serving would put in other tokens than training does."""
    from errata.inference.architectures import AutoConfig

    rows = _first_rows(root, LOOKED_AT)
    vocabulary = AutoConfig.from_pretrained(base, local_files_only=True).get_text_config().vocab_size
    decoder = Decoder(task.tokenizer, vocabulary, task)
    drifted = [row.external_id for row in rows if _has_drifted(row, task, decoder, vectors)]
    if drifted:
        yield PreflightFault(kind="template drift", count=len(drifted), of=len(rows), example=repr(drifted[0]))


def _has_drifted(
    row: TrainingRow, task: ChapterTask, decoder: Decoder[Reading], vectors: VectorsById = MappingProxyType({})
) -> bool:
    transcript = seen_transcript(row, vectors)
    right = task.right(row.read_chapters(), transcript)
    return any(
        weighs_otherwise(task, decoder, example) or drifts(decoder.ask(example.view, may_repeat=True), example.encoded)
        for example in examples(task, transcript, right)
    )


def _first_rows(root: Path, count: int) -> list[TrainingRow]:
    """Those that aren't altered."""
    path = root / AUGMENTED / ROWS
    if not path.exists():
        return []
    rows = read_index(path)
    first = rows.filter(pc.equal(rows["altered"], "")).slice(0, count)
    return list(read_texts(first, root, AugmentParams(share=0, seed=0)))


def _held_out(record: Record, folder: Path, mixture: Path) -> Iterator[PreflightFault]:
    """What is new to the starting model and not for training: a role, once drawn, is for ever."""
    named = mixture / TRAINING_TRANSCRIPTS
    new = set(json.loads(named.read_bytes())) - read_training_transcripts(folder)
    with record.read() as store:
        held_out = sorted(new & store.transcripts.held_out())
    if held_out:
        yield PreflightFault(kind="held out", count=len(held_out), of=len(new), example=held_out[0][:12])
