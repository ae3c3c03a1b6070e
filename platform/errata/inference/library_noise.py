"""Libraries that mutter on stderr while they load: what matters of it is said by us, in one sentence."""

from __future__ import annotations

import logging

MUTTERERS = ("bitsandbytes",)
"""Whoever warns of what nobody here can or need do: its 4-bit kernels for CPUs, which `kernels` would bring."""


def silence_libraries() -> None:
    """For good, and before they are first imported."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    for name in MUTTERERS:
        logging.getLogger(name).setLevel(logging.ERROR)
