"""A prompt with frames among its words: asked in the tokens that are trained, read by the engine of transformers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.domain.vector_shard import VectorShard
from errata.errors import BadInput, NotFound
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import CONNECTORS, Card
from errata.inference.decode import Decoder
from errata.inference.line_odds import line_odds
from errata.inference.load import load, same_weights
from errata.inference.model import LoadedModel, open_model
from errata.inference.torch import TorchEngine
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import PLACEHOLDERS
from errata.tasks.prompt import Frames, Prompt
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates.inline import Inline
from errata.tasks.view import View
from retrain.served_tokens import drifts, weighs_otherwise
from tests.made_up_model import familiar_talk, make_tokenizer
from tests.made_up_record import chapters
from tests.made_up_stream import TOKENS, VIDEO, make_watching_model, watch


class Shown(Inline):
    """`inline`, with three pictures before what is said."""

    def __init__(self, key: str) -> None:
        self.key = key

    def render(self, view: View) -> Prompt:
        return (Frames("video", self.key, 0, 3, TOKENS), *super().render(view))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watching") / "model"
    make_watching_model(folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "features")


def engine_of(folder: Path, store: FeatureStore | None) -> TorchEngine:
    engine = load(folder, folder.parent, store)
    assert isinstance(engine, TorchEngine)
    return engine


def answer(engine: TorchEngine, key: str) -> Reading:
    model = LoadedModel(engine, ChapterTask(Shown(key), engine.tokenizer, 256))
    (reading,) = model.answer([familiar_talk("t")])
    return reading


def test_a_model_is_asked_in_the_very_tokens_that_it_is_taught(folder: Path, store: FeatureStore) -> None:
    engine = engine_of(folder, store)
    task = ChapterTask(Shown(watch(store, [0, 1, 2])), engine.tokenizer, 256)
    right = Reading(chapters(0, 30, by="Gardens"))
    decoder = Decoder(engine.tokenizer, engine.vocabulary, task)
    for example in examples(task, familiar_talk("t"), right):
        assert example.encoded.input_ids.count(PLACEHOLDERS["video"]) == 3 * TOKENS
        assert not drifts(decoder.ask(example.view), example.encoded)


def test_what_it_says_depends_on_what_it_is_shown(folder: Path, store: FeatureStore) -> None:
    engine = engine_of(folder, store)
    red, blue = watch(store, [0, 0, 0]), watch(store, [1, 2, 3])
    first, second = answer(engine, red), answer(engine, blue)
    assert first.confidences != second.confidences
    # nothing of one is left in the engine when it is shown the other, though their tokens are the same
    again, alone = answer(engine, red), answer(engine_of(folder, store), blue)
    assert (again, again.confidences) == (first, first.confidences)
    assert (alone, alone.confidences) == (second, second.confidences)


def test_frames_that_can_not_be_read(folder: Path, store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no features store"):
        answer(TorchEngine(folder, senses=(VIDEO,)), watch(store, [0, 1, 2]))
    with pytest.raises(NotFound, match="extract them again"):  # of the store beside its models, where none is given
        answer(engine_of(folder, None), watch(store, [0, 1, 2]))
    with pytest.raises(NotFound, match="extract them again"):
        answer(engine_of(folder, store), "0" * 64)
    replace(Card("inline", 256), form="onnx", senses=(VIDEO,)).write(tmp_path)
    with pytest.raises(BadInput, match="which its form 'onnx' can't"):
        load(tmp_path, tmp_path)


def test_models_that_see_otherwise_are_not_the_same(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    assert same_weights(folder, tmp_path / "other", tmp_path)
    data = bytearray((folder / CONNECTORS).read_bytes())
    data[-1] ^= 1
    (tmp_path / "other" / CONNECTORS).write_bytes(data)
    assert not same_weights(folder, tmp_path / "other", tmp_path)


def test_borders_are_weighed_by_what_is_shown_beside_their_lines(folder: Path, tmp_path: Path) -> None:
    """A model whose template weighs lines, of two talks that say the same and show something else."""
    models, features = tmp_path / "models", FeatureStore(tmp_path / "features")
    shutil.copytree(folder, models / "borders")
    make_tokenizer(spaced=False).save_pretrained(models / "borders")
    replace(Card.read(folder), template="borders", context=512).write(models / "borders")
    model = open_model(models / "borders", models)
    colours = ([0] * 60, [0] * 30 + [1] * 30)
    shards = [VectorShard(VIDEO.extractor, VIDEO.rate, watch(features, shown)) for shown in colours]
    words = familiar_talk("t")
    alone, red, changing = (replace(words, vectors=vectors) for vectors in ((), (shards[0],), (shards[1],)))
    odds = [line_odds(model, talk) for talk in (alone, red, changing)]
    assert len(odds[0]) == len(odds[1]) == len(odds[2]) == len(words.lines)
    assert odds[1][:2] == pytest.approx(odds[2][:2], abs=1e-4), "they begin alike"
    assert odds[1][3:] != pytest.approx(odds[2][3:], abs=1e-4)
    assert odds[0] != pytest.approx(odds[1], abs=1e-4)
    example, *_ = examples(model.task, changing, Reading(chapters(0, 30, by="Gardens")))
    decoder = Decoder(model.task.tokenizer, 1000, model.task)
    assert not weighs_otherwise(model.task, decoder, example)
