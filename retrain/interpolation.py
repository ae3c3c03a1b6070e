"""Between the champion and a candidate: WiSE-FT (Wortsman et al., CVPR 2022), for adapters and for full models.

θ(α) = θ_champion + α · (θ_candidate − θ_champion). Of adapters the products B·A are taken, which is what they add to
the base: averaging the factors would bring in cross terms. The sum of two products has up to twice the rank; the
singular value decomposition says what of it the candidate's own rank keeps.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.files import write_json
from errata.inference.artefact import CARD, MANIFEST, Card, model_parts

if TYPE_CHECKING:
    import torch

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_A, _B = ".lora_A.weight", ".lora_B.weight"


def obstacle(candidate: Path, champion: Path, identity: str) -> str:
    """Why the two can't be interpolated, for a sentence; empty where they can. `identity` is the champion's."""
    new, old = Card.read(candidate), Card.read(champion)
    if {new.form, old.form} - {"full", "adapter"}:
        return f"the champion is of the form {old.form}"
    if new.senses:
        return "the candidate sees or hears, and its connectors are not interpolated"
    if new.form == "full":
        return ""
    if _is_special(candidate):
        return "the candidate's adapter isn't a plain one (DoRA, or ranks by module)"
    if old.form == "full":
        return "" if new.base == identity else "the candidate's adapter is on another model than the champion"
    if new.base != old.base:
        return "their adapters are on different models"
    if _is_special(champion):
        return "the champion's adapter isn't a plain one (DoRA, or ranks by module)"
    if set(_products(champion)) - set(_products(candidate)):
        return "the champion's adapter is on modules that the candidate's isn't"
    return ""


def interpolate(candidate: Path, champion: Path, alpha: float, out: Path, models: Path) -> float | None:
    """Fills the folder `out`, not sealed, with the model at `alpha` on the way from the champion to the candidate.

    `models` is where an adapter's base is kept. Returns the share of the energy, the sum of the squared singular
    values, that an adapter's rank keeps; None for full models, of which nothing is lost.
    """
    shutil.copytree(candidate, out, ignore=shutil.ignore_patterns(MANIFEST))
    card = json.loads((out / CARD).read_bytes())
    write_json(out / CARD, {**card, "alpha": alpha})
    if Card.read(candidate).form == "adapter":
        return _interpolate_adapters(candidate, champion, alpha, out)
    _interpolate_full(candidate, champion, alpha, out, models)
    return None


def _interpolate_adapters(candidate: Path, champion: Path, alpha: float, out: Path) -> float:
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(candidate / WEIGHTS)
    new, scale = _products(candidate), _scale(candidate)
    old = _products(champion) if (champion / WEIGHTS).exists() else {}  # a full champion is the base itself
    old_scale = _scale(champion) if old else 0.0
    kept, total = 0.0, 0.0
    for module, (a, b) in new.items():
        parts = [(a, alpha * b)]
        if module in old:
            old_a, old_b = old[module]
            parts.append((old_a, (1 - alpha) * old_scale / scale * old_b))
        sum_a, sum_b = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts], 1)
        factor_a, factor_b, energies = refactor(sum_a, sum_b, len(a))
        kept, total = kept + float(energies[: len(a)].sum()), total + float(energies.sum())
        kind = weights[module + _A].dtype
        weights[module + _A], weights[module + _B] = factor_a.to(kind), factor_b.to(kind)
    save_file(weights, out / WEIGHTS, metadata={"format": "pt"})
    return kept / total if total else 1.0


def refactor(a: torch.Tensor, b: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The nearest product of rank `rank` to b·a (Eckart & Young 1936), as its factors A (rank, in) and B (out, rank),
    which share the singular values; and the squared singular values of b·a.

    `a` is (any, in), `b` (out, any): the big product is never made.
    """
    import torch

    left, left_core = torch.linalg.qr(b)
    right, right_core = torch.linalg.qr(a.T)
    u, values, v = torch.linalg.svd(left_core @ right_core.T)
    count, root = min(rank, len(values)), values.sqrt()
    factor_a, factor_b = torch.zeros(rank, a.shape[1], dtype=a.dtype), torch.zeros(b.shape[0], rank, dtype=b.dtype)
    factor_b[:, :count] = (left @ u[:, : len(values)] * root)[:, :count]
    factor_a[:count] = (root[:, None] * v[: len(values)] @ right.T)[:count]
    return factor_a, factor_b, values**2


def _products(adapter: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """A and B of each module, in double precision."""
    from safetensors.torch import load_file

    weights = load_file(adapter / WEIGHTS)
    modules = [name.removesuffix(_A) for name in weights if name.endswith(_A)]
    return {module: (weights[module + _A].double(), weights[module + _B].double()) for module in modules}


def _config(adapter: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((adapter / CONFIG).read_bytes())
    return config


def _is_special(adapter: Path) -> bool:
    config = _config(adapter)
    return any(config.get(name) for name in ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save"))


def _scale(adapter: Path) -> float:
    """Of B·A in what the adapter adds."""
    config = _config(adapter)
    rank = config["r"] ** 0.5 if config.get("use_rslora") else config["r"]
    return float(config["lora_alpha"] / rank)


def _interpolate_full(candidate: Path, champion: Path, alpha: float, out: Path, models: Path) -> None:
    import torch

    from errata.inference.architectures import AutoConfig
    from errata.inference.torch import load_model

    old = load_model(*model_parts(champion, models))
    new = load_model(candidate)
    before = dict(old.named_parameters())  # tied weights come once
    with torch.no_grad():
        for name, weight in new.named_parameters():
            weight.copy_(torch.lerp(before[name], weight, alpha))
    new.to(AutoConfig.from_pretrained(candidate, local_files_only=True).dtype)
    for file in out.glob("*.safetensors*"):
        file.unlink()
    new.save_pretrained(out)
