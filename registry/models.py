"""MLflow, for those who look at it: runs, registered versions and aliases. The record decides; MLflow is told.

    registry = ModelRegistry.of(workspace)
    run = registry.runs.open_night("2026-03-01")
    registry.register(folder, identity, {"errata.verdict": "promote"}, run)
    registry.sync(workspace.record)

Models are plain files under a run, never one of MLflow's own flavours, which unpickle. MLflow keeps no checksums: a
version carries the sha256 of its manifest as a tag, by which whoever takes its files can verify them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from errata.database.aliases import ROLLBACK
from errata.database.record import Record
from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.errors import BadInput, NotFound, Unavailable
from errata.inference import artefact
from errata.inference.checksums import MODEL_CARD, PAPERS
from errata.workspace import Workspace
from registry import mlflow_tables
from registry.mlflow_runs import MlflowRuns
from registry.mlflow_store import MlflowStore

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

SHA256, REPORT = "errata.sha256", "errata.report"
PROMOTED = "errata.promoted"
"""Of a version that became champion: when, by whom, and on which evidence."""
APPROVED_BY = "errata.approved_by"
"""By which somebody answers for an alias that they move to the version in MLflow, or approves of the version."""
APPROVAL, APPROVAL_PROBLEM = "errata.approval", "errata.approval_problem"
"""Of a version that people must approve of: who did, and what came of it; and why the last name there didn't count."""
HAND_MOVE = "errata.hand_move"
"""What came of it."""
ROLLED_BACK, ROLLED_BACK_TO = "errata.rolled_back", "errata.rolled_back_to"
"""Of the version that was champion, and of the one that is it again."""
_MODEL = (
    "Models that chapter transcripts. **@champion** answers the application, as **@server**, **@device** or **@gguf** "
    "in the form that ships; **@challenger** waits for a decision; **@day0** is what all are compared with. The page "
    "of a version says why it was promoted or not, what it was trained on and who approved it. Errata's record "
    "decides: an alias that is moved here is put back or adopted by the next night."
)
"""The registered model's description."""


class ModelRegistry:
    """One registered model and its experiment. Every method raises Unavailable where MLflow can't be reached."""

    def __init__(self, uri: str, name: str, artifacts: Path) -> None:
        """`artifacts` is where files go when `uri` is a database; a server has its own place."""
        self.mlflow = MlflowStore(uri, name, artifacts)
        self.runs = MlflowRuns(self.mlflow)
        self._name = name

    @classmethod
    def of(cls, workspace: Workspace) -> ModelRegistry:
        """Raises BadInput for an address that is a folder's: MLflow keeps no store there any more."""
        settings = workspace.settings
        if ":" not in settings.mlflow_uri or settings.mlflow_uri.startswith("file:"):
            raise BadInput(
                f"mlflow_uri is {settings.mlflow_uri!r}, which is no address of MLflow's; say http://…, https://…, or "
                "sqlite:///… and its like"
            )
        return cls(settings.mlflow_uri, settings.model_name, workspace.root / "mlartifacts")

    # versions --------------------------------------------------------------------------------------------------------

    def register(self, folder: Path, identity: str, tags: Mapping[str, str], run: str, description: str = "") -> str:
        """Puts a sealed model into the registry, its files under a run; returns its version.

        `description` is Markdown, which MLflow shows on the version's page. A model that is there already keeps its
        version, and gets the tags, the description and its papers as they are now. Raises NotFound where its files
        aren't those that were sealed.
        """
        if artefact.verify(folder) != identity:
            raise NotFound(f"{folder} does not hold the model {identity[:16]}…; register the folder that does")
        with self.mlflow.errors():
            version = self._find_version(identity)
            if version is None:
                version = self._upload(folder, identity, run)
            else:
                self._update_papers(version, folder, identity)
            self._drop_doubles(version, identity)
            self._tag(version, tags)
            self._describe(version, folder, identity, description)
            return str(version.version)

    def describe(self, identity: str, folder: Path, description: str) -> None:
        """Writes the page of a model's version anew, if MLflow has one; `folder` holds the model."""
        with self.mlflow.errors():
            version = self._find_version(identity)
            if version is not None:
                self._describe(version, folder, identity, description)

    def version_numbers(self, identities: Collection[str]) -> dict[str, str]:
        """By identity, of those that MLflow has."""
        with self.mlflow.errors():
            found = {identity: self._find_version(identity) for identity in identities}
        return {identity: str(version.version) for identity, version in found.items() if version is not None}

    def has(self, identity: str) -> bool:
        with self.mlflow.errors():
            return self._find_version(identity) is not None

    def fetch(self, identity: str, folder: Path) -> Path:
        """A registered model's files, as MLflow has them, in a folder below `folder`. Raises NotFound for a model that
        MLflow doesn't have, and for files that aren't those that were sealed."""
        with self.mlflow.errors():
            version = self._registered_version(identity)
            place = self.mlflow.client.download_artifacts(str(version.run_id), _place(identity), str(folder))
        if artefact.verify(Path(place)) != identity:
            raise NotFound(f"MLflow's version {version.version} holds another model than {identity[:16]}…")
        return Path(place)

    def check_files(self, identity: str) -> None:
        """Raises NotFound where MLflow's copy of a registered model isn't whole: by every byte where it lies on this
        machine, and by names and sizes where a server keeps it."""
        with self.mlflow.errors():
            version = self._registered_version(identity)
            place = urlsplit(version.source)
            if place.scheme in ("", "file"):
                folder = Path(unquote(place.path))
                if artefact.verify(folder) != identity:
                    raise NotFound(f"{folder} holds another model")
            else:
                self._check_sizes(version, identity)

    def _check_sizes(self, version: ModelVersion, identity: str) -> None:
        place, run = _place(identity), str(version.run_id)
        sizes = dict(self._listed(run, place))
        if artefact.MANIFEST not in sizes:
            raise NotFound(f"version {version.version} has no {artefact.MANIFEST}")
        with TemporaryDirectory() as scratch:
            manifest = Path(self.mlflow.client.download_artifacts(run, f"{place}/{artefact.MANIFEST}", scratch))
            sealed, identity_there = artefact.sealed_sizes(manifest.parent), artefact.read_seal(manifest.parent)[0]
        wrong = [name for name, size in sealed.items() if sizes.get(name) != size]
        if wrong or identity_there != identity:
            named = wrong[0] if wrong else artefact.MANIFEST
            raise NotFound(f"{named} of version {version.version} is missing or of another size than was sealed")

    def _listed(self, run: str, place: str, within: str = "") -> Iterator[tuple[str, int]]:
        """Each file below `place`, by its name there, with its size in bytes."""
        for found in self.mlflow.client.list_artifacts(run, f"{place}/{within}".rstrip("/")):
            name = str(found.path).removeprefix(f"{place}/")
            if found.is_dir:
                yield from self._listed(run, place, name)
            else:
                yield name, int(found.file_size or 0)

    def restore_files(self, folder: Path, identity: str) -> None:
        """Writes a registered model's files anew, from `folder`. Raises NotFound where that isn't whole itself."""
        if artefact.verify(folder) != identity:
            raise NotFound(f"{folder} does not hold the model {identity[:16]}…")
        with self.mlflow.errors():
            version = self._registered_version(identity)
            self.mlflow.client.log_artifacts(str(version.run_id), str(folder), _place(identity))

    def tag_version(self, identity: str, tags: Mapping[str, str]) -> None:
        """Puts evidence on a version: its verdict, effect, p value and the evidence record's sha256."""
        with self.mlflow.errors():
            self._tag(self._registered_version(identity), tags)

    # aliases ---------------------------------------------------------------------------------------------------------

    def aliases(self) -> dict[str, tuple[str, str]]:
        """Alias to version and identity, as MLflow has them; the identity is empty where the version isn't ours."""
        if mlflow_tables.is_database(self.mlflow.uri):
            try:
                return mlflow_tables.aliases(self.mlflow.uri, self._name, SHA256)
            except (sa.exc.SQLAlchemyError, OSError) as error:
                raise Unavailable(self.mlflow.sentence(error)) from error
        with self.mlflow.errors():
            if not self._has_model():
                return {}
            numbers = self.mlflow.client.get_registered_model(self._name).aliases
            versions = {number: self._version(number) for number in set(numbers.values())}
            return {alias: (str(number), versions[number].tags.get(SHA256, "")) for alias, number in numbers.items()}

    def apply(self, wanted: Mapping[str, str]) -> int:
        """Brings MLflow's aliases to the models that they are `wanted` to mean, empty for none; returns how many it had
        to change, whoever changed them.

        Raises NotFound where a model isn't registered: register it, then apply again.
        """
        with self.mlflow.errors():
            present = {alias: identity for alias, (_, identity) in self.aliases().items()}
            changes = {alias: model for alias, model in wanted.items() if present.get(alias, "") != model}
            # Every version is looked up before the first alias moves: one that is missing leaves all where they are.
            versions = {model: self._registered_version(model).version for model in set(changes.values()) - {""}}
            for alias, model in changes.items():
                if model:
                    self.mlflow.client.set_registered_model_alias(self._name, alias, versions[model])
                else:
                    self.mlflow.client.delete_registered_model_alias(self._name, alias)
            return len(changes)

    def sync(self, record: Record) -> int:
        """Brings the aliases in line with the record, whatever happened to them; returns how many it had to change.
        What somebody moved by hand is put back without a word: look first (`errata.loop.hand_moves`).

        Raises NotFound where a model isn't registered; then the record keeps those moves as not yet applied.
        """
        changed, told = 0, -1
        # MLflow keeps whatever it was told last: where the record has moved on meanwhile, that is what it is told last
        while told < len(moves := record.ask(lambda store: store.aliases.moves())):
            told = len(moves)
            changed += self.apply(dict.fromkeys(ALIASES, "") | {move.alias: move.model for move in moves})
        with self.mlflow.errors():
            for move in moves:
                if not move.applied and move.alias == "champion":
                    self._tag_champion(move)
        # Marked afterwards: a night that is killed in between applies them again, which changes nothing.
        with record.write() as store:
            for move in moves:
                if not move.applied:
                    store.aliases.mark_applied(move.number)
        return changed

    def tag_promotions(self, record: Record, identity: str) -> None:
        """Says again on a version that was lost and registered anew when, by whom and why its model became champion."""
        moves = record.ask(lambda store: store.aliases.moves())
        with self.mlflow.errors():
            for move in moves:
                if move.alias == "champion" and move.model == identity:
                    self._tag_champion(move)

    def identity_of(self, version: str) -> str:
        """Raises NotFound for a version that there is not, or that is none of ours."""
        with self.mlflow.errors():
            identity = self._version(version).tags.get(SHA256, "")
        if not identity:
            raise NotFound(f"version {version} of {self._name} in MLflow is none of Errata's; name one that is")
        return str(identity)

    def approver(self, version: str) -> str:
        """Who approves of a version, by its tag; empty where nobody is named."""
        with self.mlflow.errors():
            return str(self._version(version).tags.get(APPROVED_BY, ""))

    def approver_of(self, identity: str) -> str:
        """Who approves of a model, by its version's tag; empty where nobody is named."""
        with self.mlflow.errors():
            return str(self._registered_version(identity).tags.get(APPROVED_BY, ""))

    def take_approval(self, identity: str, by: str, problem: str) -> None:
        """Takes away the tag by which `by` approved, so that it counts once; `problem` is why it didn't count."""
        with self.mlflow.errors():
            version = self._registered_version(identity)
            self._tag(version, {APPROVAL_PROBLEM: problem})
            if version.tags.get(APPROVED_BY) == by:  # somebody else may have set theirs meanwhile
                self.mlflow.client.delete_model_version_tag(self._name, version.version, APPROVED_BY)

    def note_promotion(self, identity: str, text: str, approvers: Collection[str]) -> None:
        """Says on a model's version how its promotion stands; whose approval is counted has no tag there any more."""
        with self.mlflow.errors():
            version = self._registered_version(identity)
            self._tag(version, {APPROVAL: text})
            if version.tags.get(APPROVED_BY) in approvers:
                self.mlflow.client.delete_model_version_tag(self._name, version.version, APPROVED_BY)

    def note_hand_move(self, version: str, text: str) -> None:
        """Says on a version what came of an alias that somebody moved to it; an approval counts once."""
        with self.mlflow.errors():
            found = self._version(version)
            self._tag(found, {HAND_MOVE: text})
            if APPROVED_BY in found.tags:
                self.mlflow.client.delete_model_version_tag(self._name, version, APPROVED_BY)

    def _tag_champion(self, move: MoveRow) -> None:
        """Says on the versions when, by whom and why one became champion."""
        who = f"{move.at:%Y-%m-%d %H:%M} UTC by {move.by}"
        if move.reason.startswith(ROLLBACK):
            note = f"{who}: {move.reason.removeprefix(ROLLBACK)}"
            self._tag_model(move.previous, {ROLLED_BACK: note})
            self._tag_model(move.model, {ROLLED_BACK_TO: note})
        else:
            night, evidence = (f", night {move.night}" if move.night else ""), move.evidence or ""
            on = f", on the evidence {evidence[:16]}" if evidence else ""
            self._tag_model(move.model, {PROMOTED: f"{who}{night}{on}: {move.reason}"})

    def _tag_model(self, model: str | None, tags: Mapping[str, str]) -> None:
        """Of a model that MLflow may not have."""
        version = self._find_version(model) if model else None
        if version is not None:
            self._tag(version, tags)

    def _version(self, number: str) -> ModelVersion:
        return self.mlflow.client.get_model_version(self._name, number)

    def _has_model(self) -> bool:
        return bool(self.mlflow.client.search_registered_models(f"name = '{self._name}'", max_results=1))

    def _upload(self, folder: Path, identity: str, run: str) -> ModelVersion:
        if not self._has_model():
            self.mlflow.client.create_registered_model(self._name, description=_MODEL)
        place = _place(identity)
        self.mlflow.client.log_artifacts(run, str(folder), place)
        # A server takes a version's files from a run alone; a path of this machine it would refuse.
        source = f"{self.mlflow.client.get_run(run).info.artifact_uri}/{place}"
        new = self.mlflow.client.create_model_version(self._name, source, run, {SHA256: identity})
        return self._find_version(identity) or new

    def _drop_doubles(self, version: ModelVersion, identity: str) -> None:
        """Of versions as of runs; one that somebody has given an alias stays."""
        for other in self._versions(identity):
            if other.version != version.version:
                double = self._version(other.version)
                if not double.aliases:
                    self.mlflow.client.delete_model_version(self._name, other.version)

    def _update_papers(self, version: ModelVersion, folder: Path, identity: str) -> None:
        """A model that waits is decided on again, which its papers say."""
        for name in PAPERS:
            if (folder / name).is_file():
                self.mlflow.client.log_artifact(str(version.run_id), str(folder / name), _place(identity))

    def _describe(self, version: ModelVersion, folder: Path, identity: str, description: str) -> None:
        text = f"{description}\n\n{self._card_link(version, folder, identity)}".strip()
        if version.description != text:
            self.mlflow.client.update_model_version(self._name, version.version, text)

    def _card_link(self, version: ModelVersion, folder: Path, identity: str) -> str:
        if not (folder / MODEL_CARD).is_file():
            return ""
        place = self.runs.place(str(version.run_id), f"{_place(identity)}/{MODEL_CARD}")
        return f"[Model card]({place})"

    def _tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        for name, value in tags.items():
            if version.tags.get(name, "") != value:
                self.mlflow.client.set_model_version_tag(self._name, version.version, name, value)

    def _find_version(self, identity: str) -> ModelVersion | None:
        return min(self._versions(identity), key=lambda version: int(version.version), default=None)

    def _versions(self, identity: str) -> Sequence[ModelVersion]:
        return self.mlflow.client.search_model_versions(f"name = '{self._name}' and tags.`{SHA256}` = '{identity}'")

    def _registered_version(self, identity: str) -> ModelVersion:
        version = self._find_version(identity)
        if version is None:
            raise NotFound(f"MLflow has no version of {self._name} for {identity[:16]!r}; `errata init` registers it")
        return version


def _place(identity: str) -> str:
    """Of a model's files among those of its run."""
    return f"models/{identity[:16]}"
