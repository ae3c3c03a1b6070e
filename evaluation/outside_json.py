"""JSON from outside, read without losing anything in silence; every error is one sentence that names the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errata.errors import BadInput


def read(path: Path) -> Any:
    """The file's value. Raises BadInput where it can't be read, isn't JSON, or has a key twice in one object."""
    try:
        return json.loads(path.read_text("utf-8-sig"), object_pairs_hook=lambda pairs: _once(path, pairs))
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} isn't JSON ({error}); mend it") from error


def as_object(value: Any, where: str, contents: str) -> Mapping[str, Any]:
    """`value`, which must be an object that holds `contents`. Raises BadInput that names `where`."""
    if not isinstance(value, dict):
        raise BadInput(f"{where} is {kind(value)}, not an object; it must hold {contents}")
    return value


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _once(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unique: JSON readers keep the last of two in silence."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(f"{path} has the key {twice!r} twice in one object; keep one")
    return value
