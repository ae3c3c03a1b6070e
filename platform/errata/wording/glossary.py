"""What Errata's words mean, each said once: reports show it, and `docs/glossary.md` is this written down."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "chapter": (
        "A stretch of a talk under one title. It begins on a line of the transcript and ends where the next one begins."
    ),
    "correction": (
        "What a reviewer made of a talk's chapters: an edit, or an accept where nothing needed changing. Its "
        "chapters are the right answer from then on, unless another reviewer disagrees."
    ),
    "Day-0": "The model that a workspace began with, kept for ever so that later ones can be compared with it.",
    "champion": "The model that serves now; Day-0, until a night promotes another.",
    "candidate": "The model that a night trained.",
    "challenger": "An earlier night's candidate that still waits for a decision.",
    "fresh": (
        "A fresh item is a talk that a person reviewed since the last night, and of which no model scored here, "
        "nor of any twin of it, has been trained on anything. It is scored first, and may be trained on "
        "afterwards."
    ),
    "twin": "Another recording, transcript or excerpt of the same talk.",
    "role": (
        "What a talk may be used for, drawn from its content when it arrives and kept for ever: `train`, `dev`, "
        "`anchor` or `sealed`. The last three are held out from training; `sealed` opens four times a year."
    ),
    "leak group": "A talk and its twins. Its strictest member's role counts for all of them.",
    "snapshot, curate, augment, mix": (
        "The stages before training: the record up to a watermark, written down; the rows that may be taught; "
        "altered copies of them; new and older rows, mixed and turned into tokens."
    ),
    "watermark": (
        "A number in the record, which everything that arrives gets in turn. A night trains on corrections up to "
        "one watermark and scores on those after it, so that a night is the same however often it is run."
    ),
    "anchor": "Talks that are never trained on, with corrections by people: they show a drift over many nights.",
    "retention": "Held-out talks on which Day-0's answer is what is asked for: what it could do must not be lost.",
    "vintage": "A night's fresh items, scored again on later nights, when models have been trained on them.",
    "draft": (
        "The chapters of a model that a reviewer is shown to begin with. Labels lean towards the draft that they "
        "were made from, so a share of tasks is blind: without one."
    ),
    "confidence": (
        "How probable a model held a border that it set. Calibrated, it is how often reviewers kept borders of "
        "which the model was as sure. The expected calibration error (ECE) is how far the two lie apart on average, "
        "in points."
    ),
    "audit": (
        "A talk, drawn by chance, that two people review, unseen by each other. What audits show of reviewers holds "
        "for all talks; disputes are those that people differed on."
    ),
    "alias": ("A name in MLflow for who has a part now: `champion`, `challenger`, `day0`, and each export target."),
    "guardrail": "Something that a better model must not make worse, with a limit; a promotion must pass all of them.",
    "gate": (
        "The rule that decides whether a model is promoted: surely better than the champion on fresh items, and no "
        "guardrail failed."
    ),
    "preset": (
        "The gate's rule with its numbers: `sequential` (the default), `annual` for teams with hundreds of reviews "
        "a night, `small` for trials."
    ),
    "parity": (
        "What ships, merged or quantised, answers as well as the model that was scored. The server's decides on the "
        "model, any other export's on that export alone."
    ),
    "equal split": "As many chapters as the right answer has, all of one length: the floor that a model must be above.",
    "F1": (
        "How well chapters overlap with the right ones as stretches of time, in %: a chapter counts where it "
        "shares at least 50 %, 55 %, … 95 % of its length with one of the other side; the mean over these. It "
        "doesn't look at titles. A point is one hundredth of the scale."
    ),
    "90 % interval": (
        "Where the true mean or difference plausibly lies. If an interval of a difference lies above 0, chance "
        "alone would do that in at most about 5 of 100 looks."
    ),
    "detectable": (
        "The true gain that the items at hand would show in 80 of 100 tests; less than that may be there unseen."
    ),
    "channel": (
        "The series that a talk belongs to. Talks of one channel resemble each other, so that intervals count "
        "channels, as clusters, rather than talks. How much they resemble is their correlation (ICC): 0 like "
        "strangers, 1 all the same."
    ),
}
"""Term to meaning, in the order in which a reader needs them."""
