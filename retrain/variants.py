"""The variants of a night's rows that an ablation trains on: without altered copies, as `params.yaml` alters, with each
alteration alone, with all of them, and with all but each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from errata.documents.params import AlterationName, AugmentParams

SHARE = 0.3
"""Of the rows, altered in each way, where `augment.alterations` says nothing of one: a night's own shares are small,
and what they buy would be lost among what seeds do."""


def variants(params: AugmentParams, names: Iterable[AlterationName]) -> dict[str, AugmentParams]:
    """Each variant's parameters by its name, the one without altered copies (`none`) first."""
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
    return made


def _only(params: AugmentParams, shares: Mapping[AlterationName, float]) -> AugmentParams:
    return replace(params, share=0.0, alterations=dict(shares))
