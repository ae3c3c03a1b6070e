"""Lines of a stream as they come in, one at a time: what a recogniser prints while somebody speaks.

    {"start": 0.0, "end": 6.1, "text": "This is the kiln.", "speaker": "Ann"}     JSON, the speaker may be missing
    [00:00:00.000 --> 00:00:06.140]  This is the kiln.     a time before the words, as `timed_text` reads them
    This is the kiln.                                      words alone, which were said when they came

A line that has no end of its own ends where it begins, or when it came.
"""

from __future__ import annotations

from errata.domain.chapter import tidy
from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import mapping, text, text_or_nothing, time
from errata.formats.json_files import parse
from errata.formats.timed_text import stamped_line


def read_live_line(line: str, came: float, last: float) -> Segment | None:
    """What was said in it; None where it has no words. `came` is when it did, in seconds of the stream, and `last` when
    the line before it began. Raises BadInput for what can't be read, and for a line from before that."""
    if line.lstrip().startswith("{"):
        fields = _json_line(line)
    else:
        fields = stamped_line(line) or {"start": max(came, last), "end": None, "text": line, "speaker": None}
    words = tidy(text(fields["text"], "the text"))
    if not words:
        return None
    start = float(fields["start"])
    if start < last:
        raise BadInput("it begins at {:g} s, before the line that came before it ({:g} s)", start, last)
    end = fields["end"]
    return Segment(start, max(start, float(end)) if end is not None else start, words, fields["speaker"] or None)


def _json_line(line: str) -> JsonObject:
    fields = mapping(parse(line), "the line")
    end = fields.get("end")
    return {
        "start": time(fields.get("start"), "its start"),
        "end": None if end is None else time(end, "its end"),
        "text": fields.get("text"),
        "speaker": text_or_nothing(fields.get("speaker"), "its speaker"),
    }
