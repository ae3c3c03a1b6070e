"""A large model on a CPU is asked less, and answers the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import DynamicCache, Gemma2Config, Gemma2ForCausalLM

from errata.domain.transcript import Segment, Transcript
from errata.inference.growing_cache import SPARE, growing_cache
from errata.inference.head import HeadRows, WholeLogits, is_plain
from errata.inference.model import LoadedModel
from errata.inference.torch import TorchEngine
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.template import Reading
from tests.made_up_model import SAID, make_model


def talk(name: str, lines: int = 12) -> Transcript:
    texts = (" ".join(SAID[(ord(name) + line) % 9 : (ord(name) + line) % 9 + 6]) for line in range(lines))
    return Transcript(name, tuple(Segment(9.0 * n, 9.0 * n + 8, text) for n, text in enumerate(texts)), 9.0 * lines)


TALKS = [talk("a", 8), talk("b", 20), talk("c"), talk("d", 5)]


def answers(folder: Path, template: str) -> tuple[bool, list[Reading]]:
    engine = TorchEngine(folder)
    task = ChapterTask(templates.find(template), engine.tokenizer, 512)
    return engine.by_rows, LoadedModel(engine, task).answer(TALKS)


@pytest.mark.parametrize("template", ["indexed", "inline"])
def test_a_large_model_answers_as_if_it_were_small(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path, template, context=512)
    by_rows, whole = answers(tmp_path, template)
    assert not by_rows and any(reading.chapters for reading in whole)
    monkeypatch.setattr("errata.inference.torch.SMALL", 0)
    assert answers(tmp_path, template) == (True, whole)


def test_rows_of_a_head_say_what_all_of_it_says() -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(5, 16), torch.nn.Linear(16, 200)
    whole, rows = WholeLogits(head(hidden).detach()), HeadRows(hidden, head.weight.detach(), head.bias.detach())
    draw = np.random.default_rng(0)
    for place in range(5):
        for share in (0.02, 0.1, 0.9):
            allowed = draw.random(200) < share
            allowed[draw.integers(200)] = True
            some, every = rows.pick(place, allowed), whole.pick(place, allowed)
            assert some.token == every.token
            assert some.log_probability == pytest.approx(every.log_probability, abs=1e-5)
    assert rows.odds(3, 70) == pytest.approx(whole.odds(3, 70), abs=1e-5)


def test_a_head_that_caps_its_logits_is_asked_whole() -> None:
    config = Gemma2Config(
        vocab_size=60,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        initializer_range=1.0,
    )
    capped = Gemma2ForCausalLM(config).eval()
    assert not is_plain(capped)
    capped.config.final_logit_softcapping = None
    assert is_plain(capped)


def test_buffers_that_grow_hold_what_was_read_and_not_taken_back() -> None:
    torch.manual_seed(0)
    grown, copied = growing_cache(), DynamicCache()
    for count in (7, 1, 1, SPARE, 3, 2 * SPARE, 1):
        keys, values = torch.randn(1, 2, count, 4), torch.randn(1, 2, count, 4)
        kept = [torch.cat(cache.update(keys, values, 0)) for cache in (grown, copied)]
        assert torch.equal(*kept)
        if count > 2:
            for cache in (grown, copied):
                cache.crop(-2)
    assert grown.get_seq_length() == copied.get_seq_length()
