"""Rows that name frames: their labels, their loss equal to one by hand, and a training that learns to speak in time."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy

from errata.errors import BadInput, NotFound
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import CONNECTORS, Card, verify
from errata.inference.connector import Connectors, attach, connectors_of, load_connectors, spliced, vectors_of
from errata.inference.torch import load_model
from errata.tasks.encode import IGNORED, PLACEHOLDERS, Encoded, encode
from errata.tasks.prompt import Control, Frames, Slot, Text
from evaluation.metrics.streaming import Silence, StreamScore
from evaluation.stream_scores import score_streams, turns_of
from retrain.backends.start import Start
from retrain.objectives.frame_weight import FrameWeight, balanced, frame_labels
from retrain.objectives.sft import SftObjective
from retrain.row_collator import RowCollator
from retrain.saving import save
from retrain.taught_rows import TaughtRows, taught_table, write_taught_rows
from retrain.trainer import make_trainer, run_trainer
from tests.made_up_model import make_model, make_tokenizer
from tests.made_up_recipe import LORA
from tests.made_up_stream import SIZE, TOKENS, VIDEO, make_watching_model, taught_stream, watch

SEEN = PLACEHOLDERS["video"]
RECIPE = replace(LORA, max_steps=30, epochs=20.0, learning_rate=1e-2, rank=16, alpha=32)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watching") / "model"
    make_watching_model(folder)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve streams of three scenes, and the vectors that they name beside them."""
    folder = tmp_path_factory.mktemp("rows")
    store, random = FeatureStore(folder / "features"), Random(3)
    streams = [[random.randrange(4) for _ in range(3)] for _ in range(12)]
    shown = [[colour for colour in stream for _ in range(random.randrange(1, 4))] for stream in streams]
    write_taught_rows(folder / "train.parquet", [taught_stream(watch(store, colours), colours) for colours in shown])
    return folder / "train.parquet"


def card(base: Path) -> Card:
    return replace(Card.read(base), form="adapter", base=verify(base))


# Labels


def test_silence_is_taught_after_each_frame_but_the_one_where_the_model_speaks() -> None:
    tokenizer = make_tokenizer(spaced=False)
    prompt = (Control("so"), Frames("video", "k", 0, 3, 2, silence=True), Slot(), Frames("video", "k", 3, 2, 2, True))
    found = encode(prompt, [(Text("soil"), Control("\n"))], tokenizer)
    so, reply = tokenizer.encode("so"), tokenizer.encode("soil") + tokenizer.encode("\n")
    end, none = tokenizer.eos_token_id, IGNORED
    assert found.input_ids == (*so, *[SEEN] * 6, *reply, *[SEEN] * 4, end)
    # a label stands where the next token does: after frames 1 and 2 silence, after frame 3 the reply's first token
    assert found.labels == (*[none] * len(so), none, none, end, none, end, none, *reply, none, none, end, none, end)
    assert [span.first for span in found.frames] == [0, 3]


def test_words_that_are_heard_follow_a_frame_that_is_met_with_silence() -> None:
    tokenizer = make_tokenizer(spaced=False)
    prompt = (Frames("video", "k", 0, 1, 1, silence=True), Text("soil"), Frames("audio", "k", 0, 1), Slot())
    found = encode(prompt, [(Control("\n"),)], tokenizer)
    heard = tokenizer.encode("soil")
    line = tokenizer.encode("\n")
    assert found.input_ids == (SEEN, *heard, PLACEHOLDERS["audio"], *line, tokenizer.eos_token_id)
    silent = tokenizer.eos_token_id
    assert found.labels == (IGNORED, silent, *[IGNORED] * len(heard), *line, tokenizer.eos_token_id)


def test_words_never_spell_a_placeholder() -> None:
    tokenizer = make_tokenizer()
    text = encode((Text("<video> -1 <|image|> <v>"), Slot()), [(Control("\n"),)], tokenizer)
    assert min(text.input_ids) >= 0


def test_rows_come_back_from_disk_with_their_frames(rows: Path, tmp_path: Path) -> None:
    taught = TaughtRows(rows)
    assert all(taught[number].encoded.frames for number in range(len(taught)))
    write_taught_rows(tmp_path / "again.parquet", [taught[number] for number in range(len(taught))])
    assert [TaughtRows(tmp_path / "again.parquet")[n] for n in range(len(taught))] == [
        taught[n] for n in range(len(taught))
    ]


# The splice


def test_projections_stand_where_placeholders_do() -> None:
    torch.manual_seed(0)
    embedding, connectors = torch.nn.Embedding(9, 4), Connectors((replace(VIDEO, size=3),), 4)
    vectors = torch.randn(3, 3)
    found = spliced(embedding, connectors, torch.tensor([[5, SEEN, 7], [SEEN, SEEN, 2]]), {"video": vectors})
    by_hand = connectors("video", vectors)
    torch.testing.assert_close(found[0, 1], by_hand[0])
    torch.testing.assert_close(found[1, :2], by_hand[1:])
    torch.testing.assert_close(found[0, 0], embedding.weight[5])
    first, _, last = connectors.by_modality["video"]
    torch.testing.assert_close(by_hand, last(torch.nn.functional.gelu(first(vectors))))


@pytest.mark.parametrize(("placeholders", "vectors"), [(4, 3), (2, 3), (0, 1), (2, 0)])
def test_as_many_placeholders_as_vectors(placeholders: int, vectors: int) -> None:
    connectors = Connectors((VIDEO,), 4)
    ids = torch.tensor([[1, *[SEEN] * placeholders]])
    given = {"video": torch.zeros(vectors, SIZE)} if vectors else {}
    with pytest.raises(BadInput, match=f"{placeholders} placeholders stand for video, and there are {vectors} vectors"):
        spliced(torch.nn.Embedding(9, 4), connectors, ids, given)


def test_what_no_connector_takes() -> None:
    connectors = Connectors((VIDEO,), 4)
    with pytest.raises(BadInput, match="no connector for audio"):
        spliced(
            torch.nn.Embedding(9, 4), connectors, torch.tensor([[PLACEHOLDERS["audio"]]]), {"audio": torch.zeros(1, 9)}
        )
    with pytest.raises(BadInput, match="takes vectors of 6 numbers, and these have 9"):
        spliced(torch.nn.Embedding(9, 4), connectors, torch.tensor([[SEEN]]), {"video": torch.zeros(1, 9)})
    with pytest.raises(BadInput, match="no connector for video"):
        spliced(torch.nn.Embedding(9, 4), None, torch.tensor([[SEEN]]), {"video": torch.zeros(1, 6)})


def test_a_vector_takes_the_places_that_the_prompt_has_for_it(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    key = watch(store, [0, 1])
    assert vectors_of([Frames("video", key, 0, 2, TOKENS)], store)["video"].shape == (4, SIZE)
    with pytest.raises(BadInput, match="takes 2 places, and the prompt has 1"):
        vectors_of([Frames("video", key, 0, 2, 1)], store)


# The loss


class Fixed(torch.nn.Module):
    """A model that says the same whatever it reads."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(logits)
        self.embedding = torch.nn.Embedding(4, 4)
        self.connectors = Connectors((VIDEO,), 4)

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.embedding

    def forward(self, inputs_embeds: torch.Tensor, logits_to_keep: torch.Tensor, use_cache: bool) -> Any:
        from transformers.modeling_outputs import CausalLMOutput

        return CausalLMOutput(logits=self.logits[None, logits_to_keep])


def test_the_loss_is_the_one_by_hand() -> None:
    """Token 3 is silence. Two frames, of which the second is followed by the word 1, then 2 ends the reply."""
    probabilities = torch.tensor(
        [[0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4], [0.1, 0.5, 0.2, 0.2], [0.2, 0.2, 0.5, 0.1], [0.25] * 4]
    )
    inputs = {
        "input_ids": torch.tensor([[0, SEEN, SEEN, 1, 2]]),
        "labels": torch.tensor([[IGNORED, IGNORED, 3, 1, 2]]),
        "vectors": {"video": torch.zeros(2, SIZE)},
    }
    model = Fixed(probabilities.log())
    items = 3

    def loss(frames: FrameWeight | None) -> float:
        return SftObjective(frame_weight=frames).loss(model, inputs, items).item()

    silent, word, ending = -log(0.4), -log(0.5), -log(0.5)
    assert loss(None) == pytest.approx((silent + word + ending) / 3)
    assert loss(FrameWeight(3, 2.0, 2.0)) == pytest.approx((2 * silent + 2 * word + ending) / 3)
    assert loss(FrameWeight(3, 0.5, 1.5)) == pytest.approx((0.5 * silent + 1.5 * word + ending) / 3)
    inputs["weight"] = torch.tensor([3.0])
    assert loss(FrameWeight(3, 2.0, 2.0)) == pytest.approx(3 * (2 * silent + 2 * word + ending) / 3)


def test_it_is_cross_entropy_over_all_logits_of_a_real_model(base: Path, rows: Path) -> None:
    trainer = make_trainer(rows, Start.of(base, base.parent), RECIPE, card(base), rows.parent / "unused")
    row = trainer.train_dataset[0]
    inputs = trainer.data_collator([row])
    model = trainer.model.eval()
    ids, labels = inputs["input_ids"], inputs["labels"]
    read = spliced(model.get_input_embeddings(), connectors_of(model), ids, inputs["vectors"])
    each = cross_entropy(
        model(inputs_embeds=read).logits[0, :-1], labels[0, 1:], ignore_index=IGNORED, reduction="none"
    )
    after_frames = (ids[0, :-1] == SEEN).float()
    items = int((labels[0, 1:] != IGNORED).sum())
    found = SftObjective(frame_weight=FrameWeight(1, 3.0, 3.0)).loss(model, inputs, items)
    assert found.item() == pytest.approx((each * (1 + 2 * after_frames)).sum().item() / items, abs=1e-5)


def test_class_balance() -> None:
    assert balanced(90, 10, 0.0) == (1.0, 1.0)
    assert balanced(5, 0, 0.9) == (1.0, 1.0)
    silent, spoken = balanced(3, 1, 0.5)  # (1 − β) / (1 − βⁿ) is 4/7 and 1
    assert (silent, spoken) == (pytest.approx(2 * (4 / 7) / (11 / 7)), pytest.approx(2 / (11 / 7)))
    silent, spoken = balanced(900, 100, 0.999999)
    assert 900 * silent == pytest.approx(100 * spoken, rel=1e-3)


def test_labels_after_frames_are_counted(rows: Path, tmp_path: Path) -> None:
    key = watch(FeatureStore(tmp_path), [0, 0, 1, 1, 1])
    table = taught_table([taught_stream(key, [0, 0, 1, 1, 1])])
    silence = make_tokenizer().eos_token_id
    assert frame_labels(table, silence) == (4, 1)
    weighed = FrameWeight.of(replace(RECIPE, stream_loss_weight=2.0, silence_balance=0.5), table, silence)
    by_class = balanced(4, 1, 0.5)
    assert weighed == FrameWeight(silence, 2 * by_class[0], 2 * by_class[1])
    assert FrameWeight.of(RECIPE, table, silence) is None


# The training


@pytest.fixture(scope="module")
def trained(base: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """The folder of what was trained, and each step's loss."""
    folder = tmp_path_factory.mktemp("trained")
    trainer = make_trainer(rows, Start.of(base, base.parent), RECIPE, card(base), folder / "work")
    model, log = run_trainer(trainer, folder / "work")
    save(model, folder / "model", card(base), {}, base)
    return folder / "model", [entry["loss"] for entry in log]


def test_it_learns_and_so_does_its_connector(base: Path, trained: tuple[Path, list[float]]) -> None:
    folder, losses = trained
    assert sum(losses[-4:]) < 0.5 * sum(losses[:4])
    before, after = load_file(base / CONNECTORS), load_file(folder / CONNECTORS)
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before)
    assert verify(folder)
    assert Card.read(folder).senses == (VIDEO,)
    assert all("connector" not in name for name in load_file(folder / "adapter_model.safetensors"))


def test_a_training_that_is_cut_short_ends_where_a_whole_one_does(base: Path, rows: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, max_steps=6)

    def run(name: str, stop: int | None = None) -> dict[str, torch.Tensor]:
        from transformers import TrainerCallback

        class Stop(TrainerCallback):
            def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
                control.should_training_stop |= state.global_step == stop

        trainer = make_trainer(rows, Start.of(base, base.parent), recipe, card(base), tmp_path / name)
        trainer.add_callback(Stop())
        model, _ = run_trainer(trainer, tmp_path / name)
        return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}

    whole = run("whole")
    assert any("connectors" in name for name in whole)
    run("cut", stop=4)
    resumed = run("cut")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_frames_where_they_can_not_be_taken(base: Path, rows: Path, tmp_path: Path) -> None:
    start = Start.of(base, base.parent)
    with pytest.raises(BadInput, match="names no senses"):
        make_trainer(rows, start, RECIPE, replace(card(base), senses=()), tmp_path)
    with pytest.raises(BadInput, match="compares answers to words alone"):
        make_trainer(rows, start, replace(RECIPE, objective="sft+dpo"), card(base), tmp_path)
    with pytest.raises(BadInput, match="unsloth reads words alone"):
        make_trainer(rows, start, replace(RECIPE, backend="unsloth"), card(base), tmp_path)
    collator = RowCollator(lambda _: {}, FeatureStore(tmp_path / "elsewhere"))
    with pytest.raises(NotFound, match="extract them again"):
        collator([{**TaughtRows(rows).table.slice(0, 1).to_pylist()[0]}])


def test_connectors_that_are_missing_or_of_another_model(base: Path, tmp_path: Path) -> None:
    make_model(tmp_path / "blind")
    model = load_model(tmp_path / "blind")
    with pytest.raises(NotFound, match="can't be loaded"):
        load_connectors(tmp_path / "blind", model, (VIDEO,))
    with pytest.raises(NotFound, match="size mismatch"):
        load_connectors(base, model, (replace(VIDEO, size=7),))


# The scores


def test_turns_end_with_their_reply() -> None:
    seen, end = PLACEHOLDERS["video"], 9
    row = Encoded(
        (5, seen, seen, 1, 2, seen, 3, seen, seen, end),
        (IGNORED, IGNORED, end, 1, 2, IGNORED, 3, IGNORED, end, end),
    )
    first, second, third = turns_of(row)
    assert (first.begin, first.frames, first.reply) == (0, (1, 2), (3,))
    assert (second.begin, second.frames, second.reply) == (5, (5,), ())  # a reply of one token
    assert (third.begin, third.frames, third.reply) == (7, (7, 8), ())


def test_training_makes_it_speak_in_time(base: Path, rows: Path, trained: tuple[Path, list[float]]) -> None:
    store, taught = FeatureStore(rows.parent / "features"), TaughtRows(rows)
    encoded = [taught[number].encoded for number in range(6)]
    silence = Silence(make_tokenizer().eos_token_id)

    def score(model: Any, folder: Path) -> StreamScore:
        attach(model, load_connectors(folder, model, (VIDEO,)))
        return score_streams(model, encoded, store, silence, fps=1.0)

    before, after = score(load_model(base), base), score(load_model(base, trained[0]), trained[0])
    assert after.perplexity is not None
    assert before.perplexity is not None
    assert after.perplexity < before.perplexity / 5
    assert (after.fluency or 0) > (before.fluency or 0) + 0.3
    assert (after.silence_recall or 0) > 0.7
    assert (after.time_diff or 0) < (before.time_diff or 0)


# Causality


def test_what_is_said_up_to_a_time_does_not_change_with_what_comes_after(
    trained: tuple[Path, list[float]], base: Path, tmp_path: Path
) -> None:
    folder, _ = trained
    model = load_model(base, folder)
    connectors = load_connectors(folder, model, (VIDEO,))
    store, random = FeatureStore(tmp_path), np.random.default_rng(1)

    def logits(colours: list[int]) -> tuple[tuple[int, ...], torch.Tensor]:
        row = taught_stream(watch(store, colours), colours).encoded
        read = spliced(
            model.get_input_embeddings(), connectors, torch.tensor([row.input_ids]), vectors_of(row.frames, store)
        )
        return row.input_ids, model(inputs_embeds=read).logits[0]

    for _ in range(5):
        begin = random.integers(0, 4, 6).tolist()
        one, other = (logits([*begin, *random.integers(0, 4, 6).tolist()]) for _ in range(2))
        same = len(taught_stream(watch(store, begin), begin).encoded.input_ids) - 1
        assert one[0][:same] == other[0][:same]
        torch.testing.assert_close(one[1][:same], other[1][:same], atol=1e-5, rtol=1e-5)
