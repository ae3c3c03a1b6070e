"""A model's answers out to a reviewer's tool; `errata import corrections` brings the reviews back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from errata.domain.draft_draw import DraftDraw
from errata.errors import BadInput
from errata.formats import out_argilla, out_label_studio, out_reviews, sheet
from errata.formats.review_task import START, ReviewTask
from errata.operations.chapters_asked import check_chapters_asked
from errata.operations.drafting import draft_draw
from errata.operations.review_order import ReviewOrder
from errata.workspace import Workspace

TOOLS: dict[str, Callable[[Path, Iterable[ReviewTask]], int]] = {
    "label-studio": out_label_studio.write,
    "argilla": out_argilla.write,
    "sheet": sheet.write,
    "jsonl": out_reviews.write,
}
PLAYING = ("label-studio", "sheet")
"""Those that can show a recording."""
_ID = "{id}"


@dataclass(frozen=True, slots=True)
class TaskFile:
    model: str
    """Whose answers they are, but for those of a challenger."""
    tool: str
    tasks: int
    blind: int
    """Of the tasks, those without a draft."""
    by_challenger: int
    """Those whose draft is the challenger's, or the canary's."""
    file: Path | None
    """None where nothing waits for a reviewer, and nothing was written."""
    labelling_setup: Path | None
    """To be pasted into the settings of Label Studio's project; None for other tools."""


def write_tasks(workspace: Workspace, out: Path, tool: str, model: str = "champion", media_url: str = "") -> TaskFile:
    """Writes what `model` answered and nobody has reviewed yet, what tells most first, a share of it without the
    answer; no file for nothing.

    While a challenger waits, half of the champion's drafts are the challenger's (see `draft_draw`): those that are
    drawn for it, once it has answered them.

    `media_url` is where the recordings are, with `{id}` for a transcript's id: Label Studio gets a player, a sheet
    links to each chapter (at `{start}`, the second, where the address has that).

    Raises BadInput for a tool that isn't known, and for a file that is there already: reviewers may be at work in it;
    Refused where models answer chats.
    """
    check_chapters_asked(workspace, "reviewing")
    if tool not in TOOLS:
        raise BadInput(f"there is no tool {tool!r}; name one of {', '.join(TOOLS)}")
    if out.is_file():
        raise BadInput(f"{out} is there already, and reviews may stand in it; name a new file, or remove that one")
    config = out.with_suffix(".xml")
    if tool == "label-studio" and out == config:
        raise BadInput(f"{out} is where the labelling setup goes; call the tasks .json")
    check_media_url(media_url, tool)
    draw = draft_draw(workspace, model)
    tasks = [task for _, task in waiting_tasks(workspace, draw, media_url)]
    identity = draw.models[0]
    has_setup = tool == "label-studio" and bool(tasks)
    if tasks:
        TOOLS[tool](out, tasks)
    if has_setup:
        out_label_studio.write_label_config(config, media_url)
    return TaskFile(
        model=identity,
        tool=tool,
        tasks=len(tasks),
        blind=sum(task.blind for task in tasks),
        by_challenger=sum(not task.blind and task.model != identity for task in tasks),
        file=out if tasks else None,
        labelling_setup=config if has_setup else None,
    )


def check_media_url(media_url: str, tool: str) -> None:
    """Raises BadInput for an address of recordings that the tool can't show."""
    if media_url and tool not in PLAYING:
        raise BadInput(
            f"{tool} shows no recording; leave --media-url out, or write the tasks for {' or '.join(PLAYING)}"
        )
    if media_url and _ID not in media_url:
        raise BadInput(
            "--media-url {!r} would be the same for every talk; write {} where its id stands", media_url, _ID
        )
    if START in media_url and tool == "label-studio":
        raise BadInput("Label Studio's player begins at the beginning; leave {} out of --media-url", START)


def waiting_tasks(
    workspace: Workspace, draw: DraftDraw, media_url: str, without: Set[int] = frozenset()
) -> list[tuple[int, ReviewTask]]:
    """Each of an answer by the model that is drawn for its transcript, with the transcript's `seq`, in the order in
    which they should be reviewed (`review_order.py`); of the transcripts `without` none."""
    tasks: dict[int, ReviewTask] = {}
    order = ReviewOrder.of(workspace, draw)
    with workspace.record.read() as store:
        waiting = {model: store.predictions.awaiting_review(model) for model in draw.drafters}
        answered: dict[int, set[str]] = defaultdict(set)
        for model, answers in waiting.items():
            for _, prediction in answers:
                answered[prediction.transcript].add(model)
        for model, answers in waiting.items():
            for key, prediction in answers:
                seq = prediction.transcript
                if seq not in without and draw.model_for(store.transcripts.hash_of(seq), answered[seq]) == model:
                    transcript = store.transcripts.read(seq)
                    blind = draw.is_blind(transcript.hash)
                    media = media_url.replace(_ID, quote(transcript.external_id))
                    tasks[seq] = ReviewTask(transcript, prediction.chapters, key, model, blind, media)
        places = order.unreviewed(store)
    return [(place.transcript, tasks[place.transcript]) for place in places if place.transcript in tasks]
