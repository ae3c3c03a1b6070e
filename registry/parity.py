"""What ships is what was scored: each export against the model that it was made from, on the same items."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record
from errata.documents.comparison import Comparison
from errata.documents.night import Night
from errata.domain.chapter import Chapters
from errata.domain.correction import Label
from errata.domain.transcript import Unit
from errata.files import write_json
from errata.inference.artefact import model_folder, verify
from errata.inference.load import same_weights
from errata.inference.model import FolderModel
from errata.inference.recorded import RecordedModel
from errata.workspace import Workspace
from evaluation.harness import read_candidate
from evaluation.holdout import log_night
from evaluation.items import Contender, fresh_items, guardrail_items
from evaluation.metrics.score import score_video
from evaluation.statistics import compare
from registry.footprint import Footprint, measure_footprint
from registry.policy import preset

FOLDER = Path("parity")
SEED = 20250101
"""Of the bootstrap: the same answers give the same interval on every night."""


TIMED = 20
"""Transcripts that latency is measured on."""
TRIED = 8
"""Transcripts that show that an export runs, where its weights leave nothing else to be shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled transcript."""

    reference: Chapters
    duration: float
    """In `unit`."""
    unit: Unit
    cluster: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two greedy models answer. Percent; None where there is nothing to count."""

    answers: float | None
    """Of the items, those that both answer alike to the letter, titles included."""
    starts: float | None
    """Of the chapter starts that either gives, those that both give."""
    titles: float | None
    """Of the chapter starts that both give, those that both give the same title."""


@dataclass(frozen=True, slots=True)
class Parity:
    """One export, as `registry.gate`'s guardrails want it: `policy.guardrail("parity_server", parity.f1)`."""

    model: str
    """The export's identity."""
    size: int
    """Bytes of all its files."""
    agreement: Agreement
    f1: Comparison
    """Points of F1: the export minus the model that it was made from."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def agreement(original: Sequence[Chapters], exported: Sequence[Chapters]) -> Agreement:
    """Answer i of both is to item i. Raises ValueError where one has more answers than the other."""
    pairs = list(zip(original, exported, strict=True))
    titles = [({c.start: c.title for c in ours}, {c.start: c.title for c in theirs}) for ours, theirs in pairs]
    both = sum(len(ours.keys() & theirs.keys()) for ours, theirs in titles)
    return Agreement(
        answers=_percent(sum(ours == theirs for ours, theirs in pairs), len(pairs)),
        starts=_percent(both, sum(len(ours.keys() | theirs.keys()) for ours, theirs in titles)),
        titles=_percent(sum(len(ours.items() & theirs.items()) for ours, theirs in titles), both),
    )


def compare_f1(items: Sequence[Item], original: Sequence[Chapters], exported: Sequence[Chapters]) -> Comparison:
    """Points of F1, exported minus original; answer i of both is to item i."""
    return compare(_f1(items, exported), _f1(items, original), [item.cluster for item in items], SEED)


def measure(
    record: Record,
    models: Path,
    model: Path,
    exports: Mapping[str, Path],
    labels: Sequence[Label],
    each: Callable[[], None] = lambda: None,
) -> dict[str, Parity]:
    """The parity of each of `exports` (target to folder) with `model`, on the labels' transcripts.

    `models` is where an adapter's base is kept; `each` is called once for every model and label. An export whose
    weights are the model's to the bit is asked about the first `TRIED` alone. Each model is asked once about a
    transcript, ever: answers are read from the record, and new ones are recorded. Raises NotFound for a folder whose
    files aren't those that were sealed.
    """
    items = _items(record, labels)

    def answers(folder: Path, asked: Sequence[Label]) -> list[Chapters]:
        predictor = FolderModel(verify(folder), folder, models)
        made = RecordedModel(record, predictor).predict_all([label.transcript for label in asked], each)
        return [made[label.transcript].chapters for label in asked]

    original = answers(model, labels)

    def exported(folder: Path) -> list[Chapters]:
        few = answers(folder, labels[:TRIED])
        if few == original[:TRIED] and same_weights(model, folder, models):
            for _ in labels[TRIED:]:
                each()
            return original
        return few + answers(folder, labels[TRIED:])

    return {target: _parity(folder, items, original, exported(folder)) for target, folder in exports.items()}


def _parity(folder: Path, items: Sequence[Item], original: Sequence[Chapters], exported: Sequence[Chapters]) -> Parity:
    return Parity(
        model=verify(folder),
        size=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        agreement=agreement(original, exported),
        f1=compare_f1(items, original, exported),
    )


def _items(record: Record, labels: Sequence[Label]) -> list[Item]:
    with record.read() as store:
        transcripts = [store.transcripts.read(label.transcript) for label in labels]
    return [
        Item(label.chapters, transcript.duration, transcript.unit, label.channel or label.transcript_hash)
        for label, transcript in zip(labels, transcripts, strict=True)
    ]


def _f1(items: Sequence[Item], answers: Sequence[Chapters]) -> list[float]:
    return [
        score_video(item.reference, answer, item.duration, item.unit).f1
        for item, answer in zip(items, answers, strict=True)
    ]


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _footprint(workspace: Workspace, night: Night, server: Path, labels: Sequence[Label]) -> Footprint:
    """Of what would serve, against what serves now."""
    with workspace.record.read() as store:
        serving = store.aliases.model_of("server") or night.champion
        asked = [store.transcripts.read(label.transcript) for label in labels]
    return measure_footprint(server, model_folder(serving, workspace.models), workspace.models, asked)


def main() -> None:
    """Stage 8: `parity/parity.json`, target to `Parity`, on tonight's fresh items and the guardrails' items."""
    workspace = Workspace.find(Path.cwd())
    night = Night.read(workspace.root)
    candidate = read_candidate(Path("candidate"), night)
    FOLDER.mkdir(exist_ok=True)
    if candidate is None:
        return
    day0 = Contender("day0", night.day0, model_folder(night.day0, workspace.models), 0)
    champion = Contender(
        "champion", night.champion, model_folder(night.champion, workspace.models), night.champion_watermark
    )
    models = (candidate, champion, day0)
    fresh = fresh_items(workspace.record, night.training_watermark, night.gate_watermark, models)
    held_out = guardrail_items(workspace.record, night.gate_watermark, models)
    labels = [item.label for item in (*fresh, *held_out)]
    exports = {target: Path("exports") / target for target in ("server", "device") if Path("exports", target).is_dir()}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("parity", total=len(labels) * (1 + len(exports)))
        found = measure(
            workspace.record, workspace.models, candidate.folder, exports, labels, lambda: progress.advance(task)
        )
    if held_out:
        who = tuple(parity.model for parity in found.values())
        why = f"{night.label}, exports"
        log_night(workspace.record, HoldoutAccess("anchor", "nightly", why, who, len(held_out), night.gate_watermark))
    told = {target: parity.as_json() for target, parity in found.items()}
    limit = preset(workspace.params().gate.preset).limit("latency")
    if "server" in told and labels and limit is not None and limit.decides:  # else it would only cost time
        told["server"]["footprint"] = _footprint(workspace, night, exports["server"], labels[:TIMED]).as_json()
    write_json(FOLDER / "parity.json", told)
    for target, parity in found.items():
        said = f"parity: {target} {parity.size / 1e6:.1f} MB, {parity.agreement.starts or 0:.1f} % of starts agree"
        sys.stderr.write(said + "\n")


if __name__ == "__main__":
    main()
