"""Text for people, in lines that a terminal has room for; elsewhere as it is: logs are searched for sentences."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TextIO

_QUOTED = re.compile(r"""(?<!\S)(['"])[^'"\n]*\1""")
"""A path or an argument with blanks in it, which is to be copied whole."""
_BLANK = "\0"
"""Stands for a blank at which no line ends."""


def fitted(text: str, stream: TextIO, indent: int = 2) -> str:
    """The text as `stream` should get it: for a terminal, each of its lines folded."""
    return folded(text, indent) if stream.isatty() else text


def folded(text: str, indent: int, whole: bool = True) -> str:
    """Long lines broken between words, and what follows a line's first piece indented; a `whole` word or path is not
    broken where it is longer than a line.
    """
    width = shutil.get_terminal_size().columns
    return "\n".join(_fold(line, width, indent, whole) for line in text.split("\n"))


def _fold(line: str, width: int, indent: int, whole: bool) -> str:
    if len(line) <= width:
        return line
    lead = line[: len(line) - len(line.lstrip())]
    words = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _BLANK), line.strip())
    pieces = textwrap.wrap(
        words,
        width,
        initial_indent=lead,
        subsequent_indent=" " * max(indent, len(lead)),
        break_long_words=not whole,
        break_on_hyphens=False,
    )
    return "\n".join(pieces).replace(_BLANK, " ")
