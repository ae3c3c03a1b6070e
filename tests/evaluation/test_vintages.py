"""What earlier nights brought is scored again, at a bounded cost; R is put together from what is on record."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.errors import Unavailable
from evaluation.harness import evaluate
from evaluation.items import ScoredModel
from evaluation.statistics.paired import compare
from evaluation.vintages import VintageLimits, continual_scores, score_matrix, stride, vintage_history, worst_vintage
from tests.made_up_answers import answered, contender, corrected, mark
from tests.made_up_record import chapters, correction, talk

Week = dict[str, list[int]]


@given(count=st.integers(0, 3000), most=st.integers(1, 40))
def test_the_cost_is_bounded_and_what_is_kept_was_kept_before(count: int, most: int) -> None:
    step = stride(count, most)
    assert math.ceil(count / step) <= most
    assert step == 1 or math.ceil(count / (step // 2)) > most, "no more is left out than must be"
    assert stride(count + 1, most) % step == 0, "so that a vintage that drops out never comes back"


def night(record: Record, label: str, champion: ScoredModel, day0: ScoredModel, finished: bool = True) -> Night:
    """The next night, up to what is corrected now."""
    with record.write() as store:
        row = store.nights.begin(label, store.nights.last_gate_watermark(), store.labels.newest())
        if finished:
            store.nights.finish(Outcome(night=label, verdict="reject", champion=champion.identity))
        return Night(
            label=label,
            training_watermark=row.training_watermark,
            gate_watermark=row.gate_watermark,
            day0=day0.identity,
            champion=champion.identity,
            champion_watermark=champion.watermark,
            challenger="",
            challenger_watermark=0,
            code="c" * 64,
        )


@pytest.fixture
def models(tmp_path: Path) -> dict[str, ScoredModel]:
    folder = tmp_path / "models"
    names = {"day0": "a", "one": "b", "two": "c", "new": "d"}
    return {name: contender(folder, name, letter) for name, letter in names.items()}


@pytest.fixture
def week(record: Record, models: dict[str, ScoredModel]) -> Week:
    """Three nights are over. Day-0 was champion on the first two, `one` on the third, and `two` is now."""
    talks = {}
    for label, champion in (("mon", "day0"), ("tue", "day0"), ("wed", "one")):
        talks[label] = corrected(record, [f"{label} {number}" for number in range(6)])
        night(record, label, models[champion], models["day0"])
    for name, places in {"day0": (90, 90, 90), "one": (60, 80, 90), "two": (70, 60, 80), "new": (90, 60, 60)}.items():
        for label, place in zip(talks, places, strict=True):
            answered(record, models[name], talks[label], place)
    return talks


def f1(place: float) -> float:
    from evaluation.metrics.score import score_video

    return score_video(chapters(0, 60), chapters(0, place), 120.0).f1


def tonight(record: Record, models: dict[str, ScoredModel]) -> Night:
    corrected(record, [f"thu {number}" for number in range(6)])
    return night(record, "thu", models["two"], models["day0"], finished=False)


def test_r_is_of_the_models_that_were_in_force(record: Record, models: dict[str, ScoredModel], week: Week) -> None:
    now = tonight(record, models)
    past = vintage_history(record, now, models["day0"].folder, VintageLimits())
    assert [(one.number, one.night, len(one.questions), one.size) for one in past.vintages] == [
        (1, "mon", 6, 6),
        (2, "tue", 6, 6),
        (3, "wed", 6, 6),
    ]
    assert past.models == tuple(models[name].identity for name in ("day0", "one", "two"))
    r = score_matrix(record, models["new"].folder.parent, past, models["new"])
    right, ten, twenty, thirty = (f1(place) for place in (60, 70, 80, 90))
    assert ten > twenty > thirty
    expected = [[thirty] * 3, [right, twenty, thirty], [ten, right, twenty], [thirty, right, right]]
    np.testing.assert_allclose(r, expected)


def test_forgetting_is_named_by_its_night(record: Record, models: dict[str, ScoredModel], week: Week) -> None:
    """The candidate knows Wednesday's talks, and has forgotten Monday's."""
    now = tonight(record, models)
    with record.read() as store:
        fresh = [label.transcript for label in store.labels.between(now.training_watermark, now.gate_watermark)]
    for name in ("day0", "two", "new"):
        answered(record, models[name], fresh)
    before = mark(record)
    result, rows = evaluate(record, now, models["new"], models["new"].folder.parent, seed=7)
    assert mark(record) == before, "everything was on record, so nobody was asked"
    (found,) = result.contenders
    more = found.more_guardrails
    assert {name for name in more if name.startswith("vintage_")} == {"vintage_mon", "vintage_tue", "vintage_wed"}
    effects = {name: comparison.effect or 0.0 for name, comparison in more.items()}
    assert effects["vintage_mon"] == pytest.approx(f1(90) - f1(70)) and (more["vintage_mon"].high or 0.0) < 0
    assert effects["vintage_tue"] == 0 and effects["vintage_wed"] > 0
    assert more["forgetting"].n == 18
    assert effects["forgetting"] == pytest.approx(sum(effects[f"vintage_{name}"] for name in week) / 3)
    continual = found.continual
    assert continual is not None and continual.worst is not None
    assert (continual.worst.name, continual.worst.effect) == ("vintage_mon", effects["vintage_mon"])
    assert [row.taught for row in continual.rows] == [0, 1, 2, 3]
    assert continual.rows[-1].model == models["new"].identity
    lost, kept = f1(90) - f1(60), 0.0
    assert continual.measures["gem_bwt"] == pytest.approx((lost + kept) / 2)
    assert continual.measures["avalanche_forgetting"] == pytest.approx(-(lost + kept) / 2)
    assert continual.measures["general_ability_delta"] is None, "there are no items of Day-0's own"
    vintages = [row for row in rows if row.part == "vintage"]
    assert len(vintages) == 2 * 18 and {row.name for row in vintages} == {"new", "champion"}


def test_the_sample_is_small_and_the_same_every_night(
    record: Record, models: dict[str, ScoredModel], week: Week
) -> None:
    now = tonight(record, models)
    few = vintage_history(record, now, models["day0"].folder, VintageLimits(items=2, vintages=2))
    assert [(one.night, len(one.questions), one.size) for one in few.vintages] == [("mon", 2, 6), ("wed", 2, 6)]
    hashes = [question.item.label.transcript_hash for question in few.vintages[0].questions]
    assert hashes == sorted(talk(f"mon {number}", channel=f"channel {number % 5}").hash for number in range(6))[:2]
    more = vintage_history(record, now, models["day0"].folder, VintageLimits(items=4, vintages=2))
    assert [question.item for question in more.vintages[0].questions][:2] == few.vintages[0].items
    r = score_matrix(record, models["new"].folder.parent, few, models["new"])
    assert r.shape == (4, 3) and np.isnan(r[:, 1]).all() and not np.isnan(r[:, [0, 2]]).any()


def test_forgetting_is_from_the_best_model_ever_whatever_is_sampled(
    record: Record, models: dict[str, ScoredModel]
) -> None:
    """Monday's talks alone are sampled, and `two`, which came long after them, knew them best."""
    places = {"day0": 90, "one": 80, "two": 60, "new": 90}
    mondays: list[int] = []
    for label, champion in (("mon", "day0"), ("tue", "day0"), ("wed", "one")):
        talks = corrected(record, [f"{label} {number}" for number in range(6)])
        mondays = mondays or talks
        night(record, label, models[champion], models["day0"])
    for name, place in places.items():
        answered(record, models[name], mondays, place)
    past = vintage_history(record, tonight(record, models), models["day0"].folder, VintageLimits(vintages=1))
    r = score_matrix(record, models["new"].folder.parent, past, models["new"])
    shown = continual_scores(past, models["new"].identity, r, math.nan)
    assert [row.taught for row in shown.rows] == [0, 1, 3], "the page's table does not grow with the nights"
    assert shown.measures["chaudhry_forgetting"] == pytest.approx(f1(60) - f1(90))
    assert shown.measures["gem_bwt"] == pytest.approx(f1(90) - f1(80))


def test_labels_are_tonight_s_and_what_is_gone_is_not_asked_for(
    record: Record, models: dict[str, ScoredModel], week: Week
) -> None:
    with record.write() as store:
        store.corrections.add(correction(week["mon"][0], chapters(0, 30)))
        for label in store.labels.between(0, store.watermark()):
            if label.transcript == week["mon"][1]:
                store.corrections.retract(label.correction, "ann", "wrong talk")
    past = vintage_history(record, tonight(record, models), models["day0"].folder, VintageLimits())
    mondays = {question.item.label.transcript: question.reference for question in past.vintages[0].questions}
    assert [chapter.start for chapter in mondays[week["mon"][0]]] == [0, 30]
    assert set(mondays) == set(week["mon"]) - {week["mon"][1]}


def test_a_cell_that_was_not_measured_is_not_made_up(
    record: Record, models: dict[str, ScoredModel], week: Week
) -> None:
    corrected(record, ["late"])
    with record.write() as store:
        store.nights.begin("thu", store.nights.last_gate_watermark(), store.labels.newest())
        store.nights.finish(Outcome(night="thu", verdict="reject", champion=models["two"].identity))
    now = tonight_after(record, models)
    past = vintage_history(record, now, models["day0"].folder, VintageLimits())
    r = score_matrix(record, models["new"].folder.parent, past, models["new"])
    assert np.isnan(r[:, 3]).all(), "nobody has answered Thursday's talk"
    (models["one"].folder / "errata.json").unlink()
    models["one"].folder.joinpath("training_transcripts.json").unlink()
    models["one"].folder.rmdir()
    r = score_matrix(record, models["new"].folder.parent, past, models["new"])
    assert np.isnan(r[1]).all() and not np.isnan(r[0, :3]).any(), "a model that isn't kept leaves a gap"


def tonight_after(record: Record, models: dict[str, ScoredModel]) -> Night:
    corrected(record, ["fri"])
    return night(record, "fri", models["two"], models["day0"], finished=False)


def test_on_the_first_nights_there_is_nothing_to_forget(record: Record, models: dict[str, ScoredModel]) -> None:
    seqs = corrected(record, [f"mon {number}" for number in range(6)])
    first = night(record, "mon", models["day0"], models["day0"], finished=False)
    answered(record, models["day0"], seqs)
    answered(record, models["new"], seqs)
    result, _ = evaluate(record, first, models["new"], models["new"].folder.parent, seed=7)
    (found,) = result.contenders
    assert found.continual is None
    assert not [name for name in found.more_guardrails if name.startswith("vintage_")]


def test_a_new_model_is_asked_about_earlier_nights(
    record: Record, models: dict[str, ScoredModel], week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []

    def load(folder: Path, *_: object) -> None:
        loaded.append(folder)
        raise Unavailable("no engine here")

    monkeypatch.setattr("errata.inference.model.load", load)
    monkeypatch.setattr("errata.inference.model.verify_parts", lambda *_: None)  # it has no files
    fresh = corrected(record, ["thu"])
    now = night(record, "thu", models["two"], models["day0"], finished=False)
    late = contender(models["new"].folder.parent, "late", "e")
    for model in (late, models["two"], models["day0"]):
        answered(record, model, fresh)
    with pytest.raises(Unavailable):
        evaluate(record, now, late, late.folder.parent, seed=7)
    assert loaded == [late.folder]
    for label in week:
        answered(record, late, week[label])
    evaluate(record, now, late, late.folder.parent, seed=7)
    assert loaded == [late.folder]


def test_the_worst_of_nothing_is_nothing() -> None:
    assert worst_vintage({}) is None
    assert worst_vintage({"vintage_mon": compare([], [], [], 7)}) is None
