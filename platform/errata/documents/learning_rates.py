"""What each of some learning rates makes of a night's rows, scored on the talks of role dev."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class LearningRateRun:
    rate: float
    f1: float | None
    """Mean over the items; None where the training diverged."""
    title_f1: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRateSearch(Document):
    of: str
    """The night whose rows were trained on."""
    items: int
    present: float
    """`train.learning_rate` of that night."""
    runs: tuple[LearningRateRun, ...]

    @property
    def best(self) -> LearningRateRun | None:
        """The lowest rate of those that score highest; None where all diverged."""
        scored = [run for run in self.runs if run.f1 is not None]
        return max(scored, key=lambda run: (run.f1, -run.rate), default=None)
