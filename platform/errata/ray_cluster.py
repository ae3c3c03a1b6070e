"""The Ray cluster that the environment variable RAY_ADDRESS names, for work that is shared out among machines."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from errata.errors import Unavailable, missing_extra


@contextmanager
def ray_cluster() -> Iterator[None]:
    """The one that RAY_ADDRESS names, or else one on this machine alone, which ends with the block.

    Raises Unavailable where Ray is not installed, or there is no cluster at that address.
    """
    try:
        import ray
    except ImportError as error:
        raise missing_extra(f"ray can't be imported ({error})", "ray") from error
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)
    except (ConnectionError, RuntimeError) as error:
        raise Unavailable(f"there is no Ray cluster at {address} ({error}); start one, or mend RAY_ADDRESS") from error
    try:
        yield
    finally:
        ray.shutdown()


def units(kind: str) -> int:
    """How many CPUs or GPUs the cluster has now, those that are in use among them."""
    import ray

    return int(ray.cluster_resources().get(kind, 0))


def actor_here(made: type, *arguments: object) -> Any:
    """An actor of the class `made`, pinned to this machine, and without a claim to a processor of it."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(made).options(num_cpus=0, scheduling_strategy=here).remote(*arguments)
