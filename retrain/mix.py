"""Stage 4. Tonight's training rows: what the starting model has not trained on, and a replay of what it has.

Each row becomes token ids and labels here, by the one renderer that serving uses, and is checked before it may be
learned from. `training_transcripts.json` names every transcript that the candidate will have seen, twins and ancestors'
included.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from errata.documents.document import write_document
from errata.documents.file_names import AUGMENTED, LEFT_OUT, MIXTURE, ROWS, SNAPSHOT, STAGE_REPORT, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.params import MixParams
from errata.documents.stage_reports import MixtureReport
from errata.domain.chapter import canonical
from errata.errors import Refused
from errata.files import write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, model_folder, read_training_transcripts
from errata.inference.chapter_task import chapter_task
from errata.inference.tokenizer import load_tokenizer
from errata.stage_exit import stage_exit
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading
from errata.workspace import Workspace
from retrain.alterations.instruction import wording_of
from retrain.curate import LeftOutRow, write_left_out
from retrain.drafts import rejected_answer
from retrain.hardness import champion_losses
from retrain.replay import Hardness, draw_replay, unknown_hardness
from retrain.row_weights import weighed
from retrain.snapshot import read_manifest
from retrain.taught_rows import TaughtRow, write_taught_rows
from retrain.training_rows import TrainingRow, read_rows


@dataclass(frozen=True, slots=True)
class Mixture:
    rows: list[TrainingRow]
    new: int
    replayed: int


@dataclass(frozen=True, slots=True)
class Learned:
    """What the starting model has trained on."""

    since: int
    """Up to this watermark,"""
    seen: frozenset[str]
    """of these transcripts, by hash."""


def mix(
    rows: Sequence[TrainingRow],
    learned: Learned,
    params: MixParams,
    models: Collection[str] = (),
    hardness: Hardness = unknown_hardness,
) -> Mixture:
    """Rows that are new to the starting model, and `params.replay` times as many of the others. A row that had to wait
    is new however old it is. The order is one of what the rows say: a night learns the same, in whatever order they
    were imported. For `models` and `hardness` see `retrain.replay`.

    Raises Refused for a row whose leak group is held out: it must not come this far.
    """
    for row in rows:
        if row.role != "train":
            raise Refused(
                f"{row.external_id!r} is held out ({row.role}) and must not be trained on; curate let it through"
            )
    new: list[TrainingRow] = []
    known: list[TrainingRow] = []
    for row in sorted(rows, key=lambda row: row.draw(params.seed)):
        trained_on = row.correction <= learned.since and not learned.seen.isdisjoint(row.group_hashes)
        (known if trained_on else new).append(row)
    new = new[: params.most]
    replayed = draw_replay(known, round(params.replay * len(new)), params.replay_by, models, hardness)
    return Mixture([*new, *replayed], len(new), len(replayed))


def encode_rows(
    rows: Sequence[TrainingRow], task: ChapterTask, pairs: bool = False
) -> tuple[list[TaughtRow], list[LeftOutRow]]:
    """Rows of ids and labels, and those left out with the reason. With `pairs` the draft that a reviewer changed stands
    beside what they made of it."""
    taught: list[TaughtRow] = []
    left_out: list[LeftOutRow] = []
    for row in rows:
        wording = wording_of(row, task.template)
        if wording is None:
            left_out.append(LeftOutRow(row, "the template says nothing that could be put in other words"))
            continue
        asking, transcript = replace(task, wording=wording), row.read_transcript()
        # a copy's chapters are its own, and nobody drafted them
        draft = Reading.of(row.read_draft(), transcript) if pairs and row.draft and not row.altered else None
        for example in examples(asking, transcript, Reading.of(row.read_chapters(), transcript)):
            fault = fault_of(example, task)
            if fault is None:
                rejected = None if draft is None else rejected_answer(example, draft, task)
                taught.append(TaughtRow(example.encoded, rejected, row.weight))
            else:
                left_out.append(LeftOutRow(row, fault))
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


def training_transcripts(rows: Sequence[TrainingRow], ancestors: Iterable[str]) -> list[str]:
    """Those, by hash, that the candidate will have seen: its rows with their twins, and its ancestors'."""
    return sorted({name for row in rows for name in row.group_hashes} | set(ancestors))


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params()
    identity, since = night.starting_model(params.train.start)
    folder = model_folder(identity, workspace.models)
    learned = Learned(since, read_training_transcripts(folder))
    hardness = partial(champion_losses, folder, workspace.models)
    mixture = mix(read_rows(AUGMENTED / ROWS), learned, params.mix, {night.champion, night.day0}, hardness)
    rows = weighed(mixture.rows, params.mix, read_manifest(SNAPSHOT))
    pairs = params.train.objective == "sft+dpo"
    # without a row nobody needs the tokenizer, which takes a second to load
    task = task_of(folder, workspace.models) if mixture.rows else None
    taught, left_out = encode_rows(rows, task, pairs) if task else ([], [])
    MIXTURE.mkdir(parents=True, exist_ok=True)
    write_taught_rows(MIXTURE / TRAINING_ROWS, taught)
    write_left_out(MIXTURE / LEFT_OUT, left_out)
    write_json(MIXTURE / TRAINING_TRANSCRIPTS, training_transcripts(mixture.rows, learned.seen))
    report = report_of(mixture, taught, left_out)
    write_document(MIXTURE / STAGE_REPORT, report)
    counts = asdict(report) | {"altered": sum(report.altered.values())}
    sys.stderr.write(f"mix: {', '.join(f'{value} {name}' for name, value in counts.items())}\n")


def report_of(mixture: Mixture, taught: Sequence[TaughtRow], left_out: Sequence[LeftOutRow]) -> MixtureReport:
    return MixtureReport(
        new=mixture.new,
        replayed=mixture.replayed,
        examples=len(taught),
        tokens=sum(len(row.encoded.input_ids) for row in taught),
        labels=sum(label != IGNORED for row in taught for label in row.encoded.labels),
        left_out=len(left_out),
        merged=sum(canonical(row.read_chapters(), row.read_transcript()).merged for row in mixture.rows),
        altered=dict(sorted(Counter(row.altered for row in mixture.rows if row.altered).items())),
        pairs=sum(row.rejected is not None for row in taught),
        lightest=round(min((row.weight for row in taught), default=1.0), 4),
        heaviest=round(max((row.weight for row in taught), default=1.0), 4),
    )


def task_of(folder: Path, models: Path) -> ChapterTask:
    """As the model in `folder` will be asked; an adapter has its base's tokenizer."""
    card = Card.read(folder)
    full = model_folder(card.base, models) if card.form == "adapter" else folder
    return chapter_task(card, load_tokenizer(full))


if __name__ == "__main__":
    with stage_exit():
        main()
