"""How a document is read and written: the JSON of a frozen dataclass, with the version of its form.

    write_document(folder / EVALUATION, evaluation)
    evaluation = read_document(Evaluation, folder / EVALUATION, RESTORE)

A document's class says its form's number (`VERSION`) and, where files from before forms had numbers can still be read,
how their form becomes the present one (`upgrade`). Keys that a form doesn't know are left aside, so that a later field
does no harm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from errata.errors import BadInput, NotFound
from errata.files import JsonObject, write_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Value = TypeVar("Value")
Kind = TypeVar("Kind", bound="Document")

RESTORE = "take it from that night's run in MLflow"
"""What helps where a file of a finished night is damaged: running the night again would not write it."""

_ADAPTERS: dict[Any, Any] = {}


class Document:
    """What a frozen dataclass of this package derives from, if it is a file of its own."""

    __slots__ = ()
    VERSION: ClassVar[int] = 1

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """`value` of an older form as one of the present; without a `version`, it is of form 0."""
        return value


def as_json(document: Document) -> JsonObject:
    """What `from_json` reads: JSON's own types alone."""
    return {"version": document.VERSION, **type_adapter(type(document)).dump_python(document, mode="json")}


def from_json(kind: type[Kind], value: Any, what: str, remedy: str) -> Kind:
    """Raises BadInput, naming `what`, the place and the `remedy`, where `value` is none or of a newer form."""
    if not isinstance(value, dict):
        raise BadInput(f"{what} is no JSON object; {remedy}")
    version = value.get("version", 0)
    if not isinstance(version, int) or version > kind.VERSION:
        raise BadInput(f"{what} was written by a newer Errata (version {version!r}); install that")
    if version < kind.VERSION:
        try:
            value = kind.upgrade(value)
        except (AttributeError, LookupError, TypeError) as error:  # an upgrade trusts the form that it is for
            raise BadInput(f"{what} is of no form that Errata ever wrote; {remedy}") from error
    return parse(kind, value, what, remedy)


def parse(kind: type[Value], value: Any, what: str, remedy: str) -> Value:
    """`value`, as JSON or YAML has it, as a `kind`. Raises BadInput where a part is missing or of another type."""
    from pydantic import ValidationError

    try:
        return type_adapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInput(f"{what} can't be read at {place} ({first['msg']}); {remedy}") from error


def read_document(kind: type[Kind], path: Path, remedy: str) -> Kind:
    """Raises NotFound where there is no such file, and BadInput where it holds something else."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise NotFound(f"{path} can't be read ({error.strerror}); {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} isn't JSON ({error}); {remedy}") from error
    return from_json(kind, value, str(path), remedy)


def read_yaml(path: Path, remedy: str) -> Any:
    """Raises NotFound where there is no such file, and BadInput where it holds something else."""
    import yaml

    # PyYAML's own errors, and what its makers of values raise: a day like 2026-02-30 is a ValueError
    broken = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
    try:
        return yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise NotFound(f"{path} can't be read ({error.strerror}); {remedy}") from error
    except broken as error:
        raise BadInput(f"{path} isn't YAML ({' '.join(str(error).split())}); {remedy}") from error


def write_document(path: Path, document: Document) -> None:
    write_json(path, as_json(document))


def type_adapter(kind: type[Value]) -> TypeAdapter[Value]:
    """Made once a kind: to make one takes longer than to read by it."""
    from pydantic import TypeAdapter  # 0.15 s, which a command that reads no document need not wait for

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    adapter: TypeAdapter[Value] = _ADAPTERS[kind]
    return adapter
