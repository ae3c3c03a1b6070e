"""A model that writes chats from what is seen and heard, with a vocabulary of words, before it has learnt anything:

    python -m retrain.word_model FOLDER LOG… [--least 1] [--most 5000] [--size 512] [--layers 4] [--context 128]
    errata init WORKSPACE --model FOLDER --senses resnet50@1 --senses vggish@1
    errata recipe use two-encoders -w WORKSPACE

The words are those of the chat logs: in any format that `errata import chat` reads, of streams that nothing is scored
on; where such a log is imported all the same, that is said. The architecture is `errata.inference.two_encoders`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from errata.domain.chapter import tidy
from errata.domain.chat_messages import chat_hash, without_deleted
from errata.errors import BadInput, Refused, error_exit
from errata.formats.chat_files import read_chat
from errata.formats.chat_log import ChatLog
from errata.inference.artefact import PARTIAL, VOCABULARY_CHATS, Card, seal

if TYPE_CHECKING:
    from transformers import TokenizersBackend

PAD, UNKNOWN, START, END = "<PAD>", "<UNK>", "<SOS>", "<EOS>"
SPECIAL = (PAD, UNKNOWN, START, END)
HEAD = 64
"""Numbers of one attention head."""


@dataclass(frozen=True, slots=True)
class WordModelPlan:
    """The defaults are the published ones."""

    least: int = 1
    """How often a word must be written to be known."""
    most: int = 5000
    """Words that are known, the most frequent ones; the four special ones are among them."""
    size: int = 512
    """Of a word's embedding, a multiple of 64."""
    layers: int = 4
    """Of each encoder, and of the decoder."""
    context: int = 128
    """Tokens of a prompt and its message."""
    seed: int = 20260301


def word_tokenizer(messages: Iterable[str], least: int, most: int) -> TokenizersBackend:
    """Of the words in `messages`, as GPT-2 tells words from marks, with the blank that stands before one: so that what
    is written reads as it was, and a grammar knows what each token says. Of equally frequent words the first by the
    alphabet is known.

    Raises BadInput where no word is frequent enough.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import TokenizersBackend

    inner = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.WordLevelTrainer(
        vocab_size=most, min_frequency=least, special_tokens=list(SPECIAL), show_progress=False
    )
    inner.train_from_iterator(messages, trainer)
    if inner.get_vocab_size() <= len(SPECIAL):
        raise BadInput(f"no word is written {least} times; name more logs, or take a lower --least")
    return TokenizersBackend(tokenizer_object=inner, pad_token=PAD, unk_token=UNKNOWN, bos_token=START, eos_token=END)


def make_word_model(folder: Path, messages: Iterable[str], plan: WordModelPlan, chats: Iterable[str] = ()) -> str:
    """A sealed model with random weights in `folder`; returns its identity. The same messages and plan make the same.
    Its card keeps which `chats` they are of, by `chat_hash`.

    Raises Refused where something is in the folder, and BadInput for a plan that is none.
    """
    if plan.size < HEAD or plan.size % HEAD or plan.layers < 1 or plan.context < 8:
        raise BadInput(f"--size must be a multiple of {HEAD}, --layers 1 or more, and --context 8 or more")
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty; name a folder that isn't there yet")
    import torch

    from errata.inference.library_noise import silence_libraries
    from errata.inference.two_encoders import TwoEncoderConfig, TwoEncoderForCausalLM

    silence_libraries()
    tokenizer = word_tokenizer(messages, plan.least, plan.most)
    config = TwoEncoderConfig(
        vocab_size=len(tokenizer),
        hidden_size=plan.size,
        num_attention_heads=plan.size // HEAD,
        num_hidden_layers=plan.layers,
        intermediate_size=4 * plan.size,
        max_position_embeddings=plan.context,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        model = TwoEncoderForCausalLM(config)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, suffix=PARTIAL) as scratch:  # it gets its name when it is whole
        made = Path(scratch) / "model"
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        Card("snippet", plan.context).write(made, **{VOCABULARY_CHATS: sorted(chats)})
        identity = seal(made)
        made.rename(folder)
    return identity


def written_in(log: ChatLog) -> list[str]:
    """The messages, as they are learnt: without those that a moderator took out."""
    kept = without_deleted(log.messages, {deletion.key for deletion in log.deletions})
    return [tidy(message.text) for message in kept]


def main() -> None:
    plan = WordModelPlan()
    parser = argparse.ArgumentParser(prog="python -m retrain.word_model", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("logs", type=Path, nargs="+", metavar="LOG")
    parser.add_argument("--least", type=int, default=plan.least, help="how often a word must be written to be known")
    parser.add_argument("--most", type=int, default=plan.most, help="words that are known, at most")
    parser.add_argument("--size", type=int, default=plan.size, help="of an embedding")
    parser.add_argument("--layers", type=int, default=plan.layers, help="of each encoder, and of the decoder")
    parser.add_argument("--context", type=int, default=plan.context, help="tokens of a prompt and its message")
    asked = parser.parse_args()
    given = WordModelPlan(asked.least, asked.most, asked.size, asked.layers, asked.context)
    logs = [read_chat(path).log for path in asked.logs]
    messages = [message for log in logs for message in written_in(log)]
    identity = make_word_model(asked.folder, messages, given, [chat_hash(log.messages) for log in logs])
    sys.stdout.write(f"{asked.folder} holds the model {identity[:16]}\n")


if __name__ == "__main__":
    with error_exit():
        main()
