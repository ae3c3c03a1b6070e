"""What a model was made of, as a CycloneDX 1.6 document (an ML-BOM), which scanners of supply chains read.

The library that writes such documents has no model card in its models, so that this one is plain JSON. It has no time
and no drawn number: equal facts are equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID, uuid5

from errata.domain.hashing import content_hash
from errata.domain.names import printable
from errata.files import JsonObject
from registry.papers.model_card import MEASURES
from registry.papers.model_facts import BaseModel, ModelFacts, Training, Verdict

_NAMESPACE = UUID("6a9d2f6e-3f57-5d1c-9a35-3c7b8f0f3c11")
"""Of our documents' serial numbers, which are derived from what they say."""
_MODEL, _BASE, _DATA = "model", "base", "snapshot"
"""References within the document."""


def bill_of_materials(facts: ModelFacts) -> JsonObject:
    """bom.cdx.json."""
    components = [_base(facts.base), *_data(facts.training), *_packages(facts.training)]
    document: JsonObject = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "errata", "version": facts.errata}]},
            "component": _model(facts),
        },
        "components": components,
        "dependencies": [
            {"ref": _MODEL, "dependsOn": [component["bom-ref"] for component in components]},
            *({"ref": component["bom-ref"]} for component in components),
        ],
    }
    serial = uuid5(_NAMESPACE, content_hash(document))
    return {**document, "serialNumber": f"urn:uuid:{serial}"}


def _model(facts: ModelFacts) -> JsonObject:
    files = [
        {"type": "file", "name": name, "hashes": [_sha256(digest)]} for name, digest in sorted(facts.files.items())
    ]
    card: JsonObject = {"modelParameters": {"task": "chapters of transcripts"}}
    if facts.training:
        card["modelParameters"]["datasets"] = [{"ref": _DATA}]
    if facts.verdict:
        card["quantitativeAnalysis"] = {"performanceMetrics": list(_metrics(facts.verdict))}
    return {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": "errata",
        "version": facts.identity[:16],
        **_licence(facts.base),
        "pedigree": {"ancestors": [{**_base(facts.base), "bom-ref": "ancestor"}]},
        "components": files,
        "modelCard": card,
        "properties": [
            {"name": "errata:identity", "value": facts.identity},
            {"name": "errata:form", "value": facts.card.form},
            {"name": "errata:template", "value": facts.card.template},
            {"name": "errata:source", "value": facts.source},
            *({"name": "errata:evidence", "value": verdict.evidence} for verdict in [facts.verdict] if verdict),
        ],
    }


def _metrics(verdict: Verdict) -> Iterator[JsonObject]:
    for name in MEASURES:
        value = getattr(verdict.mean, name) if verdict.mean else None
        if value is not None:
            yield {"type": name, "value": str(round(value, 2)), **_interval(verdict, name)}


def _interval(verdict: Verdict, name: str) -> JsonObject:
    mean = verdict.mean
    if name != "f1" or mean is None or mean.low is None or mean.high is None:
        return {}
    return {"confidenceInterval": {"lowerBound": str(round(mean.low, 2)), "upperBound": str(round(mean.high, 2))}}


def _base(base: BaseModel) -> JsonObject:
    component: JsonObject = {
        "type": "machine-learning-model",
        "bom-ref": _BASE,
        "name": printable(base.name) or base.identity[:16],
        **_licence(base),
        "properties": [{"name": "errata:identity", "value": base.identity}],
    }
    if base.kind == "hub":
        owner, _, name = base.name.partition("/")
        component["version"] = base.revision
        component["purl"] = f"pkg:huggingface/{quote(owner)}/{quote(name)}@{quote(base.revision.lower())}"
    return component


def _licence(base: BaseModel) -> JsonObject:
    """By name: what the hub calls a licence isn't always SPDX's identifier of it."""
    return {"licenses": [{"license": {"name": printable(base.licence)}}]} if base.licence else {}


def _data(training: Training | None) -> Iterator[JsonObject]:
    if training is None:
        return
    component: JsonObject = {
        "type": "data",
        "bom-ref": _DATA,
        "name": f"corrections up to {training.watermark}",
        "version": str(training.watermark),
        "data": [{"type": "dataset", "name": f"corrections up to {training.watermark}", "classification": "private"}],
    }
    if training.snapshot:
        component["hashes"] = [_sha256(training.snapshot)]
    yield component


def _packages(training: Training | None) -> Iterator[JsonObject]:
    for name, version in sorted(training.packages.items()) if training else ():
        purl = f"pkg:pypi/{name}@{quote(version)}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _sha256(digest: str) -> JsonObject:
    return {"alg": "SHA-256", "content": digest}
