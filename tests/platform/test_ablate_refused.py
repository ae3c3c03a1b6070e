"""`errata ablate` where there is nothing to train on, or to score."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from errata.documents.file_names import CURATED, PIPELINE_LOCK, ROWS
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.errors import BadInput, NotFound
from errata.loop.ablate import AblationPlan, ablate, ablate_on
from errata.settings import FILE
from errata.workspace import Workspace
from retrain.row_index import INDEX, write_index
from tests.made_up_answers import contender
from tests.made_up_params import write_params


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    (tmp_path / FILE).touch()
    write_params(tmp_path)
    shutil.copyfile(empty, tmp_path / "errata.db")
    return Workspace.find(tmp_path)


def test_it_asks_for_a_night_and_for_talks_of_role_dev(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="no night has been scored yet"):
        ablate(workspace, AblationPlan(1))
    with workspace.record.write() as store:
        store.nights.begin("one", 0, 1)
        store.nights.finish(Outcome(night="one", verdict="bootstrap"))
    day0 = contender(workspace.models, "day0", "d").identity
    Night("one", 0, 1, day0, day0, 0, "", 0, "c").write(workspace.root)
    recipe = {"backend": "transformers", "method": "lora", "start": "champion", "rank": 4, "alpha": 4}
    recipe |= {"learning_rate": 1e-3, "epochs": 1.0, "batch": 1, "warmup": 0.1, "seed": 7}
    folder = workspace.nights / "one"
    folder.mkdir(parents=True)
    (folder / PIPELINE_LOCK).write_text(
        json.dumps({"stages": {"train": {"params": {"params.yaml": {"train": recipe}}}}})
    )
    write_index(workspace.root / CURATED / ROWS, INDEX.empty_table())
    with pytest.raises(NotFound, match="no talk of role dev has a label"):
        ablate(workspace, AblationPlan(1))
    workspace.record.close()


def test_talks_that_make_too_few_folds_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    day0 = contender(workspace.models, "day0", "d").identity
    with workspace.record.write() as store:
        store.aliases.assign_alias("day0", day0, "init", "test", None, None)
    chapters = {"duration": 60.0, "title": "One", "chapters": {"0": "Soil", "30": "Tools"}}
    talks = tmp_path / "talks"
    talks.mkdir()
    (talks / "chapters.json").write_text(json.dumps({"one": chapters}))
    asr = {"text": ["Soil first.", "Then the tools."], "start": [0.0, 30.0], "end": [29.0, 60.0]}
    (talks / "asrs.json").write_text(json.dumps({"one": asr}))
    with pytest.raises(BadInput, match=r"into 1 parts .* too few for 2 folds"):
        ablate_on(workspace, talks, 2, AblationPlan(1))
    assert list((workspace.root / "work").iterdir()) == [], "the record that found their twins is gone"
    workspace.record.close()


def test_a_template_that_is_none_is_refused_before_anything_is_read() -> None:
    with pytest.raises(BadInput, match=r"no option 'time'.*times"):
        AblationPlan(1, templates=["borders+times", "borders+time"])
