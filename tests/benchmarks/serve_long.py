"""A service at 70 % of what it can answer, for two minutes or as many as are typed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.load import drive, post
from tests.benchmarks.served import body, megabytes, served, train

MINUTES, SHARE = 2.0, 0.7
FIRST, CAPACITY = 10.0, 10.0  # seconds to warm up, and to find out what it can answer


def main(minutes: float = MINUTES) -> None:
    """Measure and print."""
    request = post("/predict", body())
    with tempfile.TemporaryDirectory() as folder, served(train(Path(folder))) as server:
        idle = megabytes(server)
        drive(server.port, request, FIRST)
        most = drive(server.port, request, CAPACITY).rate
        before = megabytes(server)
        load = drive(server.port, request, minutes * 60, rate=SHARE * most)
        grown = megabytes(server) - before
    print(
        f"{minutes:g} minutes at {SHARE:.0%} of {most:.0f} requests/s: "
        f"{len(load.latencies):,} answered ({load.rate:.0f}/s), {load.failures} dropped (aim: 0), "
        f"{grown:+.1f} MB of memory (aim: under 20; idle {idle:.0f} MB), "
        f"p50 {load.milliseconds(50):.1f} ms, p99 {load.milliseconds(99):.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
