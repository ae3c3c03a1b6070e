"""The papers of a model, written beside it from what the record and the nights know: its card, its bill of materials,
the checksums of all, and the workspace's signature over these."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from errata import __version__
from errata.documents import file_names as names
from errata.documents.certificate import Certificate
from errata.documents.document import RESTORE, read_document
from errata.documents.evaluation import Evaluation
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.metric_values import ModelMean
from errata.documents.model_summary import ModelSummary
from errata.documents.night import Night
from errata.documents.params import TARGETS, Target
from errata.documents.stage_reports import CurationReport, MixtureReport, TrainingLog
from errata.domain.hashing import sha256
from errata.files import file_sha256, json_text, write_atomically
from errata.inference.artefact import MANIFEST, Card, model_folder, read_seal, unfinished
from errata.inference.checksums import (
    BILL_OF_MATERIALS,
    CHECKSUMS,
    INPUT_EXAMPLE,
    MLFLOW_MODEL,
    MODEL_CARD,
    PAPERS,
    SIGNATURE,
    checksum_lines,
)
from errata.loop.signing_key import signing_key
from errata.project_files import embedded_model
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.gate_result import GateResult
from registry.papers.bill_of_materials import bill_of_materials
from registry.papers.mlflow_model import EXAMPLE, mlflow_model
from registry.papers.model_card import model_card
from registry.papers.model_facts import BaseModel, ModelFacts, Training, Verdict


def write_night_papers(workspace: Workspace, results: Sequence[GateResult]) -> None:
    """Of a night's contenders and of what would ship of them, which lie where models are kept."""
    for result in results:
        write_papers(workspace, model_folder(result.model, workspace.models), result.model, None, result.record)
        for target in (name for name in TARGETS if name in result.exports):
            folder = model_folder(result.exports[target], workspace.models)
            write_papers(workspace, folder, result.model, target, result.record)


def write_papers(
    workspace: Workspace, folder: Path, source: str, target: Target | None, evidence: Path | None = None
) -> ModelFacts:
    """Writes the papers of the sealed model in `folder`, which is the trained model `source` or was exported from it;
    returns what they say.

    `evidence` is the record of the night that is under way; else the newest finished night's that decided on `source`
    counts. Papers that are so already are left alone. A crash leaves them whole, old or new, or without a list of
    checksums, and so nothing that `verify` refuses.
    """
    facts = model_facts(workspace, folder, source, target, evidence)
    papers = _papers(workspace, folder, facts)
    if all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in papers.items()):
        return facts
    with unfinished(folder.parent) as place:  # a file that is half written is no file of it
        for name, data in papers.items():
            write_atomically(Path(place) / name, data)
        for name in (SIGNATURE, CHECKSUMS):  # the old list is wrong from the first new paper on
            (folder / name).unlink(missing_ok=True)
        for name in (name for name in PAPERS if name in papers):
            (Path(place) / name).replace(folder / name)
    return facts


def _papers(workspace: Workspace, folder: Path, facts: ModelFacts) -> dict[str, bytes]:
    """By name. One of the base's own, which was sealed with it, stays: its model card."""
    texts = {
        BILL_OF_MATERIALS: json_text(bill_of_materials(facts)),
        MODEL_CARD: model_card(facts),
        MLFLOW_MODEL: mlflow_model(facts),
        INPUT_EXAMPLE: json_text(EXAMPLE),
    }
    papers = {name: text.encode() for name, text in texts.items() if name not in facts.files}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in papers.items()}
    listed = {**facts.files, MANIFEST: file_sha256(folder / MANIFEST), **digests}
    papers[CHECKSUMS] = checksum_lines(listed).encode()
    key = signing_key(workspace)
    if key is not None:
        papers[SIGNATURE] = key.sign(papers[CHECKSUMS], f"errata model {facts.identity}").encode()
    return papers


def model_facts(
    workspace: Workspace, folder: Path, source: str, target: Target | None, evidence: Path | None = None
) -> ModelFacts:
    """What the papers of a sealed model say."""
    identity, files = read_seal(folder)
    path = evidence or _newest_evidence(workspace, source)
    record = read_evidence(path)[0] if path and path.is_file() else None
    parity = record.parity.get(target) if record and target else None
    return ModelFacts(
        identity=identity,
        source=source,
        target=target,
        card=Card.read(folder),
        files=files,
        base=_base_model(workspace),
        training=_training(workspace, source, record),
        verdict=_verdict(workspace, record, path.stem) if record and path else None,
        parity=parity if parity and parity.model == identity else None,
        certificate=_certificate(path, target, identity) if path and target else None,
        errata=__version__,
    )


def _certificate(evidence: Path, target: Target, identity: str) -> Certificate | None:
    path = evidence.with_name(names.certificate_file(target, evidence.stem))
    found = read_document(Certificate, path, RESTORE) if path.is_file() else None
    return found if found is not None and found.model == identity else None


def _newest_evidence(workspace: Workspace, source: str) -> Path | None:
    with workspace.record.read() as store:
        for row in reversed(store.nights.all()):
            for entry in row.outcome.decisions:
                if entry.model == source:
                    return workspace.nights / row.label / f"{entry.evidence}.json"
    return None


def _base_model(workspace: Workspace) -> BaseModel:
    with workspace.record.read() as store:
        identity = store.aliases.model_of("day0") or ""
    if identity == read_seal(embedded_model())[0]:
        return BaseModel(identity, "folder", "errata-tiny", "", "apache-2.0", ("en",))
    path = workspace.root / names.DAY0
    if not path.is_file():
        return BaseModel(identity, None, "", "", "")
    summary = read_document(ModelSummary, path, "delete it")
    origin = summary.origin
    name = Path(origin.name).name if origin.kind == "folder" else origin.name  # a path says who works where
    return BaseModel(identity, origin.kind, name, origin.revision, summary.licence, summary.languages)


def _training(workspace: Workspace, source: str, record: EvidenceRecord | None) -> Training | None:
    """None for a model that no night made."""
    with workspace.record.read() as store:
        label = next((row.label for row in store.nights.all() if row.outcome.candidate == source), "")
        label = label or (record.night if record else "")
        if not label:
            return None
        watermark = Night.read(workspace.nights / label).training_watermark
        sources = store.corrections.counts_by_source(watermark)
    folder = workspace.nights / label
    curated, mixture, training = (folder / name for name in (names.CURATION_COPY, names.MIXTURE_COPY, names.TRAINING))
    manifest = folder / names.MANIFEST
    return Training(
        night=label,
        snapshot=sha256(manifest.read_bytes()) if manifest.is_file() else "",
        watermark=watermark,
        sources=sources,
        kept=read_document(CurationReport, curated, RESTORE).kept if curated.is_file() else None,
        mixture=read_document(MixtureReport, mixture, RESTORE) if mixture.is_file() else None,
        packages=read_document(TrainingLog, training, RESTORE).packages if training.is_file() else {},
    )


def _verdict(workspace: Workspace, record: EvidenceRecord, evidence: str) -> Verdict:
    path = workspace.nights / record.night / names.EVALUATION
    means: Mapping[str, ModelMean] = {}
    name = ""
    if path.is_file():
        evaluation = read_document(Evaluation, path, RESTORE)
        means = evaluation.means
        name = next((scores.name for scores in evaluation.contenders if scores.model == record.candidate), "")
    champion = means.get("champion", means.get("day0"))
    return Verdict(record.night, evidence, record.decision, means.get(name), champion)
