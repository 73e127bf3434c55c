"""One measured figure and its limit."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` in `unit`; `floor`: the same of the thing it is compared with, if it is compared; `limit` in words;
    `held`: whether the limit was met."""

    name: str
    measured: float
    unit: str
    limit: str
    held: bool
    floor: float | None = None

    def line(self) -> str:
        ratio = f"{self.measured / self.floor:6.2f} of the floor's {self.floor:,.1f}" if self.floor else ""
        mark = "ok  " if self.held else "MISS"
        return f"{mark} {self.name:<46} {self.measured:>12,.1f} {self.unit:<10} {ratio:<34} limit: {self.limit}"


def at_least_of(name: str, measured: float, floor: float, share: float, unit: str) -> Figure:
    """A rate that must reach this share of its floor's."""
    return Figure(name, measured, unit, f"at least {share} of the floor", measured >= share * floor, floor)


def at_most(name: str, measured: float, most: float, unit: str, floor: float | None = None) -> Figure:
    return Figure(name, measured, unit, f"at most {most:g} {unit}", measured <= most, floor)


def at_least(name: str, measured: float, least: float, unit: str) -> Figure:
    return Figure(name, measured, unit, f"at least {least:g} {unit}", measured >= least)


def unlimited(name: str, measured: float, unit: str) -> Figure:
    """Shown for the reader, held to nothing."""
    return Figure(name, measured, unit, "none", True)


def show(figures: Sequence[Figure]) -> bool:
    """Print them; whether all limits held."""
    for figure in figures:
        print(figure.line(), flush=True)
    return all(figure.held for figure in figures)
