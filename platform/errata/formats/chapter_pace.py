"""By what a list of chapters is told from captions and text with times, which look the same: few words, much time."""

from __future__ import annotations

SHORTEST = 10.0
"""Seconds that a chapter lasts at least, the last aside."""
SLOWEST = 0.25
"""Words a second: who speaks more slowly, all pauses counted, is a list of chapters."""
