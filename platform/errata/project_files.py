"""The files at the project's root that the wheel carries: `migrations/`, `dvc.yaml`, `params.yaml`."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def project_file(name: str) -> Path:
    """In an installed wheel they lie in `errata/_project/`, in a checkout at its root."""
    carried = PACKAGE / "_project" / name
    return carried if carried.exists() else PACKAGE.parents[1] / name


def embedded_model() -> Path:
    """The folder of errata-tiny, the sealed model that comes along."""
    return PACKAGE / "tiny"
