"""How much of a candidate's effect is luck: it is made again with other seeds, which are scored and thrown away."""

from __future__ import annotations

from dataclasses import replace

from errata.documents.document import write_document
from errata.documents.file_names import ITEMS, SEEDS
from errata.documents.scored_items import read_scored_items, rows_of
from errata.documents.seed_spread import SeedSpread
from errata.errors import NotFound
from errata.loop.finished_night import answering_exports, finished_night, recipe_of
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_leftovers
from errata.loop.night_report import write_report
from errata.operations.chapters_asked import check_chapters_asked
from errata.progress import progress_bar
from errata.workspace import Workspace


def try_seeds(workspace: Workspace, count: int) -> SeedSpread:
    """The newest scored night's candidate and `count` − 1 others of its recipe and rows, on that night's fresh items.

    None of the others is stored, so that none can be promoted. Kept in the night's folder, and shown by its report.
    Raises Refused where that night isn't finished or models answer chats, and NotFound where it has no candidate.
    """
    check_chapters_asked(workspace, "trying seeds")
    from errata.inference.artefact import verify
    from errata.inference.model import FolderModel
    from evaluation.seed_spread import f1_of_rows, fresh_rows, run_of, seed_spread
    from registry.kept_exports import export_into
    from retrain.train import train_candidate

    with loop_lease(workspace.record):
        clear_leftovers(workspace.root)
        night = finished_night(workspace)
        folder, bootstrap = workspace.nights / night.label, workspace.params().evaluate.seed
        items = read_scored_items(folder / ITEMS)
        candidate = fresh_rows(items, "candidate")
        if not candidate:
            raise NotFound(f"the night {night.label} scored no candidate; seeds are tried after one that did")
        recipe = recipe_of(folder)
        champion = [rows_of(items, "champion")[row.transcript] for row in candidate]
        runs = [run_of(recipe.seed, candidate[0].model, [row.f1 for row in candidate], champion, bootstrap)]
        for seed in range(recipe.seed + 1, recipe.seed + count):
            with workspace.scratch() as place, workspace.scratch() as beside:
                train_candidate(workspace, night, replace(recipe, seed=seed), place)
                identity, answering = verify(place), place
                if answering_exports(folder) is not None:  # as the champion's answers, which these are compared with
                    answering = export_into(beside, place, workspace.models, workspace.params().export.gguf)
                model = FolderModel(verify(answering), answering, workspace.models)
                with progress_bar(f"seed {seed}", len(candidate)) as advance:
                    f1 = f1_of_rows(workspace.record, model, candidate, advance)
            runs.append(run_of(seed, identity, f1, champion, bootstrap))
        spread = seed_spread(night.label, runs)
        write_document(folder / SEEDS, spread)
        write_report(workspace, night.label)
    return spread
