"""A `params.yaml` for tests: the project's own, but for what a test changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from errata.documents.file_names import PARAMS
from errata.project_files import project_file


def write_params(root: Path, **groups: dict[str, Any]) -> None:
    """Each of `groups` changes parameters of the group of its name."""
    params = yaml.safe_load(project_file(PARAMS).read_text())
    for name, changes in groups.items():
        params[name] |= changes
    (root / PARAMS).write_text(yaml.safe_dump(params))
