"""One item on a reviewer's desk: opened, held by a heartbeat, saved as one goes, and handed in once."""

from __future__ import annotations

from dataclasses import dataclass

from errata.database.store import Store
from errata.database.submissions import FinishedWork
from errata.domain.audit_draw import AuditDraw
from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.correction import NO_DRAFT, Correction, Kind, same_chapters
from errata.domain.draft_draw import DraftDraw
from errata.domain.hashing import content_hash
from errata.domain.names import check_name
from errata.domain.prediction import Prediction
from errata.domain.review_reason import ReviewReason
from errata.domain.review_work import ACTIONS, Action, Claim, DraftContent, Effort, ReviewDraft, Submission
from errata.domain.transcript import Transcript, Unit
from errata.errors import BadInput, NotFound, Refused
from errata.formats.fields import chapters as ordered_chapters
from errata.operations.drafting import page_draw
from errata.operations.review_order import ReviewOrder
from errata.operations.reviewing import before_end_of
from errata.workspace import Workspace

ORIGIN = "page"
LONGEST_TITLE = 300
"""Characters of a chapter's title; those that people write have fewer than 100."""
MOST_CHAPTERS = 1000
LONGEST_REASON = 2000
NO_PAGE = ""
"""Of a claim whose page is still to be opened."""
WITH_CHAPTERS: tuple[Action, ...] = ("edit", "accept")


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """What a reviewer is shown of the models' answers to a transcript."""

    seq: int | None
    """Of the prediction that a review of the item corrects; None where the model that was drawn has not answered."""
    prediction: Prediction | None
    blind: bool
    """Drawn to be reviewed without a draft."""

    @property
    def draft(self) -> Prediction | None:
        return None if self.blind else self.prediction

    @property
    def draft_by(self) -> str:
        return NO_DRAFT if self.draft is None else self.draft.model


@dataclass(frozen=True, slots=True)
class ReviewHold:
    """Who holds an item, as one of its reviewers sees it."""

    yours: bool
    others: tuple[Claim, ...]
    another_page: bool
    """Of the same reviewer: another tab, or another machine."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Another reviewer's word on an item."""

    correction: int
    reviewer: str
    kind: Kind
    chapters: Chapters


@dataclass(frozen=True, slots=True)
class ItemHeading:
    """What the page says of an item before its words are there."""

    external_id: str
    title: str
    channel: str
    duration: float
    unit: Unit
    media: str
    blind: bool
    reason: ReviewReason
    """Why it comes where it does."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    transcript: int
    talk: Transcript
    media: str
    shown: ShownDraft
    begun_with: Chapters
    """What the page begins with: the reviewer's own last word, or else the draft, or nothing."""
    own: int | None
    """`seq` of the reviewer's own last word; None where they have not spoken yet."""
    drafts: tuple[ReviewDraft, ...]
    """What the reviewer has not submitted yet: the newest, and after it what came late."""
    hold: ReviewHold
    colleagues: tuple[Colleague, ...]
    flags: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class HandIn:
    """What a page sends when its reviewer is done."""

    key: str
    """A number that the page drew: sent again, the same is not done twice."""
    action: Action
    chapters: Chapters
    why: str
    knows: int | None
    """The reviewer's own last word, as the page knew it when it was opened."""
    effort: Effort
    page: str
    goes_on_from: int
    """The newest revision of the draft that the page has seen: what others saved since stays."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    submission: Submission
    new: bool
    """False where it had been handed in already."""
    kind: Kind | None
    """Of the event that it became."""
    colleagues: tuple[Colleague, ...]
    """Who said otherwise: both stand, until somebody adjudicates."""


def item_heading(workspace: Workspace, transcript: int, reviewer: str) -> ItemHeading:
    """Raises NotFound."""
    order = ReviewOrder.of(workspace)
    with workspace.record.read() as store:
        require_transcript(store, transcript)
        heading = store.transcripts.heading(transcript)
        shown = _shown(store, transcript, reviewer, order.draw, own_last_word(store, transcript, reviewer))
        return ItemHeading(
            external_id=heading.external_id,
            title=heading.title,
            channel=heading.channel,
            duration=heading.duration,
            unit=heading.unit,
            media=store.transcripts.media_of(transcript),
            blind=shown.blind,
            reason=order.place(store, transcript).reason,
        )


def open_item(workspace: Workspace, transcript: int, reviewer: str) -> ReviewItem:
    """All that the page of an item needs. Of an audit nobody sees what others said before they have spoken. Raises
    NotFound."""
    review = workspace.params().review
    draw, audits = page_draw(workspace, review), AuditDraw(review.audit_share)
    with workspace.record.read() as store:
        require_transcript(store, transcript)
        talk = store.transcripts.read(transcript)
        own = own_last_word(store, transcript, reviewer)
        shown = _shown(store, transcript, reviewer, draw, own)
        return ReviewItem(
            transcript=transcript,
            talk=talk,
            media=store.transcripts.media_of(transcript),
            shown=shown,
            begun_with=_begun_with(own, shown),
            own=None if own is None else own[0],
            drafts=tuple(store.review_drafts.of(transcript, reviewer)),
            hold=_hold(store, transcript, reviewer, NO_PAGE),
            colleagues=() if own is None and audits.is_audit(talk.hash) else _colleagues(store, transcript, reviewer),
            flags=tuple(store.submissions.flags(transcript)),
        )


def hold_item(workspace: Workspace, transcript: int, reviewer: str, page: str, take_over: bool = False) -> ReviewHold:
    """A page's heartbeat: it claims the item, or keeps its claim, unless somebody else holds it and it isn't to be
    taken over. Raises NotFound.
    """
    with workspace.record.write() as store:
        require_transcript(store, transcript)
        if take_over:
            store.claims.drop_others(transcript, reviewer)
        hold = _hold(store, transcript, reviewer, page)
        if not hold.others or hold.yours:
            store.claims.keep(transcript, reviewer, page)
            hold = ReviewHold(yours=True, others=hold.others, another_page=hold.another_page)
        return hold


def release_item(workspace: Workspace, transcript: int, reviewer: str, page: str) -> None:
    """A page was left: somebody else may have the item at once, unless its reviewer has it open in another."""
    with workspace.record.write() as store:
        if any(claim.reviewer == reviewer and claim.page == page for claim in store.claims.live(transcript)):
            store.claims.drop(transcript, reviewer)


def save_draft(
    workspace: Workspace,
    transcript: int,
    reviewer: str,
    page: str,
    goes_on_from: int,
    content: DraftContent,
) -> ReviewDraft:
    """Keeps what a page has not submitted yet, whoever holds the item by now. Raises NotFound, BadInput."""
    check_size(content.chapters)
    with workspace.record.write() as store:
        require_transcript(store, transcript)
        return store.review_drafts.save(transcript, reviewer, page, goes_on_from, content)


def discard_draft(workspace: Workspace, transcript: int, reviewer: str, page: str) -> None:
    """Of two states of one item, the one that its reviewer does not want."""
    with workspace.record.write() as store:
        store.review_drafts.remove_page(transcript, reviewer, page)


def hand_in(workspace: Workspace, transcript: int, reviewer: str, work: HandIn) -> HandedIn:
    """Records what a reviewer did with an item; the same `key` again changes nothing.

    An edit that left the draft as it was is an accept. Raises BadInput for chapters that can't be the transcript's and
    for a skip, a reject or a flag without a reason; Refused where the reviewer has spoken from another page meanwhile.
    """
    _check(work)
    draw = page_draw(workspace, workspace.params().review)
    identity = content_hash([ORIGIN, transcript, reviewer, work.key])
    with workspace.record.write() as store:
        require_transcript(store, transcript)
        known = store.submissions.find(identity)
        if known is not None:
            return HandedIn(known, False, _kind_of(store, known), _differing(store, known))
        own = own_last_word(store, transcript, reviewer)
        _refuse_stale(work, own)
        shown = _shown(store, transcript, reviewer, draw, own)
        event = _event(store, transcript, reviewer, work, shown, identity)
        submission = store.submissions.add(
            FinishedWork(
                identity=identity,
                transcript=transcript,
                reviewer=reviewer,
                action="accept" if event is not None and event.kind == "accept" else work.action,
                why=work.why.strip(),
                correction=None if event is None else store.corrections.add(event).seq,
                effort=work.effort,
                draft_shown=shown.draft is not None,
            )
        )
        if work.action != "flag":
            store.claims.drop(transcript, reviewer)
            store.review_drafts.remove(transcript, reviewer, work.page, work.goes_on_from)
        kind = None if event is None else event.kind
        return HandedIn(submission, True, kind, _differing(store, submission))


def require_transcript(store: Store, transcript: int) -> None:
    """Raises NotFound where there is none of that number, or it was forgotten."""
    if not store.transcripts.has(transcript):
        raise NotFound(f"there is no transcript {transcript} in the record; go back to the queue")


def own_last_word(store: Store, transcript: int, reviewer: str) -> tuple[int, Correction] | None:
    """The reviewer's newest correction, unless it was taken back."""
    events = store.corrections.of_transcript(transcript)
    retracted = {event.supersedes for _, event in events if event.kind == "retract"}
    own = [
        (seq, event) for seq, event in events if event.reviewer == reviewer and event.kind in (*WITH_CHAPTERS, "reject")
    ]
    return own[-1] if own and own[-1][0] not in retracted else None


def _shown(
    store: Store, transcript: int, reviewer: str, draw: DraftDraw, own: tuple[int, Correction] | None
) -> ShownDraft:
    """Of an item that is opened again, what its reviewer saw the first time; of a stream that they saw running, its own
    chapters: they know them, whatever is drawn."""
    if own is not None and own[1].prediction is not None:
        prediction = store.predictions.read(own[1].prediction)
        return ShownDraft(own[1].prediction, prediction, blind=own[1].draft_by == NO_DRAFT)
    watched = store.service_streams.watched_by(transcript, reviewer)
    if watched is not None and watched.prediction is not None:
        return ShownDraft(watched.prediction, store.predictions.read(watched.prediction), blind=False)
    name = store.transcripts.hash_of(transcript)
    blind = watched is None and draw.is_blind(name)
    everybody = store.predictions.of_transcript(transcript)
    model = draw.model_for(name, {prediction.model for _, prediction in everybody})
    answers = [pair for pair in everybody if pair[1].model == model]
    if not answers:
        return ShownDraft(None, None, blind)
    return ShownDraft(*answers[-1], blind)


def _begun_with(own: tuple[int, Correction] | None, shown: ShownDraft) -> Chapters:
    if own is not None and own[1].kind != "reject":
        return own[1].chapters
    return () if shown.draft is None else shown.draft.chapters


def _hold(store: Store, transcript: int, reviewer: str, page: str) -> ReviewHold:
    claims = store.claims.live(transcript)
    own = next((claim for claim in claims if claim.reviewer == reviewer), None)
    return ReviewHold(
        yours=own is not None,
        others=tuple(claim for claim in claims if claim.reviewer != reviewer),
        another_page=own is not None and own.page not in (page, NO_PAGE),
    )


def _colleagues(store: Store, transcript: int, reviewer: str) -> tuple[Colleague, ...]:
    """What others stand by, each one's last word."""
    return tuple(
        Colleague(seq, name, event.kind, event.chapters)
        for name, (seq, event) in _last_words(store, transcript).items()
        if name != reviewer
    )


def _last_words(store: Store, transcript: int) -> dict[str, tuple[int, Correction]]:
    """Each person's newest correction, but for those that were taken back."""
    events = store.corrections.of_transcript(transcript)
    retracted = {event.supersedes for _, event in events if event.kind == "retract"}
    last = {event.reviewer: (seq, event) for seq, event in events if event.kind in ("edit", "accept", "reject")}
    return {name: word for name, word in last.items() if word[0] not in retracted}


def _differing(store: Store, submission: Submission) -> tuple[Colleague, ...]:
    if submission.correction is None:
        return ()
    said = store.corrections.read(submission.correction)
    return tuple(
        colleague
        for colleague in _colleagues(store, submission.transcript, submission.reviewer)
        if (colleague.kind == "reject") != (said.kind == "reject")
        or not same_chapters(colleague.chapters, said.chapters)
    )


def _kind_of(store: Store, submission: Submission) -> Kind | None:
    return None if submission.correction is None else store.corrections.read(submission.correction).kind


def _check(work: HandIn) -> None:
    if work.action not in ACTIONS:
        raise BadInput(f"there is no action {work.action!r}; one of {', '.join(ACTIONS)}")
    if not work.key.strip():
        raise BadInput("the submission has no key; give it one of its own, so that sending it twice does no harm")
    check_name(work.key, "the submission's key")
    if work.action not in WITH_CHAPTERS and not work.why.strip():
        raise BadInput(f"the reason of the {work.action} is empty; say why, in a few words")
    if len(work.why) > LONGEST_REASON or "\0" in work.why:
        raise BadInput(f"the reason has {len(work.why):,} characters; {LONGEST_REASON:,} at most, and no NUL")
    if work.action in WITH_CHAPTERS:
        check_size(work.chapters)
        for place, chapter in enumerate(work.chapters, start=1):
            if not tidy(chapter.title):
                raise BadInput(f"chapter {place} has no title; give it one, or delete its border")


def check_size(chapters: Chapters) -> None:
    if len(chapters) > MOST_CHAPTERS:
        raise BadInput(f"there are {len(chapters):,} chapters; {MOST_CHAPTERS:,} at most")
    for place, chapter in enumerate(chapters, start=1):
        if len(chapter.title) > LONGEST_TITLE:
            raise BadInput(
                f"the title of chapter {place} has {len(chapter.title):,} characters; {LONGEST_TITLE} at most"
            )
        if not 0 <= chapter.start < float("inf"):
            raise BadInput(f"chapter {place} starts at {chapter.start}; a start is a number, 0 or more")


def _refuse_stale(work: HandIn, own: tuple[int, Correction] | None) -> None:
    if work.action in ("skip", "flag") or own is None or own[0] == work.knows:
        return
    raise Refused(
        "you handed this item in from another page meanwhile; both are kept: see them side by side, and submit the one "
        "that is right"
    )


def _event(
    store: Store, transcript: int, reviewer: str, work: HandIn, shown: ShownDraft, identity: str
) -> Correction | None:
    """What it says of the transcript's chapters; None for a skip and a flag."""
    if work.action in ("skip", "flag"):
        return None
    kind, chapters = _kind_and_chapters(work, shown)
    external_id = store.transcripts.external_id_of(transcript)
    return Correction(
        transcript=transcript,
        kind=kind,
        chapters=before_end_of(store, transcript, external_id, chapters).chapters,
        reviewer=reviewer,
        origin=ORIGIN,
        identity=identity,
        prediction=shown.seq,
        why=work.why.strip(),
        draft_by=shown.draft_by,
    )


def _kind_and_chapters(work: HandIn, shown: ShownDraft) -> tuple[Kind, Chapters]:
    if work.action == "reject":
        return "reject", ()
    if work.action == "accept":
        if shown.draft is None:
            raise BadInput("no draft was shown of this item, so there is none to accept; submit the chapters")
        return "accept", shown.draft.chapters
    untouched = shown.draft is not None and same_chapters(work.chapters, shown.draft.chapters)
    tidied = [Chapter(chapter.start, tidy(chapter.title)) for chapter in work.chapters]
    return ("accept" if untouched else "edit"), ordered_chapters(tidied, "the submission")
