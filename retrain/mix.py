"""Stage 4. Tonight's training rows: what the starting model has not trained on, and a replay of what it has.

Each row becomes token ids and labels here, by the one renderer that serving uses, and is checked before it may be
learned from. `training_transcripts.json` names every transcript that the candidate will have seen, twins and ancestors'
included.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from errata.documents.document import write_document
from errata.documents.file_names import (
    AUGMENTED,
    LEFT_OUT,
    MIXTURE,
    ROWS,
    SNAPSHOT,
    STAGE_REPORT,
    SUSPECTS,
    TRAINING_ROWS,
)
from errata.documents.night import Night
from errata.documents.params import MixParams, Params
from errata.documents.snapshot import SnapshotManifest
from errata.documents.stage_reports import MixtureReport
from errata.documents.suspects import SuspectLabel, write_suspects
from errata.errors import Refused
from errata.files import write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS, model_folder, read_training_transcripts
from errata.inference.chapter_task import task_of
from errata.stage_exit import stage_exit
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading
from errata.workspace import Workspace
from retrain.alterations.instruction import wording_of
from retrain.curate import SUSPECT_WAITS, LeftOutRow, without, write_left_out
from retrain.drafts import rejected_answer
from retrain.hardness import champion_losses
from retrain.label_noise import suspect_labels
from retrain.replay import Replay, draw_from, evenly
from retrain.row_index import INDEX, are_known, indexed_rows, read_index, write_index
from retrain.row_weights import weighed
from retrain.seen_rows import VectorsById, seen_transcript, seen_vectors
from retrain.shard_texts import read_texts
from retrain.snapshot import read_manifest
from retrain.taught_rows import SCHEMA, TaughtRow, taught_table
from retrain.training_rows import TrainingRow

ROWS_AT_ONCE = 64
"""Whose token ids are held at a time."""


@dataclass(frozen=True, slots=True)
class Mixture:
    rows: pa.Table
    """An index; the new ones come first."""
    new: int
    replayed: int


@dataclass(frozen=True, slots=True)
class Learned:
    """What the starting model has trained on."""

    since: int
    """Up to this watermark,"""
    seen: frozenset[str]
    """of these transcripts, by hash."""


def mix(rows: pa.Table, learned: Learned, params: MixParams, replay: Replay = evenly) -> Mixture:
    """Of an index of rows, those that are new to the starting model, and `params.replay` times as many of the others. A
    row that had to wait is new however old it is. The order is one of what the rows say: a night learns the same, in
    whatever order they were imported.

    Raises Refused for a row whose leak group is held out: it must not come this far.
    """
    for held in indexed_rows(rows.filter(pc.not_equal(rows["role"], "train")).slice(0, 1)):
        raise Refused(
            f"{held.external_id!r} is held out ({held.role}) and must not be trained on; curate let it through"
        )
    rows = rows.take(pa.array(np.argsort(rows["draw"].to_numpy(), kind="stable")))
    is_known = pa.array(are_known(rows, learned.since, learned.seen))
    new, known = rows.filter(pc.invert(is_known)).slice(0, params.most), rows.filter(is_known)
    replayed = replay(known, round(params.replay * new.num_rows))
    return Mixture(pa.concat_tables([new, replayed]), new.num_rows, replayed.num_rows)


@dataclass(frozen=True, slots=True)
class ExampleCounts:
    """What the rows have come to, so far."""

    examples: int = 0
    tokens: int = 0
    labels: int = 0
    pairs: int = 0
    seen: int = 0
    lightest: float = 1.0
    heaviest: float = 1.0
    left_out: tuple[LeftOutRow, ...] = ()

    def with_more(self, taught: Sequence[TaughtRow], left_out: Iterable[LeftOutRow]) -> ExampleCounts:
        weights = [row.weight for row in taught]
        first = not self.examples
        return ExampleCounts(
            examples=self.examples + len(taught),
            tokens=self.tokens + sum(len(row.encoded.input_ids) for row in taught),
            labels=self.labels + sum(label != IGNORED for row in taught for label in row.encoded.labels),
            pairs=self.pairs + sum(row.rejected is not None for row in taught),
            seen=self.seen + sum(bool(row.encoded.frames) for row in taught),
            lightest=min(weights if first and weights else [self.lightest, *weights]),
            heaviest=max(weights if first and weights else [self.heaviest, *weights]),
            left_out=(*self.left_out, *left_out),
        )


def encode_rows(
    rows: Sequence[TrainingRow], task: ChapterTask, pairs: bool = False, vectors: VectorsById = MappingProxyType({})
) -> tuple[list[TaughtRow], list[LeftOutRow]]:
    """Rows of ids and labels, and those left out with the reason. With `pairs` the draft that a reviewer changed stands
    beside what they made of it. What `vectors` there are is shown to a model that sees or hears."""
    taught: list[TaughtRow] = []
    left_out: list[LeftOutRow] = []
    for row in rows:
        wording = wording_of(row, task.template)
        if wording is None:
            left_out.append(LeftOutRow.of(row, "the template says nothing that could be put in other words"))
            continue
        asking, transcript = replace(task, wording=wording), seen_transcript(row, vectors)
        # a copy's chapters are its own, and nobody drafted them
        draft = Reading.of(row.read_draft(), transcript) if pairs and row.draft and not row.altered else None
        for example in examples(asking, transcript, task.right(row.read_chapters(), transcript)):
            fault = fault_of(example, task)
            if fault is None:
                rejected = None if draft is None else rejected_answer(example, draft, task)
                taught.append(TaughtRow(example.encoded, rejected, row.weight))
            else:
                left_out.append(LeftOutRow.of(row, fault))
    return taught, left_out


def fault_of(example: Example[Reading], task: ChapterTask) -> str | None:
    """Why an example must not be learned from; None when it may."""
    learned = [label for label in example.encoded.labels if label != IGNORED]
    if not {int(chapter.start) for chapter in example.right.chapters} <= set(example.view.starts):
        return "a chapter begins where the prompt shows no line"
    if learned[-1:] != [task.tokenizer.eos_token_id]:
        return "the answer does not end with end-of-sequence"
    if len(learned) < 2:
        return "there is nothing to learn"
    if len(example.encoded.input_ids) > task.context:
        return f"it takes {len(example.encoded.input_ids)} tokens, more than the context of {task.context}"
    return None


def training_transcripts(rows: pa.Table, ancestors: Iterable[str]) -> list[str]:
    """Those, by hash, that the candidate will have seen: its rows with their twins, and its ancestors'."""
    own: list[str] = pc.unique(pc.list_flatten(rows["group_hashes"])).to_pylist()
    return sorted({*own, *ancestors})


def write_examples(
    rows: Iterable[TrainingRow],
    task: ChapterTask | None,
    path: Path,
    pairs: bool,
    vectors: VectorsById = MappingProxyType({}),
) -> ExampleCounts:
    """What training reads. `rows` pass a few at a time; without any there need be no task."""
    counts, remaining = ExampleCounts(), iter(rows)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while task is not None and (batch := list(islice(remaining, ROWS_AT_ONCE))):
            taught, left_out = encode_rows(batch, task, pairs, vectors)
            writer.write_table(taught_table(taught))
            counts = counts.with_more(taught, left_out)
    return counts


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params()
    identity, since = night.starting_model(params.train.start)
    folder = model_folder(identity, workspace.models)
    learned = Learned(since, read_training_transcripts(folder))
    vectors = seen_vectors(workspace.record, folder)
    hardness = partial(champion_losses, folder, workspace.models, vectors=vectors)
    read = partial(read_texts, root=workspace.root, params=params.augment)
    replay = partial(
        draw_from, shares=params.mix.replay_by, models={night.champion, night.day0}, hardness=hardness, read=read
    )
    rows = read_index(AUGMENTED / ROWS)
    mixture = mix(rows, learned, params.mix, replay)
    MIXTURE.mkdir(parents=True, exist_ok=True)
    suspects = find_suspects(mixture, params, identity, lambda new: hardness(list(read(new))))
    write_suspects(MIXTURE / SUSPECTS, suspects)
    held = suspects if params.curate is not None and params.curate.suspects == "hold" else []
    if held:
        mixture = mix(without(rows, held), learned, params.mix, replay)
    mixture = with_weights(mixture, params.mix, read_manifest(SNAPSHOT))
    # without a row nobody needs the tokenizer, which takes a second to load
    task = task_of(folder, workspace.models) if mixture.rows.num_rows else None
    pairs = params.train.objective == "sft+dpo"
    counts = write_examples(read(mixture.rows), task, MIXTURE / TRAINING_ROWS, pairs, vectors)
    waiting = [LeftOutRow.of(suspect, SUSPECT_WAITS) for suspect in held]
    write_left_out(MIXTURE / LEFT_OUT, [*waiting, *counts.left_out])
    write_index(MIXTURE / ROWS, mixture.rows)
    write_json(MIXTURE / TRAINING_TRANSCRIPTS, training_transcripts(mixture.rows, learned.seen))
    report = report_of(mixture, counts, params.curate.sources if params.curate else {})
    write_document(MIXTURE / STAGE_REPORT, report)
    counted = {**asdict(report), "altered": sum(report.altered.values()), "sources": len(report.sources)}
    sys.stderr.write(f"mix: {', '.join(f'{value} {name}' for name, value in counted.items())}\n")


def with_weights(mixture: Mixture, params: MixParams, manifest: SnapshotManifest) -> Mixture:
    weights = [row.weight for row in weighed(indexed_rows(mixture.rows), params, manifest)]
    column = pa.array(weights, pa.float64())
    rows = mixture.rows.set_column(INDEX.names.index("weight"), INDEX.field("weight"), column)
    return replace(mixture, rows=rows)


def find_suspects(
    mixture: Mixture, params: Params, model: str, losses: Callable[[pa.Table], Sequence[float]]
) -> list[SuspectLabel]:
    """Among the newest of the rows that are new, as many as `curate.suspect_rows` says: earlier nights have looked at
    older ones. None on a night that has too few rows to train."""
    most = params.curate.suspect_rows if params.curate is not None else 0
    if not most or not mixture.new or mixture.rows.num_rows < params.mix.least:
        return []
    new = mixture.rows.slice(0, mixture.new)
    new = new.filter(pc.equal(new["altered"], "")).sort_by([("correction", "descending")]).slice(0, most)
    return suspect_labels(indexed_rows(new), losses(new), model)


def report_of(mixture: Mixture, counts: ExampleCounts, sources: Collection[str]) -> MixtureReport:
    """`sources` are those that it names."""
    altered = Counter(name for name in mixture.rows["altered"].to_pylist() if name)
    by_source = Counter(mixture.rows["source"].to_pylist())
    return MixtureReport(
        new=mixture.new,
        replayed=mixture.replayed,
        examples=counts.examples,
        tokens=counts.tokens,
        labels=counts.labels,
        left_out=len(counts.left_out),
        merged=pc.sum(mixture.rows["merged"]).as_py() or 0,
        altered=dict(sorted(altered.items())),
        pairs=counts.pairs,
        seen=counts.seen,
        lightest=round(counts.lightest, 4),
        heaviest=round(counts.heaviest, 4),
        sources={name: by_source[name] for name in sorted(sources)},
    )


if __name__ == "__main__":
    with stage_exit():
        main()
