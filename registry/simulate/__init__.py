"""How often the gate is wrong: `python -m registry.simulate`.

Differences are drawn with known truth, clusters and spread. Where many nights are drawn at once, what is drawn is each
cluster's sum, which is all that the gate's formulas use of it; a test holds them against `evaluation.statistics`. What
it prints is where the numbers in the presets' `known_error` and in `docs/gate.md` come from.
"""
