"""What retraining does to a pre-trained model on real talks: five folds, each of channels that it was not trained on.

    python -m benchmarks.real_folds TALKS --model FOLDER --out FOLDER [--folds 5] [--only 1] [--steps 120]

TALKS has `chapters/` and `asrs/` in chapter-llama's layout, and perhaps `reviews/` with what reviewers made of further
talks, which count as well; of a talk that is there twice the later counts. Each fold is one `errata tune`; its scores
are written to OUT as it ends, and a fold that is there is not made again. At the end, or with `--only` so far: F1 of
Day-0, of the tuned model and of equal chapters with one cluster interval over all talks, by length, and titles apart;
and five talks' chapters, before and after.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.talk_files import read_halves, write_halves
from benchmarks.workspaces import set_params
from errata.database.record import Record
from errata.domain.chapter import Chapters, canonical
from errata.domain.clock import clock
from errata.files import JsonObject
from errata.formats import detect
from errata.formats.json_files import parse_lines
from errata.loop.init import Day0Choice, init
from errata.loop.tune import HeldOutTalk, TuningStart, tune
from errata.operations.importing import add_transcripts
from evaluation.folds import folds
from evaluation.items import equal_split, length
from evaluation.metrics.score import score_video
from evaluation.statistics.paired import compare
from retrain.recipe import find_recipe

SHOWN = 5
LENGTHS = {"short": "under 15 min", "medium": "15 to 30 min", "long": "30 to 60 min", "longer": "over 60 min"}
RECIPE = "gemma-3-270m"
SEED = 7


@dataclass(frozen=True, slots=True)
class TalkScores:
    talk: str
    channel: str
    minutes: float
    day0: dict[str, float | None]
    tuned: dict[str, float | None]
    equal_f1: float
    shown: list[str]
    """The right chapters, and what was answered before and after, as lines to read."""


def all_talks(folder: Path) -> dict[str, JsonObject]:
    """Both halves of each talk, by id, with the chapters that a reviewer gave it where there are such."""
    talks, reviews = read_halves(folder), folder / "reviews"
    if reviews.is_dir():
        reviewed = read_halves(reviews)
        for review in parse_lines((reviews / "reviews.jsonl").read_text(encoding="utf-8")):
            name, right = review["video_id"], review["reviewed"]
            if right:  # of several reviews of a talk, the last
                titles = {str(chapter["start"]): chapter["title"] for chapter in right}
                talk = reviewed[name]
                talks[name] = {**talk, "metadata": {**talk["metadata"], "chapters": titles}}
    return talks


def twin_groups(talks: Mapping[str, JsonObject]) -> dict[str, int]:
    """By id, the leak group of each talk that can be imported: talks of one group say the same. The leak guard finds
    that in a record of its own, which is thrown away: folds that begin at once, each by a process, don't share one."""
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        record = Record(f"sqlite:///{room / 'errata.db'}", room / "blobs")
        record.migrate()
        write_halves(room / "talks.jsonl", talks.values())
        add_transcripts(record, detect.transcripts(room / "talks.jsonl"), room / "rejects")
        with record.read() as store:
            upto = store.watermark()
            seqs = {name: store.transcripts.find(name) for name in store.transcripts.external_ids()}
            groups = {name: store.leak_groups.of(seq, upto).name for name, seq in seqs.items()}
        record.close()
        return groups


def folds_of(talks: Mapping[str, JsonObject], groups: Mapping[str, int], count: int) -> list[list[str]]:
    """Ids, a fold each: one of each group, the last, with whole channels, of which twins join two."""
    last_of = {group: name for name, group in groups.items()}
    channels: dict[int, set[str]] = {group: set() for group in last_of}
    for name, group in groups.items():
        channels[group].add(str(talks[name]["metadata"].get("channel_id") or name))
    names = sorted(last_of.values())
    places = folds([channels[groups[name]] for name in names], count)
    return [[name for name, place in zip(names, places, strict=True) if place == fold] for fold in range(count)]


def run_fold(out: Path, train: Sequence[JsonObject], held: Sequence[JsonObject], asked: Any) -> None:
    """Trains on `train`, and writes the scores of `held`."""
    out.mkdir(parents=True, exist_ok=True)
    write_halves(out / "train.jsonl", train)
    write_halves(out / "held.jsonl", held)
    workspace = out / "workspace"
    if not workspace.exists():
        init(workspace, Day0Choice(asked.model, asked.template, asked.context))
        training = {**find_recipe(RECIPE).params["train"], "border_weight": 1.0, "max_steps": asked.steps}
        # a model that has learnt nothing yet suspects nothing
        set_params(workspace, {"curate": {"suspect_rows": 0}, "train": training})
    start = TuningStart(asked.model, f"{asked.template}:{asked.context}")
    tuning = tune(str(out / "train.jsonl"), workspace, start, str(out / "held.jsonl"), by="folds")
    names = {talk["video_id"] for talk in held}
    rows = [asdict(_score(talk)) for talk in tuning.talks if talk.transcript.external_id in names]
    (out / "scores.json").write_text(json.dumps(rows, indent=1))


def _score(talk: HeldOutTalk) -> TalkScores:
    transcript = talk.transcript
    right = canonical(talk.right, transcript).chapters
    answers = talk.before, talk.after, equal_split(transcript.duration, len(right))
    day0, tuned, equal = (score_video(right, answer, transcript.duration, transcript.unit) for answer in answers)
    return TalkScores(
        talk=transcript.external_id,
        channel=transcript.channel or transcript.external_id,
        minutes=transcript.duration / 60,
        day0=asdict(day0),
        tuned=asdict(tuned),
        equal_f1=equal.f1,
        shown=[*_lines("right", right), *_lines("before", talk.before), *_lines("after", talk.after)],
    )


def _lines(name: str, chapters: Chapters) -> list[str]:
    return [f"{name:>6} {clock(chapter.start)} {chapter.title}" for chapter in chapters]


def report(rows: Sequence[TalkScores]) -> list[str]:
    clusters = [row.channel for row in rows]
    tuned, equal = [_f1(row.tuned) for row in rows], [row.equal_f1 for row in rows]
    lines = ["| talks | n | equal chapters | Day-0 | tuned | tuned − equal |", "|---|---|---|---|---|---|"]
    lines.append(_line("all", rows))
    for kind, name in LENGTHS.items():
        chosen = [row for row in rows if length(60 * row.minutes, "seconds") == kind]
        if chosen:
            lines.append(_line(name, chosen))
    difference = compare(tuned, equal, clusters, SEED)
    if difference.low is not None and difference.high is not None:
        lines.append(
            f"tuned − equal chapters: 90 % interval {difference.low:+.1f} to {difference.high:+.1f} over channels"
        )
    for name in ("precision_5s", "recall_5s", "title_f1", "title_exact", "count_error"):
        lines.append(
            f"{name}: Day-0 {_mean(row.day0[name] for row in rows)}, tuned {_mean(row.tuned[name] for row in rows)}"
        )
    for row in sorted(rows, key=lambda row: row.talk)[:: max(1, len(rows) // SHOWN)][:SHOWN]:
        lines += ["", f"{row.talk} (F1 {_f1(row.day0):.1f} before, {_f1(row.tuned):.1f} after)", *row.shown]
    return lines


def _line(name: str, rows: Sequence[TalkScores]) -> str:
    equal, day0 = _mean(row.equal_f1 for row in rows), _mean(_f1(row.day0) for row in rows)
    tuned = _mean(_f1(row.tuned) for row in rows)
    more = _mean(_f1(row.tuned) - row.equal_f1 for row in rows)
    return f"| {name} | {len(rows)} | {equal} | {day0} | {tuned} | {more} |"


def _f1(scores: dict[str, float | None]) -> float:
    return float(scores["f1"] or 0.0)


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.1f}" if known else "–"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_folds")
    parser.add_argument("talks", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, help="this fold alone, counted from 1")
    parser.add_argument("--steps", type=int, default=120, help="of training, two windows each")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--template", default="borders", help="to compare: indexed, borders+times, borders+before, …")
    asked = parser.parse_args()
    talks = all_talks(asked.talks)
    parts = folds_of(talks, twin_groups(talks), asked.folds)
    for number, held in enumerate(parts, 1):
        folder = asked.out / f"fold{number}"
        if asked.only in (None, number) and not (folder / "scores.json").exists():
            train = [name for part in parts if part is not held for name in part]
            run_fold(folder, [talks[name] for name in train], [talks[name] for name in held], asked)
    found = sorted(asked.out.glob("fold*/scores.json"))
    rows = [TalkScores(**row) for path in found for row in json.loads(path.read_text())]
    print("\n".join([f"{len(found)} of {asked.folds} folds", *report(rows)]) if rows else "no fold is done yet")


if __name__ == "__main__":
    main()
