"""What is right, of whichever task the record's models are asked: the questions that nights have of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from errata.domain.correction import Label, Preference
from errata.domain.roles import Role

Unlabelled = Literal["conflict", "withdrawn"]
"""Why a transcript of which something was said has no label: its reviewers disagree, or what they said was rejected or
taken back."""


class LabelSource(Protocol):
    """Each question is answered from the events up to a watermark, so that what comes later never changes an earlier
    answer. Transcripts that were forgotten have none of these any more."""

    def between(self, after: int, upto: int) -> list[Label]:
        """The labels of transcripts of which something was said with `after` < seq <= `upto`, as of `upto`, in their
        order; none of a transcript without a label."""
        ...

    def of_role(self, role: Role, upto: int) -> list[Label]:
        """The labels of a role as of `upto`, in their order."""
        ...

    def of(self, transcript: int, upto: int) -> Label | Unlabelled | None:
        """One transcript's label as of `upto`; None where nothing had been said of it."""
        ...

    def changes(self, after: int, upto: int) -> list[tuple[int, Label | Unlabelled]]:
        """Transcripts, by `seq`, whose label may have changed in that span, and what it is as of `upto`."""
        ...

    def supporting_corrections(self, transcript: int, upto: int) -> frozenset[int]:
        """Every event whose words the label as of `upto` is, by `seq`; none where there is no label."""
        ...

    def preferences(self, after: int, upto: int) -> Sequence[Preference]:
        """What people left over what was predicted."""
        ...

    def newest(self) -> int:
        """`seq` of the newest event that may change a label; 0 where there is none."""
        ...

    def changed_transcripts(self, after: int, upto: int) -> int:
        """Of how many transcripts something was said with `after` < seq <= `upto`."""
        ...
