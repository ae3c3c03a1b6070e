"""Is what comes in still what the champion was trained on? The talks by what they are, the champion by its reviews.

`python -m benchmarks.drift_alarms` prints how often this alarms where nothing has drifted, and what it finds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from errata.database.store import Store
from errata.documents.document import as_json, write_document
from errata.documents.drift import Compared, DriftDistance, DriftMeasure, DriftName, DriftReport
from errata.documents.file_names import LAST_DRIFT
from errata.domain.draft_review import DraftReview
from errata.domain.transcript import Transcript
from errata.domain.twins import words
from errata.errors import ErrataError, NotFound
from errata.inference.artefact import Card, model_folder, read_training_transcripts
from errata.operations.alert_webhook import send_alert
from errata.progress import note
from errata.wording.drift_sentences import drift_sentences
from errata.workspace import Workspace
from evaluation.statistics.separation import (
    DEALS,
    Distance,
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability,
    rise,
    separation,
)

TALKS, LEAST_TALKS, MOST_REFERENCE = 200, 30, 600
"""Of the present at most, of either side at least, and of the reference at most: the newest of each."""
LEAST_REVIEWS, REVIEWS = 30, 2_000
"""Of either side at least, and that are looked at in all."""
LEVEL = 0.01
"""Of all measures together (Bonferroni): as often does a look alarm where nothing has drifted, at most."""
WORDS, CHANNELS, LETTERS = 1_000, 20, 1_000
"""The commonest ones that are counted each by itself; the rest count as one."""
SEED = 1
Column = NDArray[np.float64]

_DISTANCES: dict[DriftDistance, Distance] = {
    "KS": kolmogorov_smirnov,
    "JS": jensen_shannon,
    "PSI": population_stability,
    "rise": rise,
}
_MEASURES: dict[DriftName, tuple[DriftDistance, float]] = {
    "length": ("KS", 0.15),
    "language": ("JS", 0.03),
    "channels": ("PSI", 0.1),
    "vocabulary": ("JS", 0.03),
    "correction rate": ("rise", 10.0),
    "edit distance": ("rise", 5.0),
}
"""By which distance, and how far beyond chance it must be: what is sure, and too small to matter, is no alarm. A PSI of
0.1 is where credit scoring begins to look; the others are of the size that `benchmarks.drift_alarms` shows."""


@dataclass(frozen=True)
class DriftSample:
    """What is compared: the reference first, then the present."""

    reference: Sequence[Transcript]
    present: Sequence[Transcript]
    reference_reviews: Sequence[DraftReview] = ()
    present_reviews: Sequence[DraftReview] = ()


def watch_drift(workspace: Workspace, most: int = TALKS, champion: str = "") -> DriftReport:
    """Compares, and leaves the report where `errata status` finds it, if anything may be written there. `champion`:
    another than that of now.

    Raises NotFound where there is none.
    """
    with workspace.record.read() as store:
        champion = champion or store.aliases.model_of("champion") or ""
        if not champion:
            raise NotFound("no model is the champion yet; `errata init` installs the first")
        folder = model_folder(champion, workspace.models)
        against, sample = _sample(store, champion, read_training_transcripts(folder), Card.read(folder), most)
    report = DriftReport(
        champion=champion,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        against=against,
        talks=len(sample.present),
        reference=len(sample.reference),
        measures=tuple(measures(sample)),
    )
    if os.access(workspace.root, os.W_OK):
        place = workspace.root / LAST_DRIFT
        place.parent.mkdir(exist_ok=True)
        write_document(place, report)
    return report


def tell_of_drift(workspace: Workspace, report: DriftReport) -> None:
    """By the webhook, where there are alarms and somebody to be told. Where nobody can be, that is said."""
    if not report.alarms:
        return
    try:
        send_alert(workspace, "drift", list(drift_sentences(report)), as_json(report))
    except ErrataError as problem:
        note(str(problem))


def measures(sample: DriftSample, deals: int = DEALS) -> list[DriftMeasure]:
    found = []
    if min(len(sample.reference), len(sample.present)) >= LEAST_TALKS:
        talks = [*sample.reference, *sample.present]
        sides = (len(sample.reference), len(sample.present))
        said = [words(talk.text) for talk in talks]
        found += [
            _measure("length", np.array([[len(each)] for each in said], dtype=float), sides, deals),
            _measure("language", _frequencies([_trigrams(talk.text) for talk in talks], LETTERS), sides, deals),
            _measure("channels", _frequencies([Counter([talk.channel]) for talk in talks], CHANNELS), sides, deals),
            _measure("vocabulary", _frequencies([Counter(each) for each in said], WORDS), sides, deals),
        ]
    reviews = [*sample.reference_reviews, *sample.present_reviews]
    sides = (len(sample.reference_reviews), len(sample.present_reviews))
    if min(sides) >= LEAST_REVIEWS:
        corrected = np.array([[100.0 * review.corrected] for review in reviews])
        found.append(_measure("correction rate", corrected, sides, deals))
        changed = np.array([[_edit_distance(review)] for review in reviews])
        found.append(_measure("edit distance", changed, sides, deals))
    return found


def _measure(name: DriftName, values: Column, sides: tuple[int, int], deals: int) -> DriftMeasure:
    by, least = _MEASURES[name]
    reference, present = sides
    parted = separation(values, [False] * reference + [True] * present, _DISTANCES[by], SEED, deals)
    return DriftMeasure(
        name=name,
        by=by,
        talks=present,
        reference=reference,
        distance=parted.distance,
        expected=parted.expected,
        least=least,
        p_value=parted.p_value,
        level=LEVEL / len(_MEASURES),
    )


def _sample(
    store: Store, champion: str, trained_on: frozenset[str], card: Card, most: int
) -> tuple[Compared, DriftSample]:
    present = store.transcripts.arrived(card.training_watermark)[-most:]
    against: Compared = "training data"
    reference = store.transcripts.with_hashes(trained_on)
    if len(reference) < LEAST_TALKS:
        against, now = "earlier talks", {*present}
        reference = [seq for seq in store.transcripts.arrived() if seq not in now]
    reference = reference[-MOST_REFERENCE:]
    reviews = store.reviewed_drafts.newest(REVIEWS)
    then, now = {*reference}, {*present}
    return against, DriftSample(
        reference=[store.transcripts.read(seq) for seq in reference],
        present=[store.transcripts.read(seq) for seq in present],
        reference_reviews=[review for review in reviews if review.transcript in then],
        present_reviews=[review for review in reviews if review.transcript in now and review.model == champion],
    )


def _edit_distance(review: DraftReview) -> float:
    """Percent of the borders; of a draft that was rejected, all."""
    changes = review.changes
    distance = None if changes is None else changes.edit_distance
    return 100.0 if changes is None else distance or 0.0


def _trigrams(text: str) -> Counter[str]:
    """Of letters: by their frequencies languages are told apart (Cavnar & Trenkle 1994)."""
    letters = " ".join(text.lower().split())
    return Counter(letters[at : at + 3] for at in range(len(letters) - 2))


def _frequencies(counts: Sequence[Counter[str]], most: int) -> Column:
    """Talks × (the `most` commonest and the rest); each row sums to 1."""
    spread: Counter[str] = Counter()
    for each in counts:
        spread.update(each.keys())
    places = {name: place for place, (name, _) in enumerate(spread.most_common(most))}
    rows = np.zeros((len(counts), len(places) + 1))
    for row, each in zip(rows, counts, strict=True):
        for name, count in each.items():
            row[places.get(name, len(places))] += count
    totals: Column = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    return totals
