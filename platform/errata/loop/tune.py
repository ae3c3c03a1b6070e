"""A model made better at a set of talks with chapters, by one command: the stages of a night, without the waiting.

A night tests first and trains afterwards, so that its first trains nothing. Here everything that may train does at
once, and what is held out says what came of it: talks of role `anchor`, of which no leak group was trained on,
and by which nothing was chosen, as it is by those of role `dev`.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.database.record import Record
from errata.documents import file_names as names
from errata.documents.document import read_document
from errata.documents.night import Night
from errata.documents.stage_reports import MixtureReport, NoCandidate, TrainingLog
from errata.domain.chapter import Chapters
from errata.domain.correction import Label
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Refused
from errata.formats import detect, hub
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.inference.artefact import model_folder, store_model
from errata.inference.model_form import TEMPLATE, template_and_context
from errata.loop.code_hash import code_hash
from errata.loop.compare import ModelComparison, compare
from errata.loop.compared_models import PromptSettings
from errata.loop.init import Day0Choice, init
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_leftovers
from errata.loop.recipes import use_in_workspace
from errata.loop.stages import run_stages
from errata.operations.importing import ImportReport, add_transcripts
from errata.progress import note
from errata.workspace import Workspace
from registry.export.server import export_server
from retrain.recipe import find_recipe

LABEL = "tune"
"""What `night.yaml` calls it. No night of the record has that label because of it."""
TUNED = "tuned"
EMBEDDED = "errata-tiny"
"""What its recipe calls the model that comes along."""
AGAIN = "run errata tune again"


@dataclass(frozen=True, slots=True)
class TuningStart:
    """What is trained, and how; each may be left out."""

    model: str | None = None
    """As `errata init` takes it. Without one it is the recipe's, or errata-tiny."""
    template: str | None = None
    """For a model without a card: a template's name, or `name:tokens`. Without one it is the recipe's, or `indexed`."""
    recipe: str | None = None
    """By name or file, as `errata recipe use` takes it. Without one `params.yaml` stays as it is."""

    def given(self) -> tuple[str | None, str | None, int | None]:
        """Model, template, and the tokens that it sees: None where nobody says. Raises BadInput and NotFound."""
        recipe = None if self.recipe is None else find_recipe(self.recipe)
        model = self.model or (recipe.model if recipe else None)
        model = None if model == EMBEDDED else model
        asked = self.template or (f"{recipe.template}:{recipe.context}" if recipe else None)
        if asked is None:
            return model, None, None
        template, tokens = template_and_context(asked)
        return model, template, tokens if ":" in asked else None


@dataclass(frozen=True, slots=True)
class HeldOutTalk:
    """A talk that was scored, and what was answered to it."""

    transcript: Transcript
    right: Chapters
    before: Chapters
    """Day-0's."""
    after: Chapters
    """The tuned model's."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What came of it."""

    model: str
    """The tuned model's identity, in the workspace."""
    folder: Path
    """The same, merged and sealed: plain transformers, vLLM and `errata chapters --model` load it."""
    imported: ImportReport
    held_out: ImportReport | None
    mixture: MixtureReport
    training: TrainingLog
    comparison: ModelComparison
    """The tuned model (A) with Day-0 (B), on what is held out."""
    talks: tuple[HeldOutTalk, ...]
    """Those that were compared, by their ids; those of `held_out` first."""


def tune(source: str, root: Path, start: TuningStart, held_out: str | None = None, by: str = "tune") -> Tuning:
    """Makes a workspace in `root`, trains a model on the talks of `source` that have chapters, and scores it.

    `source` and `held_out` are files, folders or hf:// addresses, as `errata import transcripts` takes them. `held_out`
    is imported first and never trained on, nor is any twin of it. The 8 % of `source` that are drawn for `anchor` are
    scored too, and without `held_out` they alone. `params.yaml` in `root` says how to train. Cut short, it goes on when
    it is called again.

    Raises BadInput where nothing is held out, before anything is trained, and Refused where there is too little to
    train on.
    """
    model, template, tokens = start.given()
    workspace = init(root, Day0Choice(model, template, tokens))
    if start.recipe is not None:
        use_in_workspace(workspace, start.recipe)
    apart, given = (None, frozenset[str]()) if held_out is None else _import(workspace, held_out, "anchor")
    imported, _ = _import(workspace, source, None)
    labels = _held_out(workspace)
    if not labels:
        raise BadInput(f"no talk with chapters of {source} is drawn to be held out; name others with --held-out")
    with loop_lease(workspace.record):
        clear_leftovers(workspace.root)
        _plan(workspace).write(workspace.root)
        run_stages(workspace.root, "train")
        identity = _store(workspace)
        folder = _export(workspace, identity)
        # A night of this workspace, if there will be one, begins at the record's beginning, and shards never go back.
        shutil.rmtree(workspace.root / names.SNAPSHOT)
    comparison = compare(workspace, (identity[:16], "day0"), "anchor", PromptSettings.of(template or TEMPLATE, ()), by)
    return Tuning(
        model=identity,
        folder=folder,
        imported=imported,
        held_out=apart,
        mixture=read_document(MixtureReport, workspace.root / names.MIXTURE / names.STAGE_REPORT, AGAIN),
        training=read_document(TrainingLog, workspace.root / names.TRAINING, AGAIN),
        comparison=comparison,
        talks=answered_talks(workspace.record, labels, comparison, given),
    )


def _import(workspace: Workspace, place: str, role: Role | None) -> tuple[ImportReport, frozenset[str]]:
    """With the hashes of the transcripts that are there, new or not."""
    file, hashes = detect.transcripts(hub.local(place), None, "auto"), set[str]()

    def noted(rows: Iterable[ImportedTranscript | Rejected]) -> Iterator[ImportedTranscript | Rejected]:
        for row in rows:
            if isinstance(row, ImportedTranscript):
                hashes.add(row.transcript.hash)
            yield row

    report = add_transcripts(workspace.record, file._replace(rows=noted(file.rows)), workspace.root / "rejects", role)
    note(f"{place}: {report.read} talks read, {report.new} of them new, {report.rejected} rejected")
    return report, frozenset(hashes)


def _held_out(workspace: Workspace) -> list[Label]:
    with workspace.record.read() as store:
        return store.labels.of_role("anchor", store.watermark())


def _plan(workspace: Workspace) -> Night:
    """As of the newest correction, everything may be trained on, from Day-0."""
    with workspace.record.read() as store:
        watermark, day0 = store.labels.newest(), store.aliases.model_of("day0") or ""
    return Night(
        label=LABEL,
        training_watermark=watermark,
        gate_watermark=watermark,
        day0=day0,
        champion=day0,
        champion_watermark=0,
        challenger="",
        challenger_watermark=0,
        code=code_hash(),
        gate=workspace.params().gate,
    )


def _store(workspace: Workspace) -> str:
    """The candidate's identity, once it lies among the models."""
    reason = workspace.root / names.CANDIDATE / names.NO_CANDIDATE
    if reason.exists():
        raise Refused(f"nothing was trained: {read_document(NoCandidate, reason, AGAIN).reason}")
    return store_model(workspace.root / names.CANDIDATE, workspace.models)


def _export(workspace: Workspace, identity: str) -> Path:
    folder = workspace.root / TUNED
    shutil.rmtree(folder, ignore_errors=True)
    export_server(model_folder(identity, workspace.models), workspace.models, folder)
    return folder


def answered_talks(
    record: Record, labels: Sequence[Label], comparison: ModelComparison, first: Collection[str] = ()
) -> tuple[HeldOutTalk, ...]:
    """Those of `labels` that both models answered, by their ids; the transcripts of the hashes `first` before the
    others: who held talks out sees one of these, and not what the other source has of them."""
    seqs = [label.transcript for label in labels]
    tuned, day0 = comparison.a, comparison.b
    talks = []
    with record.read() as store:
        after = store.predictions.of_model(tuned.model, tuned.template, seqs)
        before = store.predictions.of_model(day0.model, day0.template, seqs)
        for label in sorted(labels, key=lambda label: label.external_id):
            seq = label.transcript
            if seq in after and seq in before:  # of twins one was asked
                answers = before[seq].chapters, after[seq].chapters
                talks.append(HeldOutTalk(store.transcripts.read(seq), label.chapters, *answers))
    return tuple(sorted(talks, key=lambda talk: talk.transcript.hash not in first))
