"""What a CI job posts of a night: its summary, or, where nothing was scored, why."""

from __future__ import annotations

from pathlib import Path

from errata.documents.file_names import REPORT_PAGE
from errata.documents.outcome import Outcome
from errata.errors import BadInput
from errata.files import write_atomically
from errata.loop.night_report import comment_summary
from errata.wording.approval_sentences import promotion_sentence
from errata.wording.night_sentences import night_reason
from errata.workspace import Workspace
from evaluation.report.markdown import inert

MARK = "<!-- errata nightly -->"
"""The first line, which nobody sees: by it a job finds the comment that it posted before, and writes it anew."""


def check_place(file: Path) -> None:
    """Raises BadInput where no comment could be written: else a night would say so after hours."""
    if file.is_dir() or not file.parent.is_dir():
        raise BadInput("{} can't be written; name a file in a folder that is there", file)


def write_comment(workspace: Workspace, outcome: Outcome, file: Path) -> None:
    """Of a night that has ended. Raises NotFound where its scores are gone, and Unavailable on a full disk."""
    scored = (workspace.nights / outcome.night / REPORT_PAGE).exists()
    words = comment_summary(workspace, outcome.night) if scored else _unscored(outcome)
    write_atomically(file, "\n".join((MARK, words, *_still_waiting(workspace, outcome))))


def _still_waiting(workspace: Workspace, outcome: Outcome) -> list[str]:
    """What earlier nights proposed, and people have not decided."""
    with workspace.record.read() as store:
        waiting = store.pending_promotions.waiting()
    return [f"{inert(promotion_sentence(each))}.\n" for each in waiting if each.night != outcome.night]


def _unscored(outcome: Outcome) -> str:
    return f"## Night {inert(outcome.night)}: {inert(outcome.verdict)}\n\n{inert(night_reason(outcome))}.\n"
