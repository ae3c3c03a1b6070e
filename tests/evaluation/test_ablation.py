"""What an ablation says of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from errata.cli.print_ablation import print_ablation
from errata.documents.ablation import Ablation, AblationRun
from errata.documents.document import as_json, from_json
from errata.domain.transcript import Transcript
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks.template import Reading
from evaluation.ablation import ScoredTalk, equal_chapters, scores, variant_effects
from tests.made_up_record import chapters, talk

NONE = "none"
CLUSTERS = ["a", "b", "b", "c"]


def run(variant: str, fold: int, seed: int, *f1: float) -> AblationRun:
    titles = (None, *(50.0 for _ in f1[1:]))
    return AblationRun(variant=variant, fold=fold, seed=seed, copies=4, f1=f1, title_f1=titles, cpu_seconds=10.0)


RUNS = [
    run(NONE, 0, 7, 10, 20),
    run("sponsor", 0, 7, 16, 22),
    run(NONE, 1, 7, 30, 40),
    run("sponsor", 1, 7, 34, 44),
    run(NONE, 0, 8, 10, 20),
    run("sponsor", 0, 8, 10, 22),
    run(NONE, 1, 8, 30, 40),
    run("sponsor", 1, 8, 32, 40),
]


def test_a_variant_is_compared_item_by_item_over_its_seeds() -> None:
    none, sponsor = variant_effects(RUNS, NONE, CLUSTERS, 7)
    assert (none.variant, none.f1, none.against_baseline, none.seed_deviation) == (NONE, 25, None, None)
    assert sponsor.against_baseline is not None
    assert (sponsor.against_baseline.n, sponsor.against_baseline.clusters) == (4, 3)
    assert sponsor.against_baseline.effect == pytest.approx((3 + 2 + 3 + 2) / 4)
    assert sponsor.seed_deviation == pytest.approx((4 - 1) / 2**0.5), "4 points with seed 7, 1 with seed 8"
    assert (sponsor.copies, sponsor.title_f1, sponsor.cpu_seconds) == (4, 50, 10)


def test_the_order_of_runs_changes_nothing_but_the_order_of_variants() -> None:
    backwards = variant_effects(RUNS[::-1], NONE, CLUSTERS, 7)
    assert sorted(backwards, key=lambda effect: effect.variant) == list(variant_effects(RUNS, NONE, CLUSTERS, 7))


def test_talks_are_scored_by_what_is_answered_and_no_answer_is_none() -> None:
    talks = [ScoredTalk(talk(name), chapters(0, 60), name) for name in ("one", "two")]

    class Half(Predictor):
        key = AnswerKey("half", "")

        def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
            return [Reading(chapters(0, 60)) if transcript.external_id == "one" else None for transcript in transcripts]

    asked: list[int] = []
    f1, titles = scores(Half(), talks, lambda: asked.append(1))
    assert (f1, titles, len(asked)) == ([100.0, 0.0], [100.0, 0.0], 2)
    assert equal_chapters(talks) == 100, "two equal halves"


def test_it_is_read_back_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    effects = variant_effects(RUNS, NONE, CLUSTERS, 7)
    ablation = Ablation(
        of="day-2",
        items=4,
        clusters=3,
        seeds=2,
        folds=2,
        equal_chapters=20.0,
        baseline=NONE,
        unaltered=("intro",),
        variants=effects,
    )
    assert from_json(Ablation, as_json(ablation), "it", "mend it") == ablation
    print_ablation(ablation)
    shown = " ".join(capsys.readouterr().out.split())
    assert "day-2: 4 items in 3 clusters, 2 folds, 2 seeds" in shown
    assert "minus none" in shown
    assert "+2.5 [" in shown and "chapters as are right: 20.0" in shown and "none of these rows: intro" in shown
