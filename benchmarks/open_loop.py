"""A load client that costs little of its own: requests at set times, whatever came of those before, over connections
that stay open. It runs in a process of its own, and says how late it was itself.

    python -m benchmarks.open_loop PORT KEY --rate 200 --seconds 60 [--path /v1/chapters] < bodies.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

CONNECTIONS = 32


@dataclass
class Load:
    latencies: list[float] = field(default_factory=list)
    """Seconds from when a request was due to the end of its answer."""
    lateness: list[float] = field(default_factory=list)
    """Seconds from when a request was due to when it was sent: the client's own part of its latency."""
    statuses: dict[int, int] = field(default_factory=dict)
    predictions: list[str] = field(default_factory=list)
    """Of the answers that have one."""


async def load(port: int, head: str, bodies: list[bytes], rate: float) -> Load:
    """Sends each of the bodies once, `rate` a second."""
    result, free = Load(), asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    began = time.perf_counter() + 0.5
    asking = []
    for place, body in enumerate(bodies):
        due = began + place / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.append(asyncio.create_task(_ask(port, free, head, body, due, result)))
    await asyncio.gather(*asking)
    return result


async def _ask(
    port: int,
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    head: str,
    body: bytes,
    due: float,
    result: Load,
) -> None:
    reader, writer = await free.get()
    if reader.at_eof():  # at low rates one rests for longer than the service keeps it
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    result.lateness.append(time.perf_counter() - due)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    said = await reader.readexactly(length)
    result.latencies.append(time.perf_counter() - due)
    free.put_nowait((reader, writer))
    status = int(answer.split(b" ", 2)[1])
    result.statuses[status] = result.statuses.get(status, 0) + 1
    if status == 200 and b'"prediction"' in said:
        result.predictions.append(json.loads(said)["prediction"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("key")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--path", default="/v1/chapters")
    arguments = parser.parse_args()
    bodies = sys.stdin.buffer.read().splitlines()
    head = (
        f"POST {arguments.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {arguments.key}\r\n"
        "Content-Type: application/json\r\n"
    )
    print(json.dumps(asdict(asyncio.run(load(arguments.port, head, bodies, arguments.rate)))))


if __name__ == "__main__":
    main()
