"""The model with two encoders: the architecture and sampling as they were published, asked, cached and learnt from as
every model of the loop, and without the faults that it had."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers import DynamicCache

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.domain.vector_shard import VectorShard
from errata.errors import BadInput, Refused
from errata.features.feature_store import Features, FeatureStore
from errata.inference.architectures import AutoConfig, AutoModelForCausalLM
from errata.inference.artefact import Card, Sense, seal, verify, vocabulary_chats
from errata.inference.chapter_task import chapter_task
from errata.inference.connector import new_connectors, read_among_words, save_connectors, vectors_of
from errata.inference.decode import Decoder, write
from errata.inference.engine import Draw
from errata.inference.growing_cache import growing_cache
from errata.inference.head import is_plain
from errata.inference.model import LoadedModel, open_model
from errata.inference.sensed_frames import SensedFrames
from errata.inference.stream_reader import open_reader
from errata.inference.torch import load_seeing_model
from errata.loop.model_check import check_model
from errata.tasks.chat_task import with_chat
from errata.tasks.encode import IGNORED, PLACEHOLDERS, encode
from errata.tasks.prompt import Slot, Text
from errata.tasks.snippet_task import SNIPPET, SnippetTask, snippet
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.track import Track
from retrain.backends.start import Start
from retrain.objectives.sft import SftObjective
from retrain.saving import save
from retrain.taught_rows import TaughtRow, TaughtRows, frames_of, write_taught_rows
from retrain.trainer import make_trainer, run_trainer
from retrain.word_model import SPECIAL, WordModelPlan, make_word_model, word_tokenizer
from tests.made_up_recipe import LORA

SAID = ["hello world", "hello heron!", "it's a heron", "hello Kappa"]
PLAN = WordModelPlan(size=64, layers=2, context=24)
SENSES = (Sense("video", "pictures@1", 1.0, 6), Sense("audio", "sounds@1", 1.0, 4))
VIDEO, AUDIO = PLACEHOLDERS["video"], PLACEHOLDERS["audio"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that sees and hears."""
    folder = tmp_path_factory.mktemp("models") / "made"
    make_word_model(folder, SAID, PLAN)
    torch.manual_seed(3)
    save_connectors(new_connectors(AutoModelForCausalLM.from_pretrained(folder), SENSES), folder)
    replace(Card.read(folder), senses=SENSES).write(folder)
    return folder.rename(folder.parent / seal(folder)[:16])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """Half a minute, a vector a second of each."""
    random, store = np.random.default_rng(7), FeatureStore(tmp_path_factory.mktemp("features"))
    for sense in SENSES:
        vectors = random.normal(size=(30, 1, sense.size)).astype(np.float16)
        store.write(sense.modality, Features(vectors, np.arange(1.0, 31.0)), sense.extractor)
    return store


def stream(*messages: tuple[float, str]) -> Transcript:
    shards = tuple(VectorShard(sense.extractor, sense.rate, sense.modality) for sense in SENSES)
    talk = Transcript("s", (Segment(0, 2, "nobody reads this"),), 30, vectors=shards)
    return with_chat(talk, tuple(Chapter(at, text) for at, text in messages))


def read(model: torch.nn.Module, tokens: Sequence[int], **options: object) -> torch.Tensor:
    """Logits of words, and of vectors by chance where placeholders stand: the same ones for the same places."""
    ids = torch.tensor([tokens])
    random = torch.Generator().manual_seed(9)
    drawn = {sense.modality: torch.randn(8, sense.size, generator=random) for sense in SENSES}
    shown = {name: drawn[name][: tokens.count(kind)] for name, kind in PLACEHOLDERS.items() if kind in tokens}
    with torch.inference_mode():
        logits: torch.Tensor = model(**read_among_words(model, ids, shown), **options).logits[0]
    return logits


def test_it_is_two_encoders_whose_means_a_decoder_of_words_remembers(folder: Path) -> None:
    model = load_seeing_model(folder, folder.parent)
    tokens = [VIDEO, VIDEO, VIDEO, AUDIO, AUDIO, 2, 4, 5]
    found = read(model, tokens)
    random = torch.Generator().manual_seed(9)
    inside = model.model
    with torch.inference_mode():
        means = []
        for sense, count in zip(SENSES, (3, 2), strict=True):
            drawn = torch.randn(8, sense.size, generator=random)[:count]
            means.append(inside.encoders[sense.modality](model.connectors(sense.modality, drawn)[None])[0].mean(0))
        words = inside.words.weight[[2, 4, 5]] + inside.places.weight[:3]
        mask = nn.Transformer.generate_square_subsequent_mask(3)
        right = model.lm_head(inside.decoder(words[None], torch.stack(means)[None], tgt_mask=mask))[0]
    assert torch.allclose(found[5:], right, atol=1e-5)


def test_by_default_it_has_the_published_sizes() -> None:
    config = AutoConfig.for_model("errata-two-encoders")
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shape = (config.vocab_size, config.hidden_size, config.num_attention_heads, config.num_hidden_layers)
    assert (*shape, config.intermediate_size, config.dropout) == (5000, 512, 8, 4, 2048, 0.1)
    assert len(model.model.decoder.layers) == len(model.model.encoders["video"].layers) == 4
    assert model.model.decoder.layers[0].dropout.p == 0.1


@pytest.mark.parametrize("seen", [(VIDEO, VIDEO, AUDIO), (AUDIO,), ()])
@pytest.mark.parametrize("cache", [DynamicCache, growing_cache])
def test_read_piece_by_piece_and_cut_back_it_says_the_same(folder: Path, seen: tuple[int, ...], cache: type) -> None:
    model, kept = load_seeing_model(folder, folder.parent), cache()
    whole = read(model, [*seen, 2, 4, 5, 6])
    assert torch.isfinite(whole).all()
    first = read(model, [*seen, 2, 4], past_key_values=kept, use_cache=True)
    read(model, [7, 4], past_key_values=kept, use_cache=True)
    kept.crop(-2)
    then = read(model, [5, 6], past_key_values=kept, use_cache=True)
    assert torch.allclose(torch.cat([first, then])[len(seen) :], whole[len(seen) :], atol=1e-5)
    assert kept.get_seq_length() == len(seen) + 4


def test_what_is_written_later_changes_nothing_and_what_is_shown_after_a_word_is_refused(folder: Path) -> None:
    model = load_seeing_model(folder, folder.parent)
    one, other = read(model, [VIDEO, 2, 4, 5]), read(model, [VIDEO, 2, 4, 7])
    assert torch.allclose(one[:3], other[:3], atol=1e-6)
    with pytest.raises(BadInput, match="before it says a word"):
        read(model, [VIDEO, 2, AUDIO, 4])
    assert is_plain(model), "large ones are asked for rows of their head"


@given(at=st.floats(0, 40), rate=st.sampled_from([0.5, 1.0, 3.0]))
def test_a_snippet_is_of_the_ten_seconds_before_and_never_of_what_comes(at: float, rate: float) -> None:
    times = [(number + 1) / rate for number in range(int(30 * rate))]
    spans = snippet([Track("video", "v", 2, times)], at)
    shown = [times[place] for span in spans for place in range(span.first, span.first + span.count)]
    assert shown == [time for time in times if at - SNIPPET < time <= at]
    assert len(spans) <= 1 and all(span.averaged and span.places == 2 for span in spans)


def test_a_snippet_is_one_vector_a_medium_the_mean_of_its_seconds(store: FeatureStore, tmp_path: Path) -> None:
    spans = snippet(SensedFrames(SENSES, store).tracks(stream()), 14.5)
    found = vectors_of(spans, store)
    for sense in SENSES:
        own = store.read(sense.modality).vectors[4:14].astype(np.float32).mean(axis=0)
        assert found[sense.modality].numpy() == pytest.approx(own, abs=1e-6)
    row = encode((*spans, Slot()), [(Text("hello"),)], word_tokenizer(SAID, 1, 50))
    assert row.input_ids[:2] == (VIDEO, AUDIO)
    write_taught_rows(tmp_path / "train.parquet", [TaughtRow(row)])
    assert TaughtRows(tmp_path / "train.parquet")[0].encoded == row, "a training reads the same means"


def test_every_message_is_a_row_of_its_own_and_answers_to_what_was_shown(folder: Path, store: FeatureStore) -> None:
    model = open_model(folder, folder.parent, store)
    asked = model.task
    assert isinstance(asked, SnippetTask)
    messages = ((2.0, "hello heron!"), (12.0, "it's a heron"), (25.0, "hello world"))
    talk = stream(*messages)
    rows = list(examples(asked, talk, Reading(tuple(Chapter(at, text) for at, text in messages))))
    assert [row.encoded.input_ids[:3] for row in rows] == [(VIDEO, AUDIO, 2)] * 3
    assert [[(span.first, span.count) for span in row.encoded.frames] for row in rows] == [
        [(0, 2), (0, 2)],
        [(2, 10), (2, 10)],
        [(15, 10), (15, 10)],
    ]
    end = asked.tokenizer.eos_token_id
    assert all(row.encoded.labels[-1] == end and row.encoded.labels[:3] == (IGNORED,) * 3 for row in rows)
    decoder = Decoder(asked.tokenizer, len(asked.tokenizer), asked)
    assert [write(decoder, row) == row.right for row in rows] == [True] * 3
    (answer,) = model.answer([talk])
    assert [chapter.start for chapter in answer.chapters] == [at for at, _ in messages] and not answer.problems
    later = next(iter(asked.views(replace(talk, chat=talk.chat[:1]))))
    assert later == next(iter(asked.views(talk)))


def test_a_message_is_learnt_whole_as_far_as_half_of_the_context_goes(folder: Path, store: FeatureStore) -> None:
    asked = open_model(folder, folder.parent, store).task
    for written, learnt in ((12, 12), (13, 12)):
        right = Reading((Chapter(12.0, " ".join(["hello"] * written)),))
        (row,) = examples(asked, stream(), right)
        assert sum(label != IGNORED for label in row.encoded.labels) == learnt + 1


def test_drawn_messages_are_words_and_the_same_of_one_seed(folder: Path, store: FeatureStore) -> None:
    model: LoadedModel[Reading] = open_model(folder, folder.parent, store)
    assert isinstance(model.task, SnippetTask)
    view = model.task.next_view(stream((2.0, "hello world")), 20.0)
    said = [model.ask(view, draw=Draw(2.0, 0, seed)).chapters[0].title for seed in range(30)]
    assert said == [model.ask(view, draw=Draw(2.0, 0, seed)).chapters[0].title for seed in range(30)]
    assert len(set(said)) > 10 and all(said)
    assert not any(mark in message for message in said for mark in SPECIAL), "nobody writes <UNK>"
    likeliest = model.ask(view).chapters[0].title
    assert model.ask(view, draw=Draw(1.0, 1, 5)).chapters[0].title == likeliest


def test_its_loss_is_cross_entropy_over_the_message_and_its_end(folder: Path, store: FeatureStore) -> None:
    model = load_seeing_model(folder, folder.parent)
    asked = chapter_task(Card.read(folder), word_tokenizer(SAID, 1, 5000), store)
    (row,) = examples(asked, stream((12.0, "hello heron!")), Reading((Chapter(12.0, "hello heron!"),)))
    ids, labels = torch.tensor([row.encoded.input_ids]), torch.tensor([row.encoded.labels])
    inputs = {"input_ids": ids, "labels": labels, "vectors": vectors_of(row.encoded.frames, store)}
    learnt = int((labels != IGNORED).sum())
    assert learnt == 3 + 1
    with torch.inference_mode():
        found = SftObjective().loss(model, inputs, learnt)
        logits = model(**read_among_words(model, ids, inputs["vectors"])).logits
    right = nn.CrossEntropyLoss(ignore_index=IGNORED)(logits[0, :-1], labels[0, 1:])
    assert float(found) == pytest.approx(float(right), rel=1e-5)


def test_it_learns_by_the_one_trainer_and_answers_as_it_was_taught(
    folder: Path, store: FeatureStore, tmp_path: Path
) -> None:
    base = shutil.copytree(folder, tmp_path / "ws" / "models" / folder.name)
    store = FeatureStore(shutil.copytree(store.root, tmp_path / "ws" / "features"))
    messages = tuple(
        Chapter(at, text) for at, text in ((10.0, "hello heron!"), (20.0, "it's a heron"), (30.0, "hello"))
    )
    asked = open_model(base, base.parent).task
    rows = [TaughtRow(row.encoded) for row in examples(asked, stream(), Reading(messages))]
    write_taught_rows(tmp_path / "train.parquet", rows)
    recipe = replace(LORA, method="full", learning_rate=3e-3, epochs=40.0, max_steps=60)
    trainer = make_trainer(
        tmp_path / "train.parquet", Start.of(base, base.parent), recipe, Card.read(base), tmp_path / "w"
    )
    model, log = run_trainer(trainer, tmp_path / "w")
    assert log[-1]["loss"] < 0.3 < log[0]["loss"]
    save(model, base.parent / "learnt", Card.read(base), {}, base)
    (answer,) = open_model(base.parent / "learnt", base.parent).answer([with_chat(stream(), messages)])
    assert [chapter.title for chapter in answer.chapters] == ["hello heron!", "it's a heron", "hello"]


def test_its_words_are_the_frequent_ones_in_the_same_order_each_time() -> None:
    texts = ["b b b a a c <EOS>", "d d a"]
    tokenizer = word_tokenizer(texts, 2, 7)
    assert [tokenizer.convert_ids_to_tokens(number) for number in range(len(tokenizer))] == [*SPECIAL, "Ġa", "Ġb", "Ġd"]
    assert word_tokenizer(reversed(texts), 2, 7).get_vocab() == tokenizer.get_vocab()
    ids = tokenizer.encode("a <EOS> z b", add_special_tokens=False, split_special_tokens=True)
    assert tokenizer.eos_token_id not in ids and ids[0] == 4 and ids[-1] == 5
    assert tokenizer.decode(tokenizer.encode("a b d")).strip() == "a b d"
    with pytest.raises(BadInput, match="no word is written 9 times"):
        word_tokenizer(texts, 9, 7)


def test_it_is_made_once_and_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    made = [make_word_model(tmp_path / name, SAID, PLAN) for name in ("one", "other")]
    assert made[0] == made[1] == verify(tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"], "nothing else is left"
    with pytest.raises(Refused, match="is not empty"):
        make_word_model(tmp_path / "one", SAID, PLAN)
    with pytest.raises(BadInput, match="multiple of 64"):
        make_word_model(tmp_path / "third", SAID, replace(PLAN, size=100))


def test_it_is_taken_for_a_day_0_and_not_for_one_that_watches(folder: Path, tmp_path: Path) -> None:
    check_model(folder, Card.read(folder))
    make_word_model(tmp_path / "mute", ["!"], PLAN, ["of a log"])
    assert vocabulary_chats(tmp_path / "mute") == {"of a log"} and not vocabulary_chats(tmp_path / "gone")
    check_model(tmp_path / "mute", Card.read(tmp_path / "mute"))
    with pytest.raises(BadInput, match="language model with connectors"):
        open_reader(folder, folder.parent)


def test_an_adapter_is_refused_before_anything_is_trained(folder: Path, tmp_path: Path) -> None:
    row = encode((Slot(),), [(Text("hello"),)], word_tokenizer(SAID, 1, 50))
    write_taught_rows(tmp_path / "train.parquet", [TaughtRow(row)])
    start, card = Start.of(folder, folder.parent), replace(Card.read(folder), form="adapter")
    with pytest.raises(BadInput, match=r"recipe use two-encoders"):
        make_trainer(tmp_path / "train.parquet", start, LORA, card, tmp_path / "work")


def test_rows_of_an_earlier_errata_have_no_averages() -> None:
    (span,) = frames_of({"frames": [{"modality": "video", "features": "f", "first": 0, "count": 2, "tokens": 1}]})
    assert (span.averaged, span.places) == (False, 2)
