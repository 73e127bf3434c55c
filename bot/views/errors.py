"""What went wrong, and what to do about it."""

from bot.contracts.slack import Message
from bot.views.blocks import line, rich, run, shown
from bot.views.text import inert
from bot.views.words import sentence

_UNEXPECTED = "Something went wrong on our side, and this was not finished."


def person_error(message: str, mend: str) -> Message:
    """An error whose cause is known; `mend`, if any, says what to do."""
    message = sentence(message) or _UNEXPECTED
    mend = sentence(mend)
    elements = [run(message, limit=1_000, bold=True)]
    if mend:
        elements += [shown("\n"), run(mend, limit=1_000)]
    return Message(f"{inert(message, 1_000)} {inert(mend, 1_000)}".strip(), [rich(line(*elements))])


def unexpected(error_id: str) -> Message:
    """An error nobody expected; the log knows it by the same id."""
    elements = [
        run(_UNEXPECTED, bold=True),
        shown("\n"),
        run("Please tell your admin this number: "),
        run(error_id, limit=80, code=True),
    ]
    return Message(f"{_UNEXPECTED} Please tell your admin this number: {inert(error_id, 80)}.", [rich(line(*elements))])
