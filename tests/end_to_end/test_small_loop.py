"""Two nights on a few sample talks, through the command line: what must hold whatever the scores are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from errata.demo import days
from errata.demo.material import Share
from errata.documents.params import Target
from errata.inference.artefact import model_folder
from errata.inference.checksums import PAPERS
from errata.loop.model_papers import write_papers
from errata.operations.model_folder_check import check_model_folder
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.models import ModelRegistry
from tests.command_line import Errata, in_a_process, in_this_process, json_of

TALKS = 10
DAYS: tuple[Share, ...] = ("day-1", "day-2")


@pytest.fixture(scope="module")
def errata() -> Errata:
    return in_this_process


@pytest.fixture(scope="module")
def as_json(errata: Errata) -> Callable[..., Any]:
    return json_of(errata)


def slice_day(folder: Path, out: Path, count: int, names: Sequence[str] = ("transcripts.json", "asrs.json")) -> Path:
    """The first talks of a sample day."""
    out.mkdir(parents=True)
    for name in names:
        kept = dict(islice(json.loads((folder / name).read_text()).items(), count))
        (out / name).write_text(json.dumps(kept))
    return out


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, errata, as_json: Callable[..., Any]) -> Path:
    place = tmp_path_factory.mktemp("loop")
    days.write(place / "samples")
    root = place / "workspace"
    errata("init", root)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["mix"]["least"] = 4
    params["train"]["epochs"] = 1
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    for day in DAYS:
        folder = slice_day(place / "samples" / day, place / day, TALKS)
        as_json("import", "transcripts", folder, "-w", root)
        as_json("predict", "-w", root)
        as_json("tasks", folder / "tasks.jsonl", "--for", "jsonl", "-w", root)
        days.write_reviews(folder / "reviews.jsonl", day, folder / "tasks.jsonl")
        as_json("import", "corrections", folder / "reviews.jsonl", "-w", root)
        as_json("nightly", "--date", day, "-w", root)
    return root


def test_the_first_night_is_the_bootstrap_and_the_second_is_judged(workspace: Path, as_json) -> None:
    first, second = as_json("status", "-w", workspace)["nights"]
    assert (first["label"], first["verdict"]) == ("day-1", "bootstrap")
    assert (second["label"], second["verdict"]) == ("day-2", "underpowered"), "a dozen items are too few to judge by"
    assert second["n"] <= TALKS and second["evidence"]


def test_a_finished_night_is_not_run_again(workspace: Path, as_json) -> None:
    before = (workspace / "nights" / "day-2" / "items.parquet").stat().st_mtime_ns
    again = as_json("nightly", "--date", "day-2", "-w", workspace)
    (decision,) = again["decisions"]
    assert again["verdict"] == decision["verdict"] == "underpowered"
    assert again["reason"] == decision["reasons"][0] and "items" in again["reason"]
    assert (workspace / "nights" / "day-2" / "items.parquet").stat().st_mtime_ns == before


def test_a_night_without_anything_new_is_skipped(workspace: Path, as_json) -> None:
    assert as_json("nightly", "--date", "quiet", "-w", workspace)["verdict"] == "skipped"


def test_a_ci_job_has_a_comment_to_post_and_an_exit_code_to_act_on(workspace: Path, errata, tmp_path: Path) -> None:
    comment = tmp_path / "comment.md"
    judged = errata("nightly", "--date", "day-2", "--comment", comment, "-w", workspace, check=False)
    first, second, *_ = lines = comment.read_text(encoding="utf-8").splitlines()
    assert judged.returncode == 10, "not promoted, and nothing failed"
    assert (first, second) == ("<!-- errata nightly -->", "## Not promoted yet: the candidate gathers evidence")
    assert lines[-1] == "The whole report: `nights/day-2/report.html`" and "](" not in comment.read_text()
    skipped = errata("nightly", "--date", "quiet", "--comment", comment, "-w", workspace, check=False)
    assert skipped.returncode == 10 and comment.read_text().splitlines()[1] == "## Night quiet: skipped"
    refused = errata("nightly", "--comment", tmp_path / "no" / "comment.md", "-w", workspace, check=False)
    assert refused.returncode == 2 and "can't be written; name a file in a folder that is there" in refused.stderr


def test_an_undecided_candidate_waits_and_nothing_ships(workspace: Path, as_json) -> None:
    aliases = as_json("status", "-w", workspace)["aliases"]
    assert aliases["champion"] == aliases["day0"]
    assert aliases["challenger"] == as_json("nightly", "--date", "day-2", "-w", workspace)["candidate"]
    assert aliases["server"] is None
    moves = as_json("history", "-w", workspace)
    assert [move["alias"] for move in moves] == ["day0", "champion", "challenger"]
    assert all(move["applied"] for move in moves)


def test_mlflow_holds_the_candidate_its_exports_and_the_evidence(workspace: Path) -> None:
    found = Workspace.find(workspace)
    aliases = ModelRegistry.of(found).aliases()
    with found.record.read() as store:
        assert aliases["champion"][1] == store.aliases.model_of("champion")
    import mlflow

    client = mlflow.MlflowClient(found.settings.mlflow_uri, found.settings.mlflow_uri)
    versions = client.search_model_versions(f"name = '{found.settings.model_name}'")
    made = {version.tags["errata.artefact"] for version in versions if version.tags.get("errata.night") == "day-2"}
    assert made == {"model", "server", "device"}
    run = client.search_runs(
        [client.get_experiment_by_name(found.settings.model_name).experiment_id],
        "tags.`errata.night` = 'day-2'",
    )[0]
    assert {"report.html", "items.parquet", "evaluation.json"} <= {
        a.path for a in client.list_artifacts(run.info.run_id)
    }
    assert run.data.metrics["fresh_items"] > 0
    checked = json.loads((workspace / "nights" / "day-2" / "aliases.json").read_text())
    assert set(checked["aliases"]) == {"day0", "champion", "challenger"}
    assert (checked["findings"], checked["hand_moves"], checked["mlflow_problem"]) == ([], [], "")


def test_mlflow_alone_says_what_a_version_was_trained_on_and_scored_by(workspace: Path) -> None:
    import mlflow

    place = Workspace.find(workspace)
    client, name = mlflow.MlflowClient(place.settings.mlflow_uri, place.settings.mlflow_uri), place.settings.model_name
    experiment = client.get_experiment_by_name(name).experiment_id
    challenger = client.get_model_version_by_alias(name, "challenger")
    for line in ("**Trained on:** corrections up to watermark", "**Base:** errata-tiny, licence apache-2.0"):
        assert line in challenger.description
    assert challenger.tags["errata.licence"] == "apache-2.0" and challenger.tags["errata.snapshot"]
    trained = client.get_run(challenger.run_id)
    mix = trained.inputs.dataset_inputs[0].dataset
    assert mix.name == "training mix" and '"watermark"' in mix.source
    assert [row.step for row in client.get_metric_history(challenger.run_id, "loss")][:3] == [1, 2, 3]
    night = client.get_run(trained.data.tags["mlflow.parentRunId"])
    assert night.info.run_name == "day-2" and night.data.tags["mlflow.note.content"].startswith("underpowered: ")
    assert client.get_metric_history(night.info.run_id, "champion.f1")[0].step == 2, "a step a night"
    scored = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{night.info.run_id}'")
    evaluation = next(run for run in scored if run.data.tags["errata.part"] == "evaluation")
    assert "fresh items" in {used.dataset.name for used in evaluation.inputs.dataset_inputs}
    curve = client.search_runs([experiment], "tags.`errata.part` = 'Day-0 to Day-N'")[0]
    assert [row.step for row in client.get_metric_history(curve.info.run_id, "day0.f1")] == [1, 2]
    table = mlflow.artifacts.load_dict(f"{night.info.artifact_uri}/talks.json")
    assert table["columns"][:3] == ["part", "talk", "channel"] and len(table["data"][0]) == len(table["columns"])
    day0 = client.get_model_version_by_alias(name, "day0")
    assert day0.description.startswith("Day-0, as `errata init`") and "[Model card]" in day0.description
    assert "errata.promoted" in day0.tags


def test_mlflow_reads_the_signature_and_the_example_of_every_version(workspace: Path, tmp_path: Path) -> None:
    from mlflow.models import Model
    from mlflow.models.utils import validate_schema

    place = Workspace.find(workspace)
    for alias, (_, identity) in ModelRegistry.of(place).aliases().items():
        folder = ModelRegistry.of(place).fetch(identity, tmp_path / alias)
        described = Model.load(folder)
        assert described.signature is not None and "python_function" not in described.flavors
        example = json.loads((folder / described.saved_input_example_info["artifact_path"]).read_text())
        validate_schema(example, described.signature.inputs)


def test_the_server_export_loads_in_plain_transformers(workspace: Path, errata, as_json, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    candidate = as_json("nightly", "--date", "day-2", "-w", workspace)["candidate"]
    errata("export", "server", tmp_path / "server", "-w", workspace, "--model", candidate)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "server")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "server")
    assert model.config.vocab_size == len(tokenizer)
    assert not [path for path in (tmp_path / "server").iterdir() if path.suffix in {".bin", ".pt", ".pkl"}]
    checked = as_json("verify", tmp_path / "server", "--key", workspace / "errata.pub", "-w", tmp_path)
    assert checked["signed"] == "by a trusted key" and checked["papers"]


def test_what_may_ship_lies_in_the_workspace_and_in_mlflow_with_its_papers(workspace: Path, tmp_path: Path) -> None:
    found = Workspace.find(workspace)
    with found.record.read() as store:
        night = store.nights.find("day-2")
    assert night is not None
    decision = night.outcome.decisions[0]
    evidence, _ = read_evidence(workspace / "nights" / "day-2" / f"{decision.evidence}.json")
    for target, identity in [(None, decision.model), *evidence.exports.items()]:
        folder = model_folder(identity, found.models)
        assert check_model_folder(folder, workspace).signed == "by a trusted key"
        texts = {name: (folder / name).read_bytes() for name in PAPERS}
        card = texts["README.md"].decode()
        assert (
            decision.evidence in card
            and "| F1 of chapters |" in card
            and "| Licence of the base | apache-2.0 |" in card
        )
        packages = {each["name"] for each in json.loads(texts["bom.cdx.json"])["components"]}
        assert {"errata-tiny", "torch", "peft"} <= packages
        fetched = ModelRegistry.of(found).fetch(identity, tmp_path / identity[:8])
        assert {name: (fetched / name).read_bytes() for name in PAPERS} == texts
        write_papers(found, fetched, decision.model, cast(Target | None, target))
        assert {name: (fetched / name).read_bytes() for name in PAPERS} == texts, "the same record, the same bytes"


def test_what_would_ship_was_scored(workspace: Path) -> None:
    parity = json.loads((workspace / "nights" / "day-2" / "parity.json").read_text())["exports"]
    assert set(parity) == {"server", "device"}
    assert parity["server"]["agreement"]["answers"] == 100.0


def test_promotion_by_hand_needs_a_record_that_says_promote(workspace: Path, errata, as_json) -> None:
    evidence = next(path for path in (workspace / "nights" / "day-2").glob("*.json") if len(path.stem) == 64)
    candidate = as_json("nightly", "--date", "day-2", "-w", workspace)["candidate"]
    refused = errata("promote", candidate, "--evidence", evidence, "-w", workspace, check=False)
    assert refused.returncode == 4
    assert "underpowered" in refused.stderr and refused.stderr.count("\n") == 1


def test_there_is_nothing_to_roll_back_to(workspace: Path, errata) -> None:
    refused = errata("rollback", "-w", workspace, check=False)
    assert refused.returncode == 4 and refused.stderr.startswith("errata: ")


def test_a_night_killed_before_mlflow_was_told_is_finished_by_running_it_again(workspace: Path, as_json) -> None:
    import sqlite3

    outcome = as_json("nightly", "--date", "day-2", "-w", workspace)
    folder = workspace / "nights" / "day-2"
    for name in ("published", "report.html"):
        (folder / name).unlink()
    with sqlite3.connect(workspace / "errata.db") as connection:
        connection.execute("UPDATE promotions SET applied = 0")
    assert as_json("nightly", "--date", "day-2", "-w", workspace) == outcome
    assert (folder / "report.html").exists()
    assert all(move["applied"] for move in as_json("history", "-w", workspace))


def test_what_mlflow_has_lost_is_registered_again(workspace: Path, as_json) -> None:
    import mlflow

    place = Workspace.find(workspace)
    client = mlflow.MlflowClient(place.settings.mlflow_uri, place.settings.mlflow_uri)
    before = ModelRegistry.of(place).aliases()
    client.delete_registered_model(place.settings.model_name)
    (workspace / "nights" / "day-2" / "published").unlink()
    as_json("nightly", "--date", "day-2", "-w", workspace)
    assert (workspace / "nights" / "day-2" / "published").exists()
    after = ModelRegistry.of(place).aliases()
    assert {alias: model for alias, (_, model) in after.items()} == {a: model for a, (_, model) in before.items()}


def test_the_report_names_the_night(workspace: Path, errata) -> None:
    path = Path(errata("report", "-w", workspace, "--night", "day-2").stdout.strip())
    page = path.read_text()
    assert "day-2" in page and "underpowered" in page.lower()


@pytest.mark.slow
def test_other_seeds_of_the_candidate_are_scored_and_thrown_away(workspace: Path, errata, as_json) -> None:
    models = sorted(path.name for path in (workspace / "models").iterdir())
    before, left = as_json("status", "-w", workspace), sorted((workspace / "work").glob("*/*"))
    spread = as_json("seeds", "--count", "2", "-w", workspace)
    candidate, other = spread["runs"]
    assert candidate["model"] == as_json("nightly", "--date", "day-2", "-w", workspace)["candidate"] != other["model"]
    assert other["seed"] == candidate["seed"] + 1
    assert candidate["against_champion"]["n"] == other["against_champion"]["n"] > 0
    assert sorted(path.name for path in (workspace / "models").iterdir()) == models
    assert as_json("status", "-w", workspace) == before, "nothing moved, and nothing was recorded"
    assert sorted((workspace / "work").glob("*/*")) == left, "nor is anything left behind"
    assert "How much is luck?" in Path(errata("report", "-w", workspace).stdout.strip()).read_text()


def test_a_process_of_its_own_says_the_same(workspace: Path) -> None:
    for words in (("status", "-w", workspace, "--json"), ("status", "-w", "nowhere")):
        one, other = (errata(*words, check=False) for errata in (in_a_process, in_this_process))
        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("status", "-w", "nowhere"), 3, "errata init"),
        (("import", "transcripts", "missing.json"), 2, "not there"),
        (("import", "corrections", "missing.jsonl"), 2, "missing.jsonl"),
        (("predict", "--model", "nobody"), 3, "nobody"),
        (("report", "--night", "never"), 3, "never"),
        (("export", "server", "."), 2, "is there already"),
    ],
)
def test_what_a_user_gets_wrong_is_one_sentence(workspace: Path, errata, words, code: int, says: str) -> None:
    place = () if "-w" in words else ("-w", workspace)
    done = errata(*words, *place, check=False)
    assert done.returncode == code
    assert says in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_ablation_scores_on_dev_and_goes_on_where_it_stopped(workspace: Path, errata, as_json) -> None:
    """It comes last, since it brings talks in."""
    arguments = ("--alteration", "line dropout", "--seeds", "1", "-w", workspace)
    retention = workspace.parent / "samples" / "retention"
    folder = slice_day(retention, workspace.parent / "dev", 3, ("chapters.json", "asrs.json"))
    as_json("import", "transcripts", folder, "--role", "dev", "-w", workspace)
    ablation = as_json("ablate", *arguments)
    assert [variant["variant"] for variant in ablation["variants"]] == ["none", "params.yaml", "line dropout"]
    assert (ablation["of"], ablation["unaltered"]) == ("day-2", []) and ablation["items"] >= 3
    none, default, dropout = ablation["variants"]
    assert none["copies"] == 0 < min(default["copies"], dropout["copies"]) and none["against_baseline"] is None
    assert dropout["against_baseline"]["n"] == ablation["items"]
    runs = list((workspace / "work" / "ablation").iterdir())
    assert len(runs) == 3 and all(path.suffix == ".json" for path in runs), "models are thrown away"
    runs[0].unlink()
    times = {path: path.stat().st_mtime_ns for path in runs[1:]}
    again = as_json("ablate", *arguments)
    assert [variant["f1"] for variant in again["variants"]] == [variant["f1"] for variant in ablation["variants"]]
    assert times == {path: path.stat().st_mtime_ns for path in runs[1:]} and runs[0].exists()
    table = errata("ablate", *arguments).stdout
    assert "line dropout" in table and "minus none" in table


@pytest.mark.slow
def test_an_ablation_on_talks_of_a_folder_leaves_the_record_alone(workspace: Path, as_json) -> None:
    retention = workspace.parent / "samples" / "retention"
    folder = slice_day(retention, workspace.parent / "outside", 12, ("chapters.json", "asrs.json"))
    before = as_json("status", "-w", workspace)
    ablation = as_json(
        "ablate", "--on", folder, "--folds", "2", "--alteration", "intro", "--seeds", "1", "-w", workspace
    )
    assert (ablation["of"], ablation["folds"], ablation["items"]) == (str(folder), 2, 12)
    assert ablation["variants"][2]["copies"] > 0 and ablation["equal_chapters"] > 0
    assert as_json("status", "-w", workspace) == before
