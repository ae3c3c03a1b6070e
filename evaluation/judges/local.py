"""A judge that runs here: any causal language model, in transformers or llama.cpp, its answer held to the form by a
grammar."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import llguidance
import llguidance.hf

from errata.domain.hashing import content_hash
from errata.errors import NotFound
from errata.files import JsonObject, file_sha256
from errata.inference.artefact import CARD, MANIFEST, Card, verify
from errata.inference.decode import next_tokens
from errata.inference.engine import Ask, Constraint, Engine, Step
from errata.inference.load import has_llama_cpp, load, load_gguf
from errata.inference.model_form import CONTEXT
from errata.tasks.encode import Turn, dress, ids
from errata.tasks.prompt import Control, Slot, Text
from evaluation.judges.budget import Budget
from evaluation.judges.request import LONGEST_ANSWER, LONGEST_TEXT, TEMPERATURE, NoAnswer, Reply, Request, bound_texts

_SPACED = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}


class LocalModel:
    at_once = 1

    def __init__(self, name: str, folder: Path, budget: Budget) -> None:
        """Raises NotFound where `folder` holds no model."""
        self._name, self._folder, self._budget = name, folder, budget
        if not ((folder / "config.json").is_file() or self._holds_gguf()):
            raise NotFound(f"the judge {name!r} has its model in {folder}, where there is none; mend its folder")
        parts = ["local", _weights(folder), LONGEST_TEXT, TEMPERATURE]
        # llama.cpp's kernels round otherwise, so that what it says is another judge's
        self.identity = content_hash([*parts, "llama.cpp"] if self._holds_gguf() and has_llama_cpp() else parts)
        self._engine: Engine | None = None
        self._matcher = lru_cache(maxsize=8)(self._compile)

    def answer(self, request: Request) -> Reply:
        """Raises NoAnswer where the question is too long for the model, or its answer is not in the form."""
        engine = self._open_engine()
        prompt = self._prompt(request, engine)
        room = min(self._context() - len(prompt), LONGEST_ANSWER)
        if room <= 0:
            raise NoAnswer(f"{self._name} can't read a transcript this long: it has {self._context()} tokens")
        aside = self._budget.take(self._name, request)
        [tokens] = engine.run([self._fill(prompt, grammar(request.schema()), room)])
        self._budget.settle(self._name, aside, len(prompt) + len(tokens))
        try:
            return Reply(request.form.model_validate_json(str(engine.tokenizer.decode(tokens))), "")
        except ValueError as error:
            raise NoAnswer(f"{self._name} did not come to the end of its answer in {room} tokens") from error

    def _open_engine(self) -> Engine:
        if self._engine is None:
            from errata.inference.torch import TorchEngine

            if (self._folder / CARD).exists():
                self._engine = load(self._folder, self._folder.parent)
            else:
                self._engine = load_gguf(self._folder) if self._holds_gguf() else TorchEngine(self._folder)
            self._tokens = llguidance.hf.from_tokenizer(self._engine.tokenizer, n_vocab=self._engine.vocabulary)
        return self._engine

    def _prompt(self, request: Request, engine: Engine) -> list[int]:
        """In the model's own chat template; what people wrote never becomes a control token."""
        spans = dress((Text(f"{request.instructions}\n\n{request.data}\n"), Slot()), Turn.of(True, engine.tokenizer))
        return [token for span in spans if isinstance(span, Control | Text) for token in ids(span, engine.tokenizer)]

    def _context(self) -> int:
        """Tokens, prompt and answer together."""
        if (self._folder / CARD).exists():
            return Card.read(self._folder).context
        if self._holds_gguf():
            return CONTEXT
        config = json.loads((self._folder / "config.json").read_text())
        return int(config.get("max_position_embeddings", CONTEXT))

    def _holds_gguf(self) -> bool:
        return any(self._folder.glob("*.gguf"))

    def _fill(self, prompt: list[int], rules: str, room: int) -> Ask[list[int]]:
        """The answer's tokens, greedily, under the form's grammar."""
        # a matcher moves on with every token: each answer has a copy of the compiled one
        engine, matcher = self._open_engine(), self._matcher(rules).deep_copy()
        answer: list[int] = []
        step = Step(prompt, next_tokens(matcher, engine.vocabulary), constraint=Constraint(rules, room))
        while len(answer) < room:
            token = (yield step).token
            # a form that may end here can still go on: then the model's end of text ends it
            if token == engine.tokenizer.eos_token_id or not matcher.consume_token(token):
                break
            answer.append(token)
            if matcher.is_stopped():
                break
            step = Step([token], next_tokens(matcher, engine.vocabulary))
        return answer

    def _compile(self, rules: str) -> Any:
        matcher = llguidance.LLMatcher(self._tokens, rules)
        if matcher.is_error():
            raise NoAnswer(
                f"{self._name} can't be held to a form ({matcher.get_error()[:120]}); take another model", final=True
            )
        return matcher


def grammar(schema: JsonObject) -> str:
    """llguidance's Lark for JSON of that schema, in its order of fields, with one space after a comma or colon.

    Nothing is forced, since some tokenizers would spell a forced text with a space before it.
    """
    spaced = {**bound_texts(schema), "x-guidance": _SPACED}
    return f'%llguidance {{"no_forcing": true}}\nstart: %json {json.dumps(spaced)}\n'


def _weights(folder: Path) -> str:
    """The identity of a sealed model; of another, a hash over its files."""
    if (folder / MANIFEST).exists():
        return verify(folder)
    return content_hash({path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.is_file()})
