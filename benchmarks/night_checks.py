"""What must hold after a night was killed, and once it has ended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.short_nights import ShortNight, bring_talks, made_up_talks
from errata.database.fsck import fsck
from errata.database.shipping import ALIASES
from errata.documents.alias_check import FindingKind
from errata.documents.outcome import Outcome
from errata.domain.chapter import Chapters
from errata.domain.transcript import Segment, Transcript
from errata.errors import ErrataError
from errata.inference.artefact import model_folder
from errata.inference.model import FolderModel
from errata.loop.registry_check import check_registry
from errata.loop.request_reconciler import reconcile
from errata.operations.status import loop_status
from errata.wording.alias_sentences import alias_check_sentences
from errata.workspace import Workspace
from registry.models import ModelRegistry

UNTOLD: tuple[FindingKind, ...] = ("not told", "not registered")
"""What MLflow may lack while a night that is decided isn't published."""
NO_OUTCOME = Outcome(night="", verdict="none")
_LEFT_OVER = ("models/*.*", "work/checkpoints/*", ".git/**/*.lock", "*.tmp", "nights/*/*.tmp", "work/*.tmp")


@dataclass(frozen=True)
class LoopState:
    """What the record says."""

    aliases: Mapping[str, str]
    nights: Mapping[str, Outcome | None]
    """By label; None for one that has not ended."""


@dataclass(frozen=True)
class NightEnd:
    """How a night ended, as far as it can't differ from one run to the next."""

    verdict: str
    candidate: str
    promoted: str
    effect: float | None
    items: int | None
    aliases: Mapping[str, str]
    kept: frozenset[str]
    """Names of the models that the workspace keeps, and of the files in the night's folder, but for certificates: where
    the process that measures what a model costs is killed, the night says so and does without."""
    versions: int
    """That MLflow has, each of another model,"""
    runs: Mapping[str, int]
    """and its runs, by name."""


class NightChecks:
    """Of nights in one workspace after the other, in which they are the same. What it remembers is plain data: each
    look is a process of its own (`in_child`), which gives it back."""

    def __init__(self) -> None:
        self.root, self.label, self.outcome = Path(), "", NO_OUTCOME
        self._before = LoopState({}, {})
        self._ends: dict[str, NightEnd] = {}
        self._answers: dict[str, Chapters] = {}

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    def begin(self, night: ShortNight) -> list[str]:
        bring_talks(self.workspace, night)
        self.label, self.outcome, self._before = night.label, NO_OUTCOME, _state(self.workspace)
        return []

    def problems_now(self) -> list[str]:
        """The old state or the new one, and all that ships whole, whoever works there still."""
        try:
            loop_status(self.workspace)
            state = _state(self.workspace)
            return [*self._of_nights(state), *self._of_aliases(state), *self._of_files(state), *self._of_answers(state)]
        except ErrataError as problem:
            return [str(problem)]

    def problems_of_aliases(self) -> list[str]:
        """Once MLflow was told."""
        return list(alias_check_sentences(check_registry(self.workspace)))

    def problems_reconciled(self) -> list[str]:
        """After `errata reconcile`, which is run."""
        try:
            reconcile(self.workspace)
        except ErrataError as problem:
            return [f"errata reconcile: {problem}"]
        return self.problems_of_aliases()

    def problems_at_end(self) -> list[str]:
        outcome = _state(self.workspace).nights.get(self.label)
        if outcome is None:
            return ["it has not ended"]
        self.outcome, end = outcome, self._end(outcome)
        first = self._ends.setdefault(self.label, end)
        differs = [] if end == first else [f"it ended as {end}, and the first time as {first}"]
        return [*self.problems_now(), *self.problems_of_aliases(), *self._of_mlflow(), *self._left_over(), *differs]

    def _of_nights(self, state: LoopState) -> list[str]:
        allowed = {**self._before.nights, self.label: state.nights.get(self.label)}
        now = {self.label: None, **state.nights}
        return [] if now == allowed else [f"the record has the nights {sorted(now)}, or others' results were changed"]

    def _of_aliases(self, state: LoopState) -> list[str]:
        """Before the night is decided nothing has moved; then all has that it moves."""
        outcome, known, expected = state.nights.get(self.label), self._ends.get(self.label), self._before.aliases
        if outcome is not None and known is not None:
            expected = known.aliases
        elif outcome is not None:  # the first time: what exports ship, and who waits, isn't known
            expected = {**state.aliases, "champion": outcome.promoted or expected["champion"]}
        return [] if state.aliases == expected else [f"the aliases are {state.aliases} instead of {expected}"]

    def _of_files(self, state: LoopState) -> list[str]:
        check = check_registry(self.workspace)
        decided = state.nights.get(self.label) is not None
        wrong = tuple(each for each in check.findings if not (decided and each.kind in UNTOLD))
        return [*alias_check_sentences(replace(check, findings=wrong)), *fsck(self.workspace.record).problems]

    def _of_answers(self, state: LoopState) -> list[str]:
        """What is served loads, and says what it said the first time."""
        champion = state.aliases["champion"]
        model = FolderModel(champion, model_folder(champion, self.workspace.models), self.workspace.models)
        [reading] = model.answer([_talk()])
        first = self._answers.setdefault(champion, reading.chapters)
        return [] if reading.chapters == first else [f"the champion answers {reading.chapters} instead of {first}"]

    def _of_mlflow(self) -> list[str]:
        told = {alias: model for alias, (_, model) in ModelRegistry.of(self.workspace).aliases().items()}
        recorded = {alias: model for alias, model in _state(self.workspace).aliases.items() if model}
        return [] if told == recorded else [f"MLflow's aliases are {told} instead of {recorded}"]

    def _left_over(self) -> list[str]:
        """Halves of what was being written, and what only a night that runs has."""
        root = self.workspace.root
        found = [path for places in _LEFT_OVER for path in root.glob(places)]
        found += [path for path in root.glob("work/*") if path.is_dir() and path.name not in ("checkpoints", "rows")]
        return [f"{path.relative_to(root)} is left over" for path in found]

    def _end(self, outcome: Outcome) -> NightEnd:
        workspace, registry = self.workspace, ModelRegistry.of(self.workspace)
        client, name = registry.mlflow.client, workspace.settings.model_name
        kept = [*workspace.models.iterdir(), *(workspace.nights / self.label).iterdir()]
        return NightEnd(
            verdict=outcome.verdict,
            candidate=outcome.candidate,
            promoted=outcome.promoted,
            effect=outcome.effect,
            items=outcome.n,
            aliases=_state(workspace).aliases,
            kept=frozenset(_without_hash(path.name) for path in kept if not path.name.startswith("certificate-")),
            versions=len(client.search_model_versions(f"name = '{name}'")),
            runs=Counter(run.info.run_name for run in client.search_runs([registry.mlflow.experiment])),
        )


def _state(workspace: Workspace) -> LoopState:
    with workspace.record.read() as store:
        return LoopState(
            {alias: store.aliases.model_of(alias) or "" for alias in ALIASES},
            {row.label: row.outcome if row.finished else None for row in store.nights.all()},
        )


def _talk() -> Transcript:
    talk = next(made_up_talks("what the champion is asked"))
    lines = tuple(Segment(line["start"], line["end"], line["text"]) for line in talk.speech())
    return Transcript(talk.name, lines, lines[-1].end)


_without_hash = partial(re.compile("[0-9a-f]{64}").sub, "…")
"""An evidence record is named by its hash, and holds how long answers took."""
