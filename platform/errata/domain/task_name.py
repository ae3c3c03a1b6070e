"""What the models of a workspace are asked."""

from __future__ import annotations

from typing import Literal

TaskName = Literal["chapters", "chat", "description"]
"""`chapters`: where a transcript's chapters begin, and what they are called. `chat`: what the viewers of a stream write
next. `description`: what happens in each chunk of a recording."""
