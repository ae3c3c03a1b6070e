"""A hash of the installed code that a night's results depend on: other code may give other results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePath

from errata.domain.hashing import content_hash, sha256

PACKAGES = ("errata", "retrain", "evaluation", "registry")
WITHOUT_EFFECT = (
    PurePath("errata/browser"),
    PurePath("errata/cli"),
    PurePath("errata/client.py"),
    PurePath("errata/demo"),
    PurePath("errata/loop/night_comment.py"),
    PurePath("errata/loop/night_report.py"),
    PurePath("errata/loop/page_delivery.py"),
    PurePath("errata/loop/sample_days.py"),
    PurePath("errata/service"),
    PurePath("errata/wording"),
    PurePath("evaluation/report"),
    PurePath("registry/export/browser_page.py"),
)
"""What no result depends on: how it is printed, shown and served, and the sample data. Nothing that decides uses it."""


def code_hash(packages: Iterable[Path] | None = None) -> str:
    """Of the folders `packages`, by default those that are installed, whatever the folders above them are called."""
    roots = _package_folders() if packages is None else packages
    hashes = {name: sha256(path.read_bytes()) for root in roots for name, path in _deciding_files(root)}
    return content_hash(hashes)[:16]


def _package_folders() -> list[Path]:
    specs = [find_spec(name) for name in PACKAGES]
    return [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]


def _deciding_files(root: Path) -> Iterator[tuple[str, Path]]:
    """The package's files that results depend on, by their names from its root on."""
    words = root.glob("alterations/*.yaml")  # that alterations put into rows
    for path in sorted([*root.rglob("*.py"), *words]):
        name = PurePath(root.name, *path.relative_to(root).parts)
        if not any(name.is_relative_to(left_out) for left_out in WITHOUT_EFFECT):
            yield name.as_posix(), path
