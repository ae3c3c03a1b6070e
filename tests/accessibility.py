"""What axe-core finds wrong with a page, by WCAG 2.2 AA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_source() -> str:
    """As a package of Python carries it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def axe_faults(page: Any) -> list[str]:
    page.evaluate(axe_source())
    result = page.evaluate("tags => axe.run({ runOnly: tags })", TAGS)
    return [
        f"{fault['id']}: {fault['help']}: {json.dumps([node['html'][:120] for node in fault['nodes'][:3]])}"
        for fault in result["violations"]
    ]
