"""`suspects.jsonl`: labels that a night's starting model finds far more unlikely than the others, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from errata.documents.document import RESTORE, parse
from errata.domain.hashing import canonical_json
from errata.errors import BadInput
from errata.files import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectLabel:
    external_id: str
    transcript: int
    correction: int
    """That the label comes from."""
    reviewer: str
    """Empty for chapters that came with the transcript."""
    loss: float
    """Of the label under the model, the mean over its tokens, in nats."""
    usual: float
    """The median of the losses that were compared."""
    limit: float
    """Beyond which one is suspected."""
    model: str


def write_suspects(path: Path, suspects: Iterable[SuspectLabel]) -> None:
    write_atomically(path, "".join(canonical_json(asdict(suspect)) + "\n" for suspect in suspects))


def read_suspects(path: Path) -> list[SuspectLabel]:
    """Empty where there is no such file. Raises BadInput for one that can't be read."""
    if not path.exists():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise BadInput(f"{path} can't be read ({error}); {RESTORE}") from error
    return [parse(SuspectLabel, row, str(path), RESTORE) for row in rows]
