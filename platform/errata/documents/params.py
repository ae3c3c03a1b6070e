"""`params.yaml`: what a team may set of its pipeline. Read here and nowhere else.

A default stands where a parameter came to be after workspaces had been made, so that those still open; the file that
`errata init` lays out has every one, with what it is for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from annotated_types import Gt, Le

from errata.documents.judge_params import NO_JUDGES, JudgesParams, judges_of
from errata.errors import BadInput

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Share = Annotated[float, Gt(0), Le(1)]
Target = Literal["server", "device"]
TARGETS: tuple[Target, ...] = get_args(Target)
Precision = Literal["int4", "int8"]


@dataclass(frozen=True, slots=True)
class CurateParams:
    """How much one reviewer may put into one night, as shares of the rows that are new to it."""

    reviewer_share: Share
    probation_share: Share
    """The same for a reviewer on probation."""


@dataclass(frozen=True, slots=True)
class AugmentParams:
    share: float
    """Altered copies, as a share of the rows."""
    seed: int


@dataclass(frozen=True, slots=True)
class MixParams:
    replay: float
    """Rows that the starting model has trained on, for each new one."""
    least: int
    """With fewer rows than this, a night trains nothing."""
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`train`: how the candidate is made."""

    backend: Literal["transformers", "unsloth"]
    method: Literal["lora", "qlora", "full"]
    start: Literal["champion", "base"]
    rank: int
    alpha: int
    learning_rate: float
    epochs: float
    max_steps: int = 200
    """However many rows there are: bounds what a night costs."""
    border_weight: float = 2.0
    """Of the label that says "a chapter begins", where the template has a token for it; others weigh 1."""
    batch: int
    """Rows a step; they pass one at a time, so that none is padded."""
    warmup: float
    """Share of the steps."""
    seed: int


@dataclass(frozen=True, slots=True)
class EvaluateParams:
    seed: int
    vintage_items: int = 20
    """Of each earlier night's fresh items, asked again."""
    vintages: int = 16
    """Earlier nights, at most."""


@dataclass(frozen=True, slots=True)
class GateParams:
    preset: str
    """See `registry.policy`."""


@dataclass(frozen=True, slots=True)
class ExportParams:
    targets: tuple[Target, ...]
    device: Precision = "int8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    curate: CurateParams | None = None
    """None: no reviewer's share is bounded."""
    augment: AugmentParams
    mix: MixParams
    train: Recipe
    evaluate: EvaluateParams
    judges: JudgesParams = NO_JUDGES
    gate: GateParams
    export: ExportParams

    def by_name(self) -> dict[str, object]:
        """Every parameter under `group.name`."""
        groups = {group: values for group, values in asdict(self).items() if values is not None}
        return {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


_GROUPS: dict[str, type] = {
    "curate": CurateParams,
    "augment": AugmentParams,
    "mix": MixParams,
    "train": Recipe,
    "evaluate": EvaluateParams,
    "gate": GateParams,
    "export": ExportParams,
}


def read_params(path: Path) -> Params:
    """Raises BadInput, in one sentence that names it, for a parameter that is missing, unknown or of the wrong kind."""
    import yaml

    try:
        groups = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(f"{path} can't be read as YAML ({error}); mend it") from error
    if not isinstance(groups, dict):
        raise BadInput(f"{path} holds no parameters; copy the project's own")
    return params_of(groups)


def params_of(groups: Mapping[str, object]) -> Params:
    """Of what `params.yaml` holds; raises as `read_params` does."""
    known = {field.name: field for field in fields(Params)}
    if unknown := groups.keys() - known.keys():
        raise BadInput(f"params.yaml has no group {min(unknown, key=str)!r}; remove it")
    for name, field in known.items():
        if name not in groups and field.default is MISSING:
            raise BadInput(f"params.yaml lacks the group {name}; copy it from the project's own")
    return Params(**{name: _group(name, values) for name, values in groups.items()})


def _group(name: str, values: object) -> Any:
    from pydantic import ValidationError

    if name == "judges":
        return judges_of(values)
    kind = _GROUPS[name]
    if not isinstance(values, dict):
        raise BadInput(f"params.yaml: {name} is {values!r}, no group of parameters; mend it")
    if unknown := values.keys() - {field.name for field in fields(kind)}:
        raise BadInput(f"params.yaml: {name} has no parameter {min(unknown, key=str)!r}; remove it")
    try:
        # as JSON and strictly: a number in quotes is none, and a list may be a tuple
        return _adapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in (name, *first["loc"]))
        if first["type"] == "missing":
            raise BadInput(f"params.yaml: {place} is missing; give it a value") from error
        raise BadInput(f"params.yaml: {place} is {first['input']!r}: {first['msg']}; mend it") from error


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
