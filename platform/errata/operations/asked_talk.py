"""A talk that comes in a request: as timed segments, as captions in any format that import reads, or as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_llama, detect
from errata.formats.detect import AUTO
from errata.formats.fields import text_or_nothing
from errata.formats.kinds import CHAPTERED, FORMATS
from errata.formats.source_rows import Adjustment, ImportedTranscript, Rejected, SourceRow

CAPTION_FORMATS = (AUTO, *CHAPTERED, "text")
"""Those in which one file is one talk."""
UNNAMED = "unnamed"
_SENT = "the talk"
"""What complaints call it, in place of a file that the client has not sent."""


@dataclass(frozen=True, slots=True)
class TalkDetails:
    """What is known of a talk besides its words; each may be empty."""

    external_id: str = ""
    """Without one, its words name it."""
    title: str = ""
    description: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class AskedTalk:
    transcript: Transcript
    adjustments: Mapping[Adjustment, int] = field(default_factory=dict)
    """What was put right on the way in, and how often."""


def talk_of_segments(segments: Sequence[JsonObject], duration: float | None, details: TalkDetails) -> AskedTalk:
    """Segments of {start, end, text, speaker}, in seconds. Raises BadInput."""
    metadata = {
        "title": details.title,
        "description": details.description,
        "channel_id": details.channel,
        "duration": duration,
    }
    raw = {"video_id": details.external_id or UNNAMED, "metadata": metadata, "asr": list(segments)}
    read = chapter_llama.transcript_of(SourceRow("the request", UNNAMED, raw))
    return AskedTalk(_named(read.transcript, details), read.adjustments)


def talk_of_captions(captions: str, format_name: str, details: TalkDetails) -> AskedTalk:
    """A text as a file of that format holds it; `auto` finds out which. Raises BadInput."""
    if format_name not in CAPTION_FORMATS:
        raise BadInput(f"{format_name!r} is no format of captions; name one of {', '.join(CAPTION_FORMATS)}")
    with TemporaryDirectory() as place:
        path = Path(place) / f"captions{_ending(format_name)}"
        try:
            path.write_text(captions, encoding="utf-8", newline="")
        except UnicodeEncodeError as error:
            raise BadInput(
                "the talk has half a character (a lone surrogate) at {}; take it out", error.start
            ) from error
        try:
            rows = list(detect.transcripts(path, name=format_name).rows)
        except BadInput as error:
            raise BadInput(str(error).replace(str(path), _SENT)) from error
    return _only_talk_of(rows, path, details)


def talk_of_text(text: str, details: TalkDetails) -> AskedTalk:
    """Plain text without times, placed by word offsets. Raises BadInput."""
    return talk_of_captions(text, "text", details)


def _only_talk_of(rows: Sequence[ImportedTranscript | Rejected], path: Path, details: TalkDetails) -> AskedTalk:
    if len(rows) != 1:
        raise BadInput(f"the captions hold {len(rows)} talks; send one at a time")
    (row,) = rows
    if isinstance(row, Rejected):
        reason = row.reason.replace(str(path), _SENT).replace("transcript 'captions'", "the transcript")
        raise BadInput(reason)
    read = row.transcript
    transcript = replace(
        read,
        title=text_or_nothing(details.title, "title") or read.title,
        description=text_or_nothing(details.description, "description") or read.description,
        channel=text_or_nothing(details.channel, "channel") or read.channel,
    )
    return AskedTalk(_named(transcript, details), row.adjustments)


def _named(transcript: Transcript, details: TalkDetails) -> Transcript:
    """Under its id, or under one that its words give: the same talk again is the same talk."""
    name = text_or_nothing(details.external_id, "id")
    if not name:
        name = f"asked-{replace(transcript, external_id=UNNAMED).hash[:24]}"
    return transcript if name == transcript.external_id else replace(transcript, external_id=name)


def _ending(format_name: str) -> str:
    if format_name == AUTO:
        return ".txt"  # whose content tells what it is
    files = FORMATS[format_name].files
    return files[files.index(".") :]
