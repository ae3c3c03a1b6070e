"""What became of each export, in sentences."""

from __future__ import annotations

from errata.documents.decision import Decision, TargetOutcome
from errata.documents.guardrail import GuardrailResult


def held_back_sentences(decision: Decision) -> list[str]:
    """Of a model that is promoted, one for each export that doesn't ship with it."""
    return [held_back_sentence(outcome) for outcome in decision.held_targets] if decision.verdict == "promote" else []


def held_back_sentence(outcome: TargetOutcome) -> str:
    target = outcome.target
    return (
        f"The {target} export is held back: {_why(outcome)}. The alias {target} stays where it was; `errata promote "
        f"champion --target {target}` makes and scores the export anew."
    )


def _why(outcome: TargetOutcome) -> str:
    if outcome.unbuilt:
        return f"there is none ({outcome.unbuilt})"
    if outcome.status == "held back":
        return " and ".join(f"it fails {rail.name}, {_lost(rail)}" for rail in outcome.guardrails if rail.harms)
    open_rails = [rail for rail in outcome.guardrails if rail.is_open]
    return " and ".join(f"{rail.n} items can’t tell yet whether it passes {rail.name}" for rail in open_rails)


def _lost(rail: GuardrailResult) -> str:
    effect, bound = rail.effect or 0.0, rail.bound or 0.0
    return f"with {effect:+z.1f} {rail.unit} and at worst {bound:+z.1f} where {-rail.margin:+z.1f} is allowed"
