"""Kills nights (-9) wherever they are, again and again, and looks each time at what is left.

    python -m benchmarks.kill_nights [--kills 500] [--seed 0]

The nights are `short_nights`: one that promotes, one that waits, one that rejects, after one that has nothing to train
on; when they are over, they begin anew. Each is killed up to nine times, or not at all. Killed is `errata nightly`
alone, so that its pipeline goes on without it; or with all that works for it; or one of its processes; now and then it
is one of two that were started at once. The dead are reaped at once, or not before the next kill. Which place is hit
is drawn, and then how long after it was come to; so that short places are hit as often as long ones.

After each kill the record must be in its old state or in its new one, whole, and its champion must answer as ever;
MLflow may know less, and nothing else. A night that came to its end must have ended as it did each other time, killed
or not, count once in the record and in MLflow, and leave nothing to be found by `errata fsck` and `errata
registry fsck`. Linux only.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.killed_night import (
    BLOWS,
    PLACES,
    Blow,
    KillableNight,
    Pace,
    Place,
    adopt_orphans,
    bury,
    end_all,
    in_child,
    orphans,
)
from benchmarks.night_checks import NightChecks
from benchmarks.short_nights import NIGHTS, ShortNight, lay_out
from errata.cli.output import print_table

A_NIGHT = (0, 9)
"""Kills, at least and at most."""
WEIGHTS: dict[Blow, int] = {"night alone": 2, "night and pipeline": 4, "one process": 3}
TWO_AT_ONCE, UNREAPED = 0.1, 0.5
RECONCILED = 0.15
"""Of the kills, those after which `errata reconcile` comes before the next night does."""
ENDED_WELL, UNAVAILABLE = 0, 5
"""Exit codes."""
IMPORTED = (
    "errata.loop.night",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracking",
    "peft",
)
"""What nights and looks at them import, once for all of them."""


@dataclass
class NightCampaign:
    kills: Counter[tuple[Place, Blow]] = field(default_factory=Counter)
    orphaned: int = 0
    """Kills that left a pipeline at work."""
    unreaped: int = 0
    reconciled: int = 0
    kept_out: int = 0
    """Nights, by another that had begun with them."""
    nights: Counter[str] = field(default_factory=Counter)
    """By verdict, those that came to their end,"""
    undisturbed: int = 0
    """of which so many weren't killed."""
    promotions: int = 0
    faults: list[str] = field(default_factory=list)
    """A sentence each."""


class NightKiller:
    """Plays nights in one folder, and kills them."""

    def __init__(self, folder: Path, seed: int) -> None:
        for name in IMPORTED:
            import_module(name)
        adopt_orphans()
        self.campaign = NightCampaign()
        self._folder, self._random = folder, Random(seed)
        self._kills_a_night = Random(seed)  # of its own, so that a seed says how many each night gets
        self._checks = NightChecks()
        self._pace: Pace = {}
        self._dead: list[KillableNight] = []
        """Those that nobody has reaped yet."""

    def play(self, kills: int) -> None:
        """Nights, from the first, until so many kills were made and the last one killed has come to its end."""
        while self.campaign.kills.total() < kills:
            with TemporaryDirectory(dir=self._folder) as place:
                self._checks.root = Path(place).resolve() / "workspace"
                in_child(partial(lay_out, self._checks.root))
                try:
                    for night in NIGHTS:
                        left = kills - self.campaign.kills.total()
                        if left > 0:
                            self._play(night, min(left, self._kills_a_night.randint(*A_NIGHT)))
                finally:  # interrupted in the middle, a night writes to a folder that is to go
                    end_all()

    def _play(self, night: ShortNight, kills: int) -> None:
        self._look("before", lambda checks: checks.begin(night))
        # in their order: DVC does no stage again that is done
        targets: list[Place | None] = [*sorted(self._random.choices(PLACES, k=kills), key=PLACES.index), None]
        for target in targets:
            if self._ends(night.label, target):
                break
        self._bury()
        self._look("at its end", NightChecks.problems_at_end)
        self.campaign.nights[self._checks.outcome.verdict] += 1
        self.campaign.promotions += bool(self._checks.outcome.promoted)
        self.campaign.undisturbed += not kills
        sys.stderr.write(f"{night.label}: {self.campaign.kills.total()} kills\n")

    def _ends(self, label: str, target: Place | None) -> bool:
        """Begins the night, or goes on with it, and kills it in `target`, or where it is after that; whether it came to
        its end all the same."""
        night = self._start(label, two=target is not None and self._random.random() < TWO_AT_ONCE)
        if target is not None and night.come_to(target, self._random.random()):
            return self._kill(night)
        self._note("by itself", night.problems((ENDED_WELL,)))
        return night.wait() == ENDED_WELL

    def _start(self, label: str, two: bool) -> KillableNight:
        night = KillableNight(self._checks.root, label, self._pace)
        if not two:
            return night
        loser, winner = night.race(KillableNight(self._checks.root, label, self._pace))
        self._note("one of two", loser.problems((ENDED_WELL, UNAVAILABLE)))
        self.campaign.kept_out += loser.wait() == UNAVAILABLE
        return winner

    def _kill(self, night: KillableNight) -> bool:
        """Whether it came to its end all the same."""
        [blow] = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        place = night.place()
        self._bury(night)
        is_dead = night.strike(blow, orphans(self._checks.root), self._random)
        self.campaign.kills[place, blow] += 1
        what = f"{blow} killed in {place}"
        sys.stderr.write(f"kill {self.campaign.kills.total()}, {self._checks.label}, {what}\n")
        if not is_dead:  # it has lost one of its processes, and says so
            self._note(what, night.problems((ENDED_WELL, UNAVAILABLE)))
        else:
            self._dead.append(night)
            if self._random.random() < UNREAPED:
                self.campaign.unreaped += 1
            else:
                self._bury()
        self.campaign.orphaned += bool(orphans(self._checks.root))
        self._look(what, NightChecks.problems_now)
        if self._random.random() < RECONCILED:
            self.campaign.reconciled += 1
            self._look(f"{what}, and reconciled", NightChecks.problems_reconciled)
        return not is_dead and night.wait() == ENDED_WELL

    def _look(self, what: str, look: Callable[[NightChecks], list[str]]) -> None:
        problems, self._checks = in_child(lambda: (look(self._checks), self._checks))
        self._note(what, problems)

    def _bury(self, living: KillableNight | None = None) -> None:
        bury(self._dead, living)
        self._dead.clear()

    def _note(self, what: str, problems: list[str]) -> None:
        for problem in problems:
            sentence = f"kill {self.campaign.kills.total()}, {self._checks.label}, {what}: {problem}"
            self.campaign.faults.append(sentence)
            sys.stderr.write(sentence + "\n")


def print_campaign(campaign: NightCampaign) -> None:
    rows = [(place, [campaign.kills[place, blow] for blow in BLOWS]) for place in PLACES]
    print_table(
        f"{campaign.kills.total()} kills, by where the night was and what was killed",
        ("where", *BLOWS, "all"),
        [(place, *map(str, counts), str(sum(counts))) for place, counts in rows],
    )
    nights = ", ".join(f"{count} {verdict}" for verdict, count in sorted(campaign.nights.items()))
    left = f"{campaign.orphaned} left a pipeline at work without its night, {campaign.unreaped} dead whom nobody reaped"
    between = f"after {campaign.reconciled} came errata reconcile; another night kept {campaign.kept_out} out"
    faults = f"{len(campaign.faults)} faults, in a look after each kill and one at the end of each night"
    ended = f"nights: {nights}; {campaign.undisturbed} of them undisturbed; {campaign.promotions} promotions"
    for line in (f"{left}; {between}", ended, faults, *campaign.faults):
        sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        killer = NightKiller(Path(folder), arguments.seed)
        with suppress(KeyboardInterrupt):  # what was found so far is told all the same
            killer.play(arguments.kills)
    print_campaign(killer.campaign)
    sys.exit(bool(killer.campaign.faults))


if __name__ == "__main__":
    main()
