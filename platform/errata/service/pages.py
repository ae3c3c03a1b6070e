"""Pages for people: Jinja templates in `templates/`, which escape whatever they show, and files in `static/`.

No page has a script or a style of its own (the Content-Security-Policy allows none): both are files in `static/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from errata.domain.clock import clock
from errata.domain.names import printable
from errata.service.page_filters import FILTERS, origin

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`template` with `values`, and besides `identity`: who is signed in, or None."""
    identity = getattr(request.state, "identity", None)
    text = environment().get_template(template).render(identity=identity, path=request.url.path, **(values or {}))
    return HTMLResponse(printable(text).encode(), status, headers)


@cache
def environment() -> Environment:
    """A name that a template misspells is an error; filters: `clock` makes HH:MM:SS of seconds, and those of
    `page_filters`, which has `origin` too."""
    made = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
    made.trim_blocks = made.lstrip_blocks = True
    made.filters |= {"clock": clock, **FILTERS}
    made.globals["origin"] = origin
    return made
