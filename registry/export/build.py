"""A model built out of sight, and shown when it is finished."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from errata.errors import NO_SPACE, BadInput
from errata.inference.artefact import (
    CONNECTORS,
    TRAINING_TRANSCRIPTS,
    Card,
    Form,
    original_of,
    seal,
    training_transcripts_file,
    verify,
)

OTHER_TARGET = "take another model, or another target: server and nf4 are made of any"
"""What to do about a model of which a form can't be made. Where it lies isn't said: it may be on the way to OUT."""
_WORDS_ALONE = {"onnx": "an ONNX model", "gguf": "a .gguf file"}
"""By form that has no place for what is seen and heard."""


def build(out: Path, fill: Callable[[Path], None]) -> str:
    """Lets `fill` write a model into a folder beside `out`, seals it there and moves it to `out`; returns its identity.

    What stood at `out` is replaced, in two renames; a reader finds the old model, none, or the new one.
    """
    partial, old = out.with_name(f"{out.name}.partial"), out.with_name(f"{out.name}.old")
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        fill(partial)
        identity = seal(partial)
        if out.exists():
            out.replace(old)  # a folder can't be renamed over one that holds files
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return identity


def check_room(said: str, folder: Path) -> None:
    """Of a program that wrote into `folder` and failed: raises the OSError of a full disk, where it said so. That isn't
    an export that can't be made, but one that can be once there is room."""
    if any(words in said for words in NO_SPACE):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def check_senses_ship(source: Path, form: Form) -> None:
    """Raises BadInput where the model at `source` sees or hears and the form reads words alone."""
    if Card.read(source).senses and form in _WORDS_ALONE:
        raise BadInput(f"the model sees or hears, and {_WORDS_ALONE[form]} reads words alone; {OTHER_TARGET}")


def inherit(source: Path, folder: Path, form: Form, base: str = "") -> None:
    """Gives the export in `folder` the card of the model at `source`, and what that has seen in training; `base` is
    what an adapter goes on. A model that sees or hears takes its connectors along; raises as `check_senses_ship`."""
    check_senses_ship(source, form)
    card, identity = replace(Card.read(source), form=form, base=base), verify(source)
    if card.senses:
        shutil.copyfile(source / CONNECTORS, folder / CONNECTORS)
    card.write(folder, exported_from=identity, original=original_of(source) or identity)
    transcripts = training_transcripts_file(source)
    if transcripts is not None:
        shutil.copyfile(transcripts, folder / TRAINING_TRANSCRIPTS)
