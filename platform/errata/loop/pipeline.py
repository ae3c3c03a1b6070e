"""DVC's own files in a workspace: whether `dvc.yaml` makes what a night needs, and `dvc.lock` can be read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errata.documents import file_names as names
from errata.documents.document import read_yaml
from errata.errors import BadInput
from errata.project_files import project_file

NEEDED = (
    names.SNAPSHOT,
    names.CURATED,
    names.AUGMENTED,
    names.MIXTURE,
    names.CANDIDATE,
    names.SCORES,
    names.EXPORTS,
    names.PARITY_FOLDER,
)
"""What a night copies or passes on: if no stage made it anew, an earlier night's would be taken for tonight's."""


def check_pipeline(root: Path) -> None:
    """Raises NotFound where there is no `dvc.yaml`, and BadInput where it can't be read or a stage is missing."""
    path = root / names.PIPELINE
    own = shlex.join(["cp", str(project_file(names.PIPELINE)), str(path)])
    remedy = f"copy the project's own over it: {own}"
    pipeline = read_yaml(path, remedy)
    try:
        outputs = {name for stage in pipeline["stages"].values() for name in _outputs(stage)}
    except (AttributeError, LookupError, TypeError) as error:
        raise BadInput(f"{path} has no stages as DVC has them; {remedy}") from error
    missing = [folder.as_posix() for folder in NEEDED if folder.as_posix() not in outputs]
    if missing:
        raise BadInput(f"{path} has no stage that makes {', '.join(missing)}; {remedy}")


def _outputs(stage: dict[str, Any]) -> Iterator[str]:
    for output in stage.get("do", stage).get("outs", ()):  # `do`: of a stage that is made for each of a list
        yield from (output if isinstance(output, dict) else (output,))


def is_whole_lock(path: Path) -> bool:
    """Whether DVC can read a `dvc.lock`; where there is none, there is nothing that it couldn't."""
    if not path.exists():
        return True
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(read_yaml(path, ""))
    except (BadInput, Invalid):
        return False
    return True
