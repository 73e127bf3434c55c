"""Fields of a form, as a modal shows them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `kind`: `text`, `long` (several lines), `secret` (never shown again), `choice` with `options`
    (value, label). `initial`: what stands in it at first."""

    name: str
    label: str
    kind: Literal["text", "long", "secret", "choice"] = "text"
    hint: str = ""
    placeholder: str = ""
    initial: str = ""
    optional: bool = False
    options: tuple[tuple[str, str], ...] = ()
