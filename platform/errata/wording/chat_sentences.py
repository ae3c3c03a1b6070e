"""What is said of a stream's chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from errata.domain.clock import clock
from errata.wording.counts import counted

if TYPE_CHECKING:
    from errata.domain.chat_doubt import ChatDoubt, Doubt
    from errata.domain.chat_pace import ChatPace

MOST_GAPS = 5
"""That are named; all are counted."""


def pace_sentences(pace: ChatPace) -> Iterator[str]:
    early = f", and {pace.early:,} from before it began" if pace.early else ""
    yield (
        f"{counted(pace.messages, 'message')} by {counted(pace.authors, 'author')}{early}; {pace.per_minute:.1f} a "
        f"minute, at most {pace.busiest:,} in the minute from {clock(pace.busiest_at)}"
    )
    if not pace.gaps:
        yield "nowhere five minutes without a message"
        return
    longest = sorted(pace.gaps, key=lambda gap: gap.start - gap.end)[:MOST_GAPS]
    named = ", ".join(f"{clock(gap.start)} to {clock(gap.end)}" for gap in sorted(longest, key=lambda gap: gap.start))
    rest = f", and {len(pace.gaps) - MOST_GAPS} shorter" if len(pace.gaps) > MOST_GAPS else ""
    yield f"nobody wrote for five minutes or more {_times(len(pace.gaps))}: {named}{rest}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def doubt_sentence(doubt: ChatDoubt) -> str:
    return _DOUBTS[doubt.about](doubt)


def _seconds(value: float) -> str:
    return clock(abs(value))


_DOUBTS: dict[Doubt, Callable[[ChatDoubt], str]] = {
    "out of order": lambda doubt: (
        f"{counted(int(doubt.value), 'message')} stood before an earlier one: sorted by their times"
    ),
    "after the end": lambda doubt: (
        f"{counted(int(doubt.value), 'message comes', 'messages come')} after the stream's end: no model reads them"
    ),
    "another length": lambda doubt: (
        f"its stream is {_seconds(doubt.value)} {'longer' if doubt.value > 0 else 'shorter'} than the transcript: it "
        "may be another stream's chat, or one of them was cut"
    ),
    "another title": lambda doubt: f"its stream is called {doubt.log!r}, and the transcript {doubt.stream!r}",
    "another channel": lambda doubt: f"its stream is by {doubt.log!r}, and the transcript by {doubt.stream!r}",
    "drift": lambda doubt: (
        f"its own two clocks part by {_seconds(doubt.value)} from its first message to its last: the stream stopped "
        "meanwhile, or its times are wrong"
    ),
    "offset": lambda doubt: (
        f"its clock seems to be about {_seconds(doubt.value)} {'ahead of' if doubt.value > 0 else 'behind'} the "
        "transcript's: viewers write the words that are said, so much "
        f"{'later' if doubt.value > 0 else 'before they are said'}"
    ),
    "known words": lambda _: (
        "it is one of the logs that Day-0's words are of: what models are scored on beside its stream is in words that "
        "they know from there; make Day-0 of other logs, or leave this one out"
    ),
}
