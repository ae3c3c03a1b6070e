"""What the commands that look after the record print for people."""

from __future__ import annotations

from typing import Any

from errata.cli.output import print_table, say
from errata.domain.timestamps import clock

REPAIRED = {
    "signed": "transcripts signed anew",
    "entered": "transcripts entered in the index of twins",
    "linked": "twins linked",
    "conflicts": "conflicts entered in their index",
}
"""What a repair may do, in words."""


def print_conflicts(found: list[dict[str, Any]]) -> None:
    for conflict in found:
        rows = [
            (str(side["correction"]), side["reviewer"], side["kind"], side["reviewed_on"], _shown(side["chapters"]))
            for side in conflict["sides"]
        ]
        columns = ("correction", "reviewer", "kind", "on", "chapters")
        print_table(f"{conflict['external_id']}  {conflict['title']}", columns, rows)
    counted = "1 transcript is" if len(found) == 1 else f"{len(found)} transcripts are"
    say(f"{counted} in conflict; settle one: errata adjudicate TRANSCRIPT --choose CORRECTION --by NAME")


def _shown(chapters: list[dict[str, Any]]) -> str:
    return "\n".join(f"{clock(chapter['start'])} {chapter['title']}" for chapter in chapters) or "–"


def print_adjudication(found: dict[str, Any]) -> None:
    say(f"{found['external_id']} is adjudicated by {found['by']}; {found['conflicts_left']} conflicts are left")


def print_retraction(found: dict[str, Any]) -> None:
    again = "" if found["new"] else " (it was already)"
    say(f"correction {found['correction']} of {found['external_id']} is retracted{again}; no label uses it from now on")
    for shard in found["snapshots"]:
        say(f"snapshot  {shard['sha256'][:16]}  watermarks {shard['after']} to {shard['upto']}")
    for night in found["nights"]:
        what = " and ".join(name for name in ("trained", "scored") if night[name])
        say(f"night     {night['night']}  {what} on it")
    print_models(found["models"])
    say(f"MLflow    {found['mlflow']}")


def print_models(models: list[dict[str, Any]]) -> None:
    for model in models:
        names = ", ".join(model["aliases"]) or "no alias"
        say(f"model     {model['model'][:16]}  {model['form']}, of the night {model['night'] or '–'}, {names}")
    if not models:
        say("model     none learnt from it")


def print_reviewers(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["name"],
            one["role"],
            str(one["corrections"]),
            f"{one['agreed']}/{one['adjudicated']}",
            f"{one['trust']:.2f} [{one['low']:.2f}, {one['high']:.2f}]",
            "yes" if one["probation"] else "no",
        )
        for one in found
    ]
    columns = ("reviewer", "role", "corrections", "agreed", "trust [90 %]", "probation")
    print_table("reviewers", columns, rows)


def print_forgotten(found: dict[str, Any]) -> None:
    say(f"forgotten: tombstone {found['seq']}, asked for by {found['by']} on {found['at'][:10]}")
    for place, count in found["removed"].items():
        say(f"  {place:<16} {count if isinstance(count, int) else ', '.join(count) or '–'}")
    for twin in found["twins"]:
        say(f"twin      {twin} says the same or nearly, and was kept; forget it too if it is meant")
    print_models(found["models"])
    say(f"MLflow    {found['mlflow']}")
    if found["models"]:
        say("What these models learnt can't be taken out of their weights; train anew from Day-0 to be without it.")


def print_findings(found: dict[str, Any]) -> None:
    for name, seqs in found.get("repaired", {}).items():
        say(f"{REPAIRED[name]:<42} {len(seqs)}")
    problems, quarantined = found["problems"], found["quarantined"]
    for line in (*problems, *quarantined):
        say(line)
    say(f"{found['transcripts']} transcripts, {len(problems)} problems, {len(quarantined)} quarantined")
