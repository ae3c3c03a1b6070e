"""Which items are alike."""

from __future__ import annotations


def cluster_name(channel: str, external_id: str) -> str:
    """Items of one channel are alike; a talk without one is a cluster of its own."""
    return channel or f"{external_id} alone"
