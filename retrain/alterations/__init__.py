"""Ways to alter a talk whose label stays true: each is given a transcript, its chapters and a source of chance, and
returns both as altered, or None where it can't. Chapters keep their titles and their order and begin on the lines on
which they began; `titled_lines.py` sees to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from errata.documents.params import AlterationName
from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from retrain.alterations.cuts import begun_late, cuts_off_borders
from retrain.alterations.insertions import intro, sponsor
from retrain.alterations.instruction import instruction
from retrain.alterations.line_dropout import line_dropout
from retrain.alterations.pauses import pauses
from retrain.alterations.punctuation import unpunctuated
from retrain.alterations.recogniser_noise import recogniser_noise
from retrain.alterations.speaker_labels import no_speaker_labels
from retrain.alterations.titled_lines import Altered

ALTERATIONS: Mapping[AlterationName, Callable[[Transcript, Chapters, Random], Altered | None]] = {
    "unpunctuated": unpunctuated,
    "begun late": begun_late,
    "cuts off borders": cuts_off_borders,
    "recogniser noise": recogniser_noise,
    "no speaker labels": no_speaker_labels,
    "line dropout": line_dropout,
    "sponsor": sponsor,
    "intro": intro,
    "pauses": pauses,
    "instruction": instruction,
}
