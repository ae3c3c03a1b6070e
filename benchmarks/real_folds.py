"""What retraining does to a pre-trained model on real talks: five folds, each of channels that it was not trained on.

    python -m benchmarks.real_folds TALKS --model FOLDER --out FOLDER [--folds 5] [--only 1] [--steps 120]

TALKS has `chapters/` and `asrs/` in chapter-llama's layout, and perhaps `reviews/` with what reviewers made of further
talks, which count as well. Each fold is one `errata tune`; its scores are written to OUT as it ends, and a fold that is
there is not made again. At the end, or with `--only` so far: F1 of Day-0, of the tuned model and of equal chapters with
one cluster interval over all talks, by length, and titles apart; and five talks' chapters, before and after.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errata.domain.chapter import Chapters, canonical
from errata.domain.clock import clock
from errata.loop.init import init
from errata.loop.tune import HeldOutTalk, TuningStart, tune
from errata.project_files import project_file
from evaluation.metrics.score import VideoScore, score_video
from evaluation.statistics.paired import compare

SHOWN = 5
MINUTES = {"under 15 min": 15, "15 to 30 min": 30, "30 to 60 min": 60, "over 60 min": 10**6}
TRAINING = {
    "learning_rate": "4.0e-4",
    "epochs": "1",
    "batch": "2",
    "border_weight": "1.0",
    "entry_weight": "8.0",
    "warmup": "0.06",
}
SEED = 7


@dataclass(frozen=True, slots=True)
class ScoredTalk:
    talk: str
    channel: str
    minutes: float
    day0: dict[str, float | None]
    tuned: dict[str, float | None]
    equal_f1: float
    shown: list[str]
    """The right chapters, and what was answered before and after, as lines to read."""


def read_talks(folder: Path) -> dict[str, tuple[dict[str, Any], Any]]:
    """Metadata with chapters and speech, by id."""
    talks = {}
    chapters, speech = (_json(folder / kind) for kind in ("chapters", "asrs"))
    for name, metadata in chapters.items():
        talks[name] = (metadata, speech[name])
    reviews = folder / "reviews"
    if reviews.is_dir():
        metadata, speech = _load(reviews / "transcripts.json"), _load(reviews / "asrs.json")
        for line in (reviews / "reviews.jsonl").read_text().splitlines():
            review = json.loads(line)
            name, right = review["video_id"], review["reviewed"]
            if right:  # of several reviews of a talk, the last
                titles = {str(chapter["start"]): chapter["title"] for chapter in right}
                talks[name] = ({**metadata[name], "chapters": titles}, speech[name])
    return talks


def _json(folder: Path) -> dict[str, Any]:
    return {name: value for path in sorted(folder.glob("*.json")) for name, value in _load(path).items()}


def _load(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text())
    return value


def folds_of(talks: dict[str, tuple[dict[str, Any], Any]], count: int) -> list[list[str]]:
    """Whole channels, the largest first, each to the smallest fold so far."""
    channels: dict[str, list[str]] = defaultdict(list)
    for name, (metadata, _) in talks.items():
        channels[str(metadata.get("channel_id") or name)].append(name)
    folds: list[list[str]] = [[] for _ in range(count)]
    for channel in sorted(channels, key=lambda channel: (-len(channels[channel]), channel)):
        min(folds, key=len).extend(channels[channel])
    return folds


def write_talks(folder: Path, talks: dict[str, tuple[dict[str, Any], Any]], names: Iterable[str]) -> None:
    for place, kind in enumerate(("chapters", "asrs")):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        chosen = {name: talks[name][place] for name in names}
        (folder / kind / f"{kind}_talks.json").write_text(json.dumps(chosen))


def write_params(path: Path, steps: int) -> None:
    text = project_file("params.yaml").read_text(encoding="utf-8")
    for name, value in {**TRAINING, "max_steps": str(steps)}.items():
        text = re.sub(rf"(?m)^(train:\n(?:  .*\n)*?  {name}:) *\S+", rf"\g<1> {value}", text)
    path.write_text(text, encoding="utf-8")


def run_fold(out: Path, talks: dict[str, tuple[dict[str, Any], Any]], held: Sequence[str], asked: Any) -> None:
    """Trains on what is not in `held`, and writes the scores of what is."""
    write_talks(out / "train", talks, sorted(set(talks) - set(held)))
    write_talks(out / "held", talks, held)
    workspace = out / "workspace"
    if not workspace.exists():
        init(workspace, asked.model, asked.template, asked.context)
        write_params(workspace / "params.yaml", asked.steps)
    start = TuningStart(asked.model, f"{asked.template}:{asked.context}")
    tuning = tune(str(out / "train"), workspace, start, str(out / "held"), by="folds")
    rows = [asdict(_score(talk)) for talk in tuning.talks if talk.transcript.external_id in set(held)]
    (out / "scores.json").write_text(json.dumps(rows, indent=1))


def _score(talk: HeldOutTalk) -> ScoredTalk:
    transcript = talk.transcript
    right = canonical(talk.right, transcript).chapters
    equal = [index * transcript.duration / len(right) for index in range(len(right))]
    chapters = tuple(type(right[0])(start, "") for start in equal)
    return ScoredTalk(
        talk=transcript.external_id,
        channel=transcript.channel or transcript.external_id,
        minutes=transcript.duration / 60,
        day0=asdict(_video_score(talk, talk.before)),
        tuned=asdict(_video_score(talk, talk.after)),
        equal_f1=score_video(right, chapters, transcript.duration, transcript.unit).f1,
        shown=[*_lines("right", right), *_lines("before", talk.before), *_lines("after", talk.after)],
    )


def _video_score(talk: HeldOutTalk, answer: Chapters) -> VideoScore:
    right = canonical(talk.right, talk.transcript).chapters
    return score_video(right, answer, talk.transcript.duration, talk.transcript.unit)


def _lines(name: str, chapters: Chapters) -> list[str]:
    return [f"{name:>6} {clock(chapter.start)} {chapter.title}" for chapter in chapters]


def report(rows: Sequence[ScoredTalk]) -> list[str]:
    clusters = [row.channel for row in rows]
    tuned, equal = [_f1(row.tuned) for row in rows], [row.equal_f1 for row in rows]
    lines = ["| talks | n | equal chapters | Day-0 | tuned | tuned − equal |", "|---|---|---|---|---|---|"]
    lines.append(_line("all", rows))
    least = 0.0
    for name, most in MINUTES.items():
        chosen = [row for row in rows if least <= row.minutes < most]
        least = most
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


def _line(name: str, rows: Sequence[ScoredTalk]) -> str:
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
    talks = read_talks(asked.talks)
    for number, held in enumerate(folds_of(talks, asked.folds), 1):
        folder = asked.out / f"fold{number}"
        if asked.only in (None, number) and not (folder / "scores.json").exists():
            run_fold(folder, talks, held, asked)
    found = sorted(asked.out.glob("fold*/scores.json"))
    rows = [ScoredTalk(**row) for path in found for row in json.loads(path.read_text())]
    print("\n".join([f"{len(found)} of {asked.folds} folds", *report(rows)]) if rows else "no fold is done yet")


if __name__ == "__main__":
    main()
