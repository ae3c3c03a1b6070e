"""A certificate in words: what was measured of an export, by name."""

from __future__ import annotations

from collections.abc import Iterator

from errata.documents.certificate import Certificate, RunningCost
from errata.documents.guardrail import GuardrailResult


def certificate_facts(certificate: Certificate) -> dict[str, str]:
    """By what was measured, in the order in which it is shown."""
    agreement, own = certificate.parity.agreement, certificate.source_cost
    return {
        "Result": certificate.status,
        "Run by": certificate.cost.runtime,
        "Prompts of the same token ids": f"{certificate.same_prompts} of {certificate.prompts}",
        "Answers alike to the letter": _percent(agreement.answers if agreement else None),
        "Chapter starts alike": _percent(agreement.starts if agreement else None),
        "Against its own model": "; ".join(_losses(certificate)) or "not measured",
        "Size": f"{certificate.parity.size / 1e6:,.1f} MB",
        "Memory": f"{_memory(certificate.cost)}; the model itself {_memory(own)}",
        "Speed": f"{_speed(certificate.cost)}; the model itself {_speed(own)}",
    }


def certificate_sentence(certificate: Certificate) -> str:
    """All of it on a line."""
    return ", ".join(f"{name[0].lower() + name[1:]}: {value}" for name, value in certificate_facts(certificate).items())


def _losses(certificate: Certificate) -> Iterator[str]:
    for rail in certificate.guardrails:
        if rail.name.startswith("parity_"):
            yield _loss(rail)


def _loss(rail: GuardrailResult) -> str:
    if rail.effect is None or rail.bound is None:
        return f"{rail.n} talks can’t tell"
    return (
        f"{rail.effect:+z.1f} {rail.unit}, at worst {rail.bound:+z.1f} where {-rail.margin:+z.1f} is allowed, on "
        f"{rail.n} talks"
    )


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} %"


def _memory(cost: RunningCost) -> str:
    return f"{cost.memory / 1e6:,.0f} MB"


def _speed(cost: RunningCost) -> str:
    speed = cost.tokens_per_second
    return "not measured" if speed is None else f"{speed:,.0f} tokens a second"
