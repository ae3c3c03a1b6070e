"""The folder that a running loop owns, its settings, and the night that its stages read."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.night import Night
from errata.errors import BadInput, NotFound, Unavailable
from errata.files import write_atomically, write_json
from errata.settings import FILE, read_settings
from errata.workspace import Workspace

NIGHT = Night("2026-03-01", 10, 20, "a" * 64, "b" * 64, 5, "", 0, "c" * 64)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ERRATA_DATABASE_URL", "ERRATA_MLFLOW_URI", "ERRATA_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.create(tmp_path_factory.mktemp("place") / "new" / "workspace")


def commits(root: Path) -> list[str]:
    done = subprocess.run(["git", "log", "--format=%s"], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found if "errata.db" not in path.name}


def test_a_workspace_has_all_that_a_night_needs(laid_out: Workspace) -> None:
    assert {FILE, "dvc.yaml", "params.yaml", ".gitignore", ".dvc/config"} <= set(files(laid_out.root))
    assert Workspace.find(laid_out.root) == laid_out
    assert laid_out.params().train.method == "lora"
    with laid_out.record.read() as store:
        assert store.watermark() == 0


def test_laying_it_out_again_completes_it_and_changes_nothing_else(laid_out: Workspace) -> None:
    (laid_out.root / "params.yaml").write_text("mix: {least: 3}\n")
    laid_out.commit("Our own parameters")
    kept, history = files(laid_out.root), commits(laid_out.root)
    assert history == ["Our own parameters", "Lay out the workspace"]
    assert Workspace.create(laid_out.root) == laid_out
    assert files(laid_out.root) == kept
    assert commits(laid_out.root) == history
    (laid_out.root / ".gitignore").unlink()
    Workspace.create(laid_out.root)
    assert files(laid_out.root) == kept


def test_what_can_be_made_again_is_not_committed(laid_out: Workspace) -> None:
    with laid_out.record.write() as store:
        store.nights.begin("2026-03-01", 0, 0)
    for name in ("models/m/model.safetensors", "work/checkpoints/k/optimizer.pt", "candidate/x", "rejects/r.jsonl"):
        write_atomically(laid_out.root / name, "x")
    before = commits(laid_out.root)
    laid_out.commit("Nothing to see")
    assert commits(laid_out.root) == before


def test_a_folder_that_is_none_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"errata init {tmp_path}"):
        Workspace.find(tmp_path)


def test_a_tool_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(Unavailable, match="git"):
        Workspace(tmp_path).commit("x")


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", ""])
def test_parameters_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadInput, match=r"params\.yaml"):
        Workspace(tmp_path).params()


def test_settings_come_from_the_file_and_the_environment_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = read_settings(tmp_path)
    assert default.database_url == f"sqlite:///{tmp_path / 'errata.db'}"
    assert default.mlflow_uri == f"sqlite:///{tmp_path / 'mlflow.db'}"
    (tmp_path / FILE).write_text('database_url = "sqlite:///here.db"\nmodel_name = "ours"\n')
    monkeypatch.setenv("ERRATA_MODEL_NAME", "theirs")
    found = read_settings(tmp_path)
    assert (found.database_url, found.model_name) == (f"sqlite:///{tmp_path / 'here.db'}", "theirs")
    assert found.mlflow_uri == default.mlflow_uri


@pytest.mark.parametrize(
    ("text", "said"), [("database_ulr = 'x'", "database_ulr"), ("model_name = 3", "model_name"), ("= what", "TOML")]
)
def test_settings_that_are_none_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadInput, match=said):
        read_settings(tmp_path)


def test_a_night_is_read_back_and_written_the_same_every_time(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="errata nightly"):
        Night.read(tmp_path)
    NIGHT.write(tmp_path)
    first = (tmp_path / "night.yaml").read_bytes()
    assert Night.read(tmp_path) == NIGHT
    replace(NIGHT, gate_watermark=21).write(tmp_path)
    assert Night.read(tmp_path) != NIGHT
    NIGHT.write(tmp_path)
    assert (tmp_path / "night.yaml").read_bytes() == first


def test_a_label_that_looks_like_a_date_stays_text(tmp_path: Path) -> None:
    for label in ("2026-03-01", "12", "null", "day one: again"):
        replace(NIGHT, label=label).write(tmp_path)
        assert Night.read(tmp_path).label == label


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "values.json"
    write_json(path, {"b": 1, "a": "ä"})
    first = path.read_bytes()
    with pytest.raises(ValueError):
        write_json(path, {"a": float("nan")})
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "half a character: \ud800")
    assert path.read_bytes() == first
    write_json(path, {"a": "ä", "b": 1})
    assert path.read_bytes() == first
