"""A model whose weights, gradients and optimiser's state are shared out among the processes of a training: each holds
an even part of every weight (FSDP2, `torch.distributed.fsdp.fully_shard`).

What is computed with a block's weights needs them whole: they are gathered before its pass there and again before its
pass back, and let go after each, when their gradient is summed into the parts. The rest, norms and an embedding that is
the head too, stays gathered from one pass to the other. All processes must pass through the blocks as often as each
other, or they wait for ever.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errata.inference.compute_device import best_device
from retrain.precision import Precision


def sharded_model(base: Path, parts: Path, precision: Precision) -> Any:
    """The model whose configuration is in `base`, of the weights in the folder `parts`; this process, of those that
    torch.distributed knows, never holds more of them than its part and one weight."""
    import torch

    from errata.inference.architectures import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(base, local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    _shard(model, precision)
    model.to_empty(device=_device())
    model.tie_weights()  # each has got memory of its own
    read_shards(parts, model)
    return model


def _device() -> str:
    return "cuda" if best_device() == "cuda" else "cpu"


def _shard(model: Any, precision: Precision) -> None:
    """`bf16` computes in it, with weights in fp32, and sums gradients in fp32. Autocast would leave more of the numbers
    in fp32, but it keeps a copy in bf16 of every whole weight from the pass there to the pass back."""
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    if _device() == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    mesh = init_device_mesh(_device(), (torch.distributed.get_world_size(),))
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if precision == "bf16" else MixedPrecisionPolicy()
    for module in [*_gathered_together(model), model]:
        fully_shard(module, mesh=mesh, mp_policy=policy)
    model._is_accelerate_prepared = True  # or else accelerate takes it for one that each process has a copy of


def _gathered_together(model: Any) -> list[Any]:
    """The blocks, and embedding and head where each has a weight of its own."""
    blocks = set(model._no_split_modules or ())
    modules = [module for module in model.modules() if type(module).__name__ in blocks]
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    if head is not None and head.weight is not embedding.weight:
        modules.extend([embedding, head])
    return modules


def is_sharded(model: Any) -> bool:
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model, FSDPModule)


def held_numbers(weight: Any) -> int:
    """How many numbers of a weight this process holds."""
    from torch.distributed.tensor import DTensor

    count: int = (weight.to_local() if isinstance(weight, DTensor) else weight).numel()
    return count


def write_shards(folder: Path, model: Any, optimizer: Any = None) -> None:
    """Each process its part, to a folder of its own disk, in the form of `torch.distributed.checkpoint`. Together in
    one folder, the parts can be read by any number of processes. A model in one piece is written by this process
    alone."""
    from torch.distributed.checkpoint.state_dict_saver import save

    with _alone_without_a_word():
        save(_state(model, optimizer), checkpoint_id=folder, no_dist=not is_sharded(model))


def read_shards(folder: Path, model: Any, optimizer: Any = None) -> None:
    """Into the model, in one piece or sharded, and the optimiser, from a folder that holds all parts."""
    from torch.distributed.checkpoint.state_dict import set_optimizer_state_dict
    from torch.distributed.checkpoint.state_dict_loader import load

    state = _state(model, optimizer)
    with _alone_without_a_word():
        load(state, checkpoint_id=folder, no_dist=not is_sharded(model))
    if optimizer is not None:
        set_optimizer_state_dict(model, optimizer, state["optimizer"])


@contextmanager
def _alone_without_a_word() -> Iterator[None]:
    """torch warns of a checkpoint that one process writes or reads, as is meant here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        yield


def _state(model: Any, optimizer: Any) -> dict[str, Any]:
    """By name. The numbers are the model's own, so that what is read into them is read into it; its buffers, of which a
    model's files leave out some, are among them."""
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

    numbers = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    state: dict[str, Any] = {"model": {name: tensor.detach() for name, tensor in numbers.items()}}
    if optimizer is not None:
        state["optimizer"] = get_optimizer_state_dict(model, optimizer)
    return state


def first_says(yes: bool) -> bool:
    """What the first process says, to all of them."""
    import torch

    said = torch.tensor([yes], dtype=torch.uint8, device=_device())
    torch.distributed.broadcast(said, src=0)
    return bool(said.item())
