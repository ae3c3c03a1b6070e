"""A workspace with its Day-0 model in place."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errata.database.fsck import repair
from errata.database.record import Record
from errata.documents.document import write_document
from errata.documents.file_names import DAY0
from errata.documents.model_summary import ModelOrigin
from errata.inference.artefact import CARD, MADE_ANEW, Card, model_folder, move_model, store_model, unfinished
from errata.inference.model_form import CONTEXT, TEMPLATE
from errata.loop.hand_moves import tell_mlflow
from errata.loop.lease import loop_lease
from errata.loop.model_check import check_model, load_config, longest_context
from errata.loop.new_folder import check_folder, nothing_left_behind, sole_maker
from errata.loop.new_senses import check_senses_fit, find_senses, give_senses
from errata.loop.registering import register_missing
from errata.loop.signing_key import make_signing_key
from errata.operations.ownership import check_unclaimed, claim
from errata.progress import note
from errata.project_files import embedded_model
from errata.settings import FILE
from errata.tasks import templates
from errata.tasks.templates import task_name
from errata.workspace import Workspace
from registry.promotion import install_day0

if TYPE_CHECKING:
    from errata.loop.model_source import SourceModel


@dataclass(frozen=True, slots=True)
class Day0Choice:
    """Which model is to be Day-0."""

    model: str | None = None
    """A folder, a .gguf file or `OWNER/NAME[@REVISION]` on the hub; None for the embedded errata-tiny."""
    template: str | None = None
    """How a model without a card of ours is asked,"""
    context: int | None = None
    """and how many tokens it sees."""
    senses: tuple[str, ...] = ()
    """What it is to learn to see and hear by, of a model of words alone; see `find_senses`."""


def init(root: Path, day0: Day0Choice | None = None, here: bool = False, adopt: bool = False) -> Workspace:
    """Lays out a workspace and makes the chosen model (the embedded errata-tiny, by default) Day-0 and the first
    champion.

    What was seen of a model from outside stands in `day0.json`. Doing it again completes what is missing. Raises
    Refused for a folder with other files, unless it is to be made among them (`here`), while another `init` is at work
    there, and for a record that is another workspace's, unless it is to `adopt` it; BadInput for a model that can't be
    asked or trained; NotFound and Unavailable for one that can't be had; Unavailable while another command holds the
    loop. Where a new one can't be made whole, nothing is left of it.
    """
    with sole_maker(root):
        if (root / FILE).is_file():
            return _complete(Workspace.lay_out(root), adopt, day0 or Day0Choice())
        check_folder(root, here)
        if not adopt:
            check_unclaimed(Workspace(root.resolve()))
        with nothing_left_behind(root):
            return _complete(Workspace.lay_out(root), adopt, day0 or Day0Choice())


def _complete(workspace: Workspace, adopt: bool, choice: Day0Choice) -> Workspace:
    """What a workspace that is laid out lacks."""
    claim(workspace, adopt)
    _update_sketches(workspace.record)
    _update_lines(workspace.record)
    with workspace.record.read() as store:
        installed = store.aliases.model_of("day0")
    make_signing_key(workspace)
    day0 = installed or _install(workspace, choice)
    with loop_lease(workspace.record):
        with workspace.record.write() as store:
            install_day0(store, day0, by="init")
            store.asked_task.set(task_name(Card.read(model_folder(day0, workspace.models)).template))
        register_missing(workspace)
        tell_mlflow(workspace)
    workspace.commit("Lay out the workspace")
    return workspace


def _update_sketches(record: Record) -> None:
    """Where an older version looked for twins, looks again, so that none trains while another is held out."""
    with record.read() as store:
        outdated = store.repairs.has_old_sketches()
    if outdated:
        note("an older version looked for twins: every transcript is read again, about a hundred a second")
        repair(record, by="init")


def _update_lines(record: Record) -> None:
    """Where an older version knew nothing of lines, looks which transcripts have derived ones."""
    noted = 1
    while noted:
        with record.write() as store:
            noted = store.transcripts.note_lines()


def _install(workspace: Workspace, choice: Day0Choice) -> str:
    """Copies a model's files into the workspace, sealed. Raises BadInput for one that can't be asked and trained."""
    templates.find(choice.template or TEMPLATE)
    senses, is_own = find_senses(choice.senses), _is_own(choice)
    if is_own and not senses:  # ours is known to be whole, and to import torch takes seconds
        return store_model(embedded_model(), workspace.models)
    workspace.models.mkdir(exist_ok=True)
    with unfinished(workspace.models) as scratch:
        if is_own:
            folder = _copy(embedded_model(), Path(scratch) / "copy")
        else:
            folder = _from_outside(workspace, choice, Path(scratch))
        check_senses_fit(Card.read(folder), senses)
        if senses:
            give_senses(folder, senses)
        return move_model(folder, workspace.models)


def _is_own(choice: Day0Choice) -> bool:
    """Whether it is the embedded model, asked as it was made to be."""
    return choice.model is None and choice.template in (None, Card.read(embedded_model()).template)


def _from_outside(workspace: Workspace, choice: Day0Choice, scratch: Path) -> Path:
    """Its folder, in `scratch`, with a card; `day0.json` says what was seen of it."""
    from errata.loop.model_source import source_model
    from errata.loop.model_summary import summarise_model

    place = scratch / "unpacked"
    place.mkdir()
    source = source_model(choice.model, place) if choice.model else _without_card(scratch)
    card = _card(source.folder, choice.template, choice.context)
    check_model(source.folder, card)
    summary = summarise_model(source, card, workspace.params(), choice.template, choice.context)
    write_document(workspace.root / DAY0, summary)
    folder = place if source.folder == place else _copy(source.folder, scratch / "copy")
    if not (folder / CARD).exists():
        card.write(folder, **source.facts)
    return folder


def _without_card(scratch: Path) -> SourceModel:
    """The embedded model, to be asked by another template than its own."""
    from errata.loop.model_source import SourceModel

    folder = scratch / "embedded"
    shutil.copytree(embedded_model(), folder, ignore=shutil.ignore_patterns(CARD, *MADE_ANEW, "__pycache__"))
    return SourceModel(folder, ModelOrigin("folder", "errata-tiny", ""))


def _copy(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*MADE_ANEW, "__pycache__"))
    return folder


def _card(model: Path, template: str | None, context: int | None) -> Card:
    """Its own, if it has one; else as the command says, and with as many tokens as it can see."""
    if (model / CARD).exists():
        return Card.read(model)
    return Card(template or TEMPLATE, context or min(CONTEXT, longest_context(load_config(model)) or CONTEXT))
