"""The cues of a WebVTT file as they stand, whether they are captions (`webvtt`) or chapters (`webvtt_chapters`).

Source: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import re
from typing import Any

from errata.errors import BadInput
from errata.formats.cues import Cue, cues

_NAME = re.compile(".*")
_ASIDE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")


def is_webvtt(content: Any) -> bool:
    return isinstance(content, str) and re.match(r"WEBVTT(?:\s|$)", content) is not None


def shown_cues(text: str) -> list[Cue]:
    """With their tags. Raises BadInput, with the line that can't be read."""
    if not is_webvtt(text):
        raise BadInput("its first line must be WEBVTT; export it again, or name it .srt if it is SubRip")
    return list(cues(text, _NAME, _ASIDE))
