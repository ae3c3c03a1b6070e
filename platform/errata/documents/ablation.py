"""`ablation.json`: what each alteration of training rows, or each template, buys. And a run of it in a file of its own,
so that one that was cut short goes on."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.comparison import Comparison
from errata.documents.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationRun(Document):
    """A model that was trained by one variant, scored, and thrown away."""

    variant: str
    fold: int
    seed: int
    copies: int
    """Altered rows that it learnt from."""
    f1: tuple[float, ...]
    """Of each item, in points."""
    title_f1: tuple[float | None, ...]
    cpu_seconds: float
    """Of training and answering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEffect:
    variant: str
    copies: float
    """Mean over folds and seeds, as are the others."""
    f1: float
    title_f1: float | None
    against_baseline: Comparison | None
    """F1 of each item, over the seeds, minus the baseline's; None for that one."""
    seed_deviation: float | None
    """Between the seeds' effects; None of fewer than two."""
    cpu_seconds: float
    """Of one training, with its answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation(Document):
    of: str
    """The night whose rows they are, or the folder."""
    items: int
    clusters: int
    seeds: int
    folds: int
    """1: scored on the talks of role dev."""
    equal_chapters: float
    """F1 of as many equal chapters as are right, on the same items."""
    baseline: str
    """The variant that the others are compared with: `none`, without altered copies, or the model's own template."""
    unaltered: tuple[str, ...]
    """Alterations that changed none of the rows, and were left out."""
    variants: tuple[VariantEffect, ...]
