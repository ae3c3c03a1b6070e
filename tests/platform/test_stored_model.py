"""A model that is kept has its name only once all of it is on disk: after a power cut it is whole, or not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from errata.inference.artefact import PARTIAL, move_model, seal, store_model


def model(folder: Path) -> Path:
    (folder / "within").mkdir(parents=True)
    for name in ("errata.json", "config.json", "within/more.json"):
        (folder / name).write_text("{}")
    seal(folder)
    return folder


@pytest.mark.parametrize("keep", [store_model, move_model])
def test_all_of_it_is_on_disk_before_it_has_its_name(
    keep: Callable[[Path, Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, made = tmp_path / "models", model(tmp_path / "made")
    models.mkdir()
    synced: dict[str, bool] = {}
    """By path, whether any model had its name by then."""

    def note(descriptor: int) -> None:
        named = any(folder.suffix != PARTIAL for folder in models.iterdir())
        synced[str(Path(f"/proc/self/fd/{descriptor}").readlink())] = named

    monkeypatch.setattr(os, "fsync", note)
    stored = models / keep(made, models)[:16]
    before = Path(min((path for path in synced if PARTIAL in path), key=len)) if keep is store_model else made
    parts = ["", *(str(path.relative_to(stored)) for path in stored.rglob("*"))]
    assert [synced.get(str(before / part)) for part in parts] == [False] * len(parts)
    assert synced[str(models)], "and then the name itself"
    assert keep(stored, models)[:16] == stored.name, "again changes nothing"
