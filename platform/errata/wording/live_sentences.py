"""What is said of a stream's chapters while it runs, and of how they were told."""

from __future__ import annotations

from errata.domain.clock import clock
from errata.domain.live_chapters import LiveDelays, LiveEvent
from errata.wording.counts import counted


def event_line(event: LiveEvent) -> str:
    """`00:12:31 Glazes` at first sight, then what of it changed."""
    line = f"{clock(event.start)} {event.title or '(no title)'}"
    match event.kind:
        case "withdrawn":
            return f"{line}: taken back"
        case "renamed":
            return f"{line}: its title now"
    return line


def delay_sentence(delays: LiveDelays) -> str:
    told = f"{delays.in_time} of {counted(delays.chapters, 'chapter')} told while it ran"
    median, most = delays.delay(0.5), delays.delay(0.9)
    when = "" if median is None or most is None else f", half of them within {median:.0f} s, 90 % within {most:.0f} s"
    return f"{told}{when}; {delays.withdrawn} taken back, {delays.renamed} renamed"
