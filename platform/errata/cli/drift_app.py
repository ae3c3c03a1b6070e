"""The command that watches for drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.arguments import HERE, AsJson, InWorkspace, find
from errata.cli.output import number, print_table, say_wrapped, show
from errata.cli.panels import CHECKS
from errata.wording.drift_sentences import drift_sentences

if TYPE_CHECKING:
    from errata.documents.drift import DriftReport
    from errata.files import JsonObject

drift = typer.Typer()
ALARM = 12
"""Exit code where something has drifted: far from those of errors, for nothing has failed."""


@drift.command("drift", rich_help_panel=CHECKS)
def drift_command(
    workspace: InWorkspace = HERE,
    talks: Annotated[int, typer.Option(min=30, help="Of the present: the newest so many.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Whether talks and reviews are still like those that the champion was trained on; ends with 12 where not."""
    from errata.loop.drift_watch import tell_of_drift, watch_drift

    place = find(workspace)
    report = watch_drift(place, talks)
    show(report, as_json, _print_drift, _drift_json)
    tell_of_drift(place, report)
    if report.alarms:
        raise typer.Exit(ALARM)


def _drift_json(report: DriftReport) -> JsonObject:
    from errata.documents.document import as_json

    return {**as_json(report), "alarms": list(drift_sentences(report))}


def _print_drift(report: DriftReport) -> None:
    of = "what the champion was trained on" if report.against == "training data" else "the talks before"
    say_wrapped(f"the newest {report.talks} talks against {report.reference} of {of}")
    rows = [
        (
            measure.name,
            f"{measure.reference} / {measure.talks}",
            f"{measure.by} {number(measure.distance, '.2f')}",
            number(measure.expected, ".2f"),
            f"{measure.least:g}",
            number(measure.p_value, ".2g"),
            "alarm" if measure.alarms else "–",
        )
        for measure in report.measures
    ]
    if rows:
        columns = ("", "before / now", "distance", "by chance", "least beyond", "p", "")
        print_table("drift", columns, rows)
    if len(report.measures) < 6:
        say_wrapped("fewer than 30 talks or 30 reviews on a side are too few to tell by")
    for sentence in drift_sentences(report):
        say_wrapped(sentence)
