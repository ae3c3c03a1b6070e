"""The variants that an ablation trains: of a night's rows, without altered copies, as `params.yaml` alters, with each
alteration alone, with all of them, and with all but each; or of the template that they are asked by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from errata.documents.params import AlterationName, AugmentParams

SHARE = 0.3
"""Of the rows, altered in each way, where `augment.alterations` says nothing of one: a night's own shares are small,
and what they buy would be lost among what seeds do."""


@dataclass(frozen=True, slots=True)
class Variant:
    augmentation: AugmentParams
    template: str = ""
    """Empty for the model's own."""


def variants(params: AugmentParams, names: Iterable[AlterationName]) -> dict[str, Variant]:
    """By name, the one without altered copies (`none`) first, with which the others are compared."""
    shares = {name: params.alterations.get(name, SHARE) for name in names}
    made = {"none": _only(params, {}), "params.yaml": params}
    made |= {name: _only(params, {name: share}) for name, share in shares.items()}
    if len(shares) > 1:
        made["all"] = _only(params, shares)
    if len(shares) > 2:
        made |= {
            f"all but {left_out}": _only(params, {name: share for name, share in shares.items() if name != left_out})
            for left_out in shares
        }
    return {name: Variant(augmentation) for name, augmentation in made.items()}


def template_variants(params: AugmentParams, own: str, templates: Iterable[str]) -> dict[str, Variant]:
    """By template, each without altered copies, the model's `own` first, with which the others are compared."""
    augmentation = _only(params, {})
    return {name: Variant(augmentation, name) for name in (own, *templates)}


def _only(params: AugmentParams, shares: Mapping[AlterationName, float]) -> AugmentParams:
    return replace(params, share=0.0, alterations=dict(shares))
