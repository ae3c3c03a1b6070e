"""Stage 4. Tonight's training rows: what the starting model has not trained on, and a replay of what it has.

Each row becomes token ids and labels here, by the one renderer that serving uses, and is checked before it may be
learned from. `training_transcripts.json` names every transcript that the candidate will have seen, twins and ancestors'
included.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from errata.documents.document import write_document
from errata.documents.file_names import AUGMENTED, LEFT_OUT, MIXTURE, ROWS, STAGE_REPORT, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.stage_reports import MixtureReport
from errata.domain.chapter import canonical
from errata.errors import Refused
from errata.files import write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, model_folder, read_training_transcripts
from errata.inference.chapter_task import chapter_task
from errata.inference.tokenizer import load_tokenizer
from errata.stage_exit import stage_exit
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED, Encoded
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading
from errata.workspace import Workspace
from retrain.alterations.instruction import wording_of
from retrain.curate import LeftOutRow, write_left_out
from retrain.training_rows import TrainingRow, read_rows

SCHEMA = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32())), ("weight", pa.float32())])


@dataclass(frozen=True, slots=True)
class Mixture:
    rows: list[TrainingRow]
    new: int
    replayed: int


def mix(rows: Sequence[TrainingRow], since: int, seen: frozenset[str], replay: float, seed: int) -> Mixture:
    """Rows that are new to a model which has `seen` those transcripts, by hash, up to the watermark `since`, and
    `replay` times as many of the others, drawn by `seed`. A row that had to wait is new however old it is. The order is
    one of what the rows say: a night learns the same, in whatever order they were imported.

    Raises Refused for a row whose leak group is held out: it must not come this far.
    """
    for row in rows:
        if row.role != "train":
            raise Refused(
                f"{row.external_id!r} is held out ({row.role}) and must not be trained on; curate let it through"
            )
    new: list[TrainingRow] = []
    known: list[TrainingRow] = []
    for row in sorted(rows, key=lambda row: row.draw(seed)):
        trained_on = row.correction <= since and not seen.isdisjoint(row.group_hashes)
        (known if trained_on else new).append(row)
    replayed = known[: round(replay * len(new))]
    return Mixture([*new, *replayed], len(new), len(replayed))


@dataclass(frozen=True, slots=True)
class WeightedExample:
    """What is learnt of one window of a row."""

    encoded: Encoded
    weight: float
    """The row's."""


def encode_rows(rows: Sequence[TrainingRow], task: ChapterTask) -> tuple[list[WeightedExample], list[LeftOutRow]]:
    """Examples of ids and labels, and rows left out with the reason."""
    encoded: list[WeightedExample] = []
    left_out: list[LeftOutRow] = []
    for row in rows:
        wording = wording_of(row, task.template)
        if wording is None:
            left_out.append(LeftOutRow(row, "the template says nothing that could be put in other words"))
            continue
        asking, transcript = replace(task, wording=wording), row.read_transcript()
        for example in examples(asking, transcript, Reading.of(row.read_chapters(), transcript)):
            fault = fault_of(example, task)
            if fault is None:
                encoded.append(WeightedExample(example.encoded, row.weight))
            else:
                left_out.append(LeftOutRow(row, fault))
    return encoded, left_out


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


def training_transcripts(rows: Sequence[TrainingRow], ancestors: Iterable[str]) -> list[str]:
    """Those, by hash, that the candidate will have seen: its rows with their twins, and its ancestors'."""
    return sorted({name for row in rows for name in row.group_hashes} | set(ancestors))


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params()
    identity, since = night.starting_model(params.train.start)
    folder = model_folder(identity, workspace.models)
    seen = read_training_transcripts(folder)
    mixture = mix(read_rows(AUGMENTED / ROWS), since, seen, params.mix.replay, params.mix.seed)
    # without a row nobody needs the tokenizer, which takes a second to load
    encoded, left_out = encode_rows(mixture.rows, task_of(folder, workspace.models)) if mixture.rows else ([], [])
    MIXTURE.mkdir(parents=True, exist_ok=True)
    pq.write_table(training_table(encoded), MIXTURE / TRAINING_ROWS, compression="zstd")
    write_left_out(MIXTURE / LEFT_OUT, left_out)
    write_json(MIXTURE / TRAINING_TRANSCRIPTS, training_transcripts(mixture.rows, seen))
    report = report_of(mixture, encoded, left_out)
    write_document(MIXTURE / STAGE_REPORT, report)
    counts = asdict(report) | {"altered": sum(report.altered.values())}
    sys.stderr.write(f"mix: {', '.join(f'{value} {name}' for name, value in counts.items())}\n")


def training_table(rows: Sequence[WeightedExample]) -> pa.Table:
    """What training reads: token ids, which of them are learnt, and how much the example counts."""
    ids = [{"input_ids": row.encoded.input_ids, "labels": row.encoded.labels, "weight": row.weight} for row in rows]
    return pa.Table.from_pylist(ids, schema=SCHEMA)


def report_of(mixture: Mixture, encoded: Sequence[WeightedExample], left_out: Sequence[LeftOutRow]) -> MixtureReport:
    return MixtureReport(
        new=mixture.new,
        replayed=mixture.replayed,
        examples=len(encoded),
        tokens=sum(len(row.encoded.input_ids) for row in encoded),
        labels=sum(label != IGNORED for row in encoded for label in row.encoded.labels),
        left_out=len(left_out),
        merged=sum(canonical(row.read_chapters(), row.read_transcript()).merged for row in mixture.rows),
        altered=dict(sorted(Counter(row.altered for row in mixture.rows if row.altered).items())),
    )


def task_of(folder: Path, models: Path) -> ChapterTask:
    """As the model in `folder` will be asked; an adapter has its base's tokenizer."""
    card = Card.read(folder)
    full = model_folder(card.base, models) if card.form == "adapter" else folder
    return chapter_task(card, load_tokenizer(full))


if __name__ == "__main__":
    with stage_exit():
        main()
