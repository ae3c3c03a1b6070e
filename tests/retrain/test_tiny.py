from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from errata.demo.material import load
from errata.inference.artefact import Card, verify
from errata.tasks.encode import IGNORED
from retrain.tiny import making
from retrain.tiny.making import Plan, batches, loss, make, make_model, make_tokenizer, talks
from retrain.tiny.muon import Muon, orthogonal
from retrain.tiny.tiny_score import score

SMALL = replace(Plan(), vocabulary=600, hidden=32, layers=1, heads=2, feed_forward=64, tokens=2_000)
SHIPPED = Path(__file__).parents[2] / "platform" / "errata" / "tiny"


@pytest.fixture(scope="module", autouse=True)
def few_talks() -> Iterator[None]:
    """As many as hold the few pieces of so small a vocabulary."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "TOKENIZER_TALKS", 60)
        yield


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer(SMALL)


def test_orthogonal_keeps_directions_and_evens_out_their_sizes() -> None:
    torch.manual_seed(0)
    for shape in ((24, 8), (8, 24), (16, 16)):
        matrix = torch.randn(shape)
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
        between = left.T @ orthogonal(matrix) @ right.T
        assert torch.allclose(between - between.diag().diag(), torch.zeros_like(between), atol=1e-4)
        evened = between.diag()
        assert evened.max() < 1.3
        assert evened.max() / evened.min() < sizes.max() / sizes.min()
        if shape[0] != shape[1]:  # five steps can't lift the near-zero directions that a square one may have
            assert evened.min() > 0.5


def test_muon_goes_downhill() -> None:
    torch.manual_seed(0)
    weight, goal = torch.nn.Parameter(torch.zeros(8, 4)), torch.randn(8, 4)
    optimiser = Muon([weight], lr=0.05)
    before = (weight - goal).square().sum().item()
    for _ in range(150):
        optimiser.zero_grad()
        torch.autograd.backward((weight - goal).square().sum())
        optimiser.step()
    assert (weight - goal).square().sum().item() < 0.2 * before


def test_it_learns_from_early_channels_alone() -> None:
    early = {channel.id for channel in load().early_channels()}
    for talk in islice(talks("any"), 50):
        assert talk.transcript.channel in early
        assert not any(span.fresh for span in talk.plan)


def test_short_windows_come_first_and_the_end_is_taught(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = [row for batch in batches(replace(SMALL, tokens=12_000), tokenizer) for row in batch]
    lengths = [len(row.input_ids) for row in rows]
    assert max(lengths[:5]) <= SMALL.short_context < max(lengths)
    assert max(lengths) <= SMALL.context
    assert all(row.labels[-1] == tokenizer.eos_token_id for row in rows)


def test_the_loss_counts_what_is_said_and_leaves_padding_out(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = next(batches(SMALL, tokenizer))
    model = make_model(SMALL, tokenizer).eval()
    together, _ = loss(model, batch, 0.0)
    apart = [loss(model, [row], 0.0)[0].item() for row in batch]
    counts = [sum(label != IGNORED for label in row.labels) for row in batch]
    mean = sum(one * count for one, count in zip(apart, counts, strict=True)) / sum(counts)
    assert together.item() == pytest.approx(mean, rel=1e-4)


def test_a_run_leaves_a_sealed_model_that_loads(tmp_path: Path) -> None:
    make(tmp_path / "model", SMALL)
    verify(tmp_path / "model")
    assert Card.read(tmp_path / "model") == Card(template="inline", context=SMALL.context)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert tokenizer.eos_token == "<|eos|>"
    assert tokenizer.chat_template is None
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "model").config.vocab_size == len(tokenizer)


def test_the_shipped_model_is_small_and_plain() -> None:
    verify(SHIPPED)
    files = {path.name: path.stat().st_size for path in SHIPPED.iterdir()}
    assert sum(files.values()) < 20e6
    assert {Path(name).suffix for name in files} == {".json", ".safetensors"}


def test_the_shipped_model_is_useful_and_has_the_house_style_to_learn() -> None:
    old, house = "as in the sample's first day", "the same, by the house style"
    rows = score(SHIPPED, 8, (old, house))
    assert rows[old].f1 > 60
    assert rows[house].f1 < rows[old].f1
