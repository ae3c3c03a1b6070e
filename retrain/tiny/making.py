"""Makes errata-tiny, the embedded default model, from nothing but the sample talks' known part.

A byte-level BPE tokenizer and a small Llama learn the inline template in the old style: an endless stream of fresh
talks, short windows first. Matrices are trained by Muon, the rest by AdamW.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from errata.demo import styles
from errata.demo.material import load
from errata.demo.speech import TAUGHT
from errata.demo.talks import Talk, write_talk
from errata.inference.artefact import Card, seal
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED, Encoded
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates import find
from errata.tasks.templates.inline import MARKERS

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

log = logging.getLogger(__name__)

PAD, EOS = "<|pad|>", "<|eos|>"


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run."""

    seed: int = 20260301
    vocabulary: int = 3072
    hidden: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 384
    context: int = 1536
    tokens: int = 3_000_000
    """To read in all, padding left out."""
    tokens_a_step: int = 900
    short: float = 0.35
    """Share of the tokens that is read in windows of `short_context`, before whole ones."""
    short_context: int = 384
    rate: float = 3e-3
    """AdamW's, for embeddings and norms."""
    matrix_rate: float = 1.2e-2
    """Muon's, in AdamW's measure."""
    warm_up: float = 0.03
    heard: float = 0.1
    """Weight of the loss on what is said in the transcript, beside 1 for what the model says."""


def talks(seed: str) -> Iterator[Talk]:
    """Endless talks from the known part of the material; none from a later domain."""
    rng = Random(seed)
    material = load()
    channels = material.early_channels()
    number = 0
    while True:
        number += 1
        yield write_talk(material, rng.choice(channels), TAUGHT, rng, f"taught-{number}")


TOKENIZER_TALKS = 1_500
"""That the tokenizer learns its pieces from."""


def make_tokenizer(plan: Plan) -> PreTrainedTokenizerFast:
    """Byte-level BPE over talks and their titles, as GPT-2's: every exporter knows it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=plan.vocabulary,
        special_tokens=[PAD, EOS, *MARKERS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(_texts(plan), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=EOS, pad_token=PAD, model_max_length=2048)


def _texts(plan: Plan) -> Iterator[str]:
    for talk in islice(talks(f"{plan.seed} tokenizer"), TOKENIZER_TALKS):
        yield talk.transcript.text
        yield "\n".join(title for _, title in styles.old(talk))
        yield "\n".join(title for _, title in styles.house(talk))


def make_model(plan: Plan, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(plan.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=plan.hidden,
        intermediate_size=plan.feed_forward,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        num_key_value_heads=plan.heads,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)


def batches(plan: Plan, tokenizer: PreTrainedTokenizerFast) -> Iterator[list[Encoded]]:
    """Windows of fresh talks, about `tokens_a_step` tokens at a time, until `tokens` have been read."""
    read = 0
    batch: list[Encoded] = []
    template = find("inline")
    rng = Random(f"{plan.seed} habits")
    for talk in talks(f"{plan.seed} training"):
        context = plan.short_context if read < plan.short * plan.tokens else plan.context
        task = ChapterTask(template, tokenizer, context)
        right = Reading.of(styles.chapters(talk, styles.old_with_lapses(talk, rng)), talk.transcript)
        for example in examples(task, talk.transcript, right):
            batch.append(example.encoded)
            if sum(len(row.input_ids) for row in batch) >= plan.tokens_a_step:
                yield batch
                read += sum(len(row.input_ids) for row in batch)
                batch = []
        if read >= plan.tokens:
            return


def loss(model: LlamaForCausalLM, batch: list[Encoded], heard: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross-entropy on what the model says, and on what it hears (weighted); nats a token."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(row.input_ids) for row in batch], batch_first=True, padding_value=0)
    labels = pad_sequence([torch.tensor(row.labels) for row in batch], batch_first=True, padding_value=IGNORED)
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    nexts, said = ids[:, 1:], labels[:, 1:] != IGNORED
    spoken = cross_entropy(model.lm_head(hidden[said]), nexts[said])
    if not heard:
        return spoken, spoken
    rest = ~said & (nexts != 0)
    return spoken, spoken + heard * cross_entropy(model.lm_head(hidden[rest]), nexts[rest])


def train(plan: Plan, tokenizer: PreTrainedTokenizerFast) -> tuple[LlamaForCausalLM, dict[str, Any]]:
    """The model, and what to know about its training."""
    import torch
    from rich.progress import Progress

    torch.set_num_threads(1)
    model = make_model(plan, tokenizer)
    optimisers = _optimisers(model, plan)
    read, smooth, steps = 0, math.nan, 0
    with Progress(transient=True) as progress:
        bar = progress.add_task("training", total=plan.tokens)
        for batch in batches(plan, tokenizer):
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["initial_lr"] * _schedule(read / plan.tokens, plan.warm_up)
            spoken, total = loss(model, batch, plan.heard)
            torch.autograd.backward(total)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimiser in optimisers:
                optimiser.step()
                optimiser.zero_grad()
            steps += 1
            read += sum(len(row.input_ids) for row in batch)
            smooth = spoken.item() if math.isnan(smooth) else 0.98 * smooth + 0.02 * spoken.item()
            progress.update(bar, completed=read)
            if steps % 100 == 0:
                log.info("step %d, %.2f M tokens, loss %.3f", steps, read / 1e6, smooth)
    return model, {"tokens": read, "steps": steps, "loss": round(smooth, 4)}


def _optimisers(model: LlamaForCausalLM, plan: Plan) -> list[torch.optim.Optimizer]:
    import torch

    from retrain.tiny.muon import Muon

    matrices = [weight for name, weight in model.model.layers.named_parameters() if weight.ndim == 2]
    held = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in held]
    muon = Muon(matrices, lr=plan.matrix_rate)
    adam = torch.optim.AdamW(rest, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["initial_lr"] = group["lr"]
    return [muon, adam]


def _schedule(done: float, warm_up: float) -> float:
    """Linear warm-up, then a cosine down to 5 %."""
    if done < warm_up:
        return (done + 1e-3) / (warm_up + 1e-3)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warm_up) / (1 - warm_up))))


def save(folder: Path, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, facts: dict[str, Any]) -> None:
    """Safetensors and JSON only, sealed."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    context: int = facts["plan"]["context"]
    Card(template="inline", context=context).write(folder, made_by="python -m retrain.tiny", **facts)
    seal(folder)


def make(folder: Path, plan: Plan) -> None:
    """Trains for about twenty minutes on one core and writes the model to `folder`."""
    tokenizer = make_tokenizer(plan)
    model, outcome = train(plan, tokenizer)
    parameters = sum(weight.numel() for weight in model.parameters())
    save(folder, model, tokenizer, {"parameters": parameters, "plan": asdict(plan), **outcome})
