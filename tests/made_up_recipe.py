"""A recipe for the tests of training: an adapter of a few steps, which learns what made-up rows say over and over."""

from __future__ import annotations

from errata.documents.params import Recipe

LORA = Recipe(
    backend="transformers",
    method="lora",
    start="champion",
    rank=8,
    alpha=16,
    learning_rate=2e-2,
    epochs=1.0,
    max_steps=100,
    border_weight=1.0,
    batch=2,
    warmup=0.1,
    seed=7,
)
