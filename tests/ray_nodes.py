"""A Ray cluster of two nodes on loopback, each with a disk of its own as far as its workers write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",
    "RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S": "300",
}


@contextmanager
def two_nodes(places: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes with one processor each, so that each of two workers has one to itself; RAY_ADDRESS names them."""
    pytest.importorskip("ray", reason="ray is not installed: pip install -e '.[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        from ray.cluster_utils import Cluster

        # a node is added in a thread, where no handler of signals can be set up
        made = Cluster(initialize_head=True, head_node_args=node(places), shutdown_at_exit=False)
        try:
            made.add_node(**node(places))
            patch.setenv("RAY_ADDRESS", made.address)
            yield made
        finally:
            made.shutdown()


def node(places: pytest.TempPathFactory) -> dict[str, Any]:
    """One whose workers write where no other's do."""
    return {"num_cpus": 1, "env_vars": {**os.environ, "TMPDIR": str(places.mktemp("node"))}}
