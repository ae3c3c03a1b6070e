"""The prompt templates by name. A version rises with every change that alters a single token."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from errata.domain.names import meant
from errata.domain.task_name import TaskName
from errata.errors import BadInput
from errata.tasks.template import Template
from errata.tasks.templates.borders import SHIFTS, Borders
from errata.tasks.templates.chunk_description import ChunkDescription
from errata.tasks.templates.indexed import Indexed
from errata.tasks.templates.inline import Inline
from errata.tasks.templates.next_message import NextMessage
from errata.tasks.templates.quoted import Quoted
from errata.tasks.templates.snippet import SnippetMessage
from errata.tasks.templates.timestamps import Timestamps

TEMPLATES: dict[str, Template] = {
    "indexed": Indexed(),
    "timestamps": Timestamps(),
    "json": Quoted(),
    "inline": Inline(),
    "borders": Borders(),
}
"""Of chapters."""
CHATS: dict[str, Template] = {"chat": NextMessage(), "snippet": SnippetMessage()}
"""Of chats."""


def find(name: str) -> Template:
    """One of `CHATS`, or one of `TEMPLATES`, or `description`, with the options that its name has after a `+`. Raises
    BadInput where there is no such."""
    if name in CHATS:
        return CHATS[name]
    base, *options = name.split("+")
    if base == ChunkDescription.name:
        return ChunkDescription(options)
    if base not in TEMPLATES:
        raise BadInput(
            f"there is no prompt template {name!r}{meant(base, {**TEMPLATES, **CHATS})}; choose one of "
            f"{', '.join([*TEMPLATES, *CHATS, ChunkDescription.name])}"
        )
    if not options:
        return TEMPLATES[base]
    return Borders(options) if base == "borders" else _ending_at_shifts(TEMPLATES[base], options)


def task_name(template: str) -> TaskName:
    """What a model is asked by the template of that name."""
    found = find(template)
    if found.name in CHATS:
        return "chat"
    return "description" if isinstance(found, ChunkDescription) else "chapters"


def _ending_at_shifts(template: Template, options: Sequence[str]) -> Template:
    for option in options:
        if option != SHIFTS:
            raise BadInput(f"the template {template.name} has no option {option!r}; it has {SHIFTS}")
    made = copy(template)
    made.name, made.shifts = f"{template.name}+{SHIFTS}", True
    return made
