"""A model built out of sight, and shown when it is finished."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from errata.errors import NotFound
from errata.inference.artefact import CARD, TRAINING_TRANSCRIPTS, Card, Form, seal, training_transcripts_file, verify


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


def inherit(source: Path, folder: Path, form: Form) -> None:
    """Gives the export in `folder` the card of the model at `source`, and what that has seen in training."""
    card, identity = replace(Card.read(source), form=form, base=""), verify(source)
    card.write(folder, exported_from=identity, original=original_of(source) or identity)
    transcripts = training_transcripts_file(source)
    if transcripts is not None:
        shutil.copyfile(transcripts, folder / TRAINING_TRANSCRIPTS)


def original_of(export: Path) -> str:
    """The identity of the model that an export was made from, by way of other exports too; empty where it says none.

    Raises NotFound where its card can't be read.
    """
    try:
        return str(json.loads((export / CARD).read_bytes()).get("original", ""))
    except (OSError, ValueError, AttributeError) as error:
        raise NotFound(f"{export / CARD} can't be read ({error}); restore it, or make the model again") from error
