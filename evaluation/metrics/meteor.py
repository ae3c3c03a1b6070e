"""METEOR 1.5 by the published tool (Denkowski & Lavie 2014), which needs Java and the extra `meteor`.

The tool is a Java program that the package pycocoevalcap 1.2 carries; none of the package's own code is run. One
process answers all questions over its standard streams: `SCORE ||| reference ||| hypothesis` gives a line of counts,
`EVAL ||| counts ||| counts …` a score for each and one for all of them together. It takes seconds to start, since it
reads its tables of synonyms and paraphrases, and may take 2 GB of memory, as upstream.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import IO, Protocol, cast

from errata.errors import Unavailable, missing_extra
from evaluation.metrics.captions import Pair, Tokens

AT_ONCE = 100
"""Questions asked before their answers are read: so few that the answers fit into a pipe, and neither side waits."""


class Meteor(Protocol):
    """Scores of pairs (reference, hypothesis), 0 to 1; not symmetric."""

    @property
    def name(self) -> str: ...

    @property
    def missing(self) -> str | None:
        """Why this is a substitute, whose scores don't compare with published ones; None of the published tool."""

    def each(self, pairs: Sequence[Pair]) -> list[float]:
        """A score for each pair."""

    def together(self, pairs: Sequence[Pair]) -> float:
        """One score, from the counts of all pairs; there is at least one."""


class PublishedMeteor:
    """Talks to a process of the tool. Raises Unavailable when that has ended."""

    name = "METEOR 1.5"
    missing = None

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._questions, self._answers = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
        self._counts: dict[Pair, str] = {}

    def each(self, pairs: Sequence[Pair]) -> list[float]:
        return self._evaluate(pairs)[:-1] if pairs else []

    def together(self, pairs: Sequence[Pair]) -> float:
        return self._evaluate(pairs)[-1]

    def _evaluate(self, pairs: Sequence[Pair]) -> list[float]:
        self._count([pair for pair in dict.fromkeys(pairs) if pair not in self._counts])
        self._ask([" ||| ".join(["EVAL", *(self._counts[pair] for pair in pairs)])])
        return [float(self._answer()) for _ in range(len(pairs) + 1)]

    def _count(self, pairs: Sequence[Pair]) -> None:
        for start in range(0, len(pairs), AT_ONCE):
            part = pairs[start : start + AT_ONCE]
            self._ask([f"SCORE ||| {_line(reference)} ||| {_line(hypothesis)}" for reference, hypothesis in part])
            self._counts |= {pair: self._answer() for pair in part}

    def _ask(self, lines: Sequence[str]) -> None:
        try:
            self._questions.write("\n".join(lines) + "\n")
            self._questions.flush()
        except BrokenPipeError as error:
            raise self._exit_error() from error

    def _answer(self) -> str:
        line = self._answers.readline()
        if not line:
            raise self._exit_error()
        return line.strip()

    def _exit_error(self) -> Unavailable:
        code = self._process.wait()
        return Unavailable(f"METEOR's Java process ended with exit code {code}; give it a Java that may take 2 GB")


@contextmanager
def start_meteor() -> Iterator[PublishedMeteor]:
    """Starts the tool, and ends it with the block. Raises Unavailable where the package or Java is missing."""
    with subprocess.Popen(
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        try:
            yield PublishedMeteor(process)
        finally:
            with suppress(BrokenPipeError):  # of a process that has ended already
                cast(IO[str], process.stdin).close()
            process.kill()


def command() -> list[str]:
    """How the tool is started, as pycocoevalcap does it. Raises Unavailable, see `start_meteor`."""
    package = find_spec("pycocoevalcap")
    folders = (package.submodule_search_locations or []) if package else []
    jars = [Path(folder) / "meteor" / "meteor-1.5.jar" for folder in folders]
    jar = next((path for path in jars if path.is_file()), None)
    if jar is None:
        raise missing_extra("METEOR 1.5 isn't installed", "meteor")
    java = which("java")
    if java is None:
        raise Unavailable("METEOR 1.5 needs Java, and there is no `java` here; install a Java runtime, 8 or newer")
    return [java, "-Xmx2G", "-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm"]


def _line(words: Tokens) -> str:
    """Upstream's way to keep a title from being taken for two."""
    return " ".join(words).replace("|||", "").replace("  ", " ")
