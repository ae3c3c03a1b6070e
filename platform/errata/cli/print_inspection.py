"""What `errata inspect` prints for people: runs of tokens that are read or learnt, a bar after each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from errata.cli.output import say, say_styled

if TYPE_CHECKING:
    from errata.documents.inspected_row import InspectedRow, InspectedToken

BAR, LINE_BREAK, MARK = "│", "⏎", "←"
SHOWN = 24
"""Tokens at each end of a run that is only read; those between are counted."""
INDENT = 14


def print_inspection(row: InspectedRow, whole: bool) -> None:
    count, learnt = len(row.tokens), row.learnt
    say(f"row {row.number} of {row.of}, template {row.template}")
    say(f"{count:,} tokens, of which {learnt:,} are learnt ({learnt / count:.0%})")
    weights = sorted({token.weight for token in row.tokens if token.learnt})
    listed = ", ".join(f"{weight:g}" for weight in weights)
    say(f"{BAR} ends a token, {LINE_BREAK} for a line break; what is learnt weighs {listed}")
    if any(token.answer for token in row.tokens):
        say(f"{MARK} stands between what is read there and the answer to a mark, which is learnt")
    place = 0
    for is_learnt, tokens in groupby(row.tokens, key=lambda token: token.learnt):
        run = list(tokens)
        for line in _run_lines(place, run, is_learnt, whole):
            say_styled(line, "bold green" if is_learnt else "dim")
        place += len(run)


def _run_lines(place: int, run: list[InspectedToken], is_learnt: bool, whole: bool) -> Iterator[str]:
    """Filled as lines of words are, but that no token's own blank is lost."""
    pieces = [_piece(token) for token in run]
    if not whole and not is_learnt and len(pieces) > 2 * SHOWN + 1:
        pieces = [*pieces[:SHOWN], f" … {len(pieces) - 2 * SHOWN:,} more … ", *pieces[-SHOWN:]]
    width, line = shutil.get_terminal_size().columns, f"{place:>6} {'learnt' if is_learnt else 'read':<6} "
    for piece in pieces:
        if len(line) > INDENT and len(line) + len(piece) + len(BAR) > width:
            yield line
            line = " " * INDENT
        line += piece + BAR
    yield line


def _piece(token: InspectedToken) -> str:
    text = f"{token.text} {MARK} {token.answer}" if token.answer else token.text
    return text.replace("\n", LINE_BREAK) + ("" if token.weight in (0.0, 1.0) else f"×{token.weight:g}")
