"""How often the gate is wrong: `python -m registry.simulate`.

Differences are drawn item by item with known truth (`world`), gathered by contenders side by side (`contenders`), and
judged as the presets would (`rules`) over whole years (`years`); tests hold what they say against what the gate itself
says of the same items. What it prints is where the numbers in the presets' `known_error` and in `docs/gate.md` come
from.
"""
