"""What the post agent says beside its card."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.views.blocks import line, points, rich, run
from bot.views.text import inert

_NAME, _REASON = 100, 500


def denied(place: str, reasons: Sequence[str]) -> Message:
    """The gate does not let it be posted; `reasons` are its own sentences."""
    lead = line(run("Nothing is posted in ", bold=True), run(place, limit=_NAME, bold=True), run(".", bold=True))
    why = points([line(run(reason, limit=_REASON)) for reason in reasons])
    text = " ".join(inert(reason, _REASON) for reason in reasons)
    return Message(f"Nothing is posted in {inert(place, _NAME)}. {text}".strip(), [rich(lead, why)])
