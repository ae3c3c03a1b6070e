"""The prompt templates by name. A version rises with every change that alters a single token."""

from __future__ import annotations

from errata.domain.names import meant
from errata.errors import BadInput
from errata.tasks.template import Template
from errata.tasks.templates.borders import Borders
from errata.tasks.templates.indexed import Indexed
from errata.tasks.templates.inline import Inline
from errata.tasks.templates.quoted import Quoted
from errata.tasks.templates.timestamps import Timestamps

TEMPLATES: dict[str, Template] = {
    "indexed": Indexed(),
    "timestamps": Timestamps(),
    "json": Quoted(),
    "inline": Inline(),
    "borders": Borders(),
}


def find(name: str) -> Template:
    """One of `TEMPLATES`, or `borders` with options. Raises BadInput for a name that isn't there."""
    base, *options = name.split("+")
    if base == "borders" and options:
        return Borders(options)
    if name not in TEMPLATES:
        raise BadInput(
            f"there is no prompt template {name!r}{meant(name, TEMPLATES)}; choose one of {', '.join(TEMPLATES)}"
        )
    return TEMPLATES[name]
