"""llama.cpp's server (xllamacpp), for whoever starts this and for as long as stdin stays open.

    python -m errata.inference.llama_process FILE CONTEXT THREADS < KEY

The first line of stdin is the key that requests must bear: the port is open to every user of this machine. stdout is
the server's address.
"""

from __future__ import annotations

import os
import sys

SILENT = -1
"""Of llama.cpp's own log, which says on stderr what each request took."""


def serve(path: str, context: int, threads: int) -> None:
    """Raises RuntimeError for a file that llama.cpp can't read, where it doesn't end its process."""
    import xllamacpp

    answers = os.dup(1)
    os.dup2(2, 1)  # whatever llama.cpp prints is no address
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel = context, 1
    params.cache_ram_mib = 0  # what earlier prompts came to would fill gigabytes
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity, params.api_keys = SILENT, [sys.stdin.readline().strip()]
    params.warmup = params.fit_params = params.ui = params.endpoint_slots = False
    server = xllamacpp.Server(params)
    os.write(answers, f"{server.listening_address}\n".encode())
    os.close(answers)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
