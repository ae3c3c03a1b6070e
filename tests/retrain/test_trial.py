"""A trial training asks by another template than its starting model's, from rows to the model's card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.params import AugmentParams, MixParams
from errata.domain.hashing import canonical_json
from errata.errors import BadInput
from errata.inference.artefact import Card
from errata.loop.ablate import check_templates
from errata.tasks.templates.inline import SAME
from retrain.chapter_lengths import LEAST_CHAPTERS
from retrain.training_rows import TrainingRow, chapters_json
from retrain.trial import Trial
from retrain.variants import template_variants
from tests.made_up_model import familiar_talk, make_model
from tests.made_up_recipe import LORA
from tests.made_up_record import chapters

UNALTERED = AugmentParams(0.0, 7)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return _trial(tmp_path_factory.mktemp("models"), "indexed")


def _trial(models: Path, template: str) -> Trial:
    identity = make_model(models / "new", template=template, context=1024)
    (models / "new").rename(models / identity[:16])
    rows = [_row(number) for number in range(1, 4)]
    return Trial(rows, identity, 0, frozenset(), identity, MixParams(replay=0.0, least=1, seed=7), models)


def _row(number: int) -> TrainingRow:
    transcript = familiar_talk("t", number)
    return TrainingRow(
        transcript=number,
        transcript_hash=transcript.hash,
        external_id=f"t{number}",
        channel="",
        correction=number,
        kind="edit",
        reviewer="ada",
        role="train",
        group=number,
        group_hashes=[transcript.hash],
        chapters=chapters_json(chapters(0, 30, by="Gardens")),
        text=canonical_json(transcript.as_json()),
    )


def test_rows_are_taught_by_the_template_that_is_tried(trial: Trial) -> None:
    own, _ = trial.examples(UNALTERED, LORA)
    same, _ = replace(trial, template=trial.own_template).examples(UNALTERED, LORA)
    other, _ = replace(trial, template="borders+times").examples(UNALTERED, LORA)
    assert trial.own_template == "indexed" and len(own) == len(other) == 3
    assert [row.encoded.input_ids for row in own] == [row.encoded.input_ids for row in same]
    assert [row.encoded.input_ids for row in own] != [row.encoded.input_ids for row in other]


def test_what_comes_of_it_is_asked_by_it_too(trial: Trial, tmp_path: Path) -> None:
    tried = replace(trial, template="indexed+shifts")
    examples, _ = tried.examples(UNALTERED, LORA)
    made = tried.train(examples, replace(LORA, max_steps=1), tmp_path)
    assert Card.read(made).template == "indexed+shifts"
    assert trial.own_template == "indexed", "the model that it began with is as it was"


def test_talks_are_divided_by_chapters_as_long_as_those_that_were_taught(trial: Trial, tmp_path: Path) -> None:
    tried = replace(trial, template="borders", rows=[_row(number) for number in range(LEAST_CHAPTERS // 2)])
    examples, _ = tried.examples(UNALTERED, LORA)
    lengths = Card.read(tried.train(examples, replace(LORA, max_steps=1), tmp_path)).lengths
    assert lengths is not None and lengths.typical == pytest.approx(30), "two chapters of half a minute each"


def test_a_template_that_the_tokenizer_cant_write_is_refused_before_any_is_trained(tmp_path: Path) -> None:
    """A tokenizer that puts a space before every text has no single token for a mark, but for those of `inline`."""
    trial = _trial(tmp_path, "inline")
    [tokens] = tmp_path.rglob("tokenizer.json")
    tokens.write_text(tokens.read_text().replace(SAME, "<|alike|>"))
    check_templates(trial, template_variants(UNALTERED, "inline", ["inline+shifts"]).values(), LORA)
    with pytest.raises(BadInput, match="no single tokens for a border's marks"):
        check_templates(trial, template_variants(UNALTERED, "inline", ["borders"]).values(), LORA)
