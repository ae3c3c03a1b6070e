"""The files at the project's root that the wheel carries: `migrations/`, `dvc.yaml`, `params.yaml`."""

from __future__ import annotations

from pathlib import Path

import errata


def project_file(name: str) -> Path:
    """In an installed wheel they lie in `errata/_project/`, in a checkout at its root."""
    package = Path(errata.__file__).parent
    carried = package / "_project" / name
    return carried if carried.exists() else package.parents[1] / name


def embedded_model() -> Path:
    """The folder of errata-tiny, the sealed model that comes along."""
    return Path(errata.__file__).parent / "tiny"
