"""Somebody's words among ours, in Markdown."""

from __future__ import annotations

from errata.domain.names import printable

_MARKS = str.maketrans({"|": "\\|", "`": "'", "<": "&lt;", "[": "\\[", "*": "\\*", "@": "\\@", "\n": " ", "\r": " "})


def inert(text: str) -> str:
    """In a line: none of it a mark of Markdown's or of HTML's, nor what MLflow takes for somebody on GitHub (@)."""
    return printable(text).translate(_MARKS)
