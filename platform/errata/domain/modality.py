"""What a stream is made of beside words."""

from __future__ import annotations

from typing import Literal

Modality = Literal["video", "audio"]
