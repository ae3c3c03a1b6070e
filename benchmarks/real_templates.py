"""What the options of the template `borders` buy on real talks.

    python -m benchmarks.real_templates TALKS --out FOLDER [--model MODEL] [--recipe NAME] [--talks 25] TEMPLATE …

TALKS is what `benchmarks.real_folds` takes. Of its talks with a description, so that `borders+description` has
something to show, the shortest of each channel take part, then the next. A model, errata-tiny unless MODEL is another
(as `errata init` takes it), is taught by `borders` and by each TEMPLATE, by as many steps of a recipe, in two folds
that share no channel and no twin, and scored on the fold that it wasn't taught; the table is that of `errata ablate`.
What was done in FOLDER isn't done again.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from benchmarks.real_folds import all_talks
from benchmarks.talk_files import write_halves
from benchmarks.workspaces import set_params
from errata.cli.print_ablation import print_ablation
from errata.files import JsonObject
from errata.loop.ablate import AblationPlan, ablate_on
from errata.loop.init import Day0Choice, init
from errata.tasks.chapters import without_chapters
from retrain.recipe import find_recipe

PLAIN = "borders"
FOLDS = 2
TRAINING = {"entry_weight": 8.0, "epochs": 100}
"""Beside the recipe: marks weigh as they do with larger models, and steps decide how long is trained."""


def described_talks(folder: Path) -> list[JsonObject]:
    """Those whose description says more than where chapters begin: the shortest of each channel, then the next."""
    talks = [talk for talk in all_talks(folder).values() if without_chapters(talk["metadata"]["description"])]
    talks.sort(key=lambda talk: float(talk["metadata"]["duration"]))
    before: Counter[str] = Counter()
    turns = []
    for talk in talks:
        channel = talk["metadata"]["channel_id"]
        turns.append(before[channel])
        before[channel] += 1
    return [talk for _, talk in sorted(zip(turns, talks, strict=True), key=lambda pair: pair[0])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("talks_folder", type=Path, metavar="TALKS")
    parser.add_argument("templates", nargs="+", metavar="TEMPLATE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model")
    parser.add_argument("--recipe", default="errata-tiny")
    parser.add_argument("--talks", type=int, default=25)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    recipe = find_recipe(given.recipe)
    workspace = init(given.out / "workspace", Day0Choice(given.model, PLAIN, recipe.context))
    training = {**recipe.params["train"], **TRAINING, "max_steps": given.steps}
    set_params(workspace.root, {"train": training, "mix": {"least": 1}})
    talks = given.out / "talks.jsonl"
    write_halves(talks, described_talks(given.talks_folder)[: given.talks])
    print_ablation(ablate_on(workspace, talks, FOLDS, AblationPlan(given.seeds, templates=given.templates)))


if __name__ == "__main__":
    main()
