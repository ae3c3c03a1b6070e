"""Judges on a contender's answers: measured first, then asked about the night's items, and perhaps about more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from errata.documents.judging import AgreementFloor, JudgeCheck, JudgeReliability, Judging, Unlabelled, UnlabelledReason
from evaluation.judges.error_rates import better_share
from evaluation.judges.judge_client import JudgeClient, JudgeTally, total
from evaluation.judges.judged_item import AnswerPair, JudgedItem
from evaluation.judges.pairwise import PairVerdict, judge_pairs
from evaluation.judges.panel import panel_alpha, panel_differences, panel_items, panel_rates, panel_say, panel_verdict
from evaluation.judges.reliability import FLOOR, measure, with_items
from evaluation.judges.rubric import ItemMarks, count_quotes, mark_items, rubric_summary


class JudgeSession:
    """Judges are measured by the labelled `pairs`, or else by how the items were edited, and by which of the items were
    accepted. Only a judge that has a say is asked about the items."""

    def __init__(
        self,
        clients: Sequence[JudgeClient],
        items: Sequence[JudgedItem],
        night: str,
        pairs: Sequence[AnswerPair] | None = None,
        floor: AgreementFloor = FLOOR,
    ) -> None:
        self._clients, self._night, self._floor, self.items = clients, night, floor, list(items)
        self._verdicts: dict[str, list[PairVerdict | None]] = {}
        self._marks: dict[str, list[ItemMarks | None]] = {}
        before = [client.tally() for client in clients]
        self._measured = [measure(client, _labelled_pairs(items, pairs), night, floor) for client in clients]
        for client, (judge, _) in zip(clients, self._measured, strict=True):
            if judge.say:
                self._verdicts[judge.name] = judge_pairs(client, [item.pair() for item in items])
                self._marks[judge.name] = mark_items(client, items)
        self._labelled_tallies = self._since(before)
        self._unlabelled_tallies = self._since([client.tally() for client in clients])
        self._unlabelled = Unlabelled()

    def ask_more(self, batches: Iterable[Sequence[JudgedItem]], drawn: int) -> None:
        """Asks about `drawn` more items, that nobody corrected: a few at a time, in their order.

        It ends before the first that a judge does not answer: which of them count is decided by where they stand, never
        by what is said of them. One that is missing here keeps nobody from deciding.
        """
        before, first = [client.tally() for client in self._clients], len(self.items)
        panel = self._panel(self._judges())
        for batch in batches:
            if self._add(panel, batch) < len(batch):
                break
        self._unlabelled_tallies = self._since(before)
        faults = tuple(sorted(total(self._unlabelled_tallies).missing))
        why = UnlabelledReason("cut", faults=faults) if faults else None
        self._unlabelled = Unlabelled(drawn, len(self.items) - first, why)

    def leave_out(self, why: UnlabelledReason) -> None:
        """No more items are asked about, for that reason."""
        self._unlabelled = Unlabelled(why=why)

    def result(self) -> Judging:
        judges = self._judges()
        say, why = panel_say(judges)
        names = [client.judge.name for client in self._panel(judges)]
        rows = panel_items(self.items, {name: self._verdicts[name] for name in names})
        counted, answered = [item for item in self.items if item.decides], {row.transcript for row in rows}
        marks = [self._marks[name] for name in names]
        cost = total([*self._labelled_tallies, *self._unlabelled_tallies])
        return Judging(
            night=self._night,
            judges=tuple(self._with_marks_and_cost(place, judge) for place, judge in enumerate(judges)),
            floor=self._floor,
            say=say,
            why=why,
            n=len(rows),
            items=rows,
            missing=tuple(item.number for item in counted if item.number not in answered) if names else (),
            verdict=panel_verdict(rows),
            differences=panel_differences(rows),
            alpha=panel_alpha(rows),
            rates=panel_rates(rows),
            unlabelled=self._unlabelled,
            better=better_share(rows),
            rubric=rubric_summary(self.items[: len(marks[0])], marks, 0) if marks else {},
            complete=_complete(judges, self._labelled_tallies),
            calls=cost.calls,
            tokens=cost.tokens,
            cached=cost.cached,
        )

    def _since(self, before: Sequence[JudgeTally]) -> list[JudgeTally]:
        return [client.tally().since(start) for client, start in zip(self._clients, before, strict=True)]

    def _add(self, panel: Sequence[JudgeClient], items: Sequence[JudgedItem]) -> int:
        """Adds the items before the first that one of the panel does not answer; returns how many."""
        by_judge: dict[str, list[PairVerdict | None]] = {}
        for client in panel:
            verdicts = judge_pairs(client, [item.pair() for item in items])
            # what one judge leaves out, the next is not asked about
            items = items[: verdicts.index(None) if None in verdicts else len(verdicts)]
            by_judge[client.judge.name] = verdicts
        for name, verdicts in by_judge.items():
            self._verdicts[name] += verdicts[: len(items)]
        self.items += items
        return len(items)

    def _panel(self, judges: Sequence[JudgeReliability]) -> list[JudgeClient]:
        """The judges that have a say; none where they make no panel."""
        say, _ = panel_say(judges)
        return [client for client, judge in zip(self._clients, judges, strict=True) if say and judge.say]

    def _judges(self) -> list[JudgeReliability]:
        """What the items show of a judge is a part of it."""
        judges = []
        for client, (judge, clustered) in zip(self._clients, self._measured, strict=True):
            verdicts = self._verdicts.get(judge.name)
            if verdicts is None:
                judges.append(judge)
                continue
            # one without a say has no verdicts on items that came later
            pairs = zip(self.items, verdicts, strict=False)
            answered = [(item, verdict) for item, verdict in pairs if verdict is not None]
            rows = [
                (item.effect, float(verdict.value), item.cluster)
                for item, verdict in answered
                if item.effect is not None and item.decides
            ]
            every = [*clustered, *((verdict, item.cluster) for item, verdict in answered)]
            judges.append(with_items(judge, every, sorted(client.served), rows, self._floor))
        return judges

    def _with_marks_and_cost(self, place: int, judge: JudgeReliability) -> JudgeReliability:
        labelled, marks = self._labelled_tallies[place], self._marks.get(judge.name)
        judge = replace(judge, quotes=None if marks is None else count_quotes(marks))
        return _with_cost(judge, total([labelled, self._unlabelled_tallies[place]]), labelled.missing)


def measure_judges(
    clients: Sequence[JudgeClient], pairs: Sequence[AnswerPair], occasion: str, floor: AgreementFloor = FLOOR
) -> JudgeCheck:
    """What is known of each judge, without a night's items."""
    judges = [measure(client, pairs, occasion, floor)[0] for client in clients]
    tallies = [client.tally() for client in clients]
    say, why = panel_say(judges)
    cost = total(tallies)
    return JudgeCheck(
        judges=tuple(_with_cost(judge, tally, tally.missing) for judge, tally in zip(judges, tallies, strict=True)),
        floor=floor,
        say=say,
        why=why,
        complete=_complete(judges, tallies),
        calls=cost.calls,
        tokens=cost.tokens,
        cached=cost.cached,
    )


def _labelled_pairs(items: Sequence[JudgedItem], pairs: Sequence[AnswerPair] | None) -> list[AnswerPair]:
    edited = [item.edited_pair() for item in items] if pairs is None else pairs
    return [pair for pair in (*edited, *(item.accepted_pair() for item in items)) if pair is not None]


def _complete(judges: Sequence[JudgeReliability], tallies: Sequence[JudgeTally]) -> bool:
    """Whether every judge could be measured, and every one that has a say answered everything."""
    return all(
        judge.say is not None and not (judge.say and tally.missing)
        for judge, tally in zip(judges, tallies, strict=True)
    )


def _with_cost(judge: JudgeReliability, cost: JudgeTally, missing: Mapping[str, int]) -> JudgeReliability:
    by_fault = dict(sorted(missing.items()))
    return replace(judge, missing=by_fault, calls=cost.calls, tokens=cost.tokens, cached=cost.cached)
