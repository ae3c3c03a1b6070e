"""Stage 4. Tonight's training rows: what the starting model has not trained on, and a replay of what it has.

Each row becomes token ids and labels here, by the one renderer that serving uses, and is checked before it may be
learned from. `training_transcripts.json` names every transcript that the candidate will have seen, twins and ancestors'
included.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from errata.documents.night import Night
from errata.domain.hashing import canonical_json
from errata.errors import Refused
from errata.files import write_atomically, write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, model_folder, read_training_transcripts
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import Example, examples
from errata.tasks.template import Reading
from errata.workspace import Workspace
from retrain.augment import FOLDER as AUGMENTED
from retrain.rows import Row, read_rows

FOLDER = Path("data/mix")


@dataclass(frozen=True, slots=True)
class Mixture:
    rows: list[Row]
    new: int
    replayed: int


def mix(rows: Sequence[Row], since: int, seen: frozenset[str], replay: float, seed: int) -> Mixture:
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
    known = [row.correction <= since and not seen.isdisjoint(row.group_hashes) for row in rows]
    new = [row for row, before in zip(rows, known, strict=True) if not before]
    old = [row for row, before in zip(rows, known, strict=True) if before]
    wanted = min(len(old), round(replay * len(new)))
    replayed = sorted(old, key=lambda row: row.draw(seed))[:wanted]
    return Mixture([*sorted(new, key=lambda row: row.draw(seed)), *replayed], len(new), wanted)


def encode_rows(rows: Sequence[Row], task: ChapterTask) -> tuple[list[dict[str, Any]], list[tuple[Row, str]]]:
    """Training rows of ids and labels, and those left out with the reason."""
    encoded: list[dict[str, Any]] = []
    left_out: list[tuple[Row, str]] = []
    for row in rows:
        transcript = row.read_transcript()
        for example in examples(task, transcript, Reading.of(row.read_chapters(), transcript)):
            fault = fault_of(example, task)
            if fault is None:
                item = example.encoded
                encoded.append({"input_ids": list(item.input_ids), "labels": list(item.labels)})
            else:
                left_out.append((row, fault))
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


def seen_by(rows: Sequence[Row], ancestors: Iterable[str]) -> list[str]:
    """Transcripts, by hash, that the candidate will have seen: its rows with their twins, and its ancestors'."""
    return sorted({name for row in rows for name in row.group_hashes} | set(ancestors))


def starting_model(night: Night, start: str) -> tuple[str, int]:
    """Where training goes on from, and the watermark up to which that model has trained."""
    return (night.champion, night.champion_watermark) if start == "champion" else (night.day0, 0)


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), yaml.safe_load(Path("params.yaml").read_text())
    identity, since = starting_model(night, params["train"]["start"])
    folder = model_folder(identity, workspace.models)
    rows, seen = read_rows(AUGMENTED / "rows.parquet"), read_training_transcripts(folder)
    mixture = mix(rows, since, seen, params["mix"]["replay"], params["mix"]["seed"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    encoded, left_out = encode_rows(mixture.rows, _task(folder, workspace)) if mixture.rows else ([], [])
    schema = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32()))])
    pq.write_table(pa.Table.from_pylist(encoded, schema=schema), FOLDER / "train.parquet", compression="zstd")
    lines = [canonical_json({"external_id": row.external_id, "reason": reason}) for row, reason in left_out]
    write_atomically(FOLDER / "left_out.jsonl", "".join(f"{line}\n" for line in lines))
    write_json(FOLDER / TRAINING_TRANSCRIPTS, seen_by(mixture.rows, seen))
    report = {
        "new": mixture.new,
        "replayed": mixture.replayed,
        "examples": len(encoded),
        "tokens": sum(len(item["input_ids"]) for item in encoded),
        "labels": sum(label != IGNORED for item in encoded for label in item["labels"]),
        "left_out": len(left_out),
    }
    write_json(FOLDER / "report.json", report)
    sys.stderr.write(f"mix: {', '.join(f'{value} {name}' for name, value in report.items())}\n")


def _task(folder: Path, workspace: Workspace) -> ChapterTask:
    card = Card.read(folder)
    full = model_folder(card.base, workspace.models) if card.form == "adapter" else folder
    return ChapterTask(templates.find(card.template), load_tokenizer(full), card.context)


if __name__ == "__main__":
    main()
