"""A workspace for the review page: talks that read like talks, which a champion has drafted."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from benchmarks.workspaces import set_params
from errata.documents.file_names import PARAMS
from errata.domain.chapter import Chapter, Chapters
from errata.domain.prediction import Prediction
from errata.domain.transcript import Segment, Transcript
from errata.project_files import project_file
from errata.settings import FILE
from errata.workspace import Workspace

CHAMPION = "c" * 64
TOPICS = {
    "Why the bridge was built": "river crossing ferry town timber engineer county toll winter flood",
    "Choosing the stone": "quarry granite limestone mason weight frost colour cart price sample",
    "The first survey": "theodolite chain level bank depth sounding map peg survey boat",
    "Money and the committee": "share loan bank meeting vote treasurer ledger budget council letter",
    "Digging the foundations": "caisson pump clay gravel pier cofferdam divers shaft leak bedrock",
    "The flood of the second spring": "storm water debris scaffold rope rescue damage night repair wall",
    "Opening day": "band flag mayor crowd speech carriage ribbon photograph newspaper dinner",
    "Questions from the audience": "question archive grandson model museum drawing repair speed lamp future",
}
_OPENINGS = ["So", "Now", "And", "Well,", "You see,", "In those days", "As I said,", "Then", "After that"]
_MIDDLES = ["they had to think about the", "nobody had ever seen a", "somebody brought the", "it all came down to the"]
_ENDS = [
    "which took most of a year.",
    "and that changed everything.",
    "as the letters tell us.",
    "and so they went on.",
]


def long_talk(name: str, lines: int = 360, seconds: float = 5.0, title: str = "") -> tuple[Transcript, Chapters]:
    """Lines of about ten words, one after the other, with a silence before each chapter; and the right chapters."""
    random = Random(name)
    titles, each = list(TOPICS), lines // len(TOPICS)
    segments, right = [], []
    for number in range(lines):
        part = min(number // each, len(titles) - 1)
        begins = number == part * each
        if begins:
            right.append(Chapter(float(int(number * seconds)), titles[part]))
        words = TOPICS[titles[part]].split()
        opening, middle, end = (random.choice(some) for some in (_OPENINGS, _MIDDLES, _ENDS))
        text = f"{opening} {middle} {random.choice(words)} and the {random.choice(words)}, {end}"
        silence = 1.2 if number + 1 in {place * each for place in range(len(titles))} else 0.1
        segments.append(Segment(number * seconds, (number + 1) * seconds - silence, text))
    talk = Transcript(
        name, tuple(segments), lines * seconds, title=title or f"The bridge at {name}", channel="Town hall"
    )
    return talk, tuple(right)


def drafted(right: Chapters, seconds: float = 5.0) -> Chapters:
    """As a model would have it: one border too late, one missing, one too many, one title wrong."""
    kept = [chapter for place, chapter in enumerate(right) if place != 5]
    kept[1] = Chapter(kept[1].start + 3 * seconds, kept[1].title)
    kept[3] = Chapter(kept[3].start, "Committee")
    extra = Chapter(kept[4].start + 20 * seconds, "A leak")
    return tuple(sorted([*kept, extra], key=lambda chapter: chapter.start))


def review_workspace(root: Path, talks: list[tuple[Transcript, Chapters]], blind_share: float = 0.0) -> Workspace:
    """The talks, each with a draft by the champion; no weights are there, since nobody is asked."""
    root.mkdir(parents=True)
    (root / FILE).touch()
    shutil.copyfile(project_file(PARAMS), root / PARAMS)
    set_params(root, {"review": {"page_blind_share": blind_share, "audit_share": 0.0}})
    workspace = Workspace.find(root)
    workspace.record.migrate()
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", CHAMPION, "day0", "test", None, None)
        for talk, draft in talks:
            seq = store.transcripts.add(talk).seq
            store.predictions.add(Prediction(seq, CHAMPION, "inline@1", draft))
    return workspace
