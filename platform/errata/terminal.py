"""Text for people, in lines that a terminal has room for; elsewhere as it is: logs are searched for sentences, and have
no bars."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping
from typing import TextIO

_QUOTED = re.compile(r"""(?<!\S)(['"])[^'"\n]*\1""")
"""A path or an argument with blanks in it, which is to be copied whole."""
_BLANK = "\0"
"""Stands for a blank at which no line ends."""
_NO_BARS: Mapping[str, str] = {
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # of the hub's client, and of transformers
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""By variable that a library reads as it is imported."""


def silence_bars() -> None:
    """Where stderr is no terminal, libraries draw no progress bars there: neither in this process, if it has not
    imported them yet, nor in those that it starts. What somebody has set stays."""
    if not sys.stderr.isatty():
        for name, value in _NO_BARS.items():
            os.environ.setdefault(name, value)


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
