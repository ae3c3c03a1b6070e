"""The commands of the loop. Each says what it does in a line, imports what it needs when it runs, and hands over."""

from __future__ import annotations

import json
import shlex
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from errata import __version__
from errata.cli.ablate_app import ablate
from errata.cli.arguments import HERE, AsJson, InWorkspace, ModelName, NightLabel, check_arguments, find
from errata.cli.canary_app import canaries
from errata.cli.chat_app import chats
from errata.cli.connect_app import connecting
from errata.cli.drift_app import drift
from errata.cli.import_app import importing
from errata.cli.judge_app import judges
from errata.cli.live_app import live
from errata.cli.output import say, say_whole, show
from errata.cli.panels import CHECKS, DECISIONS, LOOP, RECORD, START
from errata.cli.record_app import record
from errata.cli.registry_app import registry
from errata.cli.release_app import release
from errata.cli.score_app import score
from errata.cli.seeing_app import seeing
from errata.cli.service_app import service
from errata.cli.start_app import start
from errata.cli.streams_app import streams
from errata.cli.sweep_app import sweeping
from errata.cli.training_app import training
from errata.documents.file_names import REPORT_PAGE
from errata.documents.night import CandidateKind
from errata.errors import INTERRUPTED, error_exit
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.documents.outcome import Outcome

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(importing, name="import", rich_help_panel=RECORD)
app.add_typer(connecting, name="connect", rich_help_panel=RECORD)
app.add_typer(chats, name="chat", rich_help_panel=RECORD)
app.add_typer(release)
app.add_typer(canaries, name="canary", rich_help_panel=DECISIONS)
app.add_typer(start)
app.add_typer(live)
app.add_typer(record)
app.add_typer(streams)
app.add_typer(score)
app.add_typer(ablate)
app.add_typer(sweeping)
app.add_typer(seeing)
app.add_typer(drift)
app.add_typer(training)
app.add_typer(service)
app.add_typer(judges, name="judges", rich_help_panel=CHECKS)
app.add_typer(registry, name="registry", rich_help_panel=CHECKS)

Tool = Literal["label-studio", "argilla", "sheet", "jsonl"]
NOT_PROMOTED, BLOCKED, PROPOSED = 10, 11, 12
"""Exit codes of a night whose verdict a CI job acts on: far from those of errors, for nothing has failed."""


def run() -> None:
    """Runs the command line; an error that a user can cause is one sentence and its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # its encoding may lack a title's letters, or our own dash
    with error_exit():
        check_arguments(sys.argv[1:])
        try:
            app()
        except SystemExit as end:
            if end.code == INTERRUPTED:  # typer's way, which says nothing
                raise KeyboardInterrupt from end
            sys.stdout.flush()  # here, where a reader who has gone is no fault
            raise


def _print_version(flag: bool) -> None:
    if flag:
        say(f"errata {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Better chapters every night, from the corrections that people make, and proof before anyone ships them."""


@app.command("init", rich_help_panel=START)
def init_command(
    folder: Annotated[Path, typer.Argument(help="Where the workspace goes.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="Day-0: a folder that transformers can load, a .gguf file, or OWNER/NAME[@REVISION] on the Hugging "
            "Face hub. Default: the embedded errata-tiny."
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="For a model without a card: indexed (the default), timestamps, json, inline, borders; chat or "
            "snippet: its models are asked for a chat's next message.",
        ),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(min=64, help="Tokens a prompt and its answer may take, for the same. Default: 4096, if it can."),
    ] = None,
    senses: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EXTRACTOR",
            help="What it is to learn to see or hear by, as errata features has it, with @RATE: efficientnet-lite0@1.",
        ),
    ] = None,
    here: Annotated[bool, typer.Option("--here", help="Make it among the files that FOLDER has already.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Own the record, whichever workspace did: that was moved here, or is gone.")
    ] = False,
) -> None:
    """Make a workspace: record, pipeline, registry, and a Day-0 model."""
    from errata.cli.print_model import print_model
    from errata.cli.print_next_step import next_command
    from errata.loop.init import Day0Choice, init
    from errata.operations.next_step import next_step

    workspace = init(folder, Day0Choice(model, template, context, tuple(senses or ())), here, adopt)
    if model is not None:
        print_model(workspace)
    for spec in senses or ():
        say(f"Day-0 is shown what {spec} makes of recordings, and has learnt nothing of it yet.")
    say(f"{workspace.root} is ready. Next:")
    say_whole(next_command(next_step(workspace), folder))


@app.command("predict", rich_help_panel=RECORD)
def predict_command(workspace: InWorkspace = HERE, model: ModelName = "champion", as_json: AsJson = False) -> None:
    """Let a model chapter every transcript that waits for a reviewer."""
    from errata.operations.predicting import predict
    from errata.progress import progress_bar

    run = predict(find(workspace), model, progress_bar)
    besides = f", and {run.by_challenger} by the challenger," if run.by_challenger else ""
    answered, problems = counted(run.predicted, "transcript"), counted(run.with_problems, "answer")
    sentence = f"{answered}{besides} in {run.seconds} s; {problems} had problems"
    show(run, as_json, sentence)


@app.command("tasks", rich_help_panel=RECORD)
def tasks_command(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    workspace: InWorkspace = HERE,
    tool: Annotated[
        Tool,
        typer.Option(
            "--for", metavar="TOOL", help="label-studio, argilla, sheet (CSV, or XLSX by its name), or jsonl."
        ),
    ] = "label-studio",
    model: ModelName = "champion",
    media_url: Annotated[
        str, typer.Option("--media-url", metavar="URL", help="Where the recordings are, with {id} for a talk's id.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write what a model answered and nobody has reviewed, for a reviewing tool to import; a share of it blind."""
    from errata.cli.print_tasks import print_tasks
    from errata.operations.review_tasks import write_tasks

    file = write_tasks(find(workspace), out, tool, model, media_url)
    show(file, as_json, lambda file: print_tasks(file, workspace))


@app.command("nightly", rich_help_panel=LOOP)
def nightly_command(
    workspace: InWorkspace = HERE,
    date: Annotated[str | None, typer.Option(help="The night's label; today, by default.")] = None,
    candidate: Annotated[
        CandidateKind | None,
        typer.Option(help="From the champion, from base anew, or the better one on dev; else as params.yaml says."),
    ] = None,
    comment: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what a CI job posts, in Markdown, and end with 0 for promoted, 10 for not, 11 for blocked, 12 "
            "for waits for approval.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one night: train on what was known, score on what is new, and promote or not."""
    from errata.cli.print_status import outcome_json, print_night
    from errata.loop.night import run_night
    from errata.loop.night_comment import check_place, write_comment

    place = find(workspace)
    if comment is not None:
        check_place(comment)
    outcome = run_night(place, date, candidate)
    show(outcome, as_json, lambda night: print_night(night, place.nights), outcome_json)
    if comment is not None:
        write_comment(place, outcome, comment)
        raise typer.Exit(_verdict_code(outcome))


def _verdict_code(outcome: Outcome) -> int:
    if outcome.promoted:
        return 0
    if outcome.proposed:
        return PROPOSED
    return BLOCKED if outcome.verdict == "blocked" else NOT_PROMOTED


@app.command("seeds", rich_help_panel=LOOP)
def seeds_command(
    workspace: InWorkspace = HERE,
    count: Annotated[int, typer.Option(min=2, help="Seeds in all, the candidate's among them.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Make the last night's candidate again with other seeds: how much of its effect is luck?"""
    from errata.loop.seeds import try_seeds
    from errata.wording.night_sentences import seeds_sentence

    show(try_seeds(find(workspace), count), as_json, lambda spread: say(seeds_sentence(spread)))


@app.command("status", rich_help_panel=LOOP)
def status_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Where the loop stands, in one screen."""
    from errata.cli.print_next_step import print_next_step
    from errata.cli.print_status import print_mlflow, print_status
    from errata.operations.next_step import next_step
    from errata.operations.status import loop_status

    place = find(workspace)
    status = loop_status(place)
    if not as_json:  # at once: to ask MLflow takes longer than all that the record says
        print_status(status)
    from errata.loop.moved_aliases import with_mlflow

    show(with_mlflow(place, status), as_json, print_mlflow)
    if not as_json:
        print_next_step(next_step(place), workspace)


@app.command("report", rich_help_panel=LOOP)
def report_command(workspace: InWorkspace = HERE, night: NightLabel = None, as_json: AsJson = False) -> None:
    """Write a night's report again (HTML, Markdown, JSON), and say where it is."""
    from errata.loop.night_report import write_report

    page = write_report(find(workspace), night)
    show(json.loads(page.with_suffix(".json").read_bytes()), as_json, lambda _: say_whole(str(page)))


@app.command("demo", rich_help_panel=START)
def demo_command(
    folder: Annotated[Path, typer.Argument(help="The workspace to make or go on with.")] = Path("demo"),
    placebo: Annotated[
        bool, typer.Option(help="Permute the corrections between talks: nothing may be promoted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Turn the whole loop on four sample days."""
    from errata.cli.print_status import outcome_json, print_loop
    from errata.loop.sample_days import demo

    def print_all(outcomes: list[Outcome]) -> None:
        place = find(folder)
        print_loop(outcomes)
        say_whole(f"report   {place.nights / outcomes[-1].night / REPORT_PAGE}")
        command = [str(Path(sys.executable).parent / "mlflow"), "ui", "--backend-store-uri", place.settings.mlflow_uri]
        say_whole(f"MLflow   {shlex.join(command)}")

    show(demo(folder, placebo), as_json, print_all, lambda outcomes: [outcome_json(outcome) for outcome in outcomes])
