"""Recipes: parameters that are known to suit a model, by name, and how they come into a workspace's `params.yaml`.

    about: …                        # what it is for, in a line
    model: google/gemma-3-270m      # for `errata init --model`, as are the next two
    template: indexed
    context: 2048
    params:                         # groups of params.yaml, of which each may be a part
      train: {method: lora, …}

A recipe of one's own is a file of that form. What it doesn't name stays as it is, comments too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.documents.params import params_of
from errata.domain.names import meant
from errata.errors import BadInput, NotFound
from errata.files import write_atomically

if TYPE_CHECKING:
    from ruamel.yaml import YAML

RECIPES = Path(__file__).with_name("recipes")
NULL = "tag:yaml.org,2002:null"
KEYS = ("about", "model", "template", "context", "params")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRecipe:
    name: str
    about: str
    model: str
    template: str
    context: int
    params: Mapping[str, Mapping[str, Any]]
    """Groups of `params.yaml`, with the parameters that it sets."""


@dataclass(frozen=True, slots=True)
class ParamChange:
    """One parameter, before and after; `before` is None where the file left it to its default."""

    name: str
    before: object
    after: object


def recipes() -> list[NamedRecipe]:
    """Those that come along, by name."""
    return [_read(path) for path in sorted(RECIPES.glob("*.yaml"))]


def find_recipe(name: str) -> NamedRecipe:
    """One of `recipes`, or one in a file. Raises NotFound where there is none, BadInput where it is none."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return _read(path)
    names = [path.stem for path in sorted(RECIPES.glob("*.yaml"))]
    if name not in names:
        raise NotFound(f"there is no recipe {name!r}{meant(name, names)}; choose one of {', '.join(names)}, or a file")
    return _read(RECIPES / f"{name}.yaml")


def use_recipe(recipe: NamedRecipe, path: Path) -> list[ParamChange]:
    """Writes its values into the `params.yaml` at `path`, and returns what changed.

    Raises BadInput, and writes nothing, where the parameters would then be none.
    """
    yaml = _yaml()
    groups = _load(yaml, path)
    changes: list[ParamChange] = []
    for group, values in recipe.params.items():
        own = groups.get(group)
        if not isinstance(own, dict):
            raise BadInput(
                f"{path} has no group {group!r}, of which the recipe {recipe.name} sets a part; copy it there"
            )
        for name, value in values.items():
            if name not in own or own[name] != value:
                changes.append(ParamChange(f"{group}.{name}", own.get(name), value))
                own[name] = value
    _check(groups, recipe.name)
    text = StringIO()
    yaml.dump(groups, text)
    if changes:
        write_atomically(path, text.getvalue())
    return changes


def _check(groups: Mapping[str, Any], name: str) -> None:
    """Whether a parameter that isn't one came with the recipe."""
    try:
        params_of({group: _plain(values) for group, values in groups.items()})
    except BadInput as error:
        raise BadInput(f"the recipe {name} can't be used: {error}") from error


def _plain(values: Any) -> Any:
    """Of what ruamel reads to write it again as it was, the mere values."""
    if isinstance(values, dict):
        return {str(name): _plain(value) for name, value in values.items()}
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return float(values) if isinstance(values, float) else values


def _read(path: Path) -> NamedRecipe:
    value = _load(_yaml(), path)
    for key in value:
        if key not in KEYS:
            raise BadInput(f"the recipe {path} has a field {key!r}{meant(str(key), KEYS)}, which is none; remove it")
    missing = [key for key in KEYS if key not in value]
    if missing:
        raise BadInput(f"the recipe {path} lacks {missing[0]!r}; add it, or remove the recipe")
    params = value["params"]
    if not isinstance(params, dict) or not all(isinstance(values, dict) for values in params.values()):
        raise BadInput(f"the recipe {path} has no groups of parameters in its params; write them as params.yaml does")
    if not isinstance(value["context"], int):
        raise BadInput(f"the recipe {path} has the context {value['context']!r}, which is no number of tokens; mend it")
    words = {key: str(value[key]) for key in ("about", "model", "template")}
    return NamedRecipe(name=path.stem, context=value["context"], params=params, **words)


def _load(yaml: YAML, path: Path) -> dict[str, Any]:
    """Raises NotFound or BadInput in one sentence."""
    from ruamel.yaml.error import YAMLError

    try:
        value = yaml.load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"{path} can't be read ({error.strerror}); name another file") from error
    except (YAMLError, ValueError) as error:
        raise BadInput(f"{path} isn't YAML ({' '.join(str(error).split())[:200]}); mend it") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path} holds no fields; mend it")
    return value


def _yaml() -> YAML:
    """That keeps comments, quotes and how numbers are written."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    # else `null` becomes an empty value
    yaml.representer.add_representer(type(None), lambda writer, _: writer.represent_scalar(NULL, "null"))
    return yaml
