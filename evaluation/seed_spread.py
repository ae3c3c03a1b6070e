"""One recipe, several seeds: their effects on the same items, which differ by the seed's luck alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from errata.database.record import Record
from errata.documents.scored_items import ScoredItemRow, rows_of
from errata.documents.seed_spread import SeedRun, SeedSpread
from errata.inference.predictor import Predictor
from evaluation.metrics.overlap import mean_f1
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
    against_champion = compare(f1, [row.f1 for row in champion], [row.cluster for row in champion], seed)
    return SeedRun(training_seed, model, against_champion)


def f1_of_rows(
    record: Record, predictor: Predictor, rows: Sequence[ScoredItemRow], advance: Callable[[], None] = lambda: None
) -> list[float]:
    """F1 of what it answers now to the rows' transcripts, by the references in them; nothing is recorded."""
    scores = []
    for row in rows:
        with record.read() as store:
            transcript = store.transcripts.read(row.transcript)
        [reading] = predictor.answer([transcript])
        # not to have answered is no right answer, even where there should be no chapters
        scores.append(
            0.0 if reading is None else mean_f1(row.reference_chapters, reading.chapters, transcript.duration)
        )
        advance()
    return scores


def seed_spread(night: str, runs: Sequence[SeedRun]) -> SeedSpread:
    effects = [run.against_champion.effect for run in runs if run.against_champion.effect is not None]
    return SeedSpread(night=night, runs=tuple(runs), mean=mean(effects), deviation=deviation(effects))
