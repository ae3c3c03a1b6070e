"""The commands by which people look after the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, TalkId, find, user_name
from errata.cli.output import show
from errata.cli.panels import CHECKS, RECORD
from errata.cli.print_record import (
    check_json,
    deletion_json,
    print_check,
    print_conflicts,
    print_deletion,
    print_retraction,
    print_reviewers,
    retraction_json,
)
from errata.errors import BadInput
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.reviewer import ReviewerRole

record = typer.Typer()

By = Annotated[str, typer.Option(help="Your name, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record.")]
Office = Literal["reviewer", "adjudicator", "release-owner"]
"""A reviewer's role, as one word."""

_ROLES: dict[Office, ReviewerRole] = {
    "reviewer": "reviewer",
    "adjudicator": "adjudicator",
    "release-owner": "release owner",
}


@record.command("show", rich_help_panel=RECORD)
def show_command(
    transcript: TalkId,
    workspace: InWorkspace = HERE,
    text: Annotated[bool, typer.Option("--text", help="Print the words instead, a line each.")] = False,
    as_json: AsJson = False,
) -> None:
    """All that is known of one talk: its predictions, corrections, label, and scores by night."""
    from errata.cli.print_talk import print_talk, print_words
    from errata.operations.talk_view import view_talk

    show(view_talk(find(workspace), transcript), as_json, print_words if text else print_talk)


@record.command("explain", rich_help_panel=RECORD)
def explain_command(transcript: TalkId, workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Where one talk has gone, from its import to training, and why not further."""
    from errata.cli.print_explanation import print_explanation
    from errata.loop.explain import explain

    show(explain(find(workspace), transcript), as_json, print_explanation)


@record.command("conflicts", rich_help_panel=RECORD)
def conflicts_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Transcripts on which reviewers differ: until one is adjudicated, it neither trains nor gates."""
    from errata.operations.reviewing import conflicts

    show(conflicts(find(workspace)), as_json, print_conflicts)


@record.command("suspects", rich_help_panel=RECORD)
def suspects_command(workspace: InWorkspace = HERE, as_json: AsJson = False) -> None:
    """Labels that may be wrong: the model finds them most unlikely, or reviewers differ; and what to do."""
    from errata.cli.print_suspects import print_suspects
    from errata.operations.suspect_inbox import label_inbox

    show(label_inbox(find(workspace)), as_json, print_suspects)


@record.command("adjudicate", rich_help_panel=RECORD)
def adjudicate_command(
    transcript: TalkId,
    by: By,
    workspace: InWorkspace = HERE,
    choose: Annotated[str | None, typer.Option(help="The correction that is right, by its number.")] = None,
    merge: Annotated[
        Path | None, typer.Option(help='A JSON file with the right chapters: [{"start", "title"}].')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide what the chapters of a disputed transcript are."""
    from errata.formats.chapter_file import read_chapters
    from errata.operations.reviewing import adjudicate

    place = find(workspace)
    if choose is not None and merge is None:
        result = adjudicate(place, transcript, choose, by)
    elif merge is not None and choose is None:
        result = adjudicate(place, transcript, read_chapters(merge), by)
    else:
        raise BadInput("say either --choose CORRECTION or --merge FILE, and not both")
    left = counted(result.conflicts_left, "conflict is", "conflicts are")
    sentence = f"{result.external_id} is adjudicated by {result.by}; {left} left"
    show(result, as_json, sentence)


@record.command("retract", rich_help_panel=RECORD)
def retract_command(
    correction: Annotated[str, typer.Argument(help="The correction, by its number or the beginning of its identity.")],
    by: By,
    why: Why,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a correction out of every label from now on, and name what was made with it."""
    from errata.loop.retract import retract

    show(retract(find(workspace), correction, by, why), as_json, print_retraction, retraction_json)


@record.command("forget", rich_help_panel=RECORD)
def forget_command(
    transcript: TalkId,
    by: By,
    why: Why,
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Remove a transcript and all that was said of it, for good; again, it completes what was cut short."""
    from errata.loop.forget import forget

    show(forget(find(workspace), transcript, by, why), as_json, print_deletion, deletion_json)


@record.command("reviewers", rich_help_panel=RECORD)
def reviewers_command(
    workspace: InWorkspace = HERE,
    appoint: Annotated[str | None, typer.Option(help="Give this reviewer the role first.")] = None,
    role: Annotated[Office, typer.Option(help="The role that --appoint gives.")] = "reviewer",
    by: Annotated[str, typer.Option(help="Who appoints.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who reviews, in which role, and how often the adjudicated items found them right."""
    from errata.operations import reviewing

    place = find(workspace)
    if appoint is not None:
        reviewing.appoint(place, appoint, _ROLES[role], by)
    show(reviewing.reviewers(place), as_json, print_reviewers)


@record.command("snapshot", rich_help_panel=RECORD)
def snapshot_command(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    watermark: Annotated[int, typer.Option(help="As of which event, by its number.")],
    workspace: InWorkspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the training rows as they were at a watermark: the same bytes for ever, but for what was forgotten."""
    from errata.loop.as_of import write_as_of

    manifest = write_as_of(find(workspace).record, out, watermark)
    rows, are = counted(manifest.rows, "row"), "is" if manifest.rows == 1 else "are"
    show(manifest, as_json, f"{rows} as of {watermark} {are} in {out}")


@record.command("fsck", rich_help_panel=CHECKS)
def fsck_command(
    workspace: InWorkspace = HERE,
    repair: Annotated[
        bool, typer.Option("--repair", help="First make anew what can be: old sketches, links between twins, indexes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that record and models are what was written: texts, hashes, numbers, leak groups, files."""
    from errata.loop.workspace_check import check_workspace

    check = check_workspace(find(workspace), user_name() if repair else None)
    show(check, as_json, print_check, check_json)
    if check.findings.problems:
        raise typer.Exit(4)  # after what was found has been shown whole
