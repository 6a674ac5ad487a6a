"""How much memory each service holds when it has started and nothing happens.

python benchmarks/idle_memory.py [--seconds 5]
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from shenava.dev.stack import SERVICES, Plan, Stack
from shenava.telemetry.logging import configure

MEBI = 1024 * 1024


async def main(seconds: float) -> None:
    """Start the stack, leave it alone, print."""
    config = Path(__file__).parents[1] / "config"
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(Plan(Path(folder), config)) as stack:
            await asyncio.sleep(seconds)
            print(f"{'service':<14}{'RSS MiB':>9}{'own MiB':>9}{'threads':>9}")
            for name in SERVICES:
                process = psutil.Process(stack.processes.pid(name))
                memory = process.memory_full_info()
                print(f"{name:<14}{memory.rss / MEBI:>9.0f}{memory.uss / MEBI:>9.0f}{process.num_threads():>9}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    configure("bench", level="ERROR", form="console")
    asyncio.run(main(given.seconds))
