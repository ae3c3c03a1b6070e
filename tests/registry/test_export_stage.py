"""The stage that makes the exports: what it makes, what it leaves of an earlier run, and who may fail."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.params import Target
from errata.documents.parity import UnbuiltExports
from errata.errors import Unavailable
from errata.inference.artefact import Card, original_of, verify
from errata.project_files import project_file
from errata.settings import FILE
from errata.workspace import Workspace
from registry.export import __main__ as stage
from registry.export.targets import EXPORT_TARGETS, ExportSource, ExportTarget, export_anew


@pytest.fixture
def place(record: Record, tmp_path: Path, adapter: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a candidate, where the stage runs."""
    (tmp_path / FILE).touch()
    params = project_file("params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(params.replace("[server, device]", "[server, gguf]"))
    shutil.copytree(adapter, tmp_path / "candidate")
    (tmp_path / "models").symlink_to(models, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails(source: ExportSource, out: Path) -> str:
    raise Unavailable(f"{source.server.name} can't be made into {out.name}; leave it out")


def with_failing(name: str) -> dict[str, ExportTarget]:
    rows = {key: dataclasses.replace(row, build=fails) if key == name else row for key, row in EXPORT_TARGETS.items()}
    return rows


def test_the_base_and_what_is_named_are_made(place: Path) -> None:
    (place / "exports" / "device").mkdir(parents=True)
    (place / "exports" / "device" / "old").touch()
    stage.main()
    made = place / "exports"
    assert {path.name for path in made.iterdir()} == {"server", "gguf", "unbuilt.json"}
    assert (Card.read(made / "server").form, Card.read(made / "gguf").form) == ("full", "gguf")
    assert UnbuiltExports.read(made).problems == {}


def test_a_target_that_can_t_be_made_is_noted_and_leaves_nothing_of_an_earlier_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "exports" / "gguf").mkdir(parents=True)
    (place / "exports" / "gguf" / "old").touch()
    monkeypatch.setattr(stage, "EXPORT_TARGETS", with_failing("gguf"))
    stage.main()
    assert {path.name for path in (place / "exports").iterdir()} == {"server", "unbuilt.json"}
    why = "server can't be made into gguf; leave it out"
    assert UnbuiltExports.read(place / "exports").problems == {"gguf": why}
    assert f"gguf is held back, since it can't be made: {why}" in capsys.readouterr().err


def test_without_the_base_the_stage_fails(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "EXPORT_TARGETS", with_failing("server"))
    with pytest.raises(Unavailable, match="can't be made into server"):
        stage.main()
    assert not (place / "exports" / "unbuilt.json").exists()


def test_an_export_by_hand_is_the_night_s(place: Path) -> None:
    stage.main()
    (place / "out").mkdir()
    names: tuple[Target, ...] = ("server", "gguf")
    for name in names:
        identity = export_anew(Workspace.find(place), name, place / "candidate", place / "out" / name)
        assert identity == verify(place / "exports" / name)
        assert original_of(place / "out" / name) == verify(place / "candidate")
    assert {path.name for path in (place / "out").iterdir()} == {"server", "gguf"}


def test_a_whole_model_has_no_adapter_to_export_and_the_others_are_made(place: Path, base: Path) -> None:
    params = (place / "params.yaml").read_text(encoding="utf-8")
    (place / "params.yaml").write_text(params.replace("[server, gguf]", "[adapter, gguf]"))
    shutil.rmtree(place / "candidate")
    shutil.copytree(base, place / "candidate")
    stage.main()
    assert {path.name for path in (place / "exports").iterdir()} == {"server", "gguf", "unbuilt.json"}
    [(target, why)] = UnbuiltExports.read(place / "exports").problems.items()
    assert (target, "is a whole model, and no adapter" in why) == ("adapter", True)
