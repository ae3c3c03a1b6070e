"""`night.yaml`: the only mutable thing that the stages read. `errata nightly` writes it, DVC compares its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from reprlib import repr as short
from typing import Literal

from errata.documents.document import Document, as_json, from_json, read_yaml
from errata.documents.file_names import NIGHT
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.errors import BadInput
from errata.files import write_atomically

_LABEL = re.compile(r"\w[\w .:+-]{0,59}")
_LIKE_A_DAY = re.compile(r"\d+([. -]\d+){2}|\d{6}|\d{8}")


def check_label(label: str) -> None:
    """Raises BadInput for one that can't be a folder's name and a text that MLflow searches by, and for a day that
    is in no calendar or still to come."""
    if not _LABEL.fullmatch(label):
        raise BadInput(
            f"a night can't be called {short(label)}; take up to 60 letters, digits, spaces and .:+-_, as 2026-03-01"
        )
    day = label_day(label)
    if day is None and _LIKE_A_DAY.fullmatch(label):
        raise BadInput(f"{label} is no day as nights are called; write it as 2026-03-01")
    if day is not None and day > date.fromisoformat(today()) + timedelta(days=1):  # somewhere it is tomorrow already
        raise BadInput(f"the night {label} is still to come; take a day up to tomorrow, or a name that is no day")


def label_day(label: str) -> date | None:
    """The day that a night is called by, as `today` writes it; None for another name."""
    try:
        day = date.fromisoformat(label)
    except ValueError:
        return None
    return day if day.isoformat() == label else None


def today() -> str:
    """The day of the local calendar: what a night is called unless it is given a name."""
    return datetime.now().astimezone().date().isoformat()


CandidateStart = Literal["", "champion", "base"]
"""What a candidate goes on from; empty where `train.start` alone says so, or where it isn't known."""
CandidateKind = Literal["continue", "fresh", "both"]
"""As people call them: one that goes on from the champion, one that is trained from base anew, and the better one of
both by dev."""


@dataclass(frozen=True, slots=True)
class GateChange:
    """The gate's preset, or a parameter of it, differs from that of the scored night before."""

    before: GateParams
    after: GateParams


@dataclass(frozen=True, slots=True)
class Night(Document):
    label: str
    training_watermark: int
    """Corrections up to here may be trained on."""
    gate_watermark: int
    """Corrections after the training watermark, up to here, are tonight's fresh items."""
    day0: str
    """Identities of models, as `errata.inference.artefact` gives them."""
    champion: str
    champion_watermark: int
    """The training watermark of the champion: what came after it is new to it."""
    challenger: str
    """The candidate of an earlier night that still waits for a decision; empty when none does."""
    challenger_watermark: int
    code: str
    """Hash of the installed code: other code may give other results from the same rows."""
    gate: GateParams = UNKNOWN_GATE
    """By which contenders are judged: as `params.yaml` had it when the night began, whatever it says later."""
    gate_before: GateParams = UNKNOWN_GATE
    """Of the scored night before."""
    start: CandidateStart = ""
    """What tonight's candidate goes on from, whatever `train.start` says."""
    starts: tuple[CandidateStart, ...] = ()
    """What each goes on from, where several are made; `start` is the one in hand, and at last the one that is taken."""
    held: tuple[int, ...] = ()
    """Corrections that are not trained on while they are suspected, by `seq`."""
    vectors: str = ""
    """Of the vectors that there are of recordings: what a model that sees is shown changes with them; empty where there
    are none."""

    @property
    def gate_change(self) -> GateChange | None:
        """None also where either isn't known."""
        known = UNKNOWN_GATE not in (self.gate, self.gate_before)
        return GateChange(self.gate_before, self.gate) if known and self.gate != self.gate_before else None

    def starting_model(self, start: str) -> tuple[str, int]:
        """Where training goes on from (`start` is `train.start`), and the watermark up to which that model has trained:
        Day-0 has trained on nothing of the record."""
        goes_on = (self.start or start) == "champion"
        return (self.champion, self.champion_watermark) if goes_on else (self.day0, 0)

    @classmethod
    def read(cls, folder: Path) -> Night:
        """Of a workspace, or of a night's own folder. Raises NotFound where `errata nightly` has not begun a night."""
        path, remedy = folder / NIGHT, "`errata nightly` writes it, and MLflow has a finished night's"
        return from_json(cls, read_yaml(path, remedy), str(path), remedy)

    def write(self, folder: Path) -> None:
        import yaml

        write_atomically(folder / NIGHT, yaml.safe_dump(as_json(self), sort_keys=False))
