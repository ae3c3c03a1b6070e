"""How far to go from the champion to what was trained is chosen on dev: never on items that the gate decides by."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from errata.database.record import Record
from errata.documents.interpolation import DevScore, Interpolation
from errata.domain.chapter import Chapters
from errata.domain.right_answer import right_answer
from errata.domain.task_name import TaskName
from errata.domain.transcript import Transcript
from errata.inference.artefact import read_seal, read_training_transcripts, seal
from errata.inference.forks import ForkedModel
from errata.tasks.chat_task import with_chat
from evaluation.metrics.answer_f1 import answer_f1
from retrain.interpolation import interpolate, obstacle

LEAST_ITEMS = 5
"""With fewer, which of them is best is luck."""
MOST_ITEMS = 20
"""Each is answered once for each way: a long talk takes a model of 270 million parameters half a minute."""


@dataclass(frozen=True, slots=True)
class DevItem:
    transcript: Transcript
    """With its chat, where that is asked about."""
    right: Chapters
    task: TaskName = "chapters"


@dataclass(frozen=True)
class DevSet:
    items: Sequence[DevItem]
    models: Path
    """Where an adapter's base is kept."""

    def f1(self, folder: Path) -> float:
        """The mean F1 of what the sealed model in `folder` answers."""
        return fmean(self.item_f1(folder))

    def item_f1(self, folder: Path) -> list[float]:
        """The F1 of each item, in their order; no answer scores 0."""
        model = ForkedModel(read_seal(folder)[0], folder, self.models)
        answers = model.answer([item.transcript for item in self.items])
        return [
            0.0 if answer is None else answer_f1(item.task, item.right, answer.chapters, item.transcript.duration)
            for item, answer in zip(self.items, answers, strict=True)
        ]


def dev_items(record: Record, upto: int, seen: frozenset[str]) -> list[DevItem]:
    """Those of role dev as of the watermark `upto`, one a leak group, of groups of which nothing is among `seen`, by
    hash; the first `MOST_ITEMS` by their hashes at most, which is at random, and the same ones night after night."""
    with record.read() as store:
        labels = {label.group: label for label in store.labels.of_role("dev", upto)}
        unseen = [label for label in labels.values() if seen.isdisjoint(label.group_hashes)]
        items = list[DevItem]()
        for label in sorted(unseen, key=lambda label: label.transcript_hash):
            transcript = store.transcripts.read(label.transcript)
            right = right_answer(label.task, label.chapters, transcript)
            if not right.is_coarse:
                asked = with_chat(transcript, right.chapters) if label.task == "chat" else transcript
                items.append(DevItem(asked, right.chapters, label.task))
            if len(items) == MOST_ITEMS:
                break
    return items


def choose(
    candidate: Path, champion: tuple[str, Path], alphas: Sequence[float], dev: DevSet, ways: Path
) -> Interpolation:
    """Replaces the sealed candidate by the best way between the champion, identity and folder, and it; of two as good
    the nearer to what was trained. The candidate stays as it is where nothing can be chosen, which is said.

    `ways` is a folder to work in, which is removed.
    """
    identity, folder = champion
    reason = obstacle(candidate, folder, identity)
    if len(dev.items) < LEAST_ITEMS:
        reason = f"{len(dev.items)} items of dev, and at least {LEAST_ITEMS} are wanted"
    if reason:
        return Interpolation(obstacle=reason)
    shutil.rmtree(ways, ignore_errors=True)
    ways.mkdir(parents=True)
    scores = []
    for alpha in alphas:
        way, energy = candidate, None
        if alpha < 1:
            way = ways / str(alpha)
            energy = interpolate(candidate, folder, alpha, way, dev.models)
            seal(way)
        scores.append(DevScore(alpha, dev.f1(way), energy))
    best = max(scores, key=lambda score: (score.f1, score.alpha))
    if best.alpha < 1:
        shutil.rmtree(candidate)
        (ways / str(best.alpha)).replace(candidate)
    shutil.rmtree(ways, ignore_errors=True)
    return Interpolation(best.alpha, len(dev.items), tuple(scores))


def seen_by(*folders: Path) -> frozenset[str]:
    """The transcripts, by hash, that any of the models in these folders was trained on."""
    return frozenset[str]().union(*(read_training_transcripts(folder) for folder in folders))
