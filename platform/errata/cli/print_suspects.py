"""What `errata suspects` prints for people: each label that may be wrong, why, and what can be done."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from errata.cli.output import say, say_whole, say_wrapped
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.operations.suspect_inbox import LabelInbox, OpenSuspect


def print_suspects(inbox: LabelInbox) -> None:
    if not inbox.suspects and not inbox.conflicts:
        say("no label is suspected, and reviewers differ on none")
        return
    meanwhile = "are not trained on meanwhile" if inbox.held else "are trained on meanwhile"
    if inbox.suspects:
        say_wrapped(f"{counted(len(inbox.suspects), 'label')} to look at, which {meanwhile} (curate.suspects)")
    for entry in inbox.suspects:
        _print_suspect(entry)
    if inbox.conflicts:
        differ = counted(len(inbox.conflicts), "talk")
        say_wrapped(f"\n{differ} on which reviewers differ, not trained on until somebody decides (errata conflicts):")
    for conflict in inbox.conflicts:
        names = ", ".join(dict.fromkeys(side.reviewer for side in conflict.sides))
        say_wrapped(f"  {conflict.external_id}  {names}", 4)


def _print_suspect(entry: OpenSuspect) -> None:
    suspect, name = entry.suspect, shlex.quote(entry.suspect.external_id)
    whose = f"by {suspect.reviewer}" if suspect.reviewer else "that came with the transcript"
    say_wrapped(f"\n{suspect.external_id}  correction {suspect.correction} {whose}, night {entry.night}")
    say_wrapped(
        f"  to the model {suspect.model[:8]} its chapters are unlikely: {suspect.loss:.1f} nats a token, where half of "
        f"the night's labels have at most {suspect.usual:.1f}, and up to {suspect.limit:.1f} is usual",
        2,
    )
    say("  read it:")
    say_whole(f"    errata show {name}")
    say("  it is right; or other chapters are; or leave it as it is:")
    say_whole(f"    errata adjudicate {name} --choose {suspect.correction} --by YOU")
    say_whole(f"    errata adjudicate {name} --merge CHAPTERS.json --by YOU")
