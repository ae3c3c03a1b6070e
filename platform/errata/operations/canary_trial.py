"""A canary from its beginning to its end: who begins one, what reviews say of it, and that it returns by itself."""

from __future__ import annotations

from dataclasses import dataclass

from errata.database.store import Store
from errata.domain.canary import Canary, CanaryEnding, ReviewCounts, counts_of
from errata.domain.names import check_name
from errata.errors import BadInput, NotFound, Refused
from errata.operations.model_names import resolve_model
from errata.operations.reviewing import require
from errata.workspace import Workspace

SMALLEST_SHARE, LARGEST_SHARE = 0.01, 0.99
"""Below the one no review would ever come, and above the other none of the champion, with which it is compared."""
BY_ITSELF = "errata"
"""Who ends a canary that the test, or a move of the champion, brings to its end."""
NONE_RUNS = "no canary runs"


@dataclass(frozen=True, slots=True)
class CanaryState:
    canary: Canary
    counts: ReviewCounts
    """Those by which it ended, or of now."""
    evidence: float
    """The e-value that they gave, at its highest."""
    upto: int
    """The newest correction that was looked at."""

    @property
    def returns_at(self) -> float:
        """The e-value with which it returns."""
        return 1 / self.canary.error


def start_canary(workspace: Workspace, model: str, share: float, by: str, why: str) -> Canary:
    """`model`, an alias or the beginning of an identity, answers `share` of the talks from now on.

    Raises Refused for who may not, for the champion itself, and while another runs; BadInput for another share;
    NotFound where there is no such model, or no champion.
    """
    _check_words(by, why)
    if not SMALLEST_SHARE <= share <= LARGEST_SHARE:
        raise BadInput(f"the share is {share:g}; it must be from {SMALLEST_SHARE:g} to {LARGEST_SHARE:g}")
    identity = resolve_model(workspace, model)
    with workspace.record.write() as store:
        store.reviewers.check(by, "release owner", "start a canary")
        champion = store.aliases.model_of("champion")
        if champion is None:
            raise NotFound("no model is the champion yet; `errata init` installs the first")
        if identity == champion:
            raise Refused(f"{identity[:16]} is the champion, and answers all talks; name another model")
        return store.canaries.begin(identity, champion, share, by, why)


def stop_canary_as(workspace: Workspace, by: str, why: str) -> Canary:
    """`stop_canary` for whoever says that they are `by`. Raises Refused where they may not."""
    with workspace.record.read() as store:
        store.reviewers.check(by, "release owner", "stop a canary")
    return stop_canary(workspace, by, why)


def stop_canary(workspace: Workspace, by: str, why: str) -> Canary:
    """Who may, the service's door says by their key. Raises NotFound where none runs."""
    _check_words(by, why)
    with workspace.record.write() as store:
        state = canary_state(store)
        if state is None or not state.canary.is_running:
            raise NotFound(NONE_RUNS)
        return _finish(store, state, "stopped", by, why)


def trial(workspace: Workspace) -> CanaryState | None:
    """Of the canary that runs, or else of the one that ended last; None where there never was one."""
    with workspace.record.read() as store:
        return canary_state(store)


def canary_state(store: Store, known: CanaryState | None = None) -> CanaryState | None:
    """`known`, from an earlier look, saves reading the same reviews again."""
    canary = store.canaries.newest()
    if canary is None:
        return None
    if canary.end is not None:
        return CanaryState(canary, canary.end.counts, canary.end.evidence, 0)
    upto = store.labels.newest()
    if known is not None and (known.canary, known.upto) == (canary, upto):
        return known
    from errata.domain.canary_evidence import evidence  # numpy, which most commands do without

    reviews = store.canaries.reviews(canary)
    return CanaryState(canary, counts_of(reviews), evidence(reviews, canary.share), upto)


def is_due(store: Store, state: CanaryState) -> bool:
    return state.canary.is_running and _how(store, state) is not None


def settle_canary(store: Store) -> Canary | None:
    """Ends the canary that runs, where the test says so or the champion is another by now; the newest one, as it is
    then. In a transaction of its own, so that of two services one ends it."""
    state = canary_state(store)
    if state is None:
        return None
    how = _how(store, state) if state.canary.is_running else None
    return state.canary if how is None else _finish(store, state, how, BY_ITSELF, "")


def _how(store: Store, state: CanaryState) -> CanaryEnding | None:
    if state.evidence >= state.returns_at:
        return "returned"
    if store.aliases.model_of("champion") != state.canary.champion:
        return "champion moved"
    return None


def _finish(store: Store, state: CanaryState, how: CanaryEnding, by: str, why: str) -> Canary:
    return store.canaries.finish(state.canary.number, how, by, why, state.counts, state.evidence)


def _check_words(by: str, why: str) -> None:
    require(by, "by")
    require(why, "why")
    check_name(by, "the name of who asks")
    check_name(why, "why")
