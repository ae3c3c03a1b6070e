"""What drafts did to a contender's effect, in sentences for the release owner."""

from __future__ import annotations

from errata.documents.comparison import Comparison
from errata.documents.draft_effects import DraftEffects, LabelSource

SOURCES: dict[LabelSource, str] = {
    "blind": "made without a draft",
    "champion": "made from the champion's draft",
    "another": "made from another's draft",
    "unknown": "of which it isn't known",
    "reference": "that came with the talk",
}


def draft_sentences(effects: DraftEffects, primary: Comparison) -> list[str]:
    """By what the labels were made from, how far that moved the effect, and what too few blind ones leave open; nothing
    of no items."""
    if not effects.labelled.n:
        return []
    by_source = [_by_source(effects)] if len(effects.by_source) > 1 else []
    moved = [_rectified(effects, primary)] if effects.rectified else _left_out(effects, primary)
    return [*by_source, *moved, *([_short(effects)] if effects.is_short_of_blind else [])]


def _by_source(effects: DraftEffects) -> str:
    parts = [
        f"{comparison.effect or 0.0:+z.1f} on {comparison.n} {SOURCES[source]}"
        for source, comparison in effects.by_source.items()
    ]
    return f"By what labels were made from, the effect is {', '.join(parts)}."


def _rectified(effects: DraftEffects, primary: Comparison) -> str:
    before, after = effects.labelled.effect or 0.0, primary.effect or 0.0
    known = f" and those of {effects.lean.nights} nights before" if effects.lean else ""
    rests = f" It rests on {primary.n} of the {effects.labelled.n} labels." if primary.n < effects.labelled.n else ""
    return (
        f"Edited drafts favour whoever drafted them: by what tonight's labels{known} show of that, the effect moves by "
        f"{after - before:+z.1f}, from {before:+z.1f} to {after:+z.1f}.{rests}"
    )


def _left_out(effects: DraftEffects, primary: Comparison) -> list[str]:
    own = effects.labelled.n - primary.n
    if not own:
        return []
    labels = "1 label made from its own draft is" if own == 1 else f"{own} labels made from its own drafts are"
    return [f"{labels} left out: nothing tells by how much it is favoured there."]


def _short(effects: DraftEffects) -> str:
    blind, count, asked = effects.blind, effects.labelled.n, effects.asked_blind
    few = f"Of {count} labels {blind} were made without a draft, fewer than the {100 * asked:.0f} % asked for"
    if effects.most == 0:
        return f"{few}; on the whole they don't lean towards the champion."
    leaning = "the effect as labelled" if effects.rectified else "the verdict"
    if effects.most is None:
        how_far = "how far can't be told without blind labels beside drafted ones"
    else:
        how_far = f"by {effects.most:.1f} points at most"
    return f"{few}: {leaning} leans towards the champion, {how_far}."
