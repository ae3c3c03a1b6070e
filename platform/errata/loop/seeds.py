"""How much of a candidate's effect is luck: it is made again with other seeds, which are scored and thrown away."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.documents.document import RESTORE, parse, read_yaml, write_document
from errata.documents.file_names import ITEMS, PARAMS, PIPELINE_LOCK, SEEDS
from errata.documents.night import Night
from errata.documents.params import Recipe
from errata.documents.scored_items import read_scored_items, rows_of
from errata.documents.seed_spread import SeedSpread
from errata.errors import BadInput, NotFound, Refused
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_leftovers
from errata.loop.night_report import write_report
from errata.progress import progress_bar
from errata.workspace import Workspace


def try_seeds(workspace: Workspace, count: int) -> SeedSpread:
    """The newest scored night's candidate and `count` − 1 others of its recipe and rows, on that night's fresh items.

    None of the others is stored, so that none can be promoted. Kept in the night's folder, and shown by its report.
    Raises Refused where that night isn't finished, and NotFound where it has no candidate.
    """
    from errata.inference.artefact import verify
    from errata.inference.model import FolderModel
    from evaluation.seed_spread import answer_f1, fresh_rows, run_of, seed_spread
    from retrain.train import train_candidate

    with loop_lease(workspace.record):
        clear_leftovers(workspace.root)
        night = _finished_night(workspace)
        folder, bootstrap = workspace.nights / night.label, workspace.params().evaluate.seed
        items = read_scored_items(folder / ITEMS)
        candidate, room = fresh_rows(items, "candidate"), workspace.root / "work"
        if not candidate:
            raise NotFound(f"the night {night.label} scored no candidate; seeds are tried after one that did")
        recipe = _recipe(folder)
        champion = [rows_of(items, "champion")[row.transcript] for row in candidate]
        runs = [run_of(recipe.seed, candidate[0].model, [row.f1 for row in candidate], champion, bootstrap)]
        room.mkdir(exist_ok=True)
        for seed in range(recipe.seed + 1, recipe.seed + count):
            with TemporaryDirectory(dir=room) as place:
                train_candidate(workspace, night, replace(recipe, seed=seed), Path(place))
                model = FolderModel(verify(Path(place)), Path(place), workspace.models)
                with progress_bar(f"seed {seed}", len(candidate)) as advance:
                    f1 = answer_f1(workspace.record, model, candidate, advance)
            runs.append(run_of(seed, model.key.model, f1, champion, bootstrap))
        spread = seed_spread(night.label, runs)
        write_document(folder / SEEDS, spread)
        write_report(workspace, night.label)
    return spread


def _finished_night(workspace: Workspace) -> Night:
    """The newest that was scored: its rows still lie in the workspace, unless another has begun."""
    with workspace.record.read() as store:
        last = store.nights.last_scored()
    if last is None:
        raise NotFound(f"no night has been scored yet; run one: errata nightly -w {shlex.quote(str(workspace.root))}")
    night = Night.read(workspace.root)
    if night.label != last.label:
        raise Refused(
            f"the night {night.label} was not finished; finish it: errata nightly --date {shlex.quote(night.label)}"
        )
    return night


def _recipe(folder: Path) -> Recipe:
    """By which the night trained, whatever `params.yaml` says by now."""
    path = folder / PIPELINE_LOCK
    lock = read_yaml(path, RESTORE)
    try:
        value = lock["stages"]["train"]["params"][PARAMS]["train"]
    except (LookupError, TypeError) as error:
        raise BadInput(f"{path} doesn't say how the night trained; {RESTORE}") from error
    return parse(Recipe, value, str(path), RESTORE)
