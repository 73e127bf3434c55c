"""What a process uses, as Linux tells it in /proc."""

import os
from pathlib import Path

_MB = 1024 * 1024
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""For the environment of processes: compiled modules are kept, as in every installation."""


def resident(pid: int) -> float:
    """Resident memory now, in MB."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most memory that was ever resident, in MB."""
    return _status(pid, "VmHWM")


def processor_seconds(pid: int) -> float:
    """Processor time used so far, of all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024 / _MB
    raise ValueError(name)
