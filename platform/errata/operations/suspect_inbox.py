"""The inbox of labels that may be wrong: a night's model found them most unlikely, or people differ on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from errata.database.store import Store
from errata.documents.file_names import SUSPECTS
from errata.documents.suspects import SuspectLabel, read_suspects
from errata.domain.correction import Conflict, Label
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OpenSuspect:
    """A label in force that a night has suspected, and nobody has decided since."""

    night: str
    suspect: SuspectLabel


@dataclass(frozen=True, slots=True)
class LabelInbox:
    held: bool
    """Whether suspects are not trained on (`curate.suspects`)."""
    suspects: tuple[OpenSuspect, ...]
    """The most unlikely first."""
    conflicts: tuple[Conflict, ...]


def label_inbox(workspace: Workspace) -> LabelInbox:
    curate = workspace.params().curate
    with workspace.record.read() as store:
        suspects = open_suspects(workspace.nights, store, store.watermark())
        return LabelInbox(
            held=curate is not None and curate.suspects == "hold",
            suspects=tuple(suspects),
            conflicts=tuple(store.conflicts.all()),
        )


def open_suspects(nights: Path, store: Store, upto: int, besides: str = "") -> list[OpenSuspect]:
    """What nights have suspected and stands as of `upto`; what the night `besides` found is left aside.

    An adjudication decides it, and so does any later correction.
    """
    newest: dict[int, OpenSuspect] = {}
    for night in store.nights.summaries():
        for suspect in read_suspects(nights / night.label / SUSPECTS) if night.label != besides else ():
            newest[suspect.transcript] = OpenSuspect(night.label, suspect)
    labels = {transcript: store.labels.of(transcript, upto) for transcript in newest}
    suspects = [entry for transcript, entry in newest.items() if _stands(entry.suspect, labels[transcript])]
    return sorted(suspects, key=lambda entry: -entry.suspect.loss)


def _stands(suspect: SuspectLabel, label: object) -> bool:
    return isinstance(label, Label) and label.correction == suspect.correction
