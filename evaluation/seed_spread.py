"""One recipe, several seeds: their effects on the same items, which differ by the seed's luck alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from errata.database.record import Record
from errata.documents.scored_items import ScoredItemRow, rows_of
from errata.documents.seed_spread import SeedRun, SeedSpread
from errata.inference.predictor import Predictor
from evaluation.metrics.score import score_video
from evaluation.statistics.paired import compare, deviation, mean


def fresh_rows(rows: Sequence[ScoredItemRow], name: str) -> list[ScoredItemRow]:
    """`name`'s rows of the fresh items that decide, in order of their transcripts: those that the champion answered too
    and that nobody accepted as they stood."""
    own, champion = rows_of(rows, name), rows_of(rows, "champion")
    answered = [own[seq] for seq in sorted(own.keys() & champion.keys())]
    return [row for row in answered if row.part == "fresh" and row.kind != "accept"]


def run_of(
    training_seed: int, model: str, f1: Sequence[float], champion: Sequence[ScoredItemRow], seed: int
) -> SeedRun:
    """`f1` is of the items of the champion's rows, in their order; `seed` is the bootstrap's."""
    clusters = [row.channel or f"{row.external_id} alone" for row in champion]
    return SeedRun(training_seed, model, compare(f1, [row.f1 for row in champion], clusters, seed))


def answer_f1(
    record: Record, predictor: Predictor, rows: Sequence[ScoredItemRow], advance: Callable[[], None] = lambda: None
) -> list[float]:
    """F1 of what it answers now to the rows' transcripts, by the references in them; nothing is recorded."""
    scores = []
    for row in rows:
        with record.read() as store:
            transcript = store.transcripts.read(row.transcript)
        [reading] = predictor.answer([transcript])
        chapters = None if reading is None else reading.chapters
        scores.append(score_video(row.reference_chapters, chapters, transcript.duration, transcript.unit).f1)
        advance()
    return scores


def seed_spread(night: str, runs: Sequence[SeedRun]) -> SeedSpread:
    effects = [run.against_champion.effect for run in runs if run.against_champion.effect is not None]
    return SeedSpread(night=night, runs=tuple(runs), mean=mean(effects), deviation=deviation(effects))
