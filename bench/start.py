"""From `meshclaw run` to connected, and what it uses while nobody asks for anything; the workspace runs elsewhere."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from harness import process_house

from bench.figures import Figure, at_most
from bench.process import COMPILED, processor_seconds, resident

_STARTS = 5


async def measure(starts: int = _STARTS, idle: float = 20) -> list[Figure]:
    """The median of several starts after a first one that is not counted; then memory and processor time, idle."""
    with tempfile.TemporaryDirectory() as folder:
        async with process_house(Path(folder), environment=COMPILED) as house:
            taken = []
            for _ in range(starts):
                await house.stop()
                begun = time.perf_counter()
                await house.start()
                taken.append(time.perf_counter() - begun)
            await asyncio.sleep(2)  # what belongs to the start is over
            used = processor_seconds(house.pid)
            await asyncio.sleep(idle)
            used = processor_seconds(house.pid) - used
            memory = resident(house.pid)
    return [
        at_most("start, until connected, median", statistics.median(taken), 3, "s"),
        at_most("start, idle memory", memory, 160, "MB"),
        at_most("start, idle processor", 100 * used / idle, 1, "% a core"),
    ]
