"""What must not get worse: what was measured, under which limit, and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "not evaluable"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One thing that must not get worse, as it was measured; made by `registry.policy.Policy.guardrail`."""

    name: str
    n: int
    effect: float | None
    """In `unit`; negative is worse."""
    bound: float | None
    """The worst that the effect may plausibly be, in `unit`. None where the set was too small to tell."""
    margin: float
    """Passed if `bound` is at least −margin."""
    required: bool
    """It must be measured: what wasn't blocks."""
    unit: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin):
            raise ValueError(f"guardrail {self.name} has the margin {self.margin}; take it from the policy")


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """What the gate made of a guardrail, with every number that it rests on."""

    name: str
    """Of one that was not measured: its limit's, without the * of a group."""
    status: Status
    n: int | None
    """Items; None where it was not measured."""
    least: int
    """Items below which it isn't evaluable."""
    effect: float | None
    bound: float | None
    margin: float
    unit: str
    required: bool
    decides: bool
    """False: shown where it was measured, and nothing more."""
    alarm: bool
    """With fewer than `least` items it only raises an alarm; with as many, it must be evaluable like any other."""
    waived: bool = False
    """Whether the release owner lets it pass where it isn't evaluable."""
    interval: bool = True
    """False where `bound` is the measured difference itself."""

    @property
    def harms(self) -> bool:
        """Whether it keeps a better candidate from being promoted."""
        return self.decides and self.status == "failed"

    @property
    def is_open(self) -> bool:
        """Whether it keeps a better candidate waiting: it decides, was measured, and its items can't tell yet.

        Harm can't be waived, not even of few items.
        """
        if not self.decides or self.status != "not evaluable" or self.n is None:
            return False
        if self.waived and not self._is_below_zero:
            return False
        return not self.alarm or self.n >= self.least

    @property
    def is_certain_harm(self) -> bool:
        """Whether it `harms` and its whole interval lies below 0, so that more items would not let it pass. Without an
        interval nobody can say so: one answer of a hundred is twice as much as one of two hundred."""
        return self.harms and self.interval and self._is_below_zero

    @property
    def _is_below_zero(self) -> bool:
        return self.effect is not None and self.reach is not None and self.effect + self.reach < 0

    @property
    def reach(self) -> float | None:
        """Within how much, in `unit`, the items tell the effect; None where they don't."""
        return None if self.effect is None or self.bound is None else self.effect - self.bound

    @property
    def missing_items(self) -> int | None:
        """About how many more items would make it evaluable; None where it is, or where no number would or is known.

        An interval narrows with the square root of its items: n · ((reach/margin)² − 1) more bring it to the margin.
        """
        if self.status != "not evaluable" or self.n is None:
            return None
        if self.n < self.least:
            return self.least - self.n
        if self.reach is None or not self.margin:
            return None
        return max(1, math.ceil(self.n * ((self.reach / self.margin) ** 2 - 1)))
