"""What `errata registry fsck` prints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from errata.cli.output import say, say_wrapped
from errata.wording.alias_sentences import alias_check_sentences
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.documents.alias_check import AliasCheck


def print_alias_check(check: AliasCheck) -> None:
    """Why MLflow could not be asked is said as the command's error, and what was settled while it was."""
    for alias, model in check.aliases.items():
        say(f"{alias:<11} {model[:16]}")
    for sentence in alias_check_sentences(replace(check, hand_moves=(), mlflow_problem="")):
        say_wrapped(sentence)
    aliases, problems = counted(len(check.aliases), "alias", "aliases"), counted(len(check.findings), "problem")
    besides = ", and not what MLflow has" if check.mlflow_problem else ", and MLflow"
    say(f"{aliases}, {problems}; looked at files and evidence{besides}")
