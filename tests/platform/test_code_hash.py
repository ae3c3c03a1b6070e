"""Which code a night's results depend on: its hash is the checkout's own, wherever that lies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grimp
import pytest

from errata.loop.code_hash import PACKAGES, WITHOUT_EFFECT, code_hash
from tests.conftest import ROOT

SHOWING = {
    "errata.loop.candidate_choice",
    "errata.loop.night_runs",
    "errata.loop.publishing",
    "errata.loop.registering",
    "errata.loop.request_reconciler",
    "errata.loop.hand_moves",
    "errata.loop.mlflow_approvals",
    "errata.loop.drift_watch",
    "errata.loop.registry_check",
    "errata.loop.doctor",
    "errata.loop.clear_workspace",
    "errata.loop.seeds",
    "errata.loop.target_promotion",
    "registry.papers.model_card",
    "registry.papers.version_page",
    "registry.papers.release_history",
    "retrain.preflight_report",
}
"""Modules that say whom they took, show a night once it is decided, say what MLflow says, what has drifted, what came
of a request, what a model is, why a training doesn't begin, or why an export is held back."""
MAKING_TINY = {"retrain.tiny.making", "retrain.tiny.tiny_score"}
"""Those that made the embedded model, of the sample's sentences; no night runs them."""
SOURCES = [ROOT / "platform" / "errata", *(ROOT / name for name in PACKAGES[1:])]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The product's code as it is installed here, below folders that are called as what a hash leaves out."""
    checkout = tmp_path_factory.mktemp("errata") / "demo" / "cli" / "report"
    copies = []
    for source in SOURCES:
        copies.append(checkout / source.name)
        shutil.copytree(source, copies[-1], ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    return copies


@contextmanager
def edited(packages: list[Path], name: str) -> Iterator[None]:
    """Another line at the end of a file."""
    path = packages[0].parent / name
    before = path.read_text()
    path.write_text(before + "# another line\n")
    yield
    path.write_text(before)


def test_the_folders_above_a_checkout_say_nothing_of_its_code(packages: list[Path]) -> None:
    assert code_hash(packages) == code_hash()


@pytest.mark.parametrize(
    "name",
    [
        "errata/domain/chapter.py",
        "errata/loop/conclusion.py",
        "errata/operations/importing.py",
        "retrain/train.py",
        "retrain/alterations/sponsors.yaml",
        "evaluation/harness.py",
        "registry/gate.py",
    ],
)
def test_whatever_decides_counts(packages: list[Path], name: str) -> None:
    with edited(packages, name):
        assert code_hash(packages) != code_hash()


@pytest.mark.parametrize(
    "name",
    [
        "errata/cli/app.py",
        "errata/demo/days.py",
        "errata/loop/night_report.py",
        "evaluation/report/page.py",
    ],
)
def test_what_only_prints_or_shows_does_not(packages: list[Path], name: str) -> None:
    with edited(packages, name):
        assert code_hash(packages) == code_hash()


def test_two_files_that_change_places_are_other_code(packages: list[Path]) -> None:
    gate, policy = (packages[-1] / name for name in ("gate.py", "policy.py"))
    texts = gate.read_bytes(), policy.read_bytes()
    gate.write_bytes(texts[1])
    policy.write_bytes(texts[0])
    assert code_hash(packages) != code_hash()
    gate.write_bytes(texts[0])
    policy.write_bytes(texts[1])


def test_whatever_decides_uses_nothing_that_the_hash_leaves_out() -> None:
    """Else a change there could change a result unseen."""
    graph = grimp.build_graph(*PACKAGES)
    roots = [".".join(path.with_suffix("").parts) for path in WITHOUT_EFFECT]
    left_out = {module for root in roots for module in (root, *graph.find_descendants(root))}
    users = {user for module in left_out for user in graph.find_modules_that_directly_import(module)}
    assert users - left_out == SHOWING | MAKING_TINY
