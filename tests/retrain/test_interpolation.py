"""Between the champion and a candidate: of adapters their products, of full models their weights; chosen on dev."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.domain.roles import Role
from errata.inference.artefact import CARD, Card, seal, store_model, verify
from errata.inference.load import load as load_engine
from errata.inference.torch import load_model
from retrain.dev_choice import LEAST_ITEMS, DevItem, DevSet, choose, dev_items
from retrain.interpolation import interpolate, obstacle, refactor
from tests.made_up_model import familiar_talk, make_adapter, make_model
from tests.made_up_record import chapters, correction, talk

Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a base in it."""
    models = tmp_path_factory.mktemp("models")
    place = tmp_path_factory.mktemp("made") / "base"
    make_model(place)
    store_model(place, models)
    return models


@pytest.fixture(scope="module")
def base(models: Path) -> Path:
    return next(models.iterdir())


def adapter(base: Path, folder: Path, seed: int) -> Path:
    """Of rank 4, whose weights are drawn by `seed`."""
    from safetensors.torch import load_file, save_file

    make_adapter(folder, base, verify(base))
    torch.manual_seed(seed)
    weights = load_file(folder / "adapter_model.safetensors")
    save_file(
        {name: torch.randn_like(weight) for name, weight in weights.items()}, folder / "adapter_model.safetensors"
    )
    seal(folder)
    return folder


@pytest.fixture(scope="module")
def adapters(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The champion's and the candidate's."""
    place = tmp_path_factory.mktemp("adapters")
    return adapter(base, place / "champion", 1), adapter(base, place / "candidate", 2)


def added(base: Path, folder: Path) -> Weights:
    """What an adapter adds to its base's weights."""
    with_it, without = load_model(base, folder), load_model(base)
    before = dict(without.named_parameters())
    return {name: weight.detach() - before[name].detach() for name, weight in with_it.named_parameters()}


def nearest(weight: torch.Tensor, rank: int) -> torch.Tensor:
    u, values, v = torch.linalg.svd(weight, full_matrices=False)
    return (u[:, :rank] * values[:rank]) @ v[:rank]


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    inner=st.integers(1, 8),
    rank=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_a_product_is_refactored_to_the_nearest_of_its_rank(
    rows: int, columns: int, inner: int, rank: int, seed: int
) -> None:
    torch.manual_seed(seed)
    a, b = torch.randn(inner, columns, dtype=torch.double), torch.randn(rows, inner, dtype=torch.double)
    factor_a, factor_b, energies = refactor(a, b, rank)
    assert factor_a.shape == (rank, columns)
    assert factor_b.shape == (rows, rank)
    torch.testing.assert_close(factor_b @ factor_a, nearest(b @ a, rank))
    assert energies.sum().item() == pytest.approx((b @ a).square().sum().item())


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_adapters_are_interpolated_by_what_they_add(
    base: Path, models: Path, adapters: tuple[Path, Path], tmp_path: Path, alpha: float
) -> None:
    champion, candidate = adapters
    energy = interpolate(candidate, champion, alpha, tmp_path / "way", models)
    found, old, new = (added(base, folder) for folder in (tmp_path / "way", champion, candidate))
    assert any(weight.abs().max() > 1e-3 for weight in new.values())
    for name, weight in found.items():
        wanted = (1 - alpha) * old[name] + alpha * new[name]
        torch.testing.assert_close(weight, nearest(wanted, 4) if wanted.ndim == 2 else wanted, atol=1e-4, rtol=1e-3)
    assert energy is not None
    assert energy == pytest.approx(1.0) if alpha in (0, 1) else 0.5 < energy < 1
    assert json.loads((tmp_path / "way" / CARD).read_bytes())["alpha"] == alpha


def test_an_adapter_on_the_champion_itself_is_scaled(
    base: Path, models: Path, adapters: tuple[Path, Path], tmp_path: Path
) -> None:
    _, candidate = adapters
    assert interpolate(candidate, base, 0.5, tmp_path / "way", models) == pytest.approx(1.0)
    found, new = added(base, tmp_path / "way"), added(base, candidate)
    for name, weight in found.items():
        torch.testing.assert_close(weight, new[name] / 2, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("champion_is", ["full", "adapter"])
def test_full_models_are_interpolated_weight_by_weight(
    base: Path, models: Path, adapters: tuple[Path, Path], tmp_path: Path, champion_is: str
) -> None:
    make_model(tmp_path / "candidate", seed=5)
    champion = base if champion_is == "full" else adapters[0]
    assert interpolate(tmp_path / "candidate", champion, 0.25, tmp_path / "way", models) is None
    seal(tmp_path / "way")
    load_engine(tmp_path / "way", models)
    before = load_model(base) if champion_is == "full" else load_model(base, champion)
    found, new = load_model(tmp_path / "way"), dict(load_model(tmp_path / "candidate").named_parameters())
    old = dict(before.named_parameters())
    for name, weight in found.named_parameters():
        torch.testing.assert_close(weight, 0.75 * old[name] + 0.25 * new[name], atol=1e-6, rtol=1e-5)


def with_config(adapter: Path, place: Path, **changes: object) -> Path:
    shutil.copytree(adapter, place)
    path = place / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return place


def test_what_cant_be_interpolated_is_said(
    base: Path, models: Path, adapters: tuple[Path, Path], tmp_path: Path
) -> None:
    champion, candidate = adapters
    identity = verify(champion)
    assert not obstacle(candidate, champion, identity)
    assert not obstacle(candidate, base, verify(base))
    assert not obstacle(base, champion, identity)
    special = with_config(candidate, tmp_path / "special", use_dora=True)
    assert "DoRA" in obstacle(special, champion, identity)
    assert "champion's adapter isn't a plain one" in obstacle(candidate, special, identity)
    assert "on another model" in obstacle(candidate, base, "f" * 64)
    elsewhere = shutil.copytree(champion, tmp_path / "elsewhere")
    Card("inline", 256, form="adapter", base="f" * 64).write(elsewhere)
    assert "different models" in obstacle(candidate, elsewhere, identity)
    (tmp_path / "gguf").mkdir()
    Card("inline", 256, form="gguf").write(tmp_path / "gguf")
    assert "gguf" in obstacle(candidate, tmp_path / "gguf", identity)


TALK = familiar_talk("t")
ITEMS = [DevItem(TALK, chapters(0, 30))] * LEAST_ITEMS


@dataclass(frozen=True)
class GivenScores(DevSet):
    """Scores that are given, by the part of the way that a candidate's card names."""

    by_alpha: dict[float, float] = field(default_factory=dict)

    def f1(self, folder: Path) -> float:
        return self.by_alpha[alpha_of(folder)]


def alpha_of(candidate: Path) -> float:
    return float(json.loads((candidate / CARD).read_bytes()).get("alpha", 1.0))


def test_the_best_on_dev_becomes_the_candidate(
    base: Path, models: Path, adapters: tuple[Path, Path], tmp_path: Path
) -> None:
    champion = adapters[0]
    for name, f1, wanted in (
        ("between", {0.25: 10.0, 0.5: 30.0, 1.0: 20.0}, 0.5),
        ("trained", {0.25: 10.0, 0.5: 20.0, 1.0: 30.0}, 1.0),
        ("a tie", {0.25: 20.0, 0.5: 10.0, 1.0: 20.0}, 1.0),
    ):
        candidate = shutil.copytree(adapters[1], tmp_path / name)
        before = verify(candidate)
        dev = GivenScores(ITEMS, models, f1)
        choice = choose(candidate, (verify(champion), champion), sorted(f1), dev, tmp_path / "ways")
        assert (choice.alpha, choice.items, alpha_of(candidate)) == (wanted, LEAST_ITEMS, wanted)
        assert {score.alpha: score.f1 for score in choice.scores} == f1
        assert (verify(candidate) == before) == (wanted == 1.0)  # sealed again, or as it was
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a tie", "between", "trained"]


def test_nothing_is_chosen_on_too_few_items(models: Path, adapters: tuple[Path, Path], tmp_path: Path) -> None:
    champion, candidate = adapters[0], shutil.copytree(adapters[1], tmp_path / "candidate")
    choice = choose(candidate, (verify(champion), champion), [0.5, 1.0], DevSet(ITEMS[1:], models), tmp_path / "ways")
    assert choice.alpha == 1.0
    assert choice.obstacle == f"{LEAST_ITEMS - 1} items of dev, and at least {LEAST_ITEMS} are wanted"
    assert verify(candidate) == verify(adapters[1])


def test_a_way_is_scored_by_what_it_answers(base: Path, models: Path) -> None:
    assert 0 <= DevSet(ITEMS[:2], models).f1(base) <= 100


def test_dev_items_are_of_role_dev_and_unseen(record: Record) -> None:
    with record.write() as store:
        for name, role in (("one", "dev"), ("two", "dev"), ("late", "dev"), ("three", "train"), ("four", "anchor")):
            seq = store.transcripts.add(talk(name), cast(Role, role)).seq
            store.corrections.add(correction(seq, chapters(0, 30, by=name)))
            if name == "two":
                before_late = store.watermark()
        last = store.watermark()
    assert [item.transcript.external_id for item in dev_items(record, last, frozenset({talk("late").hash}))] == sorted(
        ["one", "two"], key=lambda name: talk(name).hash
    )
    assert {item.transcript.external_id for item in dev_items(record, before_late, frozenset())} == {"one", "two"}
    assert all(
        item.right == chapters(0, 30, by=item.transcript.external_id) for item in dev_items(record, last, frozenset())
    )
