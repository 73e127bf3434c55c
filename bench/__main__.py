"""`python -m bench [NAME …]`: run all benchmarks, or the named ones; exit 1 when a limit is missed."""

import asyncio
import importlib
import sys

from bench.figures import show

ALL = ("ack", "start", "triage", "learner", "talk")


def main() -> int:
    held = True
    for name in sys.argv[1:] or ALL:
        held &= show(asyncio.run(importlib.import_module(f"bench.{name}").measure()))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
